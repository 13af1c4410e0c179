"""Iterators of containers and enumerate, zip, map, filter, reversed, iter."""

import itertools
import sys
import threading
import traceback


def raises(kind, message, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as error:
        assert message is None or str(error) == message, (str(error), message)
        return error
    raise AssertionError(f"{function} raised nothing")


assert list(enumerate("ab")) == [(0, "a"), (1, "b")] and list(enumerate("a", start=2**61 - 1)) == [(2**61 - 1, "a")]
assert [i for i, _ in enumerate("abc", 2**61 - 2)] == [2**61 - 2, 2**61 - 1, 2**61] and next(enumerate([1], 10**30)) == (10**30, 1)
raises(TypeError, "'int' object is not iterable", enumerate, 1)
raises(TypeError, "'str' object cannot be interpreted as an integer", enumerate, [], "a")
assert list(zip()) == [] and list(zip([1, 2])) == [(1,), (2,)] and list(zip([1, 2], "ab", (3, 4, 5))) == [(1, "a", 3), (2, "b", 4)]
raises(ValueError, "zip() argument 2 is longer than argument 1", list, zip([1], [1, 2], strict=True))
raises(ValueError, "zip() argument 2 is shorter than argument 1", list, zip([1, 2], [1], strict=True))
raises(ValueError, "zip() argument 3 is longer than arguments 1-2", list, zip([1], [1], [1, 2], strict=True))
raises(ValueError, "zip() argument 3 is shorter than arguments 1-2", list, zip([1, 2], [1, 2], [1], strict=True))
assert list(zip([1], [2], strict=True)) == [(1, 2)]
assert list(map(str, [1, 2])) == ["1", "2"] and list(map(lambda a, b: a + b, [1, 2], [10, 20, 30])) == [11, 22]
raises(TypeError, "map() must have at least two arguments.", map, str)
assert list(filter(None, [0, 1, "", "a"])) == [1, "a"] and list(filter(bool, [0, 2])) == [2] and list(filter(lambda x: x > 1, [1, 2])) == [2]
raises(TypeError, "filter expected 2 arguments, got 1", filter, None)
assert list(reversed([1, 2])) == [2, 1] and list(reversed("ab")) == ["b", "a"] and list(reversed((1, 2))) == [2, 1]
raises(TypeError, "'set' object is not reversible", reversed, {1})
raises(TypeError, "'int' object is not iterable", iter, 1)
raises(TypeError, "'int' object is not an iterator", next, 1)
if sys.version_info >= (3, 14):
    raises(ValueError, "map() argument 2 is shorter than argument 1", list, map(max, [1, 2], [1], strict=True))
    raises(TypeError, "argument of type 'int' is not a container or iterable", lambda: 1 in 1)


class Sequence:
    def __getitem__(self, index):
        if index == 3:
            raise IndexError
        return index * 10

    def __len__(self):
        return 3


assert list(Sequence()) == [0, 10, 20] and 10 in Sequence() and list(reversed(Sequence())) == [20, 10, 0]
it = iter(Sequence())
next(it)
assert it.__length_hint__() == 2 and list(it) == [10, 20] and list(it) == []

calls = iter([1, 2, 3, 4])
assert list(iter(lambda: next(calls), 3)) == [1, 2]
assert list(iter(lambda: next(calls), 99)) == [4]


class NoIter:
    __iter__ = None
    __contains__ = None

    def __getitem__(self, i):
        return i


raises(TypeError, "'NoIter' object is not iterable", iter, NoIter())
raises(TypeError, None, lambda: 1 in NoIter())


class BadIter:
    def __iter__(self):
        return 1


raises(TypeError, "iter() returned non-iterator of type 'int'", iter, BadIter())


class Endless:
    def __init__(self, fail_at):
        self.fail_at = fail_at

    def __iter__(self):
        return self

    def __next__(self):
        self.fail_at -= 1
        if not self.fail_at:
            raise ZeroDivisionError
        return self.fail_at


raises(ZeroDivisionError, None, list, Endless(5))
raises(ZeroDivisionError, None, lambda: set(Endless(5)))
raises(ZeroDivisionError, None, lambda: [].extend(Endless(5)))


class Hint:
    def __init__(self, hint):
        self.hint = hint

    def __iter__(self):
        return iter([1])

    def __length_hint__(self):
        return self.hint


assert list(Hint(5)) == [1] and list(Hint(NotImplemented)) == [1]
raises(ValueError, "__length_hint__() should return >= 0", list, Hint(-1))
raises(TypeError, "__length_hint__ must be an integer, not str", list, Hint("a"))

a = [1, 2, 3]
it = iter(a)
next(it)
a.append(4)
assert list(it) == [2, 3, 4]
a.append(5)
assert list(it) == []
it = reversed(a)
next(it)
del a[2:]
assert list(it) == []

for make in [
    lambda: iter([1, 2, 3]),
    lambda: reversed([1, 2, 3]),
    lambda: iter((1, 2, 3)),
    lambda: iter(range(1, 10, 4)),
    lambda: reversed(range(3)),
    lambda: iter(range(10**30, 10**30 + 3)),
    lambda: iter({1: 2, 3: 4, 5: 6}),
    lambda: iter({1: 2, 3: 4, 5: 6}.items()),
    lambda: reversed({1: 2, 3: 4, 5: 6}),
    lambda: iter({1, 2, 3}),
    lambda: enumerate("abc", 5),
    lambda: zip("abc", [1, 2, 3]),
    lambda: zip("abc", [1, 2, 3], strict=True),
    lambda: map(abs, [-1, -2, -3]),
    lambda: filter(None, [1, 2, 3]),
    lambda: reversed("abc"),
    lambda: iter(Sequence()),
]:
    expected = list(make())
    for taken in range(4):
        it = make()
        for _ in range(taken):
            next(it)
        function, arguments, *state = it.__reduce__()
        again = function(*arguments)
        if state and state[0] is not None:
            again.__setstate__(state[0])
        assert list(again) == expected[taken:], (expected, taken)


class MyZip(zip):
    pass


class MyEnumerate(enumerate):
    def __next__(self):
        return "mine"


assert list(MyZip([1], [2])) == [(1, 2)] and next(MyEnumerate([1])) == "mine"
for thing, text in [
    (iter([]), "list_iterator"),
    (reversed([]), "list_reverseiterator"),
    (iter(()), "tuple_iterator"),
    (iter(range(1)), "range_iterator"),
    (iter(range(10**30)), "longrange_iterator"),
    (iter({}), "dict_keyiterator"),
    (iter({}.values()), "dict_valueiterator"),
    (iter({}.items()), "dict_itemiterator"),
    (reversed({}), "dict_reversekeyiterator"),
    (iter(set()), "set_iterator"),
    (iter(Sequence()), "iterator"),
    (iter(int, 1), "callable_iterator"),
]:
    assert type(thing).__name__ == text and iter(thing) is thing
    raises(TypeError, f"cannot create '{text}' instances", type(thing))

# What threads take from one count is all different.
for step in 1, 3, 2.5:
    numbers, taken = itertools.count(0, step), []
    take = lambda: taken.extend([next(numbers) for _ in range(5_000)])
    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [n * step for n in range(15_000)], step

# Subclasses that iterate as their bases do, in generator expressions: empty, of things another thread made, grown meanwhile.
class MyList(list):
    def keep(self):
        self[:] = (item for item in self if item is not None)


class MyTuple(tuple):
    pass


made = [[number] for number in range(100)]


def iterate_subclasses():
    for kind in MyList, MyTuple:
        assert list(item for item in kind()) == []
        assert list(item for item in kind(made)) == made
        assert list(item for item in iter(kind(made))) == made
        assert [item for item in kind(made)] == made
    items = MyList()
    items.keep()
    assert items == []
    items.extend(made)
    items.append(None)
    items.keep()
    assert items == made
    items = MyList(range(3))
    assert list(items.append(item) or item for item in items if len(items) < 10) == [0, 1, 2, 0, 1, 2, 0]
    results.append(True)


results = []
iterate_subclasses()
threads = [threading.Thread(target=iterate_subclasses) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert results == [True] * 4


# Pairs that a loop takes apart at once.
def check_pairs():
    def taken(iterable):
        result = []
        for a, b in iterable:
            result.append((a, b))
        return result

    d = {"a": 1, "b": 2}
    assert taken(d.items()) == [("a", 1), ("b", 2)] == list(d.items())
    assert taken(reversed(d.items())) == [("b", 2), ("a", 1)]
    assert taken(enumerate("xy", 2**70)) == [(2**70, "x"), (2**70 + 1, "y")]
    assert taken(enumerate("xy", 2**61 - 1)) == list(enumerate("xy", 2**61 - 1))
    assert taken(zip("xyz", [1, 2])) == [("x", 1), ("y", 2)] == taken(zip("xy", [1, 2], strict=True))
    assert taken(zip()) == [] and [a for (a,) in zip("xy")] == ["x", "y"]
    assert [(i, a, b) for i, (a, b) in enumerate(zip("xy", "zw"))] == [(0, "x", "z"), (1, "y", "w")]
    assert [a for a, a in d.items()] == [1, 2]
    assert [f() for f in [lambda: (a, b) for a, b in d.items()]] == [("b", 2), ("b", 2)]
    assert [pair for pair in enumerate("xy")] == [(0, "x"), (1, "y")]
    for d["k"], d["v"] in zip("pq", "rs"):
        pass
    assert (d["k"], d["v"]) == ("q", "s")
    for a, *b in enumerate("x"):
        assert (a, b) == (0, ["x"])
    raises(ValueError, "too many values to unpack (expected 2, got 3)", taken, zip("x", "y", "z"))
    raises(ValueError, "not enough values to unpack (expected 2, got 1)", taken, zip("x"))
    raises(ValueError, "zip() argument 2 is shorter than argument 1", taken, zip("xy", "z", strict=True))

    # What was taken before an error or a change stays.
    def broken():
        yield 1
        raise KeyError("broken")

    seen = []
    try:
        for a, b in enumerate(broken()):
            seen.append((a, b))
    except KeyError as error:
        first, second = traceback.extract_tb(error.__traceback__)
        assert first.line == "for a, b in enumerate(broken()):" and second.name == "broken", (first, second)
    assert seen == [(0, 1)] and (a, b) == (0, 1)
    d = {1: 2}
    try:
        for a, b in d.items():
            d[a + 1] = b
    except RuntimeError as error:
        assert str(error) == "dictionary changed size during iteration"
    assert (a, b) == (1, 2) and d == {1: 2, 2: 2}

    class Counted(enumerate):
        def __next__(self):
            number, item = super().__next__()
            return item, number

    assert taken(Counted("xy")) == [("x", 0), ("y", 1)]

    # What the registers held before is given up, and may look at the loop's variables.
    log = []

    class Loud:
        def __del__(self):
            log.append(sys._getframe(1).f_locals.get("b"))

    def loop():
        a = Loud()
        for a, b in zip([1, Loud(), 3], "xyz"):
            log.append(b)

    loop()
    assert log == [None, "x", "y", "z", "z"], log


check_pairs()
