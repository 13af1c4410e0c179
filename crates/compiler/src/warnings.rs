//! What a program is warned of: it compiles, but hardly means what it says.
//!
//! In CPython's order: what the parser sees (escapes, numbers), leaving a `finally` block, then what the code generator
//! sees. Each warning carries the error that it becomes where a filter says so.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, CmpOp, Expr, Mod, Number, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::literal;
use crate::parse::{Parsed, Source};
use crate::syntax_error::SyntaxError;

/// A `SyntaxWarning`.
#[derive(Debug, Clone)]
pub struct Warning {
    /// The text of the warning.
    pub text: String,
    /// The error instead of the warning; its line is that of the warning.
    pub error: SyntaxError,
}

/// The warnings for a program that compiles.
pub fn find(parsed: &Parsed, source: &Source) -> Vec<Warning> {
    let mut literals = Literals { source, raw: false, found: Vec::new() };
    let mut blocks = Finally { source, inside: Inside::Nothing, found: Vec::new() };
    let mut expressions = Expressions { source, found: Vec::new() };
    match parsed.syntax() {
        Mod::Module(module) => {
            literals.visit_body(&module.body);
            blocks.visit_body(&module.body);
            expressions.visit_body(&module.body);
        }
        Mod::Expression(expression) => {
            literals.visit_expr(&expression.body);
            expressions.visit_expr(&expression.body);
        }
    }
    let mut found = literals.found;
    found.append(&mut blocks.found);
    found.append(&mut expressions.found);
    found
}

fn warning(source: &Source, range: TextRange, text: String) -> Warning {
    let error = SyntaxError::new(source, range, text.clone()).after_parsing();
    Warning { text, error }
}

/// Escapes that are none, and numbers that run into a keyword.
struct Literals<'a> {
    source: &'a Source,
    /// Inside an f-string or t-string without escapes.
    raw: bool,
    found: Vec<Warning>,
}

impl Literals<'_> {
    /// The first wrong escape of a literal's text.
    fn escapes(&mut self, range: TextRange, is_bytes: bool) {
        let Some((offset, escape)) = literal::wrong_escape(self.source.slice(range), is_bytes) else {
            return;
        };
        let octal = if escape.len() == 3 && escape.is_ascii() { "octal " } else { "" };
        let hint = format!("Did you mean \"\\\\{escape}\"? A raw string is also an option.");
        let what = format!("\"\\{escape}\" is an invalid {octal}escape sequence. ");
        let start = range.start() + TextSize::try_from(offset).unwrap_or_default();
        let length = 1 + escape.chars().next().map_or(0, char::len_utf8);
        let place = TextRange::at(start, TextSize::try_from(length).unwrap_or_default());
        self.found.push(Warning {
            text: format!("{what}Such sequences will not work in the future. {hint}"),
            error: SyntaxError::new(self.source, place, format!("{what}{hint}")),
        });
    }

    fn number(&mut self, node: &ast::ExprNumberLiteral) {
        let after = &self.source.text()[node.range.end().to_usize()..];
        let keywords = ["and", "else", "for", "if", "in", "is", "or", "not"];
        if !keywords.iter().any(|keyword| after.starts_with(keyword)) {
            return;
        }
        let text = self.source.slice(node.range);
        let kind = match (&node.value, text.get(..2)) {
            (Number::Complex { .. }, _) => "imaginary",
            (Number::Int(_), Some("0x" | "0X")) => "hexadecimal",
            (Number::Int(_), Some("0o" | "0O")) => "octal",
            (Number::Int(_), Some("0b" | "0B")) => "binary",
            _ => "decimal",
        };
        let text = format!("invalid {kind} literal");
        let error = SyntaxError::new(self.source, node.range, text.clone());
        self.found.push(Warning { text, error });
    }

    fn interpolated(&mut self, elements: &ast::InterpolatedStringElements, raw: bool) {
        let outer = std::mem::replace(&mut self.raw, raw);
        for element in elements {
            self.visit_interpolated_string_element(element);
        }
        self.raw = outer;
    }
}

impl<'a> Visitor<'a> for Literals<'_> {
    fn visit_string_literal(&mut self, part: &'a ast::StringLiteral) {
        if !part.flags.prefix().is_raw() {
            self.escapes(literal::content(part.range, part.flags), false);
        }
    }

    fn visit_bytes_literal(&mut self, part: &'a ast::BytesLiteral) {
        if !part.flags.prefix().is_raw() {
            self.escapes(literal::content(part.range, part.flags), true);
        }
    }

    fn visit_f_string(&mut self, string: &'a ast::FString) {
        self.interpolated(&string.elements, string.flags.prefix().is_raw());
    }

    fn visit_t_string(&mut self, string: &'a ast::TString) {
        self.interpolated(&string.elements, string.flags.prefix().is_raw());
    }

    fn visit_interpolated_string_element(&mut self, element: &'a ast::InterpolatedStringElement) {
        match element {
            ast::InterpolatedStringElement::Literal(literal) if !self.raw => {
                // A backslash right before a field belongs to the text.
                let end = literal.range.end();
                let before_field = self.source.slice(literal.range).ends_with('\\')
                    && self.source.text()[end.to_usize()..].starts_with('{');
                let range = if before_field {
                    TextRange::new(literal.range.start(), end + TextSize::new(1))
                } else {
                    literal.range
                };
                self.escapes(range, false);
            }
            _ => {}
        }
        visitor::walk_interpolated_string_element(self, element);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::NumberLiteral(node) = expression {
            self.number(node);
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_annotation(&mut self, annotation: &'a Expr) {
        self.visit_expr(annotation);
    }
}

/// What a statement is directly in, as far as leaving it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    Finally,
    /// A loop in a `finally` block: `break` stays in the block.
    Loop,
    Function,
    /// A loop that is not in a `finally` block of its function.
    PlainLoop,
}

/// `return`, `break` and `continue` that leave a `finally` block.
struct Finally<'a> {
    source: &'a Source,
    inside: Inside,
    found: Vec<Warning>,
}

impl Finally<'_> {
    fn within(&mut self, inside: Inside, body: &[Stmt]) {
        let outer = std::mem::replace(&mut self.inside, inside);
        self.visit_body(body);
        self.inside = outer;
    }

    fn leaves(&mut self, keyword: &str, range: TextRange, leaves: bool) {
        if leaves {
            self.found.push(warning(self.source, range, format!("'{keyword}' in a 'finally' block")));
        }
    }
}

impl<'a> Visitor<'a> for Finally<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(node) => self.within(Inside::Function, &node.body),
            Stmt::For(ast::StmtFor { body, orelse, .. })
            | Stmt::While(ast::StmtWhile { body, orelse, .. }) => {
                let inside = match self.inside {
                    Inside::Finally | Inside::Loop => Inside::Loop,
                    _ => Inside::PlainLoop,
                };
                self.within(inside, body);
                self.visit_body(orelse);
            }
            Stmt::Try(node) => {
                self.visit_body(&node.body);
                for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                    self.visit_body(&handler.body);
                }
                self.visit_body(&node.orelse);
                self.within(Inside::Finally, &node.finalbody);
            }
            Stmt::Return(node) => {
                let leaves = matches!(self.inside, Inside::Finally | Inside::Loop);
                self.leaves("return", node.range, leaves);
            }
            Stmt::Break(node) => self.leaves("break", node.range, self.inside == Inside::Finally),
            Stmt::Continue(node) => self.leaves("continue", node.range, self.inside == Inside::Finally),
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, _expression: &'a Expr) {}
}

/// Comparisons by identity with literals, calls of what cannot be called, tuples asserted.
struct Expressions<'a> {
    source: &'a Source,
    found: Vec<Warning>,
}

/// The type of what an expression makes, where it says so itself.
fn literal_type(expression: &Expr) -> Option<&'static str> {
    Some(match expression {
        Expr::NumberLiteral(node) => match node.value {
            Number::Int(_) => "int",
            Number::Float(_) => "float",
            Number::Complex { .. } => "complex",
        },
        Expr::StringLiteral(_) | Expr::FString(_) => "str",
        Expr::BytesLiteral(_) => "bytes",
        Expr::BooleanLiteral(_) => "bool",
        Expr::NoneLiteral(_) => "NoneType",
        Expr::EllipsisLiteral(_) => "ellipsis",
        Expr::Tuple(_) => "tuple",
        Expr::List(_) | Expr::ListComp(_) => "list",
        Expr::Dict(_) | Expr::DictComp(_) => "dict",
        Expr::Set(_) | Expr::SetComp(_) => "set",
        Expr::Generator(_) => "generator",
        Expr::Lambda(_) => "function",
        Expr::TString(_) => "string.templatelib.Template",
        _ => return None,
    })
}

/// True for a tuple that is a constant.
fn is_constant(expression: &Expr) -> bool {
    match expression {
        Expr::Tuple(tuple) => tuple.elts.iter().all(is_constant),
        Expr::UnaryOp(node) => is_constant(&node.operand),
        _ => is_literal(expression) || is_singleton(expression),
    }
}

fn is_literal(expression: &Expr) -> bool {
    matches!(expression, Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::BytesLiteral(_))
}

fn is_singleton(expression: &Expr) -> bool {
    matches!(expression, Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) | Expr::EllipsisLiteral(_))
}

impl Expressions<'_> {
    fn warn(&mut self, range: TextRange, text: String) {
        self.found.push(warning(self.source, range, text));
    }

    fn compare(&mut self, node: &ast::ExprCompare) {
        // The type of what is compared by its value though identity is asked for.
        let by_value = |operand: &Expr| match operand {
            Expr::Tuple(_) if is_constant(operand) => Some("tuple"),
            operand if is_literal(operand) => literal_type(operand),
            _ => None,
        };
        let mut left = by_value(&node.left);
        for (op, operand) in node.ops.iter().zip(&node.comparators) {
            let right = by_value(operand);
            let (word, instead) = match op {
                CmpOp::Is => ("is", "=="),
                CmpOp::IsNot => ("is not", "!="),
                _ => {
                    left = right;
                    continue;
                }
            };
            if let Some(kind) = left.or(right) {
                let text = format!("\"{word}\" with '{kind}' literal. Did you mean \"{instead}\"?");
                self.warn(node.range, text);
                return;
            }
            left = right;
        }
    }

    fn call(&mut self, node: &ast::ExprCall) {
        let callee = &*node.func;
        if let Some(kind) = literal_type(callee).filter(|_| !callee.is_lambda_expr()) {
            let text = format!("'{kind}' object is not callable; perhaps you missed a comma?");
            self.warn(node.range(), text);
        }
    }

    fn subscript(&mut self, node: &ast::ExprSubscript) {
        let value = &*node.value;
        let subscriptable = matches!(
            value,
            Expr::StringLiteral(_)
                | Expr::FString(_)
                | Expr::BytesLiteral(_)
                | Expr::Tuple(_)
                | Expr::List(_)
                | Expr::ListComp(_)
                | Expr::Dict(_)
                | Expr::DictComp(_)
        );
        let Some(kind) = literal_type(value) else { return };
        if !subscriptable {
            let text = format!("'{kind}' object is not subscriptable; perhaps you missed a comma?");
            self.warn(node.range, text);
            return;
        }
        let fine = matches!(&*node.slice, Expr::BooleanLiteral(_))
            || matches!(&*node.slice, Expr::NumberLiteral(number) if matches!(number.value, Number::Int(_)));
        if fine || kind == "dict" {
            return;
        }
        if let Some(index) = literal_type(&node.slice) {
            self.warn(
                node.range,
                format!(
                    "{kind} indices must be integers or slices, not {index}; perhaps you missed a comma?"
                ),
            );
        }
    }
}

impl<'a> Visitor<'a> for Expressions<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Assert(node) = statement
            && let Expr::Tuple(tuple) = &*node.test
            && !tuple.elts.is_empty()
        {
            self.warn(node.range, "assertion is always true, perhaps remove parentheses?".to_owned());
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Compare(node) => self.compare(node),
            Expr::Call(node) => self.call(node),
            Expr::Subscript(node) if node.ctx.is_load() => self.subscript(node),
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{self, Mode};

    fn texts(program: &str) -> Vec<String> {
        let source = Source::new(program, "<test>");
        let parsed = parse::parse(&source, Mode::Exec).expect("the program parses");
        find(&parsed, &source).into_iter().map(|warning| warning.text).collect()
    }

    #[test]
    fn escapes_are_looked_at_once_a_literal() {
        assert_eq!(
            texts(r"'\d\e'"),
            [
                r#""\d" is an invalid escape sequence. Such sequences will not work in the future. Did you mean "\\d"? A raw string is also an option."#
            ]
        );
        assert_eq!(texts(r"r'\d' + '\n\t\N{EM DASH}'.x").len(), 0);
        assert_eq!(texts(r"'\477'").len(), 1);
        assert_eq!(texts(r"b'\u1234'").len(), 1);
    }

    #[test]
    fn identity_with_literals() {
        assert_eq!(texts("x is 1"), ["\"is\" with 'int' literal. Did you mean \"==\"?"]);
        assert_eq!(texts("x is not ()"), ["\"is not\" with 'tuple' literal. Did you mean \"!=\"?"]);
        assert_eq!(texts("x is None is True"), [""; 0]);
    }

    #[test]
    fn finally_is_left() {
        let program = "def f():\n try: pass\n finally:\n  for x in y:\n   break\n  return\n";
        assert_eq!(texts(program), ["'return' in a 'finally' block"]);
        assert_eq!(texts("while 1:\n try: pass\n finally: break\n"), ["'break' in a 'finally' block"]);
    }

    #[test]
    fn missed_commas_and_asserted_tuples() {
        assert_eq!(texts("1()"), ["'int' object is not callable; perhaps you missed a comma?"]);
        assert_eq!(
            texts("[1]['a']"),
            ["list indices must be integers or slices, not str; perhaps you missed a comma?"]
        );
        assert_eq!(texts("assert (x, 'y')"), ["assertion is always true, perhaps remove parentheses?"]);
        assert_eq!(texts("1if x else 2"), ["invalid decimal literal"]);
    }
}
