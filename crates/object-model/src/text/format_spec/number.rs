//! Laying out numbers: sign, prefix, zeros, groups of digits, point, exponent and padding.

use super::{Align, FormatSpec, Grouping, SignStyle, margins};
use crate::number::Complex;
use crate::number::float::format::{Code, Style, format};
use crate::text::Fault;
use crate::text::units::{Builder, OwnedUnits};

/// Digits in groups from the right, filled up with zeros to a width that counts the separators; a separator never
/// comes first, so the result may be one wider.
fn grouped(digits: &str, separator: Option<char>, group: usize, width: usize) -> Result<String, Fault> {
    let mut out = Vec::new();
    out.try_reserve(digits.len().max(width).saturating_mul(2))?;
    let mut left = digits.bytes().rev();
    let mut in_group = 0;
    loop {
        let digit = left.next();
        if digit.is_none() && out.len() >= width {
            break;
        }
        if let Some(separator) = separator
            && in_group == group
        {
            out.push(separator as u8);
            in_group = 0;
        }
        out.push(digit.unwrap_or(b'0'));
        in_group += 1;
    }
    out.reverse();
    // Digits and separators are ASCII.
    Ok(String::from_utf8(out).unwrap_or_default())
}

/// Digits in groups of three from the left.
fn grouped_fraction(digits: &str, grouping: Option<Grouping>) -> String {
    let Some(grouping) = grouping else { return digits.to_string() };
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && i % 3 == 0 {
            out.push(grouping.char());
        }
        out.push(digit);
    }
    out
}

/// A number, ASCII with a minus sign or none, in a spec's layout.
pub(super) fn layout(
    spec: &FormatSpec,
    prefix: &str,
    number: &str,
    group: usize,
) -> Result<OwnedUnits, Fault> {
    let mut out = Builder::new();
    let (sign, unsigned) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => match spec.sign {
            Some(SignStyle::Plus) => ("+", number),
            Some(SignStyle::Space) => (" ", number),
            _ => ("", number),
        },
    };
    // `parts`: digits, point, digits after it, exponent and whatever else.
    let whole_len = unsigned.bytes().take_while(u8::is_ascii_hexdigit).count();
    let whole_len =
        if group == 3 { unsigned.bytes().take_while(u8::is_ascii_digit).count() } else { whole_len };
    let (whole, rest) = unsigned.split_at(whole_len);
    let (point, rest) = match rest.strip_prefix('.') {
        Some(rest) => (".", rest),
        None => ("", rest),
    };
    let (fraction, remainder) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
    let fraction = grouped_fraction(fraction, spec.fraction_grouping);
    let fixed = sign.len() + prefix.len() + point.len() + fraction.len() + remainder.len();
    let zero_fill = spec.fill == 0x30 && spec.align == Align::AfterSign;
    let least = if zero_fill { spec.width.unwrap_or(0).saturating_sub(fixed) } else { 0 };
    let whole = match whole.is_empty() {
        // `inf` and `nan` have no digits to group.
        true => String::new(),
        false => grouped(whole, spec.thousands.map(Grouping::char), group, least)?,
    };
    let len = fixed + whole.len();
    let (mut left, right) = margins(len, spec.width, spec.align);
    let mut inner = 0;
    if spec.align == Align::AfterSign {
        (left, inner) = (0, left);
    }
    out.push_repeated(spec.fill, left)?;
    out.push_str(sign);
    out.push_str(prefix);
    out.push_repeated(spec.fill, inner)?;
    for part in [&whole, point, &fraction, remainder] {
        out.push_str(part);
    }
    out.push_repeated(spec.fill, right)?;
    Ok(out.finish())
}

/// The digits of a float under a spec, without padding; `bare` is what an omitted type means.
fn digits(value: f64, spec: &FormatSpec, bare: Style) -> Result<String, Fault> {
    if spec.precision.is_some_and(|p| p > i32::MAX as usize) {
        return Err(Fault::value("precision too big"));
    }
    let letter = spec.kind as u8;
    let code = match letter.to_ascii_lowercase() {
        b'e' => Code::Exponent,
        b'f' | b'%' => Code::Fixed,
        b'g' | b'n' => Code::General,
        _ if spec.precision.is_some() => Code::General,
        _ => Code::Repr,
    };
    let style = Style {
        code,
        precision: spec.precision.unwrap_or(6),
        upper: letter.is_ascii_uppercase(),
        sign: false,
        add_dot_0: letter == 0 && bare.add_dot_0,
        alternate: spec.alternate,
    };
    let mut text = format(value, style)?;
    if spec.no_negative_zero && text.starts_with('-') && value.is_finite() {
        let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
        if !mantissa.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
            text.remove(0);
        }
    }
    Ok(text)
}

pub(super) fn float(value: f64, spec: &FormatSpec) -> Result<OwnedUnits, Fault> {
    let percent = spec.kind == u32::from('%');
    let mut text = digits(if percent { value * 100.0 } else { value }, spec, Style::REPR)?;
    if percent {
        text.push('%');
    }
    layout(spec, "", &text, 3)
}

pub(super) fn complex(value: Complex, spec: &FormatSpec) -> Result<OwnedUnits, Fault> {
    if spec.precision.is_some_and(|p| p > i32::MAX as usize) {
        return Err(Fault::value("precision too big"));
    }
    if spec.fill == 0x30 {
        return Err(Fault::value("Zero padding is not allowed in complex format specifier"));
    }
    if spec.align == Align::AfterSign {
        return Err(Fault::value("'=' alignment flag is not allowed in complex format specifier"));
    }
    let bare = Style { add_dot_0: false, ..Style::REPR };
    let only_imag = spec.kind == 0 && value.real == 0.0 && value.real.is_sign_positive();
    let parens = spec.kind == 0 && !only_imag;
    let mut part = FormatSpec { fill: 0x20, align: Align::Left, width: None, ..spec.clone() };
    let mut body = Builder::new();
    if parens {
        body.push('('.into());
    }
    if !only_imag {
        body.push_units(layout(&part, "", &digits(value.real, spec, bare)?, 3)?.units());
        part.sign = Some(SignStyle::Plus);
    }
    body.push_units(layout(&part, "", &digits(value.imag, spec, bare)?, 3)?.units());
    body.push('j'.into());
    if parens {
        body.push(')'.into());
    }
    let body = body.finish();
    let (left, right) = margins(body.len(), spec.width, spec.align);
    let mut out = Builder::new();
    out.push_repeated(spec.fill, left)?;
    out.push_units(body.units());
    out.push_repeated(spec.fill, right)?;
    Ok(out.finish())
}
