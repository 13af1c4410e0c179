"""The module sys."""

import sys

assert sys.version_info[:2] == (3, 14) or sys.implementation.name == "cpython"
assert sys.version.startswith(".".join(map(str, sys.version_info[:3])))
assert sys.hexversion >> 16 == sys.version_info.major << 8 | sys.version_info.minor
assert sys.byteorder in ("little", "big") and sys.maxsize == 2**63 - 1 and sys.maxunicode == 0x10FFFF
assert sys.float_info.dig == 15 and sys.float_info.max == 1.7976931348623157e308
assert sys.hash_info.modulus == 2**61 - 1 and hash(sys.hash_info.modulus) == 0
assert isinstance(sys.flags.optimize, int) and sys.flags[0] == sys.flags.debug
assert "sys" in sys.builtin_module_names and "json" in sys.stdlib_module_names
assert sys.argv[0].endswith("sys_module.py") and sys.orig_argv
assert ("free-threading" in sys.version) == ("t" in sys.abiflags)
assert sys.getdefaultencoding() == "utf-8" and sys.getfilesystemencoding() == "utf-8"

# Limits.
limit = sys.getrecursionlimit()
sys.setrecursionlimit(limit + 10)
assert sys.getrecursionlimit() == limit + 10
sys.setrecursionlimit(limit)
for wrong in (0, -1):
    try:
        sys.setrecursionlimit(wrong)
    except ValueError as error:
        assert str(error) == "recursion limit must be greater or equal than 1"
    else:
        raise AssertionError(wrong)
interval = sys.getswitchinterval()
sys.setswitchinterval(0.01)
assert abs(sys.getswitchinterval() - 0.01) < 1e-9
sys.setswitchinterval(interval)
digits = sys.get_int_max_str_digits()
sys.set_int_max_str_digits(1000)
try:
    str(10**2000)
except ValueError:
    pass
else:
    raise AssertionError("no limit")
finally:
    sys.set_int_max_str_digits(digits)

# Exceptions and frames.
assert sys.exc_info() == (None, None, None) and sys.exception() is None
try:
    1 / 0
except ZeroDivisionError as error:
    assert sys.exception() is error and sys.exc_info()[:2] == (ZeroDivisionError, error)
assert sys.exception() is None


def caller():
    return sys._getframe(1).f_code.co_name, sys._getframe().f_code.co_name


def outer():
    return caller()


assert outer() == ("outer", "caller")
assert sys._getframemodulename() == "__main__"
try:
    sys._getframe(10**6)
except ValueError as error:
    assert str(error) == "call stack is not deep enough"
for status, code in ((None, None), (3, 3), ("text", "text")):
    try:
        sys.exit(status)
    except SystemExit as error:
        assert error.code == code

# Hooks.
heard = []
sys.addaudithook(lambda event, args: heard.append((event, args)) if event.startswith("own.") else None)
sys.audit("own.event", 1, 2)
assert heard == [("own.event", (1, 2))]
shown = []
displayhook = sys.displayhook
sys.displayhook = shown.append
exec(compile("5", "<x>", "single"))
sys.displayhook = displayhook
assert shown == [5]
assert sys.intern("some text") is sys.intern("some" + " text")
try:
    sys.intern(5)
except TypeError as error:
    assert str(error) == "intern() argument must be str, not int"
