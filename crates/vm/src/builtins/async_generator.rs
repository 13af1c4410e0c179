//! `async_generator`, and the awaitables that `__anext__`, `asend`, `athrow` and `aclose` answer.
//!
//! # States of an awaitable
//! new → awaited → closed. While one is awaited, the generator's `running` is set, and others refuse to start.
//!
//! What the generator yields comes marked ([`unwrap_async_value`]) and ends the awaiting: it is the value of a
//! StopIteration. What is not marked comes from something that the generator awaits, and is passed on.

use std::sync::atomic::{AtomicU8, Ordering};

use object_model::object::layout::Payload;

use super::generator::{Generator, Resumed, thrown, unwrap_async_value};
use super::warn;
use crate::prelude::*;

/// The class of asynchronous generators. Its instances are made by [`Generator::make`] alone.
#[pyclass(
    name = "async_generator",
    module = "builtins",
    shape = ASYNC_GENERATOR,
    layout = <Generator as PyClass>::DEFINITION.layout,
    weakref,
    no_new,
    no_payload
)]
pub struct AsyncGenerator;

impl Payload for AsyncGenerator {
    fn trace(&self, _visit: &mut dyn FnMut(&Value)) {}
}

/// The generator as what it is in memory.
fn generator(this: &Obj<AsyncGenerator>) -> &Obj<Generator> {
    // SAFETY: instances have the shape of asynchronous generators, whose payload is a `Generator`.
    unsafe { Obj::borrow_unchecked(this.as_value()) }
}

/// Asks the hooks, once, before the first iteration.
fn ask_hooks(th: &mut Thread, generator: &Obj<Generator>) -> PyResult<()> {
    let (first, finalizer) = th.async_gen_hooks.clone();
    let asked = generator.asynchronous(th, |own| {
        let asked = std::mem::replace(&mut own.hooked, true);
        if !asked {
            own.finalizer = finalizer;
        }
        asked
    });
    match first {
        Some(first) if !asked => th.call(&first, &[generator.as_value().clone()]).map(drop),
        _ => Ok(()),
    }
}

fn set_running(th: &Thread, generator: &Generator, running: bool) {
    generator.asynchronous(th, |own| own.running = running);
}

/// Raises StopIteration with a value that may be a tuple or an exception itself.
fn stop(th: &mut Thread, value: Value) -> Raised {
    let arguments = if value.is_none() { Vec::new() } else { vec![value] };
    match crate::exceptions::new(th, Exc::StopIteration, arguments) {
        Ok(exception) => th.set_raised(exception),
        Err(raised) => raised,
    }
}

/// True if the pending exception ends an asynchronous generator.
fn is_end(th: &mut Thread) -> bool {
    th.exception_is(Exc::StopAsyncIteration) || th.exception_is(Exc::GeneratorExit)
}

/// What a resumed generator means to who awaits `asend` or `athrow`.
fn outcome(th: &mut Thread, generator: &Generator, resumed: PyResult<Resumed>) -> PyResult {
    let raised = match resumed {
        Ok(Resumed::Yielded(yielded)) => match unwrap_async_value(th, &yielded) {
            Some(value) => {
                set_running(th, generator, false);
                return Err(stop(th, value));
            }
            None => return Ok(yielded),
        },
        Ok(Resumed::Returned(_)) => th.raise_args(Exc::StopAsyncIteration, Vec::new()),
        Err(raised) => raised,
    };
    let end = is_end(th);
    generator.asynchronous(th, |own| {
        own.closed |= end;
        own.running = false;
    });
    Err(raised)
}

#[pymethods]
impl AsyncGenerator {
    fn __aiter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __anext__(this: &Obj<Self>, th: &mut Thread) -> PyResult<Obj<Asend>> {
        Asend::make(th, generator(this), Value::NONE)
    }

    /// An awaitable that sends a value in, and answers what is yielded next.
    fn asend(this: &Obj<Self>, th: &mut Thread, value: Value) -> PyResult<Obj<Asend>> {
        Asend::make(th, generator(this), value)
    }

    /// An awaitable that raises an exception where the generator stopped.
    #[signature = "(typ, val=None, tb=None, /)"]
    fn athrow(
        this: &Obj<Self>,
        th: &mut Thread,
        typ: Value,
        val: Option<Value>,
        tb: Option<Value>,
    ) -> PyResult<Obj<Athrow>> {
        Athrow::make(th, generator(this), Some((typ, val, tb)))
    }

    /// An awaitable that ends the generator.
    fn aclose(this: &Obj<Self>, th: &mut Thread) -> PyResult<Obj<Athrow>> {
        Athrow::make(th, generator(this), None)
    }

    fn __del__(this: &Obj<Self>, th: &mut Thread) -> PyResult<()> {
        let generator = generator(this);
        if generator.is_finished() {
            return Ok(());
        }
        let (finalizer, closed) = generator.asynchronous(th, |own| (own.finalizer.clone(), own.closed));
        match finalizer {
            Some(finalizer) if !closed => th.call(&finalizer, &[this.as_value().clone()]).map(drop),
            _ => Generator::close(th, generator).map(drop),
        }
    }

    #[getter]
    fn ag_await(this: &Obj<Self>) -> Value {
        generator(this).gi_yieldfrom()
    }

    #[getter]
    fn ag_running(this: &Obj<Self>, th: &mut Thread) -> bool {
        generator(this).asynchronous(th, |own| own.running)
    }

    #[getter]
    fn ag_suspended(this: &Obj<Self>) -> bool {
        generator(this).gi_suspended()
    }

    #[getter]
    fn ag_frame(this: &Obj<Self>, th: &mut Thread) -> Value {
        Generator::frame_or_none(generator(this), th)
    }

    #[getter]
    fn ag_code(this: &Obj<Self>) -> Value {
        generator(this).code.as_value().clone()
    }

    #[getter]
    fn __name__(this: &Obj<Self>, th: &mut Thread) -> Value {
        generator(this).__name__(th)
    }

    #[setter("__name__")]
    fn set_name(this: &Obj<Self>, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        generator(this).assign_name(th, value)
    }

    #[getter]
    fn __qualname__(this: &Obj<Self>, th: &mut Thread) -> Value {
        generator(this).__qualname__(th)
    }

    #[setter("__qualname__")]
    fn set_qualname(this: &Obj<Self>, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        generator(this).assign_qualname(th, value)
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let qualname = generator(this).__qualname__(th);
        let qualname =
            th.as_str(&qualname).map(|q| q.units().to_str_lossy().into_owned()).unwrap_or_default();
        let word = this.as_value().word();
        Ok(format!("<async_generator object {qualname} at {word:#x}>"))
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> Value {
        super::generic_alias::make(th, class, item)
    }
}

/// What became of an awaitable.
const NEW: u8 = 0;
const AWAITED: u8 = 1;
const CLOSED: u8 = 2;

/// The generator of an awaitable, and what became of it.
struct Awaitable {
    generator: Obj<Generator>,
    state: AtomicU8,
}

impl Trace for Awaitable {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.generator.trace(visit);
    }
}

impl Awaitable {
    fn new(th: &mut Thread, generator: &Obj<Generator>) -> PyResult<Awaitable> {
        ask_hooks(th, generator)?;
        Ok(Awaitable { generator: generator.clone(), state: AtomicU8::new(NEW) })
    }

    fn state(&self) -> u8 {
        self.state.load(Ordering::Relaxed) // Relaxed: the generator's own lock keeps two threads apart.
    }

    fn set_state(&self, state: u8) {
        self.state.store(state, Ordering::Relaxed); // Relaxed: as above.
    }

    /// Starts awaiting; errs if the generator is busy with another awaitable.
    fn start(&self, th: &mut Thread, method: &str) -> PyResult<()> {
        let busy = self.generator.asynchronous(th, |own| std::mem::replace(&mut own.running, true));
        if busy {
            self.set_state(CLOSED);
            return Err(
                th.runtime_error(format_args!("{method}(): asynchronous generator is already running"))
            );
        }
        self.set_state(AWAITED);
        Ok(())
    }

    /// Warns that nobody awaited it.
    fn finalize(&self, th: &mut Thread, method: &str) -> PyResult<()> {
        if self.state() != NEW {
            return Ok(());
        }
        let qualname = self.generator.__qualname__(th);
        let qualname =
            th.as_str(&qualname).map(|q| q.units().to_str_lossy().into_owned()).unwrap_or_default();
        let message = format!("coroutine method '{method}' of '{qualname}' was never awaited");
        warn::warn(th, Exc::RuntimeWarning, &message, 1)
    }
}

/// What `close()` of an awaitable makes of the answer to a GeneratorExit.
fn closed(th: &mut Thread, answer: PyResult) -> PyResult<()> {
    match answer {
        Ok(_) => Err(th.runtime_error("coroutine ignored GeneratorExit")),
        Err(raised) => {
            if th.exception_is(Exc::StopIteration) || is_end(th) {
                th.clear_exception();
                return Ok(());
            }
            Err(raised)
        }
    }
}

/// The payload of what `__anext__` and `asend` answer.
#[pyclass(name = "async_generator_asend", module = "builtins", no_new)]
pub struct Asend {
    awaitable: Awaitable,
    value: Guarded<Value>,
}

impl Asend {
    fn make(th: &mut Thread, generator: &Obj<Generator>, value: Value) -> PyResult<Obj<Asend>> {
        let awaitable = Awaitable::new(th, generator)?;
        Ok(Asend::new_object(th, Asend { awaitable, value: Guarded::new(value) }))
    }

    #[cold]
    fn reused(th: &mut Thread) -> Raised {
        th.runtime_error("cannot reuse already awaited __anext__()/asend()")
    }

    fn go_on(&self, th: &mut Thread, mut sent: Value) -> PyResult {
        match self.awaitable.state() {
            CLOSED => return Err(Asend::reused(th)),
            NEW => {
                self.awaitable.start(th, "anext")?;
                let value = std::mem::replace(&mut *self.value.lock(th), Value::NONE);
                if sent.is_none() {
                    sent = value;
                }
            }
            _ => {}
        }
        let generator = &self.awaitable.generator;
        let resumed = Generator::resume(th, generator, sent);
        let result = outcome(th, generator, resumed);
        if result.is_err() {
            self.awaitable.set_state(CLOSED);
        }
        result
    }

    fn raise(&self, th: &mut Thread, exception: Value) -> PyResult {
        match self.awaitable.state() {
            CLOSED => return Err(Asend::reused(th)),
            NEW => self.awaitable.start(th, "anext")?,
            _ => {}
        }
        let generator = &self.awaitable.generator;
        let resumed = Generator::throw(th, generator, exception);
        let result = outcome(th, generator, resumed);
        if result.is_err() {
            self.awaitable.set_state(CLOSED);
        }
        result
    }
}

#[pymethods]
impl Asend {
    fn __await__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        self.go_on(th, Value::NONE).map(Some)
    }

    fn send(&self, th: &mut Thread, arg: Value) -> PyResult {
        self.go_on(th, arg)
    }

    #[signature = "(typ, val=None, tb=None, /)"]
    fn throw(&self, th: &mut Thread, typ: &Value, val: Option<&Value>, tb: Option<&Value>) -> PyResult {
        let exception = thrown(th, typ, val, tb)?;
        self.raise(th, exception)
    }

    fn close(&self, th: &mut Thread) -> PyResult<()> {
        if self.awaitable.state() == CLOSED {
            return Ok(());
        }
        let exit = crate::exceptions::new(th, Exc::GeneratorExit, Vec::new())?;
        let answer = self.raise(th, exit);
        closed(th, answer)
    }

    fn __del__(&self, th: &mut Thread) -> PyResult<()> {
        self.awaitable.finalize(th, "asend")
    }
}

/// The arguments of `athrow`.
type Thrown = (Value, Option<Value>, Option<Value>);

/// The payload of what `athrow` and `aclose` answer.
#[pyclass(name = "async_generator_athrow", module = "builtins", no_new)]
pub struct Athrow {
    awaitable: Awaitable,
    kind: Option<Value>,
    value: Option<Value>,
    traceback: Option<Value>,
}

impl Athrow {
    fn make(th: &mut Thread, generator: &Obj<Generator>, exception: Option<Thrown>) -> PyResult<Obj<Athrow>> {
        let awaitable = Awaitable::new(th, generator)?;
        let (kind, value, traceback) = match exception {
            Some((kind, value, traceback)) => (Some(kind), value, traceback),
            None => (None, None, None),
        };
        Ok(Athrow::new_object(th, Athrow { awaitable, kind, value, traceback }))
    }

    fn method(&self) -> &'static str {
        if self.kind.is_some() { "athrow" } else { "aclose" }
    }

    #[cold]
    fn reused(th: &mut Thread) -> Raised {
        th.runtime_error("cannot reuse already awaited aclose()/athrow()")
    }

    #[cold]
    fn ignored(&self, th: &mut Thread) -> Raised {
        set_running(th, &self.awaitable.generator, false);
        self.awaitable.set_state(CLOSED);
        th.runtime_error("async generator ignored GeneratorExit")
    }

    /// The end of awaiting by an exception; of `aclose`, the generator's end is what was asked for.
    fn failed(&self, th: &mut Thread, raised: Raised) -> Raised {
        set_running(th, &self.awaitable.generator, false);
        self.awaitable.set_state(CLOSED);
        if self.kind.is_none() && is_end(th) {
            th.clear_exception();
            return stop(th, Value::NONE);
        }
        raised
    }

    /// What a resumed generator means.
    fn settle(&self, th: &mut Thread, resumed: PyResult<Resumed>) -> PyResult {
        let generator = &self.awaitable.generator;
        if self.kind.is_some() {
            return match outcome(th, generator, resumed) {
                Ok(passed_on) => Ok(passed_on),
                Err(raised) => {
                    self.awaitable.set_state(CLOSED);
                    Err(raised)
                }
            };
        }
        match resumed {
            Ok(Resumed::Yielded(yielded)) => match unwrap_async_value(th, &yielded) {
                Some(_) => Err(self.ignored(th)),
                None => Ok(yielded),
            },
            Ok(Resumed::Returned(_)) => {
                let raised = th.raise_args(Exc::StopAsyncIteration, Vec::new());
                Err(self.failed(th, raised))
            }
            Err(raised) => Err(self.failed(th, raised)),
        }
    }

    fn begin(&self, th: &mut Thread, sent: &Value) -> PyResult {
        let generator = &self.awaitable.generator;
        self.awaitable.start(th, self.method())?;
        if generator.asynchronous(th, |own| own.closed) {
            set_running(th, generator, false);
            self.awaitable.set_state(CLOSED);
            return Err(th.raise_args(Exc::StopAsyncIteration, Vec::new()));
        }
        if !sent.is_none() {
            set_running(th, generator, false);
            self.awaitable.set_state(NEW);
            return Err(th.runtime_error("can't send non-None value to a just-started coroutine"));
        }
        let exception = match &self.kind {
            Some(kind) => thrown(th, kind, self.value.as_ref(), self.traceback.as_ref()),
            None => {
                generator.asynchronous(th, |own| own.closed = true);
                crate::exceptions::new(th, Exc::GeneratorExit, Vec::new())
            }
        };
        let resumed = exception.and_then(|exception| Generator::throw(th, generator, exception));
        self.settle(th, resumed)
    }

    fn go_on(&self, th: &mut Thread, sent: Value) -> PyResult {
        let generator = &self.awaitable.generator;
        match self.awaitable.state() {
            CLOSED => Err(Athrow::reused(th)),
            _ if generator.is_finished() => {
                self.awaitable.set_state(CLOSED);
                Err(stop(th, Value::NONE))
            }
            NEW => self.begin(th, &sent),
            _ => {
                let resumed = Generator::resume(th, generator, sent);
                self.settle(th, resumed)
            }
        }
    }

    fn raise(&self, th: &mut Thread, exception: Value) -> PyResult {
        match self.awaitable.state() {
            CLOSED => return Err(Athrow::reused(th)),
            NEW => self.awaitable.start(th, self.method())?,
            _ => {}
        }
        let resumed = Generator::throw(th, &self.awaitable.generator, exception);
        self.settle(th, resumed)
    }
}

#[pymethods]
impl Athrow {
    fn __await__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        self.go_on(th, Value::NONE).map(Some)
    }

    fn send(&self, th: &mut Thread, arg: Value) -> PyResult {
        self.go_on(th, arg)
    }

    #[signature = "(typ, val=None, tb=None, /)"]
    fn throw(&self, th: &mut Thread, typ: &Value, val: Option<&Value>, tb: Option<&Value>) -> PyResult {
        let exception = thrown(th, typ, val, tb)?;
        self.raise(th, exception)
    }

    fn close(&self, th: &mut Thread) -> PyResult<()> {
        if self.awaitable.state() == CLOSED {
            return Ok(());
        }
        let exit = crate::exceptions::new(th, Exc::GeneratorExit, Vec::new())?;
        let answer = self.raise(th, exit);
        closed(th, answer)
    }

    fn __del__(&self, th: &mut Thread) -> PyResult<()> {
        self.awaitable.finalize(th, self.method())
    }
}
