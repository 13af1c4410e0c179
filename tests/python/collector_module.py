"""The module gc: callbacks, generations, objects that are left alone, debugging flags."""
import gc
import io
import sys
import weakref

amphis = sys.implementation.name == "amphis"


class Node:
    pass


def cycle():
    node = Node()
    node.self = node
    return weakref.ref(node)


gc.disable()
gc.collect()

# Callbacks are told before and after.
told = []


def callback(phase, info):
    told.append((phase, sorted(info), info["generation"], info["collected"]))
    # A collection does not begin within another one.
    assert gc.collect() == 0


gc.callbacks.append(callback)
cycle()
found = gc.collect()
gc.callbacks.remove(callback)
keys = ["collected", "generation", "uncollectable"]
assert told == [("start", keys, 2, 0), ("stop", keys, 2, found)] and found >= 1, told


def broken(phase, info):
    raise ValueError(phase)


unraisable = []
sys.unraisablehook = lambda args: unraisable.append(str(args.exc_value))
gc.callbacks.append(broken)
gc.collect()
gc.callbacks.clear()
sys.unraisablehook = sys.__unraisablehook__
assert unraisable == ["start", "stop"]

# What a finalizer brought back was not collected.
class Phoenix:
    def __del__(self):
        kept.append(self)


kept = []
bird = Phoenix()
bird.self = bird
del bird
assert gc.collect() == 0 and len(kept) == 1
assert gc.is_finalized(kept[0]) and not gc.is_finalized(Node())
kept.clear()
assert gc.collect() == 1 and kept == []

# Generations: what is young is collected by every collection, what is old only by those of the whole heap.
if amphis:
    old = Node()
    old.self = old
    gc.collect()
    reference = weakref.ref(old)
    del old
    young = cycle()
    assert gc.collect(0) == 1 and young() is None and reference() is not None
    young = []
    assert any(o is young for o in gc.get_objects(0)) and not any(o is young for o in gc.get_objects(2))
    gc.collect(0)
    assert any(o is young for o in gc.get_objects(1)) and not any(o is young for o in gc.get_objects(0))
    assert gc.get_count()[1] == 2
    gc.collect(1)
    assert any(o is young for o in gc.get_objects(2))
    assert gc.get_count()[1:] == (0, 1) and reference() is not None
    gc.collect()
    assert reference() is None and gc.get_count()[2] == 0

before = gc.get_stats()
cycle()
gc.collect()
after = gc.get_stats()
assert [sorted(each) for each in after] == [["collected", "collections", "uncollectable"]] * 3
assert after[2]["collections"] == before[2]["collections"] + 1
assert after[2]["collected"] >= before[2]["collected"] + 1

# What is frozen is left alone.
reference = cycle()
gc.freeze()
assert gc.get_freeze_count() > 0
gc.collect()
assert reference() is not None
gc.unfreeze()
assert gc.get_freeze_count() == 0
gc.collect()
assert reference() is None

# Instances that are left alone keep their class.
def frozen_instance():
    class Kept:
        name = "kept"
    return Kept()


made = frozen_instance()
gc.freeze()
gc.collect()
gc.unfreeze()
assert made.name == "kept"

# Debugging.
node = Node()
node.self = node
number = id(node)
gc.set_debug(gc.DEBUG_SAVEALL)
del node
gc.collect()
gc.set_debug(0)
assert [id(each) for each in gc.garbage if isinstance(each, Node)] == [number]
gc.garbage.clear()
gc.collect()
gc.set_debug(gc.DEBUG_STATS | gc.DEBUG_COLLECTABLE)
assert gc.get_debug() == 3
cycle()
real, sys.stderr = sys.stderr, io.StringIO()
gc.collect()
text, sys.stderr = sys.stderr.getvalue(), real
gc.set_debug(0)
assert "gc: collecting generation 2..." in text and "gc: collectable <Node 0x" in text, text
assert "unreachable, 0 uncollectable" in text, text

# Who refers to whom.
node = Node()
assert gc.get_referents([1, "two", node]) in ([1, "two", node], [node, "two", 1])
assert Node in gc.get_referents(node)
assert any(each is node for each in gc.get_referrers(Node))
tracked = [[], set(), Node, Node(), gc, ([],)]
untracked = [None, 1, 2.0, "three", b"four", type, object, object()]
assert all(map(gc.is_tracked, tracked)) and not any(map(gc.is_tracked, untracked))

# During a collection nobody is given garbage.
class Nosy:
    def __del__(self):
        seen.extend(each for each in gc.get_objects() if type(each) is Nosy)


seen = []
nosy = Nosy()
nosy.self = nosy
del nosy
assert gc.collect() == 1 and seen == []

# Bad arguments.
for function, argument, error in [
    (gc.collect, 3, ValueError), (gc.collect, -1, ValueError), (gc.collect, "1", TypeError),
    (gc.collect, 2**40, OverflowError), (gc.get_objects, 3, ValueError), (gc.get_objects, -2, ValueError),
    (gc.get_objects, "1", TypeError), (gc.set_threshold, "1", TypeError), (gc.set_debug, 1.5, TypeError),
]:
    try:
        function(argument)
    except error:
        pass
    else:
        raise AssertionError((function, argument))
old = gc.get_threshold()
gc.set_threshold(5)
assert gc.get_threshold() == (5, *old[1:])
gc.set_threshold(*old)
assert len(gc.get_count()) == 3
gc.enable()
assert gc.isenabled()
print("ok")
