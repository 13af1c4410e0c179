"""Ctrl-C, in a process of its own: in loops, in what blocks, with handlers around."""

import signal
import subprocess
import sys

# Each prints a line when it is about to wait or loop, and gets SIGINT then.
READY = "import sys\ndef ready():\n    print('ready', flush=True)\n"

ENDED = {
    "loop": "ready()\nwhile True: pass",
    "loop in a function": "def f():\n    ready()\n    while True: pass\nf()",
    "loop over an iterator": "ready()\nfor x in iter(int, 1): pass",
    "comprehension": "ready()\n[x for x in iter(int, 1) if x]",
    "generator": "def f():\n    while True: yield 1\nready()\nfor x in f(): pass",
    "native loop": "ready()\nall(map(lambda x: True, iter(int, 1)))",
    "sleep": "import time\nready()\ntime.sleep(100)",
    "lock": "import threading\nlock = threading.Lock()\nlock.acquire()\nready()\nlock.acquire()",
    "lock with timeout": "import threading\nlock = threading.Lock()\nlock.acquire()\nready()\nlock.acquire(timeout=100)",
    "event": "import threading\nready()\nthreading.Event().wait()",
    "queue": "import queue\nready()\nqueue.Queue().get()",
    "simple queue": "import queue\nready()\nqueue.SimpleQueue().get()",
    "join": "import threading, time\nt = threading.Thread(target=time.sleep, args=(100,), daemon=True)\nt.start()\nready()\nt.join()",
    "input": "ready()\ninput()",
    "read": "ready()\nsys.stdin.read()",
    "pipe": "import os\nr, w = os.pipe()\nready()\nos.read(r, 1)",
    "select": "import select\nready()\nselect.select([], [], [], 100)",
    "accept": "import socket\ns = socket.create_server(('127.0.0.1', 0))\nready()\ns.accept()",
    "child": "import subprocess\np = subprocess.Popen(['sleep', '5'])\nready()\np.wait()",
    "except Exception": "ready()\nwhile True:\n    try:\n        while True: pass\n    except Exception: pass",
}

CAUGHT = {
    "loop": "try:\n    ready()\n    while True: pass\nexcept KeyboardInterrupt: print('caught')",
    "while with a condition": "n = 1\ntry:\n    ready()\n    while n: pass\nexcept KeyboardInterrupt: print('caught')",
    "comparison": "n = 0\ntry:\n    ready()\n    while n < 1: n *= 1\nexcept KeyboardInterrupt: print('caught')",
    "range": "try:\n    ready()\n    for i in range(10**15): pass\nexcept KeyboardInterrupt: print('caught')",
    "iterator": "try:\n    ready()\n    for i in iter(int, 1): pass\nexcept KeyboardInterrupt: print('caught')",
    "function": "def f():\n    int(3)\n    try:\n        ready()\n        while True: pass\n    except KeyboardInterrupt: print('caught')\nf()",
    "finally": "import time\ntry:\n    try:\n        ready()\n        time.sleep(100)\n    finally: print('caught')\nexcept KeyboardInterrupt: pass",
    "thread": "import threading, time\nstop = False\ndef work():\n    while not stop: time.sleep(0.001)\n"
              "t = threading.Thread(target=work)\nt.start()\ntry:\n    ready()\n    while True: pass\n"
              "except KeyboardInterrupt:\n    stop = True\n    t.join()\n    print('caught')",
    "handler": "import signal, time\ncaught = []\nsignal.signal(signal.SIGINT, lambda number, frame: caught.append(frame.f_code.co_name))\n"
               "def f():\n    while not caught: pass\nready()\nf()\nprint('caught' if caught in (['f'], ['ready']) else caught)",
}


def interrupted(source):
    process = subprocess.Popen([sys.executable, "-c", READY + source], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        assert process.stdout.readline() == b"ready\n", process.stderr.read()
        for _ in range(60):
            process.send_signal(signal.SIGINT)  # It may come before the wait begins.
            try:
                process.wait(1)
            except subprocess.TimeoutExpired:
                continue
            return process.returncode, process.stdout.read().decode(), process.stderr.read().decode()
        process.kill()
        raise AssertionError(source)


for name, source in ENDED.items():
    status, output, errors = interrupted(source)
    assert status == -signal.SIGINT and output == "", (name, status, output, errors)
    assert errors.endswith("KeyboardInterrupt\n"), (name, errors)
for name, source in CAUGHT.items():
    status, output, errors = interrupted(source)
    assert (status, output, errors) == (0, "caught\n", ""), (name, status, output, errors)
