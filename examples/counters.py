"""Threads that count with one shared counter: a class without a lock, and one with.

    python examples/counters.py [threads] [increments of each thread]

`value += 1` reads, adds and writes; a thread that comes between the read and the write of another undoes its work. Prints
how many updates each counter lost. Without a global interpreter lock the first loses many of them, with one few or none
(it depends on where the interpreter lets threads take turns); the second is exact everywhere.
"""

import os
import sys
import threading
import time


class Counter:
    def __init__(self):
        self.value = 0

    def add(self):
        self.value += 1


class LockedCounter:
    def __init__(self):
        self.value = 0
        self.lock = threading.Lock()

    def add(self):
        with self.lock:
            self.value += 1


def hammer(counter, threads, increments):
    start_line = threading.Barrier(threads + 1)

    def work():
        start_line.wait()
        for _ in range(increments):
            counter.add()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    start_line.wait()
    start = time.perf_counter()
    for worker in workers:
        worker.join()
    return time.perf_counter() - start


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else max(os.cpu_count() or 1, 2)
    increments = int(sys.argv[2]) if len(sys.argv) > 2 else 500_000
    expected = threads * increments
    print(f"{threads} threads, {increments:,} increments each")
    for counter in Counter(), LockedCounter():
        elapsed = hammer(counter, threads, increments)
        lost = expected - counter.value
        print(f"{type(counter).__name__}: {counter.value:,} of {expected:,}, {lost:,} lost, {elapsed:.3f} s")
    assert counter.value == expected, "a lock lets one thread in at a time"


if __name__ == "__main__":
    main()
