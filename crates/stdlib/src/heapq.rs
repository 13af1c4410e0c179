//! `_heapq`: heaps in lists, smallest or largest item first.
//!
//! A comparison may run Python, which may change the list: its size is checked after each, and items are fetched anew.

use vm::error::Raised;
use vm::prelude::*;

/// Which item comes first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Min,
    Max,
}

#[cold]
fn out_of_range(th: &mut Thread) -> Raised {
    th.index_error("index out of range")
}

fn item(th: &mut Thread, heap: &Obj<List>, index: usize) -> PyResult {
    match heap.get(th, index) {
        Some(item) => Ok(item),
        None => Err(out_of_range(th)),
    }
}

/// Stores an item.
fn store(th: &mut Thread, heap: &Obj<List>, index: usize, value: Value) -> PyResult<()> {
    match heap.set(th, index, value) {
        Ok(()) => Ok(()),
        Err(_) => Err(out_of_range(th)),
    }
}

fn swap(th: &mut Thread, heap: &Obj<List>, i: usize, j: usize) -> PyResult<()> {
    let (a, b) = (item(th, heap, i)?, item(th, heap, j)?);
    store(th, heap, i, b)?;
    store(th, heap, j, a)
}

/// Whether the item at `i` must come before that at `j`.
fn before(
    th: &mut Thread,
    heap: &Obj<List>,
    order: Order,
    i: usize,
    j: usize,
    size: usize,
) -> PyResult<bool> {
    let (a, b) = (item(th, heap, i)?, item(th, heap, j)?);
    let answer = match order {
        Order::Min => th.compare_bool(&a, &b, CompareOp::Lt)?,
        Order::Max => th.compare_bool(&b, &a, CompareOp::Lt)?,
    };
    if heap.len() != size {
        return Err(th.runtime_error("list changed size during iteration"));
    }
    Ok(answer)
}

/// Moves the item at `position` towards the root until its parent may stay before it.
fn sift_down(
    th: &mut Thread,
    heap: &Obj<List>,
    order: Order,
    start: usize,
    mut position: usize,
) -> PyResult<()> {
    let size = heap.len();
    if position >= size {
        return Err(out_of_range(th));
    }
    while position > start {
        let parent = (position - 1) / 2;
        if !before(th, heap, order, position, parent, size)? {
            break;
        }
        swap(th, heap, parent, position)?;
        position = parent;
    }
    Ok(())
}

/// Moves the item at `start` to a leaf, its children up, and then back to where it belongs.
fn sift_up(th: &mut Thread, heap: &Obj<List>, order: Order, start: usize) -> PyResult<()> {
    let size = heap.len();
    if start >= size {
        return Err(out_of_range(th));
    }
    let mut position = start;
    while position < size / 2 {
        let mut child = 2 * position + 1;
        if child + 1 < size {
            // Of equal children the right one goes up.
            if !before(th, heap, order, child, child + 1, size)? {
                child += 1;
            }
        }
        swap(th, heap, child, position)?;
        position = child;
    }
    sift_down(th, heap, order, start, position)
}

fn push(th: &mut Thread, heap: &Obj<List>, order: Order, value: Value) -> PyResult<()> {
    let pushed = heap.push(th, value);
    th.check_memory(pushed)?;
    let last = heap.len().saturating_sub(1);
    sift_down(th, heap, order, 0, last)
}

fn pop(th: &mut Thread, heap: &Obj<List>, order: Order) -> PyResult {
    let Some(last) = heap.pop_last(th) else { return Err(out_of_range(th)) };
    if heap.len() == 0 {
        return Ok(last);
    }
    replace(th, heap, order, last)
}

fn replace(th: &mut Thread, heap: &Obj<List>, order: Order, value: Value) -> PyResult {
    let first = item(th, heap, 0)?;
    store(th, heap, 0, value)?;
    sift_up(th, heap, order, 0)?;
    Ok(first)
}

fn push_pop(th: &mut Thread, heap: &Obj<List>, order: Order, value: Value) -> PyResult {
    let Some(first) = heap.get(th, 0) else { return Ok(value) };
    let stays = match order {
        Order::Min => th.compare_bool(&first, &value, CompareOp::Lt)?,
        Order::Max => th.compare_bool(&value, &first, CompareOp::Lt)?,
    };
    if !stays {
        return Ok(value);
    }
    replace(th, heap, order, value)
}

fn heapify_by(th: &mut Thread, heap: &Obj<List>, order: Order) -> PyResult<()> {
    for i in (0..heap.len() / 2).rev() {
        sift_up(th, heap, order, i)?;
    }
    Ok(())
}

#[pymodule(
    name = "_heapq",
    doc = "Priority queues in lists: each item comes before those at 2*k+1 and 2*k+2."
)]
pub mod module {
    use super::*;

    /// Adds an item to a heap.
    #[pyfunction]
    fn heappush(th: &mut Thread, heap: &Obj<List>, item: Value) -> PyResult<()> {
        push(th, heap, Order::Min, item)
    }

    /// Adds an item to a heap, then takes the smallest.
    #[pyfunction]
    fn heappushpop(th: &mut Thread, heap: &Obj<List>, item: Value) -> PyResult {
        push_pop(th, heap, Order::Min, item)
    }

    /// Takes the smallest item of a heap.
    #[pyfunction]
    fn heappop(th: &mut Thread, heap: &Obj<List>) -> PyResult {
        pop(th, heap, Order::Min)
    }

    /// Takes the smallest item of a heap, then adds one.
    #[pyfunction]
    fn heapreplace(th: &mut Thread, heap: &Obj<List>, item: Value) -> PyResult {
        replace(th, heap, Order::Min, item)
    }

    /// Makes a list a heap.
    #[pyfunction]
    fn heapify(th: &mut Thread, heap: &Obj<List>) -> PyResult<()> {
        heapify_by(th, heap, Order::Min)
    }

    /// Adds an item to a max-heap.
    #[pyfunction]
    fn heappush_max(th: &mut Thread, heap: &Obj<List>, item: Value) -> PyResult<()> {
        push(th, heap, Order::Max, item)
    }

    /// Adds an item to a max-heap, then takes the largest.
    #[pyfunction]
    fn heappushpop_max(th: &mut Thread, heap: &Obj<List>, item: Value) -> PyResult {
        push_pop(th, heap, Order::Max, item)
    }

    /// Takes the largest item of a max-heap.
    #[pyfunction]
    fn heappop_max(th: &mut Thread, heap: &Obj<List>) -> PyResult {
        pop(th, heap, Order::Max)
    }

    /// Takes the largest item of a max-heap, then adds one.
    #[pyfunction]
    fn heapreplace_max(th: &mut Thread, heap: &Obj<List>, item: Value) -> PyResult {
        replace(th, heap, Order::Max, item)
    }

    /// Makes a list a max-heap.
    #[pyfunction]
    fn heapify_max(th: &mut Thread, heap: &Obj<List>) -> PyResult<()> {
        heapify_by(th, heap, Order::Max)
    }
}
