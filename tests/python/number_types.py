"""Operators, conversions and methods of int, bool, float and complex."""

import math


def raises(exception, message, function, *args):
    try:
        function(*args)
    except exception as error:
        assert message is None or str(error) == message, (str(error), message)
    else:
        raise AssertionError(f"{exception.__name__} expected")


# Ints beyond the immediates, both ways.
for i in (2**61 - 1, 2**61, 2**62, 2**63, 2**64, 10**30):
    for n in (i, -i):
        assert n + 1 - 1 == n and n * 3 // 3 == n and (n << 5) >> 5 == n
        assert -(-n) == n and ~~n == n and abs(n) == i
        assert int(str(n)) == n and int(hex(n), 16) == n
        assert hash(n) == hash(float(n)) if float(n) == n else True
        assert divmod(n, 7) == (n // 7, n % 7) and (n // 7) * 7 + n % 7 == n
        assert n == int.from_bytes(n.to_bytes(16, "little", signed=True), "little", signed=True)
assert (2**61 - 1) + 1 == 2**61 and type(2**61 - 2**61) is int
assert 7 // -2 == -4 and 7 % -2 == -1 and -7 // 2 == -4 and -7 % 2 == 1
assert 2**-1 == 0.5 and (-8) ** (1 / 3) != -2 and type((-8) ** (1 / 3)) is complex
assert pow(3, -1, 7) == 5 and pow(2, 10, 1000) == 24
assert 10**20 / 10**18 == 100.0 and (1 << 60) / 3 == 3.843071682022823e17
assert 1_000 == int("1_000") and int(" 12 ") == 12 and int("0x1f", 0) == 31 and int("z", 36) == 35
assert round(15, -1) == 20 and round(25, -1) == 20 and round(2.5) == 2 and round(2.675, 2) == 2.67
assert (255).to_bytes(2) == b"\x00\xff" and (5).bit_length() == 3 and (-7).bit_count() == 3

raises(ZeroDivisionError, None, lambda: 1 // 0)
raises(ValueError, "negative shift count", lambda: 1 << -1)
raises(ValueError, "invalid literal for int() with base 10: 'x'", int, "x")
raises(TypeError, "unsupported operand type(s) for +: 'int' and 'str'", lambda: 1 + "a")
raises(TypeError, 'can only concatenate str (not "int") to str', lambda: "a" + 1)
raises(TypeError, "unsupported operand type(s) for ** or pow(): 'int' and 'str'", lambda: 1 ** "a")
raises(TypeError, "can't multiply sequence by non-int of type 'str'", lambda: [1] * "a")
raises(TypeError, "bad operand type for unary -: 'str'", lambda: -"a")
raises(TypeError, "'<' not supported between instances of 'int' and 'str'", lambda: 1 < "a")
raises(TypeError, "'float' object cannot be interpreted as an integer", lambda: [1] * 2 if False else range(1.5))
raises(ValueError, None, int, "9" * 5000)


def inplace(x, y):
    x -= y


raises(TypeError, "unsupported operand type(s) for -=: 'int' and 'str'", inplace, 1, "a")

# Bools are ints that stay bools under logic.
assert (True & False) is False and (True | 2) == 3 and (True ^ True) is False and True + True == 2
assert isinstance(True, int) and bool([]) is False and repr(True) == "True" and format(True, "d") == "1"

# Floats.
inf, nan = float("inf"), float("nan")
assert inf - 1 == inf and not nan == nan and nan != nan and not nan < 1 and inf > 10**400
assert 1e308 * 10 == inf and 5e-324 / 2 == 0.0 and 1e300 * 1e-300 == 1.0
assert 2**53 + 1 != float(2**53 + 1) and 2**53 == float(2**53)
assert (0.1).as_integer_ratio() == (3602879701896397, 36028797018963968)
assert (0.1).hex() == "0x1.999999999999ap-4" and float.fromhex("0x1.8p1") == 3.0
assert 5.5 // 2 == 2.0 and -5.5 % 2 == 0.5 and divmod(-1, 0.3)[0] == -4.0
assert f"{math.pi:.3f} {1234567:,} {255:#x} {1e6:e}" == "3.142 1,234,567 0xff 1.000000e+06"
raises(OverflowError, "cannot convert float infinity to integer", int, inf)
raises(OverflowError, "int too large to convert to float", float, 10**400)

# Complex numbers.
z = 3 + 4j
assert abs(z) == 5.0 and z.conjugate() == 3 - 4j and z * z == -7 + 24j and z / z == 1 and z**2 == -7 + 24j
assert complex("1+2j") == 1 + 2j and repr(-0j) == "(-0-0j)" and hash(2 + 0j) == hash(2) and 1j != 1
raises(TypeError, "'<' not supported between instances of 'complex' and 'complex'", lambda: z < z)


# The priority of subclasses and of reflected methods.
class Odd(int):
    def __radd__(self, other):
        return "reflected"

    def __eq__(self, other):
        return "equal"

    __hash__ = int.__hash__


assert 1 + Odd(2) == "reflected" and Odd(2) + 1 == 3 and (2 == Odd(5)) == "equal"


class Right:
    def __radd__(self, other):
        return ("right", other)

    def __rmul__(self, other):
        return ("times", other)


assert [1] + Right() == ("right", [1]) and "a" + Right() == ("right", "a") and (1,) * Right() == ("times", (1,))


class Index:
    def __index__(self):
        return 3


assert [1] * Index() == [1, 1, 1] and range(Index()) == range(3) and int(Index()) == 3 and float(Index()) == 3.0
assert hash((1, 2, 3)) == 529344067295497451 and hash(None) == 0xFCA86420 and hash(-1) == -2
raises(TypeError, "unhashable type: 'list'", hash, [])

# A string that only a variable refers to grows in place; others that were it do not change.
text = ""
for i in range(2000):
    text += "ab"
    if i == 500:
        kept = text
    if i == 700:
        text += "é"
assert len(text) == 4001 and kept == "ab" * 501 and text.count("é") == 1
assert hash(text) == hash("ab" * 701 + "é" + "ab" * 1299)

# math
assert math.factorial(25) == 15511210043330985984000000 and math.comb(52, 5) == 2598960 and math.perm(10, 3) == 720
assert math.gcd(12, 18, 27) == 3 and math.lcm(4, 6) == 12 and math.isqrt(10**40) == 10**20
assert math.fsum([0.1] * 10) == 1.0 and math.hypot(3, 4) == 5.0 and math.dist((0, 0), (3, 4)) == 5.0
assert math.log2(2**1000) == 1000.0 and abs(math.log(10**400) - 400 * math.log(10)) < 1e-9 and math.floor(-2.5) == -3
assert math.sumprod([1, 2], [3, 4]) == 11 and math.prod([2, 3.5]) == 7.0 and math.nextafter(1, 2) > 1
raises(ValueError, None, math.sqrt, -1)
raises(OverflowError, "math range error", math.exp, 1000)
print("ok")
