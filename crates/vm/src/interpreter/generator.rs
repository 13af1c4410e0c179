//! Generators and coroutines in the interpreter: making, yielding, delegating.
//!
//! A suspended generator owns its registers (`builtins::generator`). To run, they are copied to the top of the running
//! thread's stack; to suspend, back again.

use compiler::bytecode::code::flags;
use compiler::bytecode::instruction::{DELEGATE, Instruction, KILL_B};
use object_model::value::singleton::UNBOUND;
use object_model::{Obj, Value};

use super::attribute::{kill, put, take};
use super::dispatch::{Outcome, Resume};
use crate::builtins::generator::{Generator, Kind, Resumed, Suspended};
use crate::class::{descriptor, special};
use crate::error::PyResult;
use crate::exceptions::{self, Exc};
use crate::frame::{self, Frame, bit};
use crate::names::{Special, names};
use crate::thread::Thread;

fn value<'a>(frame: Frame, register: u16) -> &'a Value {
    // SAFETY: a register holds a valid value; callers clone before they write it.
    unsafe { Value::borrow_word(&*frame.register(register as usize)) }
}

/// Moves the registers of a frame out.
pub fn take_registers(frame: Frame) -> Box<[u64]> {
    let count = frame.code().payload.registers as usize;
    (0..count)
        // SAFETY: the frame's registers; each reference moves out once. Registers that are not live hold no object.
        .map(|n| unsafe { std::mem::replace(&mut *frame.register(n), UNBOUND) })
        .collect()
}

/// `RETURN_GENERATOR`: the frame becomes a generator, which is the result of the call.
#[inline(never)]
pub fn make(th: &mut Thread, frame: Frame) -> PyResult<Outcome> {
    let code = frame.code_object();
    let kind = match code.unit.flags {
        f if f & flags::COROUTINE != 0 => Kind::Coroutine,
        f if f & flags::ASYNC_GENERATOR != 0 => Kind::AsyncGenerator,
        _ => Kind::Generator,
    };
    let pc = frame.pc();
    // Temporaries do not exist yet: only the variables are moved.
    let variables = code.variables_end as usize;
    let registers: Box<[u64]> = (0..code.registers as usize)
        .map(|n| {
            if n < variables {
                // SAFETY: a register of the frame; the reference moves out.
                unsafe { std::mem::replace(&mut *frame.register(n), UNBOUND) }
            } else {
                UNBOUND
            }
        })
        .collect();
    // SAFETY: the function word is a value that the frame owns.
    let function = unsafe { Value::borrow_word(&*frame.function_word()) }.clone();
    let suspended = Suspended { registers, pc: pc as usize, function, handled: Value::NONE };
    let generator = Generator::make(th, kind, code, suspended);
    super::call::return_rare_plain(th, frame, generator)
}

/// `YIELD`
#[inline(never)]
pub fn yield_value(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<Outcome> {
    let yielded = take(frame, i, KILL_B, i.b);
    // SAFETY: the frame of a generator has the generator in its extra word.
    let generator = unsafe { Value::borrow_word(&*frame.extra()) }.clone();
    let Some(generator) = Generator::of(&generator) else {
        return Err(th.system_error("yield outside a generator"));
    };
    let generator = generator.clone();
    let suspended = put_back(th, frame);
    generator.suspend(th, suspended);
    Ok(Outcome::Done(yielded))
}

/// Takes a generator's frame off the stack again.
pub fn put_back(th: &mut Thread, frame: Frame) -> Suspended {
    // SAFETY: the function word is a value that the frame owns.
    let function = unsafe { Value::borrow_word(&*frame.function_word()) }.clone();
    let pc = frame.pc() as usize;
    // What it is handling is taken out by whoever resumed it.
    let suspended = Suspended { registers: take_registers(frame), pc, function, handled: Value::NONE };
    super::call::pop(th, frame);
    suspended
}

/// The body of a generator returned.
pub fn returned(th: &mut Thread, frame: Frame) {
    ended(th, frame);
}

/// An exception leaves the body of a generator.
pub fn failed(th: &mut Thread, frame: Frame) {
    ended(th, frame);
}

fn ended(th: &mut Thread, frame: Frame) {
    // SAFETY: the frame of a generator has the generator in its extra word.
    let generator = unsafe { Value::borrow_word(&*frame.extra()) }.clone();
    if let Some(generator) = Generator::of(&generator) {
        if let Some(object) = generator.take_frame(th) {
            frame::object::finish_generator(th, frame, &object);
        }
        generator.finish(th);
    }
}

/// `SEND`: true when the sub-iterator is done and `a` holds its result.
#[inline(never)]
pub fn send_to(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<bool> {
    let sent = value(frame, i.a).clone();
    let receiver = value(frame, i.b).clone();
    match delegate(th, &receiver, &sent)? {
        Resumed::Yielded(next) => {
            put(th, frame, i.a as usize, next);
            Ok(false)
        }
        Resumed::Returned(result) => {
            put(th, frame, i.a as usize, result);
            Ok(true)
        }
    }
}

/// Sends a value to an iterator; what it yields or returns.
fn delegate(th: &mut Thread, receiver: &Value, sent: &Value) -> PyResult<Resumed> {
    if let Some(generator) = Generator::of(receiver).filter(|g| g.kind != Kind::AsyncGenerator).cloned() {
        return Generator::resume(th, &generator, sent.clone());
    }
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
            if generator.kind == Kind::Coroutine && generator.is_delegating(th) {
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

/// Puts a suspended generator's registers on the stack, ready to run.
pub fn restore(th: &mut Thread, generator: &Obj<Generator>, mut suspended: Suspended) -> PyResult<Frame> {
    th.check_native_stack()?;
    // SAFETY: the header fits: the stack's end is checked next.
    let frame = Frame(unsafe { frame::top(th).add(frame::HEADER) });
    // SAFETY: the generator keeps its code.
    let code: &'static object_model::Object<_> = unsafe { &*generator.code.as_ptr().as_ptr() };
    if super::call::has_no_room(th, frame, code) {
        generator.suspend(th, suspended);
        return Err(super::call::too_deep(th));
    }
    // SAFETY: words above the innermost frame hold no reference (F2); all references move.
    unsafe {
        let function = std::mem::replace(&mut suspended.function, Value::NONE);
        frame.function_word().write(function.into_word());
    }
    frame.begin(code, th.frame, bit::ENTRY | bit::GENERATOR, 0);
    frame.set_pc(suspended.pc as *const Instruction);
    // SAFETY: as above.
    unsafe {
        frame.extra().write(generator.as_value().clone().into_word());
        for (n, word) in suspended.registers.iter_mut().enumerate() {
            frame.register(n).write(std::mem::replace(word, UNBOUND));
        }
    }
    th.frame = frame.0;
    th.depth += 1;
    Ok(frame)
}

/// Where a generator that gets an exception thrown in goes on: at the handler, or nowhere.
pub fn throw_into(th: &mut Thread, frame: Frame) -> Option<Resume> {
    let pc = frame.pc();
    super::unwind::unwind(th, frame, pc)
}

/// The sub-iterator that a suspended generator delegates to.
pub fn delegate_of(suspended: &Suspended) -> Option<Value> {
    // SAFETY: a suspended generator stopped behind a YIELD or at its very start.
    let i = unsafe { *(suspended.pc as *const Instruction).sub(1) };
    if i.opcode != compiler::bytecode::instruction::Opcode::Yield as u8 || i.flags & DELEGATE == 0 {
        return None;
    }
    // SAFETY: the register of the sub-iterator holds a value.
    Some(unsafe { Value::borrow_word(&suspended.registers[i.c as usize]) }.clone())
}

/// The generator goes on as if its sub-iterator had ended with `result`.
pub fn finish_delegation(suspended: &mut Suspended, result: Value) -> Value {
    // SAFETY: `delegate_of` answered, so SEND stands before YIELD.
    let (send, at) = unsafe {
        let at = (suspended.pc as *const Instruction).sub(2);
        (*at, at)
    };
    // SAFETY: the jump stays inside the code; it counts from the word after SEND.
    suspended.pc = unsafe { at.add(1).offset(send.c.cast_signed() as isize) } as usize;
    let old = std::mem::replace(&mut suspended.registers[send.a as usize], result.into_word());
    // SAFETY: the register's reference moves out.
    unsafe { Value::from_word(old) }
}

/// Gives the value sent to the YIELD that the generator stopped at.
pub fn deliver(suspended: &mut Suspended, sent: Value) -> Value {
    // SAFETY: as in `delegate_of`.
    let i = unsafe { *(suspended.pc as *const Instruction).sub(1) };
    if i.opcode != compiler::bytecode::instruction::Opcode::Yield as u8 {
        return sent;
    }
    let old = std::mem::replace(&mut suspended.registers[i.a as usize], sent.into_word());
    // SAFETY: the register's reference moves out.
    unsafe { Value::from_word(old) }
}
