//! `#[pyclass]`: a Rust type becomes the payload of a Python class.
//!
//! Not here: its methods (`methods`).

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Expr, Fields, LitStr, Result, Type};

use crate::function::located;
use crate::methods::members_name;
use crate::options::{self, Opt};

/// What the options of `#[pyclass]` say.
#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    module: Option<LitStr>,
    doc: Option<LitStr>,
    base: Option<Type>,
    payload: Option<Type>,
    shape: Option<Expr>,
    flags: Option<Expr>,
    layout: Option<Expr>,
    members: Option<Vec<Expr>>,
    parts: Vec<LitStr>,
    dict: bool,
    weakref: bool,
    subclassable: bool,
    sequence: bool,
    mapping: bool,
    no_new: bool,
    no_payload: bool,
}

const KNOWN: &str = "name, module, doc, base, subclassable, dict, weakref, sequence, mapping, no_new, shape, flags, \
                     layout, no_payload, for, parts, members, no_export";

impl Options {
    fn parse(attribute: TokenStream) -> Result<Options> {
        let mut options = Options::default();
        for option in options::parse(attribute)? {
            match option.key.to_string().as_str() {
                "name" => options.name = Some(option.string()?),
                "module" => options.module = Some(option.string()?),
                "doc" => options.doc = Some(option.string()?),
                "base" => options.base = Some(option.ty()?),
                "for" => options.payload = Some(option.ty()?),
                "shape" => options.shape = Some(option.expression()?),
                "flags" => options.flags = Some(option.expression()?),
                "layout" => options.layout = Some(option.expression()?),
                "members" => options.members = Some(option.array()?),
                "parts" => options.parts = option.strings()?,
                "dict" => options.dict = option.flag()?,
                "weakref" => options.weakref = option.flag()?,
                "subclassable" => options.subclassable = option.flag()?,
                "sequence" => options.sequence = option.flag()?,
                "mapping" => options.mapping = option.flag()?,
                "no_new" => options.no_new = option.flag()?,
                "no_payload" => options.no_payload = option.flag()?,
                // For the module around the class.
                "no_export" => {
                    option.flag()?;
                }
                _ => return Err(option.unknown("pyclass", KNOWN)),
            }
        }
        if options.sequence && options.mapping {
            return Err(Error::new(Span::call_site(), "a class is a sequence or a mapping, not both"));
        }
        if options.members.is_some() && !options.parts.is_empty() {
            return Err(Error::new(Span::call_site(), "`members` lists everything: leave `parts` out"));
        }
        Ok(options)
    }

    fn flags(&self) -> TokenStream {
        let named = [
            (self.subclassable, "BASE"),
            (self.sequence, "SEQUENCE"),
            (self.mapping, "MAPPING"),
            (self.no_new, "DISALLOW_INSTANTIATION"),
        ];
        let bits = named.into_iter().filter(|(set, _)| *set).map(|(_, name)| {
            let name = format_ident!("{name}");
            quote!(::vm::object_model::ty::flag::#name)
        });
        let extra = self.flags.as_ref().map(|e| quote!((#e)));
        let bits: Vec<_> = bits.chain(extra).collect();
        if bits.is_empty() { quote!(0) } else { quote!(#(#bits)|*) }
    }
}

/// Expands `#[pyclass]`.
pub(crate) fn expand(attribute: TokenStream, mut item: DeriveInput) -> Result<TokenStream> {
    let options = Options::parse(attribute)?;
    if !item.generics.params.is_empty() {
        return Err(Error::new(item.generics.span(), "a native class cannot be generic"));
    }
    let ident = item.ident.clone();
    let conditions: Vec<Attribute> = options::conditions(&item.attrs).into_iter().cloned().collect();
    let trace = if options.payload.is_some() || options.no_payload {
        refuse_no_trace(&item.data)?;
        None
    } else {
        let body = trace(&mut item.data)?;
        Some(quote! {
            #(#conditions)*
            impl ::vm::object_model::object::layout::Payload for #ident {
                fn trace(&self, __visit: &mut dyn ::std::ops::FnMut(&::vm::object_model::Value)) {
                    let _ = &__visit;
                    #body
                }
            }
        })
    };
    let payload = options.payload.as_ref().map_or_else(|| quote!(#ident), |ty| quote!(#ty));
    let name = options.name.as_ref().map_or_else(|| ident.unraw().to_string(), LitStr::value);
    let module = options.module.as_ref().map_or_else(|| "builtins".to_owned(), LitStr::value);
    let doc = options.doc.as_ref().map_or_else(|| options::documentation(&item.attrs), LitStr::value);
    let (dict, weakref) = (options.dict, options.weakref);
    let flags = options.flags();
    let layout = match &options.layout {
        Some(layout) => quote!(#layout),
        None => quote! {{
            static __LAYOUT: ::vm::object_model::object::layout::Layout =
                ::vm::object_model::object::layout::Layout::of::<#payload>();
            &__LAYOUT
        }},
    };
    let shape = match &options.shape {
        None => quote!(::std::option::Option::None),
        Some(Expr::Path(path)) if path.path.get_ident().is_some() => {
            quote!(::std::option::Option::Some(::vm::object_model::shape::builtin::#path))
        }
        Some(shape) => quote!(::std::option::Option::Some(#shape)),
    };
    let base = match &options.base {
        None => quote!(::std::option::Option::None),
        Some(base) => quote!(::std::option::Option::Some(<#base as ::vm::native::PyClass>::class)),
    };
    let members = match &options.members {
        Some(members) => quote!(&[#(#members),*]),
        None => {
            let parts = options.parts.iter().map(|p| members_name(Some(p)));
            let parts = parts.collect::<Result<Vec<_>>>()?;
            quote!(&[<#ident>::MEMBERS, #(<#ident>::#parts),*])
        }
    };
    // A class without a `#[pymethods]` block has the trait's empty list; the block's inherent constant goes first.
    Ok(quote! {
        #item
        #trace
        #(#conditions)*
        const _: () = {
            #[allow(dead_code, reason = "hidden by the constant of a `#[pymethods]` block")]
            trait __NoMethods {
                const MEMBERS: &'static [::vm::native::NativeDef] = &[];
            }
            impl __NoMethods for #ident {}
            impl ::vm::native::PyClass for #payload {
                const DEFINITION: ::vm::native::ClassDef = ::vm::native::ClassDef {
                    name: #name,
                    module: #module,
                    doc: #doc,
                    layout: #layout,
                    flags: #flags,
                    dict: #dict,
                    weakref: #weakref,
                    shape: #shape,
                    base: #base,
                    members: #members,
                };
                fn cell() -> &'static ::vm::native::ClassCell {
                    static __CELL: ::vm::native::ClassCell = ::vm::native::ClassCell::new();
                    &__CELL
                }
            }
        };
    })
}

/// The body of `Payload::trace`: every field but those marked `#[no_trace]`.
fn trace(data: &mut Data) -> Result<TokenStream> {
    match data {
        Data::Struct(data) => {
            let fields = traced(&mut data.fields)?;
            let calls = fields.iter().filter(|f| f.traced).map(|Field { name, span, .. }| {
                quote_spanned!(*span => ::vm::native::Trace::trace(&self.#name, __visit);)
            });
            Ok(quote!(#(#calls)*))
        }
        Data::Enum(data) => {
            let mut arms = Vec::new();
            for variant in &mut data.variants {
                let name = &variant.ident;
                let fields = traced(&mut variant.fields)?;
                let mut patterns = Vec::new();
                let mut calls = Vec::new();
                for (i, Field { name, span, .. }) in fields.iter().enumerate().filter(|(_, f)| f.traced) {
                    let variable = format_ident!("__f{i}");
                    patterns.push(quote!(#name: #variable));
                    calls.push(quote_spanned!(*span => ::vm::native::Trace::trace(#variable, __visit);));
                }
                arms.push(quote!(Self::#name { #(#patterns,)* .. } => { #(#calls)* }));
            }
            if arms.is_empty() {
                return Ok(quote!(match *self {}));
            }
            Ok(quote!(match self { #(#arms)* }))
        }
        Data::Union(data) => Err(Error::new(data.union_token.span(), "a union cannot be traced")),
    }
}

/// A field of a payload.
struct Field {
    name: syn::Member,
    /// Where its type is.
    span: Span,
    traced: bool,
}

/// The fields; takes `#[no_trace]` out.
fn traced(fields: &mut Fields) -> Result<Vec<Field>> {
    let names: Vec<_> = fields.members().collect();
    let mut answer = Vec::new();
    for (name, field) in names.into_iter().zip(fields.iter_mut()) {
        let marked = options::take(&mut field.attrs, "no_trace")?;
        if let Some(attribute) = &marked {
            attribute.meta.require_path_only()?;
        }
        let conditional = options::conditions(&field.attrs);
        if let Some(condition) = conditional.first() {
            return Err(Error::new(condition.span(), "a field of a class cannot depend on a `cfg`"));
        }
        answer.push(Field { name, span: located(field.ty.span()), traced: marked.is_none() });
    }
    Ok(answer)
}

/// Without a trace function of ours, `#[no_trace]` would say nothing.
fn refuse_no_trace(data: &Data) -> Result<()> {
    let Data::Struct(data) = data else { return Ok(()) };
    for field in &data.fields {
        if let Some(attribute) = field.attrs.iter().find(|a| a.path().is_ident("no_trace")) {
            return Err(Error::new(attribute.span(), "this payload is traced elsewhere"));
        }
    }
    Ok(())
}

/// What a module must know of a `#[pyclass]` in it: its payload type, and whether it is exported.
pub(crate) struct Exported {
    /// None if it is not exported.
    pub(crate) payload: Option<TokenStream>,
    /// True if the attribute names its `module`.
    pub(crate) has_module: bool,
}

/// Looks at the `#[pyclass]` attribute of the item `ident`.
pub(crate) fn exported(attribute: &Attribute, ident: &syn::Ident) -> Result<Exported> {
    let options = options::of_attribute(attribute)?;
    let find = |key: &str| options.iter().find(|o| o.key == key);
    let payload = match find("for").map(Opt::ty).transpose()? {
        Some(ty) => quote!(#ty),
        None => quote!(#ident),
    };
    Ok(Exported {
        payload: find("no_export").is_none().then_some(payload),
        has_module: find("module").is_some(),
    })
}
