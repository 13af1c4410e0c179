"""The prompt on a terminal: the one of `_pyrepl`, and the plain one where that is not wanted."""

import os
import pty
import select
import signal
import sys
import time


def session(typed, variables=(), options=("-q", "-I"), limit=60):
    """Types `(wait for, type)` pairs; what the terminal showed in the end."""
    child, terminal = pty.fork()
    if child == 0:
        for name in list(os.environ):
            if name.startswith("PYTHON"):
                del os.environ[name]
        os.environ.update({"TERM": "xterm", "NO_COLOR": "1", "HOME": "/nonexistent", **dict(variables)})
        os.execv(sys.executable, [sys.executable, *options])
    shown, end = b"", time.monotonic() + limit
    seen = 0
    pending = list(typed)
    try:
        while time.monotonic() < end:
            if pending and pending[0][0] in shown[seen:]:
                seen = len(shown)
                os.write(terminal, pending.pop(0)[1])
            if not select.select([terminal], [], [], 0.1)[0]:
                continue
            try:
                piece = os.read(terminal, 4096)
            except OSError:  # The other side is gone.
                break
            if not piece:
                break
            shown += piece
        else:
            raise AssertionError(f"{pending} is waited for: {shown[-2000:]}")
    finally:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        _, status = os.waitpid(child, 0)
        os.close(terminal)
    assert not pending, (pending, shown)
    return os.waitstatus_to_exitcode(status), shown


PROMPT = b">>> "
for variables in {}, {"PYTHON_BASIC_REPL": "1"}:
    options = ("-q",) if variables else ("-q", "-I")
    status, shown = session([(PROMPT, b"6 * 7\r"), (b"42", b"'a' * 5\r"), (b"aaaaa", b"exit(3)\r")], variables, options)
    assert status in (3, -signal.SIGKILL), (status, shown)
    # The new prompt moves the cursor; the plain one leaves that to the terminal.
    assert (b"\x1b[" in shown) == (not variables), shown
