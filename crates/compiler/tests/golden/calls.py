def calls(f, obj, args, kwargs):
    f()
    f(1, obj, g(2))
    obj.method(f, key=args)
    f(*args, **kwargs)
    f(1, *args, key=2, **kwargs, other=3)
    return f(*args)


def forward(*args, **kwargs):
    return target(*args, **kwargs)


class Base:
    def method(self, x):
        super().method(x)
        return super().attribute
