//! `#[pymodule]`: collects what an inline module declares into its definition.
//!
//! Not here: functions and classes themselves, whose attributes stay and expand on their own.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprPath, Item, ItemMod, Meta, Result, parse_quote};

use crate::class::exported;
use crate::function::{self, Finish, Lead, Native, define, definition_name};
use crate::methods::constant_function;
use crate::options::{self, python_name};

/// What was found so far.
#[derive(Default)]
struct Contents {
    members: Vec<TokenStream>,
    classes: Vec<TokenStream>,
    init: Option<TokenStream>,
}

/// Expands `#[pymodule]`.
pub(crate) fn expand(attribute: TokenStream, mut item: ItemMod) -> Result<TokenStream> {
    let mut name = None;
    let mut doc = None;
    let mut classes = Vec::new();
    let mut functions = Vec::new();
    for option in options::parse(attribute)? {
        match option.key.to_string().as_str() {
            "name" => name = Some(option.string()?.value()),
            "doc" => doc = Some(option.string()?.value()),
            "classes" => classes = option.array()?,
            "functions" => functions = option.array()?,
            _ => return Err(option.unknown("pymodule", "name, doc, classes, functions")),
        }
    }
    let name = name.unwrap_or_else(|| python_name(&item.ident));
    let doc = doc.unwrap_or_else(|| options::documentation(&item.attrs));
    let span = item.span();
    let Some((_, items)) = &mut item.content else {
        return Err(Error::new(span, "the module must be written in place: `mod name { … }`"));
    };
    let mut contents = Contents::default();
    let mut errors: Option<Error> = None;
    for item in items.iter_mut() {
        if let Err(error) = contents.add(item, &name) {
            match &mut errors {
                Some(all) => all.combine(error),
                None => errors = Some(error),
            }
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    for function in &functions {
        contents.members.push(elsewhere(function)?);
    }
    contents.classes.extend(classes.iter().map(|c| quote!(<#c as ::vm::native::PyClass>::class)));
    let Contents { members, classes, init } = contents;
    let init = match init {
        Some(init) => init,
        None => quote!(::std::option::Option::None),
    };
    items.push(parse_quote! {
        /// What the module is made of.
        pub const DEFINITION: ::vm::native::ModuleDef = ::vm::native::ModuleDef {
            name: #name,
            doc: #doc,
            members: &[#(#members),*],
            classes: &[#(#classes),*],
            init: #init,
        };
    });
    Ok(item.into_token_stream())
}

/// The definition constant of the function at a path.
fn elsewhere(function: &Expr) -> Result<TokenStream> {
    let Expr::Path(ExprPath { path, .. }) = function else {
        return Err(Error::new(function.span(), "expected the path of a #[pyfunction]"));
    };
    let mut path = path.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = definition_name(&last.ident);
    }
    Ok(path.into_token_stream())
}

impl Contents {
    fn add(&mut self, item: &mut Item, module: &str) -> Result<()> {
        match item {
            Item::Fn(item) => {
                if item.attrs.iter().any(|a| options::is_named(a, "pyfunction")) {
                    let conditions = options::conditions(&item.attrs);
                    let definition = definition_name(&item.sig.ident);
                    self.members.push(quote!(#(#conditions)* #definition));
                } else if let Some(attribute) = options::take(&mut item.attrs, "pyattr")? {
                    let name = attribute_name(&attribute)?.unwrap_or_else(|| python_name(&item.sig.ident));
                    self.attribute(item, &name)?;
                } else if let Some(attribute) = options::take(&mut item.attrs, "init")? {
                    attribute.meta.require_path_only()?;
                    self.init(item)?;
                }
            }
            Item::Const(item) => {
                if let Some(attribute) = options::take(&mut item.attrs, "pyattr")? {
                    let ident = &item.ident;
                    let name = attribute_name(&attribute)?.unwrap_or_else(|| python_name(ident));
                    let function = constant_function(&quote!(#ident));
                    let doc = options::documentation(&item.attrs);
                    let definition = define(&name, &function, "Attribute", "", &doc);
                    let conditions = options::conditions(&item.attrs);
                    self.members.push(quote!(#(#conditions)* #definition));
                }
            }
            Item::Struct(item) => self.class(&mut item.attrs, &item.ident, module)?,
            Item::Enum(item) => self.class(&mut item.attrs, &item.ident, module)?,
            _ => {}
        }
        Ok(())
    }

    /// A function that computes a module attribute.
    fn attribute(&mut self, item: &syn::ItemFn, name: &str) -> Result<()> {
        let ident = &item.sig.ident;
        let takes_arguments =
            function::inputs(&item.sig, Lead::None)?.iter().any(|i| !matches!(i, function::Input::Thread));
        if takes_arguments {
            let text = "a module attribute is computed without arguments (but `th: &mut Thread`)";
            return Err(Error::new(item.sig.inputs.span(), text));
        }
        let wrapped = function::wrap(&Native {
            callee: quote!(#ident),
            sig: &item.sig,
            name: name.to_owned(),
            display: quote!(#name),
            lead: Lead::None,
            class: None,
            raw: false,
            signature: None,
            finish: Finish::Convert,
        })?;
        let doc = options::documentation(&item.attrs);
        let definition = define(name, &wrapped.function, "Attribute", "", &doc);
        let conditions = options::conditions(&item.attrs);
        self.members.push(quote!(#(#conditions)* #definition));
        Ok(())
    }

    fn init(&mut self, item: &syn::ItemFn) -> Result<()> {
        if self.init.is_some() {
            return Err(Error::new(item.sig.ident.span(), "a module has one #[init] function"));
        }
        if let Some(condition) = options::conditions(&item.attrs).first() {
            return Err(Error::new(
                condition.span(),
                "#[init] cannot depend on a `cfg`; put it into the body",
            ));
        }
        if item.sig.inputs.len() != 2 {
            let text = "an #[init] function is `fn(th: &mut Thread, module: &Value) -> PyResult<()>`";
            return Err(Error::new(item.sig.span(), text));
        }
        let ident = &item.sig.ident;
        self.init = Some(quote!(::std::option::Option::Some(#ident)));
        Ok(())
    }

    /// A type that may be a class of this module.
    fn class(&mut self, attributes: &mut [Attribute], ident: &syn::Ident, module: &str) -> Result<()> {
        let conditions: Vec<_> = options::conditions(attributes).into_iter().cloned().collect();
        let Some(attribute) = attributes.iter_mut().find(|a| options::is_named(a, "pyclass")) else {
            return Ok(());
        };
        let class = exported(attribute, ident)?;
        if let Some(payload) = class.payload {
            self.classes.push(quote!(#(#conditions)* <#payload as ::vm::native::PyClass>::class));
        }
        if !class.has_module {
            let path = attribute.path().clone();
            let rest = match &attribute.meta {
                Meta::List(list) => list.tokens.clone(),
                _ => TokenStream::new(),
            };
            *attribute = parse_quote!(#[#path(module = #module, #rest)]);
        }
        Ok(())
    }
}

/// The name in `#[pyattr(name = "…")]`.
fn attribute_name(attribute: &Attribute) -> Result<Option<String>> {
    let mut name = None;
    for option in options::of_attribute(attribute)? {
        match option.key.to_string().as_str() {
            "name" => name = Some(option.string()?.value()),
            _ => return Err(option.unknown("pyattr", "name")),
        }
    }
    Ok(name)
}
