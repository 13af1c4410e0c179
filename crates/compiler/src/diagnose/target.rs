//! What cannot be assigned to, deleted or annotated.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt};
use ruff_python_parser::ParseErrorType;
use ruff_text_size::{Ranged, TextRange};

use super::Diagnosis;
use crate::syntax_error::SyntaxError;
use crate::tokenize::TokenKind;

/// What CPython calls an expression in messages.
pub(super) fn expression_name(expression: &Expr) -> &'static str {
    match expression {
        Expr::Attribute(_) => "attribute",
        Expr::Subscript(_) => "subscript",
        Expr::Starred(_) => "starred",
        Expr::Name(_) => "name",
        Expr::List(_) => "list",
        Expr::Tuple(_) => "tuple",
        Expr::Lambda(_) => "lambda",
        Expr::Call(_) => "function call",
        Expr::BoolOp(_) | Expr::BinOp(_) | Expr::UnaryOp(_) => "expression",
        Expr::Generator(_) => "generator expression",
        Expr::Yield(_) | Expr::YieldFrom(_) => "yield expression",
        Expr::Await(_) => "await expression",
        Expr::ListComp(_) => "list comprehension",
        Expr::SetComp(_) => "set comprehension",
        Expr::DictComp(_) => "dict comprehension",
        Expr::Dict(_) => "dict literal",
        Expr::Set(_) => "set display",
        Expr::FString(_) => "f-string expression",
        Expr::TString(_) => "t-string expression",
        Expr::NoneLiteral(_) => "None",
        Expr::BooleanLiteral(node) => {
            if node.value {
                "True"
            } else {
                "False"
            }
        }
        Expr::EllipsisLiteral(_) => "ellipsis",
        Expr::StringLiteral(_) | Expr::BytesLiteral(_) | Expr::NumberLiteral(_) => "literal",
        Expr::Compare(_) => "comparison",
        Expr::If(_) => "conditional expression",
        Expr::Named(_) => "named expression",
        Expr::Slice(_) | Expr::IpyEscapeCommand(_) => "expression",
    }
}

/// The outermost expression of a range, with whether it is a target of an assignment statement.
struct Finder<'a> {
    range: TextRange,
    found: Option<&'a Expr>,
    in_assignment: bool,
    found_in_assignment: bool,
}

impl<'a> Visitor<'a> for Finder<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if !statement.range().contains_range(self.range) {
            return;
        }
        if let Stmt::Assign(node) = statement {
            self.in_assignment = true;
            for target in &node.targets {
                self.visit_expr(target);
            }
            self.in_assignment = false;
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if self.found.is_some() || !expression.range().contains_range(self.range) {
            return;
        }
        if expression.range() == self.range {
            self.found = Some(expression);
            self.found_in_assignment = self.in_assignment;
        } else {
            visitor::walk_expr(self, expression);
        }
    }
}

impl<'a> Diagnosis<'a> {
    /// The expression at the error, and whether it is an assignment's target.
    fn expression_at_error(&self) -> Option<(&'a Expr, bool)> {
        let mut finder = Finder {
            range: self.error.location,
            found: None,
            in_assignment: false,
            found_in_assignment: false,
        };
        match self.syntax {
            ruff_python_ast::Mod::Module(module) => finder.visit_body(&module.body),
            ruff_python_ast::Mod::Expression(expression) => finder.visit_expr(&expression.body),
        }
        Some((finder.found?, finder.found_in_assignment))
    }

    pub(super) fn target(&self) -> Option<SyntaxError> {
        let (expression, in_assignment) = self.expression_at_error()?;
        let range = expression.range();
        let name = expression_name(expression);
        Some(match &self.error.error {
            ParseErrorType::InvalidNamedAssignmentTarget => {
                self.at_range(range, format!("cannot use assignment expressions with {name}"))
            }
            ParseErrorType::InvalidAnnotatedAssignmentTarget => match expression {
                Expr::List(_) | Expr::Tuple(_) => {
                    self.at_range(range, format!("only single target (not {name}) can be annotated"))
                }
                _ => self.at_range(range, "illegal target for annotation"),
            },
            ParseErrorType::InvalidAugmentedAssignmentTarget => {
                self.at_range(range, format!("'{name}' is an illegal expression for augmented assignment"))
            }
            ParseErrorType::InvalidDeleteTarget => {
                let (range, name) = invalid_part(expression, true).unwrap_or((range, name));
                self.at_range(range, format!("cannot delete {name}"))
            }
            _ if let Expr::Compare(node) = expression
                && !in_assignment
                && node.ops.first() != Some(&ruff_python_ast::CmpOp::In) =>
            {
                let end = node.left.end().to_u32();
                let operator = self.tokens.partition_point(|token| token.start < end);
                self.at_token(operator, "invalid syntax")
            }
            _ if matches!(expression, Expr::Yield(_) | Expr::YieldFrom(_)) && in_assignment => {
                let parenthesized =
                    self.text[..super::start_of(expression) as usize].trim_end().ends_with('(');
                self.at_range(
                    range,
                    if parenthesized {
                        "cannot assign to yield expression here. Maybe you meant '==' instead of '='?"
                    } else {
                        "assignment to yield expression not possible"
                    },
                )
            }
            _ if in_assignment => {
                let here = match self.here_instead(expression) {
                    true => " here. Maybe you meant '==' instead of '='?",
                    false => "",
                };
                self.at_range(range, format!("cannot assign to {name}{here}"))
            }
            _ => self.at_range(range, format!("cannot assign to {name}")),
        })
    }

    /// Whether the `=` after an expression could have been meant as `==`.
    fn here_instead(&self, expression: &Expr) -> bool {
        let end = expression.end().to_u32();
        let mut after = self.tokens.partition_point(|token| token.start < end);
        let first = self.tokens.partition_point(|token| token.start < super::start_of(expression));
        // Brackets around the expression alone belong to it.
        let mut opened = first;
        while self.is(after, ")") && opened > 0 && self.is(opened - 1, "(") {
            after += 1;
            opened -= 1;
        }
        if !self.is(after, "=")
            || (after < self.tokens.len() && self.token(after).level != self.level_before(opened))
        {
            return false;
        }
        let grouped =
            opened < first && !matches!(expression, Expr::List(_) | Expr::Tuple(_) | Expr::Generator(_));
        if !grouped && !is_arithmetic(expression) {
            return false;
        }
        match self.expression_from(after + 1) {
            Some((end, value)) => is_arithmetic(&value) && !matches!(self.word(end + 1), "=" | ":="),
            None => false,
        }
    }

    /// `=` where an expression should go on.
    pub(super) fn assignment_in_expression(&self) -> Option<SyntaxError> {
        let equal = self.at;
        if !self.is(equal, "=") || equal == 0 {
            return None;
        }
        let level = self.level_before(equal);
        // Where one expression is all, `=` is not taken for a part of it.
        if level == 0 && matches!(self.syntax, ruff_python_ast::Mod::Expression(_)) {
            return None;
        }
        let opener = if level > 0 { self.opener(equal) } else { None };
        let in_call = opener.is_some_and(|opener| self.is_call(opener));
        let (start, expression) = self.expression_to(equal - 1)?;
        if in_call {
            if start > 0 && matches!(self.word(start - 1), "*" | "**") {
                let what = if self.is(start - 1, "*") { "iterable" } else { "keyword" };
                let (end, _) = self.expression_from(equal + 1)?;
                let message = format!("cannot assign to {what} argument unpacking");
                return Some(self.between(start - 1, end, message));
            }
            return Some(self.keyword_name(start, equal));
        }
        let (end, value) = self.expression_from(equal + 1)?;
        if !is_arithmetic(&value) || matches!(self.word(end + 1), "=" | ":=") {
            return None;
        }
        if self.is_identifier(equal - 1) && start == equal - 1 {
            let message = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
            return Some(self.between(start, end, message));
        }
        if !is_arithmetic(&expression)
            || matches!(expression, Expr::List(_) | Expr::Tuple(_) | Expr::Generator(_))
            || matches!(expression, Expr::NoneLiteral(_) | Expr::BooleanLiteral(_))
        {
            return None;
        }
        let name = expression_name(&expression);
        let message = format!("cannot assign to {name} here. Maybe you meant '==' instead of '='?");
        Some(self.between(start, equal - 1, message))
    }

    /// `a, b += c`
    pub(super) fn augmented_tuple(&self) -> Option<SyntaxError> {
        let operator = self.word(self.at);
        let start = self.statement_start(self.at);
        let augmented = operator.len() > 1
            && operator.ends_with('=')
            && !matches!(operator, "==" | "!=" | "<=" | ">=" | ":=");
        if !augmented || self.at == start || !self.parse(start, self.at - 1)?.is_tuple_expr() {
            return None;
        }
        let message = "'tuple' is an illegal expression for augmented assignment";
        Some(self.between(start, self.at - 1, message))
    }

    /// The left side of `=` among the arguments of a call is no name.
    pub(super) fn keyword_name(&self, start: usize, equal: usize) -> SyntaxError {
        if start + 1 == equal && matches!(self.word(start), "True" | "False" | "None") {
            return self.between(start, equal, format!("cannot assign to {}", self.word(start)));
        }
        self.between(start, equal, "expression cannot contain assignment, perhaps you meant \"==\"?")
    }

    /// Whether a parenthesis holds the arguments of a call.
    pub(super) fn is_call(&self, opener: usize) -> bool {
        self.is(opener, "(")
            && opener > 0
            && (self.is_identifier(opener - 1)
                || matches!(self.word(opener - 1), ")" | "]" | "}")
                || matches!(self.token(opener - 1).kind, TokenKind::String | TokenKind::StringEnd))
    }
}

/// Whether an expression binds at least as tightly as `|`.
pub(super) fn is_arithmetic(expression: &Expr) -> bool {
    match expression {
        Expr::UnaryOp(node) => node.op != ruff_python_ast::UnaryOp::Not,
        Expr::List(_)
        | Expr::Tuple(_)
        | Expr::Generator(_)
        | Expr::NoneLiteral(_)
        | Expr::BooleanLiteral(_) => false,
        Expr::BoolOp(_)
        | Expr::Compare(_)
        | Expr::If(_)
        | Expr::Lambda(_)
        | Expr::Yield(_)
        | Expr::YieldFrom(_)
        | Expr::Starred(_) => false,
        _ => true,
    }
}

/// The first part of a target that is none.
fn invalid_part(expression: &Expr, deleting: bool) -> Option<(TextRange, &'static str)> {
    match expression {
        Expr::List(node) => node.elts.iter().find_map(|part| invalid_part(part, deleting)),
        Expr::Tuple(node) => node.elts.iter().find_map(|part| invalid_part(part, deleting)),
        Expr::Starred(node) if !deleting => invalid_part(&node.value, deleting),
        Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_) => None,
        _ => Some((expression.range(), expression_name(expression))),
    }
}
