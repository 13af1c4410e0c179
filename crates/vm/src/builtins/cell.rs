//! Cells: the variables that closures share.
//!
//! Reading takes no lock; writing takes the cell's own.

use mode::OwnerId;
use object_model::lock::Variable;
use object_model::object::layout::Payload;

use crate::prelude::*;

/// The payload of a cell.
#[pyclass(name = "cell", module = "builtins", shape = CELL, no_payload)]
pub struct Cell {
    content: Variable,
}

impl Payload for Cell {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.content.trace(visit);
    }
}

impl Cell {
    /// A cell that holds `value`; None: it is empty.
    pub fn new(value: Option<Value>) -> Cell {
        Cell { content: Variable::new(value) }
    }

    /// A cell object.
    pub fn create(th: &Thread, value: Option<Value>) -> Obj<Cell> {
        Obj::new(th, builtin::CELL, Cell::new(value))
    }

    /// What the cell holds.
    #[inline]
    pub fn get(&self, th: &Thread) -> Option<Value> {
        self.content.get(th)
    }

    /// [`Cell::get`] by the thread whose heap is `me`, of a value that needs no call to be counted; else None.
    #[inline(always)]
    pub fn get_quick(&self, me: OwnerId) -> Option<Value> {
        self.content.get_quick(me)
    }

    /// Replaces what the cell holds; None empties it. Answers what was there.
    #[inline]
    pub fn set(&self, th: &Thread, value: Option<Value>) -> Option<Value> {
        self.content.set(th, value)
    }
}

/// Replaces the content of `cell`; false if that is no cell.
pub fn store(th: &mut Thread, cell: &Value, value: Option<Value>) -> bool {
    let Some(cell) = th.exact::<Cell>(cell) else { return false };
    let old = cell.set(th, value);
    drop(old);
    true
}

#[pymethods]
impl Cell {
    #[new]
    #[signature("(contents=<unrepresentable>, /)")]
    fn make_new(contents: Option<&Value>) -> Cell {
        Cell::new(contents.cloned())
    }

    #[getter]
    fn cell_contents(&self, th: &mut Thread) -> PyResult {
        match self.get(th) {
            Some(value) => Ok(value),
            None => Err(th.value_error("Cell is empty")),
        }
    }

    #[setter]
    fn set_cell_contents(&self, th: &mut Thread, value: Option<&Value>) {
        let old = self.set(th, value.cloned());
        drop(old);
    }

    #[skip]
    fn compared(&self, th: &mut Thread, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = th.exact::<Cell>(other).cloned() else { return Ok(Value::NOT_IMPLEMENTED) };
        match (self.get(th), other.get(th)) {
            (Some(a), Some(b)) => th.compare(&a, &b, op),
            // An empty cell is less than any other.
            (a, b) => Ok(Value::bool(op.holds(a.is_some().cmp(&b.is_some())))),
        }
    }

    fn __eq__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Eq)
    }

    fn __ne__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Ne)
    }

    fn __lt__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Lt)
    }

    fn __le__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Le)
    }

    fn __gt__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Gt)
    }

    fn __ge__(&self, th: &mut Thread, other: &Value) -> PyResult {
        self.compared(th, other, CompareOp::Ge)
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> String {
        let address = this.as_value().word();
        match this.get(th) {
            Some(value) => {
                let kind = th.type_name(&value);
                format!("<cell at {address:#x}: {kind} object at {:#x}>", value.word())
            }
            None => format!("<cell at {address:#x}: empty>"),
        }
    }
}
