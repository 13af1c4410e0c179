//! Patterns that can never match, or bind the same name twice.

use std::collections::HashSet;

use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{self as ast, Expr, Operator, Pattern, UnaryOp};
use ruff_text_size::{Ranged, TextRange};

use super::Checker;
use crate::bytecode::code::Constant;
use crate::bytecode::disassemble::repr;
use crate::literal;

/// The names that a pattern binds so far.
type Names<'a> = Vec<&'a str>;

impl<'a> Checker<'a> {
    pub(super) fn match_cases(&mut self, cases: &'a [ast::MatchCase]) {
        for (index, case) in cases.iter().enumerate() {
            let last = index + 1 == cases.len();
            let mut names = Names::new();
            self.pattern(&case.pattern, case.guard.is_some() || last, &mut names);
            if let Some(guard) = &case.guard {
                self.visit_expr(guard);
            }
            self.visit_body(&case.body);
        }
    }

    /// `irrefutable`: the pattern may match everything.
    fn pattern(&mut self, pattern: &'a Pattern, irrefutable: bool, names: &mut Names<'a>) {
        if self.error.is_some() {
            return;
        }
        match pattern {
            Pattern::MatchValue(node) => {
                match &*node.value {
                    Expr::BinOp(sum) if !matches!(sum.op, Operator::Add | Operator::Sub) => {
                        self.fail(node.range, "invalid syntax");
                    }
                    Expr::UnaryOp(sign) if !sign.operand.is_number_literal_expr() => {
                        self.fail(node.range, "invalid syntax");
                    }
                    Expr::FString(_) | Expr::TString(_) => {
                        let message = "patterns may only match literals and attribute lookups";
                        self.fail(node.value.range(), message);
                    }
                    _ => {}
                }
                self.visit_expr(&node.value);
            }
            Pattern::MatchSingleton(_) => {}
            Pattern::MatchSequence(node) => {
                let stars = node.patterns.iter().filter(|pattern| pattern.is_match_star()).count();
                if stars > 1 {
                    self.fail(node.range, "multiple starred expressions in sequence pattern");
                }
                self.patterns(&node.patterns, names);
            }
            Pattern::MatchStar(node) => self.capture(node.name.as_ref(), node.range, names),
            Pattern::MatchMapping(node) => {
                self.keys(node);
                self.patterns(&node.patterns, names);
                self.capture(node.rest.as_ref(), node.range, names);
            }
            Pattern::MatchClass(node) => {
                let mut seen = HashSet::new();
                for keyword in &node.arguments.keywords {
                    if !seen.insert(keyword.attr.as_str()) {
                        let message = format!("attribute name repeated in class pattern: {}", keyword.attr);
                        self.fail(keyword.pattern.range(), message);
                    }
                }
                self.visit_expr(&node.cls);
                self.patterns(&node.arguments.patterns, names);
                for keyword in &node.arguments.keywords {
                    self.pattern(&keyword.pattern, true, names);
                }
            }
            Pattern::MatchAs(node) => match &node.pattern {
                Some(inner) => {
                    self.pattern(inner, irrefutable, names);
                    self.capture(node.name.as_ref(), node.range, names);
                }
                None => {
                    if !irrefutable {
                        let what = match &node.name {
                            Some(name) => format!("name capture '{name}'"),
                            None => "wildcard".to_owned(),
                        };
                        self.fail(node.range, format!("{what} makes remaining patterns unreachable"));
                    }
                    self.capture(node.name.as_ref(), node.range, names);
                }
            },
            Pattern::MatchOr(node) => self.alternatives(node, irrefutable, names),
        }
    }

    fn patterns(&mut self, patterns: &'a [Pattern], names: &mut Names<'a>) {
        for pattern in patterns {
            self.pattern(pattern, true, names);
        }
    }

    fn alternatives(&mut self, node: &'a ast::PatternMatchOr, irrefutable: bool, names: &mut Names<'a>) {
        let mut control: Option<Names<'a>> = None;
        for (index, pattern) in node.patterns.iter().enumerate() {
            let mut bound = Names::new();
            self.pattern(pattern, irrefutable && index + 1 == node.patterns.len(), &mut bound);
            bound.sort_unstable();
            match &control {
                None => control = Some(bound),
                Some(control) if *control != bound => {
                    self.fail(node.range, "alternative patterns bind different names");
                }
                Some(_) => {}
            }
        }
        for name in control.unwrap_or_default() {
            self.bind(name, node.range, names);
        }
    }

    fn capture(&mut self, name: Option<&'a ast::Identifier>, range: TextRange, names: &mut Names<'a>) {
        if let Some(name) = name {
            self.bind(name.as_str(), range, names);
        }
    }

    fn bind(&mut self, name: &'a str, range: TextRange, names: &mut Names<'a>) {
        if names.contains(&name) {
            self.fail(range, format!("multiple assignments to name '{name}' in pattern"));
        }
        names.push(name);
    }

    /// The number that a signed number or a sum of two is, as real and imaginary part.
    fn number(&self, expression: &Expr) -> Option<(f64, f64)> {
        match expression {
            Expr::NumberLiteral(literal) => numeric(&literal::number(self.source, literal).ok()?),
            Expr::UnaryOp(node) if node.op == UnaryOp::USub => {
                let (real, imaginary) = self.number(&node.operand)?;
                Some((-real, -imaginary))
            }
            Expr::BinOp(node) => {
                let (left, right) = (self.number(&node.left)?, self.number(&node.right)?);
                let sign = if node.op == Operator::Sub { -1.0 } else { 1.0 };
                Some((left.0 + sign * right.0, left.1 + sign * right.1))
            }
            _ => None,
        }
    }

    fn keys(&mut self, node: &'a ast::PatternMatchMapping) {
        let mut seen: Vec<Constant> = Vec::new();
        for key in &node.keys {
            let constant = match key {
                Expr::NumberLiteral(key) => literal::number(self.source, key),
                Expr::StringLiteral(key) => literal::string(self.source, key),
                Expr::BytesLiteral(key) => literal::bytes(self.source, key),
                Expr::BooleanLiteral(key) => Ok(if key.value { Constant::True } else { Constant::False }),
                Expr::NoneLiteral(_) => Ok(Constant::None),
                Expr::UnaryOp(_) | Expr::BinOp(_) => match self.number(key) {
                    Some((real, 0.0)) => Ok(Constant::Float(real)),
                    Some((real, imaginary)) => Ok(Constant::Complex(real, imaginary)),
                    None => {
                        self.visit_expr(key);
                        continue;
                    }
                },
                Expr::Attribute(_) => {
                    self.visit_expr(key);
                    continue;
                }
                _ => {
                    self.fail(
                        node.range,
                        "mapping pattern keys may only match literals and attribute lookups",
                    );
                    return;
                }
            };
            match constant {
                Ok(constant) if seen.iter().any(|other| equal(other, &constant)) => {
                    self.fail(
                        node.range,
                        format!("mapping pattern checks duplicate key ({})", repr(&constant)),
                    );
                }
                Ok(constant) => seen.push(constant),
                // Reported where the literal is compiled.
                Err(_) => {}
            }
        }
    }
}

/// A constant as real and imaginary part; None if it is no number, or an integer that no float is equal to.
fn numeric(constant: &Constant) -> Option<(f64, f64)> {
    Some(match constant {
        Constant::False => (0.0, 0.0),
        Constant::True => (1.0, 0.0),
        Constant::Int(value) if value.unsigned_abs() <= 1 << 53 => (*value as f64, 0.0),
        Constant::Float(value) => (*value, 0.0),
        Constant::Complex(real, imaginary) => (*real, *imaginary),
        _ => return None,
    })
}

/// Whether two constants are the same key.
fn equal(a: &Constant, b: &Constant) -> bool {
    match (numeric(a), numeric(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}
