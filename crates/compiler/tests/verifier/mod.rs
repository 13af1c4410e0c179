//! Checks a code unit against the contract of the instruction set.
//!
//! Operands are in range, jumps and handlers land on instructions, and an abstract run over all ways through the code
//! knows for each temporary whether it holds a value: none is read that doesn't, none is left over where ways meet or
//! at a return, and a run that an instruction consumes is there.

use std::collections::BTreeSet;

use compiler::bytecode::code::{CodeUnit, Constant};
use compiler::bytecode::instruction::{
    FRAME_HEADER, HAS_ANNOTATE, HAS_CLOSURE, HAS_DEFAULTS, HAS_KWDEFAULTS, IF_TRUE, Instruction, Intrinsic,
    KILL_A, KILL_B, KILL_C, METHOD, Opcode, Operand,
};

const HEADER: usize = FRAME_HEADER as usize;

/// Temporaries that hold a value.
type Live = BTreeSet<usize>;

/// Checks a unit and all units among its constants.
pub fn verify(code: &CodeUnit) -> Result<(), String> {
    Verifier::new(code)?.run().map_err(|message| format!("{}: {message}", code.qualname))?;
    for constant in &code.constants {
        if let Constant::Code(inner) = constant {
            verify(inner)?;
        }
    }
    Ok(())
}

struct Verifier<'c> {
    code: &'c CodeUnit,
    /// Is there an instruction at this word?
    starts: Vec<bool>,
    first_temporary: usize,
    before: Vec<Option<Live>>,
    work: Vec<usize>,
}

fn opcode(word: Instruction) -> Result<Opcode, String> {
    Opcode::ALL.get(word.opcode as usize).copied().ok_or_else(|| format!("opcode {}", word.opcode))
}

impl<'c> Verifier<'c> {
    fn new(code: &'c CodeUnit) -> Result<Verifier<'c>, String> {
        let mut starts = vec![false; code.instructions.len()];
        let mut index = 0;
        while index < code.instructions.len() {
            starts[index] = true;
            index += 1 + opcode(code.instructions[index])?.cache_words();
        }
        if index != code.instructions.len() {
            return Err(format!("{}: code ends inside an instruction", code.qualname));
        }
        Ok(Verifier {
            code,
            before: vec![None; starts.len()],
            starts,
            first_temporary: code.first_temporary(),
            work: Vec::new(),
        })
    }

    fn run(&mut self) -> Result<(), String> {
        let code = self.code;
        if code.positions.len() != code.instructions.len() {
            return Err("as many positions as words are needed".into());
        }
        if code.registers as usize > 0xffff || self.first_temporary > code.registers as usize {
            return Err("registers".into());
        }
        let mut end = 0;
        for entry in &code.exceptions {
            if entry.start < end || entry.end <= entry.start {
                return Err(format!("table entry {entry:?} is out of order"));
            }
            end = entry.end;
            for place in [entry.start, entry.target] {
                if !self.starts.get(place as usize).is_some_and(|start| *start) {
                    return Err(format!("table entry {entry:?} is no instruction"));
                }
            }
            if entry.exception >= code.registers || entry.depth > entry.exception {
                return Err(format!("registers of table entry {entry:?}"));
            }
        }
        self.arrive(0, Live::new())?;
        while let Some(index) = self.work.pop() {
            self.step(index).map_err(|message| {
                let word = code.instructions[index];
                format!("{message} at {index}: {} {word:?}", Opcode::ALL[word.opcode as usize].name())
            })?;
        }
        Ok(())
    }

    /// Control reaches `index` with these temporaries alive.
    fn arrive(&mut self, index: usize, live: Live) -> Result<(), String> {
        if !self.starts.get(index).is_some_and(|start| *start) {
            return Err(format!("jump to {index}, which is no instruction"));
        }
        match &self.before[index] {
            None => {
                self.before[index] = Some(live);
                self.work.push(index);
                Ok(())
            }
            Some(known) if *known == live => Ok(()),
            Some(known) => Err(format!("ways meet at {index} with {known:?} and {live:?}")),
        }
    }

    fn check_register(&self, register: usize) -> Result<(), String> {
        if register < self.code.registers as usize {
            return Ok(());
        }
        Err(format!("register {register} of {}", self.code.registers))
    }

    fn read(&self, live: &Live, register: usize) -> Result<(), String> {
        self.check_register(register)?;
        if register >= self.first_temporary && !live.contains(&register) {
            return Err(format!("r{register} is read and holds nothing"));
        }
        Ok(())
    }

    fn take(&self, live: &mut Live, register: usize) -> Result<(), String> {
        self.read(live, register)?;
        if register < self.first_temporary {
            return Err(format!("r{register} is consumed and is no temporary"));
        }
        live.remove(&register);
        Ok(())
    }

    fn write(&self, live: &mut Live, register: usize) -> Result<(), String> {
        self.check_register(register)?;
        if register >= self.first_temporary {
            live.insert(register);
        }
        Ok(())
    }

    fn step(&mut self, index: usize) -> Result<(), String> {
        let code = self.code;
        let word = code.instructions[index];
        let op = opcode(word)?;
        let [a, b, c] = [word.a as usize, word.b as usize, word.c as usize];
        let mut live = self.before[index].clone().unwrap_or_default();
        let covering =
            code.exceptions.iter().find(|entry| (entry.start..entry.end).contains(&(index as u32)));
        if let Some(entry) = covering {
            let mut kept: Live = live.range(..entry.depth as usize).copied().collect();
            self.write(&mut kept, entry.exception as usize)?;
            self.arrive(entry.target as usize, kept)?;
        }

        // Operands.
        let kinds = op.operands();
        let fields = [a, b, c];
        let kills = [KILL_A, KILL_B, KILL_C];
        for position in 0..3 {
            let field = fields[position];
            match kinds[position] {
                Operand::Const if field >= code.constants.len() => return Err(format!("constant {field}")),
                Operand::Name if field >= code.names.len() => return Err(format!("name {field}")),
                Operand::Write | Operand::Read | Operand::Base => self.check_register(field)?,
                _ => {}
            }
        }
        let ignored = |position: usize| match op {
            Opcode::Raise => position == 1 && word.flags & IF_TRUE == 0,
            // Not read: the last register that is kept.
            Opcode::Yield => position == 2,
            Opcode::ForNext => position == 1,
            _ => false,
        };
        for position in 0..3 {
            if kinds[position] == Operand::Read && !ignored(position) {
                self.read(&live, fields[position])?;
            }
        }
        for position in 0..3 {
            if kinds[position] == Operand::Read && word.flags & kills[position] != 0 {
                // The same temporary may be named twice.
                if fields[position] < self.first_temporary {
                    return Err(format!("r{} is killed and is no temporary", fields[position]));
                }
                live.remove(&fields[position]);
            }
        }
        for register in consumed(code, index, op, word) {
            self.take(&mut live, register)?;
        }
        match op {
            Opcode::CallEx => {
                live.remove(&(b + HEADER + 1));
                self.check_register(b + HEADER + 1)?;
            }
            Opcode::Call | Opcode::CallKw => self.check_register(b + HEADER - 1)?,
            Opcode::WithExceptStart => self.read(&live, b + HEADER)?,
            Opcode::Yield if live.iter().any(|register| *register > c) => {
                return Err(format!("{live:?} in use, kept only up to r{c}"));
            }
            _ => {}
        }
        let next = index + 1 + op.cache_words();
        let distance = match kinds {
            [_, Operand::WideJump, _] => Some(word.wide()),
            [_, _, Operand::Jump] => Some(i32::from(word.c as i16)),
            _ => None,
        };
        let target = distance.map(|distance| (next as i64 + i64::from(distance)) as usize);
        if let Some(target) = target {
            let backward =
                matches!(op, Opcode::JumpBack | Opcode::JumpBackNoPoll) || op.name().starts_with("LOOP");
            if op != Opcode::ForNext && backward != (target <= index) {
                return Err("jump in the wrong direction".into());
            }
        }

        // Results.
        match op {
            Opcode::ForNext => {
                for register in a..a + 3 {
                    self.read(&live, register)?;
                }
                let mut item = live.clone();
                self.write(&mut item, b)?;
                self.arrive(target.unwrap_or(next), item)?;
                for register in a..a + 3 {
                    self.take(&mut live, register)?;
                }
                return self.arrive(next, live);
            }
            Opcode::Clear | Opcode::DeleteLocal => {
                live.remove(&a);
            }
            Opcode::MakeCell => self.write(&mut live, a)?,
            _ => {
                for register in written(op, word) {
                    self.write(&mut live, register)?;
                }
            }
        }
        if matches!(op, Opcode::Return | Opcode::ReturnConst) {
            if live.is_empty() {
                return Ok(());
            }
            return Err(format!("{live:?} left over at a return"));
        }
        if matches!(op, Opcode::Raise | Opcode::RaiseAgain | Opcode::Reraise) {
            return Ok(());
        }
        if let Some(target) = target {
            self.arrive(target, live.clone())?;
        }
        if !matches!(op, Opcode::Jump | Opcode::JumpBack | Opcode::JumpBackNoPoll) {
            self.arrive(next, live)?;
        }
        Ok(())
    }
}

/// Registers that an instruction consumes whatever its flags say.
fn consumed(code: &CodeUnit, index: usize, op: Opcode, word: Instruction) -> Vec<usize> {
    let [a, b, c] = [word.a as usize, word.b as usize, word.c as usize];
    let run = |first: usize, count: usize| (first..first + count).collect::<Vec<_>>();
    match op {
        Opcode::LoadSuperAttr | Opcode::LoadSuperMethod | Opcode::BuildSlice => run(b, 3),
        Opcode::LoadSlice => run(c, 3),
        Opcode::StoreSlice => run(b, 3),
        Opcode::BuildTuple | Opcode::BuildList | Opcode::BuildSet | Opcode::BuildString => run(b, c),
        Opcode::BuildMap => run(b, 2 * c),
        Opcode::BuildTemplate => run(b, 2),
        Opcode::BuildInterpolation => run(b, 4),
        Opcode::Call | Opcode::CallKw => {
            let method = usize::from(word.flags & METHOD != 0);
            let mut registers = vec![b];
            registers.extend(run(b + HEADER, c + method));
            registers
        }
        Opcode::CallEx => vec![b, b + HEADER],
        Opcode::MakeFunction => [HAS_DEFAULTS, HAS_KWDEFAULTS, HAS_ANNOTATE, HAS_CLOSURE]
            .iter()
            .enumerate()
            .filter(|(_, flag)| word.flags & **flag != 0)
            .map(|(position, _)| c + position)
            .collect(),
        Opcode::ImportName => run(c, 2),
        Opcode::MatchClass => {
            debug_assert_eq!(code.instructions[index + 1].opcode, Opcode::Extra as u8);
            run(c, 2)
        }
        Opcode::Intrinsic => run(c, arity(b)),
        Opcode::EndIter => run(a, 3),
        _ => Vec::new(),
    }
}

fn arity(number: usize) -> usize {
    let all = [
        Intrinsic::Print,
        Intrinsic::StopIterationError,
        Intrinsic::AsyncGenWrap,
        Intrinsic::TypeVar,
        Intrinsic::TypeVarWithBound,
        Intrinsic::TypeVarWithConstraints,
        Intrinsic::ParamSpec,
        Intrinsic::TypeVarTuple,
        Intrinsic::SetTypeParamDefault,
        Intrinsic::SubscriptGeneric,
        Intrinsic::TypeAlias,
        Intrinsic::SetFunctionTypeParams,
    ];
    all[number].arity()
}

/// Registers that an instruction writes.
fn written(op: Opcode, word: Instruction) -> Vec<usize> {
    let [a, c] = [word.a as usize, word.c as usize];
    match op {
        Opcode::LoadMethod | Opcode::LoadSuperMethod | Opcode::LoadSpecial => vec![a, a + HEADER],
        Opcode::GetIter | Opcode::AdoptIter => vec![a, a + 1, a + 2],
        Opcode::ExcGroupMatch => vec![a, a + 1],
        Opcode::UnpackSequence => (a..a + c).collect(),
        Opcode::UnpackEx => (a..a + (c & 0xff) + 1 + (c >> 8)).collect(),
        Opcode::EndIter => Vec::new(),
        // The value sent, or the result.
        Opcode::Send => vec![a],
        _ if op.operands()[0] == Operand::Write => vec![a],
        _ => Vec::new(),
    }
}
