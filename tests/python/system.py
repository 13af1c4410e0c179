"""The operating system: files, folders, processes, time."""
import errno
import os
import select
import stat
import subprocess
import sys
import tempfile
import time

folder = tempfile.mkdtemp()
os.chdir(folder)


def raises(kind, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except kind as error:
        return error
    raise AssertionError(f"{kind} not raised")


# Descriptors.
fd = os.open("a", os.O_RDWR | os.O_CREAT, 0o644)
assert os.write(fd, b"0123456789") == 10 and os.lseek(fd, 2, os.SEEK_SET) == 2 and os.read(fd, 3) == b"234"
assert os.pread(fd, 2, 8) == b"89" and not os.get_inheritable(fd)
os.ftruncate(fd, 4)
assert os.fstat(fd).st_size == 4
other = os.dup(fd)
os.close(fd)
assert raises(OSError, os.read, fd, 1).errno == errno.EBADF
os.close(other)
r, w = os.pipe()
os.write(w, b"x")
assert select.select([r], [w], [], 0) == ([r], [w], [])
poll = select.poll()
poll.register(r, select.POLLIN)
assert poll.poll(0) == [(r, select.POLLIN)]
with select.epoll() as epoll:
    epoll.register(r, select.EPOLLIN)
    assert epoll.poll(0) == [(r, select.EPOLLIN)]
assert os.read(r, 9) == b"x" and select.select([r], [], [], 0.01) == ([], [], [])
os.close(r), os.close(w)

# Status.
status = os.stat("a")
assert stat.S_ISREG(status.st_mode) and status[6] == status.st_size == 4 and len(status) == 10
assert status.st_mtime_ns // 10**9 == status[8] == int(status.st_mtime)
assert stat.filemode(status.st_mode) == "-rw-r--r--"
os.chmod("a", 0o600)
assert stat.S_IMODE(os.stat("a").st_mode) == 0o600
os.utime("a", ns=(10**9, 2 * 10**9 + 5))
assert os.stat("a").st_mtime_ns == 2 * 10**9 + 5
assert repr(os.terminal_size((80, 24))) == "os.terminal_size(columns=80, lines=24)"
raises(TypeError, os.stat_result, (1, 2))
assert os.access("a", os.R_OK) and not os.access("none", os.F_OK)

# Names.
os.symlink("a", "link")
assert os.readlink("link") == "a" and os.readlink(b"link") == b"a" and stat.S_ISLNK(os.lstat("link").st_mode)
os.mkdir("d")
os.rename("a", "d/b")
error = raises(FileNotFoundError, os.rename, "none", "to")
assert (error.filename, error.filename2) == ("none", "to")
assert sorted(os.listdir()) == ["d", "link"] and os.listdir(b"d") == [b"b"]
with os.scandir() as entries:
    found = {e.name: (e.is_dir(), e.is_symlink(), e.path) for e in entries}
assert found == {"d": (True, False, "./d"), "link": (False, True, "./link")}
os.link("d/b", "hard")
assert os.stat("hard").st_nlink == 2
fd = os.open("d", os.O_RDONLY)
assert os.listdir(fd) == ["b"] and os.stat("b", dir_fd=fd).st_size == 4
os.unlink("b", dir_fd=fd)
os.close(fd)
os.unlink("link"), os.unlink("hard"), os.rmdir("d")
name = os.fsdecode(b"\xff")
open(name, "w").close()
assert os.listdir() == [name] == ["\udcff"] and os.listdir(b".") == [b"\xff"]
os.unlink(name)
raises(ValueError, os.stat, "a\0b")
raises(TypeError, os.stat, 1.5)
assert os.path.normpath("/a/./b/../c//d/") == "/a/c/d"
assert os.getcwd() == os.path.realpath(folder) and os.fsencode(os.getcwd()) == os.getcwdb()


class Pathlike:
    def __fspath__(self):
        return folder


assert os.fspath(Pathlike()) == folder and os.stat(Pathlike()).st_ino == os.stat(folder).st_ino

# Processes and the environment.
os.environ["AMPHIS_TEST"] = "value"
child = os.fork()
if child == 0:
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
done = subprocess.run(["/bin/sh", "-c", "echo $AMPHIS_TEST; echo error >&2; exit 3"], capture_output=True, text=True)
assert (done.returncode, done.stdout, done.stderr) == (3, "value\n", "error\n")
raises(FileNotFoundError, subprocess.run, ["/no/such/program"])
assert subprocess.check_output(["cat"], input=b"through") == b"through"
assert subprocess.run(["pwd"], cwd="/", capture_output=True).stdout == b"/\n"
assert os.system("exit 2") == 2 << 8
assert os.getpid() != os.getppid() and os.cpu_count() >= 1 and len(os.urandom(16)) == 16
assert os.strerror(errno.ENOENT) == "No such file or directory" and errno.errorcode[2] == "ENOENT"
assert len(os.uname()) == 5 and os.uname().sysname == "Linux" and os.sysconf("SC_PAGE_SIZE") > 0

# Time.
start = time.monotonic()
time.sleep(0.01)
assert 0.01 <= time.monotonic() - start < 5
raises(ValueError, time.sleep, -1)
assert abs(time.time() - time.time_ns() / 1e9) < 1
moment = time.gmtime(1_000_000_000)
assert tuple(moment) == (2001, 9, 9, 1, 46, 40, 6, 252, 0) and moment.tm_zone in ("UTC", "GMT") and moment.tm_year == 2001
assert time.strftime("%Y-%m-%d %H:%M:%S", moment) == "2001-09-09 01:46:40"
assert time.asctime(moment) == "Sun Sep  9 01:46:40 2001"
assert time.mktime(time.localtime(123456789)) == 123456789
assert time.strptime("2001-09-09", "%Y-%m-%d")[:3] == (2001, 9, 9)
assert time.get_clock_info("monotonic").monotonic
raises(TypeError, time.gmtime, "x")
raises(ValueError, time.strftime, "%Y", (2000, 13, 1, 0, 0, 0, 0, 1, 0))

os.chdir("/")
os.rmdir(folder)
assert sys.platform == "linux"
