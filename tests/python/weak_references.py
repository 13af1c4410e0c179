"""Weak references, callbacks and proxies. Runs on CPython 3.13 and later too."""
import gc
import weakref


class Thing:
    def __init__(self, value=0):
        self.value = value

    def __eq__(self, other):
        return self.value == other.value

    def __hash__(self):
        return hash(self.value)

    def __len__(self):
        return 3

    def __add__(self, other):
        return self.value + other

    def __radd__(self, other):
        return other - self.value


def raises(kind, function, *args):
    try:
        function(*args)
    except kind as error:
        return error
    raise AssertionError("nothing was raised")


thing = Thing(5)
ref = weakref.ref(thing)
assert ref() is thing and ref is weakref.ref(thing) and weakref.getweakrefcount(thing) == 1
assert hash(ref) == hash(thing) and "Thing' at 0x" in repr(ref)
log = []
noisy = weakref.ref(thing, lambda r: log.append(r))
later = weakref.ref(thing, lambda r: log.append("later"))
assert noisy is not ref and noisy.__callback__ is not None and weakref.getweakrefs(thing)[0] is ref
proxy = weakref.proxy(thing)
assert proxy.value == 5 and proxy + 1 == 6 and 1 + proxy == -4 and len(proxy) == 3 and bool(proxy)
proxy.value = 7
assert thing.value == 7
assert raises(TypeError, hash, proxy) and type(proxy) is weakref.ProxyType
other = Thing(1)
quiet = weakref.ref(other)
del other
gc.collect()
assert quiet() is None and "dead" in repr(quiet)
assert str(raises(TypeError, hash, quiet)) == "weak object has gone away"
del thing
gc.collect()
assert ref() is None and log == ["later", noisy] and noisy.__callback__ is None
assert hash(ref) == hash(5)
assert str(raises(ReferenceError, lambda: proxy.value)) == "weakly-referenced object no longer exists"
assert raises(TypeError, weakref.ref, 5) and raises(TypeError, weakref.ref, [])
assert str(raises(TypeError, weakref.ref, 5)) == "cannot create weak reference to 'int' object"


class Own(weakref.ref):
    __slots__ = ("key",)

    def __new__(cls, obj, callback, key):
        self = super().__new__(cls, obj, callback)
        self.key = key
        return self

    def __init__(self, obj, callback, key):
        super().__init__(obj, callback)


t = Thing(9)
o = Own(t, None, "k")
assert o.key == "k" and o() is t and o is not weakref.ref(t)

values = weakref.WeakValueDictionary()
keys = weakref.WeakKeyDictionary()
items = weakref.WeakSet()
values["t"] = t
keys[t] = 1
items.add(t)
assert values["t"] is t and keys[t] == 1 and t in items
del t
gc.collect()
assert len(values) == len(keys) == len(items) == 0


def function():
    pass


callable_proxy = weakref.proxy(function)
assert type(callable_proxy) is weakref.CallableProxyType and callable_proxy() is None
method = weakref.WeakMethod(Thing(3).__len__)
gc.collect()
assert method() is None


class Phoenix:
    saved = None

    def __del__(self):
        Phoenix.saved = self


p = Phoenix()
r = weakref.ref(p)
del p
gc.collect()
assert Phoenix.saved is not None
finished = []
target = Thing()
weakref.finalize(target, finished.append, 1)
del target
gc.collect()
assert finished == [1]
print("ok")
