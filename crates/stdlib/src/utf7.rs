//! UTF-7 (RFC 2152), as `_codecs` offers it.
//!
//! Decoding goes as far as it can and answers where and why it stopped; whoever runs error handlers sets the position to go
//! on at and calls again. Not here: error handlers, Python's functions (`codecs`).

use object_model::text::units::{Builder, Units};

/// What cannot be decoded: `start`, `end` and `reason` of Python's exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub start: usize,
    pub end: usize,
    pub reason: &'static str,
}

/// Bits that have come and are less than a code unit.
#[derive(Clone, Copy, Default)]
struct Bits {
    value: u32,
    count: u32,
}

/// A sequence between `+` and its end.
#[derive(Default)]
struct Shift {
    bits: Bits,
    /// A high surrogate whose low one may follow.
    high: Option<u32>,
    /// What the sequence has said so far: it is asked again if it is not complete.
    said: Vec<u32>,
}

/// A decoder of some bytes.
pub struct Decoder<'a> {
    bytes: &'a [u8],
    /// Where it goes on.
    pub at: usize,
    shift: Option<Shift>,
    /// Where the latest sequence, or the latest error, begins.
    start: usize,
}

impl<'a> Decoder<'a> {
    pub fn new(bytes: &'a [u8]) -> Decoder<'a> {
        Decoder { bytes, at: 0, shift: None, start: 0 }
    }

    /// Goes on; answers how many bytes are decoded. A sequence that has no end is an error if these bytes are the `last`
    /// ones, otherwise it is left for the next time.
    pub fn run(&mut self, out: &mut Builder, last: bool) -> Result<usize, Fault> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if let Some(shift) = &mut self.shift {
                if let Some(six) = from_base64(byte) {
                    self.at += 1;
                    shift.take(six);
                } else {
                    self.leave(byte, out)?;
                }
                continue;
            }
            self.at += 1;
            match (byte, self.bytes.get(self.at)) {
                (b'+', Some(b'-')) => {
                    self.at += 1;
                    out.push(b'+'.into());
                }
                (b'+', next) => {
                    self.start = self.at - 1;
                    if next.is_some_and(|byte| from_base64(*byte).is_none()) {
                        self.at += 1;
                        return Err(self.fault("ill-formed sequence"));
                    }
                    self.shift = Some(Shift::default());
                }
                (0..0x80, _) => out.push(byte.into()),
                _ => {
                    self.start = self.at - 1;
                    return Err(self.fault("unexpected special character"));
                }
            }
        }
        match self.shift.take() {
            Some(_) if !last => Ok(self.start),
            Some(shift) => {
                shift.said.iter().for_each(|ch| out.push(*ch));
                if shift.high.is_some() || shift.bits.count >= 6 || shift.bits.value != 0 {
                    return Err(self.fault("unterminated shift sequence"));
                }
                Ok(self.at)
            }
            None => Ok(self.at),
        }
    }

    /// The sequence ends at a byte that is none of its own.
    fn leave(&mut self, byte: u8, out: &mut Builder) -> Result<(), Fault> {
        let Some(shift) = self.shift.take() else { return Ok(()) };
        shift.said.iter().for_each(|ch| out.push(*ch));
        let reason = match shift.bits {
            Bits { count: 6.., .. } => Some("partial character in shift sequence"),
            Bits { value: 1.., .. } => Some("non-zero padding bits in shift sequence"),
            _ => None,
        };
        if let Some(reason) = reason {
            self.at += 1;
            return Err(self.fault(reason));
        }
        if let Some(high) = shift.high
            && byte.is_ascii()
            && byte != b'+'
        {
            out.push(high);
        }
        if byte == b'-' {
            self.at += 1;
        }
        Ok(())
    }

    fn fault(&self, reason: &'static str) -> Fault {
        Fault { start: self.start, end: self.at, reason }
    }
}

impl Shift {
    fn take(&mut self, six: u32) {
        let bits = &mut self.bits;
        bits.value = bits.value << 6 | six;
        bits.count += 6;
        if bits.count < 16 {
            return;
        }
        bits.count -= 16;
        let unit = bits.value >> bits.count;
        bits.value &= (1 << bits.count) - 1;
        match (self.high.take(), unit) {
            (Some(high), 0xdc00..0xe000) => {
                self.said.push(0x1_0000 + ((high & 0x3ff) << 10 | unit & 0x3ff));
                return;
            }
            (Some(high), _) => self.said.push(high),
            (None, _) => {}
        }
        match unit {
            0xd800..0xdc00 => self.high = Some(unit),
            _ => self.said.push(unit),
        }
    }
}

/// The bytes of a text. Every text has some.
pub fn encode(text: Units<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut shift: Option<Bits> = None;
    for ch in text.iter() {
        match (u8::try_from(ch).ok().filter(|byte| stands_for_itself(*byte)), &mut shift) {
            (Some(byte), _) => {
                if let Some(bits) = shift.take() {
                    bits.pad(&mut out);
                    if from_base64(byte).is_some() || byte == b'-' {
                        out.push(b'-');
                    }
                }
                out.push(byte);
            }
            (None, None) if ch == u32::from(b'+') => out.extend_from_slice(b"+-"),
            (None, None) => {
                out.push(b'+');
                let mut bits = Bits::default();
                bits.add(ch, &mut out);
                shift = Some(bits);
            }
            (None, Some(bits)) => bits.add(ch, &mut out),
        }
    }
    if let Some(bits) = shift {
        bits.pad(&mut out);
        out.push(b'-');
    }
    out
}

impl Bits {
    /// Adds a character, as one or two code units.
    fn add(&mut self, ch: u32, out: &mut Vec<u8>) {
        match ch.checked_sub(0x1_0000) {
            Some(above) => {
                self.add_unit(0xd800 | above >> 10, out);
                self.add_unit(0xdc00 | above & 0x3ff, out);
            }
            None => self.add_unit(ch, out),
        }
    }

    fn add_unit(&mut self, unit: u32, out: &mut Vec<u8>) {
        self.value = self.value << 16 | unit;
        self.count += 16;
        while self.count >= 6 {
            self.count -= 6;
            out.push(to_base64(self.value >> self.count));
            self.value &= (1 << self.count) - 1;
        }
    }

    /// Fills up the last digit with zeros.
    fn pad(self, out: &mut Vec<u8>) {
        if self.count > 0 {
            out.push(to_base64(self.value << (6 - self.count)));
        }
    }
}

/// Whether the encoder leaves a character as it is.
fn stands_for_itself(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'}') && !matches!(byte, b'+' | b'\\')
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn to_base64(six: u32) -> u8 {
    DIGITS[six as usize & 63]
}

fn from_base64(byte: u8) -> Option<u32> {
    let digit = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(digit.into())
}

#[cfg(test)]
mod tests {
    use object_model::text::units::OwnedUnits;

    use super::{Decoder, Fault, encode};
    use object_model::text::units::Builder;

    fn decode(bytes: &[u8], last: bool) -> Result<(OwnedUnits, usize), Fault> {
        let mut out = Builder::new();
        let taken = Decoder::new(bytes).run(&mut out, last)?;
        Ok((out.finish(), taken))
    }

    #[test]
    fn texts_come_back() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("A\u{2262}\u{391}.", b"A+ImIDkQ."),
            ("Hi Mom -\u{263a}-!", b"Hi Mom -+Jjo--!"),
            ("a+b\\~", b"a+-b+AFwAfg-"),
            ("\u{65e5}\u{672c}\u{8a9e}", b"+ZeVnLIqe-"),
            ("\u{abcde}", b"+2m/c3g-"),
            ("\0a", b"+AAA-a"),
        ] {
            assert_eq!(encode(OwnedUnits::from_str(text).units()), bytes);
            assert_eq!(decode(bytes, true), Ok((OwnedUnits::from_str(text), bytes.len())));
        }
        assert_eq!(decode(b"+2AE-", true).map(|(text, _)| text.units().get(0)), Ok(0xd801));
    }

    #[test]
    fn what_is_not_complete_waits() {
        for length in 1..6 {
            assert_eq!(decode(&b"a+2m/c3g"[..2 + length], false), Ok((OwnedUnits::from_str("a"), 1)));
        }
    }

    #[test]
    fn faults_are_placed() {
        let fault = |start, end, reason| Err(Fault { start, end, reason });
        assert_eq!(decode(b"a\xff", true), fault(1, 2, "unexpected special character"));
        assert_eq!(decode(b"+!", true), fault(0, 2, "ill-formed sequence"));
        assert_eq!(decode(b"+IKw.", true).map(drop), Ok(()));
        assert_eq!(decode(b"+IK.", true), fault(0, 4, "partial character in shift sequence"));
        assert_eq!(decode(b"+IKx.", true), fault(0, 5, "non-zero padding bits in shift sequence"));
        assert_eq!(decode(b"a+IK", true), fault(1, 4, "unterminated shift sequence"));
        assert_eq!(decode(b"a+2AE", true), fault(1, 5, "unterminated shift sequence"));
    }
}
