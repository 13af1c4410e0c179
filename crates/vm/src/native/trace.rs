//! How the collector sees what a native payload owns.

use std::collections::{HashMap, VecDeque};

use object_model::lock::{Guarded, Variable};
use object_model::{Obj, Value};

/// Something that may own values.
pub trait Trace {
    /// Calls `visit` for each value owned.
    fn trace(&self, visit: &mut dyn FnMut(&Value));
}

impl Trace for Value {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        visit(self);
    }
}

impl<T> Trace for Obj<T> {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        visit(self.as_value());
    }
}

impl<T: Trace> Trace for Option<T> {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.iter().for_each(|v| v.trace(visit));
    }
}

impl<T: Trace> Trace for Vec<T> {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.iter().for_each(|v| v.trace(visit));
    }
}

impl<T: Trace> Trace for VecDeque<T> {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.iter().for_each(|v| v.trace(visit));
    }
}

impl<T: Trace> Trace for Box<T> {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        (**self).trace(visit);
    }
}

impl<T: Trace> Trace for Box<[T]> {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.iter().for_each(|v| v.trace(visit));
    }
}

impl<K, T: Trace> Trace for HashMap<K, T> {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.values().for_each(|v| v.trace(visit));
    }
}

impl Trace for Variable {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        Variable::trace(self, visit);
    }
}

impl<T: Trace> Trace for Guarded<T> {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.trace_with(|v| v.trace(visit));
    }
}

impl<A: Trace, B: Trace> Trace for (A, B) {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.0.trace(visit);
        self.1.trace(visit);
    }
}

macro_rules! owns_nothing {
    ($($t:ty)*) => { $(impl Trace for $t { fn trace(&self, _visit: &mut dyn FnMut(&Value)) {} })* };
}

owns_nothing! {
    () bool char u8 i8 u16 i16 u32 i32 u64 i64 usize isize f32 f64 String Box<str> &'static str
    std::sync::atomic::AtomicBool std::sync::atomic::AtomicU8 std::sync::atomic::AtomicU32
    std::sync::atomic::AtomicU64 std::sync::atomic::AtomicI64 std::sync::atomic::AtomicUsize
    std::sync::atomic::AtomicIsize std::sync::atomic::AtomicI32 std::sync::atomic::AtomicU16 object_model::ty::Class
}
