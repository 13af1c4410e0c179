"""Streams of bytes and text."""
import io
import os
import pickle
import tempfile

folder = tempfile.mkdtemp()
path = os.path.join(folder, "file")


def raises(kind, call, *args):
    try:
        call(*args)
    except kind as error:
        return error
    raise AssertionError(f"{kind} not raised")


# Raw files.
with io.FileIO(path, "w") as raw:
    assert raw.write(b"hello\nworld\n") == 12
    assert raw.tell() == 12 and raw.seekable() and raw.writable() and not raw.readable()
    assert raw.mode == "wb" and raw.name == path
assert raw.closed
raises(ValueError, raw.write, b"")
with open(path, "rb", buffering=0) as raw:
    assert type(raw) is io.FileIO
    target = bytearray(3)
    assert raw.readinto(target) == 3 and target == b"hel"
    assert raw.read() == b"lo\nworld\n" and raw.read() == b""
    assert raw.seek(-3, 2) == 9 and raw.readall() == b"ld\n"
    raises(io.UnsupportedOperation, raw.write, b"")
error = raises(FileNotFoundError, open, path + "x")
assert error.errno == 2 and error.filename == path + "x"
raises(IsADirectoryError, open, folder)
raises(FileExistsError, open, path, "x")
raises(ValueError, open, path, "rw")
raises(ValueError, open, path, "rb", -1, "utf-8")

# Buffers.
with open(path, "rb") as f:
    assert type(f) is io.BufferedReader
    assert f.peek(1)[:5] == b"hello" and f.read(2) == b"he" and f.read1(2) == b"ll"
    assert f.tell() == 4 and f.readline() == b"o\n" and f.seek(0) == 0
    assert list(f) == [b"hello\n", b"world\n"] and f.read() == b""
with open(path, "r+b") as f:
    assert f.read(5) == b"hello"
    assert f.write(b"!") == 1 and f.tell() == 6
    assert f.read() == b"world\n"
    f.seek(0)
    assert f.read() == b"hello!world\n"
    f.truncate(6)
assert open(path, "rb").read() == b"hello!"


class Slow(io.RawIOBase):
    """Takes and gives a byte at a time."""

    def __init__(self, data=b""):
        self.data, self.written = data, b""

    def readable(self):
        return True

    def writable(self):
        return True

    def readinto(self, buffer):
        if not self.data:
            return 0
        buffer[0] = self.data[0]
        self.data = self.data[1:]
        return 1

    def write(self, data):
        self.written += bytes(data[:1])
        return 1


reader = io.BufferedReader(Slow(b"ab\ncd"))
assert reader.readline() == b"ab\n" and reader.read() == b"cd"
slow = Slow()
writer = io.BufferedWriter(slow, 2)
assert writer.write(b"abcd") == 4
writer.flush()
assert slow.written == b"abcd"
pair = io.BufferedRWPair(Slow(b"x"), Slow())
assert pair.read() == b"x" and pair.write(b"y") == 1
assert io.TextIOWrapper(io.BufferedReader(Slow("äö\n".encode())), "utf-8").readline() == "äö\n"

# Bytes in memory.
b = io.BytesIO(b"one\ntwo\n")
assert b.readline() == b"one\n" and b.tell() == 4 and b.read(1) == b"t" and b.getvalue() == b"one\ntwo\n"
assert b.seek(10) == 10 and b.write(b"!") == 1 and b.getvalue() == b"one\ntwo\n\0\0!"
assert b.seek(0) == 0 and b.readlines() == [b"one\n", b"two\n", b"\0\0!"]
assert b.truncate(3) == 3 and b.getvalue() == b"one"
copy = pickle.loads(pickle.dumps(b))
assert copy.getvalue() == b"one" and copy.tell() == b.tell()
with b.getbuffer() as view:
    view[0] = 79
    raises(BufferError, b.write, b"x")
assert b.getvalue() == b"One"
b.close()
raises(ValueError, b.read)
raises(TypeError, io.BytesIO, "text")

# Text in memory.
s = io.StringIO("a\nb\r\nc\rd", newline=None)
assert s.read() == "a\nb\nc\nd" and s.newlines == ("\r", "\n", "\r\n")
s = io.StringIO("a\r\nb\rc", newline="")
assert list(s) == ["a\r\n", "b\r", "c"]
s = io.StringIO(newline="\r\n")
assert s.write("x\ny") == 3 and s.getvalue() == "x\r\ny"
s = io.StringIO("häé€😀")
assert s.read(2) == "hä" and s.tell() == 2 and s.read() == "é€😀"
assert s.seek(1) == 1 and s.write("A") == 1 and s.getvalue() == "hAé€😀"
raises(TypeError, s.write, b"")
raises(OSError, s.seek, 1, 1)

# Text files.
with open(path, "w", encoding="utf-8") as f:
    assert f.write("größe\n") == 6
    print("zweite", "zeile", sep="-", file=f)
    f.writelines(["a\n", "b"])
    assert repr(f) == f"<_io.TextIOWrapper name={path!r} mode='w' encoding='utf-8'>"
with open(path, encoding="utf-8") as f:
    assert f.readline() == "größe\n"
    place = f.tell()
    assert f.read(3) == "zwe" and f.tell() == place + 3
    assert f.seek(place) == place and f.readlines() == ["zweite-zeile\n", "a\n", "b"]
    f.seek(0)
    for line in f:
        raises(OSError, f.tell)
        break
    assert f.seek(0, 2) == os.path.getsize(path)
    raises(io.UnsupportedOperation, f.write, "x")
for newline, expected in [
    (None, ["a\n", "b\n", "c\n", "d"]),
    ("", ["a\n", "b\r\n", "c\r", "d"]),
    ("\n", ["a\n", "b\r\n", "c\rd"]),
    ("\r\n", ["a\nb\r\n", "c\rd"]),
    ("\r", ["a\nb\r", "\nc\r", "d"]),
]:
    with open(path, "wb") as f:
        f.write(b"a\nb\r\nc\rd")
    with open(path, newline=newline, encoding="ascii") as f:
        assert f.readlines() == expected, newline
    # The same with line ends that chunks cut in two.
    with open(path, newline=newline, encoding="ascii") as f:
        f._CHUNK_SIZE = 1
        assert list(f) == expected, newline
with open(path, "w", newline="\r\n", encoding="latin-1") as f:
    f.write("é\n")
assert open(path, "rb").read() == b"\xe9\r\n"
raises(UnicodeDecodeError, open(path, encoding="utf-8").read)
assert open(path, encoding="utf-8", errors="replace").read() == "\ufffd\n"
assert open(path, encoding="utf-8", errors="surrogateescape").read() == "\udce9\n"
raises(UnicodeEncodeError, io.TextIOWrapper(io.BytesIO(), "ascii").write, "é")
raises(LookupError, open, path, "r", -1, "no-such-encoding")
raises(ValueError, lambda: open(path, newline="x"))
with open(path, "w", encoding="utf-16") as f:
    f.write("a€")
with open(path, "a", encoding="utf-16") as f:
    f.write("b")
with open(path, encoding="utf-16") as f:
    assert f.read() == "a€b"
    f.seek(0)
    assert f.read(1) == "a"
    place = f.tell()
    assert f.read() == "€b"
    f.seek(place)
    assert f.read() == "€b"
with open(path, "w", encoding="utf-7") as f:
    f.write("a+b\\ \u65e5\u672c\u8a9e! \U0001f600-\ud800")
assert open(path, "rb").read() == b"a+-b+AFw +ZeVnLIqe! +2D3eAA--+2AA-"
for size in range(1, 5):
    # Sequences go on in the next chunk.
    with open(path, encoding="utf-7") as f:
        f._CHUNK_SIZE = size
        assert f.read(5) + f.read() == "a+b\\ \u65e5\u672c\u8a9e! \U0001f600-\ud800", size
for data, place, end, reason in ((b"a\xff", 1, 2, "unexpected special character"), (b"+!", 0, 2, "ill-formed sequence"),
                                 (b"+IK.", 0, 4, "partial character in shift sequence"),
                                 (b"+IKx.", 0, 5, "non-zero padding bits in shift sequence"),
                                 (b"a+IK", 1, 4, "unterminated shift sequence")):
    try:
        data.decode("utf-7")
    except UnicodeDecodeError as error:
        assert (error.encoding, error.start, error.end, error.reason) == ("utf7", place, end, reason), error
    else:
        raise AssertionError(data)
assert b"a+IKwx!b\xff+".decode("utf-7", "replace") == "a\u20ac\ufffdb\ufffd"
assert b"+2AE.".decode("utf-7", "ignore") == "\ud801."

# Positions in the middle of characters' chunks.
text = "aä€😀\n" * 50
with open(path, "w", encoding="utf-8") as f:
    f.write(text)
with open(path, encoding="utf-8") as f:
    f._CHUNK_SIZE = 7
    for i in range(0, 60):
        f.seek(0)
        assert f.read(i) == text[:i]
        place = f.tell()
        rest = f.read(10)
        f.seek(place)
        assert f.read(10) == rest == text[i : i + 10]

# Buffering of text.
raw = io.BytesIO()
t = io.TextIOWrapper(raw, "utf-8", write_through=True)
t.write("x")
assert raw.getvalue() == b"x" and t.detach() is raw
t = io.TextIOWrapper(raw, "utf-8", line_buffering=True)
t.write("y")
assert raw.getvalue() == b"x"
t.write("\n")
assert raw.getvalue() == b"xy\n"
t.reconfigure(line_buffering=False, errors="replace")
assert not t.line_buffering and t.errors == "replace" and t.detach() is raw
raises(ValueError, t.read)

# The classes.
assert issubclass(io.FileIO, io.RawIOBase) and isinstance(raw, io.BufferedIOBase)
assert issubclass(io.TextIOWrapper, io.TextIOBase) and issubclass(io.UnsupportedOperation, (OSError, ValueError))
decoder = io.IncrementalNewlineDecoder(None, True)
assert decoder.decode("a\r") == "a" and decoder.getstate() == (b"", 1)
assert decoder.decode("\nb\r", True) == "\nb\n" and decoder.newlines == ("\r", "\r\n")

os.unlink(path)
os.rmdir(folder)
