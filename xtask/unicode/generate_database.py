"""Writes crates/stdlib/src/unicodedata/database.bin: what `unicodedata` knows beside categories, digits and names.

Run with any CPython 3 and `unicodedata2==16.0.0` from PyPI:

    python generate_database.py ../../crates/stdlib/src/unicodedata/database.bin

All numbers are little-endian. For each of the two versions (16.0.0, then 3.2.0): a count of records and the records
(category, bidirectional class, combining class, width: one byte each; width's bit 7 says mirrored), then a table of
0x1100 page numbers (u16) and a count of pages with 256 record numbers (u16) each. Then lists with a count (u32) each:

  numeric values     code point u32, numerator f64, denominator u32; for both versions
  decompositions     code point u32, tag u8 (0: canonical), length u8, code points u32; for both versions
  exclusions         code points whose canonical decomposition is not composed again, u32
  digits             in 3.2.0, where they differ: code point u32, decimal and digit value u8 (255: none)
"""

import struct
import sys
from fractions import Fraction

import unicodedata2 as ucd

assert ucd.unidata_version == "16.0.0"
CATEGORIES = "Cn Lu Ll Lt Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Lm Lo Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So".split()
BIDI = " L LRE LRO R AL RLE RLO PDF EN ES ET AN CS NSM BN B S WS ON LRI RLI FSI PDI".split(" ")
WIDTHS = "F H W Na A N".split()
TAGS = ["", "<noBreak>", "<compat>", "<super>", "<fraction>", "<sub>", "<font>", "<circle>", "<wide>", "<vertical>",
        "<square>", "<isolated>", "<final>", "<initial>", "<medial>", "<small>", "<narrow>"]

out = bytearray()


def versions():
    return ucd, ucd.ucd_3_2_0


for db in versions():
    records, index = {}, []
    for cp in range(0x110000):
        c = chr(cp)
        record = (CATEGORIES.index(db.category(c)), BIDI.index(db.bidirectional(c)), db.combining(c),
                  WIDTHS.index(db.east_asian_width(c)) | db.mirrored(c) << 7)
        index.append(records.setdefault(record, len(records)))
    out += struct.pack("<I", len(records))
    for record in records:
        out += bytes(record)
    pages, table = {}, []
    for start in range(0, 0x110000, 256):
        table.append(pages.setdefault(tuple(index[start:start + 256]), len(pages)))
    out += struct.pack("<4352H", *table) + struct.pack("<I", len(pages))
    for page in pages:
        out += struct.pack("<256H", *page)

# Values that were corrected after 3.2.0.
OLD_NUMBERS = {0x5793: 10 ** 20, 0x09F4: 1, 0x09F5: 2, 0x09F6: 3, 0x09F7: 4, 0x09F8: -1}

for db in versions():
    rows = []
    for cp in range(0x110000):
        value = db.numeric(chr(cp), None)
        if db is not ucd:
            value = OLD_NUMBERS.get(cp, value)
        if value is not None:
            value = Fraction(value).limit_denominator(1000)
            rows.append(struct.pack("<IdI", cp, value.numerator, value.denominator))
    out += struct.pack("<I", len(rows)) + b"".join(rows)

# Decompositions that were corrected after 3.2.0.
CORRECTED = {0x2F868, 0x2F874, 0x2F91F, 0x2F95F, 0x2F9BF}

for db in versions():
    rows = []
    for cp in range(0x110000):
        text = db.decomposition(chr(cp))
        if db is not ucd and cp in CORRECTED:
            text = f"{ord(db.normalize('NFC', chr(cp))):04X}"
        if text:
            parts = text.split()
            tag = TAGS.index(parts.pop(0)) if parts[0].startswith("<") else 0
            points = [int(part, 16) for part in parts]
            rows.append(struct.pack("<IBB", cp, tag, len(points)) + struct.pack(f"<{len(points)}I", *points))
    out += struct.pack("<I", len(rows)) + b"".join(rows)

rows = []
for cp in range(0x110000):
    text = ucd.decomposition(chr(cp))
    if text and not text.startswith("<") and len(text.split()) == 2 and ucd.normalize("NFC", chr(cp)) != chr(cp):
        rows.append(struct.pack("<I", cp))
out += struct.pack("<I", len(rows)) + b"".join(rows)

rows = []
old = ucd.ucd_3_2_0
for cp in range(0x110000):
    c = chr(cp)
    values = old.decimal(c, None), old.digit(c, None)
    if old.category(c) != "Cn" and values != (ucd.decimal(c, None), ucd.digit(c, None)):
        rows.append(struct.pack("<IBB", cp, *(255 if value is None else value for value in values)))
out += struct.pack("<I", len(rows)) + b"".join(rows)

with open(sys.argv[1], "wb") as file:
    file.write(out)
print(len(out))
