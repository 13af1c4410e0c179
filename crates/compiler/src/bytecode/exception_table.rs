//! Protected regions while a unit is lowered, and the exception table they become.
//!
//! Every instruction belongs to at most one region, that of its innermost handler; so the table's entries are
//! disjoint and their order is that of the code.

use super::code::ExceptionEntry;
use super::operand::{Label, Reg};

/// Names a region; `RegionId::NONE` is unprotected code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RegionId(u32);

impl RegionId {
    /// No handler in this frame.
    pub const NONE: RegionId = RegionId(0);

    /// Index into the regions, if there is a handler.
    pub fn index(self) -> Option<usize> {
        (self.0 as usize).checked_sub(1)
    }

    /// The region with this index.
    pub fn from_index(index: usize) -> RegionId {
        RegionId(index as u32 + 1)
    }
}

/// Where exceptions of a stretch of code go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Region {
    /// The handler.
    pub target: Label,
    /// Receives the exception.
    pub exception: Reg,
    /// Temporaries from this number on are dropped.
    pub depth: u32,
}

/// Collects entries in code order and joins neighbours.
#[derive(Debug, Default)]
pub(crate) struct TableBuilder {
    entries: Vec<ExceptionEntry>,
}

impl TableBuilder {
    /// Adds the words `start..end`.
    pub fn add(&mut self, start: u32, end: u32, target: u32, exception: u16, depth: u16) {
        if let Some(last) = self.entries.last_mut()
            && last.end == start
            && (last.target, last.exception, last.depth) == (target, exception, depth)
        {
            last.end = end;
            return;
        }
        self.entries.push(ExceptionEntry { start, end, target, exception, depth });
    }

    /// The table.
    pub fn finish(self) -> Vec<ExceptionEntry> {
        self.entries
    }
}
