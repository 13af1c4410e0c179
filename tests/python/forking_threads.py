"""Forks while other threads are in the middle of everything: each child works, as the only thread, and ends."""

import os
import queue
import resource
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

warnings.simplefilter("ignore", DeprecationWarning)

FORKS = int(os.environ.get("FORKS", 25))
# How long a child may take, on a machine that does much else.
LIMIT = 60

stop = False
lock, rlock = threading.Lock(), threading.RLock()
condition = threading.Condition()
simple, bounded = queue.SimpleQueue(), queue.Queue(4)
shared_list, shared_dict, shared_set = [], {}, set()
null = open(os.devnull, "w")


class Node:
    def __init__(self, value):
        self.value = value


def locks():
    while not stop:
        with lock:
            shared_list.append(Node(1))
        with rlock:
            with rlock:
                shared_list.clear()
        lock.acquire(timeout=0.001) and lock.release()


def waits():
    while not stop:
        with condition:
            condition.notify_all()
            condition.wait(0.001)


def queues():
    while not stop:
        simple.put(object())
        try:
            simple.get(timeout=0.001)
            bounded.put_nowait(1)
            bounded.get_nowait()
        except (queue.Empty, queue.Full):
            pass


def changes():
    """Objects that other threads change as well, two at a time, too."""
    count = 0
    while not stop:
        count += 1
        shared_dict[count % 100] = Node(count)
        shared_dict.update(dict.fromkeys(range(20), count))
        shared_set.update(range(20))
        shared_set.difference_update(range(0, 20, 3))
        shared_list.extend([bytearray(1000) for _ in range(10)])
        shared_list[:] = shared_list[-50:]
        shared_list.reverse()


def starts():
    while not stop:
        thread = threading.Thread(target=lambda: [bytes(i) for i in range(50)])
        thread.start()
        thread.join()


def prints():
    while not stop:
        print("a line", [1, 2, 3], file=null, flush=True)
        __import__("string").capwords("imports and warnings")
        warnings.warn("again", DeprecationWarning)


def pools():
    while not stop:
        with ThreadPoolExecutor(2) as pool:
            assert sum(pool.map(int, "123")) == 6


def in_child():
    """What needs the runtime's own locks; the locks of the program may be held by threads that are not there."""
    mine = threading.Lock()
    results = queue.SimpleQueue()

    def work(number):
        with mine:
            results.put([Node(i) for i in range(number)])
        shared_dict[number] = number
        shared_set.add(number)
        shared_list.append(number)

    for _ in range(3):
        threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(len(results.get()) for _ in range(9)) == 9
    assert not results.qsize()
    assert len(threading.enumerate()) == 1
    shared_list.extend(bytearray(10_000) for _ in range(100))
    shared_dict.update((i, Node(i)) for i in range(1000))
    shared_set.update(shared_dict)
    if sys.implementation.name == "amphis":
        # Elsewhere a thread that is not there may keep the stream for ever.
        print("a line of the child", file=null, flush=True)
    warnings.warn("of the child", DeprecationWarning)
    import textwrap
    assert textwrap.shorten("a child imports", 9) == "a [...]"
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(abs, (-1, -2))) == [1, 2]
    own = threading.Condition()
    with own:
        assert not own.wait(0.001)
    import gc
    gc.collect()


def grows():
    """What lists give up as they grow is freed, though threads that are not there had never said that they are done with it.
    Kept, it would be twice as much as is allowed; sanitizers keep some."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(4000):
        grown = []
        for _ in range(20):
            grown.extend([None] * 1000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 350_000


def status_of(pid):
    """The status of a child; it is killed, and this fails, if it does not end."""
    end = time.monotonic() + LIMIT
    pause = 0.001
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            if os.environ.get("KEEP"):
                print("hangs:", pid, flush=True)
                time.sleep(1000)
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            raise AssertionError("a child hangs")
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def check():
    global stop
    kinds = locks, locks, waits, queues, changes, changes, starts, prints, pools
    threads = [threading.Thread(target=kind) for kind in kinds]
    for thread in threads:
        thread.start()
    try:
        for number in range(FORKS):
            pid = os.fork()
            if pid == 0:
                try:
                    in_child() if number else grows()
                except BaseException:
                    sys.excepthook(*sys.exc_info())
                    os._exit(1)
                os._exit(7)
            status = status_of(pid)
            assert status == 7, (number, status)
    finally:
        stop = True
        for thread in threads:
            thread.join()


check()
