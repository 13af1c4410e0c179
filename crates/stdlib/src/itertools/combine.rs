//! `combinations`, `combinations_with_replacement`, `permutations`, `product`.

use vm::prelude::*;

super::hang!(Combinations, CombinationsWithReplacement, Permutations, Product);

/// Which selection comes next: indices into the pool; None at the end.
struct State {
    indices: Option<Vec<usize>>,
    /// Of permutations: how many more each place changes before the one to its left does.
    cycles: Vec<usize>,
    started: bool,
}

impl Trace for State {
    fn trace(&self, _visit: &mut dyn FnMut(&Value)) {}
}

impl State {
    fn new(indices: Option<Vec<usize>>) -> Guarded<State> {
        Guarded::new(State { indices, cycles: Vec::new(), started: false })
    }
}

fn select(th: &Thread, pool: &[Value], indices: &[usize]) -> Value {
    th.tuple(indices.iter().filter_map(|i| pool.get(*i).cloned()).collect())
}

fn length(th: &mut Thread, r: i64) -> PyResult<usize> {
    usize::try_from(r).map_err(|_| th.value_error("r must be non-negative"))
}

/// The selections of r items, in the order of the iterable.
#[pyclass(name = "combinations", module = "itertools", subclassable)]
pub struct Combinations {
    pool: Vec<Value>,
    state: Guarded<State>,
}

#[pymethods]
impl Combinations {
    #[new]
    #[signature("(iterable, r)")]
    fn new(th: &mut Thread, iterable: &Value, r: i64) -> PyResult<Combinations> {
        let pool = th.collect(iterable)?;
        let r = length(th, r)?;
        let state = State::new((r <= pool.len()).then(|| (0..r).collect()));
        Ok(Combinations { pool, state })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let n = self.pool.len();
        let indices = {
            let mut guard = self.state.lock(th);
            let state = &mut *guard;
            let Some(indices) = &mut state.indices else { return Ok(None) };
            if std::mem::replace(&mut state.started, true) {
                let r = indices.len();
                let Some(i) = (0..r).rev().find(|i| indices[*i] != i + n - r) else {
                    state.indices = None;
                    return Ok(None);
                };
                indices[i] += 1;
                for j in i + 1..r {
                    indices[j] = indices[j - 1] + 1;
                }
            }
            indices.clone()
        };
        Ok(Some(select(th, &self.pool, &indices)))
    }
}

/// The payload of such selections.
#[pyclass(
    name = "combinations_with_replacement",
    module = "itertools",
    doc = "The selections of r items of an iterable in which an item may come several times.",
    subclassable
)]
pub struct CombinationsWithReplacement {
    pool: Vec<Value>,
    state: Guarded<State>,
}

#[pymethods]
impl CombinationsWithReplacement {
    #[new]
    #[signature("(iterable, r)")]
    fn new(th: &mut Thread, iterable: &Value, r: i64) -> PyResult<CombinationsWithReplacement> {
        let pool = th.collect(iterable)?;
        let r = length(th, r)?;
        let possible = !pool.is_empty() || r == 0;
        let mut indices = Vec::new();
        if possible && indices.try_reserve_exact(r).is_err() {
            return Err(th.memory_error());
        }
        indices.resize(if possible { r } else { 0 }, 0);
        Ok(CombinationsWithReplacement { pool, state: State::new(possible.then_some(indices)) })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let n = self.pool.len();
        let indices = {
            let mut guard = self.state.lock(th);
            let state = &mut *guard;
            let Some(indices) = &mut state.indices else { return Ok(None) };
            if std::mem::replace(&mut state.started, true) {
                let Some(i) = (0..indices.len()).rev().find(|i| indices[*i] + 1 != n) else {
                    state.indices = None;
                    return Ok(None);
                };
                let next = indices[i] + 1;
                indices[i..].fill(next);
            }
            indices.clone()
        };
        Ok(Some(select(th, &self.pool, &indices)))
    }
}

/// The arrangements of r items.
#[pyclass(name = "permutations", module = "itertools", subclassable)]
pub struct Permutations {
    pool: Vec<Value>,
    length: usize,
    state: Guarded<State>,
}

#[pymethods]
impl Permutations {
    #[new]
    #[signature("(iterable, r=None)")]
    fn new(th: &mut Thread, iterable: &Value, r: Option<&Value>) -> PyResult<Permutations> {
        let pool = th.collect(iterable)?;
        let n = pool.len();
        let length = match r {
            Some(r) => match r.as_small_int() {
                Some(r) => length(th, r)?,
                None => return Err(th.type_error("Expected int as r")),
            },
            None => n,
        };
        let possible = length <= n;
        let state = State {
            indices: possible.then(|| (0..n).collect()),
            cycles: if possible { (0..length).map(|i| n - i).collect() } else { Vec::new() },
            started: false,
        };
        Ok(Permutations { pool, length, state: Guarded::new(state) })
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let n = self.pool.len();
        let chosen = {
            let mut guard = self.state.lock(th);
            let state = &mut *guard;
            let Some(indices) = &mut state.indices else { return Ok(None) };
            if std::mem::replace(&mut state.started, true) {
                let mut found = false;
                for i in (0..self.length).rev() {
                    state.cycles[i] -= 1;
                    if state.cycles[i] == 0 {
                        indices[i..].rotate_left(1);
                        state.cycles[i] = n - i;
                    } else {
                        let j = state.cycles[i];
                        indices.swap(i, n - j);
                        found = true;
                        break;
                    }
                }
                if !found {
                    state.indices = None;
                    return Ok(None);
                }
            }
            indices[..self.length].to_vec()
        };
        Ok(Some(select(th, &self.pool, &chosen)))
    }
}

/// Tuples of one item of each iterable, as nested loops would find them.
#[pyclass(name = "product", module = "itertools", subclassable)]
pub struct Product {
    pools: Vec<Vec<Value>>,
    state: Guarded<State>,
}

#[pymethods]
impl Product {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let mut repeat = 1;
        for (name, value) in args.keywords() {
            if name.as_ascii() != Some("repeat") {
                let name = name.units().to_str_lossy().into_owned();
                return Err(
                    th.type_error(format_args!("product() got an unexpected keyword argument '{name}'"))
                );
            }
            repeat = th.index(value)?;
        }
        let Ok(repeat) = usize::try_from(repeat) else {
            return Err(th.value_error("repeat argument cannot be negative"));
        };
        let iterables = args.positional;
        let Some(total) =
            iterables.len().checked_mul(repeat).filter(|total| *total < isize::MAX as usize / 32)
        else {
            return Err(th.overflow_error("repeat argument too large"));
        };
        let mut own = Vec::new();
        if repeat > 0 {
            for iterable in iterables {
                own.push(th.collect(iterable)?);
            }
        }
        let mut pools = Vec::new();
        let mut indices: Vec<usize> = Vec::new();
        if pools.try_reserve_exact(total).is_err() || indices.try_reserve_exact(total).is_err() {
            return Err(th.memory_error());
        }
        for _ in 0..repeat {
            pools.extend(own.iter().cloned());
        }
        indices.resize(pools.len(), 0);
        let possible = pools.iter().all(|pool| !pool.is_empty());
        let product = Product { pools, state: State::new(possible.then_some(indices)) };
        Ok(Obj::new(th, class.payload.instance_shape(), product).into_value())
    }

    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let items: Vec<Value> = {
            let mut guard = self.state.lock(th);
            let state = &mut *guard;
            let Some(indices) = &mut state.indices else { return Ok(None) };
            if std::mem::replace(&mut state.started, true) {
                let mut carried = true;
                for (index, pool) in indices.iter_mut().zip(&self.pools).rev() {
                    *index += 1;
                    if *index < pool.len() {
                        carried = false;
                        break;
                    }
                    *index = 0;
                }
                if carried {
                    state.indices = None;
                    return Ok(None);
                }
            }
            self.pools.iter().zip(indices.iter()).map(|(pool, index)| pool[*index].clone()).collect()
        };
        Ok(Some(th.tuple(items)))
    }
}
