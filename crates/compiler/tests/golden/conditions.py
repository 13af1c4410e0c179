def fused(a, b):
    if a < b and b != 3 or not a:
        return 1
    if a is None:
        return 2
    elif a is not b and a in (1, 2):
        return 3
    if 0:
        return 4
    while a < 10 and b:
        a += 1
        if a == 5:
            continue
        if a > b > 2:
            break
    else:
        return 5
    while True:
        if a:
            break


def values(a, b, x):
    x = x or []
    y = a and b or x
    z = a if b else x
    w = 1 < a < b
    v = a in [1, 2, 3], a not in {1, 2, 3}
    assert a, b
    return x, y, z, w, v
