"""Exceptions: classes, fields, texts, chaining, tracebacks, groups. Runs on CPython 3.13 and later too."""
import sys
import errno


def raises(kind, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as error:
        assert type(error) is kind, (type(error), kind)
        return error
    raise AssertionError("nothing was raised")


def check_hierarchy():
    assert issubclass(FileNotFoundError, OSError) and OSError is IOError is EnvironmentError
    assert issubclass(TabError, IndentationError) and issubclass(IndentationError, SyntaxError)
    assert issubclass(BrokenPipeError, ConnectionError)
    assert not issubclass(SystemExit, Exception)
    assert ExceptionGroup.__mro__ == (ExceptionGroup, BaseExceptionGroup, Exception, BaseException, object)
    assert ExceptionGroup.__bases__ == (BaseExceptionGroup, Exception)
    assert issubclass(EncodingWarning, Warning) and issubclass(PythonFinalizationError, RuntimeError)


def check_args():
    e = ValueError("a", 1)
    assert e.args == ("a", 1) and str(e) == "('a', 1)" and repr(e) == "ValueError('a', 1)"
    assert str(ValueError()) == "" and repr(ValueError()) == "ValueError()"
    assert str(ValueError("x")) == "x" and repr(ValueError("x")) == "ValueError('x')"
    assert str(KeyError("k")) == "'k'" and str(KeyError("k", 1)) == "('k', 1)"
    e.args = [3]
    assert e.args == (3,)
    assert str(raises(TypeError, ValueError, x=1)) == "ValueError() takes no keyword arguments"
    e.note = 5
    assert e.__dict__ == {"note": 5}
    assert e.__reduce__() == (ValueError, (3,), {"note": 5})


def check_fields():
    assert StopIteration(5).value == 5 and StopIteration().value is None
    assert SystemExit().code is None and SystemExit(3).code == 3 and SystemExit(1, 2).code == (1, 2)
    i = ImportError("m", name="n", path="p")
    assert (i.msg, i.name, i.path, i.name_from) == ("m", "n", "p", None)
    error = raises(TypeError, ImportError, bad=1)
    assert str(error) == "ImportError() got an unexpected keyword argument 'bad'", error
    a = AttributeError("t", name="n", obj=7)
    assert (a.name, a.obj) == ("n", 7)
    assert NameError("t", name="n").name == "n"
    s = SyntaxError("bad", ("file.py", 3, 5, "text", 3, 8))
    assert (s.msg, s.filename, s.lineno, s.offset, s.text, s.end_lineno, s.end_offset) == (
        "bad", "file.py", 3, 5, "text", 3, 8)
    assert str(s) == "bad (file.py, line 3)"
    assert str(SyntaxError("x")) == "x"
    u = UnicodeEncodeError("ascii", "aé", 1, 2, "ordinal not in range(128)")
    assert str(u) == "'ascii' codec can't encode character '\\xe9' in position 1: ordinal not in range(128)"
    u = UnicodeDecodeError("utf-8", b"ab\xff", 0, 3, "why")
    assert str(u) == "'utf-8' codec can't decode bytes in position 0-2: why"
    u.start = 2
    assert str(u) == "'utf-8' codec can't decode byte 0xff in position 2: why"
    assert str(UnicodeTranslateError("x\u20ac", 1, 2, "w")) == "can't translate character '\\u20ac' in position 1: w"


def check_os_error():
    e = OSError(errno.ENOENT, "No such file or directory", "name")
    assert type(e) is FileNotFoundError
    assert (e.errno, e.strerror, e.filename, e.filename2) == (errno.ENOENT, "No such file or directory", "name", None)
    assert e.args == (errno.ENOENT, "No such file or directory")
    assert str(e) == "[Errno 2] No such file or directory: 'name'"
    e = OSError(errno.EXDEV, "x", "a", None, "b")
    assert type(e) is OSError and str(e) == f"[Errno {errno.EXDEV}] x: 'a' -> 'b'"
    assert e.__reduce__() == (OSError, (errno.EXDEV, "x", "a", None, "b"))
    assert str(OSError("only")) == "only" and OSError("only").errno is None
    assert str(OSError(5, "y")) == "[Errno 5] y"
    assert BlockingIOError(errno.EAGAIN, "z", 7).characters_written == 7
    error = raises(AttributeError, lambda: OSError().characters_written)
    assert str(error) == "characters_written"

    class Own(OSError):
        def __init__(self, a, b, c):
            self.three = (a, b, c)

    assert Own(errno.ENOENT, 2, 3).three == (errno.ENOENT, 2, 3) and Own(1, 2, 3).args == ()


def check_raising():
    assert str(raises(TypeError, exec, "raise 5")) == "exceptions must derive from BaseException"

    class Liar(Exception):
        def __new__(cls):
            return 5

    error = raises(TypeError, exec, "raise Liar", {"Liar": Liar})
    assert "should have returned an instance of BaseException, not <class 'int'>" in str(error)
    try:
        try:
            raise ValueError
        except 5:
            pass
    except TypeError as error:
        assert str(error) == "catching classes that do not inherit from BaseException is not allowed"
        assert type(error.__context__) is ValueError
    error = raises(TypeError, exec, "raise ValueError from 5")
    assert str(error) == "exception causes must derive from BaseException"


def check_chaining():
    try:
        try:
            1 / 0
        except ZeroDivisionError as first:
            raise ValueError("second") from first
    except ValueError as error:
        assert type(error.__cause__) is ZeroDivisionError and error.__context__ is error.__cause__
        assert error.__suppress_context__
    try:
        try:
            1 / 0
        except ZeroDivisionError:
            raise ValueError from None
    except ValueError as error:
        assert error.__cause__ is None and error.__suppress_context__
        assert type(error.__context__) is ZeroDivisionError
    # Raising an exception that is in the chain already makes no cycle.
    try:
        try:
            raise ValueError("a")
        except ValueError as a:
            try:
                raise TypeError("b")
            except TypeError as b:
                raise a
    except ValueError as error:
        assert type(error.__context__) is TypeError and error.__context__.__context__ is None
    e = ValueError()
    assert "must be None or derive" in str(raises(TypeError, setattr, e, "__cause__", 5))
    assert "must be a traceback or None" in str(raises(TypeError, setattr, e, "__traceback__", 5))


def check_tracebacks():
    def inner():
        raise ValueError

    def outer():
        inner()

    try:
        outer()
    except ValueError as error:
        tb = error.__traceback__
        names = []
        while tb is not None:
            names.append(tb.tb_frame.f_code.co_name)
            assert tb.tb_lineno > 0 and tb.tb_lasti >= 0
            last, tb = tb, tb.tb_next
        assert names == ["check_tracebacks", "outer", "inner"], names
        first = error.__traceback__
        loop = raises(ValueError, setattr, last, "tb_next", first)
        assert str(loop) == "traceback loop detected"
        first.tb_next = None
        assert error.with_traceback(None) is error and error.__traceback__ is None


def check_notes():
    e = ValueError("x")
    e.add_note("one")
    e.add_note("two")
    assert e.__notes__ == ["one", "two"]
    assert "str" in str(raises(TypeError, e.add_note, 5))
    e.__notes__ = 5
    assert str(raises(TypeError, e.add_note, "x")) == "Cannot add note: __notes__ is not a list"


def check_groups():
    g = ExceptionGroup("m", [ValueError(1), ExceptionGroup("n", [TypeError(2), ValueError(3)])])
    assert g.message == "m" and len(g.exceptions) == 2
    assert str(g) == "m (2 sub-exceptions)"
    assert repr(g) == "ExceptionGroup('m', [ValueError(1), ExceptionGroup('n', [TypeError(2), ValueError(3)])])"
    match, rest = g.split(ValueError)
    assert [type(e) for e in match.exceptions] == [ValueError, ExceptionGroup]
    assert repr(rest) == "ExceptionGroup('m', [ExceptionGroup('n', [TypeError(2)])])", repr(rest)
    assert g.subgroup(lambda e: isinstance(e, TypeError)).exceptions[0].exceptions[0].args == (2,)
    match, rest = g.split(KeyError)
    assert match is None and rest is not g and repr(rest) == repr(g)
    assert type(BaseExceptionGroup("x", [ValueError()])) is ExceptionGroup
    assert type(BaseExceptionGroup("x", [KeyboardInterrupt()])) is BaseExceptionGroup
    assert str(raises(TypeError, ExceptionGroup, "x", [KeyboardInterrupt()])) == (
        "Cannot nest BaseExceptions in an ExceptionGroup")
    assert "non-empty sequence" in str(raises(ValueError, ExceptionGroup, "x", []))
    assert str(raises(ValueError, ExceptionGroup, "x", [5])) == (
        "Item 0 of second argument (exceptions) is not an exception")
    assert ExceptionGroup[int].__origin__ is ExceptionGroup

    caught = []
    try:
        try:
            raise g
        except* ValueError as part:
            caught.append(part)
    except ExceptionGroup as left:
        assert repr(left) == "ExceptionGroup('m', [ExceptionGroup('n', [TypeError(2)])])"
    assert len(caught) == 1 and len(caught[0].exceptions) == 2
    try:
        raise ValueError("plain")
    except* ValueError as part:
        assert type(part) is ExceptionGroup and part.exceptions[0].args == ("plain",)


def check_attribute_errors():
    class C:
        pass

    c = C()
    error = raises(AttributeError, lambda: c.missing)
    assert str(error) == "'C' object has no attribute 'missing'" and error.name == "missing" and error.obj is c
    error = raises(AttributeError, lambda: C.missing)
    assert str(error) == "type object 'C' has no attribute 'missing'"
    error = raises(NameError, lambda: not_there)
    assert str(error) == "name 'not_there' is not defined" and error.name == "not_there"


def check_unraisable():
    seen = []
    old, sys.unraisablehook = sys.unraisablehook, seen.append

    class Noisy:
        def __del__(self):
            raise ValueError("in __del__")

    try:
        Noisy()
    finally:
        sys.unraisablehook = old
    assert len(seen) == 1 and seen[0].exc_type is ValueError and seen[0].exc_value.args == ("in __del__",)


for name, function in list(globals().items()):
    if name.startswith("check_"):
        function()
print("ok")
