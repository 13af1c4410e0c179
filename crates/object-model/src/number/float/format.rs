//! Digits of floats and Python's layout of them: `repr`, and the codes `e`, `f`, `g` at any precision.

use crate::number::Fault;

/// More digits than any finite float has after the point (1074) or in all (767): the rest are zeros.
const MAX_EXACT: usize = 1100;

/// How a float is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Shortest digits that read back; exponents outside 1e-4 ≤ |x| < 1e16.
    Repr,
    /// `e`: one digit before the point.
    Exponent,
    /// `f`: no exponent.
    Fixed,
    /// `g`: significant digits, trailing zeros dropped.
    General,
}

/// How a float is spelled, in full. The default is that of `repr` without the `.0`.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub code: Code,
    /// Digits after the point (`e`, `f`) or in all (`g`); `repr` has none.
    pub precision: usize,
    /// `E`, `INF`.
    pub upper: bool,
    /// `+` before what isn't negative.
    pub sign: bool,
    /// `.0` after a whole number.
    pub add_dot_0: bool,
    /// `#`: the point always, and the trailing zeros of `g`.
    pub alternate: bool,
}

impl Style {
    pub const REPR: Style = Style {
        code: Code::Repr,
        precision: 0,
        upper: false,
        sign: false,
        add_dot_0: true,
        alternate: false,
    };
}

/// `repr(value)`.
pub fn repr(value: f64) -> String {
    // Where neither spelling has an exponent, the digits come laid out as Python's.
    if (1e-4..1e16).contains(&value.abs()) {
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(value);
        if text.contains('.') && !text.contains('e') {
            return text.to_string();
        }
    }
    let digits = if value.is_finite() { shortest(value) } else { Digits::default() };
    // A shortest spelling is short: it can't fail.
    layout(value, digits, Style::REPR).unwrap_or_default()
}

/// Significant digits; the value is `0.d1d2d3… * 10**point`.
#[derive(Debug, Default)]
struct Digits {
    digits: Vec<u8>,
    point: i64,
}

/// The shortest digits that read back as the value.
fn shortest(value: f64) -> Digits {
    if value == 0.0 {
        return Digits { digits: vec![b'0'], point: 1 };
    }
    let mut buffer = zmij::Buffer::new();
    from_text(buffer.format_finite(value.abs()))
}

/// Reads `12.5`, `1e-7`, `1.25e+20`.
fn from_text(text: &str) -> Digits {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits: Vec<u8> = [whole, fraction].concat().into_bytes();
    let mut point = whole.len() as i64 + exponent;
    let zeros = digits.iter().take_while(|&&d| d == b'0').count();
    if zeros == digits.len() {
        return Digits { digits: vec![b'0'], point: 1 };
    }
    digits.drain(..zeros);
    point -= zeros as i64;
    while digits.len() > 1 && digits.last() == Some(&b'0') {
        digits.pop();
    }
    Digits { digits, point }
}

/// The value rounded to `count` significant digits (1 at least), ties on the exact value to even.
fn significant(value: f64, count: usize) -> Digits {
    let count = count.clamp(1, MAX_EXACT);
    let text = format!("{:.*e}", count - 1, value.abs());
    let mut digits = from_text(&text);
    digits.digits.resize(count, b'0');
    digits
}

/// The value rounded to `count` digits after the point.
fn fixed(value: f64, count: usize) -> Digits {
    let text = format!("{:.*}", count.min(MAX_EXACT), value.abs());
    let whole = text.find('.').unwrap_or(text.len());
    Digits { digits: text.bytes().filter(|&b| b != b'.').collect(), point: whole as i64 }
}

/// A float spelled in a style. The result is ASCII.
///
/// # Errors
/// `MemoryError` if a huge precision asks for more zeros than can be held.
pub fn format(value: f64, style: Style) -> Result<String, Fault> {
    let digits = match style.code {
        _ if !value.is_finite() => Digits::default(),
        Code::Repr => shortest(value),
        Code::Exponent => significant(value, style.precision.saturating_add(1)),
        Code::Fixed => fixed(value, style.precision),
        Code::General => significant(value, style.precision.max(1)),
    };
    layout(value, digits, style)
}

fn push_zeros(out: &mut String, count: usize) -> Result<(), Fault> {
    out.try_reserve(count)?;
    out.extend(std::iter::repeat_n('0', count));
    Ok(())
}

fn layout(value: f64, digits: Digits, style: Style) -> Result<String, Fault> {
    let mut out = String::new();
    if value.is_sign_negative() && !value.is_nan() {
        out.push('-');
    } else if style.sign {
        out.push('+');
    }
    if !value.is_finite() {
        out.push_str(match (value.is_nan(), style.upper) {
            (true, false) => "nan",
            (true, true) => "NAN",
            (false, false) => "inf",
            (false, true) => "INF",
        });
        return Ok(out);
    }
    let Digits { mut digits, point } = digits;
    let precision = style.precision.max(1);
    // `places`: digits that must stand after the point, zeros filled in.
    let (exponential, places) = match style.code {
        Code::Repr => (point <= -4 || point > 16, 0),
        Code::Exponent => (true, style.precision),
        Code::Fixed => (false, style.precision),
        Code::General => {
            let most = i64::try_from(precision).unwrap_or(i64::MAX) - i64::from(style.add_dot_0);
            let exponential = point <= -4 || point > most;
            if !style.alternate {
                while digits.len() > 1 && digits.last() == Some(&b'0') {
                    digits.pop();
                }
            }
            // Digits in all, less those before the point.
            let before = if exponential { 1 } else { point };
            let all = if style.alternate { i64::try_from(precision).unwrap_or(i64::MAX) } else { 0 };
            (exponential, usize::try_from(all.saturating_sub(before)).unwrap_or(0))
        }
    };
    let point_at = if exponential { 1 } else { point };
    let all: &[u8] = &digits;
    let mut fraction_len = 0;
    if point_at <= 0 {
        out.push('0');
        let zeros = point_at.unsigned_abs() as usize;
        if all != b"0" || places > 0 {
            out.push('.');
            push_zeros(&mut out, zeros)?;
            out.extend(all.iter().map(|&b| b as char));
            fraction_len = zeros + all.len();
        }
    } else {
        let whole = all.len().min(point_at as usize);
        out.extend(all[..whole].iter().map(|&b| b as char));
        push_zeros(&mut out, point_at as usize - whole)?;
        if whole < all.len() {
            out.push('.');
            out.extend(all[whole..].iter().map(|&b| b as char));
            fraction_len = all.len() - whole;
        }
    }
    if fraction_len == 0 && (places > 0 || style.alternate) {
        out.push('.');
    }
    push_zeros(&mut out, places.saturating_sub(fraction_len))?;
    if fraction_len == 0 && places == 0 && style.add_dot_0 && !exponential {
        out.push_str(if style.alternate { "0" } else { ".0" });
    }
    if exponential {
        let exponent = point - 1;
        out.push(if style.upper { 'E' } else { 'e' });
        out.push(if exponent < 0 { '-' } else { '+' });
        out.push_str(&format!("{:02}", exponent.unsigned_abs()));
    }
    Ok(out)
}
