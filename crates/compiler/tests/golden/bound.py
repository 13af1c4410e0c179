def maybe(c):
    if c:
        x = 1
    print(x)
    print(x)
    del x
    try:
        y = f()
    except E as e:
        y = 2
    print(y)
    for z in c:
        pass
    return z, e


def parameter(p):
    if p:
        del p
    return p
