//! Source text of annotations under `from __future__ import annotations`, in CPython's spelling.
//!
//! An expression is written anew from its tree: single spaces, parentheses only where they are needed, strings as
//! `repr` writes them.

use ruff_python_ast::{
    self as ast, CmpOp, ConversionFlag, Expr, InterpolatedStringElement, Operator, UnaryOp,
};
use ruff_text_size::Ranged;

use crate::bytecode::code::Constant;
use crate::bytecode::disassemble;
use crate::literal;
use crate::parse::Source;
use crate::syntax_error::SyntaxError;

/// How tightly an expression binds; what binds less than its place needs parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Tuple,
    Test,
    Or,
    And,
    Not,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Sum,
    Term,
    Factor,
    Power,
    Await,
    Atom,
}

impl Level {
    fn next(self) -> Level {
        use Level::*;
        match self {
            Tuple => Test,
            Test => Or,
            Or => And,
            And => Not,
            Not => Compare,
            Compare => BitOr,
            BitOr => BitXor,
            BitXor => BitAnd,
            BitAnd => Shift,
            Shift => Sum,
            Sum => Term,
            Term => Factor,
            Factor => Power,
            Power => Await,
            Await | Atom => Atom,
        }
    }
}

/// The text of an expression.
pub(super) fn unparse(source: &Source, expression: &Expr) -> String {
    let mut writer = Writer { source, text: String::new() };
    writer.expression(expression, Level::Test);
    writer.text
}

struct Writer<'s> {
    source: &'s Source,
    text: String,
}

impl Writer<'_> {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Writes something of a level into a place that needs another.
    fn grouped(&mut self, own: Level, needed: Level, write: impl FnOnce(&mut Self)) {
        if own < needed {
            self.push("(");
            write(self);
            self.push(")");
        } else {
            write(self);
        }
    }

    fn joined<T>(&mut self, items: &[T], separator: &str, mut write: impl FnMut(&mut Self, &T)) {
        for (index, item) in items.iter().enumerate() {
            if index != 0 {
                self.push(separator);
            }
            write(self, item);
        }
    }

    /// As the program has it.
    fn verbatim(&mut self, expression: &Expr) {
        let text = self.source.slice(expression.range());
        self.text.push_str(text);
    }

    fn constant(&mut self, constant: &Constant) {
        let text = disassemble::repr(constant);
        // An infinite number has no literal of its own; an exponent has a sign and two digits.
        let text = match text.split_once('e') {
            Some((mantissa, exponent)) if !exponent.starts_with('-') => format!("{mantissa}e+{exponent:0>2}"),
            Some((mantissa, exponent)) => format!("{mantissa}e-{:0>2}", &exponent[1..]),
            None => text.replace("inf", "1e309"),
        };
        self.push(&text);
    }

    /// A string or bytes literal.
    fn string(&mut self, constant: Result<Constant, SyntaxError>, expression: &Expr) {
        let text = match &constant {
            Ok(Constant::Str(bytes)) => std::str::from_utf8(bytes).ok().map(|text| quote("", text.chars())),
            Ok(Constant::Bytes(bytes)) => Some(quote("b", bytes.iter().map(|byte| char::from(*byte)))),
            _ => None,
        };
        match text {
            Some(text) => self.push(&text),
            None => self.verbatim(expression),
        }
    }

    fn expression(&mut self, expression: &Expr, needed: Level) {
        match expression {
            Expr::Name(name) => self.push(&name.id),
            Expr::NoneLiteral(_) => self.push("None"),
            Expr::EllipsisLiteral(_) => self.push("..."),
            Expr::BooleanLiteral(boolean) => self.push(if boolean.value { "True" } else { "False" }),
            Expr::NumberLiteral(number) => match literal::number(self.source, number) {
                Ok(Constant::BigInt(_)) | Err(_) => self.verbatim(expression),
                Ok(constant) => self.constant(&constant),
            },
            Expr::StringLiteral(string) => self.string(literal::string(self.source, string), expression),
            Expr::BytesLiteral(bytes) => self.string(literal::bytes(self.source, bytes), expression),
            Expr::Attribute(attribute) => {
                self.expression(&attribute.value, Level::Atom);
                // `1 .real`: the dot must not become part of the number.
                let is_integer = matches!(
                    &*attribute.value,
                    Expr::NumberLiteral(ast::ExprNumberLiteral { value: ast::Number::Int(_), .. })
                );
                self.push(if is_integer { " ." } else { "." });
                self.push(&attribute.attr);
            }
            Expr::Subscript(subscript) => {
                self.expression(&subscript.value, Level::Atom);
                self.push("[");
                match &*subscript.slice {
                    Expr::Tuple(tuple) if !tuple.elts.is_empty() => self.items(&tuple.elts, true),
                    slice => self.expression(slice, Level::Tuple),
                }
                self.push("]");
            }
            Expr::Slice(slice) => {
                self.optional(slice.lower.as_deref());
                self.push(":");
                self.optional(slice.upper.as_deref());
                if let Some(step) = &slice.step {
                    self.push(":");
                    self.expression(step, Level::Test);
                }
            }
            Expr::Starred(starred) => {
                self.push("*");
                self.expression(&starred.value, Level::BitOr);
            }
            Expr::Tuple(tuple) if tuple.elts.is_empty() => self.push("()"),
            Expr::Tuple(tuple) => {
                self.grouped(Level::Tuple, needed, |writer| writer.items(&tuple.elts, true));
            }
            Expr::List(list) => {
                self.push("[");
                self.items(&list.elts, false);
                self.push("]");
            }
            Expr::Set(set) => {
                self.push("{");
                self.items(&set.elts, false);
                self.push("}");
            }
            Expr::Dict(dict) => self.dict(dict),
            Expr::BinOp(binary) => self.binary(binary, needed),
            Expr::UnaryOp(unary) => self.unary(unary, needed),
            Expr::BoolOp(boolean) => {
                let (text, level) = match boolean.op {
                    ast::BoolOp::And => (" and ", Level::And),
                    ast::BoolOp::Or => (" or ", Level::Or),
                };
                self.grouped(level, needed, |writer| {
                    writer.joined(&boolean.values, text, |writer, value| {
                        writer.expression(value, level.next());
                    });
                });
            }
            Expr::Compare(compare) => self.grouped(Level::Compare, needed, |writer| {
                writer.expression(&compare.left, Level::Compare.next());
                for (op, right) in compare.ops.iter().zip(&compare.comparators) {
                    writer.push(comparison(*op));
                    writer.expression(right, Level::Compare.next());
                }
            }),
            Expr::If(conditional) => self.grouped(Level::Test, needed, |writer| {
                writer.expression(&conditional.body, Level::Test.next());
                writer.push(" if ");
                writer.expression(&conditional.test, Level::Test.next());
                writer.push(" else ");
                writer.expression(&conditional.orelse, Level::Test);
            }),
            Expr::Lambda(lambda) => self.grouped(Level::Test, needed, |writer| writer.lambda(lambda)),
            Expr::Named(named) => self.grouped(Level::Tuple, needed, |writer| {
                writer.expression(&named.target, Level::Atom);
                writer.push(" := ");
                writer.expression(&named.value, Level::Atom);
            }),
            Expr::Await(awaited) => self.grouped(Level::Await, needed, |writer| {
                writer.push("await ");
                writer.expression(&awaited.value, Level::Atom);
            }),
            Expr::Yield(yielded) => {
                self.push("(yield");
                if let Some(value) = &yielded.value {
                    self.push(" ");
                    self.expression(value, Level::Test);
                }
                self.push(")");
            }
            Expr::YieldFrom(delegated) => {
                self.push("(yield from ");
                self.expression(&delegated.value, Level::Test);
                self.push(")");
            }
            Expr::Call(call) => self.call(call),
            Expr::ListComp(list) => self.comprehension("[", &list.elt, &list.generators, "]"),
            Expr::SetComp(set) => self.comprehension("{", &set.elt, &set.generators, "}"),
            Expr::Generator(generator) => {
                self.comprehension("(", &generator.elt, &generator.generators, ")");
            }
            Expr::DictComp(dict) => {
                self.push("{");
                if let Some(key) = &dict.key {
                    self.expression(key, Level::Test);
                    self.push(": ");
                }
                self.expression(&dict.value, Level::Test);
                self.generators(&dict.generators);
                self.push("}");
            }
            Expr::FString(string) => self.fstring(expression, string),
            Expr::TString(_) | Expr::IpyEscapeCommand(_) => self.verbatim(expression),
        }
    }

    fn optional(&mut self, expression: Option<&Expr>) {
        if let Some(expression) = expression {
            self.expression(expression, Level::Test);
        }
    }

    fn items(&mut self, items: &[Expr], is_tuple: bool) {
        self.joined(items, ", ", |writer, item| writer.expression(item, Level::Test));
        if is_tuple && items.len() == 1 {
            self.push(",");
        }
    }

    fn dict(&mut self, dict: &ast::ExprDict) {
        self.push("{");
        self.joined(&dict.items, ", ", |writer, item| match &item.key {
            Some(key) => {
                writer.expression(key, Level::Test);
                writer.push(": ");
                writer.expression(&item.value, Level::Test);
            }
            None => {
                writer.push("**");
                writer.expression(&item.value, Level::BitOr);
            }
        });
        self.push("}");
    }

    fn binary(&mut self, binary: &ast::ExprBinOp, needed: Level) {
        let (text, level) = match binary.op {
            Operator::Add => (" + ", Level::Sum),
            Operator::Sub => (" - ", Level::Sum),
            Operator::Mult => (" * ", Level::Term),
            Operator::MatMult => (" @ ", Level::Term),
            Operator::Div => (" / ", Level::Term),
            Operator::Mod => (" % ", Level::Term),
            Operator::FloorDiv => (" // ", Level::Term),
            Operator::LShift => (" << ", Level::Shift),
            Operator::RShift => (" >> ", Level::Shift),
            Operator::BitOr => (" | ", Level::BitOr),
            Operator::BitXor => (" ^ ", Level::BitXor),
            Operator::BitAnd => (" & ", Level::BitAnd),
            Operator::Pow => (" ** ", Level::Power),
        };
        // `**` binds to the right.
        let (left, right) =
            if binary.op == Operator::Pow { (level.next(), level) } else { (level, level.next()) };
        self.grouped(level, needed, |writer| {
            writer.expression(&binary.left, left);
            writer.push(text);
            writer.expression(&binary.right, right);
        });
    }

    fn unary(&mut self, unary: &ast::ExprUnaryOp, needed: Level) {
        let (text, level) = match unary.op {
            UnaryOp::Not => ("not ", Level::Not),
            UnaryOp::Invert => ("~", Level::Factor),
            UnaryOp::UAdd => ("+", Level::Factor),
            UnaryOp::USub => ("-", Level::Factor),
        };
        self.grouped(level, needed, |writer| {
            writer.push(text);
            writer.expression(&unary.operand, level);
        });
    }

    fn lambda(&mut self, lambda: &ast::ExprLambda) {
        self.push("lambda");
        if let Some(parameters) = &lambda.parameters
            && !parameters.is_empty()
        {
            self.push(" ");
            self.parameters(parameters);
        }
        self.push(": ");
        self.expression(&lambda.body, Level::Test);
    }

    fn parameters(&mut self, parameters: &ast::Parameters) {
        let mut first = true;
        let mut separate = |writer: &mut Self| {
            if !std::mem::take(&mut first) {
                writer.push(", ");
            }
        };
        let one = |writer: &mut Self, parameter: &ast::ParameterWithDefault| {
            writer.push(&parameter.parameter.name);
            if let Some(default) = &parameter.default {
                writer.push("=");
                writer.expression(default, Level::Test);
            }
        };
        for parameter in &parameters.posonlyargs {
            separate(self);
            one(self, parameter);
        }
        if !parameters.posonlyargs.is_empty() {
            self.push(", /");
        }
        for parameter in &parameters.args {
            separate(self);
            one(self, parameter);
        }
        if parameters.vararg.is_some() || !parameters.kwonlyargs.is_empty() {
            separate(self);
            self.push("*");
            if let Some(vararg) = &parameters.vararg {
                self.push(&vararg.name);
            }
        }
        for parameter in &parameters.kwonlyargs {
            separate(self);
            one(self, parameter);
        }
        if let Some(kwarg) = &parameters.kwarg {
            separate(self);
            self.push("**");
            self.push(&kwarg.name);
        }
    }

    fn call(&mut self, call: &ast::ExprCall) {
        self.expression(&call.func, Level::Atom);
        if let ([Expr::Generator(generator)], true) =
            (&*call.arguments.args, call.arguments.keywords.is_empty())
        {
            return self.comprehension("(", &generator.elt, &generator.generators, ")");
        }
        self.push("(");
        self.items(&call.arguments.args, false);
        for (index, keyword) in call.arguments.keywords.iter().enumerate() {
            if index != 0 || !call.arguments.args.is_empty() {
                self.push(", ");
            }
            match &keyword.arg {
                Some(name) => {
                    self.push(name);
                    self.push("=");
                }
                None => self.push("**"),
            }
            self.expression(&keyword.value, Level::Test);
        }
        self.push(")");
    }

    fn comprehension(&mut self, open: &str, item: &Expr, generators: &[ast::Comprehension], close: &str) {
        self.push(open);
        self.expression(item, Level::Test);
        self.generators(generators);
        self.push(close);
    }

    fn generators(&mut self, generators: &[ast::Comprehension]) {
        for generator in generators {
            self.push(if generator.is_async { " async for " } else { " for " });
            self.expression(&generator.target, Level::Tuple);
            self.push(" in ");
            self.expression(&generator.iter, Level::Test.next());
            for test in &generator.ifs {
                self.push(" if ");
                self.expression(test, Level::Test.next());
            }
        }
    }

    fn fstring(&mut self, expression: &Expr, string: &ast::ExprFString) {
        let mut inner = Writer { source: self.source, text: String::new() };
        for part in &string.value {
            match part {
                ast::FStringPart::Literal(literal) => inner.literal_text(&literal.value),
                ast::FStringPart::FString(part) => inner.elements(&part.elements),
            }
        }
        if inner.text.contains('\u{fffd}') {
            // A lone surrogate, which the tree does not hold.
            return self.verbatim(expression);
        }
        let quoted = quote("f", inner.text.chars());
        self.push(&quoted);
    }

    fn literal_text(&mut self, text: &str) {
        self.text.push_str(&text.replace('{', "{{").replace('}', "}}"));
    }

    fn elements(&mut self, elements: &ast::InterpolatedStringElements) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => self.literal_text(&literal.value),
                InterpolatedStringElement::Interpolation(field) => {
                    if let Some(debug) = &field.debug_text {
                        self.literal_text(debug.as_str());
                    }
                    let mut inner = Writer { source: self.source, text: String::new() };
                    inner.expression(&field.expression, Level::Test.next());
                    // A brace at the beginning would look like an escaped one.
                    self.push(if inner.text.starts_with('{') { "{ " } else { "{" });
                    self.push(&inner.text);
                    let implied = field.debug_text.is_some() && field.format_spec.is_none();
                    match field.conversion {
                        ConversionFlag::Str => self.push("!s"),
                        ConversionFlag::Ascii => self.push("!a"),
                        ConversionFlag::Repr => self.push("!r"),
                        ConversionFlag::None if implied => self.push("!r"),
                        ConversionFlag::None => {}
                    }
                    if let Some(spec) = &field.format_spec {
                        self.push(":");
                        self.elements(&spec.elements);
                    }
                    self.push("}");
                }
            }
        }
    }
}

/// A literal as `repr` writes it: in single quotes, unless it has such and no double ones. With the prefix `b`, what is
/// no ASCII is escaped.
fn quote(prefix: &str, text: impl Iterator<Item = char> + Clone) -> String {
    let delimiter =
        if text.clone().any(|c| c == '\'') && !text.clone().any(|c| c == '"') { '"' } else { '\'' };
    let mut out = String::from(prefix);
    out.push(delimiter);
    for c in text {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            _ if c == delimiter => {
                out.push('\\');
                out.push(c);
            }
            _ if c.is_control() || (prefix == "b" && !c.is_ascii()) => {
                out.push_str(&format!("\\x{:02x}", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out.push(delimiter);
    out
}

fn comparison(op: CmpOp) -> &'static str {
    match op {
        CmpOp::Eq => " == ",
        CmpOp::NotEq => " != ",
        CmpOp::Lt => " < ",
        CmpOp::LtE => " <= ",
        CmpOp::Gt => " > ",
        CmpOp::GtE => " >= ",
        CmpOp::Is => " is ",
        CmpOp::IsNot => " is not ",
        CmpOp::In => " in ",
        CmpOp::NotIn => " not in ",
    }
}
