//! The signature text of a native function, in the grammar of Python's `__text_signature__`.
//!
//! Not here: how arguments are bound when a call comes (`vm::native::signature`).

use std::iter::Peekable;
use std::str::CharIndices;

/// How a parameter may be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    PositionalOnly,
    Either,
    VarPositional,
    KeywordOnly,
    VarKeyword,
}

/// A parameter of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The default's source text, if it has one.
    pub(crate) default: Option<String>,
}

/// A parsed signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    /// In the order of the text; a leading `$self` is left out.
    pub(crate) parameters: Vec<Parameter>,
    /// The text has a `/`.
    slash: bool,
    /// The text begins with a `$` parameter.
    dollar: bool,
    text: String,
}

/// What text signatures call the implicit first parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receiver {
    None,
    /// `$self`
    Instance,
    /// `$type`
    Class,
}

impl Signature {
    /// Parses `(a, b=None, /, c=0, *args, d, **kwargs)`. The error is a message for the programmer.
    pub(crate) fn parse(text: &str) -> Result<Signature, String> {
        let text = text.trim();
        let inner = text
            .strip_prefix('(')
            .and_then(|t| t.strip_suffix(')'))
            .ok_or("a signature is written in parentheses: \"(a, b=None, /)\"")?;
        let mut signature =
            Signature { parameters: Vec::new(), slash: false, dollar: false, text: text.to_owned() };
        let items = split(inner)?;
        // Whether `*` or `*args` was seen; None until then, then whether names must still follow a bare `*`.
        let mut star: Option<bool> = None;
        for (i, item) in items.iter().enumerate() {
            let item = item.trim();
            if signature.parameters.last().is_some_and(|p| p.kind == Kind::VarKeyword) {
                return Err("nothing may follow `**kwargs`".into());
            }
            if item.is_empty() {
                return Err("a parameter is missing between commas".into());
            } else if item.starts_with('$') {
                if i != 0 {
                    return Err(format!("`{item}` may only come first"));
                }
                signature.dollar = true;
            } else if item == "/" {
                signature.end_positional_only(star.is_some())?;
            } else if let Some(name) = item.strip_prefix("**") {
                if star == Some(true) {
                    return Err("names must follow a bare `*`".into());
                }
                signature.push(name, Kind::VarKeyword, None)?;
            } else if let Some(name) = item.strip_prefix('*') {
                if star.is_some() {
                    return Err("`*` may come only once".into());
                }
                star = Some(name.is_empty());
                if !name.is_empty() {
                    signature.push(name, Kind::VarPositional, None)?;
                }
            } else {
                let (name, default) = match item.split_once('=') {
                    Some((name, default)) => (name.trim(), Some(default.trim())),
                    None => (item, None),
                };
                if default == Some("") {
                    return Err(format!("the default of `{name}` is missing"));
                }
                let kind = if star.is_some() { Kind::KeywordOnly } else { Kind::Either };
                star = star.map(|_| false);
                signature.push(name, kind, default)?;
            }
        }
        if star == Some(true) {
            return Err("names must follow a bare `*`".into());
        }
        Ok(signature)
    }

    /// The signature of a function that declares none: positional parameters only; true says optional.
    pub(crate) fn positional(parameters: Vec<(String, bool)>) -> Signature {
        let mut text = String::from("(");
        for (name, optional) in &parameters {
            text.push_str(name);
            text.push_str(if *optional { "=<unrepresentable>, " } else { ", " });
        }
        text.push_str(if parameters.is_empty() { ")" } else { "/)" });
        let slash = !parameters.is_empty();
        let parameters = parameters
            .into_iter()
            .map(|(name, optional)| Parameter {
                name,
                kind: Kind::PositionalOnly,
                default: optional.then(|| "<unrepresentable>".to_owned()),
            })
            .collect();
        Signature { parameters, slash, dollar: false, text }
    }

    /// The text with the implicit first parameter.
    pub(crate) fn text(&self, receiver: Receiver) -> String {
        let name = match receiver {
            Receiver::Instance => "$self",
            Receiver::Class => "$type",
            Receiver::None => return self.text.clone(),
        };
        if self.dollar {
            return self.text.clone();
        }
        let rest = self.text[1..self.text.len() - 1].trim();
        // The receiver is positional-only: a text without `/` needs one for it.
        let slash = if self.slash { "" } else { ", /" };
        let comma = if rest.is_empty() { "" } else { ", " };
        format!("({name}{slash}{comma}{rest})")
    }

    /// True if every parameter is positional-only.
    pub(crate) fn is_positional_only(&self) -> bool {
        self.parameters.iter().all(|p| p.kind == Kind::PositionalOnly)
    }

    fn end_positional_only(&mut self, after_star: bool) -> Result<(), String> {
        if self.slash {
            return Err("`/` may come only once".into());
        }
        if after_star {
            return Err("`/` must come before `*`".into());
        }
        if self.parameters.is_empty() && !self.dollar {
            return Err("`/` must follow a parameter".into());
        }
        self.slash = true;
        for parameter in &mut self.parameters {
            parameter.kind = Kind::PositionalOnly;
        }
        Ok(())
    }

    fn push(&mut self, name: &str, kind: Kind, default: Option<&str>) -> Result<(), String> {
        let mut chars = name.chars();
        let starts_well = chars.next().is_some_and(|c| c == '_' || c.is_alphabetic());
        if !starts_well || !chars.all(|c| c == '_' || c.is_alphanumeric()) {
            return Err(format!("`{name}` is not a parameter name"));
        }
        if self.parameters.iter().any(|p| p.name == name) {
            return Err(format!("the parameter `{name}` comes twice"));
        }
        let after_default = self.parameters.last().is_some_and(|p| p.default.is_some());
        if kind == Kind::Either && default.is_none() && after_default {
            return Err(format!("`{name}` without default follows a parameter with one"));
        }
        self.parameters.push(Parameter { name: name.to_owned(), kind, default: default.map(str::to_owned) });
        Ok(())
    }
}

/// Splits at the commas outside brackets and strings.
fn split(text: &str) -> Result<Vec<&str>, String> {
    let mut items = Vec::new();
    let mut open: Vec<char> = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' if open.pop() != Some(c) => return Err(format!("unbalanced `{c}`")),
            '\'' | '"' => skip_string(&mut chars, c)?,
            ',' if open.is_empty() => {
                items.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if let Some(c) = open.pop() {
        return Err(format!("`{c}` is missing"));
    }
    let last = &text[start..];
    if !last.trim().is_empty() {
        items.push(last);
    }
    Ok(items)
}

fn skip_string(chars: &mut Peekable<CharIndices<'_>>, quote: char) -> Result<(), String> {
    while let Some((_, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote {
            return Ok(());
        }
    }
    Err("a string is not closed".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Vec<(String, Kind, Option<String>)> {
        let signature = Signature::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        signature.parameters.into_iter().map(|p| (p.name, p.kind, p.default)).collect()
    }

    fn refusal(text: &str) -> String {
        Signature::parse(text).expect_err(text)
    }

    #[test]
    fn every_kind_of_parameter() {
        let expected = [
            ("a", Kind::PositionalOnly, None),
            ("b", Kind::PositionalOnly, Some("None")),
            ("c", Kind::Either, Some("0")),
            ("args", Kind::VarPositional, None),
            ("d", Kind::KeywordOnly, None),
            ("e", Kind::KeywordOnly, Some("1")),
            ("kwargs", Kind::VarKeyword, None),
        ];
        let expected: Vec<_> =
            expected.into_iter().map(|(n, k, d)| (n.to_owned(), k, d.map(str::to_owned))).collect();
        assert_eq!(shape("(a, b=None, /, c=0, *args, d, e=1, **kwargs)"), expected);
    }

    #[test]
    fn defaults_may_hold_commas_and_brackets() {
        let parameters = shape(r#"(sep=', ', pair=(1, 2), text="a\",b", *, key={'x': [1, 2]})"#);
        let defaults: Vec<_> = parameters.iter().map(|p| p.2.as_deref().unwrap()).collect();
        assert_eq!(defaults, ["', '", "(1, 2)", r#""a\",b""#, "{'x': [1, 2]}"]);
        assert_eq!(parameters[3].1, Kind::KeywordOnly);
    }

    #[test]
    fn empty_and_trailing_comma() {
        assert!(shape("()").is_empty());
        assert_eq!(shape("(a, )").len(), 1);
    }

    #[test]
    fn receivers_are_prepended() {
        let text = |s: &str, r| Signature::parse(s).unwrap().text(r);
        assert_eq!(text("()", Receiver::Instance), "($self, /)");
        assert_eq!(text("(a, /, b)", Receiver::Instance), "($self, a, /, b)");
        assert_eq!(text("(a, b=None)", Receiver::Class), "($type, /, a, b=None)");
        assert_eq!(text("($self, key, /)", Receiver::Instance), "($self, key, /)");
        assert_eq!(text("(*args)", Receiver::None), "(*args)");
    }

    #[test]
    fn undeclared_signatures_are_positional() {
        let signature = Signature::positional(vec![("x".into(), false), ("y".into(), true)]);
        assert_eq!(signature.text(Receiver::None), "(x, y=<unrepresentable>, /)");
        assert_eq!(signature.text(Receiver::Instance), "($self, x, y=<unrepresentable>, /)");
        assert!(signature.is_positional_only());
        assert_eq!(Signature::positional(vec![]).text(Receiver::Instance), "($self, /)");
    }

    #[test]
    fn misuse_is_refused() {
        assert!(refusal("a, b").contains("parentheses"));
        assert!(refusal("(a, *)").contains("bare `*`"));
        assert!(refusal("(*, **k)").contains("bare `*`"));
        assert!(refusal("(a, a)").contains("twice"));
        assert!(refusal("(a, /, b, /)").contains("only once"));
        assert!(refusal("(/, a)").contains("must follow"));
        assert!(refusal("(*, a, /)").contains("before `*`"));
        assert!(refusal("(a=1, b)").contains("without default"));
        assert!(refusal("(a=1, /, b)").contains("without default"));
        assert!(refusal("(**k, a)").contains("`**kwargs`"));
        assert!(refusal("(1a)").contains("not a parameter name"));
        assert!(refusal("(a: int)").contains("not a parameter name"));
        assert!(refusal("(a=)").contains("default"));
        assert!(refusal("(a=(1)").contains("missing"));
        assert!(refusal("(a='x)").contains("not closed"));
        assert!(refusal("(a,, b)").contains("between commas"));
        assert!(refusal("(a, $self)").contains("first"));
    }
}
