//! Emission of instructions: labels, temporaries in stack discipline, constants, names, protected regions.
//!
//! A builder is the growing code of one unit. Jumps name labels, registers name areas; nothing has an address yet.
//! Temporaries are a stack: [`Builder::push`] takes the next one, [`Builder::release`] gives back all above a mark.
//! Not here: addresses, the frame's layout, removal of dead code (`assemble`).

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::code::{Constant, Position};
use super::exception_table::{Region, RegionId};
use super::instruction::Opcode;
use super::operand::{Label, Raw, Reg};

/// An instruction without addresses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub opcode: Opcode,
    pub flags: u8,
    /// Operands in raw form: a register, a constant, a name or a number, as the opcode says.
    pub operands: [u32; 3],
    /// The operand word of `EXTRA` forms.
    pub extra: u32,
    /// Where it jumps.
    pub target: Option<Label>,
    pub region: RegionId,
    pub position: Position,
}

/// The growing code of a unit.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    pub(super) nodes: Vec<Node>,
    /// Index of the node that each label stands before.
    pub(super) labels: Vec<Option<u32>>,
    pub(super) regions: Vec<Region>,
    pub(super) constants: Vec<Constant>,
    constant_index: HashMap<u64, Vec<u32>>,
    pub(super) names: Vec<Arc<str>>,
    name_index: HashMap<Arc<str>, u32>,
    region: Option<RegionId>,
    depth: u32,
    pub(super) max_depth: u32,
    position: Position,
}

impl Builder {
    /// Emits an instruction.
    pub fn emit(&mut self, opcode: Opcode, flags: u8, a: impl Raw, b: impl Raw, c: impl Raw) {
        self.push_node(opcode, flags, [a.raw(), b.raw(), c.raw()], 0, None);
    }

    /// Emits an instruction that has an operand word.
    pub fn emit_extra(
        &mut self,
        opcode: Opcode,
        flags: u8,
        a: impl Raw,
        b: impl Raw,
        c: impl Raw,
        extra: u32,
    ) {
        self.push_node(opcode, flags, [a.raw(), b.raw(), c.raw()], extra, None);
    }

    /// Emits a jump; the operand that is the distance is ignored.
    pub fn jump(&mut self, opcode: Opcode, flags: u8, a: impl Raw, b: impl Raw, target: Label) {
        self.push_node(opcode, flags, [a.raw(), b.raw(), 0], 0, Some(target));
    }

    fn push_node(
        &mut self,
        opcode: Opcode,
        flags: u8,
        operands: [u32; 3],
        extra: u32,
        target: Option<Label>,
    ) {
        let region = self.region();
        let position = self.position;
        self.nodes.push(Node { opcode, flags, operands, extra, target, region, position });
    }

    /// A label that stands nowhere yet.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() as u32 - 1)
    }

    /// Puts a label here.
    pub fn bind(&mut self, label: Label) {
        self.labels[label.0 as usize] = Some(self.nodes.len() as u32);
    }

    /// Does a label stand somewhere already?
    pub fn is_bound(&self, label: Label) -> bool {
        self.labels[label.0 as usize].is_some()
    }

    /// A new label that stands here.
    pub fn label_here(&mut self) -> Label {
        let label = self.label();
        self.bind(label);
        label
    }

    /// Source range of the instructions that follow.
    pub fn set_position(&mut self, position: Position) {
        self.position = position;
    }

    /// Number of the next free temporary.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// The next free temporary, not taken.
    pub fn top(&self) -> Reg {
        Reg::temporary(self.depth)
    }

    /// Takes the next temporary.
    pub fn push(&mut self) -> Reg {
        self.reserve(1)
    }

    /// Takes the next `n` temporaries; the first of them.
    pub fn reserve(&mut self, n: u32) -> Reg {
        let first = self.top();
        self.depth += n;
        self.max_depth = self.max_depth.max(self.depth);
        first
    }

    /// Gives back all temporaries from number `depth` on, or takes those up to it.
    pub fn release(&mut self, depth: u32) {
        self.depth = depth;
        self.max_depth = self.max_depth.max(depth);
    }

    /// The region that the instructions that follow belong to.
    pub fn region(&self) -> RegionId {
        self.region.unwrap_or(RegionId::NONE)
    }

    /// Sets that region.
    pub fn set_region(&mut self, region: RegionId) {
        self.region = Some(region);
    }

    /// Makes a region; it is not entered.
    pub fn new_region(&mut self, target: Label, exception: Reg, depth: u32) -> RegionId {
        self.regions.push(Region { target, exception, depth });
        self.max_depth = self.max_depth.max(exception.number() + 1);
        RegionId::from_index(self.regions.len() - 1)
    }

    /// Index of a constant.
    pub fn constant(&mut self, constant: Constant) -> u32 {
        let mut hasher = DefaultHasher::new();
        hash_constant(&constant, &mut hasher);
        let candidates = self.constant_index.entry(hasher.finish()).or_default();
        if let Some(found) = candidates.iter().find(|index| self.constants[**index as usize] == constant) {
            return *found;
        }
        let index = self.constants.len() as u32;
        candidates.push(index);
        self.constants.push(constant);
        index
    }

    /// Index of a name.
    pub fn name(&mut self, name: &str) -> u32 {
        if let Some(index) = self.name_index.get(name) {
            return *index;
        }
        let name: Arc<str> = name.into();
        let index = self.names.len() as u32;
        self.names.push(name.clone());
        self.name_index.insert(name, index);
        index
    }
}

fn hash_constant(constant: &Constant, hasher: &mut DefaultHasher) {
    std::mem::discriminant(constant).hash(hasher);
    match constant {
        Constant::None | Constant::True | Constant::False | Constant::Ellipsis => {}
        Constant::Int(value) => value.hash(hasher),
        Constant::BigInt(digits) => digits.hash(hasher),
        Constant::Float(value) => value.to_bits().hash(hasher),
        Constant::Complex(real, imaginary) => (real.to_bits(), imaginary.to_bits()).hash(hasher),
        Constant::Str(bytes) | Constant::Bytes(bytes) => bytes.hash(hasher),
        Constant::Tuple(items) | Constant::FrozenSet(items) => {
            items.iter().for_each(|item| hash_constant(item, hasher));
        }
        Constant::Slice(parts) => parts.iter().for_each(|part| hash_constant(part, hasher)),
        Constant::Code(code) => Arc::as_ptr(code).hash(hasher),
    }
}
