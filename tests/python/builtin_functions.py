"""Builtin functions: results and errors."""


def raises(kind, message, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as error:
        assert message in str(error), (message, str(error))
    else:
        raise AssertionError(f"{function} raised nothing")


# Numbers and characters.
assert abs(-5) == 5 and abs(-2.5) == 2.5 and abs(3 + 4j) == 5.0
assert divmod(-7, 2) == (-4, 1) and pow(2, 10) == 1024 and pow(3, -1, 7) == 5
assert round(2.5) == 2 and round(3.14159, 2) == 3.14 and round(1234, -2) == 1200
assert (bin(-5), oct(64), hex(255), bin(2**70)) == ("-0b101", "0o100", "0xff", "0b1" + "0" * 70)
assert chr(8364) == "\u20ac" and ord("\u20ac") == 8364 and ord(b"a") == 97
raises(ValueError, "chr() arg not in range(0x110000)", chr, 0x110000)
raises(TypeError, "ord() expected a character, but string of length 2 found", ord, "ab")
raises(TypeError, "ord() expected string of length 1, but int found", ord, 1)

# Iterables.
assert sum([1, 2, 3], 10) == 16 and sum([0.1] * 10) == 1.0 and sum([[1], [2]], []) == [1, 2]
raises(TypeError, "sum() can't sum strings [use ''.join(seq) instead]", sum, ["a"], "")
assert min(3, 1, 2) == 1 and max([1, 5, 3], key=lambda x: -x) == 1 and max([], default=7) == 7
raises(ValueError, "min() iterable argument is empty", min, [])
raises(TypeError, "max expected at least 1 argument, got 0", max)
raises(TypeError, "Cannot specify a default for max() with multiple positional arguments", max, 1, 2, default=3)
assert all([1, "a"]) and not all([1, 0]) and any([0, 2]) and not any([])
assert sorted("bca", reverse=True) == ["c", "b", "a"]
assert next(iter([]), "end") == "end"
raises(TypeError, "'int' object is not an iterator", next, 5)
values = iter([1, 2, 3])
assert list(iter(lambda: next(values), 3)) == [1, 2]
raises(TypeError, "iter(v, w): v must be callable", iter, 1, 2)

# Attributes and namespaces.
class Plain:
    pass


plain = Plain()
setattr(plain, "x", 1)
assert getattr(plain, "x") == 1 and getattr(plain, "y", None) is None and hasattr(plain, "x")
delattr(plain, "x")
assert not hasattr(plain, "x") and vars(plain) == {}
raises(TypeError, "attribute name must be string, not 'int'", getattr, plain, 1)
raises(TypeError, "vars() argument must have __dict__ attribute", vars, 1)


def local_names(a):
    b = a
    return sorted(locals()), dir()


assert local_names(1) == (["a", "b"], ["a", "b"])
assert globals()["plain"] is plain

# Classes.
assert isinstance(True, (str, int)) and not isinstance(1, str) and isinstance(1, int | str)
assert issubclass(bool, int) and issubclass(bool, (str, (float, int)))
raises(TypeError, "isinstance() arg 2 must be a type, a tuple of types, or a union", isinstance, 1, 2)
raises(TypeError, "issubclass() arg 1 must be a class", issubclass, 1, int)


class Meta(type):
    @classmethod
    def __prepare__(cls, name, bases, **kwargs):
        return {"prepared": kwargs}

    def __new__(cls, name, bases, namespace, **kwargs):
        return super().__new__(cls, name, bases, namespace)

    def __init__(cls, name, bases, namespace, **kwargs):
        super().__init__(name, bases, namespace)

    def __instancecheck__(cls, instance):
        return instance == "anything"


class Made(metaclass=Meta, option=1):
    def own(self):
        return __class__


assert type(Made) is Meta and Made.prepared == {"option": 1} and Made().own() is Made
assert isinstance("anything", Made) and not isinstance("other", Made)


class Entries:
    def __mro_entries__(self, bases):
        return (Plain,)


base = Entries()


class Derived(base):
    pass


assert Derived.__bases__ == (Plain,) and Derived.__orig_bases__ == (base,)

# Compiling and running.
assert eval(" 1 + 2") == 3 and eval("x * 2", {"x": 4}) == 8
namespace = {}
exec("y = [i for i in range(3)]\ndef f(): return y", namespace)
assert namespace["f"]() == [0, 1, 2] and "__builtins__" in namespace
code = compile("1 + 1", "<test>", "eval")
assert eval(code) == 2 and code.co_filename == "<test>"
raises(ValueError, "compile() mode must be 'exec', 'eval' or 'single'", compile, "1", "f", "wrong")
raises(ValueError, "compile(): unrecognised flags", compile, "1", "f", "eval", 1 << 30)
raises(SyntaxError, "source code string cannot contain null bytes", compile, "a\0b", "f", "exec")
raises(TypeError, "eval() arg 1 must be a string, bytes or code object", eval, 1)
raises(TypeError, "globals must be a dict", eval, "1", 5)


def outer():
    free = 1

    def inner():
        return free

    return inner


raises(TypeError, "code object passed to eval() may not contain free variables", eval, outer().__code__)

# Text.
class Sink:
    def __init__(self):
        self.parts = []

    def write(self, text):
        self.parts.append(text)


sink = Sink()
print(1, "a", sep="-", end="!\n", file=sink)
assert "".join(sink.parts) == "1-a!\n"
raises(TypeError, "sep must be None or a string, not int", print, 1, sep=2, file=sink)
assert b"abc".hex("-") == b"abc".hex(b"-") == "61-62-63"
raises(TypeError, "object of type 'int' has no len()", b"".hex, 1)
raises(TypeError, "sep must be str or bytes.", b"".hex, [1])
raises(ValueError, "sep must be length 1.", b"".hex, "")
raises(ValueError, "sep must be ASCII.", b"".hex, "\u20ac")
assert ascii("\u00e9") == "'\\xe9'" and format(3.14159, ".2f") == "3.14" and repr("a") == "'a'"
