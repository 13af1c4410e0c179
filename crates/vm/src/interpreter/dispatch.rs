//! The loop: fetch, dispatch, fast paths.
//!
//! # Conventions
//! - `pc` points to the instruction and moves on at the end of its handler; `base` to register 0 and is `th.frame`, which
//!   whoever changes frames sets; both live in machine registers. Operands are loaded field by field where they are used:
//!   shifting them out of one word costs more.
//! - `fail!` leaves a handler with the exception pending; the loop unwinds and goes on at a handler, or returns.
//! - Before anything that may run Python, raise or look at frames, `save!` writes the address of the next word into the frame.
//! - A `slow!` handler is an out-of-line function over (thread, base, instruction) that does the whole instruction,
//!   kills included, and answers whether it raised.

use std::sync::atomic::AtomicU64;

use compiler::bytecode::instruction::{IF_TRUE, Instruction, KILL_A, KILL_B, KILL_C, Opcode};
use object_model::list::List;
use object_model::object::slot::count_quick;
use object_model::shape::{ShapeId, builtin};
use object_model::value::float::{float_word, is_float_word, word_float};
use object_model::value::int::{INT_TAG, add_words, both_int, int_word, mul_words, sub_words};
use object_model::value::singleton::{FALSE, LIST_MARK, NONE, RANGE_MARK, TRUE, TUPLE_MARK, UNBOUND};
use object_model::{Header, Obj, Object, Value};

use super::iterate::Stepped;
pub use super::outcome::{Outcome, Resume};
use super::{
    arithmetic, attribute, build, cache, call, exception, generator, iterate, names, pattern, subscript,
    unwind,
};
use crate::builtins::code::Code;
use crate::error::{PyResult, Raised};
use crate::frame::{Frame, bit, drop_word_as};
use crate::protocol::{BinaryOp, CompareOp};
use crate::thread::Thread;

/// # Safety
/// `word` must be a reference's word.
#[inline(always)]
unsafe fn header<'a>(word: u64) -> &'a Header {
    // SAFETY: the caller's word.
    unsafe { &*(word as *const Header) }
}

/// The value of a word, counted out of line. Answers it, so that the caller need not keep the word.
///
/// # Safety
/// The word must be in use, and hold its object alive.
#[cold]
#[inline(never)]
unsafe fn count(th: &Thread, word: u64) -> Value {
    // SAFETY: the caller's word.
    let value = unsafe { Value::borrow_word(&word) };
    value.clone_as(th.owner())
}

/// The instruction in one load: the handlers' own loads of its fields would be put together again for a call.
#[inline(always)]
fn whole(i: &Instruction) -> Instruction {
    // SAFETY: an instruction is eight bytes, aligned as such, without padding; any word made of one is one.
    unsafe { std::mem::transmute(std::ptr::from_ref(i).cast::<u64>().read()) }
}

/// Runs from the given frame, which has the ENTRY bit, until it returns or its exception leaves it.
pub fn run(th: &mut Thread, entry: Frame) -> PyResult {
    let mut base: *mut u64 = entry.0;
    let mut pc: *const Instruction = entry.pc();
    let mut constants: *const u64 = entry.code().payload.constants.as_ptr().cast();
    // A thread keeps its heap.
    let me = th.owner();

    macro_rules! reg {
        ($n:expr) => {
            // SAFETY: the compiler names registers of the frame only.
            unsafe { *base.add($n as usize) }
        };
    }
    macro_rules! constant {
        ($n:expr) => {
            // SAFETY: the compiler names constants of the code only.
            unsafe { *constants.add($n as usize) }
        };
    }
    macro_rules! save {
        () => {
            // SAFETY: code ends with a return or a jump, so there is a next word.
            Frame(base).set_pc(unsafe { pc.add(1) })
        };
    }
    macro_rules! write {
        ($n:expr, $word:expr) => {{
            let word: u64 = $word;
            // SAFETY: as in `reg`; the old word's reference was the register's.
            unsafe {
                let register = base.add($n as usize);
                let old = *register;
                *register = word;
                if old & 7 == 0 {
                    drop_word_as(th, me, old);
                }
            }
        }};
    }
    // Writes a temporary that holds no reference (R1 of the instruction set).
    macro_rules! put_word {
        ($n:expr, $word:expr) => {{
            let word: u64 = $word;
            // SAFETY: as in `reg`.
            unsafe {
                debug_assert!(*base.add($n as usize) & 7 != 0, "a temporary in use");
                *base.add($n as usize) = word;
            }
        }};
    }
    // The value of a word, counted.
    macro_rules! counted {
        ($word:expr) => {{
            let word: u64 = $word;
            // SAFETY: the word is in use, and holds its object alive.
            unsafe { count_quick(me, word).unwrap_or_else(|| count(th, word)) }
        }};
    }
    // A register's value: moved if the flag says that it dies here, else counted.
    macro_rules! take {
        ($n:expr, $flag:expr, $i:expr) => {{
            let word = reg!($n);
            if $i.flags & $flag != 0 {
                // SAFETY: as in `reg`.
                unsafe { *base.add($n as usize) = UNBOUND };
                // SAFETY: the reference is ours, moved.
                unsafe { Value::from_word(word) }
            } else {
                counted!(word)
            }
        }};
    }
    macro_rules! kill {
        ($n:expr) => {{
            // SAFETY: as in `write`.
            unsafe {
                let register = base.add($n as usize);
                let old = *register;
                if old & 7 == 0 {
                    *register = UNBOUND;
                    drop_word_as(th, me, old);
                }
            }
        }};
    }
    macro_rules! value {
        ($n:expr) => {
            // SAFETY: a register holds a valid value; the borrow ends before the register is written.
            unsafe { Value::borrow_word(&*base.add($n as usize)) }
        };
    }
    // A register's object, whose payload is known: by its shape, an iteration's mark, or because the compiler made it.
    macro_rules! typed {
        ($payload:ty, $n:expr) => {{
            let value = value!($n);
            // SAFETY: the payload is known at each use.
            let object: &Obj<$payload> = unsafe { Obj::borrow_unchecked(value) };
            object
        }};
    }
    macro_rules! fail {
        () => {{
            // SAFETY: as in `save`.
            match unwind::unwind(th, Frame(base), unsafe { pc.add(1) }) {
                Some(resume) => {
                    base = resume.frame.0;
                    pc = resume.pc;
                    constants = resume.frame.code().payload.constants.as_ptr().cast();
                    continue;
                }
                None => return Err(unwind::leaving(th)),
            }
        }};
    }
    macro_rules! check {
        ($result:expr) => {
            match $result {
                Ok(value) => value,
                Err(Raised { .. }) => fail!(),
            }
        };
    }
    macro_rules! slow {
        ($function:expr, $i:expr) => {{
            save!();
            let f: fn(&mut Thread, Frame, Instruction) -> PyResult<()> = $function;
            check!(f(th, Frame(base), whole($i)));
        }};
    }
    macro_rules! enter {
        ($resume:expr) => {{
            let resume: Resume = $resume;
            base = resume.frame.0;
            pc = resume.pc;
            constants = resume.frame.code().payload.constants.as_ptr().cast();
        }};
    }
    // Nowhere: an exception is pending.
    macro_rules! enter_or_fail {
        ($resume:expr) => {{
            let resume: Resume = $resume;
            if resume.is_nowhere() {
                fail!();
            }
            enter!(resume);
        }};
    }
    // Goes on with the next word; the end of the loop does the same.
    macro_rules! next {
        () => {{
            skip!(1);
            continue;
        }};
    }
    macro_rules! outcome {
        ($result:expr) => {
            match check!($result) {
                Outcome::Next => {}
                Outcome::Frame(resume) => {
                    enter!(resume);
                    continue;
                }
                Outcome::Done(value) => return Ok(value),
            }
        };
    }
    // Before a jump back: what is raised is raised at the jump, which is where the handlers of the loop are looked up.
    macro_rules! poll {
        () => {
            if th.wants_poll() {
                save!();
                check!(crate::thread::safepoint::pass(th));
            }
        };
    }
    macro_rules! jump {
        ($distance:expr) => {
            // SAFETY: the compiler's jumps stay inside the code.
            pc = unsafe { pc.offset($distance as isize) }
        };
    }
    macro_rules! skip {
        ($words:expr) => {
            // SAFETY: the instruction has this many words after it.
            pc = unsafe { pc.add($words) }
        };
    }
    macro_rules! cache_word {
        ($n:expr) => {
            // SAFETY: the instruction has cache words, which are atomics in the code object.
            unsafe { &*pc.add(1).cast::<AtomicU64>().add($n) }
        };
    }
    macro_rules! cache_words {
        ($count:expr) => {
            // SAFETY: as in `cache_word`.
            unsafe { std::slice::from_raw_parts(pc.add(1).cast::<AtomicU64>(), $count) }
        };
    }
    macro_rules! arith_with {
        ($i:expr, $y:expr, $int:path, $float:tt, $slow:path, $op:ident) => {{
            let (x, y): (u64, u64) = (reg!($i.b), $y);
            if both_int(x, y) {
                if let Some(word) = $int(x, y) {
                    write!($i.a, word);
                    next!();
                }
            } else if is_float_word(x) && is_float_word(y) {
                if let Some(word) = float_word(word_float(x) $float word_float(y)) {
                    write!($i.a, word);
                    next!();
                }
            } else if let (Some(p), Some(q)) = (arithmetic::as_float(x), arithmetic::as_float(y)) {
                if let Some(word) = float_word(p $float q) {
                    write!($i.a, word);
                    next!();
                }
            }
            save!();
            check!($slow(th, Frame(base), whole($i), BinaryOp::$op));
        }};
    }
    macro_rules! arith {
        ($i:expr, $int:path, $float:tt, $op:ident) => {
            arith_with!($i, reg!($i.c), $int, $float, arithmetic::binary, $op)
        };
    }
    macro_rules! arith_k {
        ($i:expr, $int:path, $float:tt, $op:ident) => {
            arith_with!($i, constant!($i.c), $int, $float, arithmetic::binary_constant, $op)
        };
    }
    // By a function over the two words that answers None for what it does not know.
    macro_rules! by_words {
        ($i:expr, $y:expr, $fast:expr, $slow:path, $op:ident) => {{
            let fast: fn(u64, u64) -> Option<u64> = $fast;
            if let Some(word) = fast(reg!($i.b), $y) {
                write!($i.a, word);
                next!();
            }
            save!();
            check!($slow(th, Frame(base), whole($i), BinaryOp::$op));
        }};
    }
    macro_rules! words {
        ($i:expr, $fast:expr, $op:ident) => {
            by_words!($i, reg!($i.c), $fast, arithmetic::binary, $op)
        };
    }
    macro_rules! words_k {
        ($i:expr, $fast:expr, $op:ident) => {
            by_words!($i, constant!($i.c), $fast, arithmetic::binary_constant, $op)
        };
    }
    // The same over the words of ints only.
    macro_rules! int_words {
        ($fast:expr) => {
            |x, y| {
                let fast: fn(u64, u64) -> Option<u64> = $fast;
                if both_int(x, y) { fast(x, y) } else { None }
            }
        };
    }
    macro_rules! int_only {
        ($i:expr, $fast:expr, $op:ident) => {
            words!($i, int_words!($fast), $op)
        };
    }
    macro_rules! int_only_k {
        ($i:expr, $fast:expr, $op:ident) => {
            words_k!($i, int_words!($fast), $op)
        };
    }
    macro_rules! compare {
        ($x:expr, $y:expr, $rel:tt, $slow:expr) => {{
            let (x, y): (u64, u64) = ($x, $y);
            if both_int(x, y) {
                x.cast_signed() $rel y.cast_signed()
            } else if is_float_word(x) && is_float_word(y) {
                word_float(x) $rel word_float(y)
            } else {
                save!();
                check!($slow)
            }
        }};
    }
    macro_rules! compare_value {
        ($i:expr, $rel:tt, $op:ident) => {{
            let (x, y) = (reg!($i.b), reg!($i.c));
            if both_int(x, y) {
                write!($i.a, FALSE | u64::from(x.cast_signed() $rel y.cast_signed()) << 3);
            } else if is_float_word(x) && is_float_word(y) {
                write!($i.a, FALSE | u64::from(word_float(x) $rel word_float(y)) << 3);
            } else {
                save!();
                check!(arithmetic::compare_value(th, Frame(base), whole($i), CompareOp::$op));
            }
        }};
    }
    macro_rules! jump_compare {
        ($i:expr, $rel:tt, $op:ident) => {{
            let answer = compare!(
                reg!($i.a),
                reg!($i.b),
                $rel,
                arithmetic::compare_jump(th, Frame(base), whole($i), CompareOp::$op)
            );
            if answer == ($i.flags & IF_TRUE != 0) {
                jump!($i.c.cast_signed());
            }
        }};
    }
    macro_rules! jump_compare_k {
        ($i:expr, $rel:tt, $op:ident) => {{
            let answer = compare!(
                reg!($i.a),
                constant!($i.b),
                $rel,
                arithmetic::compare_jump_constant(th, Frame(base), whole($i), CompareOp::$op)
            );
            if answer == ($i.flags & IF_TRUE != 0) {
                jump!($i.c.cast_signed());
            }
        }};
    }
    macro_rules! loop_compare_with {
        ($i:expr, $y:expr, $rel:tt, $slow:path, $op:ident) => {{
            if compare!(reg!($i.a), $y, $rel, $slow(th, Frame(base), whole($i), CompareOp::$op)) {
                poll!();
                jump!($i.c.cast_signed());
            }
        }};
    }
    macro_rules! loop_compare {
        ($i:expr, $rel:tt, $op:ident) => {
            loop_compare_with!($i, reg!($i.b), $rel, arithmetic::compare_jump, $op)
        };
    }
    macro_rules! loop_compare_k {
        ($i:expr, $rel:tt, $op:ident) => {
            loop_compare_with!($i, constant!($i.b), $rel, arithmetic::compare_jump_constant, $op)
        };
    }
    macro_rules! truth {
        ($i:expr) => {
            match reg!($i.a) {
                TRUE => true,
                FALSE | NONE => false,
                word if word & INT_TAG == INT_TAG => word != INT_TAG,
                _ => {
                    save!();
                    check!(arithmetic::truth(th, Frame(base), whole($i)))
                }
            }
        };
    }
    macro_rules! identity {
        ($i:expr, $wanted:expr) => {{
            if $i.flags & (KILL_B | KILL_C) != 0 {
                arithmetic::identity_of_dying(th, Frame(base), whole($i), $wanted);
            } else {
                let same = reg!($i.b) == reg!($i.c);
                write!($i.a, FALSE | u64::from(same == $wanted) << 3);
            }
        }};
    }
    macro_rules! jump_truth {
        ($i:expr, $wanted:expr) => {{
            let truth = truth!($i);
            if $i.flags & KILL_A != 0 {
                kill!($i.a);
            }
            if truth == $wanted {
                jump!($i.wide());
            }
        }};
    }
    macro_rules! jump_none {
        ($i:expr, $wanted:expr) => {{
            let is_none = reg!($i.a) == NONE;
            if $i.flags & KILL_A != 0 {
                kill!($i.a);
            }
            if is_none == $wanted {
                jump!($i.wide());
            }
        }};
    }
    macro_rules! load_item {
        ($i:expr, $index:expr, $slow:expr) => {{
            if let Some(item) = subscript::item_quick(me, value!($i.b), $index) {
                write!($i.a, item.into_word());
                if $i.flags & KILL_B != 0 && $i.a != $i.b {
                    kill!($i.b);
                }
            } else {
                $slow
            }
        }};
    }
    macro_rules! return_word {
        ($word:expr) => {{
            let word: u64 = $word;
            let frame = Frame(base);
            frame.clear_variables(th, me);
            let flags = frame.flags();
            if flags == 0 {
                // SAFETY: the function's word is the frame's.
                unsafe {
                    let function = frame.function_word();
                    let callee = *function;
                    *function = UNBOUND;
                    drop_word_as(th, me, callee);
                }
                let destination = frame.destination();
                th.depth -= 1;
                let Some(caller) = frame.caller() else { return Ok(unwind::orphan(word)) };
                base = caller.0;
                pc = caller.pc();
                constants = caller.code().payload.constants.as_ptr().cast();
                th.frame = base;
                write!(destination, word);
                continue;
            }
            if flags & bit::GENERATOR != 0 {
                generator::returned(th, frame);
                // SAFETY: the returned word's reference is ours.
                let value = unsafe { Value::from_word(word) };
                if flags & bit::ENTRY != 0 {
                    return Ok(value);
                }
                enter!(generator::hand_over(th, Frame(th.frame), value, false));
                continue;
            }
            outcome!(call::return_rare(th, frame, word));
        }};
    }
    macro_rules! push_python {
        // SAFETY: the callee's window starts at `$new`, inside the thread's stack, whose end is checked here.
        ($i:expr, $code:expr) => {{
            let code: &Object<Code> = $code;
            // SAFETY: the window follows the callee's register.
            let mut new = Frame(unsafe { base.add($i.b as usize + crate::frame::HEADER) });
            save!();
            if call::has_no_room(th, new, code) {
                match call::simple_landing(th, Frame(base), $i.b, code) {
                    Some(above) => new = above,
                    None => check!(Err::<(), Raised>(call::too_deep(th))),
                }
            }
            new.begin(code, base, 0, $i.a);
            for number in code.payload.parameters..code.payload.variables_end {
                // SAFETY: a register of the new frame, which holds no reference (F2).
                unsafe { *new.0.add(number as usize) = UNBOUND };
            }
            th.depth += 1;
            th.frame = new.0;
            base = new.0;
            pc = code.payload.words.as_ptr().cast();
            constants = code.payload.constants.as_ptr().cast();
            poll!();
        }};
    }

    loop {
        debug_assert!(base == th.frame, "the frame that runs is the innermost one");
        // Read again for each instruction, and volatile, so that no handler's value of it has to reach another's: the register
        // allocator gives up on a variable that is written in hundreds of places and lives across all of them.
        // SAFETY: a field.
        base = unsafe { std::ptr::read_volatile(&raw const th.frame) };
        // SAFETY: pc points to an instruction of the running code.
        let i = unsafe { &*pc };
        // SAFETY: code objects hold what the compiler made, and opcodes are dense.
        match unsafe { std::mem::transmute::<u8, Opcode>(i.opcode) } {
            Opcode::Nop | Opcode::Extra => {}

            Opcode::Move => {
                let value = take!(i.b, KILL_B, i);
                write!(i.a, value.into_word());
            }
            Opcode::LoadConst => {
                let value = counted!(constant!(i.b));
                write!(i.a, value.into_word());
            }
            Opcode::CheckBound => {
                if reg!(i.a) == UNBOUND {
                    slow!(names::raise_unbound, i);
                }
            }
            Opcode::DeleteLocal => slow!(names::delete_local, i),
            Opcode::Clear => write!(i.a, UNBOUND),
            Opcode::MakeCell => slow!(names::make_cell, i),
            Opcode::LoadCell => match names::cell_quick(me, value!(i.b)) {
                Some(value) => write!(i.a, value.into_word()),
                None => slow!(names::load_cell, i),
            },
            Opcode::StoreCell => slow!(names::store_cell, i),
            Opcode::DeleteCell => slow!(names::delete_cell, i),

            Opcode::LoadGlobal => {
                if let Some(value) = cache::global_quick(me, Frame(base), cache_word!(0), cache_word!(1)) {
                    write!(i.a, value.into_word());
                } else {
                    slow!(names::load_global, i);
                }
                skip!(2);
            }
            Opcode::StoreGlobal => {
                slow!(names::store_global, i);
                skip!(1);
            }
            Opcode::DeleteGlobal => slow!(names::delete_global, i),
            Opcode::LoadName => {
                slow!(names::load_name, i);
                skip!(2);
            }
            Opcode::StoreName => {
                slow!(names::store_name, i);
                skip!(1);
            }
            Opcode::DeleteName => slow!(names::delete_name, i),
            Opcode::LoadFromDictOrGlobals => slow!(names::load_from_dict_or_globals, i),
            Opcode::LoadFromDictOrCell => {
                slow!(names::load_from_dict_or_cell, i);
                skip!(1);
            }
            Opcode::LoadLocals => slow!(names::load_locals, i),
            Opcode::LoadBuildClass => slow!(names::load_build_class, i),
            Opcode::LoadCommonConstant => slow!(names::load_common_constant, i),
            Opcode::SetupAnnotations => slow!(names::setup_annotations, i),

            Opcode::LoadAttr => {
                if let Some(found) = attribute::cached_first(me, value!(i.b), cache_words!(2)) {
                    write!(i.a, found.into_word());
                    if i.flags & KILL_B != 0 && i.a != i.b {
                        kill!(i.b);
                    }
                } else {
                    save!();
                    if let Some(resume) = check!(attribute::load(th, Frame(base), whole(i), cache_words!(2)))
                    {
                        enter!(resume);
                        continue;
                    }
                }
                skip!(2);
            }
            Opcode::StoreAttr => {
                let word = reg!(i.a);
                if word & 7 == 0 {
                    // SAFETY: a register's object is alive.
                    let object = unsafe { header(word) };
                    if attribute::store_first(th, me, object, cache_words!(2), || take!(i.c, KILL_C, i)) {
                        skip!(4);
                        if i.flags & KILL_A != 0 {
                            kill!(i.a);
                        }
                        next!();
                    }
                }
                save!();
                check!(attribute::store(th, Frame(base), whole(i), cache_words!(4)));
                skip!(4);
            }
            Opcode::DeleteAttr => slow!(attribute::delete, i),
            Opcode::LoadMethod => {
                let word = reg!(i.b);
                if word & 7 == 0 {
                    // SAFETY: a register's object is alive.
                    let object = unsafe { header(word) };
                    if let Some(method) = cache::method_quick(me, cache_words!(2), object) {
                        if i.flags & KILL_B != 0 {
                            // SAFETY: as in `reg`; the reference moves below.
                            unsafe { *base.add(i.b as usize) = UNBOUND };
                        }
                        put_word!(i.a, method.into_word());
                        let receiver = if i.flags & KILL_B != 0 { word } else { counted!(word).into_word() };
                        put_word!(i.a as usize + crate::frame::HEADER, receiver);
                        skip!(2);
                        next!();
                    }
                }
                save!();
                check!(attribute::load_method(th, Frame(base), whole(i), cache_words!(2)));
                skip!(2);
            }
            Opcode::LoadSuperAttr => {
                slow!(attribute::load_super_attr, i);
                skip!(1);
            }
            Opcode::LoadSuperMethod => {
                slow!(attribute::load_super_method, i);
                skip!(1);
            }
            Opcode::LoadSpecial => slow!(attribute::load_special, i),

            Opcode::LoadSubscr => load_item!(i, reg!(i.c), {
                save!();
                if let Some(resume) = check!(subscript::load(th, Frame(base), whole(i))) {
                    enter!(resume);
                    continue;
                }
            }),
            Opcode::LoadSubscrK => load_item!(i, constant!(i.c), slow!(subscript::load_constant, i)),
            Opcode::StoreSubscr => {
                if !subscript::store_item(th, me, Frame(base), whole(i)) {
                    slow!(subscript::store, i);
                } else if i.flags & KILL_A != 0 {
                    kill!(i.a);
                }
            }
            Opcode::DeleteSubscr => slow!(subscript::delete, i),
            Opcode::LoadSlice => slow!(subscript::load_slice, i),
            Opcode::StoreSlice => slow!(subscript::store_slice, i),
            Opcode::BuildSlice => slow!(build::slice, i),

            Opcode::Add => arith!(i, add_words, +, Add),
            Opcode::Sub => arith!(i, sub_words, -, Sub),
            Opcode::Mul => arith!(i, mul_words, *, Mul),
            Opcode::AddK => arith_k!(i, add_words, +, Add),
            Opcode::SubK => arith_k!(i, sub_words, -, Sub),
            Opcode::MulK => arith_k!(i, mul_words, *, Mul),
            Opcode::TrueDiv => words!(i, arithmetic::true_div_words, TrueDiv),
            Opcode::TrueDivK => words_k!(i, arithmetic::true_div_words, TrueDiv),
            Opcode::FloorDiv => int_only!(i, arithmetic::floor_div_words, FloorDiv),
            Opcode::FloorDivK => int_only_k!(i, arithmetic::floor_div_words, FloorDiv),
            Opcode::Mod => int_only!(i, arithmetic::mod_words, Mod),
            Opcode::ModK => int_only_k!(i, arithmetic::mod_words, Mod),
            Opcode::Pow => words!(i, arithmetic::pow_words, Pow),
            Opcode::PowK => words_k!(i, arithmetic::pow_words, Pow),
            Opcode::MatMul => {
                save!();
                check!(arithmetic::binary(th, Frame(base), whole(i), BinaryOp::MatMul));
            }
            Opcode::LShift => int_only!(i, arithmetic::l_shift_words, LShift),
            Opcode::LShiftK => int_only_k!(i, arithmetic::l_shift_words, LShift),
            Opcode::RShift => int_only!(i, arithmetic::r_shift_words, RShift),
            Opcode::RShiftK => int_only_k!(i, arithmetic::r_shift_words, RShift),
            Opcode::And => int_only!(i, |x, y| Some(x & y), And),
            Opcode::AndK => int_only_k!(i, |x, y| Some(x & y), And),
            Opcode::Or => int_only!(i, |x, y| Some(x | y), Or),
            Opcode::Xor => int_only!(i, |x, y| Some(x ^ y | INT_TAG), Xor),
            Opcode::Neg => {
                let word = reg!(i.b);
                if word & INT_TAG == INT_TAG
                    && let Some(negated) = sub_words(int_word(0), word)
                {
                    write!(i.a, negated);
                } else if is_float_word(word)
                    && let Some(negated) = float_word(-word_float(word))
                {
                    write!(i.a, negated);
                } else {
                    slow!(arithmetic::negate, i);
                }
            }
            Opcode::Pos => slow!(arithmetic::positive, i),
            Opcode::Invert => slow!(arithmetic::invert, i),
            Opcode::Not => match reg!(i.b) {
                TRUE => write!(i.a, FALSE),
                FALSE | NONE => write!(i.a, TRUE),
                _ => slow!(arithmetic::not, i),
            },
            Opcode::ToBool => slow!(arithmetic::to_bool, i),

            Opcode::Lt => compare_value!(i, <, Lt),
            Opcode::Le => compare_value!(i, <=, Le),
            Opcode::Eq => compare_value!(i, ==, Eq),
            Opcode::Ne => compare_value!(i, !=, Ne),
            Opcode::Gt => compare_value!(i, >, Gt),
            Opcode::Ge => compare_value!(i, >=, Ge),
            Opcode::Is => identity!(i, true),
            Opcode::IsNot => identity!(i, false),
            Opcode::In | Opcode::NotIn => slow!(subscript::contains, i),

            Opcode::Jump => jump!(i.wide()),
            Opcode::JumpBack => {
                poll!();
                jump!(i.wide());
            }
            Opcode::JumpBackNoPoll => jump!(i.wide()),
            Opcode::JumpIfTrue => jump_truth!(i, true),
            Opcode::JumpIfFalse => jump_truth!(i, false),
            Opcode::LoopIfTrue => {
                let truth = truth!(i);
                if i.flags & KILL_A != 0 {
                    kill!(i.a);
                }
                if truth {
                    poll!();
                    jump!(i.wide());
                }
            }
            Opcode::JumpIfNone => jump_none!(i, true),
            Opcode::JumpIfNotNone => jump_none!(i, false),
            Opcode::JumpLt => jump_compare!(i, <, Lt),
            Opcode::JumpLe => jump_compare!(i, <=, Le),
            Opcode::JumpEq => jump_compare!(i, ==, Eq),
            Opcode::JumpNe => jump_compare!(i, !=, Ne),
            Opcode::JumpGt => jump_compare!(i, >, Gt),
            Opcode::JumpGe => jump_compare!(i, >=, Ge),
            Opcode::JumpLtK => jump_compare_k!(i, <, Lt),
            Opcode::JumpLeK => jump_compare_k!(i, <=, Le),
            Opcode::JumpEqK => jump_compare_k!(i, ==, Eq),
            Opcode::JumpNeK => jump_compare_k!(i, !=, Ne),
            Opcode::JumpGtK => jump_compare_k!(i, >, Gt),
            Opcode::JumpGeK => jump_compare_k!(i, >=, Ge),
            Opcode::JumpIs => {
                let same = if i.flags & (KILL_A | KILL_B) != 0 {
                    arithmetic::jump_identity_of_dying(Frame(base), whole(i))
                } else {
                    reg!(i.a) == reg!(i.b)
                };
                if same == (i.flags & IF_TRUE != 0) {
                    jump!(i.c.cast_signed());
                }
            }
            Opcode::JumpIn => {
                save!();
                let found = check!(subscript::contains_jump(th, Frame(base), whole(i)));
                if found == (i.flags & IF_TRUE != 0) {
                    jump!(i.c.cast_signed());
                }
            }
            Opcode::LoopLt => loop_compare!(i, <, Lt),
            Opcode::LoopLe => loop_compare!(i, <=, Le),
            Opcode::LoopEq => loop_compare!(i, ==, Eq),
            Opcode::LoopNe => loop_compare!(i, !=, Ne),
            Opcode::LoopGt => loop_compare!(i, >, Gt),
            Opcode::LoopGe => loop_compare!(i, >=, Ge),
            Opcode::LoopLtK => loop_compare_k!(i, <, Lt),
            Opcode::LoopLeK => loop_compare_k!(i, <=, Le),
            Opcode::LoopEqK => loop_compare_k!(i, ==, Eq),
            Opcode::LoopNeK => loop_compare_k!(i, !=, Ne),
            Opcode::LoopGtK => loop_compare_k!(i, >, Gt),
            Opcode::LoopGeK => loop_compare_k!(i, >=, Ge),

            Opcode::GetIter => slow!(iterate::get_iter, i),
            Opcode::ForNext => {
                let mark = reg!(i.a);
                if mark == RANGE_MARK {
                    // Next and stop are int words, which compare and count without untagging.
                    let (next, stop) = (reg!(i.a as usize + 1), reg!(i.a as usize + 2));
                    if next.cast_signed() < stop.cast_signed() {
                        // SAFETY: as in `reg`; next is below stop, so the next number fits (negative ones wrap as words).
                        unsafe { *base.add(i.a as usize + 1) = next.wrapping_add(1 << 2) };
                        write!(i.b, next);
                        poll!();
                        jump!(i.c.cast_signed());
                    }
                    next!();
                }
                if mark == LIST_MARK || mark == TUPLE_MARK {
                    if let Some(item) = iterate::step_quick(me, Frame(base), i.a, mark) {
                        write!(i.b, item.into_word());
                    } else if !iterate::step(th, Frame(base), whole(i)) {
                        next!();
                    }
                    poll!();
                    jump!(i.c.cast_signed());
                    next!();
                }
                save!();
                // SAFETY: an object that a register keeps.
                if mark & 7 == 0 && unsafe { header(mark) }.shape_id() == builtin::GENERATOR {
                    enter_or_fail!(generator::for_next(th, Frame(base), whole(i)));
                    continue;
                }
                let stepped = check!(iterate::next(th, Frame(base), whole(i)));
                if stepped == Stepped::Out {
                    next!();
                }
                poll!();
                jump!(i.c.cast_signed());
                skip!(usize::from(stepped == Stepped::Unpacked));
            }
            Opcode::AdoptIter => slow!(iterate::adopt, i),
            Opcode::GetIterator => slow!(iterate::get_iterator, i),
            Opcode::EndIter => {
                kill!(i.a);
                kill!(i.a as usize + 1);
                kill!(i.a as usize + 2);
            }
            Opcode::UnpackSequence => {
                if !iterate::unpack_known(th, me, Frame(base), whole(i)) {
                    slow!(iterate::unpack, i);
                }
            }
            Opcode::UnpackEx => slow!(iterate::unpack_ex, i),

            Opcode::Call => {
                let callee = reg!(i.b);
                // SAFETY: a register's object is alive.
                let shape = if callee & 7 == 0 { unsafe { header(callee) }.shape_id() } else { ShapeId(0) };
                if shape == builtin::FUNCTION {
                    // SAFETY: the shape says so.
                    if let Some(code) = unsafe { call::simple_code(Frame(base), *i, callee) } {
                        push_python!(i, code);
                        continue;
                    }
                    save!();
                    enter_or_fail!(call::function(th, Frame(base), whole(i)));
                    continue;
                }
                save!();
                let native =
                    if call::is_native(shape) { call::call_native(th, Frame(base), whole(i)) } else { None };
                match native {
                    Some(result) => check!(result),
                    None => outcome!(call::call(th, Frame(base), whole(i))),
                }
            }
            Opcode::CallKw => {
                // SAFETY: the operand word follows.
                let extra = unsafe { *pc.add(1) };
                skip!(1);
                save!();
                outcome!(call::call_keywords(th, Frame(base), whole(i), extra.a));
            }
            Opcode::CallEx => {
                save!();
                outcome!(call::call_unpacked(th, Frame(base), whole(i)));
            }
            Opcode::Return => {
                let word = reg!(i.a);
                // SAFETY: as in `reg`.
                unsafe { *base.add(i.a as usize) = UNBOUND };
                return_word!(word);
            }
            Opcode::ReturnConst => {
                let word = constant!(i.a);
                if word & 7 == 0 {
                    // SAFETY: the code keeps its constants alive.
                    unsafe { header(word) }.increment_as(me);
                }
                return_word!(word);
            }
            Opcode::MakeFunction => slow!(build::function, i),

            Opcode::BuildTuple => slow!(build::tuple, i),
            Opcode::BuildList => slow!(build::list, i),
            Opcode::BuildSet => slow!(build::set, i),
            Opcode::BuildMap => slow!(build::map, i),
            Opcode::BuildString => slow!(build::string, i),
            Opcode::BuildTemplate => slow!(build::template, i),
            Opcode::BuildInterpolation => slow!(build::interpolation, i),
            Opcode::ListAppend => {
                let list = typed!(List, i.a);
                let value = take!(i.b, KILL_B, i);
                if list.push(th, value).is_err() {
                    save!();
                    check!(Err::<(), Raised>(th.memory_error()));
                }
            }
            Opcode::ListExtend => slow!(build::list_extend, i),
            Opcode::SetAdd => slow!(build::set_add, i),
            Opcode::SetUpdate => slow!(build::set_update, i),
            Opcode::MapAdd => slow!(build::map_add, i),
            Opcode::DictUpdate => slow!(build::dict_update, i),
            Opcode::DictMerge => slow!(build::dict_merge, i),
            Opcode::ListToTuple => slow!(build::list_to_tuple, i),
            Opcode::FormatSimple => slow!(build::format_simple, i),
            Opcode::FormatSpec => slow!(build::format_spec, i),
            Opcode::Convert => slow!(build::convert, i),

            Opcode::Raise => slow!(exception::raise, i),
            Opcode::RaiseAgain => slow!(exception::raise_again, i),
            Opcode::Reraise => {
                save!();
                exception::reraise(th, Frame(base), whole(i));
                fail!();
            }
            Opcode::PushExc => slow!(exception::push, i),
            Opcode::PopExc => slow!(exception::pop, i),
            Opcode::ExcMatch => slow!(exception::matches, i),
            Opcode::ExcGroupMatch => slow!(exception::group_match, i),
            Opcode::PrepReraiseStar => slow!(exception::prep_reraise_star, i),
            Opcode::WithExceptStart => slow!(exception::with_except_start, i),

            Opcode::ReturnGenerator => {
                save!();
                outcome!(generator::make(th, Frame(base)));
            }
            Opcode::Yield => {
                save!();
                if Frame(base).flags() == bit::GENERATOR | bit::ENTRY {
                    return Ok(generator::yield_out(th, Frame(base), whole(i)));
                }
                let resume = generator::yield_to_loop(th, Frame(base), whole(i));
                if !resume.is_nowhere() {
                    enter!(resume);
                    continue;
                }
                outcome!(generator::yield_value(th, Frame(base), whole(i)));
            }
            Opcode::Send => {
                save!();
                enter_or_fail!(generator::send_to(th, Frame(base), whole(i)));
                continue;
            }
            Opcode::GetYieldFromIter => slow!(generator::yield_from_iter, i),
            Opcode::GetAwaitable => slow!(generator::awaitable, i),
            Opcode::GetAIter => slow!(generator::async_iter, i),
            Opcode::GetANext => slow!(generator::async_next, i),
            Opcode::EndAsyncFor => slow!(generator::end_async_for, i),

            Opcode::ImportName => slow!(names::import_name, i),
            Opcode::ImportFrom => slow!(names::import_from, i),
            Opcode::ImportStar => slow!(names::import_star, i),

            Opcode::GetLen => slow!(pattern::length, i),
            Opcode::MatchMapping => slow!(pattern::mapping, i),
            Opcode::MatchSequence => slow!(pattern::sequence, i),
            Opcode::MatchKeys => slow!(pattern::keys, i),
            Opcode::MatchClass => {
                save!();
                // SAFETY: the operand word follows.
                let extra = unsafe { *pc.add(1) };
                check!(pattern::class(th, Frame(base), whole(i), extra.a as usize));
                skip!(1);
            }
            Opcode::MatchRest => slow!(pattern::rest, i),
            Opcode::Intrinsic => slow!(build::intrinsic, i),
        }
        skip!(1);
    }
}
