"""Objects survive being pickled, in every protocol, natively and in Python; the streams are the same."""
import collections
import functools
import io
import math
import pickle
import sys


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)

    def norm(self):
        return math.hypot(self.x, self.y)


class Slotted:
    __slots__ = ("a",)


VALUES = [
    None, True, False, 0, -1, 255, 256, -(2 ** 31), 2 ** 31, 10 ** 40, -(10 ** 40), 0.5, float("inf"), 1j,
    "", "text", "ä\0€\U0001f40d", "a\\b\n", "\udc80", b"", b"\x00\xff" * 200, bytearray(b"abc"), (), (1,), (1, 2, 3, 4), [1, [2]],
    {"a": 1, 2: "b"}, {1, 2}, frozenset("ab"), range(5), slice(1, 2), int, len, math.sin, Point, Point(3, 4), Point(3, 4).norm,
    collections.OrderedDict(a=1), collections.deque([1, 2]), functools.partial(int, base=2), "x" * 100_000, list(range(3000)),
    dict.fromkeys(range(2500)), type(None), NotImplemented, ...,
]


def shape(value):
    if isinstance(value, (set, frozenset)):
        # The order of keys whose hashes collide depends on which came first.
        return (type(value), sorted(map(str, value)))
    return (type(value), str(value) if type(value) is not Point else (value.x, value.y))


for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    for value in VALUES:
        native = pickle.dumps(value, protocol)
        python = pickle._dumps(value, protocol)
        assert native == python, (protocol, value)
        for load in (pickle.loads, pickle._loads):
            again = load(native)
            if "norm" in repr(value):
                assert again() == 5.0
            elif isinstance(value, functools.partial):
                assert again("101") == 5
            else:
                assert shape(again) == shape(value), (protocol, value, again)

# What refers to itself does so afterwards.
items = []
items.append((items,))
again = pickle.loads(pickle.dumps(items))
assert again[0][0] is again

# Slots are part of the state.
slotted = Slotted()
slotted.a = 1
assert pickle.loads(pickle.dumps(slotted)).a == 1

# A pickler remembers what it wrote; an unpickler reads on where it stopped.
file = io.BytesIO()
pickler = pickle.Pickler(file)
shared = ["shared"]
pickler.dump(shared)
pickler.dump([shared])
file.seek(0)
unpickler = pickle.Unpickler(file)
assert unpickler.load() is unpickler.load()[0]


# Objects that are stored elsewhere.
class Outside(pickle.Pickler):
    def persistent_id(self, value):
        return "it" if value is sys else None


class Inside(pickle.Unpickler):
    def persistent_load(self, name):
        assert name == "it"
        return sys


file = io.BytesIO()
Outside(file).dump([sys, 1])
file.seek(0)
assert Inside(file).load() == [sys, 1]

# Buffers out of the stream.
big, buffers = bytearray(b"b" * 100), []
stream = pickle.dumps(pickle.PickleBuffer(big), 5, buffer_callback=buffers.append)
assert len(stream) < 50 and pickle.loads(stream, buffers=buffers) is buffers[0]
assert pickle.loads(pickle.dumps(pickle.PickleBuffer(big), 5)) == big

# What cannot be pickled, and what is no pickle, says why.
for bad, error, words in [
    (lambda: pickle.dumps(lambda: 0), (pickle.PicklingError, AttributeError), "<lambda>"),
    (lambda: pickle.dumps([1, sys]), TypeError, "module"),
    (lambda: pickle.loads(b""), EOFError, "Ran out of input"),
    (lambda: pickle.loads(b"\x80\x05K"), pickle.UnpicklingError, "truncated"),
    (lambda: pickle.loads(b"?"), pickle.UnpicklingError, "invalid load key"),
    (lambda: pickle.loads(b"."), pickle.UnpicklingError, "underflow"),
    (lambda: pickle.loads(b"h\x07."), pickle.UnpicklingError, "7"),
]:
    try:
        bad()
    except error as raised:
        assert words in str(raised), raised
    else:
        raise AssertionError(words)
