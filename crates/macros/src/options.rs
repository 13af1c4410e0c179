//! Reading of attribute options: `flag`, `key = value` and `key(…)`, and of what all items share (docs, `cfg`s, types).
//!
//! Not here: what the options mean.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, Lit, LitStr, Meta, Result, Token, Type};

/// One option of an attribute.
pub(crate) struct Opt {
    pub(crate) key: Ident,
    pub(crate) value: OptValue,
}

pub(crate) enum OptValue {
    /// `key`
    Flag,
    /// `key = value`
    Value(Expr),
    /// `key(…)`
    List(TokenStream),
}

impl Parse for Opt {
    fn parse(input: ParseStream<'_>) -> Result<Opt> {
        // Keywords too: `for = …`.
        let key = input.call(Ident::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            OptValue::Value(input.parse()?)
        } else if input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            OptValue::List(content.parse()?)
        } else {
            OptValue::Flag
        };
        Ok(Opt { key, value })
    }
}

impl Opt {
    /// `key` alone.
    pub(crate) fn flag(&self) -> Result<bool> {
        match self.value {
            OptValue::Flag => Ok(true),
            _ => Err(self.wrong("stands alone")),
        }
    }

    /// `key = "text"`
    pub(crate) fn string(&self) -> Result<LitStr> {
        match &self.value {
            OptValue::Value(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Ok(text.clone()),
            _ => Err(self.wrong("needs a string: `= \"…\"`")),
        }
    }

    /// `key = expression`
    pub(crate) fn expression(&self) -> Result<Expr> {
        match &self.value {
            OptValue::Value(value) => Ok(value.clone()),
            _ => Err(self.wrong("needs a value: `= …`")),
        }
    }

    /// `key = path::to::Type`
    pub(crate) fn ty(&self) -> Result<Type> {
        syn::parse2(self.expression()?.into_token_stream())
    }

    /// `key = [a, b]`
    pub(crate) fn array(&self) -> Result<Vec<Expr>> {
        match &self.value {
            OptValue::Value(Expr::Array(array)) => Ok(array.elems.iter().cloned().collect()),
            _ => Err(self.wrong("needs a list: `= […]`")),
        }
    }

    /// `key("a", "b")`
    pub(crate) fn strings(&self) -> Result<Vec<LitStr>> {
        match &self.value {
            OptValue::List(list) => {
                let parser = Punctuated::<LitStr, Token![,]>::parse_terminated;
                Ok(parser.parse2(list.clone())?.into_iter().collect())
            }
            _ => Err(self.wrong("needs strings: `(\"…\", …)`")),
        }
    }

    /// The error for an option that `attribute` does not know.
    pub(crate) fn unknown(&self, attribute: &str, known: &str) -> Error {
        Error::new(self.key.span(), format!("#[{attribute}] has no option `{}`; it has: {known}", self.key))
    }

    fn wrong(&self, what: &str) -> Error {
        Error::new(self.key.span(), format!("the option `{}` {what}", self.key))
    }
}

/// The options of an attribute macro.
pub(crate) fn parse(tokens: TokenStream) -> Result<Vec<Opt>> {
    let options = Punctuated::<Opt, Token![,]>::parse_terminated.parse2(tokens)?;
    let options: Vec<Opt> = options.into_iter().collect();
    for (i, option) in options.iter().enumerate() {
        if options[..i].iter().any(|o| o.key == option.key) {
            return Err(Error::new(option.key.span(), format!("the option `{}` is given twice", option.key)));
        }
    }
    Ok(options)
}

/// The options of an inert attribute, `#[x]` or `#[x(…)]`.
pub(crate) fn of_attribute(attribute: &Attribute) -> Result<Vec<Opt>> {
    match &attribute.meta {
        Meta::Path(_) => Ok(Vec::new()),
        Meta::List(list) => parse(list.tokens.clone()),
        Meta::NameValue(pair) => Err(Error::new(pair.span(), "expected `(…)`")),
    }
}

/// The text of `#[x("text")]` or `#[x = "text"]`; None for `#[x]`.
pub(crate) fn text_of_attribute(attribute: &Attribute) -> Result<Option<LitStr>> {
    match &attribute.meta {
        Meta::Path(_) => Ok(None),
        Meta::List(list) => Ok(Some(list.parse_args()?)),
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(Some(text.clone())),
            other => Err(Error::new(other.span(), "expected a string")),
        },
    }
}

/// True if the last segment of the attribute's path is `name` (`#[pyclass]`, `#[vm::pyclass]`).
pub(crate) fn is_named(attribute: &Attribute, name: &str) -> bool {
    attribute.path().segments.last().is_some_and(|s| s.ident == name)
}

/// Takes the attributes called `name` out of `attributes`; more than one is an error.
pub(crate) fn take(attributes: &mut Vec<Attribute>, name: &str) -> Result<Option<Attribute>> {
    let mut found = None;
    let mut i = 0;
    while i < attributes.len() {
        if attributes[i].path().is_ident(name) {
            let attribute = attributes.remove(i);
            if found.is_some() {
                return Err(Error::new(attribute.span(), format!("#[{name}] is given twice")));
            }
            found = Some(attribute);
        } else {
            i += 1;
        }
    }
    Ok(found)
}

/// The documentation comments among `attributes`, as one text.
pub(crate) fn documentation(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value
        {
            let text = text.value();
            lines.extend(text.split('\n').map(|l| l.strip_prefix(' ').unwrap_or(l).trim_end().to_owned()));
        }
    }
    lines.join("\n").trim().to_owned()
}

/// The `cfg`s among `attributes`: what refers to the item exists only with it.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<&Attribute> {
    attributes.iter().filter(|a| a.path().is_ident("cfg")).collect()
}

/// The last segment of a type's path: its name, generics aside.
pub(crate) fn type_name(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|s| &s.ident),
        Type::Group(group) => type_name(&group.elem),
        Type::Paren(paren) => type_name(&paren.elem),
        _ => None,
    }
}

/// True if `ty` is a path that ends in `name`.
pub(crate) fn is_type(ty: &Type, name: &str) -> bool {
    type_name(ty).is_some_and(|n| n == name)
}

/// `T` of a `wrapper<T>`, recognised by the last segment of its path.
pub(crate) fn inner_type<'t>(ty: &'t Type, wrapper: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|s| s.ident == wrapper)?;
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|a| match a {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// `T` of `&T`.
pub(crate) fn referent(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Reference(reference) => Some(&reference.elem),
        _ => None,
    }
}

/// The Python name of a Rust identifier: without `r#`, and without the `_` that avoids a keyword or a clash.
pub(crate) fn python_name(ident: &Ident) -> String {
    let name = ident.unraw().to_string();
    match name.strip_suffix('_') {
        Some(stem) if !stem.ends_with('_') && !stem.is_empty() => stem.to_owned(),
        _ => name,
    }
}
