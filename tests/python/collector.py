"""Cycles are collected, finalizers run once, weak references learn of it."""
import gc
import sys
import weakref


class Node:
    pass


def cycle():
    a, b = Node(), Node()
    a.other, b.other = b, a
    return a


# A cycle lives until a collection.
node = cycle()
seen = []
reference = weakref.ref(node, seen.append)
del node
assert reference() is not None
assert gc.collect() >= 2
assert reference() is None and seen == [reference]

# Containers, closures, generators, exceptions.
made = []
made.append(made)
also = {"self": None}
also["self"] = also


def closure():
    def inner():
        return inner
    return weakref.ref(inner)


def suspended():
    def run():
        me = yield
        yield me
    running = run()
    next(running)
    running.send(running)
    return weakref.ref(running)


def raised():
    try:
        raise ValueError
    except ValueError as error:
        keep = error
        local = Node()
        local.error = keep
        return weakref.ref(local)


references = [closure(), suspended(), raised()]
gc.collect()
assert [r() for r in references[1:]] == [None, None], references
del made, also
assert gc.collect() >= 2


# Finalizers run once; what one brings back stays, with what it refers to.
class Phoenix:
    kept = []

    def __del__(self):
        Phoenix.kept.append(self)


bird = Phoenix()
bird.self = bird
bird.data = ["data"]
del bird
gc.collect()
assert len(Phoenix.kept) == 1 and Phoenix.kept[0].data == ["data"]
bird = Phoenix.kept.pop()
assert bird.self is bird
again = weakref.ref(bird)
del bird
gc.collect()
assert again() is None and Phoenix.kept == []

# Finalizers of a cycle can use all of it.
order = []


class Part:
    def __del__(self):
        order.append(self.other.name)


one, two = Part(), Part()
one.name, two.name, one.other, two.other = "one", "two", two, one
del one, two
gc.collect()
assert sorted(order) == ["one", "two"]

# A weak reference that is garbage itself is not called back.
calls = []
node = Node()
node.me = node
node.reference = weakref.ref(node, calls.append)
del node
gc.collect()
assert calls == []

# Garbage is collected without being asked for.
if sys.implementation.name == "amphis":
    count = 0

    class Counted:
        def __del__(self):
            global count
            count += 1

    for _ in range(300_000):
        node = Counted()
        node.me = node
    assert count > 100_000, count

# Long chains do not nest on the stack.
first = last = Node()
for _ in range(200_000):
    last.next = Node()
    last = last.next
last.next = first
del first, last
assert gc.collect() >= 200_000
assert gc.is_tracked([]) and not gc.is_tracked("text")
node = [Node]
assert node in gc.get_objects()
assert any(found is node for found in gc.get_referrers(Node))
print("ok")
