"""How a process ends and starts: closed streams, broken files, failing imports, what threads and finalizers raise."""

import os
import re
import subprocess
import sys
import tempfile

FOLDER = tempfile.TemporaryDirectory()


def file(name, content):
    path = os.path.join(FOLDER.name, name)
    with open(path, "wb") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)
    return path


def run(*arguments, input=b"", shell=None):
    """Status, output and errors of the interpreter, or of a shell's line with it as $P."""
    command = ["bash", "-c", shell] if shell else [sys.executable, *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment.update({"P": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"})
    done = subprocess.run(command, input=input, capture_output=True, cwd=FOLDER.name, env=environment, timeout=60)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def expect(outcome, status, output="", errors=""):
    """`errors` is a part of them; no part means that there are none."""
    assert outcome[:2] == (status, output), outcome
    assert errors in outcome[2] if errors else not outcome[2], outcome


def check_streams():
    none = "import sys; sys.exit((sys.stdin, sys.stdout, sys.stderr).index(None))"
    for fd, redirection in enumerate(("<&-", ">&-", "2>&-")):
        expect(run(shell=f'"$P" -c "{none}" {redirection}'), fd)
    expect(run(shell='"$P" -c "print(1)" >&-'), 0)
    expect(run(shell='"$P" -c "1/0" 2>&-'), 1)
    expect(run(shell='"$P" -c "input()" <&-'), 1, "", "RuntimeError: input(): lost sys.stdin\n")
    expect(run("-c", "input()"), 1, "", "EOFError: EOF when reading a line\n")
    many = "for i in range(100_000): print(i)"
    status, output, errors = run(shell=f'"$P" -c "{many}" | head -1; echo ${{PIPESTATUS[0]}}')
    assert output == "0\n1\n" and "BrokenPipeError: [Errno 32] Broken pipe\n" in errors, (output, errors)
    late = "import time; time.sleep(0.3); print(1)"
    status, output, errors = run(shell=f'"$P" -c "{late}" | true; echo ${{PIPESTATUS[0]}}')
    assert output == "120\n" and "BrokenPipeError: [Errno 32] Broken pipe\n" in errors, (output, errors)
    full = run(shell='"$P" -c "print(1)" > /dev/full')
    expect(full, 120, "", "OSError: [Errno 28] No space left on device\n")
    expect(run("-c", "import sys; sys.stderr = None; foo"), 1)
    expect(run("-c", "import sys; sys.stdout = None; print(1)"), 0)
    expect(run("-c", "import sys; del sys.stdout; print(1)"), 1, "", "RuntimeError: lost sys.stdout\n")


def check_sources():
    for null in "x = 1\0\n", "\0":
        expect(run(file("null.py", null)), 1, "", "SyntaxError: source code cannot contain null bytes\n")
    expect(run(input=b"x = 1\0\n"), 1, "", "source code cannot contain null bytes")
    expect(run(file("escape.py", "if 1:\n    print(r'\\d', '\\d')\n")), 0, "\\d \\d\n", "\n  print(r'\\d', '\\d')\n")
    expect(run(file("latin.py", b'x = "\xff"\n')), 1, "", "SyntaxError: Non-UTF-8 code starting with '\\xff'")
    for content, error in ((b"", "EOFError: EOF read where not expected\n"), (b"\0" * 3, "EOFError"),
                           (b"garbage" * 20, "RuntimeError: Bad magic number in .pyc file\n")):
        expect(run(file("broken.pyc", content)), 1, "", error)
    from importlib.util import MAGIC_NUMBER
    for rest in b"", b"\0" * 12, b"\0" * 12 + b"\xe3\xff\xff", b"\0" * 12 + os.urandom(100):
        status, output, errors = run(file("broken.pyc", MAGIC_NUMBER + rest))
        assert status == 1 and output == "", (rest, output)
        assert re.search(r"^(EOF|Value|Type|Runtime|Memory)Error", errors, re.M), (rest, errors)
    expect(run("none.py"), 2, "", "can't open file")


def check_imports():
    file("itself.py", "import itself\nprint(hasattr(itself, 'x'))\nx = 1\n")
    expect(run("-c", "import itself; print(itself.x)"), 0, "False\n1\n")
    file("half.py", "x = 1\nraise ValueError('half')\n")
    twice = "import sys\nfor _ in 1, 2:\n    try: import half\n    except ValueError as e: print(e, 'half' in sys.modules)"
    expect(run("-c", twice), 0, "half False\nhalf False\n")
    file("cycle_a.py", "import time\ntime.sleep(0.1)\nimport cycle_b\nx = 1\n")
    file("cycle_b.py", "import time\ntime.sleep(0.1)\nimport cycle_a\ny = 1\n")
    threads = ("import threading\nnames = 'cycle_a', 'cycle_b'\n"
               "threads = [threading.Thread(target=__import__, args=(name,)) for name in names]\n"
               "for t in threads: t.start()\nfor t in threads: t.join()\n"
               "import cycle_a, cycle_b\nprint(cycle_a.x, cycle_b.y)")
    expect(run("-c", threads), 0, "1 1\n")


def check_threads():
    raising = "import threading\nt = threading.Thread(target=lambda: 1/0, name='T')\nt.start()\nt.join()\nprint(1)"
    outcome = run("-c", raising)
    expect(outcome, 0, "1\n", "Exception in thread T:\nTraceback (most recent call last):\n")
    expect(outcome, 0, "1\n", "ZeroDivisionError: division by zero\n")
    leaving = "import threading, sys\nt = threading.Thread(target=sys.exit, args=(5,))\nt.start()\nt.join()\nprint(1)"
    expect(run("-c", leaving), 0, "1\n")
    raw = "import _thread, time\n_thread.start_new_thread(lambda: 1/0, ())\ntime.sleep(0.3)\nprint(1)"
    expect(run("-c", raw), 0, "1\n", "Exception ignored in thread started by")


def check_forks():
    """A child knows that the other threads are gone, and ends as any program does."""
    program = """
import os, sys, threading, warnings
warnings.simplefilter("ignore")

def status_of(child):
    pid = os.fork()
    if pid == 0:
        child()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def leave(): sys.exit(7)
print(status_of(leave))

stop = threading.Event()
threads = [threading.Thread(target=stop.wait, daemon=daemon) for daemon in (False, True)]
for thread in threads: thread.start()
def without_threads():
    assert [thread.is_alive() for thread in threads] == [False, False]
    for thread in threads: thread.join()
    assert threading.enumerate() == [threading.main_thread()]
    other = threading.Thread(target=print, args=("of the child",))
    other.start()
    sys.exit(8)
print(status_of(without_threads))
stop.set()
for thread in threads: thread.join()

import _imp, time
held = threading.Event()
def hold():
    _imp.acquire_lock()
    sys.modules["half made"] = None
    held.set()
    time.sleep(0.1)
    sys.modules["half made"] = sys
    _imp.release_lock()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
def import_it():
    os._exit(10 if __import__("half made") is sys else 1)
print(status_of(import_it))
thread.join()

def fork_in_thread():
    def become_main():
        assert threading.main_thread() is threading.current_thread()
        assert not starter.is_alive()
        os._exit(9)
    print(status_of(become_main))
starter = threading.main_thread()
thread = threading.Thread(target=fork_in_thread)
thread.start()
thread.join()
def fail(): 1 / 0
print(status_of(fail))
"""
    expect(run("-u", "-c", program), 0, "7\nof the child\n8\n10\n9\n1\n", "ZeroDivisionError")


def check_finalizers():
    finalized = "class A:\n    def __del__(self):\n        {}\n{}"
    expect(run("-c", finalized.format("1/0", "A(); print(1)")), 0, "1\n", "ZeroDivisionError: division by zero\n")
    expect(run("-c", finalized.format("raise SystemExit(3)", "A(); print(1)")), 0, "1\n", "SystemExit: 3\n")
    saved = "saved.append(self); print('finalized')", "saved = []; A(); print(len(saved)); saved.clear(); print(len(saved))"
    expect(run("-c", finalized.format(*saved)), 0, "finalized\n1\n0\n")
    expect(run("-c", finalized.format("print('bye')", "a = A()")), 0, "bye\n")
    used = "print(len(os.sep), helper(), kept)", "import os\ndef helper(): return 5\nkept = [1]; a = A(); b = [A()]; late = {}"
    expect(run("-c", finalized.format(*used)), 0, "1 5 [1]\n" * 2)
    expect(run("-c", finalized.format("A()", "A(); print(1)")), 0, "1\n", "RecursionError: ")
    inner = "class B:\n    def __del__(self): print('b')\n"
    expect(run("-c", inner + finalized.format("b = B(); del b; print('a')", "A()")), 0, "b\na\n")


def check_ends():
    for argument, status, errors in (("'bye'", 1, "bye\n"), ("(1, 2)", 1, "(1, 2)\n"), ("-1", 255, ""), ("None", 0, ""),
                                     ("True", 1, ""), ("256", 0, "")):
        expect(run("-c", f"raise SystemExit({argument})"), status, "", errors)
    expect(run("-c", "import sys; sys.excepthook = lambda *a: 1/0; foo"), 1, "", "Error in sys.excepthook:\n")
    expect(run("-c", "import sys; del sys.excepthook; foo"), 1, "", "sys.excepthook is missing\n")
    expect(run("-c", "import atexit; atexit.register(print, 1); atexit.register(lambda: 1/0)"), 0, "1\n",
           "ZeroDivisionError")
    expect(run("-x", file("first.py", "no Python\nprint(1)\n")), 0, "1\n")
    expect(run("-P", "-c", "import sys; print('' in sys.path, sys.flags.safe_path)"), 0, "False True\n")


def check_suggestions():
    for source, suggestion in (
        ("class A: blech = 1\nA().bluch", "Did you mean: 'blech'?"),
        ("foobar = 1\nfobar", "Did you mean: 'foobar'?"),
        ("from math import sine", "Did you mean: 'sin'?"),
        ("time.sleep(1)", "Did you forget to import 'time'?"),
        ("def f(alpha): pass\nf(alpah=1)", "Did you mean 'alpha'?"),
        ("iff x > 5:\n    pass", "Did you mean 'if'?"),
        ("[n fur n in x]", "Did you mean 'for'?"),
        ("[n for n in x of n]", "Did you mean 'if'?"),
        ("class A:\n    def __init__(self): self.foo = 1\n    def m(self): return foo\nA().m()",
         "Did you mean: 'self.foo'?"),
    ):
        expect(run("-c", source), 1, "", suggestion)
    path = file("carets.py", "def f(x):\n    return x[0] + x['a'] / 2\n\nf([1])\n")
    shown = f"""Traceback (most recent call last):
  File "{path}", line 4, in <module>
    f([1])
    ~^^^^^
  File "{path}", line 2, in f
    return x[0] + x['a'] / 2
                  ~^^^^^
TypeError: list indices must be integers or slices, not str
"""
    assert run(path)[2] == shown, run(path)[2]


try:
    for check in (check_streams, check_sources, check_imports, check_threads, check_forks, check_finalizers, check_ends,
                  check_suggestions):
        check()
finally:
    FOLDER.cleanup()
