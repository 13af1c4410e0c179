from __future__ import annotations

x: list[ int ] | None = 1
y: Dict["str" , Callable[[int], -1]]
z: (a + b) * c ** -d if not x else lambda q, *, r = 1, **s: f(q, k = 'it\'s', *a, **b)
w: (Literal[ 'a' "b", b'c', ... ] and (a or b), a[1:2, ::3], {k: v for k, v in x if y}, f"{x!r:>{w}} {{}}", 1.5e300)


def f(a: int, *args: *Ts, b: not (x < y) = 1) -> "None": ...
