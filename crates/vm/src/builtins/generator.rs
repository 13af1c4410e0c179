//! Generators and coroutines: a suspended frame that can be gone on with.
//!
//! # States
//! created → suspended ⇄ running → finished. The state is behind a lock of its own; whoever resumes takes the registers
//! out, so that a second thread finds the generator running ("already executing") and nothing to share.
//!
//! Not here: asynchronous generators' awaitables (`async_generator`).

use object_model::object::layout::Payload;
use object_model::shape::builtin;
use object_model::string::Str;
use object_model::{Obj, Value};

use super::code::Code;
use super::function::Function;
use crate::exceptions::Exc;
use crate::interpreter::{dispatch, generator as interpreter};
use crate::prelude::*;

/// What kind of function made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `def` with `yield`.
    Generator,
    /// `async def`.
    Coroutine,
    /// `async def` with `yield`.
    AsyncGenerator,
}

/// The payload of generators, coroutines and asynchronous generators.
#[pyclass(name = "generator", module = "builtins", shape = GENERATOR, weakref, no_new, no_payload)]
pub struct Generator {
    /// Which of the three.
    pub kind: Kind,
    /// The code.
    pub code: Obj<Code>,
    state: Guarded<State>,
    names: Guarded<(Value, Value)>,
    /// The frame object, once somebody has asked for it, until the body ends.
    frame: Guarded<Option<Value>>,
    /// What only asynchronous generators have.
    pub(super) asynchronous: Guarded<Asynchronous>,
}

/// What an asynchronous generator knows of itself.
#[derive(Default)]
pub(super) struct Asynchronous {
    /// One of its awaitables is being awaited.
    pub(super) running: bool,
    /// It ended, or `aclose()` was started.
    pub(super) closed: bool,
    /// The hooks were asked.
    pub(super) hooked: bool,
    /// The finalizer hook, as it was when iteration began.
    pub(super) finalizer: Option<Value>,
    /// Where a coroutine was made: a tuple of (file name, line, function name), if that is tracked.
    pub(super) origin: Option<Value>,
}

enum State {
    Created(Suspended),
    Suspended(Suspended),
    Running,
    Finished,
}

/// Registers and place of a frame that does not run.
pub struct Suspended {
    /// Registers; they own their references.
    pub registers: Box<[u64]>,
    /// Address of the next instruction.
    pub pc: usize,
    /// The function.
    pub function: Value,
    /// The exception that the frame is handling.
    pub handled: Value,
}

impl Drop for Suspended {
    fn drop(&mut self) {
        for word in &mut self.registers {
            // SAFETY: registers own their references; each is dropped once.
            drop(unsafe {
                Value::from_word(std::mem::replace(word, object_model::value::singleton::UNBOUND))
            });
        }
    }
}

/// What came out of a generator.
pub enum Resumed {
    /// It yielded.
    Yielded(Value),
    /// It returned.
    Returned(Value),
}

impl Payload for Generator {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        visit(self.code.as_value());
        self.state.trace_with(|state| {
            if let State::Created(s) | State::Suspended(s) = state {
                visit(&s.function);
                visit(&s.handled);
                for word in &s.registers {
                    // SAFETY: registers hold valid values.
                    visit(unsafe { Value::borrow_word(word) });
                }
            }
        });
        self.frame.trace_with(|frame| frame.iter().for_each(&mut *visit));
        self.names.trace_with(|(name, qualname)| {
            visit(name);
            visit(qualname);
        });
        self.asynchronous.trace_with(|asynchronous| {
            asynchronous.finalizer.iter().chain(&asynchronous.origin).for_each(&mut *visit);
        });
    }
}

impl Generator {
    /// The generator that a value is, of any kind.
    pub fn of(value: &Value) -> Option<&Obj<Generator>> {
        let shape = value.as_header()?.shape_id();
        let is =
            shape == builtin::GENERATOR || shape == builtin::COROUTINE || shape == builtin::ASYNC_GENERATOR;
        // SAFETY: all three shapes have this payload.
        if is { Some(unsafe { Obj::borrow_unchecked(value) }) } else { None }
    }

    /// A new one, not started.
    pub fn make(th: &mut Thread, kind: Kind, code: Obj<Code>, suspended: Suspended) -> Value {
        // The function may have been renamed.
        let names = match th.exact::<Function>(&suspended.function) {
            Some(function) => function.names(th),
            None => (code.name.clone().into_value(), code.qualname.clone().into_value()),
        };
        let shape = match kind {
            Kind::Generator => builtin::GENERATOR,
            Kind::Coroutine => builtin::COROUTINE,
            Kind::AsyncGenerator => builtin::ASYNC_GENERATOR,
        };
        let state = Guarded::new(State::Created(suspended));
        let origin = if kind == Kind::Coroutine { origin(th) } else { None };
        let asynchronous = Guarded::new(Asynchronous { origin, ..Asynchronous::default() });
        let names = Guarded::new(names);
        let frame = Guarded::new(None);
        Obj::new(th, shape, Generator { kind, code, state, names, frame, asynchronous }).into_value()
    }

    /// Puts the registers back after a yield.
    pub fn suspend(&self, th: &Thread, suspended: Suspended) {
        *self.state.lock(th) = State::Suspended(suspended);
    }

    /// The body ended.
    pub fn finish(&self, th: &Thread) {
        *self.state.lock(th) = State::Finished;
    }

    fn is_running(&self, th: &Thread) -> bool {
        matches!(*self.state.lock(th), State::Running)
    }

    /// The frame object that [`Generator::keep_frame`] was given.
    pub fn frame(&self, th: &Thread) -> Option<Value> {
        self.frame.lock(th).clone()
    }

    /// Remembers the frame object.
    pub fn keep_frame(&self, th: &Thread, object: Value) {
        let old = self.frame.lock(th).replace(object);
        drop(old);
    }

    /// The frame object is on its own from now on.
    pub fn take_frame(&self, th: &Thread) -> Option<Value> {
        self.frame.lock(th).take()
    }

    /// The function, unless the body runs or has ended.
    pub fn function(&self, th: &Thread) -> Option<Value> {
        match &*self.state.lock(th) {
            State::Created(s) | State::Suspended(s) => Some(s.function.clone()),
            _ => None,
        }
    }

    /// The number of the instruction at which it waits.
    pub fn instruction_index(&self, th: &Thread) -> usize {
        let pc = match &*self.state.lock(th) {
            State::Created(s) | State::Suspended(s) => s.pc,
            _ => return 0,
        };
        let start = self.code.words.as_ptr() as usize;
        (pc.saturating_sub(start) / 8).saturating_sub(1)
    }

    /// The variables of a body that waits; none if it runs or has ended.
    pub fn variables(&self, th: &Thread) -> Vec<Value> {
        let count = self.code.variables_end as usize;
        match &*self.state.lock(th) {
            State::Created(s) | State::Suspended(s) => {
                // SAFETY: registers hold valid values.
                s.registers.iter().take(count).map(|w| unsafe { Value::borrow_word(w) }.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Closes what dies; what goes wrong is reported and goes no further.
    pub(super) fn finalize(this: &Obj<Generator>, th: &mut Thread) {
        if Generator::close(th, this).is_err() {
            let exception = th.take_exception();
            let message = "Exception ignored while closing generator";
            crate::exceptions::unraisable(th, exception, Some(this.as_value()), message);
        }
    }

    /// Sets a variable of a body that waits; what it was before, or the value again if the body does not wait.
    pub fn set_variable(&self, th: &Thread, register: usize, value: Value) -> Option<Value> {
        match &mut *self.state.lock(th) {
            State::Created(s) | State::Suspended(s) => {
                let old = std::mem::replace(s.registers.get_mut(register)?, value.into_word());
                // SAFETY: registers own their references; this one moves out.
                Some(unsafe { Value::from_word(old) })
            }
            _ => Some(value),
        }
    }

    /// The frame object; None once the body has ended.
    pub(super) fn frame_or_none(this: &Obj<Generator>, th: &mut Thread) -> Value {
        if this.is_finished(th) { Value::NONE } else { crate::frame::object::generator_frame(th, this) }
    }

    /// True if it was never resumed.
    pub(crate) fn is_created(&self, th: &Thread) -> bool {
        matches!(*self.state.lock(th), State::Created(_))
    }

    /// True if its body ended.
    pub(super) fn is_finished(&self, th: &Thread) -> bool {
        matches!(*self.state.lock(th), State::Finished)
    }

    /// True if suspended inside a delegation.
    pub fn is_delegating(&self, th: &Thread) -> bool {
        match &*self.state.lock(th) {
            State::Suspended(s) => interpreter::delegate_of(s).is_some(),
            _ => false,
        }
    }

    fn word(&self) -> &'static str {
        match self.kind {
            Kind::Generator => "generator",
            Kind::Coroutine => "coroutine",
            Kind::AsyncGenerator => "async generator",
        }
    }

    /// Takes the registers to run with. Ok(None): it is finished.
    fn begin(&self, th: &mut Thread, sent_none: bool) -> PyResult<Option<Suspended>> {
        let mut state = self.state.lock(th);
        match std::mem::replace(&mut *state, State::Running) {
            State::Created(suspended) if sent_none => Ok(Some(suspended)),
            State::Suspended(suspended) => Ok(Some(suspended)),
            State::Finished => {
                *state = State::Finished;
                Ok(None)
            }
            State::Running => {
                drop(state);
                Err(th.value_error(format_args!("{} already executing", self.word())))
            }
            created => {
                *state = created;
                drop(state);
                Err(th
                    .type_error(format_args!("can't send non-None value to a just-started {}", self.word())))
            }
        }
    }

    /// Goes on with `sent` as the value of the yield.
    pub fn resume(th: &mut Thread, generator: &Obj<Generator>, sent: Value) -> PyResult<Resumed> {
        let Some(mut suspended) = generator.begin(th, sent.is_none())? else {
            if generator.kind == Kind::Coroutine {
                return Err(th.runtime_error("cannot reuse already awaited coroutine"));
            }
            return Ok(Resumed::Returned(Value::NONE));
        };
        let old = interpreter::deliver(&mut suspended, sent);
        drop(old);
        Self::run(th, generator, suspended, false)
    }

    fn run(
        th: &mut Thread,
        generator: &Obj<Generator>,
        mut suspended: Suspended,
        throwing: bool,
    ) -> PyResult<Resumed> {
        enter(th, &mut suspended);
        if throwing && !th.handled.is_none() {
            let exception = th.take_exception();
            let _ = th.raise(exception);
        }
        let result = match interpreter::restore(th, generator, suspended) {
            Ok(frame) if throwing => match interpreter::throw_into(th, frame) {
                Some(resume) => {
                    resume.frame.set_pc(resume.pc);
                    dispatch::run(th, resume.frame)
                }
                None => Err(crate::interpreter::unwind::leaving(th)),
            },
            Ok(frame) => dispatch::run(th, frame),
            Err(raised) => Err(raised),
        };
        let own = leave(th);
        if !own.is_none()
            && let State::Suspended(suspended) = &mut *generator.state.lock(th)
        {
            suspended.handled = own;
        }
        let value = result?;
        if generator.is_finished(th) { Ok(Resumed::Returned(value)) } else { Ok(Resumed::Yielded(value)) }
    }

    /// Raises the pending exception where the generator stopped.
    pub fn throw_pending(th: &mut Thread, generator: &Obj<Generator>) -> PyResult<Resumed> {
        let exception = th.take_exception();
        let suspended = generator.begin(th, true)?;
        let Some(suspended) = suspended else {
            if generator.kind == Kind::Coroutine {
                return Err(th.runtime_error("cannot reuse already awaited coroutine"));
            }
            return Err(th.set_raised(exception));
        };
        let _ = th.set_raised(exception);
        Self::run(th, generator, suspended, true)
    }

    /// `throw(exception)`, through a delegation if there is one.
    pub fn throw(th: &mut Thread, generator: &Obj<Generator>, exception: Value) -> PyResult<Resumed> {
        let delegate = match &*generator.state.lock(th) {
            State::Suspended(s) => interpreter::delegate_of(s),
            _ => None,
        };
        let Some(delegate) = delegate else {
            let _ = th.set_raised(exception);
            return Self::throw_pending(th, generator);
        };
        let Some(mut suspended) = generator.begin(th, true)? else {
            return Err(th.set_raised(exception));
        };
        // While the sub-iterator works, this generator's frame is its caller.
        enter(th, &mut suspended);
        let frame = match interpreter::restore(th, generator, suspended) {
            Ok(frame) => frame,
            Err(raised) => {
                leave(th);
                return Err(raised);
            }
        };
        let outcome = Self::throw_to_delegate(th, &delegate, exception);
        let mut suspended = interpreter::put_back(th, frame);
        suspended.handled = leave(th);
        match outcome {
            Ok(Resumed::Yielded(value)) => {
                generator.suspend(th, suspended);
                Ok(Resumed::Yielded(value))
            }
            Ok(Resumed::Returned(result)) => {
                let old = interpreter::finish_delegation(&mut suspended, result);
                drop(old);
                Self::run(th, generator, suspended, false)
            }
            Err(_) => Self::run(th, generator, suspended, true),
        }
    }

    /// Raises an exception in what a generator delegates to; what that yields or returns.
    fn throw_to_delegate(th: &mut Thread, delegate: &Value, exception: Value) -> PyResult<Resumed> {
        let is_exit = th.is_instance(&exception, &Exc::GeneratorExit.class().value())?;
        if is_exit {
            close_delegate(th, delegate)?;
            return Err(th.set_raised(exception));
        }
        let inner = Generator::of(delegate).filter(|g| g.kind != Kind::AsyncGenerator).cloned();
        if let Some(inner) = inner {
            return Self::throw(th, &inner, exception);
        }
        let Some(method) = th.lookup_attr(delegate, "throw")? else {
            return Err(th.set_raised(exception));
        };
        match th.call(&method, &[exception]) {
            Ok(value) => Ok(Resumed::Yielded(value)),
            Err(raised) => interpreter::stop_value(th, raised).map(Resumed::Returned),
        }
    }

    /// `close()`; the value that the generator returned.
    pub fn close(th: &mut Thread, generator: &Obj<Generator>) -> PyResult {
        {
            let mut state = generator.state.lock(th);
            match &*state {
                State::Created(_) => {
                    let old = std::mem::replace(&mut *state, State::Finished);
                    drop(state);
                    drop(old);
                    drop(generator.take_frame(th));
                    return Ok(Value::NONE);
                }
                State::Finished => return Ok(Value::NONE),
                _ => {}
            }
        }
        let exit = crate::exceptions::new(th, Exc::GeneratorExit, Vec::new())?;
        match Self::throw(th, generator, exit) {
            Ok(Resumed::Yielded(_)) => {
                Err(th.runtime_error(format_args!("{} ignored GeneratorExit", generator.word())))
            }
            Ok(Resumed::Returned(value)) => Ok(value),
            Err(raised) => {
                if th.exception_is(Exc::GeneratorExit) || th.exception_is(Exc::StopIteration) {
                    th.clear_exception();
                    return Ok(Value::NONE);
                }
                Err(raised)
            }
        }
    }
}

/// The places in the call stack above the function being called, as many as are to be tracked.
fn origin(th: &mut Thread) -> Option<Value> {
    let depth = super::sys::settings::origin_depth();
    if depth == 0 {
        return None;
    }
    let mut places = Vec::new();
    let mut frame = crate::frame::current(th).and_then(crate::frame::Frame::caller);
    while let Some(here) = frame.filter(|_| places.len() < depth) {
        let code = here.code_object();
        let line = th.int(here.line().into());
        let place = vec![code.filename.clone().into_value(), line, code.name.clone().into_value()];
        places.push(th.tuple(place));
        frame = here.caller();
    }
    Some(th.tuple(places))
}

/// What a generator handles is handled from now on.
fn enter(th: &mut Thread, suspended: &mut Suspended) {
    let handled = std::mem::replace(&mut suspended.handled, Value::NONE);
    let outside = std::mem::replace(&mut th.handled, handled);
    th.handled_outside.push(outside);
}

/// The counterpart of [`enter`]: what the generator goes on handling when it runs again.
fn leave(th: &mut Thread) -> Value {
    let outside = th.handled_outside.pop().unwrap_or(Value::NONE);
    std::mem::replace(&mut th.handled, outside)
}

fn close_delegate(th: &mut Thread, delegate: &Value) -> PyResult<()> {
    if let Some(inner) = Generator::of(delegate).filter(|g| g.kind != Kind::AsyncGenerator).cloned() {
        return Generator::close(th, &inner).map(drop);
    }
    match th.lookup_attr(delegate, "close")? {
        Some(method) => th.call(&method, &[]).map(drop),
        None => Ok(()),
    }
}

/// What `send`, `throw` and `__next__` answer: a returned value becomes StopIteration.
pub fn finish_call(th: &mut Thread, resumed: Resumed) -> PyResult {
    match resumed {
        Resumed::Yielded(value) => Ok(value),
        Resumed::Returned(value) if value.is_none() => Err(th.stop_iteration()),
        Resumed::Returned(value) => {
            let stop = crate::exceptions::new(th, Exc::StopIteration, vec![value])?;
            Err(th.set_raised(stop))
        }
    }
}

/// The exception that the arguments of `throw` mean; what goes wrong with making it is what is thrown.
pub fn thrown(th: &mut Thread, kind: &Value, value: Option<&Value>, traceback: Option<&Value>) -> PyResult {
    if value.is_some() {
        let message =
            "the (type, exc, tb) signature of throw() is deprecated, use the single-arg signature instead.";
        super::warn::warn(th, Exc::DeprecationWarning, message, 1)?;
    }
    let traceback = traceback.filter(|t| !t.is_none());
    if let Some(traceback) = traceback
        && th.exact::<crate::frame::traceback::Traceback>(traceback).is_none()
    {
        return Err(th.type_error("throw() third argument must be a traceback object"));
    }
    let value = value.filter(|v| !v.is_none());
    let exception = if crate::exceptions::is_exception_class(kind).is_some() {
        match instantiate(th, kind, value) {
            Ok(exception) => exception,
            Err(_) => th.take_exception(),
        }
    } else if crate::exceptions::as_exception(th, kind).is_some() {
        if value.is_some() {
            return Err(th.type_error("instance exception may not have a separate value"));
        }
        kind.clone()
    } else {
        let name = th.type_name(kind);
        return Err(th.type_error(format_args!(
            "exceptions must be classes or instances deriving from BaseException, not {name}"
        )));
    };
    if let Some(traceback) = traceback {
        th.set_attr(&exception, &crate::names::names().traceback, traceback)?;
    }
    Ok(exception)
}

fn instantiate(th: &mut Thread, kind: &Value, value: Option<&Value>) -> PyResult {
    match value {
        None => crate::exceptions::instance(th, kind.clone(), "exceptions must derive from BaseException"),
        Some(value) if th.is_instance(value, kind)? => Ok(value.clone()),
        Some(value) => match th.exact::<Tuple>(value).cloned() {
            Some(arguments) => th.call(kind, arguments.items()),
            None => th.call(kind, std::slice::from_ref(value)),
        },
    }
}

fn state_number(th: &Thread, generator: &Generator) -> (bool, bool) {
    (generator.is_running(th), matches!(*generator.state.lock(th), State::Suspended(_)))
}

#[pymethods]
impl Generator {
    fn __iter__(this: &Obj<Self>) -> Value {
        this.clone().into_value()
    }

    fn __next__(this: &Obj<Self>, th: &mut Thread) -> PyResult<Option<Value>> {
        match Generator::resume(th, this, Value::NONE)? {
            Resumed::Yielded(value) => Ok(Some(value)),
            returned => finish_call(th, returned).map(Some),
        }
    }

    fn send(this: &Obj<Self>, th: &mut Thread, arg: Value) -> PyResult {
        let resumed = Generator::resume(th, this, arg)?;
        finish_call(th, resumed)
    }

    #[signature = "(typ, val=None, tb=None, /)"]
    #[name("throw")]
    fn throw_method(
        this: &Obj<Self>,
        th: &mut Thread,
        typ: &Value,
        val: Option<&Value>,
        tb: Option<&Value>,
    ) -> PyResult {
        let exception = thrown(th, typ, val, tb)?;
        let resumed = Generator::throw(th, this, exception)?;
        finish_call(th, resumed)
    }

    #[name("close")]
    fn close_method(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        Generator::close(th, this)
    }

    fn __del__(this: &Obj<Self>, th: &mut Thread) {
        Generator::finalize(this, th);
    }

    #[getter]
    pub(super) fn gi_running(&self, th: &mut Thread) -> bool {
        state_number(th, self).0
    }

    #[getter]
    pub(super) fn gi_suspended(&self, th: &mut Thread) -> bool {
        state_number(th, self).1
    }

    #[getter]
    fn gi_frame(this: &Obj<Self>, th: &mut Thread) -> Value {
        Generator::frame_or_none(this, th)
    }

    #[getter]
    fn gi_code(&self) -> Value {
        self.code.clone().into_value()
    }

    #[getter]
    pub(super) fn gi_yieldfrom(&self, th: &mut Thread) -> Value {
        match &*self.state.lock(th) {
            State::Suspended(s) => interpreter::delegate_of(s).unwrap_or(Value::NONE),
            _ => Value::NONE,
        }
    }

    #[getter]
    pub(super) fn __name__(&self, th: &mut Thread) -> Value {
        self.names.lock(th).0.clone()
    }

    #[setter("__name__")]
    pub(super) fn assign_name(&self, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        let Some(value) = value.filter(|value| th.as_str(value).is_some()) else {
            return Err(th.type_error("__name__ must be set to a string object"));
        };
        let old = std::mem::replace(&mut self.names.lock(th).0, value);
        drop(old);
        Ok(())
    }

    #[getter]
    pub(super) fn __qualname__(&self, th: &mut Thread) -> Value {
        self.names.lock(th).1.clone()
    }

    #[setter("__qualname__")]
    pub(super) fn assign_qualname(&self, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        let Some(value) = value.filter(|value| th.as_str(value).is_some()) else {
            return Err(th.type_error("__qualname__ must be set to a string object"));
        };
        let old = std::mem::replace(&mut self.names.lock(th).1, value);
        drop(old);
        Ok(())
    }

    pub(super) fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let qualname = this.names.lock(th).1.clone();
        let qualname: Option<String> =
            th.as_str(&qualname).map(|s: &Obj<Str>| s.units().to_str_lossy().to_string());
        let word = this.as_value().word();
        Ok(format!("<{} object {} at {word:#x}>", this.word(), qualname.unwrap_or_default()))
    }
}

/// What an asynchronous generator yields, told apart from what it awaits.
#[pyclass(name = "async_generator_wrapped_value", module = "builtins", no_new)]
pub struct AsyncValue {
    value: Value,
}

#[pymethods]
impl AsyncValue {}

/// Marks a value that an asynchronous generator yields.
pub fn wrap_async_value(th: &mut Thread, value: Value) -> Value {
    AsyncValue::new_object(th, AsyncValue { value }).into_value()
}

/// The value that was marked; None for what is only passed on from something awaited.
pub fn unwrap_async_value(th: &Thread, yielded: &Value) -> Option<Value> {
    th.exact::<AsyncValue>(yielded).map(|marked| marked.value.clone())
}
