//! f-strings and t-strings.

use ruff_python_ast::{
    self as ast, ConversionFlag, FStringPart, InterpolatedElement, InterpolatedStringElement,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Lowerer, NONE, Res, literal};
use crate::bytecode::code::Constant;
use crate::bytecode::instruction::Opcode;
use crate::bytecode::operand::{Dst, Reg, Value};

/// Most strings that are joined at once.
const MAX_RUN: usize = 48;

/// Part of a string.
enum Piece<'a> {
    /// WTF-8.
    Literal(Vec<u8>, TextRange),
    /// With whether the string is raw.
    Field(&'a InterpolatedElement, bool),
}

fn push_literal(pieces: &mut Vec<Piece<'_>>, text: &[u8], range: TextRange) {
    if text.is_empty() {
        return;
    }
    if let Some(Piece::Literal(last, last_range)) = pieces.last_mut() {
        last.extend_from_slice(text);
        *last_range = last_range.cover(range);
        return;
    }
    pieces.push(Piece::Literal(text.to_vec(), range));
}

/// The text that `=` shows of an expression: comments are left out.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut quote, mut comment, mut escaped) = (None, false, false);
    for character in text.chars() {
        match character {
            '\n' => comment = false,
            _ if std::mem::take(&mut escaped) => {}
            '\\' => escaped = quote.is_some(),
            '#' if quote.is_none() => comment = true,
            '\'' | '"' if !comment && quote.is_none() => quote = Some(character),
            _ if quote == Some(character) => quote = None,
            _ => {}
        }
        if !comment {
            out.push(character);
        }
    }
    out
}

impl<'a> Lowerer<'a> {
    pub(super) fn fstring(&mut self, string: &'a ast::ExprFString, dst: Dst) -> Res<Reg> {
        let mut pieces = Vec::new();
        for part in &string.value {
            match part {
                FStringPart::Literal(part) => {
                    let text = literal::string_part(self.source, part)?;
                    push_literal(&mut pieces, &text, part.range);
                }
                FStringPart::FString(part) => {
                    let raw = part.flags.prefix().is_raw();
                    self.pieces(&part.elements, raw, &mut pieces)?;
                }
            }
        }
        self.join(pieces, string.range, dst)
    }

    fn pieces(
        &self,
        elements: &'a ast::InterpolatedStringElements,
        raw: bool,
        pieces: &mut Vec<Piece<'a>>,
    ) -> Res {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(element) => {
                    let text = literal::interpolated_part(self.source, element, raw)?;
                    push_literal(pieces, &text, element.range);
                }
                InterpolatedStringElement::Interpolation(element) => {
                    if let Some(debug) = &element.debug_text {
                        push_literal(pieces, without_comments(debug.as_str()).as_bytes(), element.range);
                    }
                    pieces.push(Piece::Field(element, raw));
                }
            }
        }
        Ok(())
    }

    fn join(&mut self, pieces: Vec<Piece<'a>>, range: TextRange, dst: Dst) -> Res<Reg> {
        let run = self.unit.code.top();
        let mut count = 0;
        let total = pieces.len();
        for piece in pieces {
            if count == MAX_RUN {
                self.release_to(run);
                self.push();
                self.at(range);
                self.emit(Opcode::BuildString, 0, run, run, count as u32);
                count = 1;
            }
            count += 1;
            match piece {
                Piece::Literal(text, literal_range) => {
                    self.at(literal_range);
                    let target = if total == 1 { dst } else { Dst::Push };
                    let reg = self.load_constant(Constant::Str(text.into()), target);
                    if total == 1 {
                        return Ok(reg);
                    }
                }
                Piece::Field(field, raw) if total == 1 => return self.field(field, raw, dst),
                Piece::Field(field, raw) => {
                    self.field(field, raw, Dst::Push)?;
                }
            }
        }
        self.release_to(run);
        self.at(range);
        if count == 0 {
            return Ok(self.load_str("", dst));
        }
        let reg = self.result(dst);
        self.emit(Opcode::BuildString, 0, reg, run, count as u32);
        Ok(reg)
    }

    /// A replacement field, formatted.
    fn field(&mut self, field: &'a InterpolatedElement, raw: bool, dst: Dst) -> Res<Reg> {
        let mark = self.depth();
        // A format specification may hold anything, assignments too.
        let mut value = if self.has_walrus && field.format_spec.is_some() {
            Value::dying(self.push_expression(&field.expression)?)
        } else {
            self.operand(&field.expression)?
        };
        self.at(field.range);
        if let Some(conversion) = conversion(field) {
            let target = if value.kill { value.reg } else { self.push() };
            self.emit(Opcode::Convert, value.kill_b(), target, value, conversion);
            value = Value::dying(target);
        }
        let Some(spec) = &field.format_spec else {
            self.release(mark);
            let reg = self.result(dst);
            self.emit(Opcode::FormatSimple, value.kill_b(), reg, value, NONE);
            return Ok(reg);
        };
        let spec = self.format_spec(spec, raw)?;
        self.release(mark);
        let reg = self.result(dst);
        self.at(field.range);
        let flags = value.kill_b() | Value::dying(spec).kill_c();
        self.emit(Opcode::FormatSpec, flags, reg, value, spec);
        Ok(reg)
    }

    /// A format specification in the next temporary.
    fn format_spec(&mut self, spec: &'a ast::InterpolatedStringFormatSpec, raw: bool) -> Res<Reg> {
        let mut pieces = Vec::new();
        self.pieces(&spec.elements, raw, &mut pieces)?;
        self.join(pieces, spec.range, Dst::Push)
    }

    pub(super) fn tstring(&mut self, string: &'a ast::ExprTString, dst: Dst) -> Res<Reg> {
        let mut pieces = Vec::new();
        for part in &string.value {
            let raw = part.flags.prefix().is_raw();
            self.pieces(&part.elements, raw, &mut pieces)?;
        }
        // Strings and fields alternate, with a string at both ends.
        let mut strings = Vec::new();
        let mut fields = Vec::new();
        let mut text = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Literal(literal, _) => text = literal,
                Piece::Field(field, raw) => {
                    strings.push(Constant::Str(std::mem::take(&mut text).into()));
                    fields.push((field, raw));
                }
            }
        }
        strings.push(Constant::Str(text.into()));
        self.at(string.range);
        let run = self.load_constant(Constant::Tuple(strings.into()), Dst::Push);
        let first = self.unit.code.top();
        for (field, raw) in &fields {
            self.interpolation(field, *raw)?;
        }
        self.release_to(first);
        let tuple = self.push();
        self.at(string.range);
        self.emit(Opcode::BuildTuple, 0, tuple, first, fields.len() as u32);
        self.release_to(run);
        let reg = self.result(dst);
        self.emit(Opcode::BuildTemplate, 0, reg, run, NONE);
        Ok(reg)
    }

    /// An interpolation in the next temporary.
    fn interpolation(&mut self, field: &'a InterpolatedElement, raw: bool) -> Res {
        let run = self.push_expression(&field.expression)?;
        let text = self.expression_text(field).to_owned();
        self.at(field.range);
        self.load_str(&text, Dst::Push);
        match conversion(field) {
            Some(conversion) => {
                let letter = ["s", "r", "a"][conversion as usize - 1];
                self.load_str(letter, Dst::Push)
            }
            None => self.load_constant(Constant::None, Dst::Push),
        };
        match &field.format_spec {
            Some(spec) => self.format_spec(spec, raw)?,
            None => self.load_str("", Dst::Push),
        };
        self.release_to(run);
        self.push();
        self.at(field.range);
        self.emit(Opcode::BuildInterpolation, 0, run, run, NONE);
        Ok(())
    }

    /// The source of a field's expression, with its parentheses.
    fn expression_text(&self, field: &InterpolatedElement) -> &'a str {
        let start = field.range.start() + TextSize::new(1);
        let end = field.expression.range().end();
        let rest = self.source.slice(TextRange::new(end, field.range.end()));
        let more = rest.len() - rest.trim_start_matches(|c: char| c == ')' || c.is_whitespace()).len();
        self.source.slice(TextRange::new(start, end + TextSize::new(more as u32))).trim()
    }
}

/// The number of a conversion; `=` means `!r` unless there is a format specification.
fn conversion(field: &InterpolatedElement) -> Option<u32> {
    match field.conversion {
        ConversionFlag::Str => Some(1),
        ConversionFlag::Repr => Some(2),
        ConversionFlag::Ascii => Some(3),
        ConversionFlag::None if field.debug_text.is_some() && field.format_spec.is_none() => Some(2),
        ConversionFlag::None => None,
    }
}
