"""Threads that share what the runtime itself changes: classes, functions, caches, weak references, generators, modules."""

import functools
import gc
import itertools
import threading
import weakref

ROUNDS = 200


def together(*functions):
    """Runs each function in a thread of its own, all at once; what one raises is raised here."""
    barrier = threading.Barrier(len(functions))
    errors = []

    def body(function):
        barrier.wait()
        try:
            function()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=body, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def repeat(action, allowed=()):
    def body():
        for number in range(ROUNDS):
            try:
                action(number)
            except allowed:
                pass

    return body


class Base:
    value = 1

    def method(self):
        return self.value


class Derived(Base):
    pass


def classes():
    shared = Derived()

    def change(n):
        Base.value = [n]
        Derived.extra = n
        del Derived.extra

    def patch(n):
        Base.method = lambda self: n

    together(
        repeat(change, AttributeError),
        repeat(patch),
        repeat(lambda n: (shared.value, shared.method(), Derived().method())),
        repeat(lambda n: getattr(Derived, "extra", None)),
        repeat(lambda n: type("Made", (Base,), {"x": n})().method()),
        repeat(lambda n: isinstance(shared, Base)),
    )


def functions():
    def shared(a=1, *, b=2):
        return a, b

    def change(n):
        shared.__defaults__ = (n,)
        shared.__kwdefaults__ = {"b": n}
        shared.note = n

    def other(a=3, *, b=4):
        return b, a

    def swap(n):
        shared.__code__ = other.__code__

    together(
        repeat(change),
        repeat(swap),
        repeat(lambda n: shared()),
        repeat(lambda n: (shared.__defaults__, shared.__dict__)),
        repeat(lambda n: functools.wraps(shared)(lambda: None)),
    )


def weak_references():
    cell = [Base()]
    registry = weakref.WeakValueDictionary()

    def replace(n):
        cell[0] = Base()

    def follow(n):
        reference = weakref.ref(cell[0])
        target = reference()
        if target is not None:
            target.method()
        weakref.ref(cell[0], lambda r: None)

    def keep(n):
        registry[n % 10] = cell[0]
        registry.get((n + 5) % 10)

    together(repeat(replace), repeat(follow), repeat(follow), repeat(keep, RuntimeError), repeat(lambda n: len(registry)))


class Node:
    def __init__(self):
        self.self = self
        self.other = [self]

    def __del__(self):
        self.gone = True


def cycles():
    def make(n):
        a, b = Node(), Node()
        a.b, b.a = b, a

    def collect(n):
        if n % 20 == 0:
            gc.collect()

    together(repeat(make), repeat(make), repeat(collect), repeat(lambda n: [[n] for _ in range(50)]))


def generators():
    def count():
        n = 0
        while True:
            yield n
            n += 1

    shared = count()
    together(*[repeat(lambda n: next(shared), ValueError)] * 4)

    def made(n):
        return sum(x for x in range(n % 20))

    together(*[repeat(made)] * 3)


def closures():
    total = 0

    def change(n):
        nonlocal total
        total = [n]

    together(repeat(change), repeat(lambda n: total), repeat(lambda n: (lambda: total)()))


def caches():
    @functools.lru_cache(maxsize=8)
    def cached(n):
        return [n]

    together(
        *[repeat(lambda n: cached(n % 12))] * 3,
        repeat(lambda n: cached.cache_info()),
        repeat(lambda n: cached.cache_clear() if n % 20 == 0 else None),
    )


def shared_iterators():
    for make in (lambda: itertools.count(), lambda: itertools.cycle([1, 2]), lambda: itertools.chain(range(500), range(500)),
                 lambda: itertools.islice(itertools.count(), 500), lambda: itertools.product(range(20), range(20)),
                 lambda: itertools.tee(range(500))[0]):
        shared = make()

        def take(n):
            next(shared)

        together(*[repeat(take, (StopIteration, RuntimeError))] * 3)


def imports():
    names = ["json", "decimal", "fractions", "textwrap", "string", "statistics", "uuid", "csv"]

    def load():
        for name in names:
            __import__(name)

    together(*[load] * 4)


def threads():
    def start(n):
        if n % 10 == 0:
            made = [[n] for _ in range(20)]
            thread = threading.Thread(target=lambda: made.clear())
            thread.start()
            thread.join()

    local = threading.local()

    def keep(n):
        local.value = [n]
        assert local.value == [n]

    lock, seen = threading.RLock(), []

    def locked(n):
        with lock:
            seen.append(n)
            assert len(seen) == 1
            seen.pop()

    together(repeat(start), repeat(start), repeat(keep), repeat(keep), repeat(locked), repeat(locked))


def exceptions():
    def fail(n):
        try:
            raise ValueError([n])
        except ValueError as error:
            error.__traceback__.tb_frame.f_locals
            raise KeyError(n) from error

    shared = ValueError("shared")

    def raise_shared(n):
        raise shared

    together(repeat(fail, KeyError), repeat(fail, KeyError), repeat(raise_shared, ValueError), repeat(raise_shared, ValueError))


for test in (classes, functions, weak_references, cycles, generators, closures, caches, shared_iterators, imports, threads,
             exceptions):
    test()
    print(test.__name__)
