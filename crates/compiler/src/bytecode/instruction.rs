//! The instruction set: what an instruction is, what its operands mean, how a call lays out registers.
//!
//! # An instruction
//! 64 bits: `u8` opcode, `u8` flags, three `u16` operands `a b c`, loaded field by field. An instruction may be
//! followed by cache words of the same size ([`Opcode::cache_words`]), which the interpreter owns; the compiler
//! writes zeros. Jumps count in words from the word *after* the jump instruction and its caches.
//!
//! # Registers
//! A frame's registers are numbered from 0: parameters in CPython's order (positional, keyword-only, `*args`,
//! `**kwargs`), other locals, cells (a parameter that is a cell is wrapped in place by `MAKE_CELL`), free
//! variables (copied from the closure by the call), then temporaries in stack discipline. Every register holds
//! an owned reference, an immediate, or UNBOUND.
//!
//! - R1 An instruction reads its operands in place and leaves their counts alone. The flags [`KILL_A`],
//!   [`KILL_B`], [`KILL_C`] say that this is the last use of a temporary: the instruction consumes it and the
//!   register is dead afterwards. Only temporaries are killed.
//! - R2 A write to a register drops what it held. Registers above the live ones never hold a pointer.
//! - R3 A run of registers (operand kind `Base`) is always consumed.
//! - R4 At any instruction the live temporaries are those below the depth that the compiler tracks; an exception
//!   table entry names the depth to keep.
//! - R5 A local that may be unbound at a use is tested by `CHECK_BOUND` before; all others are bound. The call
//!   sets every local that is not a parameter to UNBOUND.
//! - R6 An operand may be read in place only if nothing evaluated between its evaluation and the instruction
//!   can rebind it (`x + (x := 1)` copies `x` first).
//! - R7 A result may go to a register that the same instruction kills or consumes: operands are taken before the
//!   result is written. An operand that flags say is absent, and the base of an empty run, names any register.
//!
//! # Calls
//! `CALL dst, r, n`: register `r` holds the callable, `r+1 ..= r+H-1` are free (`H` = [`FRAME_HEADER`]), the
//! arguments lie from `r+H`. The callee's frame is `r+H` onwards, so arguments are passed without a copy. With
//! [`METHOD`], `r+H` holds what `LOAD_METHOD` left there (the receiver or UNBOUND) and the arguments follow from
//! `r+H+1`; `n` does not count the receiver. The whole run is consumed.
//!
//! Not here: how instructions are emitted (`builder`), what they do (`vm::interpreter`).

/// Words of a frame that lie below its register 0: function, code, caller's base, saved pc, flags, locals.
pub const FRAME_HEADER: u16 = 6;

/// Operand `a` is a temporary that dies here.
pub const KILL_A: u8 = 1;
/// Operand `b` is a temporary that dies here.
pub const KILL_B: u8 = 2;
/// Operand `c` is a temporary that dies here.
pub const KILL_C: u8 = 4;
/// Arithmetic: this is `x op= y`. `CALL`s: the callee was loaded by `LOAD_METHOD` or its like.
/// `YIELD`: suspended inside a delegation, `c` is the register of the sub-iterator.
pub const INPLACE: u8 = 8;
/// See [`INPLACE`].
pub const METHOD: u8 = 8;
/// See [`INPLACE`].
pub const DELEGATE: u8 = 8;
/// Forward compare-and-jump: jump if the comparison is true (else: if it is false).
pub const IF_TRUE: u8 = 16;

/// `MAKE_FUNCTION`: the run at `c` holds positional defaults (a tuple) in its first register.
pub const HAS_DEFAULTS: u8 = 16;
/// `MAKE_FUNCTION`: … keyword defaults (a dict) in its second.
pub const HAS_KWDEFAULTS: u8 = 32;
/// `MAKE_FUNCTION`: … the `__annotate__` function in its third.
pub const HAS_ANNOTATE: u8 = 64;
/// `MAKE_FUNCTION`: … the closure (a tuple of cells) in its fourth.
pub const HAS_CLOSURE: u8 = 128;

/// One word of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(8))]
pub struct Instruction {
    /// What to do; one of [`Opcode`] unless this word is a cache or an `EXTRA` operand.
    pub opcode: u8,
    /// `KILL_*` and per-opcode bits.
    pub flags: u8,
    /// First operand.
    pub a: u16,
    /// Second operand.
    pub b: u16,
    /// Third operand.
    pub c: u16,
}

const _: () = assert!(size_of::<Instruction>() == 8 && align_of::<Instruction>() == 8);

impl Instruction {
    /// The operands `b` and `c` read as one signed number (far jumps).
    #[inline(always)]
    pub const fn wide(self) -> i32 {
        ((self.c as u32) << 16 | self.b as u32) as i32
    }

    /// Splits a signed number into operands `b` and `c`.
    pub const fn split_wide(value: i32) -> (u16, u16) {
        (value as u32 as u16, (value as u32 >> 16) as u16)
    }
}

/// What an operand means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// Not used, zero.
    None,
    /// A register that is written.
    Write,
    /// A register that is read.
    Read,
    /// The first register of a run that is consumed.
    Base,
    /// An index into the constants.
    Const,
    /// An index into the names.
    Name,
    /// A number.
    Imm,
    /// A signed 16-bit jump distance in words.
    Jump,
    /// Operands `b` and `c` together are a signed 32-bit jump distance in words.
    WideJump,
}

macro_rules! opcodes {
    ($( $(#[$doc:meta])* $name:ident $text:literal ($a:ident, $b:ident, $c:ident) $cache:literal; )*) => {
        /// The operations. Dense from zero, so that dispatch needs no range check.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Opcode { $( $(#[$doc])* $name, )* }

        impl Opcode {
            /// All operations, by number.
            pub const ALL: &[Opcode] = &[ $( Opcode::$name, )* ];

            /// The name as the disassembler prints it.
            pub const fn name(self) -> &'static str {
                match self { $( Opcode::$name => $text, )* }
            }

            /// The meaning of the operands `a`, `b`, `c`.
            pub const fn operands(self) -> [Operand; 3] {
                match self { $( Opcode::$name => [Operand::$a, Operand::$b, Operand::$c], )* }
            }

            /// How many words after the instruction belong to it (caches, and the operand word of `EXTRA` forms).
            pub const fn cache_words(self) -> usize {
                match self { $( Opcode::$name => $cache, )* }
            }
        }
    };
}

opcodes! {
    /// Does nothing.
    Nop "NOP" (None, None, None) 0;

    // Registers and constants.
    /// `a = b`; with `KILL_B` a move.
    Move "MOVE" (Write, Read, None) 0;
    /// `a = constants[b]`
    LoadConst "LOAD_CONST" (Write, Const, None) 0;
    /// Raises UnboundLocalError naming `names[b]` if local `a` is unbound.
    CheckBound "CHECK_BOUND" (Read, Name, None) 0;
    /// `del` of local `a`, called `names[b]`; UnboundLocalError if unbound.
    DeleteLocal "DELETE_LOCAL" (Write, Name, None) 0;
    /// Drops what `a` holds and leaves it UNBOUND.
    Clear "CLEAR" (Write, None, None) 0;

    // Cells.
    /// Wraps what `a` holds (or nothing) in a new cell, in place.
    MakeCell "MAKE_CELL" (Write, None, None) 0;
    /// `a =` contents of cell `b`, a variable called `names[c]`; NameError if empty (UnboundLocalError if the
    /// register is one of this function's own cells, "free variable" wording if not).
    LoadCell "LOAD_CELL" (Write, Read, Name) 0;
    /// Contents of cell `a` = `b`.
    StoreCell "STORE_CELL" (Read, Read, None) 0;
    /// Empties cell `a` called `names[b]`; NameError if already empty.
    DeleteCell "DELETE_CELL" (Read, Name, None) 0;

    // Names.
    /// `a =` global or builtin `names[b]`.
    LoadGlobal "LOAD_GLOBAL" (Write, Name, None) 2;
    /// Global `names[b] = a`.
    StoreGlobal "STORE_GLOBAL" (Read, Name, None) 1;
    /// `del` global `names[b]`.
    DeleteGlobal "DELETE_GLOBAL" (None, Name, None) 0;
    /// `a =` `names[b]` from the frame's locals mapping, then globals, then builtins (module and class bodies).
    LoadName "LOAD_NAME" (Write, Name, None) 2;
    /// Locals mapping `names[b] = a`.
    StoreName "STORE_NAME" (Read, Name, None) 1;
    /// `del` `names[b]` in the locals mapping.
    DeleteName "DELETE_NAME" (None, Name, None) 0;
    /// `a =` `names[b]` from the mapping in `c`, else global or builtin (class scopes inside annotations).
    LoadFromDictOrGlobals "LOAD_FROM_DICT_OR_GLOBALS" (Write, Name, Read) 0;
    /// `a =` the variable of cell register `c` looked up by its name first in the mapping in `b`; the operand word
    /// holds the name index in `a`.
    LoadFromDictOrCell "LOAD_FROM_DICT_OR_CELL" (Write, Read, Read) 1;
    /// `a =` the frame's locals mapping.
    LoadLocals "LOAD_LOCALS" (Write, None, None) 0;
    /// `a = __build_class__`
    LoadBuildClass "LOAD_BUILD_CLASS" (Write, None, None) 0;
    /// `a =` the builtin object number `b` of [`CommonConstant`].
    LoadCommonConstant "LOAD_COMMON_CONSTANT" (Write, Imm, None) 0;
    /// Makes sure that the locals mapping has `__annotations__` (interactive use of conditional annotations).
    SetupAnnotations "SETUP_ANNOTATIONS" (None, None, None) 0;

    // Attributes.
    /// `a = b.names[c]`
    LoadAttr "LOAD_ATTR" (Write, Read, Name) 2;
    /// `a.names[b] = c`
    StoreAttr "STORE_ATTR" (Read, Name, Read) 4;
    /// `del a.names[b]`
    DeleteAttr "DELETE_ATTR" (Read, Name, None) 0;
    /// Prepares the call of `b.names[c]`: `a` = callable, `a+H` = receiver or UNBOUND.
    LoadMethod "LOAD_METHOD" (Write, Read, Name) 2;
    /// `a = super(b, b+1).names[c]` where `b` is a run: the global `super`, the class cell's contents, `self`.
    LoadSuperAttr "LOAD_SUPER_ATTR" (Write, Base, Name) 1;
    /// As `LOAD_SUPER_ATTR`, but prepares a call as `LOAD_METHOD` does.
    LoadSuperMethod "LOAD_SUPER_METHOD" (Write, Base, Name) 1;
    /// As `LOAD_METHOD`, of a special method of the type of `b`; `c` is a [`SpecialMethod`].
    LoadSpecial "LOAD_SPECIAL" (Write, Read, Imm) 0;

    // Subscripts.
    /// `a = b[c]`
    LoadSubscr "LOAD_SUBSCR" (Write, Read, Read) 0;
    /// `a = b[constants[c]]`
    LoadSubscrK "LOAD_SUBSCR_K" (Write, Read, Const) 0;
    /// `a[b] = c`
    StoreSubscr "STORE_SUBSCR" (Read, Read, Read) 0;
    /// `del a[b]`
    DeleteSubscr "DELETE_SUBSCR" (Read, Read, None) 0;
    /// `a = b[c:c+1:c+2]`
    LoadSlice "LOAD_SLICE" (Write, Read, Base) 0;
    /// `a[b:b+1:b+2] = c`
    StoreSlice "STORE_SLICE" (Read, Base, Read) 0;
    /// `a = slice(b, b+1, b+2)`
    BuildSlice "BUILD_SLICE" (Write, Base, None) 0;

    // Arithmetic: `a = b op c`; INPLACE for `op=`.
    /// `a = b + c`
    Add "ADD" (Write, Read, Read) 0;
    /// `a = b - c`
    Sub "SUB" (Write, Read, Read) 0;
    /// `a = b * c`
    Mul "MUL" (Write, Read, Read) 0;
    /// `a = b / c`
    TrueDiv "TRUE_DIV" (Write, Read, Read) 0;
    /// `a = b // c`
    FloorDiv "FLOOR_DIV" (Write, Read, Read) 0;
    /// `a = b % c`
    Mod "MOD" (Write, Read, Read) 0;
    /// `a = b ** c`
    Pow "POW" (Write, Read, Read) 0;
    /// `a = b @ c`
    MatMul "MAT_MUL" (Write, Read, Read) 0;
    /// `a = b << c`
    LShift "L_SHIFT" (Write, Read, Read) 0;
    /// `a = b >> c`
    RShift "R_SHIFT" (Write, Read, Read) 0;
    /// `a = b & c`
    And "AND" (Write, Read, Read) 0;
    /// `a = b | c`
    Or "OR" (Write, Read, Read) 0;
    /// `a = b ^ c`
    Xor "XOR" (Write, Read, Read) 0;
    // The same with a constant on the right.
    /// `a = b + constants[c]`
    AddK "ADD_K" (Write, Read, Const) 0;
    /// `a = b - constants[c]`
    SubK "SUB_K" (Write, Read, Const) 0;
    /// `a = b * constants[c]`
    MulK "MUL_K" (Write, Read, Const) 0;
    /// `a = b / constants[c]`
    TrueDivK "TRUE_DIV_K" (Write, Read, Const) 0;
    /// `a = b // constants[c]`
    FloorDivK "FLOOR_DIV_K" (Write, Read, Const) 0;
    /// `a = b % constants[c]`
    ModK "MOD_K" (Write, Read, Const) 0;
    /// `a = b ** constants[c]`
    PowK "POW_K" (Write, Read, Const) 0;
    /// `a = b << constants[c]`
    LShiftK "L_SHIFT_K" (Write, Read, Const) 0;
    /// `a = b >> constants[c]`
    RShiftK "R_SHIFT_K" (Write, Read, Const) 0;
    /// `a = b & constants[c]`
    AndK "AND_K" (Write, Read, Const) 0;
    /// `a = -b`
    Neg "NEG" (Write, Read, None) 0;
    /// `a = +b`
    Pos "POS" (Write, Read, None) 0;
    /// `a = ~b`
    Invert "INVERT" (Write, Read, None) 0;
    /// `a = not b`
    Not "NOT" (Write, Read, None) 0;
    /// `a = bool(b)`
    ToBool "TO_BOOL" (Write, Read, None) 0;

    // Comparison to a value.
    /// `a = b < c`
    Lt "LT" (Write, Read, Read) 0;
    /// `a = b <= c`
    Le "LE" (Write, Read, Read) 0;
    /// `a = b == c`
    Eq "EQ" (Write, Read, Read) 0;
    /// `a = b != c`
    Ne "NE" (Write, Read, Read) 0;
    /// `a = b > c`
    Gt "GT" (Write, Read, Read) 0;
    /// `a = b >= c`
    Ge "GE" (Write, Read, Read) 0;
    /// `a = b is c`
    Is "IS" (Write, Read, Read) 0;
    /// `a = b is not c`
    IsNot "IS_NOT" (Write, Read, Read) 0;
    /// `a = b in c`
    In "IN" (Write, Read, Read) 0;
    /// `a = b not in c`
    NotIn "NOT_IN" (Write, Read, Read) 0;

    // Jumps.
    /// Jumps forward.
    Jump "JUMP" (None, WideJump, None) 0;
    /// Jumps back, with a safepoint.
    JumpBack "JUMP_BACK" (None, WideJump, None) 0;
    /// Jumps back without a safepoint (delegation loops).
    JumpBackNoPoll "JUMP_BACK_NO_POLL" (None, WideJump, None) 0;
    /// Jumps if `a` is true.
    JumpIfTrue "JUMP_IF_TRUE" (Read, WideJump, None) 0;
    /// Jumps if `a` is false.
    JumpIfFalse "JUMP_IF_FALSE" (Read, WideJump, None) 0;
    /// Jumps back, with a safepoint, if `a` is true.
    LoopIfTrue "LOOP_IF_TRUE" (Read, WideJump, None) 0;
    /// Jumps if `a is None`.
    JumpIfNone "JUMP_IF_NONE" (Read, WideJump, None) 0;
    /// Jumps if `a is not None`.
    JumpIfNotNone "JUMP_IF_NOT_NONE" (Read, WideJump, None) 0;
    // Forward compare-and-jump; IF_TRUE gives the sense.
    /// Compares `a < b` and jumps.
    JumpLt "JUMP_LT" (Read, Read, Jump) 0;
    /// Compares `a <= b` and jumps.
    JumpLe "JUMP_LE" (Read, Read, Jump) 0;
    /// Compares `a == b` and jumps.
    JumpEq "JUMP_EQ" (Read, Read, Jump) 0;
    /// Compares `a != b` and jumps.
    JumpNe "JUMP_NE" (Read, Read, Jump) 0;
    /// Compares `a > b` and jumps.
    JumpGt "JUMP_GT" (Read, Read, Jump) 0;
    /// Compares `a >= b` and jumps.
    JumpGe "JUMP_GE" (Read, Read, Jump) 0;
    /// Compares `a < constants[b]` and jumps.
    JumpLtK "JUMP_LT_K" (Read, Const, Jump) 0;
    /// Compares `a <= constants[b]` and jumps.
    JumpLeK "JUMP_LE_K" (Read, Const, Jump) 0;
    /// Compares `a == constants[b]` and jumps.
    JumpEqK "JUMP_EQ_K" (Read, Const, Jump) 0;
    /// Compares `a != constants[b]` and jumps.
    JumpNeK "JUMP_NE_K" (Read, Const, Jump) 0;
    /// Compares `a > constants[b]` and jumps.
    JumpGtK "JUMP_GT_K" (Read, Const, Jump) 0;
    /// Compares `a >= constants[b]` and jumps.
    JumpGeK "JUMP_GE_K" (Read, Const, Jump) 0;
    /// Compares identity `a is b` and jumps by IF_TRUE.
    JumpIs "JUMP_IS" (Read, Read, Jump) 0;
    /// Tests `a in b` and jumps by IF_TRUE.
    JumpIn "JUMP_IN" (Read, Read, Jump) 0;
    // Backward compare-and-jump at the end of a `while` loop: jump if true, with a safepoint.
    /// Loops while `a < b`.
    LoopLt "LOOP_LT" (Read, Read, Jump) 0;
    /// Loops while `a <= b`.
    LoopLe "LOOP_LE" (Read, Read, Jump) 0;
    /// Loops while `a == b`.
    LoopEq "LOOP_EQ" (Read, Read, Jump) 0;
    /// Loops while `a != b`.
    LoopNe "LOOP_NE" (Read, Read, Jump) 0;
    /// Loops while `a > b`.
    LoopGt "LOOP_GT" (Read, Read, Jump) 0;
    /// Loops while `a >= b`.
    LoopGe "LOOP_GE" (Read, Read, Jump) 0;
    /// Loops while `a < constants[b]`.
    LoopLtK "LOOP_LT_K" (Read, Const, Jump) 0;
    /// Loops while `a <= constants[b]`.
    LoopLeK "LOOP_LE_K" (Read, Const, Jump) 0;
    /// Loops while `a == constants[b]`.
    LoopEqK "LOOP_EQ_K" (Read, Const, Jump) 0;
    /// Loops while `a != constants[b]`.
    LoopNeK "LOOP_NE_K" (Read, Const, Jump) 0;
    /// Loops while `a > constants[b]`.
    LoopGtK "LOOP_GT_K" (Read, Const, Jump) 0;
    /// Loops while `a >= constants[b]`.
    LoopGeK "LOOP_GE_K" (Read, Const, Jump) 0;

    // Iteration. An iterator takes three registers: `a` the iterator or an internal mark, `a+1`, `a+2` its state
    // (so that `range`, list and tuple need no iterator object). All three are temporaries, live together.
    /// Registers `a`, `a+1`, `a+2` = iteration over `b`.
    GetIter "GET_ITER" (Write, Read, None) 0;
    /// Next item of iteration `a` into `b` and jump back by `c`, with a safepoint; when exhausted falls through
    /// with the three registers dead.
    ForNext "FOR_NEXT" (Read, Write, Jump) 0;
    /// Registers `a`, `a+1`, `a+2` become an iteration over the iterator already in `b` (the `.0` argument of a
    /// generator expression, which the caller made with `GET_ITERATOR`).
    AdoptIter "ADOPT_ITER" (Write, Read, None) 0;
    /// `a = iter(b)`, an object.
    GetIterator "GET_ITERATOR" (Write, Read, None) 0;
    /// Drops an iteration (its three registers) that is left before its end.
    EndIter "END_ITER" (Write, None, None) 0;
    /// Registers `a .. a+c` = the items of `b`, exactly `c` of them. The registers may be locals.
    UnpackSequence "UNPACK_SEQUENCE" (Write, Read, Imm) 0;
    /// As above with a starred target: `c` = number before the star | number after it << 8; the starred list lies
    /// between them.
    UnpackEx "UNPACK_EX" (Write, Read, Imm) 0;

    // Calls.
    /// `a =` call of `b` with `c` positional arguments.
    Call "CALL" (Write, Base, Imm) 0;
    /// `a =` call of `b` with `c` arguments in all; the last ones are keywords. The operand word holds in `a` the
    /// index of the constant tuple of their names.
    CallKw "CALL_KW" (Write, Base, Imm) 1;
    /// `a =` call of `b` with the iterable in `b+H` and the dict in `b+H+1` (or UNBOUND).
    CallEx "CALL_EX" (Write, Base, None) 0;
    /// Returns `a`.
    Return "RETURN" (Read, None, None) 0;
    /// Returns `constants[a]`.
    ReturnConst "RETURN_CONST" (Const, None, None) 0;
    /// `a =` function of code `constants[b]`; flags say which of the four registers from `c` are present
    /// (positional defaults, keyword defaults, annotate function, closure); those present are consumed.
    MakeFunction "MAKE_FUNCTION" (Write, Const, Base) 0;

    // Displays.
    /// `a = (b, b+1, …)`, `c` items.
    BuildTuple "BUILD_TUPLE" (Write, Base, Imm) 0;
    /// `a = [b, b+1, …]`, `c` items.
    BuildList "BUILD_LIST" (Write, Base, Imm) 0;
    /// `a = {b, b+1, …}`, `c` items.
    BuildSet "BUILD_SET" (Write, Base, Imm) 0;
    /// `a = {b: b+1, …}`, `c` pairs.
    BuildMap "BUILD_MAP" (Write, Base, Imm) 0;
    /// `a = "".join(b, b+1, …)`, `c` strings.
    BuildString "BUILD_STRING" (Write, Base, Imm) 0;
    /// `a = Template(strings, interpolations)` from the two tuples at `b`.
    BuildTemplate "BUILD_TEMPLATE" (Write, Base, None) 0;
    /// `a = Interpolation(b, b+1 the expression text, conversion or None b+2, format spec b+3)`.
    BuildInterpolation "BUILD_INTERPOLATION" (Write, Base, None) 0;
    /// Appends `b` to list `a`.
    ListAppend "LIST_APPEND" (Read, Read, None) 0;
    /// Extends list `a` by iterable `b` (`[*b]`: TypeError wording "Value after * must be an iterable, not …").
    ListExtend "LIST_EXTEND" (Read, Read, None) 0;
    /// Adds `b` to set `a`.
    SetAdd "SET_ADD" (Read, Read, None) 0;
    /// Adds all of `b` to set `a`.
    SetUpdate "SET_UPDATE" (Read, Read, None) 0;
    /// `a[b] = c` in a dict display or comprehension.
    MapAdd "MAP_ADD" (Read, Read, Read) 0;
    /// Updates dict `a` with mapping `b` (`{**b}`).
    DictUpdate "DICT_UPDATE" (Read, Read, None) 0;
    /// Updates keyword dict `a` with mapping `b`; duplicate keys are an error that names the callable in `c`.
    DictMerge "DICT_MERGE" (Read, Read, Read) 0;
    /// `a = tuple(list b)`
    ListToTuple "LIST_TO_TUPLE" (Write, Read, None) 0;

    // Formatting.
    /// `a = format(b, "")`; a `str` stays itself.
    FormatSimple "FORMAT_SIMPLE" (Write, Read, None) 0;
    /// `a = format(b, c)`
    FormatSpec "FORMAT_SPEC" (Write, Read, Read) 0;
    /// `a = str(b)`, `repr(b)` or `ascii(b)` for `c` = 1, 2, 3.
    Convert "CONVERT" (Write, Read, Imm) 0;

    // Exceptions.
    /// `raise a from b`; `b` UNBOUND-free: flags IF_TRUE says that `b` is present. Without `a` see `RAISE_AGAIN`.
    Raise "RAISE" (Read, Read, None) 0;
    /// Bare `raise`.
    RaiseAgain "RAISE_AGAIN" (None, None, None) 0;
    /// Goes on unwinding with exception `a`; adds no traceback entry of its own. `a` is consumed.
    Reraise "RERAISE" (Read, None, None) 0;
    /// `a =` the exception handled so far (or None); the one handled now is `b`.
    PushExc "PUSH_EXC" (Write, Read, None) 0;
    /// The exception handled becomes again what `PUSH_EXC` put in `a`; `a` is consumed.
    PopExc "POP_EXC" (Read, None, None) 0;
    /// `a =` whether exception `b` matches `c` (a class or a tuple of classes; TypeError if not).
    ExcMatch "EXC_MATCH" (Write, Read, Read) 0;
    /// `a = b.split(c)`'s first half in `a`, the rest in `a+1`, for `except*`; None where empty. If `b` is None, so
    /// are both.
    ExcGroupMatch "EXC_GROUP_MATCH" (Write, Read, Read) 0;
    /// `a =` what to re-raise after `except*`: from the original exception `b` and the list of raised ones `c`; None if
    /// nothing.
    PrepReraiseStar "PREP_RERAISE_STAR" (Write, Read, Read) 0;
    /// `a =` result of calling the exit method prepared at `b` (callable `b`, receiver `b+H`; not consumed) with the
    /// type, value and traceback of exception `c`.
    WithExceptStart "WITH_EXCEPT_START" (Write, Read, Read) 0;

    // Generators and coroutines.
    /// First instruction of a generator, coroutine or asynchronous generator: makes the object and returns it.
    ReturnGenerator "RETURN_GENERATOR" (None, None, None) 0;
    /// Yields `b`; the value sent arrives in `a`. Registers above `c` hold nothing. With DELEGATE the instruction directly
    /// follows its `SEND`, whose sub-iterator is in the register after `a`.
    Yield "YIELD" (Write, Read, Read) 0;
    /// Sends `a` to the iterator `b`: `a` becomes what it yields, or its return value, and then jumps by `c`.
    Send "SEND" (Write, Read, Jump) 0;
    /// `a =` the iterator for `yield from b`.
    GetYieldFromIter "GET_YIELD_FROM_ITER" (Write, Read, None) 0;
    /// `a =` the awaitable's iterator for `await b`; `c`: 0 plain, 1 `async with` enter, 2 `async with` exit.
    GetAwaitable "GET_AWAITABLE" (Write, Read, Imm) 0;
    /// `a = b.__aiter__()`
    GetAIter "GET_AITER" (Write, Read, None) 0;
    /// `a =` awaitable of `b.__anext__()`
    GetANext "GET_ANEXT" (Write, Read, None) 0;
    /// Exception `b` ends the `async for` over `a` if it is StopAsyncIteration (both are consumed); else goes on
    /// unwinding with it.
    EndAsyncFor "END_ASYNC_FOR" (Read, Read, None) 0;

    // Import.
    /// `a = __import__(names[b], level c, fromlist c+1)`
    ImportName "IMPORT_NAME" (Write, Name, Base) 0;
    /// `a = from b import names[c]`
    ImportFrom "IMPORT_FROM" (Write, Read, Name) 0;
    /// `from a import *` into the locals mapping.
    ImportStar "IMPORT_STAR" (Read, None, None) 0;

    // Pattern matching.
    /// `a = len(b)`
    GetLen "GET_LEN" (Write, Read, None) 0;
    /// `a =` whether `b` is a mapping to patterns.
    MatchMapping "MATCH_MAPPING" (Write, Read, None) 0;
    /// `a =` whether `b` is a sequence to patterns.
    MatchSequence "MATCH_SEQUENCE" (Write, Read, None) 0;
    /// `a =` tuple of the values of mapping `b` under the keys in tuple `c`, or None.
    MatchKeys "MATCH_KEYS" (Write, Read, Read) 0;
    /// `a =` tuple of attributes, or None: subject `b`; run of two at `c`: the class, the tuple of keyword names;
    /// the operand word holds in `a` the number of positional patterns.
    MatchClass "MATCH_CLASS" (Write, Read, Base) 1;
    /// `a =` a dict of what mapping `b` holds besides the keys in tuple `c` (`**rest`).
    MatchRest "MATCH_REST" (Write, Read, Read) 0;

    /// `a =` result of [`Intrinsic`] `b` on the run at `c`.
    Intrinsic "INTRINSIC" (Write, Imm, Base) 0;

    /// Never emitted: the word after an instruction that needs a fourth operand.
    Extra "EXTRA" (Imm, Imm, Imm) 0;
}

/// Builtin objects that instructions name directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum CommonConstant {
    AssertionError,
    NotImplementedError,
    Tuple,
    All,
    Any,
}

/// Special methods that `LOAD_SPECIAL` looks up on the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum SpecialMethod {
    Enter,
    Exit,
    AEnter,
    AExit,
}

/// Rare operations; the number of registers each consumes from its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Intrinsic {
    /// (value): `sys.displayhook(value)` (interactive mode).
    Print,
    /// (exception): StopIteration in a generator becomes RuntimeError; result is the exception to re-raise.
    StopIterationError,
    /// (value): wraps what an asynchronous generator yields.
    AsyncGenWrap,
    /// (name): a TypeVar.
    TypeVar,
    /// (name, bound evaluator): a TypeVar with a bound.
    TypeVarWithBound,
    /// (name, constraints evaluator): a TypeVar with constraints.
    TypeVarWithConstraints,
    /// (name): a ParamSpec.
    ParamSpec,
    /// (name): a TypeVarTuple.
    TypeVarTuple,
    /// (type parameter, default evaluator): sets the default; result is the parameter.
    SetTypeParamDefault,
    /// (type parameters tuple): `Generic[*params]`.
    SubscriptGeneric,
    /// (name, type parameters or None, value evaluator): a TypeAliasType.
    TypeAlias,
    /// (function, type parameters): sets `__type_params__`; result is the function.
    SetFunctionTypeParams,
    /// (class): sets `__static_attributes__` and friends is done by STORE_NAME; reserved.
    Reserved,
}

impl Intrinsic {
    /// How many registers of the run it consumes.
    pub const fn arity(self) -> usize {
        match self {
            Intrinsic::TypeVarWithBound
            | Intrinsic::TypeVarWithConstraints
            | Intrinsic::SetTypeParamDefault
            | Intrinsic::SetFunctionTypeParams => 2,
            Intrinsic::TypeAlias => 3,
            _ => 1,
        }
    }
}
