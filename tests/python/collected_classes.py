"""Classes end when nobody can reach them; what still needs one keeps it."""
import gc
import sys
import weakref

# The free-threaded build of Amphis keeps classes for ever.
if sys.implementation.name == "amphis" and not getattr(sys, "_is_gil_enabled", lambda: True)():
    print("ok")
    sys.exit()


def ended(make):
    """What `make` returned, and whether the class that it made was collected afterwards."""
    made, reference = make()
    gc.collect()
    return made, reference() is None


def alone():
    class Alone:
        data = ["data"]

        def method(self):
            return __class__
    Alone().method()
    return None, weakref.ref(Alone)


assert ended(alone) == (None, True)


# Instances, subclasses, bound methods, descriptors and `super` objects keep a class.
def instance():
    class Kept:
        name = "kept"
    return Kept(), weakref.ref(Kept)


made, gone = ended(instance)
assert not gone and made.name == "kept" and type(made).__name__ == "Kept"


def subclass():
    class Base:
        name = "base"

    class Derived(Base):
        pass
    return Derived, weakref.ref(Base)


made, gone = ended(subclass)
assert not gone and made.name == "base" and made().name == "base"


def method():
    class Kept:
        def method(self):
            return self
    return Kept().method, weakref.ref(Kept)


made, gone = ended(method)
assert not gone and type(made()).__name__ == "Kept"


def member():
    class Kept:
        __slots__ = ("slot",)
    return Kept.slot, weakref.ref(Kept)


made, gone = ended(member)
assert not gone and made.__objclass__.__name__ == "Kept"


def attributes():
    class Kept:
        pass
    return Kept.__dict__["__dict__"], weakref.ref(Kept)


made, gone = ended(attributes)
assert not gone and made.__objclass__.__name__ == "Kept"


def above():
    class Kept:
        name = "kept"

    class Derived(Kept):
        name = "derived"
    return super(Derived, Derived()), weakref.ref(Derived)


made, gone = ended(above)
assert not gone and made.name == "kept"
del made


# A metaclass lives as long as its classes.
def meta():
    class Meta(type):
        def told(cls):
            return cls.__name__

    class Kept(metaclass=Meta):
        pass
    return Kept, weakref.ref(Meta)


made, gone = ended(meta)
assert not gone and made.told() == "Kept"
meta = weakref.ref(type(made))
del made
gc.collect()
assert meta() is None


# A finalizer may bring an instance back, or make a new one: then the class stays.
class Keeper:
    kept = None


def revived(again):
    class Phoenix:
        name = "phoenix"

        def __del__(self):
            if Keeper.kept is None:
                Keeper.kept = type(self)() if again else self
    bird = Phoenix()
    bird.self = bird


for again in (False, True):
    revived(again)
    gc.collect()
    assert Keeper.kept.name == "phoenix" and Keeper.kept.__del__
    reference = weakref.ref(type(Keeper.kept))
    gc.collect()
    assert reference() is type(Keeper.kept)
    Keeper.kept = 0
    gc.collect()
    assert reference() is None
    Keeper.kept = None

# Bases forget the classes that ended.
class Root:
    pass


for _ in range(20):
    type("Leaf", (Root,), {})
gc.collect()
assert Root.__subclasses__() == []
Root.later = 1


# What a class held is free.
class Thing:
    pass


thing = Thing()
reference = weakref.ref(thing)
held = type("Holder", (), {"thing": thing, "method": lambda self: thing})
del held, thing
gc.collect()
assert reference() is None

# Caches that knew a class do not mistake another one for it.
def read(value):
    return value.name


for round in range(200):
    made = type("Named", (), {"name": round})
    assert read(made) == round and read(made()) == round
    del made
    if round % 20 == 0:
        gc.collect()
print("ok")
