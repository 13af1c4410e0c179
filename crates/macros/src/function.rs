//! `#[pyfunction]`, and the wrapper that turns any Rust function into a native one: bind, convert, call, convert.
//!
//! # Invariants
//! - Names that a wrapper declares begin with `__`, so that they never hide the function they call.
//!
//! Not here: which receiver a method has (`methods`), the signature's grammar (`signature`).

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Error, FnArg, ItemFn, LitStr, Pat, Result, ReturnType, Type};

use crate::options::{self, inner_type, is_type, python_name, referent};
use crate::signature::{Kind, Receiver, Signature};

/// What the first Python argument is to a native function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lead {
    /// Nothing special.
    None,
    /// The object whose method it is.
    Object,
    /// The class.
    Class,
}

/// A parameter of the Rust function, in its order.
pub(crate) enum Input<'a> {
    /// `th: &mut Thread`
    Thread,
    /// `&self` or `this: &Obj<Self>`
    Receiver,
    /// `this: &Value`: the receiver whatever its payload.
    AnyReceiver,
    /// `class: Class`
    Class,
    /// `args: Args<'_>`
    Args,
    /// One that an argument is converted for.
    Plain(Plain<'a>),
}

#[derive(Clone, Copy)]
pub(crate) struct Plain<'a> {
    /// None for the pattern `_`.
    pub(crate) ident: Option<&'a Ident>,
    pub(crate) ty: &'a Type,
}

/// Sorts the parameters of `sig`.
pub(crate) fn inputs(sig: &syn::Signature, lead: Lead) -> Result<Vec<Input<'_>>> {
    check(sig)?;
    let mut inputs = Vec::new();
    let mut led = lead == Lead::None;
    for argument in &sig.inputs {
        let typed = match argument {
            FnArg::Receiver(receiver) => {
                if lead != Lead::Object {
                    return Err(Error::new(receiver.span(), "there is no instance here to call `self`"));
                }
                if receiver.reference.is_none() || receiver.mutability.is_some() {
                    let text = "objects are shared: take `&self` or `this: &Obj<Self>`";
                    return Err(Error::new(receiver.span(), text));
                }
                led = true;
                inputs.push(Input::Receiver);
                continue;
            }
            FnArg::Typed(typed) => typed,
        };
        let ty = &*typed.ty;
        if referent(ty).is_some_and(|t| is_type(t, "Thread")) {
            inputs.push(Input::Thread);
        } else if lead == Lead::Class && !led && is_type(ty, "Class") {
            led = true;
            inputs.push(Input::Class);
        } else if lead == Lead::Object && !led {
            led = true;
            inputs.push(match referent(ty) {
                Some(t) if is_type(t, "Obj") => Input::Receiver,
                Some(t) if is_type(t, "Value") => Input::AnyReceiver,
                _ => {
                    let text =
                        "the first parameter of a method is `&self`, `this: &Obj<Self>` or `this: &Value`";
                    return Err(Error::new(typed.span(), text));
                }
            });
        } else if is_type(ty, "Args") {
            inputs.push(Input::Args);
        } else {
            let ident = match &*typed.pat {
                Pat::Ident(pattern) => Some(&pattern.ident),
                Pat::Wild(_) => None,
                other => {
                    return Err(Error::new(other.span(), "a parameter of a native function is a plain name"));
                }
            };
            inputs.push(Input::Plain(Plain { ident, ty }));
        }
    }
    if lead == Lead::Object && !led {
        let text = "a method takes `&self` or `this: &Obj<Self>` (or is marked #[staticmethod], #[classmethod] or #[skip])";
        return Err(Error::new(sig.ident.span(), text));
    }
    Ok(inputs)
}

fn check(sig: &syn::Signature) -> Result<()> {
    let refuse =
        |span: Span, what: &str| Err(Error::new(span, format!("a native function cannot be {what}")));
    if let Some(token) = sig.asyncness {
        return refuse(token.span(), "async");
    }
    if let Some(token) = sig.unsafety {
        return refuse(token.span(), "unsafe");
    }
    if let Some(token) = &sig.variadic {
        return refuse(token.span(), "variadic; take `args: &[Value]` for `*args`");
    }
    if let Some(generic) = sig.generics.params.iter().find(|p| !matches!(p, syn::GenericParam::Lifetime(_))) {
        return refuse(generic.span(), "generic");
    }
    Ok(())
}

/// What a wrapper is made from.
pub(crate) struct Native<'a> {
    /// Path of the Rust function.
    pub(crate) callee: TokenStream,
    pub(crate) sig: &'a syn::Signature,
    /// The Python name.
    pub(crate) name: String,
    /// Expression for the name in messages, a `&'static str`.
    pub(crate) display: TokenStream,
    pub(crate) lead: Lead,
    /// The payload type, of methods.
    pub(crate) class: Option<&'a Type>,
    pub(crate) raw: bool,
    pub(crate) signature: Option<&'a LitStr>,
    /// How the result becomes a `PyResult`.
    pub(crate) finish: Finish,
}

/// What happens to the result of the Rust function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// It is converted.
    Convert,
    /// None ends an iteration.
    Next,
    /// It is the payload of a new instance of the class.
    Instance,
}

/// A wrapper and its text signature.
pub(crate) struct Wrapped {
    /// An expression of type `NativeFn`.
    pub(crate) function: TokenStream,
    pub(crate) text_signature: String,
}

/// Writes the wrapper of `native`.
pub(crate) fn wrap(native: &Native<'_>) -> Result<Wrapped> {
    let inputs = inputs(native.sig, native.lead)?;
    let display = &native.display;
    let name = &native.name;
    let plain: Vec<Plain<'_>> = inputs
        .iter()
        .filter_map(|i| match i {
            Input::Plain(plain) => Some(*plain),
            _ => None,
        })
        .collect();
    let mut body;
    let text_signature;
    if native.raw {
        body = lead(native, &inputs, false);
        if let Some(extra) = plain.first() {
            let text = "a raw function takes its arguments as `args: Args<'_>`";
            return Err(Error::new(extra.ty.span(), text));
        }
        text_signature = match native.signature {
            Some(text) => parse(text)?.text(receiver(native, name)),
            None => String::new(),
        };
    } else {
        if inputs.iter().any(|i| matches!(i, Input::Args)) {
            return Err(Error::new(
                native.sig.inputs.span(),
                "only a raw function takes `Args`; mark it `raw`",
            ));
        }
        let signature = signature(native, &plain)?;
        text_signature = signature.text(receiver(native, name));
        let constructs = native.lead == Lead::Class && name == "__new__";
        body = lead(native, &inputs, constructs && signature.is_positional_only());
        body.extend(bind(&signature, &plain, display)?);
    }
    let mut number = 0..;
    let arguments = inputs.iter().map(|input| match input {
        Input::Thread => quote!(__th),
        Input::Receiver | Input::AnyReceiver => quote!(__this),
        Input::Class => quote!(__class),
        Input::Args => quote!(__args),
        Input::Plain(_) => {
            let i: usize = number.next().unwrap_or_default();
            let variable = format_ident!("__a{i}");
            quote!(#variable)
        }
    });
    let callee = &native.callee;
    let call = quote!(#callee(#(#arguments),*));
    let finish = finish(native, call);
    let function = quote! {{
        fn __native(__th: &mut ::vm::thread::Thread, __args: ::vm::native::Args<'_>) -> ::vm::error::PyResult {
            #body
            #finish
        }
        __native
    }};
    Ok(Wrapped { function, text_signature })
}

fn receiver(native: &Native<'_>, name: &str) -> Receiver {
    match native.lead {
        Lead::None => Receiver::None,
        Lead::Object => Receiver::Instance,
        Lead::Class if name == "__new__" => Receiver::None,
        Lead::Class => Receiver::Class,
    }
}

/// Takes the receiver or class off the arguments; of a constructor without keywords, the keywords too.
fn lead(native: &Native<'_>, inputs: &[Input<'_>], constructs: bool) -> TokenStream {
    let Some(class) = native.class else { return TokenStream::new() };
    let name = &native.name;
    let rest = quote!(let __args = __args.without_receiver(););
    match native.lead {
        Lead::None => TokenStream::new(),
        Lead::Object if inputs.iter().any(|i| matches!(i, Input::AnyReceiver)) => quote! {
            let ::std::option::Option::Some(__this) = __args.positional.first() else {
                return ::std::result::Result::Err(__th.type_error(::std::format_args!(
                    "unbound method {}.{}() needs an argument",
                    <#class as ::vm::native::PyClass>::DEFINITION.name,
                    #name
                )));
            };
            #rest
        },
        Lead::Object => quote! {
            let __this = ::vm::native::convert::receiver::<#class>(__th, __args, #name)?;
            #rest
        },
        Lead::Class => {
            let variable = if constructs
                || native.finish == Finish::Instance
                || inputs.iter().any(|i| matches!(i, Input::Class))
            {
                quote!(__class)
            } else {
                quote!(_)
            };
            let keywords = constructs.then(|| {
                quote!(let __args = ::vm::native::convert::without_keywords::<#class>(__th, __class, __args)?;)
            });
            let check = if name == "__new__" { quote!(constructed_class) } else { quote!(class_argument) };
            quote! {
                let #variable = ::vm::native::convert::#check::<#class>(__th, __args)?;
                #rest
                #keywords
            }
        }
    }
}

/// The call and what becomes of its result.
pub(crate) fn finish(native: &Native<'_>, call: TokenStream) -> TokenStream {
    let question = returns_result(native.sig).then(|| quote!(?));
    match native.finish {
        Finish::Convert => match &native.sig.output {
            ReturnType::Type(_, ty) if !is_unit(ty) => {
                let span = located(ty.span());
                quote_spanned! { span =>
                    let __result = #call;
                    ::vm::native::convert::IntoResult::into_result(__result, __th)
                }
            }
            _ => quote! {
                #call;
                ::std::result::Result::Ok(::vm::object_model::Value::NONE)
            },
        },
        Finish::Next => quote! {
            match #call #question {
                ::std::option::Option::Some(__item) => {
                    ::vm::native::convert::IntoResult::into_result(__item, __th)
                }
                ::std::option::Option::None => ::std::result::Result::Err(__th.stop_iteration()),
            }
        },
        Finish::Instance => {
            let class = native.class;
            quote! {
                let __payload: #class = #call #question;
                let __shape = __class.payload.instance_shape();
                ::std::result::Result::Ok(::vm::object_model::Obj::new(__th, __shape, __payload).into_value())
            }
        }
    }
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// Where `span` is, but generated: errors point there, lints about style do not.
pub(crate) fn located(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// True if the function returns a `PyResult` or `Result`.
pub(crate) fn returns_result(sig: &syn::Signature) -> bool {
    match &sig.output {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => is_type(ty, "PyResult") || is_type(ty, "Result"),
    }
}

/// The type of the result without `PyResult` around it; None for `()` and plain `PyResult`.
pub(crate) fn result_type(sig: &syn::Signature) -> Option<&Type> {
    match &sig.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) if returns_result(sig) => {
            inner_type(ty, "PyResult").or_else(|| inner_type(ty, "Result"))
        }
        ReturnType::Type(_, ty) => Some(ty),
    }
}

fn parse(text: &LitStr) -> Result<Signature> {
    Signature::parse(&text.value()).map_err(|message| Error::new(text.span(), message))
}

/// The declared signature, matched with the Rust parameters, or the positional one that they make.
fn signature(native: &Native<'_>, plain: &[Plain<'_>]) -> Result<Signature> {
    let Some(text) = native.signature else {
        let required = plain.iter().rposition(|p| inner_type(p.ty, "Option").is_none()).map_or(0, |i| i + 1);
        let parameters = plain.iter().enumerate().map(|(i, p)| {
            let Some(ident) = p.ident else {
                return Err(Error::new(p.ty.span(), "a parameter without a name needs a signature"));
            };
            Ok((python_name(ident).trim_start_matches('_').to_owned(), i >= required))
        });
        return Ok(Signature::positional(parameters.collect::<Result<_>>()?));
    };
    let signature = parse(text)?;
    if signature.parameters.len() != plain.len() {
        return Err(Error::new(
            text.span(),
            format!(
                "the signature has {} parameters, the function {} (thread and receiver aside)",
                signature.parameters.len(),
                plain.len()
            ),
        ));
    }
    for (parameter, plain) in signature.parameters.iter().zip(plain) {
        if let Some(ident) = plain.ident {
            let rust = python_name(ident);
            let same = ident.unraw() == parameter.name
                || rust.trim_start_matches('_') == parameter.name.trim_matches('_')
                || rust == parameter.name;
            if !same {
                let text = format!("the signature's `{}` stands here; the orders must agree", parameter.name);
                return Err(Error::new(ident.span(), text));
            }
        }
        let (fits, needed) = match parameter.kind {
            Kind::VarPositional => {
                (matches!(referent(plain.ty), Some(Type::Slice(s)) if is_type(&s.elem, "Value")), "&[Value]")
            }
            Kind::VarKeyword => (is_type(plain.ty, "KwArgs"), "KwArgs<'_>"),
            _ if parameter.default.is_some() => (inner_type(plain.ty, "Option").is_some(), "Option<…>"),
            _ => (true, ""),
        };
        if !fits {
            let text = format!("`{}` must be a `{needed}`", parameter.name);
            return Err(Error::new(plain.ty.span(), text));
        }
    }
    Ok(signature)
}

/// Binds and converts: declares `__a0`, `__a1` … for the Rust parameters.
fn bind(signature: &Signature, plain: &[Plain<'_>], display: &TokenStream) -> Result<TokenStream> {
    let named: Vec<_> = signature
        .parameters
        .iter()
        .enumerate()
        .filter(|(_, p)| !matches!(p.kind, Kind::VarPositional | Kind::VarKeyword))
        .collect();
    let count = named.len();
    let has = |kind| signature.parameters.iter().any(|p| p.kind == kind);
    let (var_positional, var_keyword) = (has(Kind::VarPositional), has(Kind::VarKeyword));
    let parameters = named.iter().map(|(_, p)| {
        let name = &p.name;
        let required = p.default.is_none();
        let kind = match p.kind {
            Kind::PositionalOnly => quote!(PositionalOnly),
            Kind::KeywordOnly => quote!(KeywordOnly),
            _ => quote!(Either),
        };
        quote! {
            ::vm::native::Parameter { name: #name, kind: ::vm::native::Kind::#kind, required: #required }
        }
    });
    let mut tokens = quote! {
        static __SIGNATURE: ::vm::native::Signature = ::vm::native::Signature {
            name: #display,
            parameters: &[#(#parameters),*],
            var_positional: #var_positional,
            var_keyword: #var_keyword,
        };
    };
    let values: Vec<Ident> = named.iter().map(|(i, _)| format_ident!("__v{i}")).collect();
    // Required ones are references, the others are options of them.
    let unpack = quote! {
        let ::vm::native::signature::Bound { values: [#(#values),*], rest: __rest, keywords: __keywords } =
            __SIGNATURE.bind::<#count>(__th, __args)?;
    };
    if signature.is_positional_only() {
        let required = named.iter().filter(|(_, p)| p.default.is_none()).count();
        let arms = (required..=count).rev().map(|given| {
            let (present, absent) = values.split_at(given);
            let present_values = present.iter().enumerate().map(|(i, v)| {
                if i < required { quote!(#v) } else { quote!(::std::option::Option::Some(#v)) }
            });
            let absent_values = absent.iter().map(|_| quote!(::std::option::Option::None));
            quote!([#(#present),*] if !__args.has_keywords() => (#(#present_values,)* #(#absent_values,)*),)
        });
        // Binding refuses every call that no arm takes.
        tokens.extend(quote! {
            let (#(#values,)*) = match __args.positional {
                #(#arms)*
                _ => match __SIGNATURE.bind::<#count>(__th, __args) {
                    ::std::result::Result::Err(__raised) => return ::std::result::Result::Err(__raised),
                    ::std::result::Result::Ok(_) => ::std::unreachable!("an arity that the signature admits"),
                },
            };
        });
    } else {
        tokens.extend(unpack);
        let required = named.iter().zip(&values).filter(|((_, p), _)| p.default.is_none()).map(|(_, v)| v);
        tokens.extend(quote! {
            let _ = (__rest, __keywords);
            #(let ::std::option::Option::Some(#required) = #required else {
                ::std::unreachable!("binding leaves no required parameter out")
            };)*
        });
    }
    for (i, (parameter, plain)) in signature.parameters.iter().zip(plain).enumerate() {
        let variable = format_ident!("__a{i}");
        let value = format_ident!("__v{i}");
        let span = located(plain.ty.span());
        let position = i + 1;
        let name = &parameter.name;
        let convert = |value: TokenStream| {
            quote_spanned! { span =>
                ::vm::native::convert::FromArg::from_arg(
                    __th,
                    #value,
                    &::vm::native::convert::ArgName { function: #display, position: #position, name: #name },
                )?
            }
        };
        let converted = match parameter.kind {
            Kind::VarPositional => quote!(__rest),
            Kind::VarKeyword => quote!(__keywords),
            _ => match &parameter.default {
                None => convert(quote!(#value)),
                Some(default) => {
                    let given = convert(quote!(__given));
                    // Where the default is `None`, giving None is the same as giving nothing.
                    let given = if default == "None" || lenient(default, plain.ty) {
                        given
                    } else {
                        quote!(::std::option::Option::Some(#given))
                    };
                    quote! {
                        match #value {
                            ::std::option::Option::Some(__given) => #given,
                            ::std::option::Option::None => ::std::option::Option::None,
                        }
                    }
                }
            },
        };
        tokens.extend(quote!(let #variable = #converted;));
    }
    Ok(tokens)
}

/// Without a declared default, None stands for "absent" where the parameter is not a value that could be None.
fn lenient(default: &str, ty: &Type) -> bool {
    let inner = inner_type(ty, "Option");
    let is_value =
        inner.is_some_and(|t| is_type(t, "Value") || referent(t).is_some_and(|t| is_type(t, "Value")));
    default == "<unrepresentable>" && !is_value
}

/// The name of the definition constant of the function `ident`.
pub(crate) fn definition_name(ident: &Ident) -> Ident {
    format_ident!("{}_DEFINITION", ident.unraw().to_string().to_uppercase(), span = ident.span())
}

/// Expands `#[pyfunction]`.
pub(crate) fn expand(attribute: TokenStream, item: ItemFn) -> Result<TokenStream> {
    let mut raw = false;
    let mut name = None;
    let mut signature = None;
    let mut doc = None;
    for option in options::parse(attribute)? {
        match option.key.to_string().as_str() {
            "raw" => raw = option.flag()?,
            "name" => name = Some(option.string()?),
            "signature" => signature = Some(option.string()?),
            "doc" => doc = Some(option.string()?.value()),
            _ => return Err(option.unknown("pyfunction", "name, signature, doc, raw")),
        }
    }
    let ident = &item.sig.ident;
    let name = name.map_or_else(|| python_name(ident), |n| n.value());
    let doc = doc.unwrap_or_else(|| options::documentation(&item.attrs));
    let wrapped = wrap(&Native {
        callee: quote!(#ident),
        sig: &item.sig,
        display: quote!(#name),
        name: name.clone(),
        lead: Lead::None,
        class: None,
        raw,
        signature: signature.as_ref(),
        finish: Finish::Convert,
    })?;
    let definition = definition_name(ident);
    let value = define(&name, &wrapped.function, "Function", &wrapped.text_signature, &doc);
    let visibility = &item.vis;
    let conditions = options::conditions(&item.attrs);
    Ok(quote! {
        #item
        #(#conditions)*
        #[doc(hidden)]
        #visibility const #definition: ::vm::native::NativeDef = #value;
    })
}

/// A `NativeDef`.
pub(crate) fn define(
    name: &str,
    function: &TokenStream,
    role: &str,
    text_signature: &str,
    doc: &str,
) -> TokenStream {
    let role = Ident::new(role, Span::call_site());
    quote! {
        ::vm::native::NativeDef {
            name: #name,
            function: #function,
            role: ::vm::native::Role::#role,
            text_signature: #text_signature,
            doc: #doc,
        }
    }
}
