//! Literals.

use ruff_python_ast::{
    self as ast, AtomicNodeIndex, BytesLiteralFlags, Expr, ExprContext, Number, StringLiteralFlags,
};

use super::{Res, Writer, unsupported};
use crate::bytecode::code::Constant;
use crate::tree::Place;

impl Writer {
    pub(super) fn constant(&mut self, constant: &Constant, place: Place) -> Res<Expr> {
        let node_index = AtomicNodeIndex::NONE;
        let number = |range, value| {
            Expr::NumberLiteral(ast::ExprNumberLiteral { node_index: AtomicNodeIndex::NONE, range, value })
        };
        Ok(match constant {
            Constant::None => {
                let range = self.literal(place, |_| {});
                Expr::NoneLiteral(ast::ExprNoneLiteral { node_index, range })
            }
            Constant::True | Constant::False => {
                let value = matches!(constant, Constant::True);
                let range = self.literal(place, |_| {});
                Expr::BooleanLiteral(ast::ExprBooleanLiteral { node_index, range, value })
            }
            Constant::Ellipsis => {
                let range = self.literal(place, |_| {});
                Expr::EllipsisLiteral(ast::ExprEllipsisLiteral { node_index, range })
            }
            Constant::Int(value) if *value < 0 => {
                let magnitude = Constant::BigInt(format!("{:x}", value.unsigned_abs()).into());
                self.negative(&magnitude, place)?
            }
            Constant::Int(value) => {
                let digits = value.to_string();
                let range = self.literal(place, |text| text.push_str(&digits));
                number(range, Number::Int(digits.parse().map_err(|_| unsupported("this number"))?))
            }
            Constant::BigInt(digits) => match digits.strip_prefix('-') {
                Some(digits) => self.negative(&Constant::BigInt(digits.into()), place)?,
                None => {
                    let token = format!("0x{digits}");
                    let range = self.literal(place, |text| text.push_str(&token));
                    let value = ast::Int::from_str_radix(digits, 16, &token);
                    number(range, Number::Int(value.map_err(|_| unsupported("this number"))?))
                }
            },
            Constant::Float(value) => {
                let range = self.literal(place, |_| {});
                number(range, Number::Float(*value))
            }
            Constant::Complex(real, imag) => {
                let range = self.literal(place, |_| {});
                number(range, Number::Complex { real: *real, imag: *imag })
            }
            Constant::Str(content) => {
                let range = self.literal(place, |text| {
                    text.push('"');
                    escape(content, false, text);
                    text.push('"');
                });
                let value = String::from_utf8_lossy(content).into();
                let flags = StringLiteralFlags::empty();
                let part = ast::StringLiteral { node_index: AtomicNodeIndex::NONE, range, value, flags };
                let value = ast::StringLiteralValue::single(part);
                Expr::StringLiteral(ast::ExprStringLiteral { node_index, range, value })
            }
            Constant::Bytes(content) => {
                let range = self.literal(place, |text| {
                    text.push_str("b\"");
                    escape_bytes(content, text);
                    text.push('"');
                });
                let (value, flags) = ((&**content).into(), BytesLiteralFlags::empty());
                let part = ast::BytesLiteral { node_index: AtomicNodeIndex::NONE, range, value, flags };
                let value = ast::BytesLiteralValue::single(part);
                Expr::BytesLiteral(ast::ExprBytesLiteral { node_index, range, value })
            }
            Constant::Tuple(items) => {
                let start = self.open(place);
                let elts = items.iter().map(|item| self.constant(item, place)).collect::<Res<_>>()?;
                let range = self.close(start, place);
                let ctx = ExprContext::Load;
                Expr::Tuple(ast::ExprTuple { node_index, range, elts, ctx, parenthesized: true })
            }
            Constant::FrozenSet(_) => return Err(unsupported("a frozenset as Constant")),
            Constant::Slice(_) | Constant::Code(_) => return Err(unsupported("this Constant")),
        })
    }

    pub(super) fn negative(&mut self, magnitude: &Constant, place: Place) -> Res<Expr> {
        let start = self.open(place);
        let operand = Box::new(self.constant(magnitude, place)?);
        let range = self.close(start, place);
        Ok(Expr::UnaryOp(ast::ExprUnaryOp {
            node_index: AtomicNodeIndex::NONE,
            range,
            op: ast::UnaryOp::USub,
            operand,
        }))
    }
}

/// Text as it stands between quotes. Braces are doubled in strings with fields.
pub(super) fn escape(content: &[u8], braces: bool, out: &mut String) {
    use std::fmt::Write;
    let mut rest = content;
    while !rest.is_empty() {
        let valid = match std::str::from_utf8(rest) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or(""),
        };
        for character in valid.chars() {
            match character {
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                '{' | '}' if braces => out.extend([character, character]),
                '\0'..='\x1f' | '\x7f' => {
                    let _ = write!(out, "\\x{:02x}", character as u32);
                }
                _ => out.push(character),
            }
        }
        rest = &rest[valid.len()..];
        if let [first, second, third, after @ ..] = rest {
            // A surrogate: three bytes that are no UTF-8.
            let code =
                (u32::from(*first) & 0xf) << 12 | (u32::from(*second) & 0x3f) << 6 | u32::from(*third) & 0x3f;
            let _ = write!(out, "\\u{code:04x}");
            rest = after;
        } else {
            break;
        }
    }
}

pub(super) fn escape_bytes(content: &[u8], out: &mut String) {
    use std::fmt::Write;
    for byte in content {
        match byte {
            b'\\' | b'"' => out.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
}
