//! Generators and coroutines in the interpreter: making, yielding, delegating.
//!
//! The frame of a generator lies with it (`builtins::generator::body`), not on the thread's stack, so that going on with it
//! moves nothing. A generator that a loop or a delegation goes on with runs in the same interpreter loop: its frame lacks
//! the ENTRY bit, and the caller's instruction, the one before its saved pc, says where what is yielded or returned goes.

use compiler::bytecode::code::flags;
use compiler::bytecode::instruction::{DELEGATE, Instruction, Intrinsic, KILL_B, Opcode};
use object_model::value::singleton::UNBOUND;
use object_model::{Obj, Object, Value};

use super::attribute::{kill, put, put_as, take, take_as};
use super::dispatch::{Outcome, Resume};
use crate::builtins::code::Code;
use crate::builtins::function::Function;
use crate::builtins::generator::body::Stage;
use crate::builtins::generator::{Generator, Kind, Resumed, Suspended};
use crate::class::{descriptor, special};
use crate::error::PyResult;
use crate::exceptions::{self, Exc};
use crate::frame::{self, Frame, bit, drop_word};
use crate::names::{Special, names};
use crate::thread::Thread;
use crate::thread::state::recursion_limit;

fn value<'a>(frame: Frame, register: u16) -> &'a Value {
    // SAFETY: a register holds a valid value; callers clone before they write it.
    unsafe { Value::borrow_word(&*frame.register(register as usize)) }
}

/// What kind of generator a function with this code makes.
fn kind_of(code: &Code) -> Kind {
    match code.unit.flags {
        f if f & flags::COROUTINE != 0 => Kind::Coroutine,
        f if f & flags::ASYNC_GENERATOR != 0 => Kind::AsyncGenerator,
        _ => Kind::Generator,
    }
}

/// The code that a function has at the moment, counted.
fn counted(code: &Object<Code>) -> Obj<Code> {
    code.header.increment_current();
    // SAFETY: counted just now; the payload is a `Code`.
    unsafe { Obj::from_value_unchecked(Value::from_header(std::ptr::NonNull::from(code).cast())) }
}

/// `RETURN_GENERATOR`: the frame becomes a generator, which is the result of the call.
#[inline(never)]
pub fn make(th: &mut Thread, frame: Frame) -> PyResult<Outcome> {
    let code = frame.code_object();
    // SAFETY: the function word of a frame is a value.
    let function = unsafe { Value::borrow_word(&*frame.function_word()) };
    let variables = code.variables_end as usize;
    let kind = kind_of(&code);
    let Some((generator, own)) = Generator::make(th, kind, function, code, frame.caller()) else {
        return Err(th.memory_error());
    };
    // Temporaries do not exist yet: only the variables move, and the function.
    for number in 0..variables {
        // SAFETY: a register of both frames; the reference moves.
        unsafe { own.register(number).write(std::mem::replace(&mut *frame.register(number), UNBOUND)) };
    }
    // SAFETY: as above.
    unsafe { own.function_word().write(std::mem::replace(&mut *frame.function_word(), UNBOUND)) };
    own.set_pc(frame.pc());
    super::call::return_emptied(th, frame, generator)
}

/// A new generator of a function with this code, and its frame, which awaits the function and the arguments.
#[inline(always)]
fn create(th: &mut Thread, function: &Obj<Function>, code: &Object<Code>) -> PyResult<(Value, Frame)> {
    let (kind, around) = (kind_of(&code.payload), frame::current(th));
    let Some((generator, own)) = Generator::make(th, kind, function.as_value(), counted(code), around) else {
        return Err(th.memory_error());
    };
    super::call::free_variables(own, function);
    debug_assert!(
        code.payload.unit.instructions.first().is_some_and(|i| i.opcode == Opcode::ReturnGenerator as u8),
        "generators' codes begin so"
    );
    // SAFETY: the code goes on after its first instruction, which made the generator.
    own.set_pc(unsafe { own.pc().add(1) });
    Ok((generator, own))
}

/// `CALL` of a function whose code's `generator_arguments` are given, from register `first` on: without a frame.
#[inline(never)]
pub fn call(
    th: &mut Thread,
    frame: Frame,
    i: Instruction,
    first: usize,
    code: &Object<Code>,
) -> PyResult<()> {
    // SAFETY: the callee's register holds a function.
    let function: &Obj<Function> = unsafe { Obj::borrow_unchecked(value(frame, i.b)) };
    let (generator, own) = create(th, function, code)?;
    for number in 0..code.payload.generator_arguments as usize {
        // SAFETY: an argument's register and a parameter's; the reference moves.
        unsafe {
            let word = std::mem::replace(&mut *frame.register(first + number), UNBOUND);
            own.register(number).write(word);
        }
    }
    // SAFETY: as above.
    unsafe {
        own.function_word().write(std::mem::replace(&mut *frame.register(i.b as usize), UNBOUND));
    }
    put(th, frame, i.a as usize, generator);
    Ok(())
}

/// As [`call`], from native code.
pub fn of_function(
    th: &mut Thread,
    function: &Obj<Function>,
    code: &Object<Code>,
    arguments: &[Value],
) -> PyResult {
    let (generator, own) = create(th, function, code)?;
    for (number, argument) in arguments.iter().enumerate() {
        // SAFETY: a parameter's register, which holds nothing yet.
        unsafe { own.register(number).write(argument.clone().into_word()) };
    }
    // SAFETY: as above.
    unsafe { own.function_word().write(function.as_value().clone().into_word()) };
    Ok(generator)
}

/// The generator whose frame this is.
fn generator_of(frame: Frame) -> Obj<Generator> {
    debug_assert!(frame.flags() & bit::GENERATOR != 0, "a generator's frame");
    // SAFETY: the bit says that extra is the generator.
    unsafe { Obj::<Generator>::borrow_unchecked(Value::borrow_word(&*frame.extra())) }.clone()
}

/// What the generator handles is handled from now on.
#[inline]
fn enter_handled(th: &mut Thread, suspended: &mut Suspended) {
    std::mem::swap(&mut suspended.handled, &mut th.handled);
    suspended.outer = std::mem::replace(&mut th.generator, suspended);
}

/// The counterpart of [`enter_handled`]: the generator keeps what it handles.
#[inline]
fn leave_handled(th: &mut Thread, suspended: &mut Suspended) {
    std::mem::swap(&mut suspended.handled, &mut th.handled);
    th.generator = suspended.outer;
}

/// `YIELD` in a generator that a loop of the caller's goes on with. Nowhere: it is something else, and nothing was done.
#[inline(never)]
pub fn yield_to_loop(th: &mut Thread, frame: Frame, i: Instruction) -> Resume {
    if frame.flags() != bit::GENERATOR {
        return Resume::NOWHERE;
    }
    let Some(caller) = frame.caller() else { return Resume::NOWHERE };
    let pc = caller.pc();
    // SAFETY: the caller saved the address after its instruction.
    let next = unsafe { *pc.sub(1) };
    if next.opcode != Opcode::ForNext as u8 {
        return Resume::NOWHERE;
    }
    let me = th.owner();
    let yielded = take_as(me, frame, i, KILL_B, i.b);
    rest(th, frame);
    put_as(th, me, caller, next.b as usize, yielded);
    // SAFETY: the compiler's jumps stay inside the code; they count from the word after the instruction.
    Resume { frame: caller, pc: unsafe { pc.offset(next.c.cast_signed() as isize) } }
}

/// `YIELD` in a generator that native code goes on with.
#[inline(never)]
pub fn yield_out(th: &mut Thread, frame: Frame, i: Instruction) -> Value {
    let yielded = take_as(th.owner(), frame, i, KILL_B, i.b);
    rest(th, frame);
    th.yielded = true;
    yielded
}

/// `YIELD`. What a delegation in the calling frame passes on is passed on at once, frame by frame.
#[inline(never)]
pub fn yield_value(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<Outcome> {
    if frame.flags() & bit::GENERATOR == 0 {
        return Err(th.system_error("yield outside a generator"));
    }
    let yielded = take(frame, i, KILL_B, i.b);
    let mut frame = frame;
    loop {
        let (flags, caller) = (frame.flags(), frame.caller());
        rest(th, frame);
        let Some(caller) = caller.filter(|_| flags & bit::ENTRY == 0) else {
            th.yielded = true;
            return Ok(Outcome::Done(yielded));
        };
        let pc = caller.pc();
        // SAFETY: the caller saved the address after its instruction, which is not its last.
        let (send, next) = unsafe { (*pc.sub(1), *pc) };
        let passes_on = send.opcode == Opcode::Send as u8
            && next.opcode == Opcode::Yield as u8
            && next.flags & DELEGATE != 0
            && next.b == send.a;
        if !passes_on {
            return Ok(Outcome::Frame(hand_over(th, caller, yielded, true)));
        }
        put(th, caller, send.a as usize, Value::UNBOUND);
        // SAFETY: the yield is not the last instruction either.
        caller.set_pc(unsafe { pc.add(1) });
        frame = caller;
    }
}

/// Gives what a generator yielded or returned to the instruction that went on with it.
pub fn hand_over(th: &mut Thread, caller: Frame, result: Value, yielded: bool) -> Resume {
    let pc = caller.pc();
    // SAFETY: the caller saved the address after its instruction.
    let i = unsafe { *pc.sub(1) };
    let jumps = if i.opcode == Opcode::ForNext as u8 {
        if yielded {
            put(th, caller, i.b as usize, result);
        } else {
            put(th, caller, i.a as usize, Value::UNBOUND);
        }
        yielded
    } else {
        debug_assert!(
            i.opcode == Opcode::Send as u8,
            "only FOR_NEXT and SEND go on with generators in place"
        );
        put(th, caller, i.a as usize, result);
        !yielded
    };
    // SAFETY: the compiler's jumps stay inside the code; they count from the word after the instruction.
    let pc = if jumps { unsafe { pc.offset(i.c.cast_signed() as isize) } } else { pc };
    Resume { frame: caller, pc }
}

/// Leaves the frame of a generator, what it handles included. Answers the frame's reference to the generator, whose body
/// the caller still has.
#[inline]
pub fn leave(th: &mut Thread, frame: Frame) -> Obj<Generator> {
    debug_assert!(frame.flags() & bit::GENERATOR != 0, "a generator's frame");
    // SAFETY: the bit says that extra is the generator, whose reference moves out.
    let generator: Obj<Generator> = unsafe {
        Obj::from_value_unchecked(Value::from_word(std::mem::replace(&mut *frame.extra(), UNBOUND)))
    };
    // SAFETY: who runs the frame has the body.
    leave_handled(th, unsafe { generator.body.held() });
    th.frame = frame.caller().map_or(std::ptr::null_mut(), |caller| caller.0);
    th.depth -= 1;
    generator
}

/// Leaves the frame of a generator, which rests.
#[inline(always)]
fn rest(th: &mut Thread, frame: Frame) {
    let generator = leave(th, frame);
    generator.body.rest();
    // SAFETY: the reference is ours.
    unsafe { drop_word(th, generator.into_value().into_word()) };
}

/// An exception leaves the body of a generator, whose frame is still to be swept and popped.
pub fn ended(th: &mut Thread, frame: Frame) {
    let generator = generator_of(frame);
    if let Some(object) = generator.take_frame(th) {
        frame::object::finish_generator(th, frame, &object);
    }
    // SAFETY: who runs the frame has the body.
    let suspended = unsafe { generator.body.held() };
    leave_handled(th, suspended);
    let handled = std::mem::replace(&mut suspended.handled, Value::NONE);
    generator.body.end();
    drop(handled);
}

/// The body of a generator returned, its registers are empty: its caller's frame becomes the innermost one.
#[inline(never)]
pub fn returned(th: &mut Thread, frame: Frame) {
    // SAFETY: the function's word is the frame's, and moves out.
    let function = unsafe { Value::from_word(std::mem::replace(&mut *frame.function_word(), UNBOUND)) };
    let generator = leave(th, frame);
    if let Some(object) = generator.take_frame(th) {
        frame::object::finish_generator(th, frame, &object);
    }
    // SAFETY: who ran the frame has the body.
    let suspended = unsafe { generator.body.held() };
    let handled = std::mem::replace(&mut suspended.handled, Value::NONE);
    generator.body.end();
    drop(handled);
    drop(function);
    drop(generator);
}

/// `FOR_NEXT` on a generator. Nowhere: an exception is pending.
#[inline(never)]
pub fn for_next(th: &mut Thread, frame: Frame, i: Instruction) -> Resume {
    // SAFETY: the loop saw the shape.
    let generator = unsafe { Obj::<Generator>::borrow_unchecked(value(frame, i.a)) };
    resume_or_hand_over(th, frame, generator, Value::NONE)
}

/// Goes on with a generator for the instruction before the saved pc of `frame`.
#[inline(always)]
fn resume_or_hand_over(th: &mut Thread, frame: Frame, generator: &Obj<Generator>, sent: Value) -> Resume {
    if sent.is_none()
        && let Some(new) = enter_quick(th, generator, 0)
    {
        return settle(th, new, sent).map_or(Resume::NOWHERE, |new| Resume { frame: new, pc: new.pc() });
    }
    resume_or_hand_over_rest(th, frame, generator, sent)
}

/// [`resume_or_hand_over`] the long way.
#[inline(never)]
fn resume_or_hand_over_rest(
    th: &mut Thread,
    frame: Frame,
    generator: &Obj<Generator>,
    sent: Value,
) -> Resume {
    match enter_rest(th, generator, sent, 0) {
        Ok(Some(new)) => Resume { frame: new, pc: new.pc() },
        Ok(None) => hand_over(th, frame, Value::NONE, false),
        Err(_) => Resume::NOWHERE,
    }
}

/// Goes on with a suspended generator, with `sent` as the value of its yield. None: it has ended.
///
/// If it delegates to another one, that is gone on with too, as its SEND would do, and so on.
#[inline(always)]
pub fn enter(
    th: &mut Thread,
    generator: &Obj<Generator>,
    sent: Value,
    flags: u64,
) -> PyResult<Option<Frame>> {
    if sent.is_none()
        && let Some(frame) = enter_quick(th, generator, flags)
    {
        return settle(th, frame, sent).map(Some);
    }
    enter_rest(th, generator, sent, flags)
}

/// [`enter`] the long way.
#[inline(never)]
fn enter_rest(
    th: &mut Thread,
    generator: &Obj<Generator>,
    sent: Value,
    flags: u64,
) -> PyResult<Option<Frame>> {
    if !generator.begin(th, sent.is_none())? {
        generator.exhausted(th)?;
        return Ok(None);
    }
    let frame = go_on(th, generator, flags)?;
    settle(th, frame, sent).map(Some)
}

/// Enters the frame of a generator that rests, if that takes no call; else nothing is done.
#[inline(always)]
fn enter_quick(th: &mut Thread, generator: &Obj<Generator>, flags: u64) -> Option<Frame> {
    if th.depth >= recursion_limit()
        || !generator.body.take_quick(|| generator.header().increment_quick(th.owner()))
    {
        return None;
    }
    // SAFETY: counted above.
    let reference = unsafe { Value::from_word(generator.as_value().word()) };
    Some(begin(th, generator, reference, flags))
}

/// The rest of going on with a generator whose frame was entered: what was sent arrives.
#[inline(always)]
fn settle(th: &mut Thread, frame: Frame, sent: Value) -> PyResult<Frame> {
    // SAFETY: a generator stops behind a YIELD or at its very start, behind RETURN_GENERATOR.
    let i = unsafe { *frame.pc().sub(1) };
    if i.opcode != Opcode::Yield as u8 {
        return Ok(frame);
    }
    if i.flags & DELEGATE != 0 {
        return descend(th, frame, sent);
    }
    put(th, frame, i.a as usize, sent);
    Ok(frame)
}

/// Goes on with what a generator at the YIELD of a delegation delegates to, if that is a generator, and so on. Answers the
/// innermost frame.
#[inline(never)]
fn descend(th: &mut Thread, frame: Frame, sent: Value) -> PyResult<Frame> {
    let mut frame = frame;
    loop {
        let pc = frame.pc();
        // SAFETY: as in `enter`.
        let i = unsafe { *pc.sub(1) };
        if i.opcode != Opcode::Yield as u8 {
            return Ok(frame);
        }
        if i.flags & DELEGATE != 0
            && let Some(inner) = Generator::of(value(frame, i.a + 1))
            && inner.kind != Kind::AsyncGenerator
            && inner.body.stage() == Stage::Suspended
            && th.depth < recursion_limit()
            && inner.body.take().is_ok()
        {
            // SAFETY: SEND stands before the YIELD of a delegation; this is the address after it.
            frame.set_pc(unsafe { pc.sub(1) });
            frame = go_on(th, inner, 0)?;
            continue;
        }
        put(th, frame, i.a as usize, sent);
        return Ok(frame);
    }
}

/// `SEND`. Nowhere: an exception is pending.
#[inline(never)]
pub fn send_to(th: &mut Thread, frame: Frame, i: Instruction) -> Resume {
    let sent = value(frame, i.a).clone();
    let receiver = value(frame, i.b);
    if let Some(generator) = Generator::of(receiver)
        && generator.kind != Kind::AsyncGenerator
    {
        return resume_or_hand_over(th, frame, generator, sent);
    }
    let receiver = receiver.clone();
    match delegate(th, &receiver, &sent) {
        Ok(Resumed::Yielded(next)) => hand_over(th, frame, next, true),
        Ok(Resumed::Returned(result)) => hand_over(th, frame, result, false),
        Err(_) => Resume::NOWHERE,
    }
}

/// Sends a value to an iterator; what it yields or returns.
fn delegate(th: &mut Thread, receiver: &Value, sent: &Value) -> PyResult<Resumed> {
    let result = if sent.is_none() {
        // The method itself, not the iterator protocol, which would forget StopIteration's value.
        match th.call_special(receiver, Special::Next, &[]) {
            Ok(Some(next)) => Ok(next),
            Ok(None) => {
                let name = th.type_name(receiver);
                return Err(th.type_error(format_args!("'{name}' object is not an iterator")));
            }
            Err(raised) => Err(raised),
        }
    } else {
        th.call_method_name(receiver, &names().send, std::slice::from_ref(sent))
    };
    match result {
        Ok(next) => Ok(Resumed::Yielded(next)),
        Err(raised) => stop_value(th, raised).map(Resumed::Returned),
    }
}

/// The value of the pending StopIteration, or the exception again.
pub fn stop_value(th: &mut Thread, raised: crate::error::Raised) -> PyResult {
    if !th.exception_is(Exc::StopIteration) {
        return Err(raised);
    }
    let exception = th.take_exception();
    th.get_attr(&exception, &names().value)
}

/// `GET_YIELD_FROM_ITER`
#[inline(never)]
pub fn yield_from_iter(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let source = take(frame, i, KILL_B, i.b);
    let iterator = match Generator::of(&source) {
        Some(g) if g.kind == Kind::Generator => source,
        Some(g) if g.kind == Kind::Coroutine => {
            let own = frame.code().payload.unit.flags;
            if own & (flags::COROUTINE | flags::ITERABLE_COROUTINE) == 0 {
                return Err(
                    th.type_error("cannot 'yield from' a coroutine object in a non-coroutine generator")
                );
            }
            source
        }
        _ => th.iter(&source)?,
    };
    put(th, frame, i.a as usize, iterator);
    Ok(())
}

/// `GET_AWAITABLE`
#[inline(never)]
pub fn awaitable(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let source = take(frame, i, KILL_B, i.b);
    let iterator = await_iterator(th, &source, i.c)?;
    put(th, frame, i.a as usize, iterator);
    Ok(())
}

fn await_iterator(th: &mut Thread, source: &Value, place: u16) -> PyResult {
    if let Some(generator) = Generator::of(source) {
        let iterable = generator.code.unit.flags & flags::ITERABLE_COROUTINE != 0;
        if generator.kind == Kind::Coroutine || iterable {
            if generator.kind == Kind::Coroutine && generator.is_delegating() {
                return Err(th.runtime_error("coroutine is being awaited already"));
            }
            return Ok(source.clone());
        }
    }
    let class = th.type_of(source);
    let Some(method) = special::get(th, class, Special::Await).cloned() else {
        let name = class.payload.name.get(th).to_string();
        return Err(match place {
            1 => th.type_error(format_args!(
                "'async with' received an object from __aenter__ that does not implement __await__: {name}"
            )),
            2 => th.type_error(format_args!(
                "'async with' received an object from __aexit__ that does not implement __await__: {name}"
            )),
            _ => th.type_error(format_args!("'{name}' object can't be awaited")),
        });
    };
    let iterator = if descriptor::is_plain_method(&method) {
        th.call(&method, std::slice::from_ref(source))?
    } else {
        let bound = descriptor::bind(th, &method, Some(source), class)?;
        th.call(&bound, &[])?
    };
    if Generator::of(&iterator).is_some_and(|g| g.kind == Kind::Coroutine) {
        return Err(th.type_error("__await__() returned a coroutine"));
    }
    if !th.has_special(&iterator, Special::Next) {
        let name = th.type_name(&iterator);
        return Err(th.type_error(format_args!("__await__() returned non-iterator of type '{name}'")));
    }
    Ok(iterator)
}

/// `GET_AITER`
#[inline(never)]
pub fn async_iter(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let source = take(frame, i, KILL_B, i.b);
    let name = th.type_name(&source);
    let Some(iterator) = th.call_special(&source, Special::AIter, &[])? else {
        return Err(
            th.type_error(format_args!("'async for' requires an object with __aiter__ method, got {name}"))
        );
    };
    if !th.has_special(&iterator, Special::ANext) {
        let found = th.type_name(&iterator);
        return Err(th.type_error(format_args!(
            "'async for' received an object from __aiter__ that does not implement __anext__: {found}"
        )));
    }
    put(th, frame, i.a as usize, iterator);
    Ok(())
}

/// `GET_ANEXT`
#[inline(never)]
pub fn async_next(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let source = value(frame, i.b).clone();
    let Some(next) = th.call_special(&source, Special::ANext, &[])? else {
        let name = th.type_name(&source);
        return Err(
            th.type_error(format_args!("'async for' requires an iterator with __anext__ method, got {name}"))
        );
    };
    let awaitable = match await_iterator(th, &next, 0) {
        Ok(awaitable) => awaitable,
        Err(raised) => {
            let cause = th.take_exception();
            let name = th.type_name(&next);
            let _ = raised;
            let message = format!("'async for' received an invalid object from __anext__: {name}");
            let text = th.str(&message);
            let exception = exceptions::new(th, Exc::TypeError, vec![text])?;
            return Err(exceptions::raise_from(th, exception, cause));
        }
    };
    kill(th, frame, i, KILL_B, i.b);
    put(th, frame, i.a as usize, awaitable);
    Ok(())
}

/// `END_ASYNC_FOR`
#[inline(never)]
pub fn end_async_for(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    // SAFETY: the register's reference moves out.
    let exception =
        unsafe { Value::from_word(std::mem::replace(&mut *frame.register(i.b as usize), UNBOUND)) };
    let stop = Exc::StopAsyncIteration.class();
    if th.type_of(&exception).is_subtype(th, stop) {
        put(th, frame, i.a as usize, Value::UNBOUND);
        return Ok(());
    }
    Err(th.set_raised(exception))
}

/// StopIteration (or StopAsyncIteration) that leaves the body of a generator becomes a RuntimeError.
pub fn stop_iteration_error(th: &mut Thread, exception: &Value) -> PyResult {
    let class = th.type_of(exception);
    let kind = frame::current(th).map_or(0, |f| f.code().payload.unit.flags);
    let what = match kind {
        f if f & flags::ASYNC_GENERATOR != 0 => "async generator",
        f if f & flags::COROUTINE != 0 => "coroutine",
        _ => "generator",
    };
    let message = if class.is_subtype(th, Exc::StopIteration.class()) {
        format!("{what} raised StopIteration")
    } else if kind & flags::ASYNC_GENERATOR != 0 && class.is_subtype(th, Exc::StopAsyncIteration.class()) {
        "async generator raised StopAsyncIteration".to_string()
    } else {
        return Ok(exception.clone());
    };
    let text = th.str(&message);
    let error = exceptions::new(th, Exc::RuntimeError, vec![text])?;
    if let Some(error) = exceptions::as_exception(th, &error) {
        error.set_cause(th, exception.clone());
        error.set_context(th, exception.clone());
    }
    Ok(error)
}

/// Enters the frame of a generator whose body was taken. Too deep, the body rests again.
#[inline(always)]
pub fn go_on(th: &mut Thread, generator: &Obj<Generator>, flags: u64) -> PyResult<Frame> {
    if th.depth >= recursion_limit() {
        generator.body.rest();
        return Err(super::call::too_deep(th));
    }
    Ok(begin(th, generator, generator.as_value().clone(), flags))
}

/// Makes the frame of a generator, whose body was taken, the innermost one; `reference` is the frame's to the generator.
#[inline(always)]
fn begin(th: &mut Thread, generator: &Obj<Generator>, reference: Value, flags: u64) -> Frame {
    // SAFETY: the caller has the body.
    let suspended = unsafe { generator.body.held() };
    let frame = suspended.frame();
    frame.enter_again(frame::top(th), th.frame, flags);
    // SAFETY: extra holds nothing yet.
    unsafe { frame.extra().write(reference.into_word()) };
    enter_handled(th, suspended);
    th.frame = frame.0;
    th.depth += 1;
    frame
}

/// Where a generator that gets an exception thrown in goes on: at the handler, or nowhere.
pub fn throw_into(th: &mut Thread, frame: Frame) -> Option<Resume> {
    let pc = frame.pc();
    super::unwind::unwind(th, frame, pc)
}

/// The sub-iterator that a suspended generator delegates to.
pub fn delegate_of(suspended: &Suspended) -> Option<Value> {
    // SAFETY: a suspended generator stopped behind a YIELD or at its very start.
    let i = unsafe { *suspended.frame().pc().sub(1) };
    if i.opcode != Opcode::Yield as u8 || i.flags & DELEGATE == 0 {
        return None;
    }
    // SAFETY: the register of the sub-iterator holds a value.
    Some(unsafe { Value::borrow_word(&*suspended.frame().register(i.a as usize + 1)) }.clone())
}

/// True if GeneratorExit, raised where the body stopped, would leave it without running anything.
pub fn ends_silently(code: &Code, suspended: &Suspended) -> bool {
    if delegate_of(suspended).is_some() {
        return false;
    }
    let index = suspended.frame().instruction_index();
    let Some(entry) = super::unwind::handler(code, index) else { return true };
    // The handler around every body, which keeps StopIteration in.
    code.unit
        .instructions
        .get(entry.target as usize)
        .is_some_and(|i| i.opcode == Opcode::Intrinsic as u8 && i.b == Intrinsic::StopIterationError as u16)
}

/// The generator goes on as if its sub-iterator had ended with `result`.
pub fn finish_delegation(suspended: &mut Suspended, result: Value) -> Value {
    // SAFETY: `delegate_of` answered, so SEND stands before YIELD.
    let (send, at) = unsafe {
        let at = suspended.frame().pc().sub(2);
        (*at, at)
    };
    // SAFETY: the jump stays inside the code; it counts from the word after SEND.
    suspended.frame().set_pc(unsafe { at.add(1).offset(send.c.cast_signed() as isize) });
    // SAFETY: the register's reference moves out.
    unsafe {
        let register = &mut *suspended.frame().register(send.a as usize);
        Value::from_word(std::mem::replace(register, result.into_word()))
    }
}
