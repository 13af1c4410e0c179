def strings(a, w):
    f"{a}"
    x = f"{a!r:>{w}} and {a=}" "tail"
    y = t"{a + 1} {w!s:x}"
    return x, y, "plain" "joined"
