"""Objects that many threads use at once: nothing is lost, and they die when nobody refers to them any more."""
import gc
import threading
import time
import weakref


class Config:
    def __init__(self):
        self.items = [[i] for i in range(20)]
        self.table = {"low": [1], "high": [2]}
        self.total = 0

    def sum(self):
        return sum(item[0] for item in self.items)


died = []


class Told(Config):
    def __del__(self):
        died.append(self.sum())


def hammer(config, rounds, found):
    total = 0
    for _ in range(rounds):
        total += config.sum() + config.table["low"][0]
        kept = config.items
        other = [kept, kept, config]
        del kept, other
    found.append(total)


def in_threads(count, *arguments):
    threads = [threading.Thread(target=hammer, args=arguments) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# Many threads read the same objects, in waves: threads end and begin while objects are shared.
config = Config()
found = []
for _ in range(3):
    in_threads(4, config, 2000, found)
assert found == [(190 + 1) * 2000] * 12, found

# Collections in between find them alive.
stop = False


def collect():
    while not stop:
        gc.collect()
        time.sleep(0.005)


collector = threading.Thread(target=collect)
collector.start()
found.clear()
in_threads(3, config, 2000, found)
stop = True
collector.join()
assert found == [(190 + 1) * 2000] * 3, found

# They die, at the latest in a collection, once; so does what only they referred to.
told = Told()
reference = weakref.ref(told)
told.inner = Config()
inner = weakref.ref(told.inner)
in_threads(4, told, 2000, [])
assert reference() is told and inner() is told.inner and died == []
del told
gc.collect()
gc.collect()
assert reference() is None and inner() is None, (reference(), inner())
assert died == [190], died

# A cycle of shared objects dies in a collection too.
told = Told()
told.itself = told
reference = weakref.ref(told)
in_threads(4, told, 2000, [])
del told
gc.collect()
gc.collect()
assert reference() is None and died == [190, 190], died

# What threads share is still changed by whoever holds a lock, and every change is seen.
lock = threading.Lock()
config = Config()


def add():
    for _ in range(3000):
        config.sum()
        with lock:
            config.total += 1
            config.items[0][0] = config.items[0][0]


threads = [threading.Thread(target=add) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert config.total == 12000, config.total
print("ok")
