//! Iteration over any object: `iter`, `next`, and the loops that native code makes of them.
//!
//! Not here: the iterator types (`builtins::iterators` and the types' own files).

use std::sync::atomic::Ordering;

use object_model::ty::flag;

use crate::builtins::generator::{Generator, Resumed};
use crate::builtins::iterators::{self, SequenceIterator};
use crate::class::{special, type_of};
use crate::names::Special;
use crate::prelude::*;
use crate::protocol::exact;

/// Hung on the class of a native iterator, whose `__iter__` answers the iterator itself: its `__next__` without a call,
/// with None at the end.
pub struct FastNext {
    next: fn(&mut Thread, &Value) -> PyResult<Option<Value>>,
    /// The same for who takes tuples of two apart at once.
    pair: Option<fn(&mut Thread, &Value) -> PyResult<Option<Item>>>,
}

/// What an iterator gives to a loop that takes it apart.
pub enum Item {
    /// The item.
    Whole(Value),
    /// What a tuple of two would hold.
    Pair(Value, Value),
}

impl FastNext {
    /// Of any items.
    pub const fn new(next: fn(&mut Thread, &Value) -> PyResult<Option<Value>>) -> FastNext {
        FastNext { next, pair: None }
    }

    /// Of tuples of two, some of which `pair` gives without a tuple.
    pub const fn of_pairs(
        next: fn(&mut Thread, &Value) -> PyResult<Option<Value>>,
        pair: fn(&mut Thread, &Value) -> PyResult<Option<Item>>,
    ) -> FastNext {
        FastNext { next, pair: Some(pair) }
    }

    /// Hangs it on a class; subclasses do not have it.
    pub fn hang(&'static self, class: Class) {
        // Release pairs with the acquire in `of`, though a static needs no publishing.
        class.payload.advance.store(std::ptr::from_ref(self).cast_mut().cast(), Ordering::Release);
    }

    /// What hangs on a class.
    #[inline(always)]
    pub fn of(class: Class) -> Option<&'static FastNext> {
        // SAFETY: only `hang` writes the pointer.
        unsafe { class.payload.advance.load(Ordering::Acquire).cast::<FastNext>().as_ref() }
    }
}

impl Thread {
    /// `iter(value)`
    pub fn iter(&mut self, value: &Value) -> PyResult {
        if let Some(iterator) = iterators::of_builtin(self, value) {
            return Ok(iterator);
        }
        let class = type_of(value);
        if FastNext::of(class).is_some() {
            return Ok(value.clone());
        }
        match special::get(self, class, Special::Iter).cloned() {
            Some(method) if !method.is_none() => {
                let iterator = self.call_special_method(&method, value, class, &[])?;
                if !self.has_special(&iterator, Special::Next) {
                    let name = self.type_name(&iterator);
                    return Err(
                        self.type_error(format_args!("iter() returned non-iterator of type '{name}'"))
                    );
                }
                Ok(iterator)
            }
            None if self.is_sequence(value) => Ok(SequenceIterator::make(self, value.clone())),
            _ => {
                let name = self.type_name(value);
                Err(self.type_error(format_args!("'{name}' object is not iterable")))
            }
        }
    }

    /// True if the value can be indexed and is no `dict`: what iteration and `reversed` fall back to.
    pub fn is_sequence(&self, value: &Value) -> bool {
        let class = type_of(value);
        // The subscripts of native types that are no collections are not numbers.
        let native = !class.payload.has(flag::HEAP) && !class.payload.has(flag::IMMUTABLE);
        let keyed = class.payload.has(flag::DICT_SUBCLASS) || native && class.payload.has(flag::MAPPING);
        let other = native && special::get(self, class, Special::Len).is_none();
        self.has_special(value, Special::GetItem) && !keyed && !other
    }

    /// True if [`Thread::iter`] has something to go by.
    pub fn is_iterable(&self, value: &Value) -> bool {
        self.has_special(value, Special::Iter) || self.is_sequence(value)
    }

    /// `next(iterator)`, None at its end.
    #[inline]
    pub fn next(&mut self, iterator: &Value) -> PyResult<Option<Value>> {
        if let Some(header) = iterator.as_header()
            && header.shape_id() == builtin::GENERATOR
            && let Some(generator) = Generator::of(iterator)
        {
            return match Generator::resume(self, generator, Value::NONE)? {
                Resumed::Yielded(value) => Ok(Some(value)),
                Resumed::Returned(_) => Ok(None),
            };
        }
        let class = type_of(iterator);
        if let Some(fast) = FastNext::of(class) {
            // Iterators over iterators go as deep as they were built.
            self.check_native_stack()?;
            return (fast.next)(self, iterator);
        }
        let Some(method) = special::get(self, class, Special::Next).cloned() else {
            let name = self.type_name(iterator);
            return Err(self.type_error(format_args!("'{name}' object is not an iterator")));
        };
        let result = self.call_special_method(&method, iterator, class, &[]);
        self.catch(result, Exc::StopIteration)
    }

    /// As [`Thread::next`] of an iterator that can give pairs without a tuple; None if it is none.
    #[inline]
    pub fn next_pair(&mut self, iterator: &Value) -> Option<PyResult<Option<Item>>> {
        let pair = FastNext::of(iterator.as_header()?.shape().class())?.pair?;
        if let Err(raised) = self.check_native_stack() {
            return Some(Err(raised));
        }
        Some(pair(self, iterator))
    }

    /// Calls `each` for every item.
    pub fn for_each(
        &mut self,
        iterable: &Value,
        mut each: impl FnMut(&mut Thread, Value) -> PyResult<()>,
    ) -> PyResult<()> {
        if let Some(list) = exact::list(iterable) {
            let mut index = 0;
            while let Some(item) = list.get(self, index) {
                each(self, item)?;
                index += 1;
            }
            return Ok(());
        }
        if let Some(tuple) = exact::tuple(iterable) {
            for item in tuple.items() {
                each(self, item.clone())?;
            }
            return Ok(());
        }
        let iterator = self.iter(iterable)?;
        while let Some(item) = self.next(&iterator)? {
            each(self, item)?;
        }
        Ok(())
    }

    /// The items of an iterable: `list(iterable)`.
    pub fn collect(&mut self, iterable: &Value) -> PyResult<Vec<Value>> {
        if let Some(items) = self.builtin_items(iterable) {
            return Ok(items);
        }
        let iterator = self.iter(iterable)?;
        let hint = self.length_hint(iterable, 8)?;
        let mut items = Vec::new();
        if items.try_reserve(hint).is_err() {
            return Err(self.memory_error());
        }
        while let Some(item) = self.next(&iterator)? {
            if items.try_reserve(1).is_err() {
                return Err(self.memory_error());
            }
            items.push(item);
        }
        Ok(items)
    }

    /// The items as of one moment, if the iterable is exactly a builtin container.
    pub fn builtin_items(&self, iterable: &Value) -> Option<Vec<Value>> {
        if let Some(list) = exact::list(iterable) {
            return Some(list.snapshot(self));
        }
        if let Some(tuple) = exact::tuple(iterable) {
            return Some(tuple.items().to_vec());
        }
        if let Some(dict) = exact::dict(iterable) {
            return Some(dict.snapshot(self).into_iter().map(|(key, ..)| key).collect());
        }
        if let Some(range) = crate::builtins::range::exact(iterable) {
            return range.items();
        }
        let set = exact::set(iterable)?;
        Some(set.snapshot(self).into_iter().map(|(key, _)| key).collect())
    }

    /// How many items there will be, as far as the object says; else `default`. `operator.length_hint`.
    pub fn length_hint(&mut self, value: &Value, default: usize) -> PyResult<usize> {
        if self.has_special(value, Special::Len) {
            let length = self.length(value);
            if let Some(length) = self.catch(length, Exc::TypeError)? {
                return Ok(length);
            }
        }
        if !self.has_special(value, Special::LengthHint) {
            return Ok(default);
        }
        let hint = self.call_special(value, Special::LengthHint, &[]);
        let Some(hint) = self.catch(hint, Exc::TypeError)?.flatten() else { return Ok(default) };
        if hint.is(&Value::NOT_IMPLEMENTED) {
            return Ok(default);
        }
        match crate::builtins::slice::int_of(&hint) {
            Some(i) if i >= 0 => Ok(i as usize),
            Some(_) => Err(self.value_error("__length_hint__() should return >= 0")),
            None => {
                let name = self.type_name(&hint);
                Err(self.type_error(format_args!("__length_hint__ must be an integer, not {name}")))
            }
        }
    }
}
