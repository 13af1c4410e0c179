//! Special methods: each type has a table of them, resolved along its mro, so that an operator is one indexed load.

use object_model::shape::builtin;
use object_model::ty::{Class, flag};
use object_model::{Attached, Obj, Value};

use crate::builtins::native_function::NativeMethod;
use crate::error::PyResult;
use crate::names::Special;
use crate::native::{Args, NativeFn};
use crate::thread::Thread;

/// The special method of a type, as it stands in a class dict.
#[inline]
pub fn get(token: &Attached, class: Class, special: Special) -> Option<&Value> {
    class.payload.specials.get(token).get(special as usize)?.as_ref()
}

/// Recomputes the table and the flags that follow from it, for `class` and its subclasses.
pub fn refresh(th: &mut Thread, class: Class) {
    let table: Box<[Option<Value>]> =
        Special::ALL.iter().map(|s| super::lookup(th, class, s.name())).collect();
    let mro = class.payload.mro.get(th);
    let object = mro.last().copied();
    let overridden = |special: Special| {
        let own = table[special as usize].as_ref();
        let plain = object.filter(|o| *o != class).and_then(|o| get(th, o, special));
        match (own, plain) {
            (Some(own), Some(plain)) => !own.is(plain),
            (own, _) => own.is_some() && object.is_some_and(|o| o != class),
        }
    };
    let getattr = overridden(Special::GetAttribute) || table[Special::GetAttr as usize].is_some();
    let setattr = overridden(Special::SetAttr) || overridden(Special::DelAttr);
    let finalizer = table[Special::Del as usize].is_some();
    let new = table[Special::New as usize].is_some() && !overridden(Special::New);
    class.payload.set_flags(flag::PLAIN_NEW, new);
    class.payload.set_flags(flag::CUSTOM_CLASS, overridden(Special::Class));
    class.payload.set_flags(flag::CUSTOM_GETATTR, getattr);
    class.payload.set_flags(flag::CUSTOM_SETATTR, setattr);
    class.payload.set_flags(flag::FINALIZER, finalizer);
    class.payload.specials.publish(th, table);
    let subclasses: Vec<Class> = class.payload.subclasses.lock().clone();
    for sub in subclasses {
        refresh(th, sub);
    }
}

impl Thread {
    /// True if the type of `value` has the special method.
    #[inline]
    pub fn has_special(&self, value: &Value, special: Special) -> bool {
        get(self, super::type_of(value), special).is_some_and(|v| !v.is_none())
    }

    /// Calls a special method of the type of `receiver`; None if the type has none.
    #[inline]
    pub fn call_special(
        &mut self,
        receiver: &Value,
        special: Special,
        arguments: &[&Value],
    ) -> PyResult<Option<Value>> {
        let class = super::type_of(receiver);
        let Some(method) = get(self, class, special) else { return Ok(None) };
        if let Some(function) = native(method) {
            self.check_native_stack()?;
            return in_a_row(receiver, arguments, |all| function(self, Args::positional(all))).map(Some);
        }
        let method = method.clone();
        self.call_special_method(&method, receiver, class, arguments).map(Some)
    }

    /// Calls `method`, found in the dict of `class` or a base, bound to `receiver`.
    pub fn call_special_method(
        &mut self,
        method: &Value,
        receiver: &Value,
        class: Class,
        arguments: &[&Value],
    ) -> PyResult {
        if super::descriptor::is_plain_method(method) {
            return in_a_row(receiver, arguments, |all| self.call_args(method, Args::positional(all)));
        }
        let bound = super::descriptor::bind(self, method, Some(receiver), class)?;
        let all: Vec<Value> = arguments.iter().map(|v| (*v).clone()).collect();
        self.call_args(&bound, Args::positional(&all))
    }
}

/// The code of a native method.
#[inline(always)]
fn native(method: &Value) -> Option<NativeFn> {
    let shape = method.as_header()?.shape_id();
    if shape != builtin::METHOD_DESCRIPTOR && shape != builtin::WRAPPER_DESCRIPTOR {
        return None;
    }
    // SAFETY: both shapes have this payload.
    Some(unsafe { Obj::<NativeMethod>::borrow_unchecked(method) }.def.function)
}

/// Calls `then` with a receiver and its arguments in a row.
#[inline(always)]
fn in_a_row<R>(receiver: &Value, arguments: &[&Value], then: impl FnOnce(&[Value]) -> R) -> R {
    // They are counted: what runs may change the variables that they were borrowed from.
    match *arguments {
        [] => then(std::slice::from_ref(receiver)),
        [first] => then(&[receiver.clone(), first.clone()]),
        [first, second] => then(&[receiver.clone(), first.clone(), second.clone()]),
        _ => {
            let mut all = Vec::with_capacity(arguments.len() + 1);
            all.push(receiver.clone());
            all.extend(arguments.iter().map(|argument| (*argument).clone()));
            then(&all)
        }
    }
}
