//! Code objects: a compiled unit with its constants and names as values, and the caches of its instructions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use compiler::bytecode::code::{CodeUnit, Constant, Position, flags};
use compiler::bytecode::instruction::{Instruction, Opcode};
use object_model::object::layout::Payload;
use object_model::string::Str;
use object_model::{Obj, Value};

use crate::interpreter::cache;
use crate::prelude::*;

/// The payload of a code object.
#[pyclass(name = "code", module = "builtins", shape = CODE, no_new, weakref, no_payload)]
pub struct Code {
    /// What the compiler made.
    pub unit: Arc<CodeUnit>,
    /// The instructions that run: those of the unit, with cache words that the interpreter fills.
    pub words: Box<[AtomicU64]>,
    /// Constants.
    pub constants: Box<[Value]>,
    /// Interned names.
    pub names: Box<[Obj<Str>]>,
    /// `co_name`
    pub name: Obj<Str>,
    /// `co_qualname`
    pub qualname: Obj<Str>,
    /// `co_filename`
    pub filename: Obj<Str>,
    /// Names of locals, then cells that are no locals, then free variables.
    pub variables: Box<[Obj<Str>]>,
    /// Positional parameters if the code takes nothing else, closes over nothing and starts at once, else `u32::MAX`: such
    /// calls need no binding.
    pub simple_arguments: u32,
    /// Positional parameters if the code takes nothing else and a call makes a generator or coroutine, else `u32::MAX`.
    pub generator_arguments: u32,
    /// Positional parameters if the code takes nothing else and starts at once, else `u32::MAX`.
    pub positional_arguments: u32,
    /// Parameters, `*args` and `**kwargs` included.
    pub parameters: u32,
    /// Registers that belong to variables: swept at return.
    pub variables_end: u32,
    /// Registers in all.
    pub registers: u32,
}

impl Drop for Code {
    fn drop(&mut self) {
        cache::free(&self.unit.instructions, &self.words);
    }
}

// SAFETY: everything but the cache words is immutable; those are atomics.
unsafe impl Sync for Code {}
// SAFETY: as above.
unsafe impl Send for Code {}

impl Code {
    /// The code object of a unit; nested units become code constants.
    pub fn new(th: &mut Thread, unit: &Arc<CodeUnit>) -> PyResult<Obj<Code>> {
        let mut constants = Vec::with_capacity(unit.constants.len());
        for constant in &unit.constants {
            constants.push(constant_value(th, constant)?);
        }
        let names = unit.names.iter().map(|n| th.intern(n)).collect();
        let mut variables: Vec<Obj<Str>> = unit.locals.iter().map(|n| th.intern(n)).collect();
        for (name, register) in &unit.cells {
            if *register as usize >= unit.locals.len() {
                variables.push(th.intern(name));
            }
        }
        variables.resize_with(unit.first_free as usize, || th.intern(""));
        variables.extend(unit.free.iter().map(|n| th.intern(n)));
        let lazy = flags::GENERATOR | flags::COROUTINE | flags::ASYNC_GENERATOR;
        let makes_generator = unit.flags & lazy != 0;
        let special = flags::VARARGS | flags::VARKEYWORDS;
        let positional = unit.flags & special == 0 && unit.kwonly_count == 0;
        let arguments = |is_so: bool| if is_so { unit.arg_count.into() } else { u32::MAX };
        let code = Code {
            words: unit
                .instructions
                .iter()
                .map(|instruction| {
                    // SAFETY: eight bytes without padding, which are only read back as instructions.
                    AtomicU64::new(unsafe { std::mem::transmute::<Instruction, u64>(*instruction) })
                })
                .collect(),
            constants: constants.into(),
            names,
            name: th.intern(&unit.name),
            qualname: th.intern(&unit.qualname),
            filename: th.intern(&unit.filename),
            variables: variables.into(),
            simple_arguments: arguments(positional && unit.free.is_empty() && !makes_generator),
            generator_arguments: arguments(positional && makes_generator),
            positional_arguments: arguments(positional && !makes_generator),
            parameters: unit.parameter_count() as u32,
            variables_end: unit.first_temporary() as u32,
            registers: unit.registers.into(),
            unit: unit.clone(),
        };
        let code = Obj::new(th, builtin::CODE, code);
        code.header().make_deferred();
        Ok(code)
    }

    /// The documentation: the first constant, if the unit says so.
    pub fn docstring(&self) -> Value {
        if self.unit.flags & flags::HAS_DOCSTRING != 0 {
            return self.constants.first().cloned().unwrap_or(Value::NONE);
        }
        Value::NONE
    }

    /// Empties caches that name slots of instances. The world is stopped.
    pub fn clear_slot_caches(&self) {
        let mut index = 0;
        while let Some(i) = self.unit.instructions.get(index) {
            let width = Opcode::ALL.get(i.opcode as usize).map_or(0, |op| op.cache_words());
            if [Opcode::LoadAttr as u8, Opcode::StoreAttr as u8].contains(&i.opcode) {
                for word in self.words.iter().skip(index + 1).take(width) {
                    // Relaxed: starting the world publishes it.
                    if word.load(Ordering::Relaxed) & (cache::SLOT | cache::TRANSITION) != 0 {
                        word.store(0, Ordering::Relaxed); // Relaxed: as above.
                    }
                }
            }
            index += 1 + width;
        }
    }

    /// The source range of the instruction at word `index`.
    pub fn position(&self, index: usize) -> Position {
        self.unit.positions.get(index).copied().unwrap_or_default()
    }

    /// The name of a variable's register.
    pub fn variable_name(&self, register: usize) -> Option<&Obj<Str>> {
        self.variables.get(register)
    }
}

/// A constant as a value.
pub fn constant_value(th: &mut Thread, constant: &Constant) -> PyResult {
    Ok(match constant {
        Constant::None => Value::NONE,
        Constant::True => Value::TRUE,
        Constant::False => Value::FALSE,
        Constant::Ellipsis => Value::ELLIPSIS,
        Constant::Int(i) => th.int(*i),
        Constant::BigInt(digits) => {
            let Ok(number) = object_model::number::int::Int::parse(digits.as_bytes(), 16, 0) else {
                return Err(th.system_error("bad integer constant"));
            };
            immortal(th.int_from(number))
        }
        Constant::Float(x) => immortal(th.float(*x)),
        Constant::Complex(real, imaginary) => immortal(th.complex(*real, *imaginary)),
        Constant::Str(wtf8) => {
            let Some(units) = object_model::text::units::OwnedUnits::from_wtf8(wtf8) else {
                return Err(th.system_error("bad string constant"));
            };
            let string = th.units(units.units())?;
            match crate::class::exact_str(&string) {
                Some(s) if s.len() <= 64 => th.intern_obj(&s.clone()).into_value(),
                _ => immortal(string),
            }
        }
        Constant::Bytes(bytes) => immortal(th.bytes(bytes)?),
        Constant::Tuple(items) => {
            let mut values = Vec::with_capacity(items.len());
            for item in items.iter() {
                values.push(constant_value(th, item)?);
            }
            immortal(th.tuple(values))
        }
        Constant::FrozenSet(items) => {
            let mut values = Vec::with_capacity(items.len());
            for item in items.iter() {
                values.push(constant_value(th, item)?);
            }
            immortal(super::set::frozenset(th, values)?)
        }
        Constant::Slice(parts) => {
            let mut values = Vec::with_capacity(3);
            for part in parts.iter() {
                values.push(constant_value(th, part)?);
            }
            let mut values = values.into_iter();
            let mut next = || values.next().unwrap_or(Value::NONE);
            let (start, stop, step) = (next(), next(), next());
            immortal(super::slice::Slice::make(th, start, stop, step))
        }
        Constant::Code(unit) => Code::new(th, unit)?.into_value(),
    })
}

/// Constants are shared by all threads and live as long as code does: nobody counts them.
fn immortal(value: Value) -> Value {
    if let Some(header) = value.as_header() {
        header.make_immortal();
    }
    value
}

impl Payload for Code {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.constants.iter().for_each(visit);
    }
}

fn names_tuple<'a>(th: &mut Thread, names: impl Iterator<Item = &'a std::sync::Arc<str>>) -> Value {
    let names: Vec<Value> = names.map(|n| th.intern(n).into_value()).collect();
    th.tuple(names)
}

/// Whether code tells the columns of its source (not `-X no_debug_ranges`).
pub fn knows_columns() -> bool {
    crate::import::state().is_none_or(|state| state.config.debug_ranges)
}

/// A position's number, None where there is no position.
fn place(th: &mut Thread, position: Position, number: u32) -> Value {
    if position.line == 0 { Value::NONE } else { th.int(number.into()) }
}

#[pymethods]
impl Code {
    #[getter]
    fn co_name(&self) -> Value {
        self.name.clone().into_value()
    }

    #[getter]
    fn co_qualname(&self) -> Value {
        self.qualname.clone().into_value()
    }

    #[getter]
    fn co_filename(&self) -> Value {
        self.filename.clone().into_value()
    }

    #[getter]
    fn co_firstlineno(&self) -> u32 {
        self.unit.first_line
    }

    #[getter]
    fn co_argcount(&self) -> u16 {
        self.unit.arg_count
    }

    #[getter]
    fn co_posonlyargcount(&self) -> u16 {
        self.unit.posonly_count
    }

    #[getter]
    fn co_kwonlyargcount(&self) -> u16 {
        self.unit.kwonly_count
    }

    #[getter]
    fn co_nlocals(&self) -> usize {
        self.unit.locals.len()
    }

    #[getter]
    fn co_stacksize(&self) -> u16 {
        self.unit.registers
    }

    #[getter]
    fn co_flags(&self) -> u32 {
        self.unit.flags
    }

    #[getter]
    fn co_code(&self, th: &mut Thread) -> PyResult {
        let mut bytes = Vec::with_capacity(self.unit.instructions.len() * 8);
        for i in &self.unit.instructions {
            bytes.extend([i.opcode, i.flags]);
            bytes.extend([i.a, i.b, i.c].iter().flat_map(|operand| operand.to_le_bytes()));
        }
        th.bytes(&bytes)
    }

    #[getter]
    fn co_consts(&self, th: &mut Thread) -> Value {
        th.tuple(self.constants.to_vec())
    }

    #[getter]
    fn co_names(&self, th: &mut Thread) -> Value {
        let names: Vec<Value> = self.names.iter().map(|n| n.clone().into_value()).collect();
        th.tuple(names)
    }

    #[getter]
    fn co_varnames(&self, th: &mut Thread) -> Value {
        names_tuple(th, self.unit.locals.iter())
    }

    #[getter]
    fn co_cellvars(&self, th: &mut Thread) -> Value {
        names_tuple(th, self.unit.cells.iter().map(|(name, _)| name))
    }

    #[getter]
    fn co_freevars(&self, th: &mut Thread) -> Value {
        names_tuple(th, self.unit.free.iter())
    }

    fn co_positions(&self, th: &mut Thread) -> PyResult {
        let mut all = Vec::with_capacity(self.unit.positions.len());
        let columns = knows_columns();
        for position in &self.unit.positions {
            let parts = [position.line, position.end_line, position.column, position.end_column];
            let mut parts = parts.map(|number| place(th, *position, number));
            if !columns {
                parts = [parts[0].clone(), parts[0].clone(), Value::NONE, Value::NONE];
            }
            all.push(th.tuple(parts.to_vec()));
        }
        let all = th.list(all);
        th.iter(&all)
    }

    fn co_lines(&self, th: &mut Thread) -> PyResult {
        let mut all = Vec::new();
        let positions = &self.unit.positions;
        let mut start = 0;
        for end in 1..=positions.len() {
            if end == positions.len() || positions[end].line != positions[start].line {
                let parts = [
                    th.int(start as i64 * 2),
                    th.int(end as i64 * 2),
                    place(th, positions[start], positions[start].line),
                ];
                all.push(th.tuple(parts.to_vec()));
                start = end;
            }
        }
        let all = th.list(all);
        th.iter(&all)
    }

    #[raw]
    fn replace(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        let mut unit = (*this.unit).clone();
        if !args.positional.is_empty() {
            return Err(th.type_error("replace() takes 0 positional arguments"));
        }
        for (name, value) in args.keywords() {
            let name = name.units().to_str_lossy().to_string();
            let text = th.as_str(value).map(|s| s.units().to_str_lossy().to_string());
            match (name.as_str(), text) {
                ("co_name", Some(text)) => unit.name = text.into(),
                ("co_qualname", Some(text)) => unit.qualname = text.into(),
                ("co_filename", Some(text)) => unit.filename = text.into(),
                ("co_firstlineno", _) => unit.first_line = u32::try_from(th.index(value)?).unwrap_or(1),
                ("co_flags", _) => unit.flags = u32::try_from(th.index(value)?).unwrap_or(unit.flags),
                _ => {
                    return Err(
                        th.not_implemented_error(format_args!("code.replace() does not support {name} yet"))
                    );
                }
            }
        }
        Ok(Code::new(th, &Arc::new(unit))?.into_value())
    }

    fn __repr__(this: &Obj<Self>) -> String {
        let name = this.name.units().to_str_lossy().to_string();
        let file = this.filename.units().to_str_lossy().to_string();
        let word = this.as_value().word();
        format!("<code object {name} at {word:#x}, file \"{file}\", line {}>", this.unit.first_line)
    }

    fn __eq__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> Value {
        match th.exact::<Code>(other) {
            Some(other) => Value::bool(this.unit == other.unit),
            None => Value::NOT_IMPLEMENTED,
        }
    }

    fn __hash__(&self) -> i64 {
        self.name.hash() ^ i64::from(self.unit.first_line) ^ (self.unit.instructions.len() as i64) << 20
    }
}
