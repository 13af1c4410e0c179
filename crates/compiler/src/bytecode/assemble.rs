//! The builder's nodes become a code unit: dead code goes, registers and jumps get numbers.
//!
//! Order of work: jumps to jumps are shortened, unreachable nodes and needless checks dropped, addresses found
//! (compare-and-jump instructions whose 16-bit distance does not suffice are split in two or three), words written.
//! A number that does not fit its field is an error, never a wrap.

use std::sync::Arc;

use super::builder::{Builder, Node};
use super::code::{CodeUnit, Position};
use super::exception_table::TableBuilder;
use super::flow;
use super::instruction::{IF_TRUE, Instruction, Opcode, Operand};
use super::operand::{Area, Label, Reg};

/// The fixed part of a unit: everything but its code.
#[derive(Debug)]
pub(crate) struct Head {
    pub name: Arc<str>,
    pub qualname: Arc<str>,
    pub filename: Arc<str>,
    pub first_line: u32,
    pub flags: u32,
    pub arg_count: u32,
    pub posonly_count: u32,
    pub kwonly_count: u32,
    pub locals: Vec<Arc<str>>,
    /// Names with their register.
    pub cells: Vec<(Arc<str>, Reg)>,
    pub free: Vec<Arc<str>>,
    /// How many of the locals are parameters.
    pub parameters: usize,
}

/// A unit that is too big for the instruction format; says what there is too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany(pub &'static str);

/// Finishes a unit.
pub(crate) fn assemble(mut builder: Builder, head: Head) -> Result<CodeUnit, TooMany> {
    shorten_jumps(&mut builder);
    let mut keep = flow::reachable(&builder);
    flow::drop_redundant_checks(&builder, head.locals.len(), head.parameters, &mut keep);
    invert_over_jumps(&mut builder, &mut keep);
    drop_jumps_to_next(&builder, &mut keep);
    Assembler::new(builder, keep, head).finish()
}

/// A jump to an unconditional jump goes where that one goes; a jump to a return returns.
fn shorten_jumps(builder: &mut Builder) {
    const MAX_HOPS: usize = 32;
    for index in 0..builder.nodes.len() {
        let opcode = builder.nodes[index].opcode;
        let Some(mut target) = builder.nodes[index].target else { continue };
        if matches!(opcode, Opcode::Send | Opcode::ForNext) {
            continue;
        }
        let forward = builder.labels[target.0 as usize].is_none_or(|place| place as usize > index);
        for _ in 0..MAX_HOPS {
            let Some(place) = builder.labels[target.0 as usize] else { break };
            match builder.nodes.get(place as usize) {
                Some(Node { opcode: Opcode::Jump, target: Some(next), .. }) if forward => target = *next,
                _ => break,
            }
        }
        builder.nodes[index].target = Some(target);
        if opcode == Opcode::Jump
            && let Some(place) = builder.labels[target.0 as usize]
            && let Some(end) = builder.nodes.get(place as usize)
            && matches!(end.opcode, Opcode::Return | Opcode::ReturnConst)
        {
            builder.nodes[index] = *end;
        }
    }
}

/// A conditional jump over an unconditional one becomes one jump of the opposite sense.
fn invert_over_jumps(builder: &mut Builder, keep: &mut [bool]) {
    let count = builder.nodes.len();
    // The first node from each place on that stays.
    let mut next_kept = vec![count; count + 1];
    for index in (0..count).rev() {
        next_kept[index] = if keep[index] { index } else { next_kept[index + 1] };
    }
    let place = |builder: &Builder, label: Label| {
        builder.labels[label.0 as usize].map_or(count, |place| next_kept[place as usize])
    };
    let mut targets = vec![0_u32; count + 1];
    for (node, keep) in builder.nodes.iter().zip(keep.iter()) {
        if let (Some(target), true) = (node.target, *keep) {
            targets[place(builder, target)] += 1;
        }
    }
    for region in &builder.regions {
        targets[place(builder, region.target)] += 1;
    }
    for index in 0..count {
        if !keep[index] {
            continue;
        }
        let Some((opcode, flip)) = opposite(builder.nodes[index].opcode) else { continue };
        let over = next_kept[index + 1];
        let Some(Node { opcode: Opcode::Jump, target: Some(target), .. }) = builder.nodes.get(over) else {
            continue;
        };
        let Some(own) = builder.nodes[index].target else { continue };
        if targets[over] != 0 || place(builder, own) != next_kept[over + 1] {
            continue;
        }
        let target = *target;
        targets[place(builder, own)] -= 1;
        let node = &mut builder.nodes[index];
        node.opcode = opcode;
        node.flags ^= flip;
        node.target = Some(target);
        keep[over] = false;
    }
}

/// The instruction that jumps where this one does not, and the flags to change.
fn opposite(opcode: Opcode) -> Option<(Opcode, u8)> {
    Some(match opcode {
        Opcode::JumpIfTrue => (Opcode::JumpIfFalse, 0),
        Opcode::JumpIfFalse => (Opcode::JumpIfTrue, 0),
        Opcode::JumpIfNone => (Opcode::JumpIfNotNone, 0),
        Opcode::JumpIfNotNone => (Opcode::JumpIfNone, 0),
        Opcode::JumpLt
        | Opcode::JumpLe
        | Opcode::JumpEq
        | Opcode::JumpNe
        | Opcode::JumpGt
        | Opcode::JumpGe
        | Opcode::JumpLtK
        | Opcode::JumpLeK
        | Opcode::JumpEqK
        | Opcode::JumpNeK
        | Opcode::JumpGtK
        | Opcode::JumpGeK
        | Opcode::JumpIs
        | Opcode::JumpIn => (opcode, IF_TRUE),
        _ => return None,
    })
}

fn drop_jumps_to_next(builder: &Builder, keep: &mut [bool]) {
    // From the end, so that a jump over dropped jumps is seen too.
    let mut next = builder.nodes.len() as u32;
    for index in (0..builder.nodes.len()).rev() {
        if !keep[index] {
            continue;
        }
        let node = &builder.nodes[index];
        if node.opcode == Opcode::Jump
            && let Some(target) = node.target
            && builder.labels[target.0 as usize].is_some_and(|place| place > index as u32 && place <= next)
        {
            keep[index] = false;
            continue;
        }
        next = index as u32;
    }
}

struct Assembler {
    builder: Builder,
    /// Indices of the nodes that stay.
    order: Vec<u32>,
    /// For each node, its rank among those that stay (or that of the next one).
    rank: Vec<u32>,
    /// For each node that stays: does its jump need the long form?
    far: Vec<bool>,
    /// Address of each node that stays, and of the end.
    addresses: Vec<u32>,
    head: Head,
    own_cells: u32,
}

impl Assembler {
    fn new(builder: Builder, keep: Vec<bool>, head: Head) -> Assembler {
        let mut order = Vec::with_capacity(builder.nodes.len());
        let mut rank = Vec::with_capacity(builder.nodes.len() + 1);
        for (index, keep) in keep.iter().enumerate() {
            rank.push(order.len() as u32);
            if *keep {
                order.push(index as u32);
            }
        }
        rank.push(order.len() as u32);
        let far = vec![false; order.len()];
        let own_cells = head.cells.iter().filter(|(_, reg)| reg.area() == Area::Cell).count() as u32;
        Assembler { builder, order, rank, far, addresses: Vec::new(), head, own_cells }
    }

    fn finish(mut self) -> Result<CodeUnit, TooMany> {
        self.place_all();
        while self.find_far() {
            self.place_all();
        }
        let mut instructions = Vec::new();
        let mut positions = Vec::new();
        let mut table = TableBuilder::default();
        for rank in 0..self.order.len() {
            let node = self.builder.nodes[self.order[rank] as usize];
            let start = instructions.len() as u32;
            self.write(rank, &node, &mut instructions)?;
            let end = instructions.len() as u32;
            positions.extend(std::iter::repeat_n(node.position, (end - start) as usize));
            if let Some(region) = node.region.index() {
                let region = self.builder.regions[region];
                let target = self.address(region.target);
                let exception = self.register(region.exception)?;
                let depth = self.register(Reg::temporary(region.depth))?;
                table.add(start, end, target, exception, depth);
            }
        }
        self.into_unit(instructions, positions, table)
    }

    fn into_unit(
        self,
        instructions: Vec<Instruction>,
        positions: Vec<Position>,
        table: TableBuilder,
    ) -> Result<CodeUnit, TooMany> {
        let cells = self
            .head
            .cells
            .iter()
            .map(|(name, reg)| Ok((name.clone(), self.register(*reg)?)))
            .collect::<Result<_, TooMany>>()?;
        let first_free = self.register(Reg::free(0))?;
        let registers = self.register(Reg::temporary(self.builder.max_depth))?;
        let narrow = |n: u32| u16::try_from(n).map_err(|_| TooMany("arguments"));
        Ok(CodeUnit {
            arg_count: narrow(self.head.arg_count)?,
            posonly_count: narrow(self.head.posonly_count)?,
            kwonly_count: narrow(self.head.kwonly_count)?,
            name: self.head.name,
            qualname: self.head.qualname,
            filename: self.head.filename,
            first_line: self.head.first_line,
            flags: self.head.flags,
            locals: self.head.locals,
            cells,
            free: self.head.free,
            first_free,
            registers,
            instructions,
            constants: self.builder.constants,
            names: self.builder.names,
            exceptions: table.finish(),
            positions,
        })
    }

    fn size(&self, rank: usize) -> u32 {
        let opcode = self.builder.nodes[self.order[rank] as usize].opcode;
        let plain = 1 + opcode.cache_words() as u32;
        match (self.far[rank], opcode) {
            (false, _) => plain,
            (true, Opcode::ForNext) => 3,
            (true, _) => 2,
        }
    }

    fn place_all(&mut self) {
        self.addresses.clear();
        let mut address = 0;
        for rank in 0..self.order.len() {
            self.addresses.push(address);
            address += self.size(rank);
        }
        self.addresses.push(address);
    }

    fn address(&self, label: Label) -> u32 {
        let index = self.builder.labels[label.0 as usize].unwrap_or(self.builder.nodes.len() as u32);
        self.addresses[self.rank[index as usize] as usize]
    }

    /// Distance from the word after a node to its target.
    fn distance(&self, rank: usize, target: Label) -> i64 {
        i64::from(self.address(target)) - i64::from(self.addresses[rank] + self.size(rank))
    }

    /// Marks jumps that do not reach. Says whether there are new ones; a marked jump stays so.
    fn find_far(&mut self) -> bool {
        let mut changed = false;
        for rank in 0..self.order.len() {
            let node = &self.builder.nodes[self.order[rank] as usize];
            let Some(target) = node.target else { continue };
            let short = node.opcode.operands()[2] == Operand::Jump;
            // The margin covers the words that the long form itself adds.
            let reach = i64::from(i16::MIN) + 4..i64::from(i16::MAX) - 4;
            if short && !self.far[rank] && !reach.contains(&self.distance(rank, target)) {
                self.far[rank] = true;
                changed = true;
            }
        }
        changed
    }

    fn register(&self, reg: Reg) -> Result<u16, TooMany> {
        let locals = self.head.locals.len() as u32;
        let free = self.head.free.len() as u32;
        let base = match reg.area() {
            Area::Local => 0,
            Area::Cell => locals,
            Area::Free => locals + self.own_cells,
            Area::Temporary => locals + self.own_cells + free,
        };
        u16::try_from(base + reg.number()).map_err(|_| TooMany("local variables and temporaries"))
    }

    fn operand(&self, kind: Operand, raw: u32) -> Result<u16, TooMany> {
        match kind {
            Operand::Write | Operand::Read | Operand::Base => self.register(Reg::from_raw(raw)),
            Operand::Const => u16::try_from(raw).map_err(|_| TooMany("constants")),
            Operand::Name => u16::try_from(raw).map_err(|_| TooMany("names")),
            Operand::Imm => u16::try_from(raw).map_err(|_| TooMany("operands")),
            Operand::None | Operand::Jump | Operand::WideJump => Ok(0),
        }
    }

    fn write(&self, rank: usize, node: &Node, out: &mut Vec<Instruction>) -> Result<(), TooMany> {
        let kinds = node.opcode.operands();
        let mut word = Instruction {
            opcode: node.opcode as u8,
            flags: node.flags,
            a: self.operand(kinds[0], node.operands[0])?,
            b: self.operand(kinds[1], node.operands[1])?,
            c: self.operand(kinds[2], node.operands[2])?,
        };
        if let Some(target) = node.target {
            let distance = self.distance(rank, target) as i32;
            if kinds[1] == Operand::WideJump {
                (word.b, word.c) = Instruction::split_wide(distance);
            } else if self.far[rank] {
                return self.write_far(node.opcode, word, distance, out);
            } else {
                let short = i16::try_from(distance).map_err(|_| TooMany("instructions"))?;
                word.c = short as u16;
            }
        }
        out.push(word);
        for _ in 0..node.opcode.cache_words() {
            out.push(Instruction { opcode: Opcode::Nop as u8, flags: 0, a: 0, b: 0, c: 0 });
        }
        if matches!(node.opcode, Opcode::CallKw | Opcode::LoadFromDictOrCell | Opcode::MatchClass)
            && let Some(extra) = out.last_mut()
        {
            extra.opcode = Opcode::Extra as u8;
            extra.a = u16::try_from(node.extra).map_err(|_| TooMany("constants or names"))?;
        }
        Ok(())
    }

    /// `distance` counts from the end of the whole long form.
    fn write_far(
        &self,
        opcode: Opcode,
        mut word: Instruction,
        distance: i32,
        out: &mut Vec<Instruction>,
    ) -> Result<(), TooMany> {
        let jump = |opcode: Opcode, distance: i32| {
            let (b, c) = Instruction::split_wide(distance);
            Instruction { opcode: opcode as u8, flags: 0, a: 0, b, c }
        };
        // Over the jump that follows.
        word.c = 1;
        match opcode {
            Opcode::ForNext => {
                out.extend([word, jump(Opcode::Jump, 1), jump(Opcode::JumpBack, distance)]);
            }
            _ => {
                if let Some(forward) = forward_form(opcode) {
                    word.opcode = forward as u8;
                    out.extend([word, jump(Opcode::JumpBack, distance)]);
                } else if opcode == Opcode::Send {
                    return Err(TooMany("instructions"));
                } else {
                    word.flags ^= IF_TRUE;
                    out.extend([word, jump(Opcode::Jump, distance)]);
                }
            }
        }
        Ok(())
    }
}

/// The forward compare-and-jump that makes the comparison of a `LOOP_*`; without `IF_TRUE` it leaves the loop.
fn forward_form(opcode: Opcode) -> Option<Opcode> {
    Some(match opcode {
        Opcode::LoopLt => Opcode::JumpLt,
        Opcode::LoopLe => Opcode::JumpLe,
        Opcode::LoopEq => Opcode::JumpEq,
        Opcode::LoopNe => Opcode::JumpNe,
        Opcode::LoopGt => Opcode::JumpGt,
        Opcode::LoopGe => Opcode::JumpGe,
        Opcode::LoopLtK => Opcode::JumpLtK,
        Opcode::LoopLeK => Opcode::JumpLeK,
        Opcode::LoopEqK => Opcode::JumpEqK,
        Opcode::LoopNeK => Opcode::JumpNeK,
        Opcode::LoopGtK => Opcode::JumpGtK,
        Opcode::LoopGeK => Opcode::JumpGeK,
        _ => return None,
    })
}
