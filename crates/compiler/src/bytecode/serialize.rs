//! A code unit as bytes and back: the format of precompiled programs.
//!
//! Header (magic, [`FINGERPRINT`]), a table of all names, then the units, nested ones where they occur among the
//! constants. Numbers are LEB128, signed ones zigzag. An instruction holds the operands that it has, its caches are
//! understood to be zero; positions are differences, one for a run of words. Everything read is checked: bytes that no [`encode`] wrote give a
//! [`DecodeError`], never a code unit whose operands point outside its tables.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::code::{CodeUnit, Constant, ExceptionEntry, Position};
use super::instruction::{Instruction, Opcode, Operand};

/// Changes with the format and with the instruction set, as it is made of the source that defines them; bytes with
/// another one are refused.
pub const FINGERPRINT: u32 = fingerprint(&[
    include_bytes!("code.rs"),
    include_bytes!("instruction.rs"),
    include_bytes!("serialize.rs"),
]);

/// A number that tells files of source from others: 32-bit FNV-1a.
pub const fn fingerprint(files: &[&[u8]]) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    let mut file = 0;
    while file < files.len() {
        let mut at = 0;
        while at < files[file].len() {
            hash = (hash ^ files[file][at] as u32).wrapping_mul(0x0100_0193);
            at += 1;
        }
        file += 1;
    }
    hash
}

const MAGIC: [u8; 4] = *b"Amp\x0e";
/// Stands for a word of zeros; no operation has this number.
const ZERO_WORD: u8 = 0xff;
/// Before a word with all its fields: one that is no instruction, or has an operand that its operation has not.
const WHOLE_WORD: u8 = 0xfe;
const _: () = assert!(Opcode::ALL.len() < WHOLE_WORD as usize);
const ZERO: Instruction = Instruction { opcode: 0, flags: 0, a: 0, b: 0, c: 0 };

/// The first byte of a run of positions: how many words less one (15: a number follows), and which parts follow.
mod run {
    pub(super) const LENGTH: u8 = 15;
    /// The line, as a difference from the run before.
    pub(super) const LINE: u8 = 16;
    /// The end line, as a difference from the line.
    pub(super) const END_LINE: u8 = 32;
    /// The column.
    pub(super) const COLUMN: u8 = 64;
    /// The end column, as a difference from the column.
    pub(super) const END_COLUMN: u8 = 128;
}
/// Code units and tuples may be nested so deeply.
const MAX_DEPTH: usize = 400;

/// The units are nested too deeply to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooDeep;

impl fmt::Display for TooDeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("code is nested too deeply to be written")
    }
}

impl std::error::Error for TooDeep {}

/// Why bytes are not a code unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// They do not start with the magic bytes.
    NotCode,
    /// They are of another format version.
    OtherVersion,
    /// They end early.
    Truncated,
    /// Something in them is impossible; what it is.
    Invalid(&'static str),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::NotCode => f.write_str("not precompiled code"),
            DecodeError::OtherVersion => f.write_str("precompiled code of another version"),
            DecodeError::Truncated => f.write_str("precompiled code is truncated"),
            DecodeError::Invalid(what) => write!(f, "precompiled code is damaged: {what}"),
        }
    }
}

impl std::error::Error for DecodeError {}

mod tag {
    pub(super) const NONE: u8 = 0;
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const ELLIPSIS: u8 = 3;
    pub(super) const INT: u8 = 4;
    pub(super) const BIG_INT: u8 = 5;
    pub(super) const FLOAT: u8 = 6;
    pub(super) const COMPLEX: u8 = 7;
    pub(super) const STR: u8 = 8;
    pub(super) const BYTES: u8 = 9;
    pub(super) const TUPLE: u8 = 10;
    pub(super) const FROZEN_SET: u8 = 11;
    pub(super) const SLICE: u8 = 12;
    pub(super) const CODE: u8 = 13;
}

/// The bytes of a code unit.
pub fn encode(code: &CodeUnit) -> Result<Vec<u8>, TooDeep> {
    let mut writer = Writer { out: Vec::new(), names: HashMap::new(), list: Vec::new() };
    writer.unit(code, 0)?;
    let body = std::mem::take(&mut writer.out);
    writer.out.extend_from_slice(&MAGIC);
    writer.out.extend_from_slice(&FINGERPRINT.to_le_bytes());
    writer.number(writer.list.len() as u64);
    for name in std::mem::take(&mut writer.list) {
        writer.bytes(name.as_bytes());
    }
    writer.out.extend_from_slice(&body);
    Ok(writer.out)
}

/// The code unit of some bytes.
pub fn decode(bytes: &[u8]) -> Result<CodeUnit, DecodeError> {
    let mut reader = Reader { rest: bytes, names: Vec::new() };
    if reader.take(MAGIC.len()).map_err(|_| DecodeError::NotCode)? != MAGIC {
        return Err(DecodeError::NotCode);
    }
    if reader.take(4)? != FINGERPRINT.to_le_bytes() {
        return Err(DecodeError::OtherVersion);
    }
    let count = reader.count()?;
    reader.names.reserve_exact(count);
    for _ in 0..count {
        let name = reader.text("a name is not UTF-8")?;
        reader.names.push(name.into());
    }
    let code = reader.unit(0)?;
    if reader.rest.is_empty() { Ok(code) } else { Err(DecodeError::Invalid("bytes after the end")) }
}

struct Writer<'a> {
    out: Vec<u8>,
    names: HashMap<&'a str, u64>,
    list: Vec<&'a str>,
}

impl<'a> Writer<'a> {
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.out.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }

    fn signed(&mut self, value: i64) {
        self.number((value << 1 ^ value >> 63) as u64);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    fn name(&mut self, name: &'a str) {
        let next = self.list.len() as u64;
        let index = *self.names.entry(name).or_insert(next);
        if index == next {
            self.list.push(name);
        }
        self.number(index);
    }

    fn name_list(&mut self, names: &'a [Arc<str>]) {
        self.number(names.len() as u64);
        for name in names {
            self.name(name);
        }
    }

    fn unit(&mut self, code: &'a CodeUnit, depth: usize) -> Result<(), TooDeep> {
        if depth > MAX_DEPTH {
            return Err(TooDeep);
        }
        for name in [&code.name, &code.qualname, &code.filename] {
            self.name(name);
        }
        for number in [code.first_line, code.flags] {
            self.number(number.into());
        }
        for number in [code.arg_count, code.posonly_count, code.kwonly_count, code.first_free, code.registers]
        {
            self.number(number.into());
        }
        self.name_list(&code.locals);
        self.number(code.cells.len() as u64);
        for (name, register) in &code.cells {
            self.name(name);
            self.number((*register).into());
        }
        self.name_list(&code.free);
        self.name_list(&code.names);
        self.number(code.constants.len() as u64);
        for constant in &code.constants {
            self.constant(constant, depth)?;
        }
        self.instructions(&code.instructions);
        self.number(code.exceptions.len() as u64);
        for entry in &code.exceptions {
            for number in [entry.start, entry.end, entry.target, entry.exception.into(), entry.depth.into()] {
                self.number(number.into());
            }
        }
        self.positions(&code.positions);
        Ok(())
    }

    fn instructions(&mut self, words: &[Instruction]) {
        self.number(words.len() as u64);
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let opcode = Opcode::ALL.get(usize::from(word.opcode)).copied();
            let caches = opcode.map_or(0, Opcode::cache_words);
            let rest = words.get(at + 1..at + 1 + caches);
            match (opcode, rest) {
                (Some(opcode), Some(rest))
                    if has_only_its_operands(opcode, *word) && rest.iter().all(|w| *w == ZERO) =>
                {
                    self.instruction(opcode, *word);
                }
                _ => {
                    self.whole_word(*word);
                    for cache in rest.unwrap_or(&[]) {
                        if *cache == ZERO {
                            self.out.push(ZERO_WORD);
                        } else {
                            self.whole_word(*cache);
                        }
                    }
                }
            }
            at += 1 + rest.map_or(0, <[Instruction]>::len);
        }
    }

    fn instruction(&mut self, opcode: Opcode, word: Instruction) {
        self.out.extend_from_slice(&[word.opcode, word.flags]);
        for (operand, value) in opcode.operands().into_iter().zip([word.a, word.b, word.c]) {
            match operand {
                Operand::None => {}
                Operand::Jump => self.signed(i64::from(value as i16)),
                Operand::WideJump => self.signed(word.wide().into()),
                _ => self.number(value.into()),
            }
        }
    }

    fn whole_word(&mut self, word: Instruction) {
        self.out.extend_from_slice(&[WHOLE_WORD, word.opcode, word.flags]);
        for operand in [word.a, word.b, word.c] {
            self.number(operand.into());
        }
    }

    /// As many as there are words of code.
    fn positions(&mut self, positions: &[Position]) {
        let mut previous = Position::default();
        for words in positions.chunk_by(|one, other| one == other) {
            let position = words[0];
            let parts = [
                (run::LINE, position.line != previous.line),
                (run::END_LINE, position.end_line != position.line),
                (run::COLUMN, position.column != previous.column),
                (run::END_COLUMN, position.end_column != previous.end_column),
            ];
            let parts = parts.iter().filter(|(_, present)| *present).fold(0, |all, (part, _)| all | part);
            let length = words.len() - 1;
            self.out.push(parts | length.min(usize::from(run::LENGTH)) as u8);
            if length >= usize::from(run::LENGTH) {
                self.number(length as u64);
            }
            if parts & run::LINE != 0 {
                self.signed(i64::from(position.line) - i64::from(previous.line));
            }
            if parts & run::END_LINE != 0 {
                self.signed(i64::from(position.end_line) - i64::from(position.line));
            }
            if parts & run::COLUMN != 0 {
                self.number(position.column.into());
            }
            if parts & run::END_COLUMN != 0 {
                self.signed(i64::from(position.end_column) - i64::from(position.column));
            }
            previous = position;
        }
    }

    fn constant(&mut self, constant: &'a Constant, depth: usize) -> Result<(), TooDeep> {
        let mut items: &[Constant] = &[];
        match constant {
            Constant::None => self.out.push(tag::NONE),
            Constant::True => self.out.push(tag::TRUE),
            Constant::False => self.out.push(tag::FALSE),
            Constant::Ellipsis => self.out.push(tag::ELLIPSIS),
            Constant::Int(value) => {
                self.out.push(tag::INT);
                self.signed(*value);
            }
            Constant::BigInt(digits) => {
                self.out.push(tag::BIG_INT);
                self.bytes(digits.as_bytes());
            }
            Constant::Float(value) => {
                self.out.push(tag::FLOAT);
                self.out.extend_from_slice(&value.to_bits().to_le_bytes());
            }
            Constant::Complex(real, imaginary) => {
                self.out.push(tag::COMPLEX);
                self.out.extend_from_slice(&real.to_bits().to_le_bytes());
                self.out.extend_from_slice(&imaginary.to_bits().to_le_bytes());
            }
            Constant::Str(text) => {
                self.out.push(tag::STR);
                self.bytes(text);
            }
            Constant::Bytes(bytes) => {
                self.out.push(tag::BYTES);
                self.bytes(bytes);
            }
            Constant::Tuple(tuple) => {
                self.out.push(tag::TUPLE);
                self.number(tuple.len() as u64);
                items = tuple;
            }
            Constant::FrozenSet(set) => {
                self.out.push(tag::FROZEN_SET);
                self.number(set.len() as u64);
                items = set;
            }
            Constant::Slice(slice) => {
                self.out.push(tag::SLICE);
                items = &**slice;
            }
            Constant::Code(code) => {
                self.out.push(tag::CODE);
                self.unit(code, depth + 1)?;
            }
        }
        if !items.is_empty() && depth >= MAX_DEPTH {
            return Err(TooDeep);
        }
        items.iter().try_for_each(|item| self.constant(item, depth + 1))
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    names: Vec<Arc<str>>,
}

type Outcome<T> = Result<T, DecodeError>;

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Outcome<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Outcome<u8> {
        let (byte, rest) = self.rest.split_first().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*byte)
    }

    fn number(&mut self) -> Outcome<u64> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(first.into());
        }
        let mut value = u64::from(first & 0x7f);
        let mut shift = 7;
        loop {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(DecodeError::Invalid("a number is too big"));
            }
            value |= part << shift;
            if byte < 0x80 {
                return Ok(value);
            }
            shift += 7;
            if shift > 63 {
                return Err(DecodeError::Invalid("a number is too long"));
            }
        }
    }

    fn signed(&mut self) -> Outcome<i64> {
        let value = self.number()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn narrow<T: TryFrom<u64>>(&mut self) -> Outcome<T> {
        T::try_from(self.number()?).map_err(|_| DecodeError::Invalid("a number is too big"))
    }

    /// A number of things that take at least a byte each, so that a damaged one allocates nothing huge.
    fn count(&mut self) -> Outcome<usize> {
        let count: usize = self.narrow()?;
        if count > self.rest.len() { Err(DecodeError::Truncated) } else { Ok(count) }
    }

    fn bytes(&mut self) -> Outcome<&'a [u8]> {
        let length = self.narrow()?;
        self.take(length)
    }

    fn text(&mut self, what: &'static str) -> Outcome<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| DecodeError::Invalid(what))
    }

    fn name(&mut self) -> Outcome<Arc<str>> {
        let index: usize = self.narrow()?;
        self.names.get(index).cloned().ok_or(DecodeError::Invalid("a name is out of range"))
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Outcome<T>) -> Outcome<Vec<T>> {
        let count = self.count()?;
        let mut list = Vec::with_capacity(count);
        for _ in 0..count {
            list.push(item(self)?);
        }
        Ok(list)
    }

    fn unit(&mut self, depth: usize) -> Outcome<CodeUnit> {
        if depth > MAX_DEPTH {
            return Err(DecodeError::Invalid("code is nested too deeply"));
        }
        let mut code = CodeUnit {
            name: self.name()?,
            qualname: self.name()?,
            filename: self.name()?,
            first_line: self.narrow()?,
            flags: self.narrow()?,
            arg_count: self.narrow()?,
            posonly_count: self.narrow()?,
            kwonly_count: self.narrow()?,
            first_free: self.narrow()?,
            registers: self.narrow()?,
            locals: self.list(Self::name)?,
            cells: self.list(|reader| Ok((reader.name()?, reader.narrow()?)))?,
            free: self.list(Self::name)?,
            names: self.list(Self::name)?,
            constants: self.list(|reader| reader.constant(depth))?,
            instructions: self.instructions()?,
            exceptions: self.list(Self::exception)?,
            positions: Vec::new(),
        };
        code.positions = self.positions(code.instructions.len())?;
        verify(&code).map_err(DecodeError::Invalid)?;
        Ok(code)
    }

    fn instructions(&mut self) -> Outcome<Vec<Instruction>> {
        let count: usize = self.narrow()?;
        // An instruction takes two bytes at least and is three words at most.
        if count / 2 > self.rest.len() {
            return Err(DecodeError::Truncated);
        }
        let mut words = Vec::with_capacity(count);
        while words.len() < count {
            match self.byte()? {
                ZERO_WORD => words.push(ZERO),
                WHOLE_WORD => words.push(Instruction {
                    opcode: self.byte()?,
                    flags: self.byte()?,
                    a: self.narrow()?,
                    b: self.narrow()?,
                    c: self.narrow()?,
                }),
                opcode => {
                    let operation = *Opcode::ALL
                        .get(usize::from(opcode))
                        .ok_or(DecodeError::Invalid("an operation is unknown"))?;
                    words.push(self.instruction(operation)?);
                    words.extend(std::iter::repeat_n(ZERO, operation.cache_words()));
                }
            }
        }
        if words.len() == count {
            Ok(words)
        } else {
            Err(DecodeError::Invalid("an instruction is cut short"))
        }
    }

    fn instruction(&mut self, opcode: Opcode) -> Outcome<Instruction> {
        let mut values = [0; 3];
        let flags = self.byte()?;
        for (index, operand) in opcode.operands().into_iter().enumerate() {
            match operand {
                Operand::None => {}
                Operand::Jump => values[index] = self.narrow_signed::<i16>()? as u16,
                Operand::WideJump => (values[1], values[2]) = Instruction::split_wide(self.narrow_signed()?),
                _ => values[index] = self.narrow()?,
            }
        }
        let [a, b, c] = values;
        Ok(Instruction { opcode: opcode as u8, flags, a, b, c })
    }

    fn narrow_signed<T: TryFrom<i64>>(&mut self) -> Outcome<T> {
        T::try_from(self.signed()?).map_err(|_| DecodeError::Invalid("a number is too big"))
    }

    fn exception(&mut self) -> Outcome<ExceptionEntry> {
        Ok(ExceptionEntry {
            start: self.narrow()?,
            end: self.narrow()?,
            target: self.narrow()?,
            exception: self.narrow()?,
            depth: self.narrow()?,
        })
    }

    fn positions(&mut self, count: usize) -> Outcome<Vec<Position>> {
        let mismatch = DecodeError::Invalid("positions do not fit the code");
        let moved = |from: u32, by: i64| {
            i64::from(from).checked_add(by).and_then(|value| u32::try_from(value).ok()).ok_or(mismatch)
        };
        let mut positions = Vec::with_capacity(count);
        let mut position = Position::default();
        while positions.len() < count {
            let head = self.byte()?;
            let length = head & run::LENGTH;
            let length: usize = if length == run::LENGTH { self.narrow()? } else { length.into() };
            if length >= count - positions.len() {
                return Err(mismatch);
            }
            if head & run::LINE != 0 {
                position.line = moved(position.line, self.signed()?)?;
            }
            position.end_line =
                if head & run::END_LINE != 0 { moved(position.line, self.signed()?)? } else { position.line };
            if head & run::COLUMN != 0 {
                position.column = self.narrow()?;
            }
            if head & run::END_COLUMN != 0 {
                position.end_column = moved(position.column, self.signed()?)?;
            }
            positions.resize(positions.len() + length + 1, position);
        }
        Ok(positions)
    }

    fn float(&mut self) -> Outcome<f64> {
        let bytes = self.take(8)?.try_into().map_err(|_| DecodeError::Truncated)?;
        Ok(f64::from_bits(u64::from_le_bytes(bytes)))
    }

    fn constant(&mut self, depth: usize) -> Outcome<Constant> {
        if depth > MAX_DEPTH {
            return Err(DecodeError::Invalid("a constant is nested too deeply"));
        }
        Ok(match self.byte()? {
            tag::NONE => Constant::None,
            tag::TRUE => Constant::True,
            tag::FALSE => Constant::False,
            tag::ELLIPSIS => Constant::Ellipsis,
            tag::INT => Constant::Int(self.signed()?),
            tag::BIG_INT => {
                let digits = self.text("an integer is not hexadecimal")?;
                if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return Err(DecodeError::Invalid("an integer is not hexadecimal"));
                }
                Constant::BigInt(digits.into())
            }
            tag::FLOAT => Constant::Float(self.float()?),
            tag::COMPLEX => Constant::Complex(self.float()?, self.float()?),
            tag::STR => {
                let text = self.bytes()?;
                if !is_wtf8(text) {
                    return Err(DecodeError::Invalid("a string is not WTF-8"));
                }
                Constant::Str(text.into())
            }
            tag::BYTES => Constant::Bytes(self.bytes()?.into()),
            tag::TUPLE => Constant::Tuple(self.list(|reader| reader.constant(depth + 1))?.into()),
            tag::FROZEN_SET => Constant::FrozenSet(self.list(|reader| reader.constant(depth + 1))?.into()),
            tag::SLICE => {
                let depth = depth + 1;
                Constant::Slice(Arc::new([
                    self.constant(depth)?,
                    self.constant(depth)?,
                    self.constant(depth)?,
                ]))
            }
            tag::CODE => Constant::Code(Arc::new(self.unit(depth + 1)?)),
            _ => return Err(DecodeError::Invalid("a constant is of no known kind")),
        })
    }
}

/// Whether the operands that the operation has not are zero, as they should be.
fn has_only_its_operands(opcode: Opcode, word: Instruction) -> bool {
    let [a, b, c] = opcode.operands();
    (a != Operand::None || word.a == 0)
        && (b != Operand::None || word.b == 0)
        && (c != Operand::None || word.c == 0 || b == Operand::WideJump)
}

/// UTF-8 in which surrogates may occur.
fn is_wtf8(text: &[u8]) -> bool {
    let mut rest = text;
    loop {
        match std::str::from_utf8(rest) {
            Ok(_) => return true,
            Err(error) => match &rest[error.valid_up_to()..] {
                [0xed, 0xa0..=0xbf, 0x80..=0xbf, after @ ..] => rest = after,
                _ => return false,
            },
        }
    }
}

/// Checks that no operand, jump or table entry points outside the unit.
fn verify(code: &CodeUnit) -> Result<(), &'static str> {
    let registers = usize::from(code.registers);
    let length = code.instructions.len();
    if code.positions.len() != length {
        return Err("positions do not fit the code");
    }
    let fixed = code.first_temporary().max(code.parameter_count()).max(code.locals.len());
    if fixed > registers || code.cells.iter().any(|(_, register)| usize::from(*register) >= registers) {
        return Err("a variable has no register");
    }
    if code.posonly_count > code.arg_count {
        return Err("parameters are miscounted");
    }
    let mut word = 0;
    let mut starts = vec![false; length];
    let mut targets = Vec::new();
    let mut last = None;
    while let Some(instruction) = code.instructions.get(word) {
        let opcode = *Opcode::ALL.get(usize::from(instruction.opcode)).ok_or("an operation is unknown")?;
        starts[word] = true;
        last = Some(opcode);
        word += 1 + opcode.cache_words();
        if word > length {
            return Err("an instruction is cut short");
        }
        let values = [instruction.a, instruction.b, instruction.c];
        for (operand, value) in opcode.operands().into_iter().zip(values) {
            let index = usize::from(value);
            let valid = match operand {
                Operand::None | Operand::Imm => true,
                Operand::Write | Operand::Read => index < registers,
                Operand::Base => index <= registers,
                Operand::Const => index < code.constants.len(),
                Operand::Name => index < code.names.len(),
                Operand::Jump | Operand::WideJump => {
                    let wide = operand == Operand::WideJump;
                    let distance = if wide { instruction.wide() } else { i32::from(value as i16) };
                    targets.push(word as i64 + i64::from(distance));
                    true
                }
            };
            if !valid {
                return Err("an operand is out of range");
            }
        }
    }
    if !last.is_some_and(ends_code) {
        return Err("the code has no end");
    }
    targets.extend(code.exceptions.iter().map(|entry| i64::from(entry.target)));
    let lands = |target: i64| usize::try_from(target).is_ok_and(|target| starts.get(target) == Some(&true));
    if !targets.into_iter().all(lands) {
        return Err("a jump does not land on an instruction");
    }
    for entry in &code.exceptions {
        let in_code = entry.start <= entry.end && entry.end as usize <= length;
        if !in_code || usize::from(entry.exception) >= registers || usize::from(entry.depth) > registers {
            return Err("an exception entry is out of range");
        }
    }
    Ok(())
}

/// Whether nothing runs on after the operation.
fn ends_code(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::Return
            | Opcode::ReturnConst
            | Opcode::Raise
            | Opcode::RaiseAgain
            | Opcode::Reraise
            | Opcode::Jump
            | Opcode::JumpBack
            | Opcode::JumpBackNoPoll
    )
}

#[cfg(test)]
mod tests;
