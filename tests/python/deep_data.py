"""Data that nests a million deep, and recursion to the last: RecursionError or an answer, and freed without recursion."""

import ast
import copy
import functools
import gc
import itertools
import json
import operator
import pickle
import sys
import threading
import types

DEEP = 40_000


class Link:
    pass


class Slotted:
    __slots__ = ("inner",)


class Dying:
    died = 0

    def __del__(self):
        Dying.died += 1


def linked(kind, link):
    def wrap(inner):
        outer = kind()
        link(outer, inner)
        return outer

    return wrap


def waiting(inner):
    def body():
        yield 1
        yield inner

    generator = body()
    next(generator)
    return generator


set_inner = functools.partial(lambda name, outer, inner: setattr(outer, name, inner), "inner")
WRAPPERS = {
    "list": lambda x: [x],
    "tuple": lambda x: (x,),
    "dict": lambda x: {1: x},
    "instance": linked(Link, set_inner),
    "slotted": linked(Slotted, set_inner),
    "finalized": linked(Dying, set_inner),
    "context": linked(Exception, lambda outer, inner: setattr(outer, "__context__", inner)),
    "cause": linked(Exception, lambda outer, inner: setattr(outer, "__cause__", inner)),
    "generator": waiting,
    "closure": lambda x: lambda: x,
    "partial": lambda x: functools.partial(print, x),
    "bound method": lambda x: types.MethodType(print, x or 1),
    "cell": types.CellType,
    "property": property,
    "mapping proxy": lambda x: types.MappingProxyType({1: x}),
    "list iterator": lambda x: iter([x]),
    "map": lambda x: map(int, x if isinstance(x, map) else [1]),
    "zip": lambda x: zip(x if isinstance(x, zip) else [1]),
    "filter": lambda x: filter(None, x if isinstance(x, filter) else [1]),
    "enumerate": lambda x: enumerate(x if isinstance(x, enumerate) else [1]),
    "chain": lambda x: itertools.chain(x if isinstance(x, itertools.chain) else [1]),
    "slice": slice,
}


def nested(wrap, depth=DEEP):
    value = None
    for _ in range(depth):
        value = wrap(value)
    return value


def check_freeing():
    ignored = []
    sys.unraisablehook = lambda unraisable: ignored.append(unraisable.exc_type)
    for name, wrap in WRAPPERS.items():
        value = nested(wrap)
        del value
    assert Dying.died == DEEP, Dying.died
    value = nested(WRAPPERS["list"], 1_000_000)
    del value
    # In a cycle, which takes the collector.
    for name in "list", "tuple", "instance", "generator", "closure":
        value = [nested(WRAPPERS[name])]
        value.append(value)
        del value
    gc.collect()
    # On a small stack.
    threading.stack_size(128 << 10)
    thread = threading.Thread(target=lambda: [nested(wrap) and None for wrap in WRAPPERS.values()])
    thread.start()
    thread.join()
    threading.stack_size(0)
    sys.unraisablehook = sys.__unraisablehook__
    # Every finalizer ran to its end.
    assert not ignored, ignored[:3]


def bounded(function, *args, also=()):
    """The call ends, if not well then with RecursionError or one of `also`."""
    try:
        function(*args)
    except (RecursionError, *also):
        pass


def check_walks():
    """On a small stack, where the limits are met early."""
    threading.stack_size(128 << 10)
    failures = []

    def guarded():
        try:
            walk()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    threading.stack_size(0)
    if failures:
        raise failures[0]


def walk():
    for name in "list", "tuple", "dict":
        value, other = nested(WRAPPERS[name]), nested(WRAPPERS[name])
        for use in (repr, str, json.dumps, copy.deepcopy, pickle.dumps, pickle._dumps):
            bounded(use, value)
        bounded(operator.eq, value, other)
        bounded(operator.lt, value, other, also=(TypeError,))
        bounded(hash, value, also=(TypeError,))
        bounded("{!r}".format, value)
        bounded("%r".__mod__, (value,))
    value = nested(WRAPPERS["tuple"])
    bounded(isinstance, 1, value, also=(TypeError,))
    bounded(issubclass, int, value, also=(TypeError,))
    bounded("x".startswith, value, also=(TypeError,))
    for name in "map", "zip", "filter", "enumerate", "chain":
        bounded(next, nested(WRAPPERS[name]))
        bounded(list, nested(WRAPPERS[name]))
    for text in "[" * DEEP, "[" * DEEP + "]" * DEEP, '{"a":' * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP:
        bounded(json.loads, text, also=(json.JSONDecodeError,))
        bounded(ast.literal_eval, text, also=(SyntaxError, MemoryError))
    bounded(pickle.loads, b"(" * DEEP + b".", also=(pickle.UnpicklingError, IndexError, EOFError))
    alias = int
    for _ in range(DEEP):
        alias = list[alias]
    bounded(repr, alias)
    bounded(hash, alias)
    error = ValueError()
    for _ in range(DEEP):
        error = ExceptionGroup("", [error])
    bounded(error.split, TypeError)
    bounded(repr, error)


class Endless:
    """Every operation does itself."""

    def __getattr__(self, name):
        return getattr(self, name + "x" if len(name) < 5 else name)

    def __eq__(self, other):
        return self == other

    def __lt__(self, other):
        return sorted([Endless(), Endless()])

    def __hash__(self):
        return hash((self,))

    def __repr__(self):
        return repr([self])

    def __str__(self):
        return f"{self}"

    def __bool__(self):
        return not self

    def __len__(self):
        return len(self)

    def __iter__(self):
        return iter(self)

    def __contains__(self, item):
        return item in self

    def __call__(self):
        return self()

    def __getitem__(self, key):
        return self[key]

    def __add__(self, other):
        return self + other

    def __index__(self):
        return [1][self]

    def __enter__(self):
        with self:
            pass

    def __exit__(self, *details):
        pass

    @property
    def descriptor(self):
        return self.descriptor


class Making:
    def __init__(self):
        Making()


def sort_key(item):
    return sorted([1, 2], key=sort_key)


def delegate():
    yield from delegate()


def with_endless():
    with Endless():
        pass


ENDLESS = {
    "__getattr__": lambda: Endless().missing,
    "__eq__": lambda: Endless() == Endless(),
    "__lt__": lambda: Endless() < Endless(),
    "__hash__": lambda: hash(Endless()),
    "__repr__": lambda: repr(Endless()),
    "__str__": lambda: str(Endless()),
    "__bool__": lambda: bool(Endless()),
    "__len__": lambda: len(Endless()),
    "__iter__": lambda: iter(Endless()),
    "__contains__": lambda: 1 in Endless(),
    "__call__": lambda: Endless()(),
    "__getitem__": lambda: Endless()[1],
    "__add__": lambda: Endless() + 1,
    "__index__": lambda: [1][Endless()],
    "__enter__": with_endless,
    "descriptor": lambda: Endless().descriptor,
    "__init__": Making,
    "sort key": lambda: sort_key(1),
    "yield from": lambda: list(delegate()),
    "exec": lambda: exec("def f():\n exec('f()')\nf()", {}),
}


def recursion_error(function):
    try:
        function()
    except RecursionError:
        return True
    return False


def check_endless():
    for name, function in ENDLESS.items():
        assert recursion_error(function), name
    limit = sys.getrecursionlimit()
    # Only the native stack is left as a limit; Python code alone may go on to the limit.
    sys.setrecursionlimit(30_000)
    for name, function in ENDLESS.items():
        assert recursion_error(function), name
    failures = []

    def small_stack():
        for name, function in ENDLESS.items():
            if not recursion_error(function):
                failures.append(name)

    threading.stack_size(64 << 10)
    thread = threading.Thread(target=small_stack)
    thread.start()
    thread.join()
    threading.stack_size(0)
    sys.setrecursionlimit(limit)
    assert not failures, failures


def check_constructor_frames():
    """The frame of a constructor called from Python code is one object while it runs, and after."""
    frames = []

    class Framed:
        def __init__(self):
            frames.append((sys._getframe(), sys._getframe()))
            self.inner()

        def inner(self):
            frames.append((sys._getframe().f_back, sys._getframe(1)))

    made = Framed()
    assert isinstance(made, Framed)
    (first, again), (back, one) = frames
    assert first is again and back is one and first is back
    assert first.f_code.co_name == "__init__"
    assert first.f_back.f_code.co_name == "check_constructor_frames"


if sys.implementation.name == "cpython" and sys.version_info < (3, 14):
    # Older CPythons have no guard for native recursion in some places.
    sys.exit()
for check in (check_freeing, check_walks, check_endless, check_constructor_frames):
    check()
