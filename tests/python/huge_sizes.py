"""Sizes that come from a program and fit nothing: MemoryError or OverflowError, at once."""

import array
import collections
import io
import itertools
import math
import operator
import os
import random
import re
import struct
import sys

HUGE = 10**18
MOST = sys.maxsize
BEYOND = 10**30


class Hint:
    def __length_hint__(self):
        return HUGE

    def __iter__(self):
        return iter([1])


def fails(function, *args, kinds=(MemoryError, OverflowError)):
    try:
        function(*args)
    except kinds:
        return
    raise AssertionError(f"{function} {str(args)[:60]} fits")


def check_sequences():
    for size in HUGE, MOST:
        for one in ("x", "\u20ac\U00010000", b"x", [0], (0,), bytearray(b"x"), array.array("b", [1])):
            fails(operator.mul, one, size)
            fails(operator.mul, size, one)
        for empty in ("", b"", [], (), bytearray(), array.array("b"), collections.deque()):
            assert len(empty * size) == 0
        for pad in "center", "ljust", "rjust", "zfill":
            for text in "x", b"x", bytearray(b"x"):
                fails(getattr(text, pad), size)
        for make in bytes, bytearray:
            fails(make, size)
        for make in list, tuple, bytes, bytearray:
            fails(make, itertools.repeat(1, size))
        for make in list, tuple, sorted:
            fails(make, range(size))
        fails("\t".expandtabs, size)
        fails(b"\t".expandtabs, size)
    for one in "x", b"x", [0], (0,):
        fails(operator.mul, one, BEYOND)
        fails(operator.mul, one, 2**63)
    fails(list, Hint())
    fails(lambda: [*Hint()])
    numbers = [1]
    fails(numbers.extend, Hint())
    assert numbers == [1]
    assert collections.deque([1], 3) * HUGE == collections.deque([1, 1, 1])


def check_joining():
    block, many = "x" * 10**7, [""] * 10**6
    fails(block.join, many, kinds=MemoryError)
    fails(block.encode().join, [b""] * 10**6, kinds=MemoryError)
    fails(("a" * 10**6).replace, "a", block, kinds=MemoryError)
    fails((b"a" * 10**6).replace, b"a", block.encode(), kinds=MemoryError)


def check_formatting():
    for template in ("{:>1000000000000}", "{:1000000000000d}", "{:01000000000000}"):
        fails(template.format, 1, kinds=MemoryError)
    fails("{:>99999999999999999999999}".format, 1, kinds=ValueError)
    fails("{:.99999999999999999999999}".format, 1.0, kinds=ValueError)
    fails("{:.1000000000000}".format, 1.5, kinds=ValueError)
    fails("{:{}}".format, 1, 10**20, kinds=ValueError)
    for template, args in (("%*d", (HUGE, 1)), ("%*d", (BEYOND, 1)), ("%.*f", (2**40, 1.0)), ("%1000000000000d", 1)):
        fails(operator.mod, template, args, kinds=(MemoryError, OverflowError))
        fails(operator.mod, template.encode(), args, kinds=(MemoryError, OverflowError))
    fails(operator.mod, "%99999999999999999999d", 1, kinds=ValueError)


def check_ints():
    for size in HUGE, MOST, BEYOND:
        fails(operator.lshift, 1, size)
        assert 0 << size == 0 and 1 >> size == 0 and -1 >> size == -1
    if sys.implementation.name != "cpython":
        for exponent in HUGE, BEYOND:  # CPython computes until somebody stops it.
            fails(pow, 2, exponent)
    assert (-1) ** HUGE == 1 and pow(3, HUGE, 1000) == pow(3, HUGE % 100, 1000)
    fails(pow, 2.0, HUGE)
    for digits in (4301, 10**7):
        fails(int, "9" * digits, kinds=ValueError)
    fails(str, 10**4300, kinds=ValueError)
    assert len(str(10**4299)) == 4300
    fails(lambda: f"{1 << 10**6}", kinds=ValueError)
    fails(operator.mod, "%d", 1 << 10**6, kinds=ValueError)
    assert len(hex(1 << 10**6)) == 250_003
    big = 1 << 10**7
    assert (big * big).bit_length() == 2 * 10**7 + 1 and hash(big) == pow(2, 10**7, 2**61 - 1)
    a, b = 7**200_000, 3**100_000
    quotient, rest = divmod(a, b)
    assert quotient * b + rest == a and 0 <= rest < b
    assert math.isqrt(big) == 1 << 5 * 10**6 and math.gcd(a, b) == 1
    fails(float, big, kinds=OverflowError)
    fails((1).to_bytes, HUGE, "big")
    fails(len, range(BEYOND), kinds=OverflowError)
    assert range(BEYOND)[10**29] == 10**29 and range(0, BEYOND, 7).index(7 * 10**20) == 10**20
    fails(operator.getitem, [1, 2], HUGE, kinds=IndexError)
    fails(operator.getitem, [1, 2], BEYOND, kinds=IndexError)
    assert [1, 2][-BEYOND:BEYOND:BEYOND] == [1]
    for wrong in ("x" * 1, 1.5):
        fails(chr, wrong, kinds=TypeError)
    fails(chr, BEYOND, kinds=(OverflowError, ValueError))
    for message, call in (
        ("Python int too large to convert to C int", lambda: sys.setrecursionlimit(BEYOND)),
        ("Python int too large to convert to C int", lambda: os.close(BEYOND)),
        ("Python int too large to convert to C int", lambda: "%.*f" % (2**40, 1.0)),
    ):
        try:
            call()
        except OverflowError as error:
            assert str(error) == message, (str(error), message)
        else:
            raise AssertionError(message)


def check_modules():
    fails(struct.pack, "1000000000000x", kinds=MemoryError)
    fails(struct.pack, "99999999999999999999s", b"", kinds=struct.error)
    fails(struct.calcsize, "9999999999999999999999x", kinds=struct.error)
    fails(struct.pack_into, "i", bytearray(4), HUGE, 1, kinds=struct.error)
    fails(re.compile, "a{1000000000000}", kinds=OverflowError)
    assert re.compile("(?:a{65535}){65535}").match("a" * 100) is None
    assert re.match("(?:a|b)*c", "ab" * 10**5) is None and re.match("(a|b)*c", "ab" * 10**5) is None
    for groups in ("(" * 5000 + ")" * 5000, "(?:" * 5000 + ")" * 5000):
        try:
            re.compile(groups)
        except (RecursionError, re.error):
            pass
    for stream, content in ((io.BytesIO(), b"x"), (io.StringIO(), "x")):
        stream.seek(HUGE)
        fails(stream.write, content)
    with open("/dev/zero", "rb") as zeros:
        fails(zeros.read, HUGE, kinds=MemoryError)
    fails(os.urandom, HUGE)
    fails(random.getrandbits, HUGE)
    fails(memoryview(bytes(8)).cast, "B", [HUGE, HUGE], kinds=(ValueError, TypeError))
    fails(itertools.tee, [], HUGE)
    fails(lambda: list(itertools.product([1], repeat=10**12)))
    fails(sys.set_int_max_str_digits, HUGE)
    fails(operator.getitem, b"x", BEYOND, kinds=IndexError)


for check in (check_sequences, check_joining, check_formatting, check_ints, check_modules):
    check()
