"""The same CPU-bound function, run four times by one worker and then by several.

    python examples/parallel.py [workers]

Prints both times, each the best of those taken in turn for some seconds (other programs and the system's choice of CPUs
disturb single ones, and a fast interpreter's most), and the speedup. With a global interpreter lock the speedup is about
1, whatever the number of workers; without one it approaches the number of workers (up to the number of CPUs, and up to
four).
"""

import os
import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor

ROUNDS = 10_000_000
TASKS = 4
REPEATS = 3  # at least
SECONDS = 4  # at least


def sum_range(rounds):
    total = 0
    for number in range(rounds):
        total += number
    return total


def run(workers):
    start = time.perf_counter()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        results = list(pool.map(sum_range, [ROUNDS] * TASKS))
    elapsed = time.perf_counter() - start
    assert results == [ROUNDS * (ROUNDS - 1) // 2] * TASKS
    return elapsed


def main():
    workers = int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count() or 1
    build = "free-threaded" if sysconfig.get_config_var("Py_GIL_DISABLED") else "gil"
    is_gil_enabled = getattr(sys, "_is_gil_enabled", lambda: True)
    print(f"{sys.implementation.name} {sys.version.split()[0]}, {build} build,",
          f"GIL {'on' if is_gil_enabled() else 'off'}")
    times = []
    end = time.perf_counter() + SECONDS
    while len(times) < REPEATS or time.perf_counter() < end:
        times.append((run(1), run(workers)))
    one, many = (min(each) for each in zip(*times))
    print(f"1 worker:  {one:.3f} s")
    print(f"{workers} workers: {many:.3f} s")
    print(f"speedup:   {one / many:.2f}")


if __name__ == "__main__":
    main()
