//! A variable that threads share: read without a lock, replaced under one.
//!
//! For what is read often and replaced rarely: what a closure's cell, a property or a `staticmethod` holds. [`Guarded`]
//! costs each reader a write to memory that all readers share.
//!
//! # Invariants
//! - V1 The slot is written only by who holds `writing` (`object::slot` S1).

use mode::{Attached, OwnerId};

use super::Guarded;
use crate::object::slot::Slot;
use crate::value::Value;

/// A place for a value, or none.
pub struct Variable {
    content: Slot,
    /// Held while the content is replaced.
    writing: Guarded<()>,
}

impl Variable {
    /// One that holds `value`; None: it is empty.
    pub fn new(value: Option<Value>) -> Variable {
        let content = value.map_or_else(Slot::empty, Slot::new);
        Variable { content, writing: Guarded::new(()) }
    }

    /// What it holds.
    #[inline]
    pub fn get(&self, token: &Attached) -> Option<Value> {
        match self.content.load(token.owner(), || true) {
            Ok(value) => value,
            Err(_) => self.get_locked(token),
        }
    }

    /// [`Variable::get`] by the thread whose heap is `me`, of a value that needs no call to be counted; else None.
    #[inline(always)]
    pub fn get_quick(&self, me: OwnerId) -> Option<Value> {
        self.content.load_quick(me)
    }

    #[cold]
    #[inline(never)]
    fn get_locked(&self, token: &Attached) -> Option<Value> {
        let _writing = self.writing.lock(token);
        self.content.load_locked(token)
    }

    /// Replaces what it holds; None empties it. Answers what was there.
    #[inline]
    pub fn set(&self, token: &Attached, value: Option<Value>) -> Option<Value> {
        let _writing = self.writing.lock(token);
        self.content.replace(value)
    }

    /// Visits what it holds, for the collector.
    pub fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        if let Some(value) = self.content.get() {
            visit(value);
        }
    }
}
