def operands(a, b):
    x = a + b
    y = x * 2 - a
    x += y
    return -x ** (2 | 1)


def constants():
    return 60 * 60 * 24, "a" + "b", (1, 2) + (3,), not 0, -1, 2 ** 70, "-" * 5


def parallel(a, b):
    a, b = b, a
    a, b = b, a + b
    x, y = 1, 2
    (p, q), *r = a
    return p, q, r, x, y


def walrus(x):
    return x + (x := 1) + x


def unpack(a, b):
    a, b = a
    a, b = f(a)
    return a, b
