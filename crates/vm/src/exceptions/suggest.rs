//! "Did you mean": the candidate whose spelling is nearest to a name.
//!
//! An insertion, deletion or substitution costs 2, a change of case 1.

const MOVE_COST: usize = 2;
const CASE_COST: usize = 1;
/// Longer texts are not compared.
const MAX_LENGTH: usize = 40;
/// More candidates are not looked at.
const MAX_CANDIDATES: usize = 750;

/// The candidate nearest to `name`, if one is near enough.
pub fn suggest<'a>(name: &str, candidates: &'a [String]) -> Option<&'a str> {
    if candidates.len() >= MAX_CANDIDATES {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.iter().filter(|c| *c != name) {
        // At most a third of the characters may need a change, and it must beat what was found before.
        let limit = (name.len() + candidate.len() + 3) * MOVE_COST / 6;
        let limit = best.map_or(limit, |(cost, _)| limit.min(cost.saturating_sub(1)));
        let cost = edit_cost(name, candidate, limit);
        if cost <= limit {
            best = Some((cost, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// What it costs to change `a` into `b`; some number above `limit` if that is more than `limit`.
pub fn edit_cost(a: &str, b: &str, limit: usize) -> usize {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    let prefix = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    (a, b) = (&a[prefix..], &b[prefix..]);
    let suffix = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    (a, b) = (&a[..a.len() - suffix], &b[..b.len() - suffix]);
    if a.is_empty() || b.is_empty() {
        return (a.len() + b.len()) * MOVE_COST;
    }
    if a.len().max(b.len()) > MAX_LENGTH || a.len().abs_diff(b.len()) * MOVE_COST > limit {
        return limit + 1;
    }
    let mut above: Vec<usize> = (0..=a.len()).map(|i| i * MOVE_COST).collect();
    for (row, y) in b.iter().enumerate() {
        let mut current = Vec::with_capacity(above.len());
        current.push((row + 1) * MOVE_COST);
        for (i, x) in a.iter().enumerate() {
            let step = above[i + 1].min(current[i]) + MOVE_COST;
            current.push(step.min(above[i] + substitution(*x, *y)));
        }
        if current.iter().all(|cost| *cost > limit) {
            return limit + 1;
        }
        above = current;
    }
    above.last().copied().unwrap_or(0)
}

fn substitution(x: u8, y: u8) -> usize {
    if x == y {
        0
    } else if x.eq_ignore_ascii_case(&y) {
        CASE_COST
    } else {
        MOVE_COST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_not() {
        let candidates = ["append", "extend", "Insert", "x"].map(str::to_owned);
        assert_eq!(suggest("apend", &candidates), Some("append"));
        assert_eq!(suggest("insert", &candidates), Some("Insert"));
        assert_eq!(suggest("frobnicate", &candidates), None);
        assert_eq!(suggest("append", &candidates[..1]), None);
    }

    #[test]
    fn costs_count_moves_twice_and_case_once() {
        assert_eq!(edit_cost("abc", "abc", 10), 0);
        assert_eq!(edit_cost("abc", "abd", 10), 2);
        assert_eq!(edit_cost("abc", "aBc", 10), 1);
        assert_eq!(edit_cost("kitten", "sitting", 20), 6);
        assert!(edit_cost("a", "zzzzzzzz", 4) > 4);
    }
}
