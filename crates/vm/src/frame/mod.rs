//! Frames: where a running function keeps its registers.
//!
//! # Layout
//! A frame is a pointer to its register 0 on the thread's register stack; a generator's frame lies with the generator. The
//! words below it:
//!
//! ```text
//! base-7  floor        where the stack ended when the frame was entered | 3 (generators' frames only)
//! base-6  function     the callable (owned)
//! base-5  code         address of the code object | 3
//! base-4  caller       register 0 of the calling frame | 3 (3: none)
//! base-3  pc           address of the next instruction | 3, written when the frame calls or may raise
//! base-2  flags        (caller's destination register << 16 | bits) as an int word
//! base-1  extra        locals mapping, frame object, constructed instance or generator, as the bits say
//! base+0  registers …
//! ```
//!
//! # Invariants
//! - F1 Raw addresses are stored with the int tag, so a header word never looks like an object.
//! - F2 Words above a thread's innermost frame never look like objects (see `compiler::bytecode::instruction` R2).

pub mod locals;
pub mod object;
pub mod traceback;

use compiler::bytecode::instruction::{FRAME_HEADER, Instruction};
use object_model::dict::Dict;
use object_model::shape::builtin;
use object_model::string::Str;
use object_model::ty::Class;
use object_model::value::singleton::UNBOUND;
use object_model::{Obj, Object, Value};

use crate::builtins::code::Code;
use crate::builtins::function::Function;
use crate::error::PyResult;
use crate::thread::Thread;

pub use object::{FrameObject, current_object, object_of};

/// Words below register 0.
pub const HEADER: usize = FRAME_HEADER as usize;

/// Words below register 0 of a generator's frame.
pub const GENERATOR_HEADER: usize = HEADER + 1;

/// Bits of the flags word.
pub mod bit {
    /// Returning leaves the interpreter loop.
    pub const ENTRY: u64 = 1;
    /// The frame of a generator or coroutine; extra is the generator.
    pub const GENERATOR: u64 = 2;
    /// A constructor's `__init__`; the new instance is the call's result. Extra, or the frame object in it, holds it.
    pub const INIT: u64 = 4;
    /// Extra is the frame object.
    pub const OBJECT: u64 = 8;
    /// Extra is the locals mapping (module and class bodies).
    pub const MAPPING: u64 = 16;
    /// All bits; the destination lies above.
    pub const ALL: u64 = 0xFFFF;
}

/// A frame; `Copy` because it is an address, valid while the frame is on the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame(pub *mut u64);

impl Frame {
    /// A word of the header, `below` words under register 0.
    #[inline(always)]
    fn header(self, below: usize) -> *mut u64 {
        // SAFETY: a frame has its header below its registers.
        unsafe { self.0.sub(below) }
    }

    /// The callable.
    #[inline(always)]
    pub fn function_word(self) -> *mut u64 {
        self.header(6)
    }

    /// The code.
    #[inline(always)]
    pub fn code(self) -> &'static Object<Code> {
        // SAFETY: the function in the frame keeps its codes alive; the reference is used while the frame exists.
        unsafe { &*((self.header(5).read() - 3) as *const Object<Code>) }
    }

    /// The code as an owned handle.
    pub fn code_object(self) -> Obj<Code> {
        let code = self.code();
        code.header.increment_current();
        // SAFETY: counted just now; the payload is a `Code`.
        unsafe { Obj::from_value_unchecked(Value::from_header(std::ptr::NonNull::from(code).cast())) }
    }

    /// The calling frame, if the caller is Python code.
    #[inline]
    pub fn caller(self) -> Option<Frame> {
        // SAFETY: the header is there.
        let word = unsafe { self.header(4).read() } - 3;
        if word == 0 { None } else { Some(Frame(word as *mut u64)) }
    }

    /// The next instruction, as saved.
    #[inline(always)]
    pub fn pc(self) -> *const Instruction {
        // SAFETY: the header is there.
        (unsafe { self.header(3).read() } - 3) as *const Instruction
    }

    /// Saves the next instruction.
    #[inline(always)]
    pub fn set_pc(self, pc: *const Instruction) {
        // SAFETY: the header is there.
        unsafe { self.header(3).write(pc as u64 | 3) };
    }

    /// The index of the instruction being executed, from the saved pc.
    pub fn instruction_index(self) -> usize {
        let start = self.code().payload.words.as_ptr() as usize;
        ((self.pc() as usize).saturating_sub(start) / 8).saturating_sub(1)
    }

    /// Flag bits.
    #[inline(always)]
    pub fn flags(self) -> u64 {
        // SAFETY: the header is there.
        (unsafe { self.header(2).read() } >> 2) & bit::ALL
    }

    /// The caller's destination register.
    #[inline(always)]
    pub fn destination(self) -> usize {
        // SAFETY: the header is there.
        (unsafe { self.header(2).read() } >> 18) as usize
    }

    /// Sets flag bits and destination.
    #[inline(always)]
    pub fn set_flags(self, bits: u64, destination: u16) {
        // SAFETY: the header is there.
        unsafe { self.header(2).write((u64::from(destination) << 16 | bits) << 2 | 3) };
    }

    /// Adds and removes flag bits.
    pub fn change_flags(self, on: u64, off: u64) {
        let bits = self.flags() & !off | on;
        self.set_flags(bits, self.destination() as u16);
    }

    /// Enters a generator's frame again: above `floor` on the stack, called by `caller`.
    #[inline(always)]
    pub fn enter_again(self, floor: *mut u64, caller: *mut u64, flags: u64) {
        // SAFETY: a generator's frame has this header.
        unsafe {
            self.header(7).write(floor as u64 | 3);
            self.header(4).write(caller as u64 | 3);
        }
        self.set_flags(flags | bit::GENERATOR, 0);
    }

    /// The extra word.
    #[inline(always)]
    pub fn extra(self) -> *mut u64 {
        self.header(1)
    }

    /// Register `number`.
    #[inline(always)]
    pub fn register(self, number: usize) -> *mut u64 {
        // SAFETY: callers name registers of the frame's code.
        unsafe { self.0.add(number) }
    }

    /// Writes a header whose function word is already in place.
    #[inline(always)]
    pub fn begin(self, code: &Object<Code>, caller: *mut u64, flags: u64, destination: u16) {
        // SAFETY: the header is there.
        unsafe {
            self.header(5).write(std::ptr::from_ref(code) as u64 | 3);
            self.header(4).write(caller as u64 | 3);
            self.header(1).write(UNBOUND);
        }
        self.set_pc(code.payload.words.as_ptr().cast());
        self.set_flags(flags, destination);
    }

    /// Drops what the variables of a frame that returns hold.
    #[inline(always)]
    pub fn clear_variables(self, th: &Thread, me: mode::OwnerId) {
        let end = self.register(self.code().payload.variables_end as usize);
        // SAFETY: registers of the frame, which hold valid words and own their references.
        unsafe { object_model::object::layout::clear_words(th, me, self.0, end) };
    }

    /// The function object that runs.
    pub fn function(self) -> Option<&'static Object<Function>> {
        // SAFETY: the word is a valid value while the frame exists.
        let value = unsafe { Value::borrow_word(&*self.function_word()) };
        let header = value.as_header()?;
        // SAFETY: the shape says so; used while the frame exists.
        (header.shape_id() == builtin::FUNCTION).then(|| unsafe { header.as_ptr().cast().as_ref() })
    }

    /// The function object that runs, when it is known to: while the frame's code is being executed.
    #[inline(always)]
    pub fn running(self) -> &'static Object<Function> {
        debug_assert!(self.function().is_some(), "a frame that runs has a function");
        // SAFETY: frames are begun with a function, and keep it until they return.
        unsafe { &*(*self.function_word() as *const Object<Function>) }
    }

    /// `__globals__` of the function.
    pub fn globals(self) -> Option<Obj<Dict>> {
        self.function().map(|f| f.payload.globals.clone())
    }

    /// One past the last register.
    pub fn end(self) -> *mut u64 {
        self.register(self.code().payload.registers as usize)
    }

    /// The line being executed.
    pub fn line(self) -> u32 {
        self.code().payload.position(self.instruction_index()).line
    }

    /// The locals mapping of a module or class body.
    pub fn mapping(self, th: &Thread) -> Option<Value> {
        // SAFETY: the word is a valid value while the frame exists.
        let extra = unsafe { Value::borrow_word(&*self.extra()) };
        if self.flags() & bit::MAPPING != 0 {
            return Some(extra.clone());
        }
        if self.flags() & bit::OBJECT != 0 {
            return th.exact::<FrameObject>(extra).and_then(|f| f.mapping.clone());
        }
        None
    }

    /// Drops what registers from `from` on hold.
    pub fn sweep(self, th: &Thread, from: usize) {
        // A call window may reach one word past the frame.
        let end = self.code().payload.registers as usize;
        for number in from..=end {
            let register = self.register(number);
            // SAFETY: a register of the frame.
            unsafe {
                let word = register.read();
                if word & 7 == 0 {
                    register.write(UNBOUND);
                    drop_word(th, word);
                }
            }
        }
    }
}

/// Gives up a word's reference.
///
/// # Safety
/// The word must own it.
#[inline(always)]
pub unsafe fn drop_word(th: &Thread, word: u64) {
    if word & 7 == 0 {
        // SAFETY: an object word is its address, and the reference is the caller's.
        unsafe {
            object_model::object::layout::release(th, std::ptr::NonNull::new_unchecked(word as *mut _))
        };
    }
}

/// [`drop_word`], when the thread's heap is at hand too.
///
/// # Safety
/// As [`drop_word`]; `me` is the heap of `th`.
#[inline(always)]
pub unsafe fn drop_word_as(th: &Thread, me: mode::OwnerId, word: u64) {
    if word & 7 == 0 {
        // SAFETY: as in `drop_word`.
        unsafe {
            let object = std::ptr::NonNull::new_unchecked(word as *mut _);
            object_model::object::layout::release_as(th, me, object);
        };
    }
}

/// The innermost Python frame of a thread.
pub fn current(th: &Thread) -> Option<Frame> {
    if th.frame.is_null() { None } else { Some(Frame(th.frame)) }
}

/// Where the next frame's header may begin.
#[inline]
pub fn top(th: &Thread) -> *mut u64 {
    match current(th) {
        // SAFETY: the header of a generator's frame.
        Some(frame) if frame.flags() & bit::GENERATOR != 0 => (unsafe { frame.header(7).read() } - 3) as _,
        // A call window may reach one word past the frame.
        // SAFETY: the stack's end is checked by whoever pushes.
        Some(frame) => unsafe { frame.end().add(1) },
        None => th.stack.start,
    }
}

/// A global of the running function.
pub fn current_global(th: &Thread, name: &Obj<Str>) -> Option<Value> {
    current(th)?.globals()?.get_str(th, name)
}

/// `globals()` of the running code.
pub fn current_globals(th: &Thread) -> Option<Obj<Dict>> {
    current(th)?.globals()
}

/// What `super()` without arguments means in the running function.
pub fn super_arguments(th: &mut Thread) -> PyResult<(Class, Value)> {
    let Some(frame) = current(th) else { return Err(th.runtime_error("super(): no current frame")) };
    let unit = &frame.code().payload.unit;
    if unit.arg_count == 0 {
        return Err(th.runtime_error("super(): no arguments"));
    }
    // SAFETY: register 0 is the first parameter.
    let mut first = unsafe { Value::borrow_word(&*frame.register(0)) }.clone();
    if let Some(cell) = th.exact::<crate::builtins::cell::Cell>(&first)
        && unit.cells.iter().any(|(_, register)| *register == 0)
    {
        first = cell.get(th).unwrap_or(Value::UNBOUND);
    }
    if first.is_unbound() {
        return Err(th.runtime_error("super(): arg[0] deleted"));
    }
    let Some(index) = unit.free.iter().position(|n| &**n == "__class__") else {
        return Err(th.runtime_error("super(): __class__ cell not found"));
    };
    // SAFETY: the free variable's register.
    let cell = unsafe { Value::borrow_word(&*frame.register(unit.first_free as usize + index)) }.clone();
    let class = th.exact::<crate::builtins::cell::Cell>(&cell).and_then(|c| c.get(th));
    match class.as_ref().and_then(crate::class::as_class) {
        Some(class) => Ok((class, first)),
        None => Err(th.runtime_error("super(): empty __class__ cell")),
    }
}
