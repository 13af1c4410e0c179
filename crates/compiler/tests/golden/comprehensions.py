def pairs(rows, limit):
    small = [a + b for a, b in rows if a < limit]
    names = {str(n): [lambda: n for _ in small] for n in small}
    return small, names, {x for x in small}, (y * y for y in small)


squares = [n * n for n in range(10)]
