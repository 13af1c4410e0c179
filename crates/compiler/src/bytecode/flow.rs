//! Control flow of a unit's nodes: which are reachable, and which locals are bound at each.
//!
//! Both walk the graph that jumps, falling through and exception handlers make. A `CHECK_BOUND` whose local is bound
//! on every way to it is redundant. Not here: the order of nodes and their addresses (`assemble`).

use super::builder::{Builder, Node};
use super::instruction::{Opcode, Operand};
use super::operand::{Area, Label, Reg};

/// Does control never go on to the next node?
pub(super) fn is_terminator(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::Jump
            | Opcode::JumpBack
            | Opcode::JumpBackNoPoll
            | Opcode::Return
            | Opcode::ReturnConst
            | Opcode::Raise
            | Opcode::RaiseAgain
            | Opcode::Reraise
    )
}

fn place(builder: &Builder, label: Label) -> usize {
    builder.labels[label.0 as usize].map_or(builder.nodes.len(), |index| index as usize)
}

/// Which nodes can be reached.
pub(super) fn reachable(builder: &Builder) -> Vec<bool> {
    let nodes = &builder.nodes;
    let mut seen = vec![false; nodes.len()];
    let mut handler_seen = vec![false; builder.regions.len()];
    let mut work = vec![0];
    while let Some(mut index) = work.pop() {
        while index < nodes.len() && !seen[index] {
            seen[index] = true;
            let node = &nodes[index];
            if let Some(region) = node.region.index()
                && !handler_seen[region]
            {
                handler_seen[region] = true;
                work.push(place(builder, builder.regions[region].target));
            }
            if let Some(target) = node.target {
                work.push(place(builder, target));
            }
            if is_terminator(node.opcode) {
                break;
            }
            index += 1;
        }
    }
    seen
}

/// A set of locals.
type Set = Vec<u64>;

fn contains(set: &Set, local: u32) -> bool {
    set[local as usize / 64] & 1 << (local % 64) != 0
}

fn insert(set: &mut Set, local: u32) {
    set[local as usize / 64] |= 1 << (local % 64);
}

fn remove(set: &mut Set, local: u32) {
    set[local as usize / 64] &= !(1 << (local % 64));
}

/// Calls `bind(local, true)` for each local that a node binds, `bind(local, false)` for each it unbinds.
fn effects(node: &Node, mut bind: impl FnMut(u32, bool)) {
    let written = node.opcode.operands().iter().position(|operand| *operand == Operand::Write);
    let Some(written) = written.or((node.opcode == Opcode::CheckBound).then_some(0)) else { return };
    let reg = Reg::from_raw(node.operands[written]);
    if reg.area() != Area::Local {
        return;
    }
    let count = match node.opcode {
        Opcode::DeleteLocal | Opcode::Clear => return bind(reg.number(), false),
        Opcode::UnpackSequence => node.operands[2],
        Opcode::UnpackEx => (node.operands[2] & 0xff) + 1 + (node.operands[2] >> 8),
        // Only where it jumps.
        Opcode::ForNext => 0,
        _ => 1,
    };
    for local in reg.number()..reg.number() + count {
        bind(local, true);
    }
}

/// Clears `keep` for every `CHECK_BOUND` that cannot fail. The first `bound_at_entry` locals are parameters.
pub(super) fn drop_redundant_checks(
    builder: &Builder,
    locals: usize,
    bound_at_entry: usize,
    keep: &mut [bool],
) {
    let nodes = &builder.nodes;
    if !nodes.iter().any(|node| node.opcode == Opcode::CheckBound) {
        return;
    }
    let mut starts = vec![false; nodes.len() + 1];
    starts[0] = true;
    for (index, node) in nodes.iter().enumerate() {
        if let Some(target) = node.target {
            starts[place(builder, target)] = true;
            starts[index + 1] = true;
        }
        starts[index + 1] |= is_terminator(node.opcode);
    }
    for region in &builder.regions {
        starts[place(builder, region.target)] = true;
    }
    let mut entry: Set = vec![0; locals.div_ceil(64)];
    (0..bound_at_entry as u32).for_each(|local| insert(&mut entry, local));

    // What is bound on every way to a block found so far; None: no way is known yet.
    let mut before: Vec<Option<Set>> = vec![None; nodes.len() + 1];
    before[0] = Some(entry);
    let mut work = vec![0];
    while let Some(block) = work.pop() {
        let Some(mut state) = before[block].clone() else { continue };
        let mut covered = None;
        let mut index = block;
        while index < nodes.len() {
            let node = &nodes[index];
            // What a handler may rely on is what holds at every node of its region; within a block only entering
            // the region and losing a local can make that less.
            if let Some(region) = node.region.index()
                && covered != Some(region)
            {
                meet(&mut before, &mut work, place(builder, builder.regions[region].target), &state);
                covered = Some(region);
            }
            if node.region.index().is_none() {
                covered = None;
            }
            effects(node, |local, bound| {
                if bound {
                    insert(&mut state, local);
                } else {
                    remove(&mut state, local);
                    covered = None;
                }
            });
            if let Some(target) = node.target {
                let item = Reg::from_raw(node.operands[1]);
                if node.opcode == Opcode::ForNext && item.area() == Area::Local {
                    let mut bound = state.clone();
                    insert(&mut bound, item.number());
                    meet(&mut before, &mut work, place(builder, target), &bound);
                } else {
                    meet(&mut before, &mut work, place(builder, target), &state);
                }
            }
            if is_terminator(node.opcode) {
                break;
            }
            index += 1;
            if starts[index] {
                meet(&mut before, &mut work, index, &state);
                break;
            }
        }
    }
    let mut state: Option<Set> = None;
    for (index, node) in nodes.iter().enumerate() {
        if starts[index] {
            state = before[index].clone();
        }
        let Some(state) = &mut state else { continue };
        if node.opcode == Opcode::CheckBound && contains(state, Reg::from_raw(node.operands[0]).number()) {
            keep[index] = false;
        }
        effects(node, |local, bound| if bound { insert(state, local) } else { remove(state, local) });
    }
}

/// A way to `block` on which `state` is bound.
fn meet(before: &mut [Option<Set>], work: &mut Vec<usize>, block: usize, state: &Set) {
    match &mut before[block] {
        None => before[block] = Some(state.clone()),
        Some(known) => {
            let mut changed = false;
            for (known, state) in known.iter_mut().zip(state) {
                changed |= *known & !state != 0;
                *known &= state;
            }
            if !changed {
                return;
            }
        }
    }
    work.push(block);
}
