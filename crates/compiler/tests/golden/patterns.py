def match(x):
    match x:
        case [a, 1] | [2, a]:
            return a
        case {"k": v, **rest}:
            return v, rest
        case C(p, q=int() as z) as whole if z > 1:
            return p, whole
        case [1, *_, last]:
            return last
        case [first, *middle]:
            return first, middle
        case None | True | "a" | -1 | K.v:
            pass
        case other:
            return other
