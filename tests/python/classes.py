"""Classes and the builtin types behind them: object, type, super, descriptors, modules, aliases, unions."""
import types
import sys


def raises(kind, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as error:
        return error
    raise AssertionError("nothing was raised")


class Base:
    def who(self):
        return "base"

    @classmethod
    def made(cls):
        return cls


class Left(Base):
    def who(self):
        return "left " + super().who()

    @classmethod
    def made(cls):
        return super().made()


class Right(Base):
    def who(self):
        return "right " + super().who()


class Both(Left, Right):
    def who(self):
        return "both " + super().who()


def check_super():
    assert Both().who() == "both left right base"
    assert Both.made() is Both
    bound = super(Left, Both())
    assert bound.who() == "right base" and bound.__thisclass__ is Left and bound.__self_class__ is Both
    assert repr(super(Left)) == "<super: <class 'Left'>, NULL>"
    assert "is not an instance or subtype of type" in str(raises(TypeError, super, Left, 5))
    assert raises(AttributeError, lambda: super(Base, Both()).who)


def check_object():
    plain = object()
    assert plain == plain and plain != object() and hash(plain) == hash(plain)
    assert repr(plain).startswith("<object object at 0x")
    assert str(raises(TypeError, object, 1)) == "object() takes no arguments"
    assert str(raises(TypeError, Base, 1)) == "Base() takes no arguments"
    assert format(plain) == str(plain) and raises(TypeError, format, plain, "x")
    assert raises(AttributeError, setattr, plain, "x", 1)
    assert plain.__eq__(5) is NotImplemented and plain.__lt__(plain) is NotImplemented
    assert "__class__" in dir(plain) and "who" in dir(Base())


def check_class_assignment():
    class A:
        def f(self):
            return "A"

    class B:
        def f(self):
            return "B"

    class S:
        __slots__ = ("x",)

    a = A()
    a.x = 1
    a.__class__ = B
    assert a.f() == "B" and a.x == 1 and type(a) is B
    a.y = 2
    assert a.__dict__ == {"x": 1, "y": 2}
    assert "object layout differs" in str(raises(TypeError, setattr, a, "__class__", S))
    assert raises(TypeError, setattr, 5, "__class__", A)
    assert raises(TypeError, setattr, a, "__class__", 5)


def check_type():
    assert type(5) is int and type(type) is type
    made = type("Made", (Base,), {"x": 1})
    assert made.x == 1 and made.__name__ == "Made" and made.__mro__ == (made, Base, object)
    assert made in Base.__subclasses__() and made.__bases__ == (Base,) and made.__base__ is Base
    made.__name__ = "Other"
    assert made.__name__ == "Other"
    assert str(raises(TypeError, type)) == "type() takes 1 or 3 arguments"
    assert "argument 2 must be tuple" in str(raises(TypeError, type, "x", [], {}))
    assert str(raises(TypeError, setattr, int, "x", 1)) == "cannot set 'x' attribute of immutable type 'int'"
    assert repr(int) == "<class 'int'>" and repr(Base) == f"<class '{Base.__module__}.Base'>"
    assert type.__prepare__() == {} and isinstance(Base.__dict__, types.MappingProxyType)
    assert Base.__flags__ & 1 << 9 and not int.__flags__ & 1 << 9
    assert isinstance(5, int | str) and (int | None) == (None | int)

    class X:
        pass

    class Y:
        tag = "y"

    class Z(X):
        pass

    Z.__bases__ = (Y,)
    assert Z.tag == "y" and Z.__mro__ == (Z, Y, object) and Z not in X.__subclasses__()
    assert "inheritance cycle" in str(raises(TypeError, setattr, Y, "__bases__", (Z,)))


def check_metaclass():
    class Meta(type):
        def __call__(cls, *args):
            made = super().__call__(*args)
            made.seen = True
            return made

        def __instancecheck__(cls, instance):
            return instance == 42

    class C(metaclass=Meta):
        pass

    assert C().seen and isinstance(42, C) and not isinstance(41, C) and type(C) is Meta

    class D(C):
        def __init_subclass__(cls, flag=None, **kwargs):
            cls.flag = flag
            super().__init_subclass__(**kwargs)

    class E(D, flag=5):
        pass

    assert E.flag == 5 and type(E) is Meta
    assert raises(TypeError, lambda: type("F", (Base,), {}, extra=1))


def check_descriptors():
    class C:
        @property
        def x(self):
            "doc of x"
            return self._x

        @x.setter
        def x(self, value):
            self._x = value

        @staticmethod
        def s(a):
            return a

        @property
        def read_only(self):
            return 1

    c = C()
    c.x = 5
    assert c.x == 5 and C.x.__doc__ == "doc of x" and C.s(3) == 3 and c.s(4) == 4
    assert str(raises(AttributeError, setattr, c, "read_only", 1)) == (
        "property 'read_only' of 'check_descriptors.<locals>.C' object has no setter")
    assert "has no deleter" in str(raises(AttributeError, delattr, c, "x"))
    assert C.x.fget(c) == 5 and C.read_only.fset is None and C.__dict__["s"].__func__(7) == 7
    assert C.__dict__["s"].__name__ == "s" and C.__dict__["s"](8) == 8
    assert repr(C.__dict__["s"]).startswith("<staticmethod(<function check_descriptors.<locals>.C.s at ")


def check_slots():
    class S:
        __slots__ = ("a", "b")

    s = S()
    s.a = 1
    assert s.a == 1 and raises(AttributeError, lambda: s.b) and raises(AttributeError, setattr, s, "c", 1)
    del s.a
    assert raises(AttributeError, lambda: s.a) and not hasattr(s, "__dict__")


def check_reduce():
    class P:
        pass

    p = P()
    assert p.__getstate__() is None
    p.x = 1
    assert p.__getstate__() == {"x": 1}
    p.y = 2
    import copy

    q = copy.copy(p)
    assert type(q) is P and q.__dict__ == {"x": 1, "y": 2}
    function, args, *rest = p.__reduce_ex__(2)
    assert function.__name__ == "__newobj__" and args == (P,) and rest == [{"x": 1, "y": 2}, None, None]
    assert "cannot pickle" in str(raises(TypeError, copy.copy, sys._getframe()))


def check_singletons():
    assert type(None)() is None and repr(None) == "None" and not None
    assert str(raises(TypeError, type(None), 1)) == "NoneType takes no arguments"
    assert repr(...) == "Ellipsis" and type(...)() is ... and repr(NotImplemented) == "NotImplemented"


def check_cells():
    def outer():
        x = 1

        def inner():
            return x

        return inner

    cell = outer().__closure__[0]
    assert cell.cell_contents == 1
    cell.cell_contents = 2
    assert cell == types.CellType(2) and types.CellType() < cell
    del cell.cell_contents
    assert str(raises(ValueError, lambda: cell.cell_contents)) == "Cell is empty"
    assert repr(types.CellType()).endswith(": empty>")


def check_modules():
    m = types.ModuleType("mod", "doc")
    assert m.__name__ == "mod" and m.__doc__ == "doc" and m.__spec__ is None and repr(m) == "<module 'mod'>"
    m.x = 1
    assert m.__dict__["x"] == 1 and "x" in dir(m)
    del m.x
    assert str(raises(AttributeError, lambda: m.x)) == "module 'mod' has no attribute 'x'"
    m.__getattr__ = lambda name: name * 2
    assert m.ab == "abab"

    class Own(types.ModuleType):
        @property
        def computed(self):
            return 5

    own = Own("own")
    own.y = 2
    assert own.computed == 5 and own.y == 2 and own.__dict__["y"] == 2


def check_namespace():
    n = types.SimpleNamespace(a=1, b="x")
    assert repr(n) == "namespace(a=1, b='x')" and n.a == 1
    n.c = n
    assert repr(n) == "namespace(a=1, b='x', c=namespace(...))"
    assert types.SimpleNamespace(x=1) == types.SimpleNamespace(x=1) != types.SimpleNamespace(x=2)


def check_mappingproxy():
    d = {"a": 1}
    p = types.MappingProxyType(d)
    assert p["a"] == 1 and "a" in p and len(p) == 1 and list(p) == ["a"] and p.get("z", 7) == 7
    assert repr(p) == "mappingproxy({'a': 1})" and p | {"b": 2} == {"a": 1, "b": 2} and p == {"a": 1}
    d["b"] = 2
    assert list(p.items()) == [("a", 1), ("b", 2)] and p.copy() == d
    assert raises(TypeError, types.MappingProxyType, [])


def check_aliases():
    a = list[int]
    assert a.__origin__ is list and a.__args__ == (int,) and repr(a) == "list[int]" and a() == []
    assert a == list[int] and hash(a) == hash(list[int]) and a != list[str]
    assert repr(dict[str, list[int]]) == "dict[str, list[int]]" and repr(tuple[()]) == "tuple[()]"
    assert repr(tuple[int, ...]) == "tuple[int, ...]"
    assert "parameterized generic" in str(raises(TypeError, isinstance, [], a))
    assert str(raises(TypeError, lambda: a[int])) == "list[int] is not a generic class"

    class Sub(list[int]):
        pass

    assert Sub.__bases__ == (list,) and Sub.__orig_bases__ == (list[int],)
    assert a.append is list.append or a.append == list.append
    (starred,) = [*a]
    assert repr(starred) == "*list[int]" and starred.__unpacked__


def check_unions():
    u = int | str
    assert repr(u) == "int | str" and u.__args__ == (int, str) and u == str | int and hash(u) == hash(str | int)
    assert (int | int) is int and repr(int | None) == "int | None" and repr(list[int] | int) == "list[int] | int"
    assert isinstance(5, u) and issubclass(bool, u) and not isinstance(5.0, u)
    assert raises(TypeError, lambda: int | 5)


def check_messages():
    class Slots:
        __slots__ = ("x",)

    for call, message in (
        (lambda: Slots().x, "Slots' object has no attribute 'x'"),
        (int().__add__, "expected 1 argument, got 0"),
        (lambda: int().__neg__(1), "expected 0 arguments, got 1"),
        (int().__pow__, "expected 1 or 2 arguments, got 0"),
        (object().__format__, "object.__format__() takes exactly one argument (0 given)"),
        (lambda: str(b"", "ascii", "strict", errors=""), "str() takes at most 3 arguments (4 given)"),
    ):
        error = raises((TypeError, AttributeError), call)
        assert str(error).endswith(message.removeprefix("object.")), str(error)


def check_what_proxies_say_of_their_class():
    class Proxy:
        @property
        def __class__(self):
            return int

    class SubProxy(Proxy):
        pass

    class Plain(SubProxy):
        __class__ = object.__dict__["__class__"]

    for made in Proxy(), SubProxy():
        assert isinstance(made, int) and isinstance(made, Proxy) and not isinstance(made, str)
    made = Plain()
    assert not isinstance(made, int) and isinstance(made, Proxy)
    made.__class__ = SubProxy
    assert isinstance(made, int) and type(made) is SubProxy


for name, function in list(globals().items()):
    if name.startswith("check_"):
        function()
print("ok")
