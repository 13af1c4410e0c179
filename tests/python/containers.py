"""list, tuple, dict, set, range, slice: methods, messages, subclasses, changes while they are walked."""

import itertools
import sys


def raises(kind, message, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as error:
        assert message is None or str(error) == message, (str(error), message)
        return error
    raise AssertionError(f"{function} raised nothing")


# list

a = [1, 2, 3]
a.append(4)
a += (5, 6)
a.insert(0, 0)
a.insert(-100, -1)
a.insert(100, 7)
assert a == [-1, 0, 1, 2, 3, 4, 5, 6, 7]
assert a[::2] == [-1, 1, 3, 5, 7] and a[::-3] == [7, 4, 1] and a[7:2:-2] == [6, 4, 2]
assert a[100:] == [] and a[-3:] == [5, 6, 7] and a[: -(10**30)] == [] and a[-(10**30) : 10**30] == a
a[1:3] = "xyz"
assert a == [-1, "x", "y", "z", 2, 3, 4, 5, 6, 7]
a[::3] = [0, 0, 0, 0]
assert a == [0, "x", "y", 0, 2, 3, 0, 5, 6, 0]
del a[1::4]
assert a == [0, "y", 0, 2, 0, 5, 6], a
del a[-2::-2]
assert a == [0, 0, 0, 6], a
a[:] = a
assert a * 2 == [0, 0, 0, 6] * 2 == 2 * a and a * -1 == []
a *= 2
assert len(a) == 8 and a.count(0) == 6 and a.index(6) == 3 and a.index(6, 4) == 7 and a.index(0, -5, -1) == 4
assert a.pop() == 6 and a.pop(3) == 6 and a.pop(-1) == 0
a.clear()
raises(IndexError, "pop from empty list", a.pop)
raises(IndexError, "pop index out of range", [1].pop, 5)
raises(IndexError, "list index out of range", lambda: [][0])
raises(IndexError, "list assignment index out of range", [].__setitem__, 0, 1)
raises(IndexError, "cannot fit 'int' into an index-sized integer", lambda: [1][10**30])
raises(TypeError, "list indices must be integers or slices, not str", [].__getitem__, "a")
raises(ValueError, "list.remove(x): x not in list", [].remove, 1)
raises(TypeError, 'can only concatenate list (not "tuple") to list', lambda: [] + ())
raises(TypeError, "can't multiply sequence by non-int of type 'str'", lambda: [] * "a")
raises(ValueError, "attempt to assign sequence of size 1 to extended slice of size 2", [1, 2, 3].__setitem__, slice(None, None, 2), [1])
raises(ValueError, "slice step cannot be zero", lambda: [1][::0])
raises(TypeError, "list expected at most 1 argument, got 2", list, 1, 2)
raises(TypeError, "list() takes no keyword arguments", list, a=1)
raises(TypeError, "slice indices must be integers or None or have an __index__ method", lambda: [1]["a":])
raises(MemoryError, None, lambda: [1] * (2**62))
raises(OverflowError, None, lambda: [1] * 10**30)
raises(TypeError, "unhashable type: 'list'", hash, [])

a = [1]
a.append(a)
assert repr(a) == "[1, [...]]"
assert [1, 2] < [1, 3] < [2] < [2, 0] and [1] != [1.5] and [1, 2] == [1.0, 2.0] and not [1] < [1] and [1] <= [1]
nan = float("nan")
assert [nan] == [nan] and nan in [nan] and [nan].index(nan) == 0
raises(TypeError, "'<' not supported between instances of 'str' and 'int'", lambda: ["a"] < [1])
assert ([].__lt__(())) is NotImplemented


class Reversed:
    def __radd__(self, other):
        return "radd"

    def __rmul__(self, other):
        return "rmul"


assert [] + Reversed() == "radd" and () + Reversed() == "radd" and [1] * Reversed() == "rmul"


class Index:
    def __init__(self, i):
        self.i = i

    def __index__(self):
        return self.i


assert [1, 2, 3][Index(-1)] == 3 and [1, 2, 3][Index(1) : Index(3)] == [2, 3] and [0] * Index(2) == [0, 0]


class Mine(list):
    def __getitem__(self, index):
        return "mine"

    def __init__(self, *args, extra=0):
        super().__init__(*args)
        self.extra = extra


m = Mine([1, 2], extra=5)
assert m[0] == "mine" and list(m) == [1, 2] and m.extra == 5 and type(m + [3]) is list and m == [1, 2]
assert repr(m) == "[1, 2]" and type(m.copy()) is list and isinstance(m, list)

# sort

from random import Random

random = Random(5)
for size in [0, 1, 2, 3, 10, 23, 24, 25, 64, 100, 500, 3000]:
    for make in [
        lambda: random.randrange(50),
        lambda: random.random(),
        lambda: str(random.randrange(1000)),
        lambda: (random.randrange(5), random.random()),
        lambda: random.choice([1, 2.5, True, 10**30]),
        lambda: "é" * random.randrange(4) + str(random.randrange(9)),
    ]:
        items = [(make(), i) for i in range(size)]
        for reverse in False, True:
            result = sorted(items, key=lambda p: p[0], reverse=reverse)
            for (x, i), (y, j) in zip(result, result[1:]):
                assert (x > y or x == y and i < j) if reverse else (x < y or x == y and i < j)
        plain = [p[0] for p in items]
        plain.sort()
        assert plain == [p[0] for p in sorted(items)] and len(plain) == size
        runs = sorted(plain[: size // 2]) + sorted(plain[size // 2 :], reverse=True)
        assert sorted(runs) == plain == sorted(reversed(plain))


class Odd:
    """Compares at random: the result is some order of the same objects."""

    def __lt__(self, other):
        return random.random() < 0.5


odd = [Odd() for _ in range(300)]
assert set(map(id, sorted(odd))) == set(map(id, odd))


class Fails:
    left = 200

    def __lt__(self, other):
        Fails.left -= 1
        if Fails.left == 0:
            raise RuntimeError("enough")
        return id(self) < id(other)


fails = [Fails() for _ in range(300)]
before = set(map(id, fails))
raises(RuntimeError, "enough", fails.sort)
assert set(map(id, fails)) == before and len(fails) == 300

changing = [3, 1, 2]
raises(ValueError, "list modified during sort", changing.sort, key=lambda x: changing.append(x) or x)
assert changing == [1, 2, 3]
seen = []
changing.sort(key=lambda x: seen.append(list(changing)) or x)
assert seen == [[], [], []]
raises(TypeError, "'<' not supported between instances of 'str' and 'int'", [1, "a"].sort)
raises(TypeError, None, [].sort, 1)
assert sorted([3, 1, 2], key=None, reverse=1) == [3, 2, 1]

# tuple

t = (1, 2, 3)
assert t[1:] == (2, 3) and t[::-1] == (3, 2, 1) and t[:] is t and tuple(t) is t and t + (4,) == (1, 2, 3, 4)
assert t * 2 == (1, 2, 3, 1, 2, 3) and t.index(3) == 2 and t.count(1) == 1 and 2 in t and hash(t) == hash((1, 2, 3.0))
assert repr((1,)) == "(1,)" and repr(()) == "()" and repr((1, (2,))) == "(1, (2,))"
raises(ValueError, "tuple.index(x): x not in tuple", t.index, 9)
raises(IndexError, "tuple index out of range", lambda: t[3])
raises(TypeError, "tuple indices must be integers or slices, not str", lambda: t["a"])
raises(TypeError, 'can only concatenate tuple (not "list") to tuple', lambda: t + [])
raises(TypeError, "'tuple' object does not support item assignment", lambda: exec("t[0] = 1", {"t": t}))
raises(TypeError, "'tuple' object doesn't support item deletion", lambda: exec("del t[0]", {"t": t}))


class Pair(tuple):
    def __new__(cls, a, b):
        self = super().__new__(cls, (a, b))
        self.note = "x"
        return self


p = Pair(1, 2)
assert p == (1, 2) and p.note == "x" and type(p[:]) is tuple and type(p + ()) is tuple and p.__getnewargs__() == ((1, 2),)
l = []
t = (l,)
l.append(t)
assert repr(t) == "([(...)],)"

# dict

d = dict(a=1, b=2)
assert d == {"b": 2, "a": 1} and list(d) == ["a", "b"] and d | {"c": 3} == dict(d, c=3) and list(reversed(d)) == ["b", "a"]
d |= [("c", 3)]
assert d.pop("c") == 3 and d.pop("c", None) is None and d.get("x") is None and d.get("a", 5) == 1
assert d.setdefault("z") is None and d.setdefault("a", 9) == 1 and d.popitem() == ("z", None)
assert dict.fromkeys("ab", 0) == {"a": 0, "b": 0} and dict.fromkeys([1]) == {1: None}
assert dict([(1, 2), [3, 4], "ab"]) == {1: 2, 3: 4, "a": "b"} and dict(iter([(1, 2)])) == {1: 2}
raises(KeyError, "'x'", lambda: d["x"])
raises(KeyError, "'popitem(): dictionary is empty'", {}.popitem)
raises(ValueError, "dictionary update sequence element #0 has length 1; 2 is required", dict, [(1,)])
raises(TypeError, None, dict, [1])
raises(TypeError, "'int' object is not iterable", dict, 1)
raises(TypeError, "dict expected at most 1 argument, got 2", dict, 1, 2)
raises(TypeError, "update expected at most 1 argument, got 2", {}.update, 1, 2)
raises(TypeError, "unsupported operand type(s) for |: 'dict' and 'list'", lambda: {} | [])
if sys.version_info >= (3, 14):
    raises(TypeError, "cannot use 'list' as a dict key (unhashable type: 'list')", {}.__getitem__, [])
    raises(TypeError, "cannot use 'list' as a set element (unhashable type: 'list')", {1}.add, [])
assert d.__eq__([]) is NotImplemented and {1: nan} == {1: nan} and {1: 1} != {1: 2} and {1: 1} != {2: 1}
d = {1: d}
d[1] = d
assert repr(d) == "{1: {...}}"
assert {True: "a", 1: "b", 1.0: "c"} == {1: "c"} and repr({True: "a", 1: "b"}) == "{True: 'b'}"
big = {i: str(i) for i in range(1000)}
for i in range(0, 1000, 2):
    del big[i]
assert list(big) == list(range(1, 1000, 2)) and big[501] == "501" and 500 not in big
big.clear()
assert not big and list(big) == []


class Missing(dict):
    def __missing__(self, key):
        return key * 2


m = Missing(a=1)
assert m["bb"] == "bbbb" and m.get("bb") is None and m["a"] == 1 and type(m.copy()) is dict and type(Missing.fromkeys("a")) is Missing


class Mapping:
    def keys(self):
        return iter("xy")

    def __getitem__(self, key):
        return key * 3


assert dict(Mapping()) == {"x": "xxx", "y": "yyy"} and {**Mapping(), "y": 1} == {"x": "xxx", "y": 1}


class Key:
    """Equal to others of the same number, and counts how often it is asked."""

    asked = 0

    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return self.n % 4

    def __eq__(self, other):
        Key.asked += 1
        return isinstance(other, Key) and self.n == other.n


d = {Key(i): i for i in range(20)}
assert len(d) == 20 and all(d[Key(i)] == i for i in range(20)) and Key(21) not in d and Key.asked
assert d.pop(Key(5)) == 5 and Key(5) not in d and len(d) == 19
s = {Key(i % 10) for i in range(30)}
assert len(s) == 10 and Key(3) in s and Key(11) not in s


class Clears:
    def __hash__(self):
        return 1

    def __eq__(self, other):
        target.clear()
        return False


for target, look in [({Clears(): 1}, lambda: Clears() in target), ({Clears()}, lambda: Clears() in target)]:
    assert not look() and not target

growing = {1: 1}
raises(RuntimeError, "dictionary changed size during iteration", lambda: [growing.update({k + 1: 1}) for k in growing])
d = {1: 1, 2: 2}
it = iter(d)
next(it)
d[3] = 3
raises(RuntimeError, "dictionary changed size during iteration", next, it)
raises(RuntimeError, "dictionary changed size during iteration", next, it)
it = iter({1: 1}.items())
assert it.__length_hint__() == 1 and list(it) == [(1, 1)] and it.__length_hint__() == 0 and list(it) == []

d = {"a": 1, "b": 2}
keys, values, items = d.keys(), d.values(), d.items()
assert repr(keys) == "dict_keys(['a', 'b'])" and repr(values) == "dict_values([1, 2])" and repr(items) == "dict_items([('a', 1), ('b', 2)])"
assert keys & {"a", "z"} == {"a"} and keys | ["z"] == {"a", "b", "z"} and keys - "a" == {"b"} and {"a", "q"} ^ keys == {"b", "q"}
assert ["a", "c"] - keys == {"c"} and keys == {"a", "b"} and keys < {"a", "b", "c"} and keys >= {"a"} and not keys.isdisjoint("a")
assert ("a", 1) in items and ("a", 2) not in items and "a" not in items and items & {("a", 1): 0}.keys() == {("a", 1)}
assert list(reversed(keys)) == ["b", "a"] and list(reversed(values)) == [2, 1] and list(reversed(items)) == [("b", 2), ("a", 1)]
assert len(keys) == len(values) == len(items) == 2 and keys.mapping["a"] == 1
d["c"] = 3
assert len(keys) == 3 and 3 in values and list(items)[-1] == ("c", 3)
raises(TypeError, "unhashable type: 'dict_keys'", hash, keys)

# set

s = {3, 1, 2}
s.add(3)
s.discard(9)
s.update([4], (5,), {6: 7}, {8})
assert s == {1, 2, 3, 4, 5, 6, 8} and s - {1} == {2, 3, 4, 5, 6, 8} and s & {1, 99} == {1} and {1, 2} ^ {2, 3} == {1, 3}
assert s.union([7]) == s | {7} and s.intersection([1, 2], {2}) == {2} and s.difference([1], [2]) == {3, 4, 5, 6, 8}
assert s.symmetric_difference([1, 100]) == {2, 3, 4, 5, 6, 8, 100} and {1} < s and s > {1} and s >= s and not s < s
assert {1, 2}.issubset([1, 2, 3]) and {1, 2}.issuperset([1]) and {1}.isdisjoint([2]) and not {1}.isdisjoint({1})
s &= {1, 2, 3}
s |= {10}
s -= {1}
s ^= {2, 20}
assert s == {3, 10, 20}
s.intersection_update([3, 10])
s.difference_update([3])
s.symmetric_difference_update([10, 11])
assert s == {11} and s.pop() == 11 and not s
raises(KeyError, "'pop from an empty set'", s.pop)
raises(KeyError, "1", s.remove, 1)
raises(TypeError, "set() takes no keyword arguments", set, a=1)
raises(TypeError, "unsupported operand type(s) for |: 'set' and 'list'", lambda: s | [])
assert repr(set()) == "set()" and repr({1}) == "{1}" and repr(frozenset([1])) == "frozenset({1})" and repr(frozenset()) == "frozenset()"
assert type(frozenset() | {1}) is frozenset and type({1} | frozenset()) is set and {1} == frozenset([1]) and hash(frozenset([1, 2])) == hash(frozenset([2, 1]))
f = frozenset([1, 2])
assert frozenset(f) is f and f.copy() is f and {1, 2} in {f} and {f, 3} - {f} == {3}
s = {f, 4}
s.discard({1, 2})
assert s == {4}


class MySet(set):
    pass


class MyFrozen(frozenset):
    pass


assert type(MySet([1]) | {2}) is set and type(MySet([1]).copy()) is set and repr(MySet([1])) == "MySet({1})" and repr(MyFrozen()) == "MyFrozen()"
assert MyFrozen([1]) == {1} and hash(MyFrozen([1])) == hash(frozenset([1]))
s = {1}
it = iter(s)
s.add(2)
raises(RuntimeError, "Set changed size during iteration", next, it)
numbers = [(i * 7919) % 1009 for i in range(40)]
s = set()
for i in numbers:
    s.add(i)
assert list(s)[:8] == [0, 641, 517, 393, 397, 273, 914, 149]
for i in numbers[::3]:
    s.discard(i)
assert [s.pop() for _ in range(4)] == [517, 393, 397, 149] and list({*"a", *[1]} - {"a"}) == [1]
assert hash(frozenset([1, 2, 3])) == -272375401224217160 and hash(frozenset()) == 133146708735736

# range and slice

r = range(0, 20, 3)
assert list(r) == [0, 3, 6, 9, 12, 15, 18] and len(r) == 7 and r[2] == 6 and r[-1] == 18 and r[1:4] == range(3, 12, 3)
assert list(reversed(r)) == [18, 15, 12, 9, 6, 3, 0] and 9 in r and 10 not in r and 9.0 in r and "a" not in r and r.index(9) == 3 and r.count(9) == 1
assert repr(r) == "range(0, 20, 3)" and repr(range(3)) == "range(0, 3)" and (r.start, r.stop, r.step) == (0, 20, 3)
assert range(0) == range(5, 5) and range(0, 3, 2) == range(0, 4, 2) and hash(range(0, 3, 2)) == hash(range(0, 4, 2)) and range(3) != [0, 1, 2]
assert list(range(5, 0, -2)) == [5, 3, 1] and not range(0) and range(True) == range(1)
huge = range(10**30, 10**30 + 10, 4)
assert list(huge) == [10**30, 10**30 + 4, 10**30 + 8] and huge[-1] == 10**30 + 8 and len(huge) == 3 and 10**30 + 4 in huge
assert list(reversed(huge)) == [10**30 + 8, 10**30 + 4, 10**30] and huge[::2] == range(10**30, 10**30 + 12, 8) and huge.index(10**30 + 8) == 2
assert range(10**30)[10**29] == 10**29 and range(-(10**20), 10**20)[0] == -(10**20)
raises(OverflowError, "Python int too large to convert to C ssize_t", len, range(10**30))
raises(ValueError, "range() arg 3 must not be zero", range, 1, 2, 0)
raises(TypeError, "'float' object cannot be interpreted as an integer", range, 1.0)
raises(TypeError, "range expected at least 1 argument, got 0", range)
raises(IndexError, "range object index out of range", lambda: r[100])
raises(TypeError, "range indices must be integers or slices, not str", lambda: r["a"])
assert slice(1, 2, 3).indices(10) == (1, 2, 3) and slice(None, None, -1).indices(5) == (4, -1, -1) and slice(-3, None).indices(2) == (0, 2, 1)
assert slice(None).indices(10**30) == (0, 10**30, 1) and slice(10**30, None, -(10**20)).indices(10**25) == (10**25 - 1, -1, -(10**20))
assert repr(slice(1)) == "slice(None, 1, None)" and slice(1) == slice(None, 1) and slice(1) != slice(2) and slice(1, 2) < slice(1, 3)
raises(ValueError, "length should not be negative", slice(1).indices, -1)
raises(TypeError, "slice expected at least 1 argument, got 0", slice)

# unpacking

a, (b, *c), *d = 1, "xyz", 2, 3
assert (a, b, c, d) == (1, "x", ["y", "z"], [2, 3])


def unpack2(value):
    a, b = value


def unpack_star(value):
    a, *b, c = value


raises(ValueError, "not enough values to unpack (expected 2, got 1)", unpack2, [1])
raises(ValueError, "too many values to unpack (expected 2)", unpack2, iter([1, 2, 3]))
raises(ValueError, "not enough values to unpack (expected at least 2, got 1)", unpack_star, [1])
raises(TypeError, "cannot unpack non-iterable int object", unpack2, 5)
if sys.version_info >= (3, 14):
    raises(ValueError, "too many values to unpack (expected 2, got 3)", unpack2, (1, 2, 3))


def f(*args, **kwargs):
    return args, kwargs


assert f(*[1], *"ab", **{"x": 1}, **Mapping() if False else {}) == ((1, "a", "b"), {"x": 1})
raises(TypeError, "__main__.f() got multiple values for keyword argument 'x'", lambda: f(**{"x": 1}, **{"x": 2}))

# deep nesting ends in an exception, not in a crash

deep = []
for _ in range(1_000_000):
    deep = [deep]
raises(RecursionError, None, repr, deep)
other = []
for _ in range(1_000_000):
    other = [other]
raises(RecursionError, None, lambda: deep == other)
raises(RecursionError, None, lambda: deep < other)
while deep:
    deep, other = deep[0], other[0]


def check_table_of_holes():
    # Each round leaves a hole at another place; a table without an empty place would be searched for ever.
    for make in (dict, set):
        shared = make()
        for n in range(3000):
            if make is dict:
                shared[n * 7] = [n]
                shared.popitem()
            else:
                shared.add(n * 7)
                shared.pop()
        assert len(shared) == 0
    keep = {"a": 1, "b": 2}
    for n in range(3000):
        keep[str(n)] = n
        assert keep.popitem() == (str(n), n)
        assert n not in keep and "missing" not in keep
    assert keep == {"a": 1, "b": 2} and list(keep) == ["a", "b"]


check_table_of_holes()


def check_restless_keys():
    """Comparisons that change the container each time they say that keys are equal come to an end."""

    class Restless:
        asked = 0

        def __hash__(self):
            return 1

        def __eq__(self, other):
            Restless.asked += 1
            assert Restless.asked < 1000, "asked for ever"
            change(Restless.asked * 10)
            return True

    def change(n):
        if type(box) is dict:
            box[n] = 0
            del box[n]
        else:
            box.add(n)
            box.discard(n)

    box = {Restless(): "a", 5: 6}
    assert box[Restless()] == "a" and Restless() in box and box.setdefault(Restless(), 1) == "a"
    box[Restless()] = "b"
    assert box.pop(Restless()) == "b" and box == {5: 6}
    box = {Restless(), 5}
    assert Restless() in box
    box.add(Restless())
    assert len(box) == 2
    box.discard(Restless())
    assert box == {5}


check_restless_keys()


def check_searches_of_lists():
    nan = float("nan")
    for item, items, index in [
        (1, [0, 2, True], 2),
        (True, [0, 2, 1], 2),
        (1, [0, 1.0], 1),
        (1.0, [0, 2, 1], 2),
        (0, [1, 2, False, 0], 2),
        (nan, [1, nan], 1),
        (2**70, [1, 2, 2**70], 2),
        (-1, [1, 0, -1], 2),
        ("b", [1, "a", "b"], 2),
        (None, [0, None], 1),
    ]:
        assert item in items and items.index(item) == index, (item, items)
        rest = items[:index] + items[index + 1 :]
        items.remove(item)
        assert len(items) == len(rest) and all(a is b for a, b in zip(items, rest))
    for item, items in [(3, []), (3, [1, 2]), (3, ["3", None, 4.5]), (nan, [float("nan")]), ("a", [1, "A"])]:
        assert item not in items
        raises(ValueError, "list.index(x): x not in list", items.index, item)
        raises(ValueError, "list.remove(x): x not in list", items.remove, item)
    items = [1, 2, 3, 1, 2, 3]
    assert [items.index(2, start) for start in (0, 1, 2, 4, -3, -1_000)] == [1, 1, 4, 4, 4, 1]
    raises(ValueError, "list.index(x): x not in list", items.index, 2, 2, 4)
    raises(ValueError, "list.index(x): x not in list", items.index, 2, 100)

    class Shrinking:
        def __eq__(self, other):
            items.clear()
            return False

    items = [1, Shrinking(), 2, 3]
    assert 3 not in items and items == []

    class NoMembers:
        __contains__ = None

        def __iter__(self):
            return iter([1])

    class Iterated:
        def __iter__(self):
            return iter([1, 2])

    class Odd:
        def __contains__(self, item):
            return [item]

    raises(TypeError, "argument of type 'NoMembers' is not a container or iterable", lambda: 1 in NoMembers())
    raises(TypeError, "argument of type 'int' is not a container or iterable", lambda: 1 in 5)
    assert 2 in Iterated() and 3 not in Iterated() and 0 in Odd()


check_searches_of_lists()


def check_slices():
    bounds = [None, 0, 1, -1, 3, -3, 5, -5, 6, 100, -100]
    for whole in "abcde", "añbcd", "a\u1234bcd", "a\U00012345bcd", "", b"abcde", b"", (1, 2, 3, 4, 5), (), [1, 2, 3, 4, 5], []:
        for start, stop, step in itertools.product(bounds, bounds, [None, 1, -1, 2, -2, 7]):
            part = whole[start:stop:step]
            assert part == whole[slice(start, stop, step)] and type(part) is type(whole)
            expected = [whole[n] for n in range(*slice(start, stop, step).indices(len(whole)))]
            assert list(part) == expected, (whole, start, stop, step)
    for whole in "abc", b"abc", (1, 2, 3):
        assert whole[:] is whole and whole[0:3] is whole
        raises(ValueError, "slice step cannot be zero", lambda: whole[::0])
    assert type(type("T", (tuple,), {})([1, 2])[:]) is tuple


check_slices()
