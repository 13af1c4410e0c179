//! `_bisect`: binary search in sorted sequences.

use vm::prelude::*;

/// On which side of equal items the place lies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// Where `x` (or its key) belongs in `a[lo:hi]`.
fn search(
    th: &mut Thread,
    side: Side,
    a: &Value,
    x: &Value,
    lo: Option<i64>,
    hi: Option<&Value>,
    key: Option<&Value>,
) -> PyResult<i64> {
    let mut low = lo.unwrap_or(0);
    if low < 0 {
        return Err(th.value_error("lo must be non-negative"));
    }
    let mut high = match hi.filter(|h| !h.is_none()) {
        Some(hi) => th.index(hi)?,
        None => -1,
    };
    if high == -1 {
        high = th.length(a)? as i64;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        let index = th.int(middle);
        let mut item = th.get_item(a, &index)?;
        if let Some(key) = key {
            item = th.call(key, &[item])?;
        }
        let before = match side {
            Side::Left => !th.compare_bool(&item, x, CompareOp::Lt)?,
            Side::Right => th.compare_bool(x, &item, CompareOp::Lt)?,
        };
        if before {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

/// Inserts `x` where it belongs.
fn insert(
    th: &mut Thread,
    side: Side,
    a: &Value,
    x: &Value,
    lo: Option<i64>,
    hi: Option<&Value>,
    key: Option<&Value>,
) -> PyResult<()> {
    let place = match key {
        Some(key) => {
            let sought = th.call(key, std::slice::from_ref(x))?;
            search(th, side, a, &sought, lo, hi, Some(key))?
        }
        None => search(th, side, a, x, lo, hi, None)?,
    };
    if let Some(list) = th.exact::<List>(a) {
        let place = (place as usize).min(list.len());
        let inserted = list.insert(th, place, x.clone());
        return th.check_memory(inserted);
    }
    let place = th.int(place);
    th.call_method(a, "insert", &[place, x.clone()]).map(drop)
}

#[pymodule(name = "_bisect", doc = "Search and insertion in sorted lists by bisection.")]
pub mod module {
    use super::*;

    /// Where x belongs in the sorted sequence a, after items equal to it.
    #[pyfunction(signature = "(a, x, lo=0, hi=None, *, key=None)")]
    fn bisect_right(
        th: &mut Thread,
        a: &Value,
        x: &Value,
        lo: Option<i64>,
        hi: Option<&Value>,
        key: Option<&Value>,
    ) -> PyResult<i64> {
        search(th, Side::Right, a, x, lo, hi, key.filter(|k| !k.is_none()))
    }

    /// Where x belongs in the sorted sequence a, before items equal to it.
    #[pyfunction(signature = "(a, x, lo=0, hi=None, *, key=None)")]
    fn bisect_left(
        th: &mut Thread,
        a: &Value,
        x: &Value,
        lo: Option<i64>,
        hi: Option<&Value>,
        key: Option<&Value>,
    ) -> PyResult<i64> {
        search(th, Side::Left, a, x, lo, hi, key.filter(|k| !k.is_none()))
    }

    /// Inserts x into the sorted list a, after items equal to it.
    #[pyfunction(signature = "(a, x, lo=0, hi=None, *, key=None)")]
    fn insort_right(
        th: &mut Thread,
        a: &Value,
        x: &Value,
        lo: Option<i64>,
        hi: Option<&Value>,
        key: Option<&Value>,
    ) -> PyResult<()> {
        insert(th, Side::Right, a, x, lo, hi, key.filter(|k| !k.is_none()))
    }

    /// Inserts x into the sorted list a, before items equal to it.
    #[pyfunction(signature = "(a, x, lo=0, hi=None, *, key=None)")]
    fn insort_left(
        th: &mut Thread,
        a: &Value,
        x: &Value,
        lo: Option<i64>,
        hi: Option<&Value>,
        key: Option<&Value>,
    ) -> PyResult<()> {
        insert(th, Side::Left, a, x, lo, hi, key.filter(|k| !k.is_none()))
    }
}
