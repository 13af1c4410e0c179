def outer(a):
    b = 1

    def inner():
        nonlocal b
        global c
        b, c = a, b
        return lambda x=a: x + b

    class K:
        v = a

    return inner, K
