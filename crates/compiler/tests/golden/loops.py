def plain(items):
    for i in items:
        print(i)
    for k, v in items:
        if k:
            break
    else:
        return v
    for items.attribute in [1, 2]:
        continue
    return i


def comprehensions(xs):
    x = 1
    a = [x for x in xs if x]
    b = {x: y for x, y in xs}
    c = {f(y) for x in xs for y in [x + 1]}
    d = [lambda: x for x in xs]
    e = (x for x in xs)
    return a, b, c, d, e
