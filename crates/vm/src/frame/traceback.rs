//! Traceback objects: one for each frame that an exception passed, outermost first.
//!
//! # Invariants
//! - T1 `next` never leads back to the object itself: setting it checks.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::builtins::code::Code;
use crate::exceptions::as_exception;
use crate::prelude::*;

/// The payload of a traceback.
#[pyclass(name = "traceback", module = "builtins", shape = TRACEBACK)]
pub struct Traceback {
    /// `tb_frame`
    pub frame: Value,
    /// `tb_lasti`
    lasti: AtomicI64,
    /// `tb_lineno`; -1: ask the code.
    line: AtomicI64,
    next: Guarded<Value>,
}

/// Puts an entry for a frame before the traceback of `exception`. `index` is the instruction's number.
pub fn add(th: &mut Thread, exception: &Value, frame: Value, index: usize, line: u32) {
    let Some(raised) = as_exception(th, exception).cloned() else { return };
    let next = raised.traceback(th);
    let entry = Traceback {
        frame,
        lasti: AtomicI64::new(index as i64 * 2),
        line: AtomicI64::new(line.into()),
        next: Guarded::new(next),
    };
    let entry = Obj::new(th, builtin::TRACEBACK, entry).into_value();
    raised.set_traceback(th, entry);
}

impl Traceback {
    /// The instruction's number in its code.
    pub fn index(&self) -> usize {
        // Relaxed: a number on its own.
        usize::try_from(self.lasti.load(Ordering::Relaxed)).unwrap_or(0) / 2
    }

    /// `tb_lineno`, 0 if it is not known.
    pub fn line(&self, th: &mut Thread) -> i64 {
        // Relaxed: a number on its own.
        let line = self.line.load(Ordering::Relaxed);
        if line >= 0 {
            return line;
        }
        self.code(th).map_or(0, |code| code.position(self.index()).line.into())
    }

    /// The code that ran.
    pub fn code(&self, th: &mut Thread) -> Option<Obj<Code>> {
        let code = th.lookup_attr(&self.frame, "f_code");
        if code.is_err() {
            th.clear_exception();
        }
        let code = code.ok().flatten()?;
        th.exact::<Code>(&code).cloned()
    }

    /// `tb_next`: a traceback or None.
    pub fn next(&self, th: &Thread) -> Value {
        self.next.lock(th).clone()
    }

    /// Replaces `tb_next` by a traceback or None, which must not lead back to this one (T1).
    pub fn set_next(&self, th: &Thread, next: Value) {
        let old = std::mem::replace(&mut *self.next.lock(th), next);
        drop(old);
    }
}

#[pymethods]
impl Traceback {
    #[new]
    #[signature("(tb_next, tb_frame, tb_lasti, tb_lineno)")]
    fn new(
        th: &mut Thread,
        tb_next: &Value,
        tb_frame: &Value,
        tb_lasti: i32,
        tb_lineno: i32,
    ) -> PyResult<Traceback> {
        if !tb_next.is_none() && th.exact::<Traceback>(tb_next).is_none() {
            let found = th.type_name(tb_next);
            return Err(th.type_error(format_args!("expected traceback object or None, got '{found}'")));
        }
        if th.exact::<super::FrameObject>(tb_frame).is_none() {
            let found = th.type_name(tb_frame);
            return Err(
                th.type_error(format_args!("traceback() argument 'tb_frame' must be frame, not {found}"))
            );
        }
        Ok(Traceback {
            frame: tb_frame.clone(),
            lasti: AtomicI64::new(tb_lasti.into()),
            line: AtomicI64::new(tb_lineno.into()),
            next: Guarded::new(tb_next.clone()),
        })
    }

    #[getter]
    fn tb_frame(&self) -> Value {
        self.frame.clone()
    }

    #[getter]
    fn tb_lasti(&self) -> i64 {
        self.lasti.load(Ordering::Relaxed) // Relaxed: a number on its own.
    }

    #[getter]
    fn tb_lineno(&self, th: &mut Thread) -> Value {
        match self.line(th) {
            0 => Value::NONE,
            line => th.int(line),
        }
    }

    #[getter]
    fn tb_next(&self, th: &mut Thread) -> Value {
        self.next(th)
    }

    #[setter]
    fn set_tb_next(this: &Obj<Self>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let Some(value) = value else { return Err(th.type_error("can't delete tb_next attribute")) };
        if !value.is_none() && th.exact::<Traceback>(value).is_none() {
            let found = th.type_name(value);
            return Err(th.type_error(format_args!("expected traceback object, got '{found}'")));
        }
        let mut current = value.clone();
        while let Some(entry) = th.exact::<Traceback>(&current).cloned() {
            if entry.as_value().is(this.as_value()) {
                return Err(th.value_error("traceback loop detected"));
            }
            current = entry.next(th);
        }
        this.set_next(th, value.clone());
        Ok(())
    }

    fn __dir__(&self, th: &mut Thread) -> Value {
        let names = ["tb_frame", "tb_next", "tb_lasti", "tb_lineno"].map(|name| th.str(name));
        th.list(names.into())
    }
}
