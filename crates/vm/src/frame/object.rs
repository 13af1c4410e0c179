//! Frame objects: made only when somebody asks for one (a traceback, `sys._getframe`).
//!
//! While its frame runs, the object reads the registers; when the frame ends it takes the variables over.

use object_model::dict::Dict;
use object_model::shape::builtin;
use object_model::{Obj, Value};

use super::{Frame, bit, current};
use crate::builtins::cell::{self, Cell};
use crate::builtins::code::Code;
use crate::builtins::coroutine::warn_unawaited;
use crate::builtins::function::Function;
use crate::builtins::generator::{Generator, Kind};
use crate::builtins::weakref;
use crate::prelude::*;

/// The payload of a frame object.
#[pyclass(name = "frame", module = "builtins", shape = FRAME, no_new)]
pub struct FrameObject {
    code: Obj<Code>,
    globals: Option<Obj<Dict>>,
    builtins: Option<Obj<Dict>>,
    /// Locals mapping of a module or class body.
    pub mapping: Option<Value>,
    state: Guarded<State>,
    trace: Guarded<Option<Value>>,
    /// What was set in `f_locals` under names that are no variables.
    more: Guarded<Option<Obj<Dict>>>,
}

struct State {
    /// Register 0 while the frame runs, else 0.
    live: usize,
    index: usize,
    back: Option<Value>,
    variables: Vec<Value>,
    /// A weak reference to the generator whose frame it is, until that ends.
    generator: Option<Value>,
    /// What a constructor's frame makes, while that runs: the object has its place in the frame.
    instance: Option<Value>,
}

impl Trace for State {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.back.trace(visit);
        self.generator.trace(visit);
        self.instance.trace(visit);
        self.variables.trace(visit);
    }
}

/// The frame object of a frame that is on this thread's stack.
pub fn object_of(th: &mut Thread, frame: Frame) -> Value {
    if frame.flags() & bit::OBJECT != 0 {
        // SAFETY: the bit says that extra is the frame object.
        return unsafe { Value::borrow_word(&*frame.extra()) }.clone();
    }
    if frame.flags() & bit::GENERATOR != 0 {
        // SAFETY: the bit says that extra is the generator.
        let generator = unsafe { Value::borrow_word(&*frame.extra()) }.clone();
        if let Some(generator) = Generator::of(&generator).cloned() {
            return generator_frame(th, &generator);
        }
    }
    let function = frame.function();
    let mapping = frame.mapping(th);
    let is_constructor = frame.flags() & bit::INIT != 0;
    // SAFETY: the bit says that extra is the instance.
    let instance = is_constructor.then(|| unsafe { Value::borrow_word(&*frame.extra()) }.clone());
    let payload = FrameObject {
        code: frame.code_object(),
        globals: function.map(|f| f.payload.globals.clone()),
        builtins: function.map(|f| f.payload.builtins.clone()),
        mapping,
        state: Guarded::new(State {
            live: frame.0 as usize,
            index: frame.instruction_index(),
            back: None,
            variables: Vec::new(),
            generator: None,
            instance,
        }),
        trace: Guarded::new(None),
        more: Guarded::new(None),
    };
    let object = Obj::new(th, builtin::FRAME, payload).into_value();
    // SAFETY: extra holds a value, which the object has taken a reference to if it is a mapping or an instance.
    unsafe {
        let old = std::mem::replace(&mut *frame.extra(), object.clone().into_word());
        super::drop_word(th, old);
    }
    frame.change_flags(bit::OBJECT, bit::MAPPING);
    object
}

/// The frame object of a generator that has not ended: one and the same while it lives.
pub fn generator_frame(th: &mut Thread, generator: &Obj<Generator>) -> Value {
    if let Some(object) = generator.frame(th) {
        return object;
    }
    let weak = match weakref::reference(th, generator.as_value(), None) {
        Ok(weak) => Some(weak),
        Err(_) => {
            // Without memory for it the object knows nothing of its generator.
            th.clear_exception();
            None
        }
    };
    let function = generator.function().or_else(|| {
        // SAFETY: the function word of a frame on the stack is a value.
        running(th, generator).map(|frame| unsafe { Value::borrow_word(&*frame.function_word()) }.clone())
    });
    let function = function.and_then(|f| th.exact::<Function>(&f).cloned());
    let state =
        State { live: 0, index: 0, back: None, variables: Vec::new(), generator: weak, instance: None };
    let payload = FrameObject {
        code: generator.code.clone(),
        globals: function.as_ref().map(|f| f.globals.clone()),
        builtins: function.as_ref().map(|f| f.builtins.clone()),
        mapping: None,
        state: Guarded::new(state),
        trace: Guarded::new(None),
        more: Guarded::new(None),
    };
    let object = Obj::new(th, builtin::FRAME, payload).into_value();
    generator.keep_frame(th, object.clone());
    object
}

/// The frame of a generator that this thread runs.
fn running(th: &Thread, generator: &Obj<Generator>) -> Option<Frame> {
    let mut frame = current(th);
    while let Some(here) = frame {
        if here.flags() & bit::GENERATOR != 0
            // SAFETY: the bit says that extra is a generator.
            && unsafe { Value::borrow_word(&*here.extra()) }.is(generator.as_value())
        {
            return Some(here);
        }
        frame = here.caller();
    }
    None
}

/// The body of a generator ended: its frame object takes the variables over.
pub fn finish_generator(th: &mut Thread, frame: Frame, object: &Value) {
    let Some(object) = th.exact::<FrameObject>(object).cloned() else { return };
    let variables = copy_variables(frame);
    let index = frame.instruction_index();
    let old = {
        let mut state = object.state.lock(th);
        state.index = index;
        (std::mem::replace(&mut state.variables, variables), state.generator.take())
    };
    drop(old);
}

/// What a frame object shows at the moment.
enum View {
    /// This thread runs it.
    Live(Frame),
    /// Its frame is on another thread's stack.
    Elsewhere,
    /// Its generator waits.
    Waiting(Obj<Generator>),
    /// It stands on its own, or its generator is run by another thread.
    Own,
}

fn copy_variables(frame: Frame) -> Vec<Value> {
    let count = frame.code().payload.variables_end as usize;
    // SAFETY: variables' registers hold valid values.
    (0..count).map(|i| unsafe { Value::borrow_word(&*frame.register(i)) }.clone()).collect()
}

/// The frame object of the innermost frame, or None's value if no Python code runs.
pub fn current_object(th: &mut Thread) -> Value {
    match current(th) {
        Some(frame) => object_of(th, frame),
        None => Value::NONE,
    }
}

/// The frame ends: its object takes the variables over and stands on its own. The result is the instance that a
/// constructor's frame made.
pub fn finish(th: &mut Thread, frame: Frame) -> Option<Value> {
    // SAFETY: the caller saw the OBJECT bit; nothing below changes the frame's header.
    let extra = unsafe { Value::borrow_word(&*frame.extra()) };
    let object = th.exact::<FrameObject>(extra)?;
    let instance = object.state.lock(th).instance.take();
    if extra.as_header().is_some_and(|h| h.is_unique(th)) {
        return instance;
    }
    let object = object.clone();
    let back = frame.caller().map(|caller| object_of(th, caller));
    let variables = copy_variables(frame);
    let index = frame.instruction_index();
    let mut state = object.state.lock(th);
    state.live = 0;
    state.back = back;
    state.index = index;
    state.variables = variables;
    drop(state);
    instance
}

impl FrameObject {
    fn view(&self, th: &Thread) -> View {
        let (live, generator) = {
            let state = self.state.lock(th);
            (state.live, state.generator.clone())
        };
        let live = live as *mut u64;
        if !live.is_null() {
            return if th.stack.contains(live) { View::Live(Frame(live)) } else { View::Elsewhere };
        }
        let generator = generator.and_then(|weak| weakref::referent(th, &weak).flatten());
        match generator.as_ref().and_then(Generator::of) {
            None => View::Own,
            Some(generator) => match running(th, generator) {
                Some(frame) => View::Live(frame),
                None => View::Waiting(generator.clone()),
            },
        }
    }

    /// Looks at a frame on another thread's stack, which stands still meanwhile; None if it has ended.
    fn elsewhere<R>(&self, th: &mut Thread, look: impl FnOnce(Frame) -> R) -> Option<R> {
        th.stop_the_world(|th| {
            let live = self.state.lock(th).live as *mut u64;
            (!live.is_null()).then(|| look(Frame(live)))
        })
    }

    fn index(&self, th: &mut Thread) -> usize {
        match self.view(th) {
            View::Live(frame) => frame.instruction_index(),
            View::Waiting(generator) => generator.instruction_index(),
            View::Elsewhere => match self.elsewhere(th, Frame::instruction_index) {
                Some(index) => index,
                None => self.state.lock(th).index,
            },
            View::Own => self.state.lock(th).index,
        }
    }

    /// What was set under names that are no variables.
    pub(super) fn more(&self, th: &Thread) -> Option<Obj<Dict>> {
        self.more.lock(th).clone()
    }

    /// As [`FrameObject::more`], made if there is nothing yet.
    pub(super) fn more_or_new(&self, th: &mut Thread) -> Obj<Dict> {
        let new = Obj::dict(th);
        self.more.lock(th).get_or_insert(new).clone()
    }

    /// The register of a variable.
    pub(super) fn variable(&self, name: &Obj<Str>) -> Option<usize> {
        let count = self.code.variables_end as usize;
        (0..count).find(|register| self.code.variable_name(*register).is_some_and(|n| n.same(name)))
    }

    /// Sets a variable where it is at the moment; the content of its cell if it has one.
    pub(super) fn set_variable(&self, th: &mut Thread, register: usize, value: Value) {
        let mut value = Some(value);
        let old = match self.view(th) {
            View::Live(frame) => {
                // SAFETY: a variable's register holds a valid value, and its frame waits for this call.
                let slot = unsafe { &mut *frame.register(register) };
                // SAFETY: as above.
                let current = unsafe { Value::borrow_word(slot) }.clone();
                if !self.in_cell(th, register, &current, &mut value)
                    && let Some(value) = value
                {
                    // SAFETY: the register's reference moves out and another one in.
                    Some(unsafe { Value::from_word(std::mem::replace(slot, value.into_word())) })
                } else {
                    None
                }
            }
            // As in CPython nothing keeps that thread from setting it too; what runs is left alone.
            View::Elsewhere => None,
            View::Waiting(generator) => {
                let current = generator.variables().get(register).cloned().unwrap_or(Value::UNBOUND);
                match self.in_cell(th, register, &current, &mut value) {
                    true => None,
                    false => value.and_then(|value| generator.set_variable(register, value)),
                }
            }
            View::Own => {
                let current = self.state.lock(th).variables.get(register).cloned().unwrap_or(Value::UNBOUND);
                if self.in_cell(th, register, &current, &mut value) {
                    None
                } else {
                    let mut state = self.state.lock(th);
                    match (state.variables.get_mut(register), value) {
                        (Some(slot), Some(value)) => Some(std::mem::replace(slot, value)),
                        _ => None,
                    }
                }
            }
        };
        drop(old);
    }

    /// Puts `value` into the cell that `current` is, if the register is one for cells.
    fn in_cell(&self, th: &mut Thread, register: usize, current: &Value, value: &mut Option<Value>) -> bool {
        let is_cell = register >= self.code.unit.first_free as usize
            || self.code.unit.cells.iter().any(|(_, r)| *r as usize == register);
        is_cell && th.exact::<Cell>(current).is_some() && cell::store(th, current, value.take())
    }

    /// The variables by name, as of now.
    pub(super) fn locals(&self, th: &mut Thread) -> PyResult<Obj<Dict>> {
        let variables = match self.view(th) {
            View::Live(frame) => copy_variables(frame),
            View::Waiting(generator) => generator.variables(),
            View::Elsewhere => match self.elsewhere(th, copy_variables) {
                Some(variables) => variables,
                None => self.state.lock(th).variables.clone(),
            },
            View::Own => self.state.lock(th).variables.clone(),
        };
        locals_dict(th, &self.code, &variables)
    }
}

/// A dict of variables; cells are looked into, unbound ones left out.
pub fn locals_dict(th: &mut Thread, code: &Code, variables: &[Value]) -> PyResult<Obj<Dict>> {
    let dict = Obj::dict(th);
    for (register, value) in variables.iter().enumerate() {
        let Some(name) = code.variable_name(register).filter(|n| n.len() > 0) else { continue };
        let is_cell = register >= code.unit.first_free as usize
            || code.unit.cells.iter().any(|(_, r)| *r as usize == register);
        let value = match th.exact::<Cell>(value) {
            Some(cell) if is_cell => match cell.get(th) {
                Some(content) => content,
                None => continue,
            },
            _ => value.clone(),
        };
        if value.is_unbound() {
            continue;
        }
        if dict.set_str(th, name, value).is_err() {
            return Err(th.memory_error());
        }
    }
    Ok(dict)
}

/// `locals()` of the running code.
pub fn current_locals(th: &mut Thread) -> PyResult {
    let Some(frame) = current(th) else { return Err(th.system_error("frame does not exist")) };
    if let Some(mapping) = frame.mapping(th) {
        return Ok(mapping);
    }
    let variables = copy_variables(frame);
    let code = frame.code_object();
    Ok(locals_dict(th, &code, &variables)?.into_value())
}

#[pymethods]
impl FrameObject {
    #[getter]
    fn f_code(&self) -> Value {
        self.code.clone().into_value()
    }

    #[getter]
    fn f_globals(&self) -> Value {
        self.globals.as_ref().map_or(Value::NONE, |g| g.clone().into_value())
    }

    #[getter]
    fn f_builtins(&self) -> Value {
        self.builtins.as_ref().map_or(Value::NONE, |g| g.clone().into_value())
    }

    #[getter]
    fn f_locals(this: &Obj<Self>, th: &mut Thread) -> Value {
        match &this.mapping {
            Some(mapping) => mapping.clone(),
            None => super::locals::make(th, this),
        }
    }

    #[getter]
    fn f_back(&self, th: &mut Thread) -> Value {
        if let View::Live(frame) = self.view(th) {
            return match frame.caller() {
                Some(caller) => object_of(th, caller),
                None => Value::NONE,
            };
        }
        let back = self.state.lock(th).back.clone();
        back.unwrap_or(Value::NONE)
    }

    #[getter]
    fn f_lasti(&self, th: &mut Thread) -> usize {
        self.index(th) * 2
    }

    #[getter]
    fn f_lineno(&self, th: &mut Thread) -> u32 {
        self.code.position(self.index(th)).line
    }

    #[getter]
    fn f_trace(&self, th: &mut Thread) -> Value {
        self.trace.lock(th).clone().unwrap_or(Value::NONE)
    }

    #[setter]
    fn set_f_trace(&self, th: &mut Thread, value: Option<Value>) {
        let old = std::mem::replace(&mut *self.trace.lock(th), value);
        drop(old);
    }

    fn clear(&self, th: &mut Thread) -> PyResult<()> {
        match self.view(th) {
            View::Live(_) | View::Elsewhere => {
                return Err(th.runtime_error("cannot clear an executing frame"));
            }
            View::Waiting(generator) if generator.is_created() => {
                if generator.kind == Kind::Coroutine {
                    warn_unawaited(th, generator.as_value(), &generator);
                }
                return Generator::close(th, &generator).map(drop);
            }
            View::Waiting(_) => return Err(th.runtime_error("cannot clear a suspended frame")),
            View::Own => {}
        }
        let old = std::mem::take(&mut self.state.lock(th).variables);
        drop(old);
        Ok(())
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> String {
        let file = this.code.filename.units().to_str_lossy().to_string();
        let name = this.code.name.units().to_str_lossy().to_string();
        let line = this.code.position(this.index(th)).line;
        format!("<frame at {:#x}, file '{file}', line {line}, code {name}>", this.as_value().word())
    }
}
