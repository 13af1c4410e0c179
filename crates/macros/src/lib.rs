//! Declares native functions, classes and modules: `#[pyfunction]`, `#[pyclass]`, `#[pymethods]`, `#[pymodule]`.
//!
//! The generated code names the runtime `::vm`; `vm` itself says `extern crate self as vm`.
//!
//! # Functions
//! ```text
//! /// Return the square root of x.                       // doc comments become `__doc__`
//! #[pyfunction]                                          // no signature: positional-only; `Option`s at the end optional
//! fn sqrt(x: f64) -> PyResult<f64> { … }
//!
//! #[pyfunction(signature = "(iterable, /, *, start=1)")] // the text of `__text_signature__`
//! fn prod(th: &mut Thread, iterable: &Value, start: Option<&Value>) -> PyResult { … }
//!
//! #[pyfunction(name = "print", signature = "(*args, sep=' ', **kwargs)")]
//! fn print_(th: &mut Thread, args: &[Value], sep: Option<Obj<Str>>, kwargs: KwArgs<'_>) -> PyResult<()> { … }
//!
//! #[pyfunction(raw)]                                     // no binding
//! fn hypot(th: &mut Thread, args: Args<'_>) -> PyResult { … }
//! ```
//! Options: `name`, `signature`, `doc` (instead of the comment), `raw`. The thread may be left out or stand anywhere.
//! Signature and function agree in order and names; Rust may say `type_` or `r#type` for `type`, or `_` or `_x` for
//! an unused one. Without `name` the Python name is the Rust name without `r#` and one trailing `_`.
//!
//! A parameter with a default is an `Option`, `None` when it was not given; the default's text is documentation only.
//! If it reads `None`, giving None is the same as giving nothing. Any other default tells them apart:
//! with `default=<unrepresentable>`, an `Option<&Value>` is `Some(None)` for None. A *required* `Option<T>` is given
//! and may be None. Without a signature, None counts as absent except for `Option<Value>` and `Option<&Value>`.
//!
//! Each function also makes a constant beside it, `SQRT_DEFINITION`.
//!
//! # Classes
//! ```text
//! /// A list-like sequence …
//! #[pyclass(name = "deque", module = "collections", subclassable, weakref, sequence)]
//! pub struct Deque {
//!     items: Guarded<VecDeque<Value>>,       // every field is traced …
//!     #[no_trace]
//!     limit: Limit,                          // … but those that own no values and have no `Trace`
//! }
//!
//! #[pyclass(for = object_model::list::List, name = "list", subclassable, sequence, shape = LIST, parts("sort"))]
//! pub struct ListClass;                      // the payload type is foreign: `impl PyClass for List`
//! ```
//! Options: `name` (else the Rust name), `module` (else the module around it, else `builtins`), `doc`,
//! `base = Path` (a `PyClass`), `subclassable`, `dict`, `weakref`, `sequence`, `mapping`, `no_new`,
//! `shape = LIST` (of `shape::builtin`; or any path), `flags = EXPRESSION` (more bits of `ty::flag`),
//! `layout = EXPRESSION` (a `&'static Layout`), `no_payload` (`Payload` is implemented by hand), `for = Type`,
//! `parts("a", …)` (more blocks of methods, below), `members = [PATH, …]` (all lists of methods, by hand),
//! `no_export` (not an attribute of the module around it). A struct or an enum can be a class.
//!
//! # Methods
//! ```text
//! #[pymethods]
//! impl Deque {
//!     #[new] #[signature("(iterable=(), maxlen=None)")]
//!     fn new(th: &mut Thread, class: Class, iterable: Option<&Value>, maxlen: Option<usize>) -> PyResult<Deque> { … }
//!     fn append(&self, th: &mut Thread, item: Value) -> PyResult<()> { … }     // or `this: &Obj<Self>`, `this: &Value`
//!     #[name("pop")] #[signature("(index=-1, /)")]
//!     fn pop_at(this: &Obj<Self>, th: &mut Thread, index: Option<i64>) -> PyResult { … }
//!     #[getter] fn maxlen(&self) -> Option<usize> { … }                        // or #[getter("maxlen")]
//!     #[setter] fn set_maxlen(&self, value: usize) -> PyResult<()> { … }       // `Option<…>`: None deletes
//!     #[classmethod] fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> PyResult { … }
//!     #[staticmethod] fn maketrans(th: &mut Thread, x: &Value) -> PyResult { … }
//!     #[raw] fn __call__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult { … }   // without receiver
//!     #[constant] const SIZE: i64 = 64;                                        // or a fn, called with the class
//!     fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> { … }     // None: StopIteration
//!     #[skip] fn helper(&self) { … }                                           // no Python method
//! }
//!
//! #[pymethods(part = "sort")]                // a second block, in any file; listed in `parts("sort")`
//! impl Deque { … }
//!
//! #[pymethods(for = object_model::list::List)]
//! impl ListClass { fn append(this: &Obj<List>, th: &mut Thread, item: Value) { … } }
//! ```
//! Every function of a block is a Python method unless marked `#[skip]`. `#[new]` that returns the payload type (or
//! `Self`) has the wrapper make the instance, of the class asked for; with another result, or `#[new(raw)]` (which
//! takes `Args`), it makes the object itself. `class: Class` may be left out. `this: &Value` takes any receiver. A
//! block makes the constant `MEMBERS` (`MEMBERS_SORT`) of its type.
//!
//! # Modules
//! ```text
//! #[pymodule(name = "math", doc = "…", classes = [path::to::Payload], functions = [path::to::function])]
//! pub mod math {
//!     use vm::prelude::*;
//!     #[pyattr] const TAU: f64 = 6.28;               // evaluated at import; also `fn(th) -> PyResult`;
//!     #[pyattr(name = "pi")] fn pi_() -> f64 { … }   // `name` if it is not the Rust name
//!     #[pyfunction] fn sqrt(x: f64) -> PyResult<f64> { … }
//!     #[pyclass(name = "Foo")] struct Foo;           // added to the module, which is its `__module__`
//!     #[init] fn init(th: &mut Thread, module: &Value) -> PyResult<()> { … }   // at most one, runs last
//! }
//! ```
//! makes the constant `math::DEFINITION`. What `classes` and `functions` name is found from inside the module. `cfg`s
//! on the items are respected.

mod class;
mod function;
mod methods;
mod module;
mod options;
mod signature;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes a Rust function a Python function; see the crate's documentation.
#[proc_macro_attribute]
pub fn pyfunction(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let original = item.clone();
    answer(function::expand(attribute.into(), parse_macro_input!(item)), original)
}

/// Makes a Rust type the payload of a Python class; see the crate's documentation.
#[proc_macro_attribute]
pub fn pyclass(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let original = item.clone();
    answer(class::expand(attribute.into(), parse_macro_input!(item)), original)
}

/// Makes the functions of an `impl` block the methods of a Python class; see the crate's documentation.
#[proc_macro_attribute]
pub fn pymethods(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let item: syn::ItemImpl = parse_macro_input!(item);
    let bare = methods::bare(&item);
    answer(methods::expand(attribute.into(), item), bare.into())
}

/// Makes an inline module a Python module; see the crate's documentation.
#[proc_macro_attribute]
pub fn pymodule(attribute: TokenStream, item: TokenStream) -> TokenStream {
    answer(module::expand(attribute.into(), parse_macro_input!(item)), TokenStream::new())
}

/// The expansion, or the error beside what can stay of the item, so that one mistake makes one message.
fn answer(expansion: syn::Result<proc_macro2::TokenStream>, item: TokenStream) -> TokenStream {
    match expansion {
        Ok(tokens) => tokens.into(),
        Err(error) => {
            let mut tokens = TokenStream::from(error.into_compile_error());
            tokens.extend(item);
            tokens
        }
    }
}
