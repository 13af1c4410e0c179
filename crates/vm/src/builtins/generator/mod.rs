//! Generators and coroutines: a suspended frame that can be gone on with.
//!
//! # States
//! created → suspended ⇄ running → finished. Whoever resumes takes the body, so that a second thread finds the generator
//! running ("already executing") and nothing to share.
//!
//! Not here: frames that go on a stack and off it (`interpreter::generator`), asynchronous generators' awaitables
//! (`async_generator`).

pub mod body;

use object_model::object::layout::Payload;
use object_model::shape::builtin;
use object_model::string::Str;
use object_model::{Obj, Value};

use object_model::lock::Refusal;

pub use self::body::Suspended;
use self::body::{Body, Stage};
use super::code::Code;
use super::function::Function;
use crate::exceptions::Exc;
use crate::frame::{Frame, bit};
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
    /// The frame while it does not run.
    pub body: Body,
    /// What most generators do without.
    rest: OnceLock<Box<Guarded<Rest>>>,
}

/// What a generator has only if somebody asked for it.
#[derive(Default)]
struct Rest {
    /// `__name__` and `__qualname__`, if they are not those of the code.
    names: Option<(Value, Value)>,
    /// The frame object, until the body ends.
    frame: Option<Value>,
    asynchronous: Asynchronous,
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

/// What came out of a generator.
pub enum Resumed {
    /// It yielded.
    Yielded(Value),
    /// It returned.
    Returned(Value),
}

impl Payload for Generator {
    fn extra_size(&self) -> usize {
        self.body.size()
    }

    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        visit(self.code.as_value());
        self.body.trace(visit);
        let Some(rest) = self.rest.get() else { return };
        rest.trace_with(|rest| {
            if let Some((name, qualname)) = &rest.names {
                visit(name);
                visit(qualname);
            }
            let own = &rest.asynchronous;
            rest.frame.iter().chain(&own.finalizer).chain(&own.origin).for_each(&mut *visit);
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

    /// A new one, not started, and its frame, which has neither function nor arguments yet; `around` is the frame that
    /// calls. None: there is no memory.
    #[inline(always)]
    pub fn make(
        th: &mut Thread,
        kind: Kind,
        function: &Value,
        code: Obj<Code>,
        around: Option<Frame>,
    ) -> Option<(Value, Frame)> {
        // The function may have been renamed.
        let names = th.exact::<Function>(function).and_then(|f| f.changed_names(th, &code));
        let shape = match kind {
            Kind::Generator => builtin::GENERATOR,
            Kind::Coroutine => builtin::COROUTINE,
            Kind::AsyncGenerator => builtin::ASYNC_GENERATOR,
        };
        let origin = if kind == Kind::Coroutine { origin(th, around) } else { None };
        let rest = if names.is_some() || origin.is_some() {
            let asynchronous = Asynchronous { origin, ..Asynchronous::default() };
            OnceLock::from(Box::new(Guarded::new(Rest { names, frame: None, asynchronous })))
        } else {
            OnceLock::new()
        };
        let words = body::words(&code);
        let mut frame = Frame(std::ptr::null_mut());
        let make = |place| {
            // SAFETY: the generator's code, whose address is that of an object.
            let object = unsafe { &*code.as_ptr().as_ptr() };
            // SAFETY: the words lie behind the generator, which has the body as long as it lives.
            let suspended = unsafe { Suspended::new(object, place) };
            frame = suspended.frame();
            Generator { kind, code, body: Body::new(suspended), rest }
        };
        // SAFETY: the size is that of the frame; making it stores words and no more.
        let generator = unsafe { Obj::with_words(th, shape, words, make) };
        generator.map(|generator| (generator.into_value(), frame))
    }

    /// Reads or changes what an asynchronous generator knows of itself.
    pub(super) fn asynchronous<R>(&self, th: &Thread, change: impl FnOnce(&mut Asynchronous) -> R) -> R {
        change(&mut self.rest().lock(th).asynchronous)
    }

    fn rest(&self) -> &Guarded<Rest> {
        self.rest.get_or_init(|| Box::new(Guarded::new(Rest::default())))
    }

    fn names(&self, th: &Thread) -> (Value, Value) {
        let changed = self.rest.get().and_then(|rest| rest.lock(th).names.clone());
        changed
            .unwrap_or_else(|| (self.code.name.clone().into_value(), self.code.qualname.clone().into_value()))
    }

    fn set_names(&self, th: &Thread, names: (Value, Value)) {
        let old = self.rest().lock(th).names.replace(names);
        drop(old);
    }

    /// The frame object that [`Generator::keep_frame`] was given.
    pub fn frame(&self, th: &Thread) -> Option<Value> {
        self.rest.get().and_then(|rest| rest.lock(th).frame.clone())
    }

    /// Remembers the frame object.
    pub fn keep_frame(&self, th: &Thread, object: Value) {
        let old = self.rest().lock(th).frame.replace(object);
        drop(old);
    }

    /// The frame object is on its own from now on.
    pub fn take_frame(&self, th: &Thread) -> Option<Value> {
        self.rest.get().and_then(|rest| rest.lock(th).frame.take())
    }

    /// The function, unless the body runs or has ended.
    pub fn function(&self) -> Option<Value> {
        self.body.visit(|suspended| suspended.function().clone())
    }

    /// The number of the instruction at which it waits.
    pub fn instruction_index(&self) -> usize {
        self.body.visit(|suspended| suspended.frame().instruction_index()).unwrap_or(0)
    }

    /// The variables of a body that waits; none if it runs or has ended.
    pub fn variables(&self) -> Vec<Value> {
        let count = self.code.variables_end as usize;
        let copy = |suspended: &mut Suspended| {
            let frame = suspended.frame();
            // SAFETY: registers hold valid values.
            (0..count).map(|n| unsafe { Value::borrow_word(&*frame.register(n)) }.clone()).collect()
        };
        self.body.visit(copy).unwrap_or_default()
    }

    /// True if closing it would run nothing and tell nobody.
    pub(crate) fn dies_silently(&self, th: &Thread) -> bool {
        match self.body.stage() {
            Stage::Finished => true,
            Stage::Created => self.kind == Kind::Generator && self.frame(th).is_none(),
            Stage::Suspended => {
                self.kind == Kind::Generator && self.frame(th).is_none() && self.ends_silently()
            }
            Stage::Running => false,
        }
    }

    /// True if no handler stands where it waits.
    fn ends_silently(&self) -> bool {
        self.body.visit(|body| interpreter::ends_silently(&self.code, body)) == Some(true)
    }

    /// Closes what dies; what goes wrong is reported and goes no further.
    pub(super) fn finalize(this: &Obj<Generator>, th: &mut Thread) {
        if this.body.stage() == Stage::Finished {
            return;
        }
        if Generator::close(th, this).is_err() {
            let exception = th.take_exception();
            let message = "Exception ignored while closing generator";
            crate::exceptions::unraisable(th, exception, Some(this.as_value()), message);
        }
    }

    /// Sets a variable of a body that waits; what it was before, or the value again if the body does not wait.
    pub fn set_variable(&self, register: usize, value: Value) -> Option<Value> {
        let mut value = Some(value);
        let set = |suspended: &mut Suspended| {
            if register >= self.code.variables_end as usize {
                return None;
            }
            let new = value.take()?.into_word();
            // SAFETY: registers own their references; this one moves out.
            Some(unsafe {
                Value::from_word(std::mem::replace(&mut *suspended.frame().register(register), new))
            })
        };
        self.body.visit(set).flatten().or(value)
    }

    /// The frame object; None once the body has ended.
    pub(super) fn frame_or_none(this: &Obj<Generator>, th: &mut Thread) -> Value {
        if this.is_finished() { Value::NONE } else { crate::frame::object::generator_frame(th, this) }
    }

    /// True if it was never resumed.
    pub(crate) fn is_created(&self) -> bool {
        self.body.stage() == Stage::Created
    }

    /// True if its body ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.body.stage() == Stage::Finished
    }

    /// What it delegates to, if it is suspended there.
    fn delegate(&self) -> Option<Value> {
        if self.body.stage() != Stage::Suspended {
            return None;
        }
        self.body.visit(|suspended| interpreter::delegate_of(suspended)).flatten()
    }

    /// True if suspended inside a delegation.
    pub fn is_delegating(&self) -> bool {
        self.delegate().is_some()
    }

    fn word(&self) -> &'static str {
        match self.kind {
            Kind::Generator => "generator",
            Kind::Coroutine => "coroutine",
            Kind::AsyncGenerator => "async generator",
        }
    }

    /// Takes the body to run with it. False: it has ended.
    #[inline]
    pub fn begin(&self, th: &mut Thread, sent_none: bool) -> PyResult<bool> {
        if !sent_none && self.is_created() {
            let word = self.word();
            return Err(th.type_error(format_args!("can't send non-None value to a just-started {word}")));
        }
        match self.body.take() {
            Ok(()) => Ok(true),
            Err(Refusal::Ended) => Ok(false),
            Err(Refusal::Taken) => Err(th.value_error(format_args!("{} already executing", self.word()))),
        }
    }

    /// What going on with a body that has ended leads to.
    pub fn exhausted(&self, th: &mut Thread) -> PyResult<()> {
        if self.kind == Kind::Coroutine {
            return Err(th.runtime_error("cannot reuse already awaited coroutine"));
        }
        Ok(())
    }

    /// Goes on with `sent` as the value of the yield.
    pub fn resume(th: &mut Thread, generator: &Obj<Generator>, sent: Value) -> PyResult<Resumed> {
        th.check_native_stack()?;
        match interpreter::enter(th, generator, sent, bit::ENTRY)? {
            Some(frame) => Self::run(th, frame),
            None => Ok(Resumed::Returned(Value::NONE)),
        }
    }

    fn run(th: &mut Thread, frame: Frame) -> PyResult<Resumed> {
        let value = dispatch::run(th, frame)?;
        let yielded = std::mem::take(&mut th.yielded);
        Ok(if yielded { Resumed::Yielded(value) } else { Resumed::Returned(value) })
    }

    /// Enters the frame of a body that was taken, and raises the pending exception there.
    fn run_throwing(th: &mut Thread, generator: &Obj<Generator>) -> PyResult<Resumed> {
        let frame = interpreter::go_on(th, generator, bit::ENTRY)?;
        if !th.handled.is_none() {
            let exception = th.take_exception();
            let _ = th.raise(exception);
        }
        match interpreter::throw_into(th, frame) {
            Some(resume) => {
                resume.frame.set_pc(resume.pc);
                Self::run(th, resume.frame)
            }
            None => Err(crate::interpreter::unwind::leaving(th)),
        }
    }

    /// Raises the pending exception where the generator stopped.
    pub fn throw_pending(th: &mut Thread, generator: &Obj<Generator>) -> PyResult<Resumed> {
        let exception = th.take_exception();
        th.check_native_stack()?;
        if !generator.begin(th, true)? {
            generator.exhausted(th)?;
            return Err(th.set_raised(exception));
        }
        let _ = th.set_raised(exception);
        Self::run_throwing(th, generator)
    }

    /// `throw(exception)`, through a delegation if there is one.
    pub fn throw(th: &mut Thread, generator: &Obj<Generator>, exception: Value) -> PyResult<Resumed> {
        let Some(delegate) = generator.delegate() else {
            let _ = th.set_raised(exception);
            return Self::throw_pending(th, generator);
        };
        th.check_native_stack()?;
        if !generator.begin(th, true)? {
            return Err(th.set_raised(exception));
        }
        // While the sub-iterator works, this generator's frame is its caller.
        let frame = interpreter::go_on(th, generator, bit::ENTRY)?;
        let outcome = Self::throw_to_delegate(th, &delegate, exception);
        drop(interpreter::leave(th, frame));
        match outcome {
            Ok(Resumed::Yielded(value)) => {
                generator.body.rest();
                Ok(Resumed::Yielded(value))
            }
            Ok(Resumed::Returned(result)) => {
                // SAFETY: the body was taken above, and its frame left.
                let old = interpreter::finish_delegation(unsafe { generator.body.held() }, result);
                drop(old);
                let frame = interpreter::go_on(th, generator, bit::ENTRY)?;
                Self::run(th, frame)
            }
            Err(_) => Self::run_throwing(th, generator),
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

    /// Ends a body that was taken and does not run.
    fn end(generator: &Obj<Generator>) {
        // SAFETY: the body was taken; nobody else takes it or visits it any more (G1).
        let suspended = unsafe { generator.body.held() };
        generator.body.end();
        suspended.clear();
    }

    /// `close()`; the value that the generator returned.
    pub fn close(th: &mut Thread, generator: &Obj<Generator>) -> PyResult {
        match generator.body.stage() {
            Stage::Created if generator.body.take().is_ok() => {
                Self::end(generator);
                drop(generator.take_frame(th));
                return Ok(Value::NONE);
            }
            Stage::Finished => return Ok(Value::NONE),
            Stage::Suspended
                if generator.frame(th).is_none()
                    && generator.ends_silently()
                    && generator.body.take().is_ok() =>
            {
                Self::end(generator);
                return Ok(Value::NONE);
            }
            _ => {}
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

/// The places in the call stack from a frame outwards, as many as are to be tracked.
#[inline]
fn origin(th: &mut Thread, innermost: Option<Frame>) -> Option<Value> {
    let depth = super::sys::settings::origin_depth();
    if depth == 0 { None } else { Some(places(th, innermost, depth)) }
}

#[cold]
fn places(th: &mut Thread, innermost: Option<Frame>, depth: usize) -> Value {
    let mut places = Vec::new();
    let mut frame = innermost;
    while let Some(here) = frame.filter(|_| places.len() < depth) {
        let code = here.code_object();
        let line = th.int(here.line().into());
        let place = vec![code.filename.clone().into_value(), line, code.name.clone().into_value()];
        places.push(th.tuple(place));
        frame = here.caller();
    }
    th.tuple(places)
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
    pub(super) fn gi_running(&self) -> bool {
        self.body.stage() == Stage::Running
    }

    #[getter]
    pub(super) fn gi_suspended(&self) -> bool {
        self.body.stage() == Stage::Suspended
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
    pub(super) fn gi_yieldfrom(&self) -> Value {
        self.delegate().unwrap_or(Value::NONE)
    }

    #[getter]
    pub(super) fn __name__(&self, th: &mut Thread) -> Value {
        self.names(th).0
    }

    #[setter("__name__")]
    pub(super) fn assign_name(&self, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        let Some(value) = value.filter(|value| th.as_str(value).is_some()) else {
            return Err(th.type_error("__name__ must be set to a string object"));
        };
        self.set_names(th, (value, self.names(th).1));
        Ok(())
    }

    #[getter]
    pub(super) fn __qualname__(&self, th: &mut Thread) -> Value {
        self.names(th).1
    }

    #[setter("__qualname__")]
    pub(super) fn assign_qualname(&self, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        let Some(value) = value.filter(|value| th.as_str(value).is_some()) else {
            return Err(th.type_error("__qualname__ must be set to a string object"));
        };
        self.set_names(th, (self.names(th).0, value));
        Ok(())
    }

    pub(super) fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let qualname = this.names(th).1;
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
