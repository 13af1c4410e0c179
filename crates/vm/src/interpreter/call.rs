//! Calls from Python code: Python functions get a frame in place, everything else is called natively.

use compiler::bytecode::code::flags;
use compiler::bytecode::instruction::{Instruction, METHOD};
use object_model::dict::Dict;
use object_model::shape::{ShapeId, builtin};
use object_model::tuple::Tuple;
use object_model::ty::{self, Class};
use object_model::value::singleton::UNBOUND;
use object_model::{Obj, Object, Value};

use super::dispatch::{self, Outcome, Resume};
use crate::builtins::code::Code;
use crate::builtins::function::{Function, Method};
use crate::builtins::native_function::{NativeFunction, NativeMethod};
use crate::class::{construct, special};
use crate::error::{PyResult, Raised};
use crate::frame::{self, Frame, HEADER, bit, drop_word};
use crate::names::Special;
use crate::native::{Args, NativeFn, PyClass, Role};
use crate::thread::Thread;

/// The code of a function given by its word.
///
/// # Safety
/// The word must be a Python function's.
#[inline(always)]
pub unsafe fn code_of(function: u64) -> &'static Object<Code> {
    // SAFETY: the caller's word; the function keeps its codes, and the frame keeps the function.
    unsafe { &*std::ptr::from_ref((*(function as *const Object<Function>)).payload.code()) }
}

/// The code that `CALL` of a Python function runs, if it takes just these arguments and nothing needs binding.
///
/// # Safety
/// `callee` must be the word of a function, which the callee's register holds.
#[inline(always)]
pub unsafe fn simple_code(frame: Frame, i: Instruction, callee: u64) -> Option<&'static Object<Code>> {
    let mut count = u32::from(i.c);
    if i.flags & METHOD != 0 {
        // SAFETY: a register of the frame.
        if unsafe { *frame.register(i.b as usize + HEADER) } == UNBOUND {
            return None;
        }
        count += 1;
    }
    // SAFETY: a function, which its register holds until the frame does.
    let code = unsafe { code_of(callee) };
    (code.payload.simple_arguments == count).then_some(code)
}

/// True if a frame of `code` at `new` does not fit the register stack or the recursion limit.
#[inline(always)]
pub fn has_no_room(th: &mut Thread, new: Frame, code: &Object<Code>) -> bool {
    let words = code.payload.registers as usize;
    !th.stack.has_room(new.0, words) && !th.stack.make_room(new.0, words)
        || th.depth >= crate::thread::state::recursion_limit()
}

/// Where the frame of a call begins whose arguments lie from register `first` of `frame`: there, unless the calling frame
/// is a generator's. That is not on the stack, and the arguments move to the top of it. None: there is no room.
#[inline]
fn landing(th: &mut Thread, frame: Frame, first: usize, count: usize, code: &Object<Code>) -> Option<Frame> {
    let new = Frame(frame.register(first));
    if has_no_room(th, new, code) { landing_above(th, frame, first, count, code) } else { Some(new) }
}

/// [`landing`], if the frame cannot begin where the arguments lie.
#[inline(never)]
fn landing_above(
    th: &mut Thread,
    frame: Frame,
    first: usize,
    count: usize,
    code: &Object<Code>,
) -> Option<Frame> {
    if frame.flags() & bit::GENERATOR == 0 {
        return None;
    }
    // SAFETY: the header fits: the stack's end is checked next.
    let new = Frame(unsafe { frame::top(th).add(HEADER) });
    if has_no_room(th, new, code) {
        return None;
    }
    for number in 0..count {
        // SAFETY: words above the innermost frame hold no reference (F2); those of the window move.
        unsafe {
            let word = std::mem::replace(&mut *frame.register(first + number), UNBOUND);
            new.register(number).write(word);
        }
    }
    Some(new)
}

/// Where the frame of a [`simple_callee`] begins if it cannot where its arguments lie; the function moves there too.
#[inline(never)]
pub fn simple_landing(th: &mut Thread, frame: Frame, callee: u16, code: &Object<Code>) -> Option<Frame> {
    let count = code.payload.simple_arguments as usize;
    let new = landing_above(th, frame, callee as usize + HEADER, count, code)?;
    // SAFETY: the callee's register holds the function, which moves to a word that holds nothing.
    unsafe {
        let function = std::mem::replace(&mut *frame.register(callee as usize), UNBOUND);
        new.function_word().write(function);
    }
    Some(new)
}

/// Raises RecursionError.
#[cold]
pub fn too_deep(th: &mut Thread) -> Raised {
    th.recursion_error("maximum recursion depth exceeded")
}

/// Runs a Python function with arguments from native code.
pub fn enter_function(th: &mut Thread, function: &Obj<Function>, args: Args<'_>) -> PyResult {
    let code = function.code();
    // SAFETY: the frame holds a reference to the function, which keeps its codes.
    let code: &'static Object<Code> = unsafe { &*std::ptr::from_ref(code) };
    if code.payload.generator_arguments as usize == args.positional.len() && !args.has_keywords() {
        return super::generator::of_function(th, function, code, args.positional);
    }
    let frame = push(th, function.as_value().clone(), code)?;
    if code.payload.simple_arguments as usize == args.positional.len() && !args.has_keywords() {
        for (number, value) in args.positional.iter().enumerate() {
            // SAFETY: a parameter's register, which holds nothing yet.
            unsafe { frame.register(number).write(value.clone().into_word()) };
        }
    } else if let Err(raised) = super::super::call::bind::bind(th, frame, function, code, args) {
        abandon(th, frame);
        return Err(raised);
    }
    free_variables(frame, function);
    if th.wants_poll()
        && let Err(raised) = crate::thread::safepoint::pass(th)
    {
        abandon(th, frame);
        return Err(raised);
    }
    dispatch::run(th, frame)
}

/// Pushes an empty frame on top of the thread's stack, entered from native code.
fn push(th: &mut Thread, function: Value, code: &'static Object<Code>) -> PyResult<Frame> {
    th.check_native_stack()?;
    // SAFETY: the header fits: the stack's end is checked next.
    let frame = Frame(unsafe { frame::top(th).add(HEADER) });
    if has_no_room(th, frame, code) {
        return Err(too_deep(th));
    }
    // SAFETY: words above the innermost frame hold no reference (F2).
    unsafe { frame.function_word().write(function.into_word()) };
    frame.begin(code, th.frame, bit::ENTRY, 0);
    for number in 0..code.payload.variables_end as usize {
        // SAFETY: a register of the new frame.
        unsafe { frame.register(number).write(UNBOUND) };
    }
    th.frame = frame.0;
    th.depth += 1;
    Ok(frame)
}

/// Copies the closure's cells into the registers of free variables.
#[inline]
pub(super) fn free_variables(frame: Frame, function: &Function) {
    let Some(closure) = &function.closure else { return };
    let first = frame.code().payload.unit.first_free as usize;
    for (i, cell) in closure.items().iter().enumerate() {
        // SAFETY: a free variable's register, which holds nothing yet.
        unsafe { frame.register(first + i).write(cell.clone().into_word()) };
    }
}

/// Pops a frame that did not start, or whose exception leaves it.
pub fn abandon(th: &mut Thread, frame: Frame) {
    frame.sweep(th, 0);
    pop(th, frame);
}

/// Drops a frame's header and makes its caller the innermost frame. Its registers are empty.
pub fn pop(th: &mut Thread, frame: Frame) {
    // SAFETY: extra and function are values that the frame owns.
    unsafe {
        let extra = std::mem::replace(&mut *frame.extra(), UNBOUND);
        let function = std::mem::replace(&mut *frame.function_word(), UNBOUND);
        th.frame = frame.caller().map_or(std::ptr::null_mut(), |caller| caller.0);
        th.depth -= 1;
        drop_word(th, extra);
        drop_word(th, function);
    }
}

/// Runs the code of a module or class body, with a locals mapping (`exec`, `__build_class__`, import).
pub fn run_code(
    th: &mut Thread,
    code: &Obj<Code>,
    globals: &Obj<Dict>,
    locals: Option<&Value>,
    closure: Option<Obj<Tuple>>,
) -> PyResult {
    let function = Function::new(th, code.clone(), globals.clone(), Default::default(), closure);
    // SAFETY: the frame holds a reference to the function, which keeps its codes.
    let object: &'static Object<Code> = unsafe { &*code.as_ptr().as_ptr() };
    let frame = push(th, function.as_value().clone(), object)?;
    if code.unit.flags & flags::OPTIMIZED == 0 {
        let mapping = locals.cloned().unwrap_or_else(|| globals.clone().into_value());
        // SAFETY: extra holds nothing yet.
        unsafe { frame.extra().write(mapping.into_word()) };
        frame.change_flags(bit::MAPPING, 0);
    }
    free_variables(frame, &function);
    dispatch::run(th, frame)
}

/// Runs a class body function with `namespace` as its locals.
pub fn run_class_body(th: &mut Thread, function: &Obj<Function>, namespace: &Value) -> PyResult {
    let code = function.code_value();
    let Some(code) = th.exact::<Code>(&code).cloned() else {
        return Err(th.system_error("not a code object"));
    };
    // SAFETY: as in `enter_function`.
    let object: &'static Object<Code> = unsafe { &*code.as_ptr().as_ptr() };
    let frame = push(th, function.as_value().clone(), object)?;
    // SAFETY: extra holds nothing yet.
    unsafe { frame.extra().write(namespace.clone().into_word()) };
    frame.change_flags(bit::MAPPING, 0);
    free_variables(frame, function);
    dispatch::run(th, frame)
}

/// The registers of a window as values, in place.
///
/// # Safety
/// They must hold valid values and not be written while the slice is used.
unsafe fn window<'a>(frame: Frame, from: usize, count: usize) -> &'a [Value] {
    // SAFETY: the caller's word; `Value` is a transparent word.
    unsafe { std::slice::from_raw_parts(frame.register(from).cast::<Value>(), count) }
}

/// Drops a call window.
#[inline(always)]
fn clear_window(th: &Thread, frame: Frame, from: usize, to: usize) {
    for number in from..to {
        // SAFETY: registers of the frame.
        unsafe {
            let word = std::mem::replace(&mut *frame.register(number), UNBOUND);
            drop_word(th, word);
        }
    }
}

fn store(th: &Thread, frame: Frame, register: u16, value: Value) {
    // SAFETY: a register of the frame; its old reference is dropped.
    unsafe {
        let old = std::mem::replace(&mut *frame.register(register as usize), value.into_word());
        drop_word(th, old);
    }
}

/// `CALL` of anything but a Python function or a native one.
#[inline(never)]
pub fn call(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<Outcome> {
    let callee_register = i.b as usize;
    let (first, count) = arguments(frame, i);
    // SAFETY: the callee's register holds a value.
    let callee = unsafe { Value::borrow_word(&*frame.register(callee_register)) };
    let Some(header) = callee.as_header() else {
        return native(th, frame, i, first, count);
    };
    match header.shape_id() {
        builtin::METHOD => {
            // SAFETY: the shape says so.
            let method: &Obj<Method> = unsafe { Obj::borrow_unchecked(callee) };
            if !is_function(&method.function) {
                return native(th, frame, i, first, count);
            }
            let (function, receiver) = (method.function.clone(), method.receiver.clone());
            // SAFETY: the window may reach one word past the frame; that word holds nothing.
            unsafe {
                let start = frame.register(first);
                std::ptr::copy(start, start.add(1), count);
                start.write(receiver.into_word());
                let old = std::mem::replace(&mut *frame.register(callee_register), function.into_word());
                drop_word(th, old);
            }
            python(th, frame, i, first, count + 1)
        }
        builtin::TYPE => match crate::class::as_class(callee) {
            Some(class) => instantiate(th, frame, i, class, first, count),
            None => native(th, frame, i, first, count),
        },
        _ => native(th, frame, i, first, count),
    }
}

#[inline(always)]
fn is_function(value: &Value) -> bool {
    value.as_header().is_some_and(|h| h.shape_id() == builtin::FUNCTION)
}

/// `CALL` of a Python function, but for what [`simple_callee`] answers. Nowhere: an exception is pending.
#[inline(never)]
pub fn function(th: &mut Thread, frame: Frame, i: Instruction) -> Resume {
    let (first, count) = arguments(frame, i);
    match python(th, frame, i, first, count) {
        Ok(Outcome::Frame(resume)) => resume,
        Ok(_) => Resume { frame, pc: frame.pc() },
        Err(_) => Resume::NOWHERE,
    }
}

/// Where the arguments of a call begin, and how many there are, the receiver of a method included.
#[inline(always)]
fn arguments(frame: Frame, i: Instruction) -> (usize, usize) {
    let (first, count) = (i.b as usize + HEADER, i.c as usize);
    if i.flags & METHOD == 0 {
        return (first, count);
    }
    // SAFETY: a register of the frame.
    if unsafe { *frame.register(first) } == UNBOUND { (first + 1, count) } else { (first, count + 1) }
}

/// Calls a Python function whose arguments lie from register `first`; its frame takes the window over.
#[inline(always)]
fn python(th: &mut Thread, frame: Frame, i: Instruction, first: usize, count: usize) -> PyResult<Outcome> {
    // SAFETY: the callee's register holds a function.
    let function: &Obj<Function> =
        unsafe { Obj::borrow_unchecked(&*frame.register(i.b as usize).cast::<Value>()) };
    // SAFETY: as above; the frame below keeps the function.
    let code = unsafe { code_of(function.as_value().word()) };
    let positional = code.payload.positional_arguments as usize;
    if count > positional || positional == u32::MAX as usize {
        return python_rare(th, frame, i, first, count);
    }
    let Some(new) = landing(th, frame, first, count, code) else { return Err(too_deep(th)) };
    if count < positional {
        let Some(defaults) = last_defaults(th, function, positional - count) else {
            return python_bound(th, frame, i, new, count, 0, None);
        };
        for (n, value) in defaults.iter().enumerate() {
            // SAFETY: a parameter's register of the new frame, which holds nothing.
            unsafe { new.register(count + n).write(value.clone().into_word()) };
        }
    }
    begin_in_place(th, frame, i, new)
}

/// [`python`] of a generator function, or one that takes more than positional arguments.
#[inline(never)]
fn python_rare(
    th: &mut Thread,
    frame: Frame,
    i: Instruction,
    first: usize,
    count: usize,
) -> PyResult<Outcome> {
    // SAFETY: the callee's register holds a function, which keeps its codes until the frame below does.
    let code = unsafe { code_of(*frame.register(i.b as usize)) };
    if code.payload.generator_arguments as usize == count {
        super::generator::call(th, frame, i, first, code)?;
        return Ok(Outcome::Next);
    }
    let Some(new) = landing(th, frame, first, count, code) else { return Err(too_deep(th)) };
    python_bound(th, frame, i, new, count, 0, None)
}

/// The arguments are the new frame's parameters already: enters the function in the callee's register.
#[inline]
fn begin_in_place(th: &mut Thread, frame: Frame, i: Instruction, new: Frame) -> PyResult<Outcome> {
    // SAFETY: the callee's register is not one of the new frame's; the function's reference moves.
    let function: &Obj<Function> = unsafe {
        let owned = std::mem::replace(&mut *frame.register(i.b as usize), UNBOUND);
        new.function_word().write(owned);
        Obj::borrow_unchecked(&*new.function_word().cast::<Value>())
    };
    // SAFETY: the frame keeps the function.
    let code = unsafe { code_of(function.as_value().word()) };
    new.begin(code, frame.0, 0, i.a);
    for number in code.payload.parameters..code.payload.variables_end {
        // SAFETY: a register of the new frame, which holds nothing.
        unsafe { new.register(number as usize).write(UNBOUND) };
    }
    free_variables(new, function);
    th.depth += 1;
    th.frame = new.0;
    started(th, new)
}

/// The last `missing` positional defaults of a function, if it has so many.
#[inline(always)]
fn last_defaults<'a>(th: &'a Thread, function: &'a Function, missing: usize) -> Option<&'a [Value]> {
    let defaults = function.defaults.get(th).positional.as_ref()?.items();
    defaults.get(defaults.len().checked_sub(missing)?..)
}

/// What the parameters after the first `count` are if they are not given, provided that there is nothing else to bind.
#[inline]
fn defaults<'a>(th: &'a Thread, function: &'a Function, count: usize) -> Option<&'a [Value]> {
    let positional = function.code().payload.positional_arguments;
    let missing = (positional as usize).checked_sub(count).filter(|_| positional != u32::MAX)?;
    last_defaults(th, function, missing)
}

/// The new frame is in place: pass a safepoint, then go on in it.
fn started(th: &mut Thread, new: Frame) -> PyResult<Outcome> {
    if th.wants_poll()
        && let Err(raised) = crate::thread::safepoint::pass(th)
    {
        abandon(th, new);
        return Err(raised);
    }
    Ok(Outcome::Frame(Resume { frame: new, pc: new.pc() }))
}

/// Calls a Python function whose arguments need binding: where they lie if that can be, else the window is taken out and
/// bound into a fresh frame above.
fn python_bound(
    th: &mut Thread,
    frame: Frame,
    i: Instruction,
    new: Frame,
    count: usize,
    keywords: usize,
    names: Option<&Obj<Tuple>>,
) -> PyResult<Outcome> {
    // SAFETY: the callee's register holds a function.
    let function: Obj<Function> =
        unsafe { Obj::<Function>::borrow_unchecked(&*frame.register(i.b as usize).cast::<Value>()) }.clone();
    // SAFETY: the function is held above, and keeps its codes.
    let code = unsafe { code_of(function.as_value().word()) };
    if super::bind::in_place(th, new, &function, code, count, names.map_or(&[], |names| names.items())) {
        return begin_in_place(th, frame, i, new);
    }
    // SAFETY: the window's registers hold values; each is moved out exactly once, and cleared.
    let arguments: Vec<Value> = (0..count)
        .map(|n| unsafe { Value::from_word(std::mem::replace(&mut *new.register(n), UNBOUND)) })
        .collect();
    let (positional, values) = arguments.split_at(count - keywords);
    let args = Args { positional, keyword_values: values, keyword_names: names.map_or(&[], |n| n.items()) };
    clear_window(th, frame, i.b as usize, i.b as usize + 1);
    begin_bound(th, frame, i.a, &function, args)
}

fn begin_bound(
    th: &mut Thread,
    frame: Frame,
    destination: u16,
    function: &Obj<Function>,
    args: Args<'_>,
) -> PyResult<Outcome> {
    // SAFETY: the frame holds a reference to the function, which keeps its codes.
    let code: &'static Object<Code> = unsafe { &*std::ptr::from_ref(function.code()) };
    // SAFETY: the header fits: the stack's end is checked next.
    let new = Frame(unsafe { frame::top(th).add(HEADER) });
    if has_no_room(th, new, code) {
        return Err(too_deep(th));
    }
    // SAFETY: words above the innermost frame hold no reference (F2).
    unsafe { new.function_word().write(function.as_value().clone().into_word()) };
    new.begin(code, frame.0, 0, destination);
    for number in 0..code.payload.variables_end as usize {
        // SAFETY: a register of the new frame.
        unsafe { new.register(number).write(UNBOUND) };
    }
    th.frame = new.0;
    th.depth += 1;
    if let Err(raised) = crate::call::bind::bind(th, new, function, code, args) {
        abandon(th, new);
        return Err(raised);
    }
    free_variables(new, function);
    started(th, new)
}

/// True for a Python function that takes `count` arguments without any binding.
#[inline]
pub fn takes(function: &Value, count: u32) -> bool {
    // SAFETY: seen to be a function, which the caller holds.
    is_function(function) && unsafe { code_of(function.word()) }.payload.simple_arguments == count
}

/// Enters a function that [`takes`] just these arguments; its result goes to a register of `frame`.
pub fn enter_simple<const N: usize>(
    th: &mut Thread,
    frame: Frame,
    destination: u16,
    function: Value,
    arguments: [Value; N],
) -> PyResult<Resume> {
    // SAFETY: the caller saw a function; the new frame keeps it.
    let code = unsafe { code_of(function.word()) };
    // SAFETY: the header fits: the stack's end is checked next.
    let new = Frame(unsafe { frame::top(th).add(HEADER) });
    if has_no_room(th, new, code) {
        return Err(too_deep(th));
    }
    // SAFETY: words above the innermost frame hold no reference (F2).
    unsafe { new.function_word().write(function.into_word()) };
    new.begin(code, frame.0, 0, destination);
    // SAFETY: registers of the new frame.
    unsafe {
        for (number, argument) in arguments.into_iter().enumerate() {
            new.register(number).write(argument.into_word());
        }
        for number in N..code.payload.variables_end as usize {
            new.register(number).write(UNBOUND);
        }
    }
    th.depth += 1;
    th.frame = new.0;
    Ok(Resume { frame: new, pc: new.pc() })
}

/// The native `__new__` of a class that `type.__call__` may call with the class first.
fn native_new(th: &Thread, class: Class, new: &Value) -> Option<NativeFn> {
    let is_type = Some(class) == <ty::Type as PyClass>::cell().get();
    if is_type || class.payload.has(ty::flag::DISALLOW_INSTANTIATION) {
        return None;
    }
    let function = th.exact::<NativeFunction>(new)?;
    (function.receiver.is_none() && function.def.role == Role::New).then_some(function.def.function)
}

/// `Class(…)`, where `__new__` or `__init__` is native.
fn instantiate_native(
    th: &mut Thread,
    frame: Frame,
    i: Instruction,
    class: Class,
    first: usize,
    count: usize,
) -> PyResult<Outcome> {
    if count == 1 && Some(class) == <ty::Type as PyClass>::cell().get() {
        // SAFETY: the argument's register holds a value.
        let argument = unsafe { Value::borrow_word(&*frame.register(first)) };
        let result = th.type_of(argument).value();
        return finish_native(th, frame, i, first, count, Ok(result));
    }
    let Some(new) = special::get(th, class, Special::New).and_then(|new| native_new(th, class, new)) else {
        return native(th, frame, i, first, count);
    };
    th.check_native_stack()?;
    // The word below the arguments is free: the class goes there.
    // SAFETY: as in `native`.
    unsafe { frame.register(first - 1).write(class.value().into_word()) };
    // SAFETY: the window holds values, which stay until it is cleared.
    let arguments = unsafe { window(frame, first - 1, count + 1) };
    let result = match new(th, Args::positional(arguments)) {
        Ok(object) => construct::initialize(th, class, object, Args::positional(&arguments[1..])),
        Err(raised) => Err(raised),
    };
    finish_native(th, frame, i, first, count, result)
}

/// `Class(…)`: with `object.__new__` and a Python `__init__` a frame is pushed, else the generic way.
fn instantiate(
    th: &mut Thread,
    frame: Frame,
    i: Instruction,
    class: Class,
    first: usize,
    count: usize,
) -> PyResult<Outcome> {
    let Some(init) = special::get(th, class, Special::Init) else {
        return native(th, frame, i, first, count);
    };
    if !class.payload.has(ty::flag::PLAIN_NEW) || !is_function(init) {
        return instantiate_native(th, frame, i, class, first, count);
    }
    let init = init.clone();
    // SAFETY: checked to be a function, which `init` keeps alive.
    let code = unsafe { code_of(init.word()) };
    // SAFETY: as above.
    let function: &Obj<Function> = unsafe { Obj::borrow_unchecked(&init) };
    let defaults = match code.payload.simple_arguments as usize == count + 1 {
        true => Vec::new(),
        false => match defaults(th, function, count + 1) {
            Some(defaults) if function.closure.is_none() => defaults.to_vec(),
            _ => return native(th, frame, i, first, count),
        },
    };
    let instance = construct::allocate(th, class)?;
    let Some(frame_new) = landing(th, frame, first, count, code) else { return Err(too_deep(th)) };
    // SAFETY: as in `call` for bound methods: the arguments move up by one, the receiver goes first, the class's
    // register becomes part of the header with the function.
    unsafe {
        let start = frame_new.register(0);
        std::ptr::copy(start, start.add(1), count);
        start.write(instance.clone().into_word());
        for (n, value) in defaults.into_iter().enumerate() {
            start.add(1 + count + n).write(value.into_word());
        }
        let old = std::mem::replace(&mut *frame.register(i.b as usize), UNBOUND);
        frame_new.function_word().write(init.into_word());
        drop_word(th, old);
    }
    frame_new.begin(code, frame.0, bit::INIT, i.a);
    // SAFETY: extra holds nothing yet.
    unsafe { frame_new.extra().write(instance.into_word()) };
    for number in code.payload.parameters..code.payload.variables_end {
        // SAFETY: a register of the new frame, which holds nothing.
        unsafe { frame_new.register(number as usize).write(UNBOUND) };
    }
    th.depth += 1;
    th.frame = frame_new.0;
    started(th, frame_new)
}

/// True for a callee that [`call_native`] may know how to call.
#[inline(always)]
pub fn is_native(shape: ShapeId) -> bool {
    shape == builtin::METHOD_DESCRIPTOR || shape == builtin::BUILTIN_FUNCTION
}

/// `CALL` of a native function or method with its arguments in place; None: the callee is neither.
#[inline(never)]
pub fn call_native(th: &mut Thread, frame: Frame, i: Instruction) -> Option<PyResult<()>> {
    let callee_register = i.b as usize;
    // SAFETY: the callee's register holds a value, which stays until the window is cleared.
    let callee = unsafe { Value::borrow_word(&*frame.register(callee_register)) };
    let function = match callee.as_header()?.shape_id() {
        builtin::METHOD_DESCRIPTOR => {
            // SAFETY: the shape says so.
            unsafe { Obj::<NativeMethod>::borrow_unchecked(callee) }.def.function
        }
        builtin::BUILTIN_FUNCTION => {
            // SAFETY: the shape says so.
            let function: &Obj<NativeFunction> = unsafe { Obj::borrow_unchecked(callee) };
            if function.receiver.is_some() {
                return None;
            }
            function.def.function
        }
        _ => return None,
    };
    let (first, count) = arguments(frame, i);
    if let Err(raised) = th.check_native_stack() {
        return Some(Err(raised));
    }
    // SAFETY: the window holds values, which stay until it is cleared.
    let result = function(th, Args::positional(unsafe { window(frame, first, count) }));
    clear_window(th, frame, first, first + count);
    clear_window(th, frame, callee_register, callee_register + 1);
    Some(match result {
        Ok(value) => {
            store(th, frame, i.a, value);
            th.poll()
        }
        Err(raised) => Err(raised),
    })
}

/// Calls anything that is not a Python function, in place.
fn native(th: &mut Thread, frame: Frame, i: Instruction, first: usize, count: usize) -> PyResult<Outcome> {
    let callee_register = i.b as usize;
    // SAFETY: the callee's register holds a value, which stays until the window is cleared.
    let callee = unsafe { Value::borrow_word(&*frame.register(callee_register)) };
    // SAFETY: the window holds values, which stay until it is cleared.
    let arguments = unsafe { window(frame, first, count) };
    let result = match callee.as_header().map(|h| h.shape_id()) {
        Some(builtin::BUILTIN_FUNCTION) => {
            // SAFETY: the shape says so.
            let function: &Obj<NativeFunction> = unsafe { Obj::borrow_unchecked(callee) };
            match &function.receiver {
                None => (function.def.function)(th, Args::positional(arguments)),
                Some(receiver) => {
                    // The word below the arguments is free: the receiver goes there.
                    // SAFETY: it lies between the callee's register and the arguments, or is the UNBOUND receiver slot.
                    unsafe { frame.register(first - 1).write(receiver.clone().into_word()) };
                    // SAFETY: as above, with the receiver.
                    let arguments = unsafe { window(frame, first - 1, count + 1) };
                    (function.def.function)(th, Args::positional(arguments))
                }
            }
        }
        _ => th.call_args(callee, Args::positional(arguments)),
    };
    finish_native(th, frame, i, first, count, result)
}

fn finish_native(
    th: &mut Thread,
    frame: Frame,
    i: Instruction,
    first: usize,
    count: usize,
    result: PyResult,
) -> PyResult<Outcome> {
    clear_window(th, frame, first - 1, first + count);
    clear_window(th, frame, i.b as usize, i.b as usize + 1);
    let value = result?;
    store(th, frame, i.a, value);
    th.poll()?;
    Ok(Outcome::Next)
}

/// `CALL_KW`
#[inline(never)]
pub fn call_keywords(th: &mut Thread, frame: Frame, i: Instruction, names: u16) -> PyResult<Outcome> {
    let (first, count) = arguments(frame, i);
    let constant = &frame.code().payload.constants[names as usize];
    // SAFETY: the compiler's keyword names are a tuple.
    let names: &Obj<Tuple> = unsafe { Obj::borrow_unchecked(constant) };
    // SAFETY: the callee's register holds a value.
    let callee = unsafe { Value::borrow_word(&*frame.register(i.b as usize)) };
    if is_function(callee) {
        // SAFETY: seen to be a function, which its register holds until the frame does.
        let code = unsafe { code_of(callee.word()) };
        let Some(new) = landing(th, frame, first, count, code) else { return Err(too_deep(th)) };
        return python_bound(th, frame, i, new, count, names.len(), Some(names));
    }
    // SAFETY: the window holds values, which stay until it is cleared.
    let arguments = unsafe { window(frame, first, count) };
    let (positional, values) = arguments.split_at(count - names.len());
    let args = Args { positional, keyword_values: values, keyword_names: names.items() };
    let result = th.call_args(callee, args);
    finish_native(th, frame, i, first, count, result)
}

/// `CALL_EX`
#[inline(never)]
pub fn call_unpacked(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<Outcome> {
    let first = i.b as usize + HEADER;
    let take = |register: usize| {
        // SAFETY: the window's registers hold values; each is moved out once.
        unsafe { Value::from_word(std::mem::replace(&mut *frame.register(register), UNBOUND)) }
    };
    // SAFETY: the window's registers hold values, which stay until they are taken.
    let [callee, positional] =
        [i.b as usize, first].map(|n| unsafe { Value::borrow_word(&*frame.register(n)) });
    let positional = match th.exact::<Tuple>(positional) {
        Some(tuple) => tuple.clone(),
        None => th.unpacked_arguments(callee, positional)?,
    };
    drop(take(first));
    // SAFETY: as above.
    let no_keywords = unsafe { *frame.register(first + 1) } == UNBOUND;
    if no_keywords
        && is_function(callee)
        && let Some(outcome) = enter_unpacked(th, frame, i, first, &positional)
    {
        return outcome;
    }
    let (callee, keywords) = (take(i.b as usize), take(first + 1));
    let mut names = Vec::new();
    let mut values = Vec::new();
    if let Some(dict) = th.exact::<Dict>(&keywords).cloned() {
        for (name, value, _) in dict.snapshot(th) {
            if th.as_str(&name).is_none() {
                return Err(th.type_error("keywords must be strings"));
            }
            names.push(name);
            values.push(value);
        }
    }
    let args = Args { positional: positional.items(), keyword_values: &values, keyword_names: &names };
    if is_function(&callee) {
        // SAFETY: checked just now.
        let function: &Obj<Function> = unsafe { Obj::borrow_unchecked(&callee) };
        return begin_bound(th, frame, i.a, function, args);
    }
    let value = th.call_args(&callee, args)?;
    store(th, frame, i.a, value);
    th.poll()?;
    Ok(Outcome::Next)
}

/// Calls a Python function with a tuple's items, if they can be bound in place.
fn enter_unpacked(
    th: &mut Thread,
    frame: Frame,
    i: Instruction,
    first: usize,
    items: &Obj<Tuple>,
) -> Option<PyResult<Outcome>> {
    // SAFETY: the callee's register holds a function.
    let function: Obj<Function> =
        unsafe { Obj::<Function>::borrow_unchecked(&*frame.register(i.b as usize).cast::<Value>()) }.clone();
    // SAFETY: the function is held above, and keeps its codes.
    let code = unsafe { code_of(function.as_value().word()) };
    let (items, count) = (items.items(), items.len());
    if count > MOST_UNPACKED {
        return None;
    }
    let new = landing(th, frame, first, 0, code)?;
    for (number, item) in items.iter().enumerate() {
        // SAFETY: the room above the frame was checked, and the window's registers are empty.
        unsafe { new.register(number).write(item.clone().into_word()) };
    }
    let bound = code.payload.simple_arguments as usize == count
        || super::bind::in_place(th, new, &function, code, count, &[]);
    if bound {
        return Some(begin_in_place(th, frame, i, new));
    }
    clear_window(th, new, 0, count);
    None
}

/// So many items are put on the stack for a call; `has_no_room` leaves room for them above any frame.
const MOST_UNPACKED: usize = 256;

/// A return from a frame with flags: to native code, from a constructor, or with a frame object. Not a generator's.
#[inline(never)]
pub fn return_rare(th: &mut Thread, frame: Frame, word: u64) -> PyResult<Outcome> {
    // SAFETY: the returned word's reference is ours.
    let mut value = unsafe { Value::from_word(word) };
    let flags = frame.flags();
    let instance = if flags & bit::OBJECT != 0 { frame::object::finish(th, frame) } else { None };
    let destination = frame.destination() as u16;
    if flags & bit::INIT != 0 {
        if !value.is_none() {
            let found = th.type_name(&value);
            pop(th, frame);
            return Err(th.type_error(format_args!("__init__() should return None, not '{found}'")));
        }
        value = match instance {
            Some(instance) => instance,
            // SAFETY: extra holds the instance, whose reference moves to the result.
            None => unsafe { Value::from_word(std::mem::replace(&mut *frame.extra(), UNBOUND)) },
        };
    }
    pop(th, frame);
    let caller = frame.caller().filter(|_| flags & bit::ENTRY == 0);
    let Some(caller) = caller else { return Ok(Outcome::Done(value)) };
    store(th, caller, destination, value);
    Ok(Outcome::Frame(Resume { frame: caller, pc: caller.pc() }))
}

/// A call whose frame ends at once with `value` (a generator function), its registers moved elsewhere.
pub fn return_emptied(th: &mut Thread, frame: Frame, value: Value) -> PyResult<Outcome> {
    if frame.flags() & bit::OBJECT != 0 {
        frame::object::finish(th, frame);
    }
    let (flags, destination, caller) = (frame.flags(), frame.destination() as u16, frame.caller());
    pop(th, frame);
    match caller {
        Some(caller) if flags & bit::ENTRY == 0 => {
            store(th, caller, destination, value);
            Ok(Outcome::Frame(Resume { frame: caller, pc: caller.pc() }))
        }
        _ => Ok(Outcome::Done(value)),
    }
}
