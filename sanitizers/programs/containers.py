"""Threads that read and change the same containers: every operation that is atomic by itself, in all pairs."""

import collections
import threading

ROUNDS = 300
THREADS = 4


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


def repeat(*actions, allowed=()):
    def body():
        for number in range(ROUNDS):
            for action in actions:
                try:
                    action(number)
                except allowed:
                    pass

    return body


def lists():
    shared = [[n] for n in range(20)]
    allowed = (IndexError, ValueError)
    together(
        repeat(lambda n: shared.append([n]), lambda n: shared.pop(), allowed=allowed),
        repeat(lambda n: shared[n % 10], lambda n: len(shared), lambda n: list(shared), allowed=allowed),
        repeat(lambda n: shared.insert(3, [n]), lambda n: shared.pop(3), lambda n: shared.reverse(), allowed=allowed),
        repeat(lambda n: shared.extend(([n], [n])), lambda n: shared.__delitem__(slice(0, 2)), allowed=allowed),
        repeat(lambda n: shared.__setitem__(n % 10, [n]), lambda n: [x for x in shared], allowed=allowed),
        repeat(lambda n: [n] in shared, lambda n: shared.copy(), lambda n: shared.index([n]), allowed=allowed),
    )
    together(*[repeat(lambda n: shared.sort(), lambda n: shared.append([n]), allowed=allowed) for _ in range(3)])


def dicts():
    shared = {f"key{n}": [n] for n in range(20)}
    allowed = (KeyError, RuntimeError)
    together(
        repeat(lambda n: shared.__setitem__(f"key{n % 40}", [n]), lambda n: shared.pop(f"key{n % 40}"), allowed=allowed),
        repeat(lambda n: shared.get(f"key{n % 40}"), lambda n: "key1" in shared, lambda n: len(shared)),
        repeat(lambda n: list(shared), lambda n: list(shared.items()), lambda n: dict(shared), allowed=allowed),
        repeat(lambda n: shared.setdefault(n, [n]), lambda n: shared.popitem(), allowed=allowed),
        repeat(lambda n: shared.update({n: [n], f"key{n}": [n]}), lambda n: shared | {n: 1}, allowed=allowed),
        repeat(lambda n: shared.clear() if n % 50 == 0 else shared.copy(), allowed=allowed),
    )


def sets():
    shared = set(range(20))
    allowed = (KeyError, RuntimeError)
    together(
        repeat(lambda n: shared.add((n,)), lambda n: shared.discard((n,))),
        repeat(lambda n: (n,) in shared, lambda n: len(shared), lambda n: set(shared), allowed=allowed),
        repeat(lambda n: shared.update({n, n + 1}), lambda n: shared.pop(), allowed=allowed),
        repeat(lambda n: shared | {1}, lambda n: shared & {1}, lambda n: shared - {1}, allowed=allowed),
        repeat(lambda n: shared.clear() if n % 50 == 0 else shared.copy(), allowed=allowed),
    )


def queues():
    shared = collections.deque([n] for n in range(10))
    allowed = (IndexError, RuntimeError)
    together(
        repeat(lambda n: shared.append([n]), lambda n: shared.popleft(), allowed=allowed),
        repeat(lambda n: shared.appendleft([n]), lambda n: shared.pop(), allowed=allowed),
        repeat(lambda n: list(shared), lambda n: shared[0], lambda n: shared.rotate(1), allowed=allowed),
        repeat(lambda n: shared.clear() if n % 50 == 0 else shared.extend([[n]]), allowed=allowed),
    )


def bytearrays():
    shared = bytearray(b"0123456789")
    allowed = (IndexError, BufferError, ValueError)
    together(
        repeat(lambda n: shared.append(n % 256), lambda n: shared.pop(), allowed=allowed),
        repeat(lambda n: shared.extend(b"xy"), lambda n: shared.__delitem__(slice(0, 2)), allowed=allowed),
        repeat(lambda n: shared[0], lambda n: bytes(shared), lambda n: shared.find(b"9"), allowed=allowed),
        repeat(lambda n: shared.__setitem__(0, n % 256), lambda n: shared.copy(), allowed=allowed),
    )


def iterators():
    for make in (lambda: iter(list(range(500))), lambda: iter(range(500)), lambda: iter({n: n for n in range(500)}),
                 lambda: enumerate(list(range(500))), lambda: zip(range(500), list(range(500))),
                 lambda: map(str, range(500)), lambda: reversed(list(range(500)))):
        shared = make()

        def drain():
            while True:
                try:
                    next(shared)
                except StopIteration:
                    break
                except RuntimeError:
                    break

        together(*[drain] * THREADS)


class Point:
    def __init__(self, n):
        self.n = n

    def value(self):
        return self.n


def attributes():
    shared = Point(0)
    allowed = (AttributeError,)
    together(
        repeat(lambda n: setattr(shared, "n", [n]), lambda n: shared.n),
        repeat(lambda n: setattr(shared, f"x{n % 30}", [n]), lambda n: delattr(shared, f"x{n % 30}"), allowed=allowed),
        repeat(lambda n: getattr(shared, f"x{n % 30}"), lambda n: shared.value(), allowed=allowed),
        repeat(lambda n: dict(shared.__dict__), lambda n: vars(shared).get("n"), allowed=(RuntimeError,)),
    )


for test in (lists, dicts, sets, queues, bytearrays, iterators, attributes):
    test()
    print(test.__name__)
