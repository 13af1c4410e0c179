"""The interpreters of the process: the main one. Others cannot be made."""

__all__ = ["InterpreterError", "InterpreterNotFoundError", "NotShareableError", "call", "create", "decref", "destroy",
           "exec", "get_config", "get_current", "get_main", "incref", "is_running", "is_shareable", "list_all",
           "new_config", "run_func", "run_string", "set___main___attrs", "whence"]

WHENCE_UNKNOWN = 0
WHENCE_RUNTIME = 1
WHENCE_LEGACY_CAPI = 2
WHENCE_CAPI = 3
WHENCE_XI = 4
WHENCE_STDLIB = 5

_MAIN = 0


class InterpreterError(Exception):
    """A cross-interpreter operation failed"""


class InterpreterNotFoundError(InterpreterError):
    """An interpreter was not found"""


class NotShareableError(TypeError, ValueError):
    """An object cannot be sent to another interpreter"""


def _check(id):
    if id != _MAIN:
        raise InterpreterNotFoundError(f"unrecognized interpreter ID {id}")


def _unsupported(*args, **kwargs):
    raise NotImplementedError("subinterpreters are not supported")


create = new_config = call = exec = run_func = run_string = set___main___attrs = capture_exception = _unsupported


def get_config(id, *, restrict=False):
    """The settings that an interpreter was made with."""
    _check(id)
    _unsupported()


def get_main():
    """ID and origin of the main interpreter."""
    return _MAIN, WHENCE_RUNTIME


def get_current():
    """ID and origin of the interpreter that runs this."""
    return get_main()


def list_all(*, require_ready=False):
    """ID and origin of each interpreter."""
    return [get_main()]


def whence(id):
    """What made an interpreter."""
    _check(id)
    return WHENCE_RUNTIME


def is_running(id, *, restrict=False):
    """Whether an interpreter runs its main program."""
    _check(id)
    return True


def destroy(id, *, restrict=False):
    """Ends an interpreter."""
    _check(id)
    raise InterpreterError("cannot destroy the current interpreter")


def incref(id, *, implieslink=False, restrict=False):
    """Keeps an interpreter: the main one stays anyway."""
    _check(id)


def decref(id, *, restrict=False):
    """Gives up an interpreter: the main one stays anyway."""
    _check(id)


def is_shareable(obj):
    """Whether an object could be sent to another interpreter."""
    if type(obj) is tuple:
        return all(map(is_shareable, obj))
    return obj is None or type(obj) in (bool, bytes, float, int, memoryview, str)
