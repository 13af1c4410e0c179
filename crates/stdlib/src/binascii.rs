//! `binascii`: between binary data and its ASCII spellings, and checksums.

use vm::prelude::*;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The six bits of a base-64 digit.
fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn encode_base64(data: &[u8], newline: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len().div_ceil(3) * 4 + 1);
    for chunk in data.chunks(3) {
        let word = (0..3).fold(0u32, |word, i| word << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let digit = ALPHABET[(word >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= chunk.len() { digit } else { b'=' });
        }
    }
    if newline {
        out.push(b'\n');
    }
    out
}

fn decode_base64(data: &[u8], strict: bool) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(data.len() / 4 * 3);
    let (mut quad, mut left, mut pads) = (0usize, 0u8, 0usize);
    if strict && data.first() == Some(&b'=') {
        return Err("Leading padding not allowed".into());
    }
    for (i, &byte) in data.iter().enumerate() {
        if byte == b'=' {
            if strict && quad == 0 {
                return Err("Excess padding not allowed".into());
            }
            if quad >= 2 {
                pads += 1;
                if quad + pads >= 4 {
                    if strict && i + 1 < data.len() {
                        let rest = data[i + 1];
                        return Err(if rest == b'=' {
                            "Excess padding not allowed".into()
                        } else {
                            "Excess data after padding".into()
                        });
                    }
                    return Ok(out);
                }
            }
            continue;
        }
        let Some(bits) = sextet(byte) else {
            if strict {
                return Err("Only base64 data is allowed".into());
            }
            continue;
        };
        if strict && pads > 0 {
            return Err("Discontinuous padding not allowed".into());
        }
        pads = 0;
        match quad {
            0 => left = bits,
            1 => {
                out.push(left << 2 | bits >> 4);
                left = bits & 15;
            }
            2 => {
                out.push(left << 4 | bits >> 2);
                left = bits & 3;
            }
            _ => out.push(left << 6 | bits),
        }
        quad = (quad + 1) % 4;
    }
    match quad {
        0 => Ok(out),
        1 => Err(format!(
            "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
            out.len() / 3 * 4 + 1
        )),
        _ => Err("Incorrect padding".into()),
    }
}

/// CRC-32 as in zip files, reflected, polynomial 0xEDB88320.
fn crc32(data: &[u8], start: u32) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0u32; 256];
        let mut i = 0;
        while i < 256 {
            let mut crc = i as u32;
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xedb8_8320 };
                bit += 1;
            }
            table[i] = crc;
            i += 1;
        }
        table
    };
    !data.iter().fold(!start, |crc, byte| TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize] ^ crc >> 8)
}

/// CRC-CCITT, polynomial 0x1021.
fn crc_hqx(data: &[u8], start: u16) -> u16 {
    data.iter().fold(start, |crc, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte) << 8,
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            },
        )
    })
}

#[cold]
pub(crate) fn error(th: &mut Thread, message: &str) -> Raised {
    match crate::support::import_attr(th, "binascii", "Error") {
        Ok(class) => {
            let text = th.str(message);
            match th.call(&class, &[text]) {
                Ok(exception) => th.raise(exception),
                Err(raised) => raised,
            }
        }
        Err(raised) => raised,
    }
}

/// Bytes, or a string of ASCII characters.
pub(crate) fn ascii_or_bytes(th: &mut Thread, data: &Value) -> PyResult<Vec<u8>> {
    if let Some(text) = th.as_str(data) {
        return match text.as_ascii() {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => Err(th.value_error("string argument should contain only ASCII characters")),
        };
    }
    if !vm::protocol::buffer::is_buffer(th, data) {
        let found = th.type_name(data);
        return Err(
            th.type_error(format_args!("argument should be bytes, buffer or ASCII string, not '{found}'"))
        );
    }
    th.buffer_to_vec(data)
}

/// The module.
#[pymodule(name = "binascii", doc = "Conversion between binary data and ASCII", functions = [
    crate::binascii_mail::a2b_uu, crate::binascii_mail::b2a_uu, crate::binascii_mail::a2b_qp,
    crate::binascii_mail::b2a_qp
])]
pub mod module {
    use vm::prelude::*;

    use super::{ascii_or_bytes, error};

    /// Base64-code line of data.
    #[pyfunction(signature = "(data, /, *, newline=True)")]
    fn b2a_base64(th: &mut Thread, data: &Value, newline: Option<bool>) -> PyResult {
        let out = th.with_buffer(data, |data| super::encode_base64(data, newline.unwrap_or(true)))?;
        th.bytes(&out)
    }

    /// Decode a line of base64 data.
    ///
    ///   strict_mode
    ///     When set to True, bytes that are not in the base64 standard are not allowed.
    ///     The same applies to excess data after padding (= / ==).
    #[pyfunction(signature = "(data, /, *, strict_mode=False)")]
    fn a2b_base64(th: &mut Thread, data: &Value, strict_mode: Option<bool>) -> PyResult {
        let data = ascii_or_bytes(th, data)?;
        match super::decode_base64(&data, strict_mode.unwrap_or(false)) {
            Ok(out) => th.bytes(&out),
            Err(message) => Err(error(th, &message)),
        }
    }

    /// Hexadecimal representation of binary data.
    #[pyfunction(signature = "(data, sep=<unrepresentable>, bytes_per_sep=1)")]
    fn b2a_hex(th: &mut Thread, data: &Value, sep: Option<&Value>, bytes_per_sep: Option<i64>) -> PyResult {
        let view = vm::builtins::memoryview::of_object(th, data, false)?.into_value();
        let mut args = Vec::new();
        if let Some(sep) = sep {
            args.push(sep.clone());
            args.push(th.int(bytes_per_sep.unwrap_or(1)));
        }
        let text = th.call_method(&view, "hex", &args)?;
        th.call_method(&text, "encode", &[])
    }

    /// Hexadecimal representation of binary data.
    ///
    /// The return value is a bytes object.  This function is also
    /// available as "b2a_hex()".
    #[pyfunction(signature = "(data, sep=<unrepresentable>, bytes_per_sep=1)")]
    fn hexlify(th: &mut Thread, data: &Value, sep: Option<&Value>, bytes_per_sep: Option<i64>) -> PyResult {
        b2a_hex(th, data, sep, bytes_per_sep)
    }

    /// Binary data of hexadecimal representation.
    ///
    /// hexstr must contain an even number of hex digits (upper or lower case).
    #[pyfunction(signature = "(hexstr, /)")]
    fn a2b_hex(th: &mut Thread, hexstr: &Value) -> PyResult {
        let text = ascii_or_bytes(th, hexstr)?;
        if text.len() % 2 != 0 {
            return Err(error(th, "Odd-length string"));
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|d| d as u8);
        let out: Option<Vec<u8>> =
            text.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect();
        match out {
            Some(out) => th.bytes(&out),
            None => Err(error(th, "Non-hexadecimal digit found")),
        }
    }

    /// Binary data of hexadecimal representation.
    ///
    /// hexstr must contain an even number of hex digits (upper or lower case).
    /// This function is also available as "a2b_hex()".
    #[pyfunction(signature = "(hexstr, /)")]
    fn unhexlify(th: &mut Thread, hexstr: &Value) -> PyResult {
        a2b_hex(th, hexstr)
    }

    /// Compute CRC-32 incrementally.
    #[pyfunction(signature = "(data, crc=0, /)")]
    fn crc32(th: &mut Thread, data: &Value, crc: Option<&Value>) -> PyResult<u32> {
        let start = match crc {
            // Only the low 32 bits count, as of a C conversion.
            Some(crc) => th.index(crc)? as u32,
            None => 0,
        };
        th.with_buffer(data, |data| super::crc32(data, start))
    }

    /// Compute CRC-CCITT incrementally.
    #[pyfunction(signature = "(data, crc, /)")]
    fn crc_hqx(th: &mut Thread, data: &Value, crc: &Value) -> PyResult<u16> {
        let start = th.index(crc)? as u16;
        th.with_buffer(data, |data| super::crc_hqx(data, start))
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let metaclass = th.type_of(&Exc::ValueError.class().value()).value();
        for (name, base) in [("Error", Exc::ValueError), ("Incomplete", Exc::Exception)] {
            let bases = th.tuple(vec![base.class().value()]);
            let dict = th.dict();
            let (key, home) = (th.intern("__module__"), th.str("binascii"));
            th.dict_set(&dict, key.as_value(), home)?;
            let text = th.str(name);
            let class = th.call(&metaclass, &[text, bases, dict.into_value()])?;
            crate::support::set_attr(th, module, name, &class)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64() {
        assert_eq!(encode_base64(b"hello", true), b"aGVsbG8=\n");
        assert_eq!(decode_base64(b"aGVs\nbG8=", false).as_deref(), Ok(&b"hello"[..]));
        assert_eq!(decode_base64(b"aGVsbG8", false), Err("Incorrect padding".into()));
        assert!(decode_base64(b"aGVs\nbG8=", true).is_err());
    }

    #[test]
    fn checksums() {
        assert_eq!(crc32(b"123456789", 0), 0xcbf4_3926);
        assert_eq!(crc_hqx(b"123456789", 0), 0x31c3);
    }
}
