//! Code units: a borrowed text ([`Units`]), an owned one ([`OwnedUnits`]) and the [`Builder`] that widens as it grows.
//!
//! Invariant of `OwnedUnits` and of what an object stores: the *smallest* kind that fits ([`Units::is_canonical`]).
//! A slice of a `Units` keeps its kind, so a borrowed view may be wider than its content; everything here compares and
//! searches by code point and accepts such views, save [`Units::hash`], which reads the raw buffer.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use siphasher::sip::SipHasher13;

use super::Fault;

/// The largest code point plus one.
pub const CODE_POINT_END: u32 = 0x11_0000;

/// A code unit type; one unit is one code point.
pub trait Unit: Copy + Ord + 'static {
    /// The code point of a unit.
    fn code(self) -> u32;

    /// The unit for a code point, if this width holds it.
    fn narrow(ch: u32) -> Option<Self>;
}

impl Unit for u8 {
    #[inline]
    fn code(self) -> u32 {
        self.into()
    }

    #[inline]
    fn narrow(ch: u32) -> Option<u8> {
        u8::try_from(ch).ok()
    }
}

impl Unit for u16 {
    #[inline]
    fn code(self) -> u32 {
        self.into()
    }

    #[inline]
    fn narrow(ch: u32) -> Option<u16> {
        u16::try_from(ch).ok()
    }
}

impl Unit for u32 {
    #[inline]
    fn code(self) -> u32 {
        self
    }

    #[inline]
    fn narrow(ch: u32) -> Option<u32> {
        Some(ch)
    }
}

/// Runs an expression with the slice behind a `Units` bound to a name, once per unit type.
macro_rules! with_units {
    ($units:expr, $slice:ident => $body:expr) => {
        match $units {
            $crate::text::units::Units::Ascii($slice) | $crate::text::units::Units::Latin1($slice) => $body,
            $crate::text::units::Units::Ucs2($slice) => $body,
            $crate::text::units::Units::Ucs4($slice) => $body,
        }
    };
}
pub(crate) use with_units;

/// A borrowed text. `Ascii` holds bytes below 0x80 alone.
#[derive(Clone, Copy, Debug)]
pub enum Units<'a> {
    Ascii(&'a [u8]),
    Latin1(&'a [u8]),
    Ucs2(&'a [u16]),
    Ucs4(&'a [u32]),
}

/// The two words that key the hash of `str` and `bytes` in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashKey {
    pub k0: u64,
    pub k1: u64,
}

impl HashKey {
    /// The key that `PYTHONHASHSEED=seed` stands for; 0 turns randomisation off.
    pub fn from_seed(seed: u32) -> HashKey {
        let mut bytes = [0u8; 16];
        if seed != 0 {
            let mut x = seed;
            for byte in &mut bytes {
                x = x.wrapping_mul(214_013).wrapping_add(2_531_011);
                *byte = (x >> 16) as u8;
            }
        }
        HashKey::from_bytes(bytes)
    }

    /// A key of random bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> HashKey {
        let all = u128::from_le_bytes(bytes);
        HashKey { k0: all as u64, k1: (all >> 64) as u64 }
    }

    /// SipHash-1-3 of a buffer as Python's hash: empty is 0, -1 becomes -2.
    pub fn hash(self, buffer: &[u8]) -> i64 {
        if buffer.is_empty() {
            return 0;
        }
        match SipHasher13::new_with_keys(self.k0, self.k1).hash(buffer) as i64 {
            -1 => -2,
            hash => hash,
        }
    }
}

fn raw16(units: &[u16]) -> &[u8] {
    // SAFETY: any initialised memory can be read as bytes, and the length is the slice's own size.
    unsafe { std::slice::from_raw_parts(units.as_ptr().cast(), size_of_val(units)) }
}

fn raw32(units: &[u32]) -> &[u8] {
    // SAFETY: any initialised memory can be read as bytes, and the length is the slice's own size.
    unsafe { std::slice::from_raw_parts(units.as_ptr().cast(), size_of_val(units)) }
}

impl<'a> Units<'a> {
    pub const EMPTY: Units<'static> = Units::Ascii(&[]);

    /// One-byte units of either sort, as narrow as they are.
    pub fn from_latin1(bytes: &'a [u8]) -> Units<'a> {
        if bytes.is_ascii() { Units::Ascii(bytes) } else { Units::Latin1(bytes) }
    }

    /// The number of code points.
    #[inline]
    pub fn len(self) -> usize {
        with_units!(self, s => s.len())
    }

    #[inline]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The code point at `i`.
    ///
    /// # Panics
    /// If `i` is out of range, as a slice does.
    #[inline]
    pub fn get(self, i: usize) -> u32 {
        with_units!(self, s => s[i].code())
    }

    /// The code points of a range, in the same kind.
    ///
    /// # Panics
    /// If the range is out of bounds, as a slice does.
    #[inline]
    pub fn slice(self, range: Range<usize>) -> Units<'a> {
        match self {
            Units::Ascii(s) => Units::Ascii(&s[range]),
            Units::Latin1(s) => Units::Latin1(&s[range]),
            Units::Ucs2(s) => Units::Ucs2(&s[range]),
            Units::Ucs4(s) => Units::Ucs4(&s[range]),
        }
    }

    #[inline]
    pub fn iter(self) -> Iter<'a> {
        Iter { units: self, range: 0..self.len() }
    }

    /// The text as `&str` if it is stored as ASCII.
    #[inline]
    pub fn as_ascii(self) -> Option<&'a str> {
        match self {
            // Checked: the variant can be built of any bytes without `unsafe`.
            Units::Ascii(s) => std::str::from_utf8(s).ok(),
            _ => None,
        }
    }

    /// Whether every code point is below 0x80, whatever the kind.
    pub fn is_ascii(self) -> bool {
        match self {
            Units::Ascii(_) => true,
            Units::Latin1(s) => s.is_ascii(),
            Units::Ucs2(s) => s.iter().all(|&c| c < 0x80),
            Units::Ucs4(s) => s.iter().all(|&c| c < 0x80),
        }
    }

    /// The largest code point, 0 if empty.
    pub fn max(self) -> u32 {
        with_units!(self, s => s.iter().copied().max().map_or(0, Unit::code))
    }

    /// Whether this is the smallest kind that fits.
    pub fn is_canonical(self) -> bool {
        match self {
            Units::Ascii(_) => true,
            Units::Latin1(s) => !s.is_ascii(),
            Units::Ucs2(s) => s.iter().any(|&c| c > 0xff),
            Units::Ucs4(s) => s.iter().any(|&c| c > 0xffff),
        }
    }

    /// The raw buffer in native byte order.
    pub fn as_bytes(self) -> &'a [u8] {
        match self {
            Units::Ascii(s) | Units::Latin1(s) => s,
            Units::Ucs2(s) => raw16(s),
            Units::Ucs4(s) => raw32(s),
        }
    }

    /// Python's hash of a canonical text.
    pub fn hash(self, key: HashKey) -> i64 {
        debug_assert!(self.is_canonical());
        key.hash(self.as_bytes())
    }

    /// A copy in the smallest kind.
    pub fn to_owned(self) -> OwnedUnits {
        let max = if matches!(self, Units::Ascii(_)) { 0 } else { self.max() };
        match (self, max) {
            (Units::Ascii(s), _) => OwnedUnits::Ascii(s.to_vec()),
            (_, 0..0x80) => {
                OwnedUnits::Ascii(with_units!(self, s => s.iter().map(|&c| c.code() as u8).collect()))
            }
            (_, 0x80..0x100) => {
                OwnedUnits::Latin1(with_units!(self, s => s.iter().map(|&c| c.code() as u8).collect()))
            }
            (_, 0x100..0x1_0000) => {
                OwnedUnits::Ucs2(with_units!(self, s => s.iter().map(|&c| c.code() as u16).collect()))
            }
            _ => OwnedUnits::Ucs4(with_units!(self, s => s.iter().map(|&c| c.code()).collect())),
        }
    }

    /// The text as UTF-8; the position of the first surrogate if it has one.
    pub fn to_str(self) -> Result<Cow<'a, str>, usize> {
        if let Some(s) = self.as_ascii() {
            return Ok(Cow::Borrowed(s));
        }
        let mut out = String::with_capacity(self.len());
        for (i, ch) in self.iter().enumerate() {
            out.push(char::from_u32(ch).ok_or(i)?);
        }
        Ok(Cow::Owned(out))
    }

    /// The text as `str` with every surrogate replaced by U+FFFD.
    pub fn to_str_lossy(self) -> Cow<'a, str> {
        match self.as_ascii() {
            Some(s) => Cow::Borrowed(s),
            None => self.iter().map(|ch| char::from_u32(ch).unwrap_or(char::REPLACEMENT_CHARACTER)).collect(),
        }
    }

    /// The text as WTF-8 that may hold surrogate pairs as two three-byte sequences.
    pub fn to_wtf8(self) -> Cow<'a, [u8]> {
        if let Units::Ascii(s) = self {
            return Cow::Borrowed(s);
        }
        let mut out = Vec::with_capacity(self.len());
        for ch in self.iter() {
            push_wtf8(&mut out, ch);
        }
        Cow::Owned(out)
    }

    /// Whether a `&str` spells this text.
    pub fn eq_str(self, other: &str) -> bool {
        match self {
            Units::Ascii(s) => s == other.as_bytes(),
            _ => self.iter().eq(other.chars().map(u32::from)),
        }
    }
}

/// Appends one code point as UTF-8, surrogates as three bytes.
pub fn push_wtf8(out: &mut Vec<u8>, ch: u32) {
    let tail = |shift: u32| 0x80 | (ch >> shift & 0x3f) as u8;
    match ch {
        0..0x80 => out.push(ch as u8),
        0x80..0x800 => out.extend([0xc0 | (ch >> 6) as u8, tail(0)]),
        0x800..0x1_0000 => out.extend([0xe0 | (ch >> 12) as u8, tail(6), tail(0)]),
        _ => out.extend([0xf0 | (ch >> 18) as u8, tail(12), tail(6), tail(0)]),
    }
}

impl<'a> From<&'a str> for OwnedUnits {
    fn from(s: &'a str) -> OwnedUnits {
        if s.is_ascii() {
            return OwnedUnits::Ascii(s.as_bytes().to_vec());
        }
        s.chars().map(u32::from).collect()
    }
}

impl PartialEq for Units<'_> {
    fn eq(&self, other: &Units<'_>) -> bool {
        match (*self, *other) {
            (Units::Ascii(a) | Units::Latin1(a), Units::Ascii(b) | Units::Latin1(b)) => a == b,
            (Units::Ucs2(a), Units::Ucs2(b)) => a == b,
            (Units::Ucs4(a), Units::Ucs4(b)) => a == b,
            (a, b) => a.len() == b.len() && a.iter().eq(b.iter()),
        }
    }
}

impl Eq for Units<'_> {}

impl PartialOrd for Units<'_> {
    fn partial_cmp(&self, other: &Units<'_>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Units<'_> {
    fn cmp(&self, other: &Units<'_>) -> Ordering {
        match (*self, *other) {
            (Units::Ascii(a) | Units::Latin1(a), Units::Ascii(b) | Units::Latin1(b)) => a.cmp(b),
            (Units::Ucs2(a), Units::Ucs2(b)) => a.cmp(b),
            (Units::Ucs4(a), Units::Ucs4(b)) => a.cmp(b),
            (a, b) => a.iter().cmp(b.iter()),
        }
    }
}

/// The code points of a text, from both ends.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    units: Units<'a>,
    range: Range<usize>,
}

impl Iterator for Iter<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        self.range.next().map(|i| self.units.get(i))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<u32> {
        self.range.next_back().map(|i| self.units.get(i))
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// An owned text in the smallest kind that fits.
#[derive(Clone, Debug)]
pub enum OwnedUnits {
    Ascii(Vec<u8>),
    Latin1(Vec<u8>),
    Ucs2(Vec<u16>),
    Ucs4(Vec<u32>),
}

impl OwnedUnits {
    #[inline]
    pub fn units(&self) -> Units<'_> {
        match self {
            OwnedUnits::Ascii(s) => Units::Ascii(s),
            OwnedUnits::Latin1(s) => Units::Latin1(s),
            OwnedUnits::Ucs2(s) => Units::Ucs2(s),
            OwnedUnits::Ucs4(s) => Units::Ucs4(s),
        }
    }

    pub fn len(&self) -> usize {
        self.units().len()
    }

    /// The text of a `&str`.
    pub fn from_str(text: &str) -> OwnedUnits {
        text.into()
    }

    /// A text known to be ASCII.
    ///
    /// # Panics
    /// In debug builds if it isn't.
    pub fn from_ascii(s: String) -> OwnedUnits {
        debug_assert!(s.is_ascii());
        OwnedUnits::Ascii(s.into_bytes())
    }

    /// Reads WTF-8; `None` if the bytes are not well formed (surrogates apart).
    pub fn from_wtf8(bytes: &[u8]) -> Option<OwnedUnits> {
        if let Ok(s) = std::str::from_utf8(bytes) {
            return Some(s.into());
        }
        let mut out = Builder::new();
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            let (len, bits, least) = match first {
                0..0x80 => (1, u32::from(first), 0),
                0xc2..0xe0 => (2, u32::from(first & 0x1f), 0x80),
                0xe0..0xf0 => (3, u32::from(first & 0xf), 0x800),
                0xf0..0xf5 => (4, u32::from(first & 7), 0x1_0000),
                _ => return None,
            };
            let tail = rest.get(1..len)?;
            if tail.iter().any(|b| b & 0xc0 != 0x80) {
                return None;
            }
            let ch = tail.iter().fold(bits, |ch, b| ch << 6 | u32::from(b & 0x3f));
            if ch < least || ch >= CODE_POINT_END {
                return None;
            }
            out.push(ch);
            rest = &rest[len..];
        }
        Some(out.finish())
    }
}

impl PartialEq for OwnedUnits {
    fn eq(&self, other: &OwnedUnits) -> bool {
        self.units() == other.units()
    }
}

impl Eq for OwnedUnits {}

impl PartialEq<&str> for OwnedUnits {
    fn eq(&self, other: &&str) -> bool {
        self.units().eq_str(other)
    }
}

impl FromIterator<u32> for OwnedUnits {
    fn from_iter<I: IntoIterator<Item = u32>>(chars: I) -> OwnedUnits {
        let mut builder = Builder::new();
        chars.into_iter().for_each(|ch| builder.push(ch));
        builder.finish()
    }
}

impl FromIterator<char> for OwnedUnits {
    fn from_iter<I: IntoIterator<Item = char>>(chars: I) -> OwnedUnits {
        chars.into_iter().map(u32::from).collect()
    }
}

#[derive(Debug)]
enum Store {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

/// A text under construction. It widens when a code point does not fit and never narrows, so that what
/// [`Builder::finish`] returns is canonical as long as nothing was taken away.
#[derive(Debug)]
pub struct Builder {
    store: Store,
    /// Code points, or bounds of them, or-ed together: above 0x7f if one is.
    seen: u32,
}

impl Builder {
    pub fn new() -> Builder {
        Builder { store: Store::One(Vec::new()), seen: 0 }
    }

    /// A builder with room for `capacity` code points of the width that `max` needs.
    pub fn with_capacity(capacity: usize, max: u32) -> Result<Builder, Fault> {
        let store = match max {
            0..0x100 => Store::One(Vec::new()),
            0x100..0x1_0000 => Store::Two(Vec::new()),
            _ => Store::Four(Vec::new()),
        };
        let mut builder = Builder { store, seen: 0 };
        builder.try_reserve(capacity)?;
        Ok(builder)
    }

    /// Makes room for `additional` code points; sizes from user input go through here before they are pushed.
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), Fault> {
        match &mut self.store {
            Store::One(s) => s.try_reserve(additional)?,
            Store::Two(s) => s.try_reserve(additional)?,
            Store::Four(s) => s.try_reserve(additional)?,
        }
        Ok(())
    }

    pub fn len(&self) -> usize {
        match &self.store {
            Store::One(s) => s.len(),
            Store::Two(s) => s.len(),
            Store::Four(s) => s.len(),
        }
    }

    fn widen(&mut self, max: u32) {
        let capacity = self.len() + 8;
        let grow16 = |s: &[u8]| {
            let mut wide = Vec::with_capacity(capacity);
            wide.extend(s.iter().map(|&c| u16::from(c)));
            wide
        };
        fn grow32<T: Unit>(s: &[T], capacity: usize) -> Vec<u32> {
            let mut wide = Vec::with_capacity(capacity);
            wide.extend(s.iter().map(|&c| c.code()));
            wide
        }
        match &self.store {
            Store::One(s) if max > 0xffff => self.store = Store::Four(grow32(s, capacity)),
            Store::One(s) if max > 0xff => self.store = Store::Two(grow16(s)),
            Store::Two(s) if max > 0xffff => self.store = Store::Four(grow32(s, capacity)),
            _ => {}
        }
    }

    /// Appends a code point.
    #[inline]
    pub fn push(&mut self, ch: u32) {
        debug_assert!(ch < CODE_POINT_END);
        self.seen |= ch;
        match &mut self.store {
            Store::One(s) if ch < 0x100 => s.push(ch as u8),
            Store::Two(s) if ch < 0x1_0000 => s.push(ch as u16),
            Store::Four(s) => s.push(ch),
            _ => {
                self.widen(ch);
                self.push(ch);
            }
        }
    }

    /// Appends a code point `count` times; fails when memory does.
    pub fn push_repeated(&mut self, ch: u32, count: usize) -> Result<(), Fault> {
        if count == 0 {
            return Ok(());
        }
        self.widen(ch);
        self.try_reserve(count)?;
        self.seen |= ch;
        match &mut self.store {
            Store::One(s) => s.resize(s.len() + count, ch as u8),
            Store::Two(s) => s.resize(s.len() + count, ch as u16),
            Store::Four(s) => s.resize(s.len() + count, ch),
        }
        Ok(())
    }

    pub fn push_str(&mut self, text: &str) {
        // The lead byte of the largest character tells its width: U+0100 starts with 0xc4, U+10000 with 0xf0.
        let max = match text.bytes().max() {
            None => return,
            Some(0..0x80) => 0x7f,
            Some(0x80..0xc4) => 0xff,
            Some(0xc4..0xf0) => 0xffff,
            Some(_) => CODE_POINT_END - 1,
        };
        self.widen(max);
        self.seen |= max;
        match &mut self.store {
            Store::One(s) if max < 0x80 => s.extend_from_slice(text.as_bytes()),
            Store::One(s) => s.extend(text.chars().map(|c| c as u32 as u8)),
            Store::Two(s) => s.extend(text.chars().map(|c| c as u32 as u16)),
            Store::Four(s) => s.extend(text.chars().map(u32::from)),
        }
    }

    pub fn push_units(&mut self, units: Units<'_>) {
        if let (Store::One(s), Units::Ascii(t)) = (&mut self.store, units) {
            s.extend_from_slice(t);
            return;
        }
        let max = units.max();
        self.widen(max);
        self.seen |= max;
        match (&mut self.store, units) {
            (Store::One(s), Units::Latin1(t)) => s.extend_from_slice(t),
            (Store::Two(s), Units::Ucs2(t)) => s.extend_from_slice(t),
            (Store::Four(s), Units::Ucs4(t)) => s.extend_from_slice(t),
            (Store::One(s), _) => with_units!(units, t => s.extend(t.iter().map(|&c| c.code() as u8))),
            (Store::Two(s), _) => with_units!(units, t => s.extend(t.iter().map(|&c| c.code() as u16))),
            (Store::Four(s), _) => with_units!(units, t => s.extend(t.iter().map(|&c| c.code()))),
        }
    }

    /// The text, in the smallest kind.
    pub fn finish(self) -> OwnedUnits {
        match self.store {
            Store::One(s) if self.seen < 0x80 => OwnedUnits::Ascii(s),
            Store::One(s) => OwnedUnits::Latin1(s),
            // A capacity hint or a view wider than its content may have chosen too wide a kind.
            Store::Two(s) if s.iter().all(|&c| c < 0x100) => Units::Ucs2(&s).to_owned(),
            Store::Two(s) => OwnedUnits::Ucs2(s),
            Store::Four(s) if s.iter().all(|&c| c < 0x1_0000) => Units::Ucs4(&s).to_owned(),
            Store::Four(s) => OwnedUnits::Ucs4(s),
        }
    }
}

impl std::fmt::Write for Builder {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        self.push_str(s);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builder_widens_and_finishes_narrow() {
        let text: OwnedUnits = "aé€😀".into();
        assert!(matches!(text, OwnedUnits::Ucs4(_)));
        assert_eq!(text.units().slice(0..1).to_owned(), "a");
        assert!(matches!(text.units().slice(0..1).to_owned(), OwnedUnits::Ascii(_)));
        assert!(matches!(text.units().slice(0..2).to_owned(), OwnedUnits::Latin1(_)));
        assert!(matches!(text.units().slice(0..3).to_owned(), OwnedUnits::Ucs2(_)));
        let mut builder = Builder::new();
        builder.push_units(text.units().slice(0..1));
        assert!(matches!(builder.finish(), OwnedUnits::Ascii(_)));
        assert!(Builder::new().push_repeated(32, 1 << 60).is_err());
        let mut builder = Builder::new();
        for part in ["a", "\u{ff}", "\u{100}", "b\u{e9}", "\u{ffff}", "\u{10000}", "c"] {
            builder.push_str(part);
            builder.push_units(OwnedUnits::from_str(part).units());
        }
        let doubled = "aa\u{ff}\u{ff}\u{100}\u{100}b\u{e9}b\u{e9}\u{ffff}\u{ffff}\u{10000}\u{10000}cc";
        assert_eq!(builder.finish(), doubled);
        let mut builder = Builder::new();
        builder.push_str("\u{ff}");
        assert!(matches!(builder.finish(), OwnedUnits::Latin1(_)));
    }

    #[test]
    fn wtf8_keeps_surrogates() {
        let text: OwnedUnits = [0x61, 0xd800, 0x20ac].into_iter().collect();
        assert_eq!(text.units().to_str(), Err(1));
        let bytes = text.units().to_wtf8();
        assert_eq!(&*bytes, b"a\xed\xa0\x80\xe2\x82\xac");
        assert_eq!(OwnedUnits::from_wtf8(&bytes), Some(text.clone()));
        assert_eq!(OwnedUnits::from_wtf8(b"\xc0\x80"), None);
    }

    #[test]
    fn order_is_by_code_point() {
        let low: OwnedUnits = "\u{ffff}".into();
        let high: OwnedUnits = "\u{10000}".into();
        assert!(low.units() < high.units());
        assert!(Units::Ascii(b"ab") > Units::Ucs2(&[0x61]));
    }

    #[test]
    fn hashes_are_those_of_pythonhashseed() {
        // PYTHONHASHSEED=n python -c 'print(hash("abc"), hash("\u20ac"), hash(""))'
        let euro: OwnedUnits = "€".into();
        for (seed, abc, eur) in HASHES {
            let key = HashKey::from_seed(seed);
            assert_eq!(Units::Ascii(b"abc").hash(key), abc);
            assert_eq!(euro.units().hash(key), eur);
        }
        assert_eq!(Units::EMPTY.hash(HashKey::from_seed(1)), 0);
    }
    const HASHES: [(u32, i64, i64); 3] = [
        (0, -4594863902769663758, -5529981157763016009),
        (1, -4667308735975688587, 4443362316794630049),
        (42, 3869580338025362921, -9193319877017669544),
    ];
}
