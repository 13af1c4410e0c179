"""Writes crates/object-model/src/text/tables.rs: the Unicode 16.0 facts that str methods need.

Run with CPython 3.13 (`str` methods, Unicode 15.1) and `unicodedata2==16.0.0` from PyPI:

    python generate.py > ../../crates/object-model/src/text/tables.rs

Categories and digits come from unicodedata2. Casing and identifier properties come from the `str`
methods for what 15.1 knows; for the characters 16.0 adds they follow from the category and the list
NEW_PAIRS (UnicodeData.txt 16.0).
"""

import unicodedata as old
import unicodedata2 as new

assert new.unidata_version == "16.0.0" and old.unidata_version == "15.1.0"

# lower -> upper for the letters that 16.0 adds.
NEW_PAIRS = {0x10D70 + i: 0x10D50 + i for i in range(0x16)}
NEW_PAIRS |= {0x1C8A: 0x1C89, 0x264: 0xA7CB, 0xA7CD: 0xA7CC, 0xA7DB: 0xA7DA, 0x19B: 0xA7DC}
UPPER = NEW_PAIRS
LOWER = {u: l for l, u in NEW_PAIRS.items()}

FLAGS = ("ALPHA DECIMAL DIGIT NUMERIC SPACE LOWER UPPER TITLE PRINTABLE XID_START XID_CONTINUE "
         "CASE_IGNORABLE FULL_UPPER FULL_LOWER FULL_TITLE FULL_FOLD").split()
BIT = {name: 1 << i for i, name in enumerate(FLAGS)}
CATEGORIES = "Cn Lu Ll Lt Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Lm Lo Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So".split()

full = {"upper": {}, "lower": {}, "title": {}, "fold": {}}


def simple(cp, method, table):
    """The mapping of one character: (simple target, full target as a list)."""
    if cp in table:
        return table[cp], [table[cp]]
    c = chr(cp)
    mapped = [ord(x) for x in getattr(c, method)()]
    return (mapped[0] if len(mapped) == 1 else cp), mapped


def record(cp):
    c = chr(cp)
    cat = new.category(c)
    added = old.category(c) == "Cn" and cat != "Cn"
    f = 0

    def on(name, cond):
        nonlocal f
        if cond:
            f |= BIT[name]

    on("ALPHA", cat in ("Lm", "Lt", "Lu", "Ll", "Lo"))
    decimal, digit = new.decimal(c, None), new.digit(c, None)
    on("DECIMAL", decimal is not None)
    on("DIGIT", digit is not None)
    on("NUMERIC", new.numeric(c, None) is not None)
    on("SPACE", cat == "Zs" or new.bidirectional(c) in ("WS", "B", "S"))
    on("LOWER", cat == "Ll" if added else c.islower())
    on("UPPER", cat == "Lu" if added else c.isupper())
    on("TITLE", cat == "Lt")
    on("PRINTABLE", cp == 0x20 or cat not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"))
    if added:
        start = cat[0] == "L" or cat == "Nl"
        on("XID_START", start)
        on("XID_CONTINUE", start or cat in ("Mn", "Mc", "Nd", "Pc"))
        on("CASE_IGNORABLE", cat in ("Mn", "Me", "Cf", "Lm", "Sk"))
    else:
        on("XID_START", c.isidentifier())  # the underscore too, as Python's identifiers have it
        on("XID_CONTINUE", ("a" + c).isidentifier())
        ignorable = ("A" + c + "\u03a3").lower()[-1] == "\u03c2" and ("1" + c + "\u03a3").lower()[-1] == "\u03c3"
        on("CASE_IGNORABLE", ignorable if cat == old.category(c) else cat in ("Mn", "Me", "Cf", "Lm", "Sk"))
    up, fu = simple(cp, "upper", UPPER)
    lo, fl = simple(cp, "lower", LOWER)
    ti, ft = simple(cp, "title", UPPER)
    if cp in LOWER or added:
        ff = fl
    else:
        ff = [ord(x) for x in c.casefold()]
    # U+0130 is the one character whose simple and full lower case differ in the first character's identity.
    if len(fl) > 1:
        lo = fl[0]
    for name, flag, m, s in (("upper", "FULL_UPPER", fu, up), ("lower", "FULL_LOWER", fl, lo),
                             ("title", "FULL_TITLE", ft, ti), ("fold", "FULL_FOLD", ff, lo)):
        if m != [s]:
            full[name][cp] = m
            on(flag, True)
    value = digit if digit is not None else 255
    return (f, CATEGORIES.index(cat), value, up - cp, lo - cp, ti - cp)


def main():
    records, number = [], {}
    index = []
    for cp in range(0x110000):
        r = record(cp)
        if r not in number:
            number[r] = len(records)
            records.append(r)
        index.append(number[r])
    shift = 7
    blocks, order, pages = {}, [], []
    for base in range(0, 0x110000, 1 << shift):
        b = tuple(index[base:base + (1 << shift)])
        if b not in blocks:
            blocks[b] = len(order)
            order.append(b)
        pages.append(blocks[b])
    out = print
    out("//! Written by `xtask/unicode/generate.py`; not to be edited.")
    out("//!")
    out("//! Unicode 16.0 character records and full case mappings. Owns constants alone; the lookups are in `classify`.")
    out()
    out("/// What is known of a character. Case deltas are added to the code point.")
    out("#[derive(Clone, Copy)]")
    out("pub(super) struct Record {")
    for line in ("/// A set of the flag constants below.", "pub flags: u16", "/// An index into `CATEGORIES`.", "pub category: u8",
                 "/// The digit's value; 255 where there is none.", "pub digit: u8",
                 "/// To the simple upper case.", "pub upper: i32", "/// To the simple lower case.", "pub lower: i32",
                 "/// To the simple title case.", "pub title: i32"):
        out("    " + line + ("" if line.startswith("///") else ","))
    out("}")
    out()
    for name in FLAGS:
        out(f"pub(super) const {name}: u16 = {BIT[name]:#x};")
    out()
    out("/// The two-letter general categories.")
    out(f"pub(super) const CATEGORIES: [&str; {len(CATEGORIES)}] = [")
    out("    " + ", ".join(f'"{c}"' for c in CATEGORIES) + ",")
    out("];")
    out()
    out("/// A page holds `1 << SHIFT` code points.")
    out(f"pub(super) const SHIFT: u32 = {shift};")
    out()

    def array(name, ty, values, per):
        out("#[rustfmt::skip]")
        out(f"pub(super) static {name}: [{ty}; {len(values)}] = [")
        for i in range(0, len(values), per):
            out("    " + ",".join(map(str, values[i:i + per])) + ",")
        out("];")
        out()

    array("PAGES", "u16", pages, 40)
    array("INDEX", "u16", [x for b in order for x in b], 40)
    out("#[rustfmt::skip]")
    out("const fn r(flags: u16, category: u8, digit: u8, upper: i32, lower: i32, title: i32) -> Record {")
    out("    Record { flags, category, digit, upper, lower, title }")
    out("}")
    out()
    array("RECORDS", "Record", ["r(%s)" % ",".join(map(str, x)) for x in records], 4)
    for name in full:
        table = full[name]
        out(f"/// Full {name} mappings that differ from the simple one, padded with 0.")
        array(f"FULL_{name.upper()}_MAP", "(u32, [u32; 3])",
              [f"({cp:#x}, [{', '.join(hex(x) for x in m + [0] * (3 - len(m)))}])" for cp, m in sorted(table.items())], 4)


main()
