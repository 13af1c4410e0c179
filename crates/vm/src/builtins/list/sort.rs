//! `list.sort`: a stable merge sort that makes use of runs, over positions, so that a comparison that raises leaves a
//! permutation behind. Keys of one builtin kind are compared without Python.
//!
//! The list is empty while its items are sorted, as in CPython.

use std::cmp::Ordering;

use object_model::dict::same_key;

use super::ListClass;
use crate::class::exact_str;
use crate::prelude::*;
use crate::protocol::{exact, mapping};

/// Runs shorter than this are made longer by insertion.
const SHORT_RUN: usize = 24;
/// Wins in a row after which a side is searched by galloping.
const MIN_GALLOP: usize = 7;

/// Sorts items that nobody else sees; after an error they are still all there.
pub fn sort_values(
    th: &mut Thread,
    items: &mut Vec<Value>,
    key: Option<&Value>,
    reverse: bool,
) -> PyResult<()> {
    let keys = match key.filter(|k| !k.is_none()) {
        Some(key) => {
            let mut keys = Vec::with_capacity(items.len());
            for item in items.iter() {
                keys.push(th.call(key, std::slice::from_ref(item))?);
            }
            Some(keys)
        }
        None => None,
    };
    // Reversed before and after, so that equal items keep their order.
    let count = items.len();
    let mut order: Vec<usize> = if reverse { (0..count).rev().collect() } else { (0..count).collect() };
    let result = sort_order(th, keys.as_deref().unwrap_or(items), &mut order);
    if reverse {
        order.reverse();
    }
    let mut taken: Vec<Option<Value>> = std::mem::take(items).into_iter().map(Some).collect();
    items.extend(order.iter().filter_map(|i| taken[*i].take()));
    result
}

fn sort_order(th: &mut Thread, keys: &[Value], order: &mut [usize]) -> PyResult<()> {
    if let Some(numbers) = all(keys, Value::as_small_int) {
        order.sort_by_key(|i| numbers[*i]);
    } else if let Some(numbers) = all(keys, Value::as_immediate_float) {
        // Immediates are never nan.
        order.sort_by(|a, b| numbers[*a].partial_cmp(&numbers[*b]).unwrap_or(Ordering::Equal));
    } else if let Some(texts) = all(keys, |k| exact_str(k)?.as_ascii()) {
        order.sort_by(|a, b| texts[*a].cmp(texts[*b]));
    } else if let Some(texts) = all(keys, |k| Some(exact_str(k)?.units())) {
        order.sort_by(|a, b| texts[*a].cmp(&texts[*b]));
    } else {
        return merge_sort(th, order, &mut |th, a, b| less(th, &keys[a], &keys[b]));
    }
    Ok(())
}

/// What `get` says of each key, if it says something of all.
fn all<'a, T>(keys: &'a [Value], get: impl Fn(&'a Value) -> Option<T>) -> Option<Vec<T>> {
    get(keys.first()?)?;
    keys.iter().map(get).collect()
}

/// `a < b`
fn less(th: &mut Thread, a: &Value, b: &Value) -> PyResult<bool> {
    if let (Some(x), Some(y)) = (a.as_small_int(), b.as_small_int()) {
        return Ok(x < y);
    }
    if let (Some(x), Some(y)) = (a.as_immediate_float(), b.as_immediate_float()) {
        return Ok(x < y);
    }
    if let (Some(x), Some(y)) = (exact_str(a), exact_str(b)) {
        return Ok(x.units() < y.units());
    }
    if let (Some(x), Some(y)) = (exact::tuple(a), exact::tuple(b)) {
        th.check_native_stack()?;
        // The first items that differ decide; mostly their equality is built in.
        for (p, q) in x.items().iter().zip(y.items()) {
            if same_key(p, q) != Some(true) && !th.same_or_equal(p, q)? {
                return less(th, p, q);
            }
        }
        return Ok(x.len() < y.len());
    }
    let answer = th.compare(a, b, CompareOp::Lt)?;
    match answer.as_bool() {
        Some(answer) => Ok(answer),
        None => th.is_true(&answer),
    }
}

type Less<'f> = &'f mut dyn FnMut(&mut Thread, usize, usize) -> PyResult<bool>;

/// Sorts `order` by `less`. After an error it holds the same numbers in some order.
fn merge_sort(th: &mut Thread, order: &mut [usize], less: Less<'_>) -> PyResult<()> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    let mut spare = Vec::new();
    while start < order.len() {
        let mut length = natural_run(th, &mut order[start..], less)?;
        if length < SHORT_RUN {
            let wanted = SHORT_RUN.min(order.len() - start);
            insert(th, &mut order[start..start + wanted], length, less)?;
            length = wanted;
        }
        runs.push((start, length));
        start += length;
        while let Some(at) = to_merge(&runs) {
            merge_at(th, order, &mut runs, at, &mut spare, less)?;
        }
    }
    while runs.len() > 1 {
        let last = runs.len() - 2;
        let at = if last > 0 && runs[last - 1].1 < runs[last + 1].1 { last - 1 } else { last };
        merge_at(th, order, &mut runs, at, &mut spare, less)?;
    }
    Ok(())
}

/// Which run to merge with its successor so that lengths fall fast enough from run to run: merges stay balanced.
fn to_merge(runs: &[(usize, usize)]) -> Option<usize> {
    let n = runs.len();
    let length = |back: usize| runs[n - back].1;
    let unbalanced =
        n >= 3 && length(3) <= length(2) + length(1) || n >= 4 && length(4) <= length(3) + length(2);
    if unbalanced {
        Some(if length(3) < length(1) { n - 3 } else { n - 2 })
    } else if n >= 2 && length(2) <= length(1) {
        Some(n - 2)
    } else {
        None
    }
}

/// Length of the run at the start, made rising.
fn natural_run(th: &mut Thread, order: &mut [usize], less: Less<'_>) -> PyResult<usize> {
    if order.len() < 2 {
        return Ok(order.len());
    }
    let mut length = 2;
    if less(th, order[1], order[0])? {
        // Strictly falling, so that reversing it keeps equal items in order.
        while length < order.len() && less(th, order[length], order[length - 1])? {
            length += 1;
        }
        order[..length].reverse();
    } else {
        while length < order.len() && !less(th, order[length], order[length - 1])? {
            length += 1;
        }
    }
    Ok(length)
}

/// Binary insertion; the first `sorted` are.
fn insert(th: &mut Thread, order: &mut [usize], sorted: usize, less: Less<'_>) -> PyResult<()> {
    for i in sorted.max(1)..order.len() {
        let pivot = order[i];
        let (mut low, mut high) = (0, i);
        while low < high {
            let middle = low + (high - low) / 2;
            if less(th, pivot, order[middle])? {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        order[low..=i].rotate_right(1);
    }
    Ok(())
}

/// Merges run `at` with the next one.
fn merge_at(
    th: &mut Thread,
    order: &mut [usize],
    runs: &mut Vec<(usize, usize)>,
    at: usize,
    spare: &mut Vec<usize>,
    less: Less<'_>,
) -> PyResult<()> {
    th.poll()?;
    let ((start, left), (_, right)) = (runs[at], runs[at + 1]);
    runs[at].1 = left + right;
    runs.remove(at + 1);
    let both = &mut order[start..start + left + right];
    // What is in place already is left alone.
    let skip = gallop(th, both[left], &both[..left], Side::Right, less)?;
    if skip == left {
        return Ok(());
    }
    let end = left + gallop(th, both[left - 1], &both[left..], Side::Left, less)?;
    merge(th, &mut both[skip..end], left - skip, spare, less)
}

/// Where equal items belong.
#[derive(Clone, Copy)]
enum Side {
    /// Before those that are there.
    Left,
    /// After them.
    Right,
}

/// Where `item` belongs in a rising run: looks at places 0, 1, 3, 7 …, then halves.
fn gallop(th: &mut Thread, item: usize, run: &[usize], side: Side, less: Less<'_>) -> PyResult<usize> {
    let mut goes_before = |th: &mut Thread, other: usize| match side {
        Side::Left => less(th, other, item),
        Side::Right => Ok(!less(th, item, other)?),
    };
    let (mut low, mut high, mut step) = (0, run.len(), 1);
    while low + step <= run.len() {
        if goes_before(th, run[low + step - 1])? {
            low += step;
            step *= 2;
        } else {
            high = low + step - 1;
            break;
        }
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if goes_before(th, run[middle])? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Merges `both[..left]` and `both[left..]`.
fn merge(
    th: &mut Thread,
    both: &mut [usize],
    left: usize,
    spare: &mut Vec<usize>,
    less: Less<'_>,
) -> PyResult<()> {
    spare.clear();
    spare.extend_from_slice(&both[..left]);
    let mut at = Cursors { a: 0, b: left, out: 0 };
    let result = merge_from(th, both, spare, &mut at, less);
    // What is left of the copy fills the gap exactly, after an error too.
    let rest = spare.len() - at.a;
    both[at.out..at.out + rest].copy_from_slice(&spare[at.a..]);
    result
}

/// Where a merge is: in the copy of the left run, in the right run, and in what is merged.
struct Cursors {
    a: usize,
    b: usize,
    out: usize,
}

fn merge_from(
    th: &mut Thread,
    both: &mut [usize],
    spare: &[usize],
    at: &mut Cursors,
    less: Less<'_>,
) -> PyResult<()> {
    let (mut left_wins, mut right_wins) = (0, 0);
    while at.a < spare.len() && at.b < both.len() {
        if left_wins >= MIN_GALLOP || right_wins >= MIN_GALLOP {
            let count = gallop(th, both[at.b], &spare[at.a..], Side::Right, less)?;
            both[at.out..at.out + count].copy_from_slice(&spare[at.a..at.a + count]);
            at.a += count;
            at.out += count;
            if at.a == spare.len() {
                break;
            }
            let more = gallop(th, spare[at.a], &both[at.b..], Side::Left, less)?;
            both.copy_within(at.b..at.b + more, at.out);
            at.b += more;
            at.out += more;
            if count < MIN_GALLOP && more < MIN_GALLOP {
                (left_wins, right_wins) = (0, 0);
            }
        } else if less(th, both[at.b], spare[at.a])? {
            both[at.out] = both[at.b];
            at.b += 1;
            at.out += 1;
            (left_wins, right_wins) = (0, right_wins + 1);
        } else {
            both[at.out] = spare[at.a];
            at.a += 1;
            at.out += 1;
            (left_wins, right_wins) = (left_wins + 1, 0);
        }
    }
    Ok(())
}

#[pymethods(for = List, part = "sort")]
impl ListClass {
    /// Sort the list in ascending order and return None.
    ///
    /// The sort is in-place (i.e. the list itself is modified) and stable (i.e. the
    /// order of two equal elements is maintained).
    ///
    /// If a key function is given, apply it once to each list item and sort them,
    /// ascending or descending, according to their function values.
    ///
    /// The reverse flag can be set to sort in descending order.
    #[signature("(*, key=None, reverse=False)")]
    fn sort(this: &Obj<List>, th: &mut Thread, key: Option<&Value>, reverse: Option<bool>) -> PyResult<()> {
        let mut items = this.take(th);
        let result = sort_values(th, &mut items, key, reverse.unwrap_or(false));
        let grown = this.capacity() > 0;
        let meanwhile = this.put_back(th, items);
        let meanwhile = mapping::memory(th, meanwhile)?;
        result?;
        if grown || !meanwhile.is_empty() {
            return Err(th.value_error("list modified during sort"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_are_balanced_by_run_lengths() {
        assert_eq!(to_merge(&[(0, 10)]), None);
        assert_eq!(to_merge(&[(0, 10), (10, 10)]), Some(0));
        assert_eq!(to_merge(&[(0, 30), (30, 12), (42, 5)]), None);
        assert_eq!(to_merge(&[(0, 15), (15, 12), (27, 5)]), Some(1));
        assert_eq!(to_merge(&[(0, 5), (5, 12), (17, 9)]), Some(0));
    }
}
