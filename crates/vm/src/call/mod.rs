//! Calls from native code: of anything, with arguments in a slice.
//!
//! Calls between Python functions do not come here: the interpreter pushes a frame (`interpreter::call`).

pub mod bind;

use object_model::shape::builtin;
use object_model::string::Str;
use object_model::{Obj, Value};

use crate::builtins::function::{Function, Method};
use crate::builtins::native_function::{NativeFunction, NativeMethod};
use crate::class::{self, descriptor, special};
use crate::error::PyResult;
use crate::names::Special;
use crate::native::{Args, Role};
use crate::thread::Thread;

/// Calls `then` with `first` before `rest`; few arguments are put together without allocating.
#[inline]
fn with_first<R>(first: &Value, rest: &[Value], then: impl FnOnce(&[Value]) -> R) -> R {
    match rest {
        [] => return then(std::slice::from_ref(first)),
        [second] => return then(&[first.clone(), second.clone()]),
        [second, third] => return then(&[first.clone(), second.clone(), third.clone()]),
        _ => {}
    }
    let mut all = Vec::with_capacity(rest.len() + 1);
    all.push(first.clone());
    all.extend_from_slice(rest);
    then(&all)
}

impl Thread {
    /// `callable(*arguments)`
    #[inline]
    pub fn call(&mut self, callable: &Value, arguments: &[Value]) -> PyResult {
        self.call_args(callable, Args::positional(arguments))
    }

    /// `callable(*arguments, **keywords)`
    pub fn call_kw(
        &mut self,
        callable: &Value,
        arguments: &[Value],
        keywords: &[(Obj<Str>, Value)],
    ) -> PyResult {
        let names: Vec<Value> = keywords.iter().map(|(name, _)| name.clone().into_value()).collect();
        let values: Vec<Value> = keywords.iter().map(|(_, value)| value.clone()).collect();
        self.call_args(
            callable,
            Args { positional: arguments, keyword_values: &values, keyword_names: &names },
        )
    }

    /// `receiver.name(*arguments)`
    pub fn call_method(&mut self, receiver: &Value, name: &str, arguments: &[Value]) -> PyResult {
        let name = self.intern(name);
        self.call_method_name(receiver, &name, arguments)
    }

    /// `receiver.name(*arguments)`, for an interned name.
    pub fn call_method_name(&mut self, receiver: &Value, name: &Obj<Str>, arguments: &[Value]) -> PyResult {
        let method = self.get_attr(receiver, name)?;
        self.call(&method, arguments)
    }

    /// `callable(first, *args)`
    pub fn call_prepended(&mut self, callable: &Value, first: &Value, args: Args<'_>) -> PyResult {
        with_first(first, args.positional, |positional| self.call_args(callable, Args { positional, ..args }))
    }

    /// A call with its arguments in place.
    pub fn call_args(&mut self, callable: &Value, args: Args<'_>) -> PyResult {
        let Some(header) = callable.as_header() else { return Err(self.not_callable(callable)) };
        match header.shape_id() {
            builtin::FUNCTION => {
                // SAFETY: the shape says so.
                let function: &Obj<Function> = unsafe { Obj::borrow_unchecked(callable) };
                crate::interpreter::enter_function(self, function, args)
            }
            builtin::BUILTIN_FUNCTION => {
                // SAFETY: the shape says so.
                let function: &Obj<NativeFunction> = unsafe { Obj::borrow_unchecked(callable) };
                self.check_native_stack()?;
                match &function.receiver {
                    Some(receiver) => with_first(receiver, args.positional, |positional| {
                        (function.def.function)(self, Args { positional, ..args })
                    }),
                    None => (function.def.function)(self, args),
                }
            }
            builtin::METHOD => {
                // SAFETY: the shape says so.
                let method: &Obj<Method> = unsafe { Obj::borrow_unchecked(callable) };
                self.call_prepended(&method.function, &method.receiver, args)
            }
            builtin::METHOD_DESCRIPTOR | builtin::WRAPPER_DESCRIPTOR => {
                // SAFETY: both shapes have this payload.
                let method: &Obj<NativeMethod> = unsafe { Obj::borrow_unchecked(callable) };
                debug_assert!(method.def.role != Role::ClassMethod);
                self.check_native_stack()?;
                (method.def.function)(self, args)
            }
            builtin::TYPE => match class::as_class(callable) {
                Some(class) => {
                    self.check_native_stack()?;
                    class::construct::call(self, class, args)
                }
                None => Err(self.not_callable(callable)),
            },
            _ => self.call_object(callable, args),
        }
    }

    fn call_object(&mut self, callable: &Value, args: Args<'_>) -> PyResult {
        let class = class::type_of(callable);
        let Some(method) = special::get(self, class, Special::Call).cloned() else {
            return Err(self.not_callable(callable));
        };
        self.check_native_stack()?;
        if descriptor::is_plain_method(&method) {
            return self.call_prepended(&method, callable, args);
        }
        let bound = descriptor::bind(self, &method, Some(callable), class)?;
        self.call_args(&bound, args)
    }

    #[cold]
    fn not_callable(&mut self, value: &Value) -> crate::error::Raised {
        let name = self.type_name(value);
        self.type_error(format_args!("'{name}' object is not callable"))
    }

    /// `callable(value)`
    pub fn is_callable(&self, value: &Value) -> bool {
        special::get(self, class::type_of(value), Special::Call).is_some()
    }
}
