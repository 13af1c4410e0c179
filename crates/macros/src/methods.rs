//! `#[pymethods]`: the functions of an `impl` block become methods, getters and the rest of a class.
//!
//! Not here: the wrappers (`function`), the class itself (`class`).

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Attribute, Error, ImplItem, ImplItemConst, ImplItemFn, ItemImpl, LitStr, Result, Type};

use crate::function::{self, Finish, Input, Lead, Native, Plain, define};
use crate::options::{self, inner_type, is_type, python_name, type_name};

/// The constant that holds the members of the block called `part`.
pub(crate) fn members_name(part: Option<&LitStr>) -> Result<Ident> {
    let Some(part) = part else { return Ok(format_ident!("MEMBERS")) };
    let name = part.value();
    if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) {
        return Err(Error::new(part.span(), "the name of a part is made of letters, digits and `_`"));
    }
    Ok(format_ident!("MEMBERS_{}", name.to_uppercase(), span = part.span()))
}

/// The class whose methods are defined.
struct Block {
    /// The type of the `impl` block.
    holder: Type,
    /// The payload type: the same, or that of `for = …`.
    payload: Type,
}

/// Expands `#[pymethods]`.
pub(crate) fn expand(attribute: TokenStream, mut item: ItemImpl) -> Result<TokenStream> {
    let mut payload = None;
    let mut part = None;
    for option in options::parse(attribute)? {
        match option.key.to_string().as_str() {
            "for" => payload = Some(option.ty()?),
            "part" => part = Some(option.string()?),
            _ => return Err(option.unknown("pymethods", "for, part")),
        }
    }
    if let Some((_, path, _)) = &item.trait_ {
        return Err(Error::new(path.span(), "methods are defined in an inherent `impl` block"));
    }
    if !item.generics.params.is_empty() {
        return Err(Error::new(item.generics.span(), "a native class cannot be generic"));
    }
    let holder = (*item.self_ty).clone();
    let block = Block { payload: payload.unwrap_or_else(|| holder.clone()), holder };
    let mut members = Vec::new();
    let mut errors: Option<Error> = None;
    for member in &mut item.items {
        let result = match member {
            ImplItem::Fn(method) => block.method(method),
            ImplItem::Const(constant) => block.constant(constant),
            _ => continue,
        };
        match result {
            Ok(member) => members.extend(member),
            Err(error) => match &mut errors {
                Some(all) => all.combine(error),
                None => errors = Some(error),
            },
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    let name = members_name(part.as_ref())?;
    let holder = &block.holder;
    let conditions = options::conditions(&item.attrs);
    Ok(quote! {
        #[allow(
            clippy::new_ret_no_self,
            clippy::wrong_self_convention,
            clippy::inherent_to_string,
            reason = "Python's methods have Python's names"
        )]
        #item
        #(#conditions)*
        impl #holder {
            #[doc(hidden)]
            pub(crate) const #name: &'static [::vm::native::NativeDef] = &[#(#members),*];
        }
    })
}

/// The block without our attributes, which stays when the expansion failed.
pub(crate) fn bare(item: &ItemImpl) -> TokenStream {
    let mut item = item.clone();
    for member in &mut item.items {
        let (ImplItem::Fn(ImplItemFn { attrs, .. }) | ImplItem::Const(ImplItemConst { attrs, .. })) = member
        else {
            continue;
        };
        attrs.retain(|a| !ATTRIBUTES.iter().any(|name| a.path().is_ident(name)));
    }
    quote!(#item)
}

/// The attributes inside a block that are ours.
const ATTRIBUTES: [&str; 10] = [
    "new",
    "staticmethod",
    "classmethod",
    "getter",
    "setter",
    "constant",
    "name",
    "signature",
    "raw",
    "skip",
];

/// What the attributes of a method say it is.
enum Is {
    Method,
    New { raw: bool },
    Static,
    ClassMethod,
    Getter(Option<LitStr>),
    Setter(Option<LitStr>),
    Constant,
}

impl Is {
    /// Takes the attributes that say so; more than one is an error.
    fn take(attributes: &mut Vec<Attribute>) -> Result<Is> {
        let mut found = None;
        for name in ["new", "staticmethod", "classmethod", "getter", "setter", "constant"] {
            let Some(attribute) = options::take(attributes, name)? else { continue };
            if found.is_some() {
                return Err(Error::new(attribute.span(), format!("#[{name}] contradicts another attribute")));
            }
            found = Some(match name {
                "new" => {
                    let mut raw = false;
                    for option in options::of_attribute(&attribute)? {
                        match option.key.to_string().as_str() {
                            "raw" => raw = option.flag()?,
                            _ => return Err(option.unknown("new", "raw")),
                        }
                    }
                    Is::New { raw }
                }
                "getter" => Is::Getter(options::text_of_attribute(&attribute)?),
                "setter" => Is::Setter(options::text_of_attribute(&attribute)?),
                _ => {
                    attribute.meta.require_path_only()?;
                    match name {
                        "staticmethod" => Is::Static,
                        "classmethod" => Is::ClassMethod,
                        _ => Is::Constant,
                    }
                }
            });
        }
        Ok(found.unwrap_or(Is::Method))
    }
}

impl Block {
    /// The definition of `method`; None if it is marked `#[skip]`.
    fn method(&self, method: &mut ImplItemFn) -> Result<Option<TokenStream>> {
        let attributes = &mut method.attrs;
        if let Some(skip) = options::take(attributes, "skip")? {
            skip.meta.require_path_only()?;
            return Ok(None);
        }
        let is = Is::take(attributes)?;
        let name = required_text(attributes, "name")?;
        let signature = required_text(attributes, "signature")?;
        let mut raw = match options::take(attributes, "raw")? {
            Some(raw) => raw.meta.require_path_only().map(|_| true)?,
            None => false,
        };
        let doc = options::documentation(attributes);
        let ident = &method.sig.ident;
        let (holder, payload) = (&self.holder, &self.payload);
        let given = name.as_ref().map(LitStr::value);
        let class_name = quote!(<#payload as ::vm::native::PyClass>::DEFINITION.name);
        let mut finish = Finish::Convert;
        let (name, role, lead) = match &is {
            Is::Method => (given.unwrap_or_else(|| python_name(ident)), "Method", Lead::Object),
            Is::Static => (given.unwrap_or_else(|| python_name(ident)), "Static", Lead::None),
            Is::ClassMethod => (given.unwrap_or_else(|| python_name(ident)), "ClassMethod", Lead::Class),
            Is::Constant => (given.unwrap_or_else(|| python_name(ident)), "Attribute", Lead::Class),
            Is::New { raw: raw_new } => {
                raw |= raw_new;
                ("__new__".to_owned(), "New", Lead::Class)
            }
            Is::Getter(attribute) => {
                let attribute = attribute.as_ref().map(LitStr::value).or(given);
                (attribute.unwrap_or_else(|| python_name(ident)), "Getter", Lead::Object)
            }
            Is::Setter(attribute) => {
                let attribute = attribute.as_ref().map(LitStr::value).or(given).unwrap_or_else(|| {
                    let name = python_name(ident);
                    name.strip_prefix("set_").map(str::to_owned).unwrap_or(name)
                });
                (attribute, "Setter", Lead::Object)
            }
        };
        if let Is::New { .. } = is {
            let made = function::result_type(&method.sig);
            if made.is_some_and(|ty| is_type(ty, "Self") || type_name(ty) == type_name(payload)) {
                finish = Finish::Instance;
            }
            if raw && finish == Finish::Instance {
                let text = "#[new(raw)] makes the object itself and returns `PyResult`";
                return Err(Error::new(method.sig.output.span(), text));
            }
        }
        if name == "__next__" && function::result_type(&method.sig).is_some_and(|ty| is_type(ty, "Option")) {
            finish = Finish::Next;
        }
        let display = match is {
            Is::New { .. } => class_name,
            _ => quote!(#name),
        };
        let native = Native {
            callee: quote!(<#holder>::#ident),
            sig: &method.sig,
            display,
            name: name.clone(),
            lead,
            class: Some(payload),
            raw,
            signature: signature.as_ref(),
            finish,
        };
        let (function, text_signature) = match is {
            Is::Setter(_) => (self.setter(&native)?, String::new()),
            Is::Getter(_) | Is::Constant => {
                self.without_arguments(&native)?;
                (function::wrap(&native)?.function, String::new())
            }
            _ => {
                let wrapped = function::wrap(&native)?;
                (wrapped.function, wrapped.text_signature)
            }
        };
        let definition = define(&name, &function, role, &text_signature, &doc);
        let conditions = options::conditions(&method.attrs);
        Ok(Some(quote!(#(#conditions)* #definition)))
    }

    /// Getters and constants take no arguments.
    fn without_arguments(&self, native: &Native<'_>) -> Result<()> {
        if let Some(signature) = native.signature {
            return Err(Error::new(signature.span(), "an attribute has no signature"));
        }
        for input in function::inputs(native.sig, native.lead)? {
            if let Input::Plain(Plain { ty, .. }) = input {
                return Err(Error::new(ty.span(), "an attribute is computed without arguments"));
            }
        }
        Ok(())
    }

    /// The wrapper of a setter: the value is there, or it is a deletion.
    fn setter(&self, native: &Native<'_>) -> Result<TokenStream> {
        if let Some(signature) = native.signature {
            return Err(Error::new(signature.span(), "an attribute has no signature"));
        }
        let inputs = function::inputs(native.sig, native.lead)?;
        let plain: Vec<_> = inputs
            .iter()
            .filter_map(|i| match i {
                Input::Plain(plain) => Some(plain),
                _ => None,
            })
            .collect();
        let [value] = plain[..] else {
            return Err(Error::new(native.sig.ident.span(), "a setter takes one value"));
        };
        let name = &native.name;
        let (payload, callee) = (&self.payload, &native.callee);
        let convert = quote! {
            ::vm::native::convert::FromArg::from_arg(
                __th,
                __value,
                &::vm::native::convert::ArgName { function: #name, position: 1, name: "value" },
            )?
        };
        let value = if inner_type(value.ty, "Option").is_some() {
            quote! {
                match __args.positional.get(1) {
                    ::std::option::Option::Some(__value) => ::std::option::Option::Some(#convert),
                    ::std::option::Option::None => ::std::option::Option::None,
                }
            }
        } else {
            quote! {
                match __args.positional.get(1) {
                    ::std::option::Option::Some(__value) => #convert,
                    ::std::option::Option::None => {
                        return ::std::result::Result::Err(::vm::native::convert::cannot_delete(__th, #name));
                    }
                }
            }
        };
        let arguments = inputs.iter().map(|input| match input {
            Input::Thread => quote!(__th),
            Input::Plain(_) => quote!(__value),
            Input::AnyReceiver => quote!(__this.as_value()),
            _ => quote!(__this),
        });
        let finish = function::finish(native, quote!(#callee(#(#arguments),*)));
        Ok(quote! {{
            fn __native(__th: &mut ::vm::thread::Thread, __args: ::vm::native::Args<'_>) -> ::vm::error::PyResult {
                let __this = ::vm::native::convert::receiver::<#payload>(__th, __args, #name)?;
                let __value = #value;
                #finish
            }
            __native
        }})
    }

    /// The definition of a constant; None if it is not marked `#[constant]`.
    fn constant(&self, constant: &mut ImplItemConst) -> Result<Option<TokenStream>> {
        let Some(attribute) = options::take(&mut constant.attrs, "constant")? else { return Ok(None) };
        attribute.meta.require_path_only()?;
        let name = required_text(&mut constant.attrs, "name")?;
        let name = name.map_or_else(|| python_name(&constant.ident), |n| n.value());
        let (holder, ident) = (&self.holder, &constant.ident);
        let function = constant_function(&quote!(<#holder>::#ident));
        let definition = define(&name, &function, "Attribute", "", &options::documentation(&constant.attrs));
        let conditions = options::conditions(&constant.attrs);
        Ok(Some(quote!(#(#conditions)* #definition)))
    }
}

/// A native function that answers the Rust constant `path`.
pub(crate) fn constant_function(path: &TokenStream) -> TokenStream {
    quote! {{
        fn __native(__th: &mut ::vm::thread::Thread, _: ::vm::native::Args<'_>) -> ::vm::error::PyResult {
            ::vm::native::convert::IntoResult::into_result(#path, __th)
        }
        __native
    }}
}

/// The text of `#[name("…")]`, taken out.
fn required_text(attributes: &mut Vec<Attribute>, name: &str) -> Result<Option<LitStr>> {
    let Some(attribute) = options::take(attributes, name)? else { return Ok(None) };
    match options::text_of_attribute(&attribute)? {
        Some(text) => Ok(Some(text)),
        None => Err(Error::new(attribute.span(), format!("#[{name}] needs a text: #[{name}(\"…\")]"))),
    }
}
