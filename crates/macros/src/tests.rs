//! Expansions of small examples: the facts that matter, and the refusals.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{ImplItem, Item, Result};

use crate::{class, function, methods, module};

fn pyfunction(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    function::expand(attribute, syn::parse2(item)?)
}

fn pyclass(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    class::expand(attribute, syn::parse2(item)?)
}

fn pymethods(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    methods::expand(attribute, syn::parse2(item)?)
}

fn pymodule(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    module::expand(attribute, syn::parse2(item)?)
}

/// The expansion, which must be valid items; spaces are out so that facts can be looked for.
fn text(expansion: Result<TokenStream>) -> String {
    let tokens = expansion.unwrap_or_else(|e| panic!("{e}"));
    syn::parse2::<syn::File>(tokens.clone()).unwrap_or_else(|e| panic!("{e}: {tokens}"));
    tokens.to_string().chars().filter(|c| !c.is_whitespace()).collect()
}

fn has(text: &str, fact: &str) -> bool {
    let fact: String = fact.chars().filter(|c| !c.is_whitespace()).collect();
    text.contains(&fact)
}

fn refusal(expansion: Result<TokenStream>) -> String {
    match expansion {
        Ok(tokens) => panic!("accepted: {tokens}"),
        Err(error) => error.into_iter().map(|e| e.to_string()).collect::<Vec<_>>().join("; "),
    }
}

#[test]
fn functions_keep_their_item_and_define_a_constant() {
    let item = quote! {
        /// Return x.
        pub fn sqrt(th: &mut Thread, x: f64) -> PyResult<f64> { Ok(x) }
    };
    let tokens = pyfunction(quote!(), item.clone()).unwrap();
    let file: syn::File = syn::parse2(tokens.clone()).unwrap();
    assert_eq!(file.items[0].to_token_stream().to_string(), item.to_string());
    let Item::Const(constant) = &file.items[1] else { panic!("no constant") };
    assert_eq!(constant.ident, "SQRT_DEFINITION");
    assert!(matches!(constant.vis, syn::Visibility::Public(_)));
    let text = text(Ok(tokens));
    assert!(has(&text, r#"name: "sqrt", function:"#));
    assert!(has(&text, r#"text_signature: "(x, /)", doc:"#));
    assert!(text.contains("doc:\"Returnx.\""));
    assert!(has(&text, r#"sqrt(__th, __a0)"#));
    assert!(has(&text, r#"ArgName { function: "sqrt", position: 1usize, name: "x" }"#));
}

#[test]
fn positional_functions_check_the_arity_in_place() {
    let text = text(pyfunction(
        quote!(),
        quote!(
            fn pow(x: i64, y: i64, modulo: Option<i64>) -> i64 {
                0
            }
        ),
    ));
    assert!(has(&text, r#"[__v0, __v1, __v2] if !__args.has_keywords()"#));
    assert!(has(&text, r#"[__v0, __v1] if !__args.has_keywords()"#));
    assert!(!has(&text, r#"[__v0] if"#));
    assert!(text.contains("(x,y,modulo=<unrepresentable>,/)"));
    assert!(text.contains("__SIGNATURE.bind::<3usize>"));
}

#[test]
fn signatures_name_every_kind() {
    let text = text(pyfunction(
        quote!(name = "f", signature = "(a, /, b=None, *args, c, d=1, **kwargs)"),
        quote! {
            fn g(a: &Value, b: Option<i64>, args: &[Value], c: bool, d: Option<i64>, kwargs: KwArgs<'_>) {}
        },
    ));
    let parameter = |name: &str, kind: &str, required: bool| {
        let fact = format!("{{ name: \"{name}\", kind: ::vm::native::Kind::{kind}, required: {required} }}");
        assert!(has(&text, &fact), "{name}");
    };
    parameter("a", "PositionalOnly", true);
    parameter("b", "Either", false);
    parameter("c", "KeywordOnly", true);
    parameter("d", "KeywordOnly", false);
    assert!(has(&text, r#"var_positional: true, var_keyword: true"#));
    assert!(has(&text, r#"g(__a0, __a1, __a2, __a3, __a4, __a5)"#));
    assert!(has(&text, r#"let __a2 = __rest;"#));
    assert!(has(&text, r#"let __a5 = __keywords;"#));
    // None is absence for `b`, an argument to refuse for `d`.
    assert!(has(&text, r#"match __v1 { ::std::option::Option::Some(__given) => ::vm"#));
    assert!(has(
        &text,
        r#"match __v4 { ::std::option::Option::Some(__given) => ::std::option::Option::Some(::vm"#
    ));
}

#[test]
fn names_may_be_escaped() {
    let text = text(pyfunction(
        quote!(signature = "(type, import, unused, also)"),
        quote!(
            fn print_(r#type: &Value, import_: &Value, _unused: &Value, _: &Value) {}
        ),
    ));
    assert!(has(&text, r#"name: "print", function"#));
    assert!(has(&text, "const PRINT__DEFINITION"));
}

#[test]
fn raw_functions_do_not_bind() {
    let text = text(pyfunction(
        quote!(raw),
        quote!(
            fn hypot(th: &mut Thread, args: Args<'_>) -> PyResult {
                f()
            }
        ),
    ));
    assert!(has(&text, "hypot(__th, __args)"));
    assert!(!text.contains("bind"));
    assert!(has(&text, r#"text_signature: "", doc"#));
}

#[test]
fn misused_functions_are_refused() {
    let f = |attribute, item| refusal(pyfunction(attribute, item));
    assert!(
        f(
            quote!(nam = "x"),
            quote!(
                fn f() {}
            )
        )
        .contains("no option `nam`")
    );
    assert!(
        f(
            quote!(raw, raw),
            quote!(
                fn f() {}
            )
        )
        .contains("twice")
    );
    assert!(
        f(
            quote!(signature = "(a, b)"),
            quote!(
                fn f(a: i64) {}
            )
        )
        .contains("has 2 parameters")
    );
    assert!(
        f(
            quote!(signature = "(a, b)"),
            quote!(
                fn f(b: i64, a: i64) {}
            )
        )
        .contains("orders must agree")
    );
    assert!(
        f(
            quote!(signature = "(a=1)"),
            quote!(
                fn f(a: i64) {}
            )
        )
        .contains("Option")
    );
    assert!(
        f(
            quote!(signature = "(*a)"),
            quote!(
                fn f(a: i64) {}
            )
        )
        .contains("&[Value]")
    );
    assert!(
        f(
            quote!(signature = "(**k)"),
            quote!(
                fn f(k: i64) {}
            )
        )
        .contains("KwArgs")
    );
    assert!(
        f(
            quote!(signature = "a"),
            quote!(
                fn f(a: i64) {}
            )
        )
        .contains("parentheses")
    );
    assert!(
        f(
            quote!(),
            quote!(
                fn f<T>(a: T) {}
            )
        )
        .contains("generic")
    );
    assert!(
        f(
            quote!(),
            quote!(
                async fn f() {}
            )
        )
        .contains("async")
    );
    assert!(
        f(
            quote!(),
            quote!(
                fn f(args: Args<'_>) {}
            )
        )
        .contains("raw")
    );
    assert!(
        f(
            quote!(raw),
            quote!(
                fn f(x: i64) {}
            )
        )
        .contains("Args")
    );
    assert!(
        f(
            quote!(),
            quote!(
                fn f((a, b): Pair) {}
            )
        )
        .contains("plain name")
    );
}

#[test]
fn methods_become_members_by_role() {
    let tokens = pymethods(
        quote!(),
        quote! {
            impl Deque {
                #[new]
                #[signature("(iterable=())")]
                fn new(th: &mut Thread, class: Class, iterable: Option<&Value>) -> PyResult<Deque> { f() }
                fn append(&self, th: &mut Thread, item: Value) -> PyResult<()> { f() }
                #[name("pop")]
                fn pop_at(this: &Obj<Self>) -> PyResult { f() }
                #[getter]
                fn maxlen(&self) -> usize { 0 }
                #[setter]
                fn set_maxlen(&self, value: usize) {}
                #[setter("x")]
                fn put(&self, value: Option<Value>) {}
                #[classmethod]
                fn fromkeys(class: Class, keys: &Value) -> PyResult { f() }
                #[staticmethod]
                fn make(x: &Value) {}
                #[constant]
                const SIZE: i64 = 1;
                const INNER: i64 = 1;
                fn __next__(&self) -> PyResult<Option<Value>> { f() }
                fn __repr__(this: &Value) -> String { f() }
                #[raw]
                fn __call__(this: &Obj<Self>, args: Args<'_>) -> PyResult { f() }
                #[skip]
                fn helper(&self) {}
            }
        },
    );
    let file: syn::File = syn::parse2(tokens.as_ref().unwrap().clone()).unwrap();
    let Item::Impl(original) = &file.items[0] else { panic!("no impl") };
    let inert = original.items.iter().any(|i| matches!(i, ImplItem::Fn(f) if !f.attrs.is_empty()));
    assert!(!inert, "attributes must be taken out");
    let text = text(tokens);
    assert!(has(&text, "const MEMBERS: &'static [::vm::native::NativeDef]"));
    let roles: Vec<_> =
        text.split("role:::vm::native::Role::").skip(1).map(|t| t.split(',').next().unwrap()).collect();
    let expected = [
        "New",
        "Method",
        "Method",
        "Getter",
        "Setter",
        "Setter",
        "ClassMethod",
        "Static",
        "Attribute",
        "Method",
        "Method",
        "Method",
    ];
    assert_eq!(roles, expected);
    assert!(has(&text, "receiver::<Deque>(__th, __args, \"append\")?"));
    assert!(has(&text, "<Deque>::append(__this, __th, __a0)"));
    assert!(has(&text, "let __payload: Deque = <Deque>::new(__th, __class, __a0)?;"));
    assert!(has(&text, "cannot_delete(__th, \"maxlen\")"));
    assert!(!has(&text, "cannot_delete(__th, \"x\")"));
    assert!(has(&text, "__th.stop_iteration()"));
    assert!(has(&text, "text_signature: \"($self, item, /)\""));
    assert!(has(&text, "text_signature: \"($type, keys, /)\""));
    assert!(has(&text, "text_signature: \"(iterable=())\""));
    assert!(has(&text, "IntoResult::into_result(<Deque>::SIZE, __th)"));
    assert!(!text.contains("\"helper\""));
}

#[test]
fn a_foreign_payload_is_the_receiver() {
    let text = text(pymethods(
        quote!(for = object_model::list::List, part = "sort"),
        quote!(impl ListClass { fn sort(this: &Obj<List>) {} }),
    ));
    assert!(has(&text, "receiver::<object_model::list::List>"));
    assert!(has(&text, "<ListClass>::sort(__this)"));
    assert!(has(&text, "const MEMBERS_SORT:"));
}

#[test]
fn misused_methods_are_refused() {
    let m = |item| refusal(pymethods(quote!(), item));
    assert!(m(quote!(impl T for C {})).contains("inherent"));
    assert!(
        m(quote!(
            impl<T> C<T> {}
        ))
        .contains("generic")
    );
    assert!(m(quote!(impl C { fn f() {} })).contains("#[staticmethod]"));
    assert!(m(quote!(impl C { fn f(x: i64) {} })).contains("first parameter"));
    assert!(m(quote!(impl C { fn f(&mut self) {} })).contains("shared"));
    assert!(m(quote!(impl C { #[staticmethod] fn f(&self) {} })).contains("no instance"));
    assert!(m(quote!(impl C { #[getter] #[setter] fn f(&self) {} })).contains("contradicts"));
    assert!(m(quote!(impl C { #[getter] fn f(&self, x: i64) {} })).contains("without arguments"));
    assert!(m(quote!(impl C { #[setter] fn f(&self) {} })).contains("one value"));
    assert!(m(quote!(impl C { #[name] fn f(&self) {} })).contains("needs a text"));
    assert!(
        m(quote!(impl C { #[new(raw)] fn new(class: Class, args: Args<'_>) -> PyResult<Self> {} }))
            .contains("itself")
    );
    // All mistakes of a block are told at once.
    assert!(m(quote!(impl C { fn f() {} fn g(&mut self) {} })).contains("; "));
}

#[test]
fn classes_trace_their_fields() {
    let text = text(pyclass(
        quote!(
            name = "deque",
            module = "collections",
            base = Base,
            subclassable,
            sequence,
            dict,
            shape = LIST
        ),
        quote! {
            /// A deque.
            struct Deque { items: Guarded<Vec<Value>>, #[no_trace] limit: Limit, other: (Value, i64) }
        },
    ));
    assert!(has(&text, "Trace::trace(&self.items, __visit);"));
    assert!(has(&text, "Trace::trace(&self.other, __visit);"));
    assert!(!has(&text, "&self.limit"));
    assert!(!text.contains("no_trace"));
    assert!(has(&text, r#"name: "deque", module: "collections","#));
    assert!(has(&text, "flag::BASE | ::vm::object_model::ty::flag::SEQUENCE,"));
    assert!(has(&text, "dict: true, weakref: false,"));
    assert!(has(&text, "Some(::vm::object_model::shape::builtin::LIST)"));
    assert!(has(&text, "Some(<Base as ::vm::native::PyClass>::class)"));
    assert!(has(&text, "members: &[<Deque>::MEMBERS,],"));
}

#[test]
fn enums_trace_each_variant() {
    let text = text(pyclass(
        quote!(),
        quote!(
            enum Node {
                Leaf,
                Pair(Value, #[no_trace] X),
                Named { a: Value },
            }
        ),
    ));
    assert!(has(&text, "Self::Leaf { .. } => { }"));
    assert!(has(&text, "Self::Pair { 0: __f0, .. }"));
    assert!(has(&text, "Self::Named { a: __f0, .. }"));
}

#[test]
fn foreign_payloads_get_their_class_alone() {
    let text = text(pyclass(
        quote!(for = object_model::list::List, name = "list", parts("sort"), layout = &LAYOUT),
        quote!(
            struct ListClass;
        ),
    ));
    assert!(has(&text, "impl ::vm::native::PyClass for object_model::list::List"));
    assert!(!text.contains("Payload"));
    assert!(has(&text, "members: &[<ListClass>::MEMBERS, <ListClass>::MEMBERS_SORT],"));
    assert!(has(&text, "layout: &LAYOUT,"));
}

#[test]
fn misused_classes_are_refused() {
    let c = |attribute, item| refusal(pyclass(attribute, item));
    assert!(
        c(
            quote!(nme = "x"),
            quote!(
                struct C;
            )
        )
        .contains("no option `nme`")
    );
    assert!(
        c(
            quote!(name),
            quote!(
                struct C;
            )
        )
        .contains("needs a string")
    );
    assert!(
        c(
            quote!(dict = true),
            quote!(
                struct C;
            )
        )
        .contains("stands alone")
    );
    assert!(
        c(
            quote!(sequence, mapping),
            quote!(
                struct C;
            )
        )
        .contains("not both")
    );
    assert!(
        c(
            quote!(),
            quote!(
                struct C<T>(T);
            )
        )
        .contains("generic")
    );
    assert!(c(quote!(), quote!(union C { a: i64 })).contains("union"));
    assert!(
        c(
            quote!(no_payload),
            quote!(
                struct C {
                    #[no_trace]
                    a: i64,
                }
            )
        )
        .contains("elsewhere")
    );
}

#[test]
fn modules_collect_their_items() {
    let text = text(pymodule(
        quote!(name = "_m", doc = "Doc.", classes = [super::Other], functions = [super::far]),
        quote! {
            pub mod m {
                #[pyattr] const TAU: f64 = 6.5;
                #[pyattr(name = "pi")] fn compute(th: &mut Thread) -> PyResult { f() }
                #[pyfunction] fn near() {}
                #[cfg(unix)] #[pyfunction] fn unix() {}
                fn helper() {}
                #[pyclass(name = "Foo")] struct Foo;
                #[pyclass(module = "other", no_export)] struct Hidden;
                #[init] fn init(th: &mut Thread, module: &Value) -> PyResult<()> { f() }
            }
        },
    ));
    assert!(has(&text, r#"name: "_m", doc: "Doc.", members: &["#));
    assert!(has(&text, r#"name: "TAU""#) && has(&text, r#"name: "pi""#));
    assert!(has(&text, "NEAR_DEFINITION, #[cfg(unix)] UNIX_DEFINITION, super::FAR_DEFINITION]"));
    assert!(has(
        &text,
        "classes: &[<Foo as ::vm::native::PyClass>::class, <super::Other as ::vm::native::PyClass>::class]"
    ));
    assert!(has(&text, r#"#[pyclass(module = "_m", name = "Foo")]"#));
    assert!(has(&text, r#"#[pyclass(module = "other", no_export)]"#));
    assert!(has(&text, "init: ::std::option::Option::Some(init)"));
    assert!(!text.contains("pyattr") && !text.contains("#[init]"));
}

#[test]
fn misused_modules_are_refused() {
    let m = |item| refusal(pymodule(quote!(), item));
    assert!(
        m(quote!(
            mod m;
        ))
        .contains("in place")
    );
    assert!(
        m(quote!(
            mod m {
                #[init]
                fn a(t: T, m: M) {}
                #[init]
                fn b(t: T, m: M) {}
            }
        ))
        .contains("one #[init]")
    );
    assert!(
        m(quote!(
            mod m {
                #[init]
                fn a() {}
            }
        ))
        .contains("module: &Value")
    );
    assert!(
        m(quote!(
            mod m {
                #[pyattr]
                fn a(x: i64) {}
            }
        ))
        .contains("without arguments")
    );
    assert!(
        refusal(pymodule(
            quote!(functions = [1]),
            quote!(
                mod m {}
            )
        ))
        .contains("path")
    );
}
