//! `functools._lru_cache_wrapper`: a function whose results are kept by their arguments.
//!
//! A bounded cache keeps its results in a list ordered by use, whose links are numbers of slots; a dict leads from a key
//! to the slot. Keys are compared by Python code, so the dict is searched without the lock: a slot's stamp tells whether
//! it still belongs to the key that led to it.

use std::sync::atomic::{AtomicU64, Ordering};

use vm::builtins::function::Method;
use vm::names::names;
use vm::prelude::*;

/// No slot.
const NIL: usize = usize::MAX;
/// Bits of a ticket that hold the slot; the rest is its stamp.
const SLOT_BITS: u32 = 28;

struct Entry {
    key: Value,
    hash: i64,
    result: Value,
    stamp: u64,
    newer: usize,
    older: usize,
}

impl Trace for Entry {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.key.trace(visit);
        self.result.trace(visit);
    }
}

/// The results of a bounded cache, ordered by use.
struct Order {
    slots: Vec<Entry>,
    newest: usize,
    oldest: usize,
    stamp: u64,
}

impl Trace for Order {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.slots.trace(visit);
    }
}

impl Order {
    fn new() -> Order {
        Order { slots: Vec::new(), newest: NIL, oldest: NIL, stamp: 0 }
    }

    fn unlink(&mut self, slot: usize) {
        let (newer, older) = (self.slots[slot].newer, self.slots[slot].older);
        match self.slots.get_mut(newer) {
            Some(entry) => entry.older = older,
            None => self.newest = older,
        }
        match self.slots.get_mut(older) {
            Some(entry) => entry.newer = newer,
            None => self.oldest = newer,
        }
    }

    fn link_newest(&mut self, slot: usize) {
        let old = self.newest;
        self.slots[slot].newer = NIL;
        self.slots[slot].older = old;
        match self.slots.get_mut(old) {
            Some(entry) => entry.newer = slot,
            None => self.oldest = slot,
        }
        self.newest = slot;
    }

    /// The result that a ticket leads to; it becomes the newest.
    fn touch(&mut self, ticket: i64) -> Option<Value> {
        let (slot, stamp) = split(ticket);
        let entry = self.slots.get(slot).filter(|entry| entry.stamp == stamp)?;
        let result = entry.result.clone();
        self.unlink(slot);
        self.link_newest(slot);
        Some(result)
    }

    /// Takes a result in; its ticket, and the entry that had to go.
    fn insert(&mut self, key: Value, hash: i64, result: Value, limit: usize) -> (i64, Option<Entry>) {
        self.stamp += 1;
        let stamp = self.stamp;
        let entry = Entry { key, hash, result, stamp, newer: NIL, older: NIL };
        let (slot, gone) = if self.slots.len() < limit {
            self.slots.push(entry);
            (self.slots.len() - 1, None)
        } else {
            let slot = self.oldest;
            self.unlink(slot);
            let old = std::mem::replace(&mut self.slots[slot], entry);
            (slot, Some(old))
        };
        self.link_newest(slot);
        ((stamp << SLOT_BITS | slot as u64) as i64, gone)
    }
}

fn split(ticket: i64) -> (usize, u64) {
    let ticket = ticket as u64;
    ((ticket & ((1 << SLOT_BITS) - 1)) as usize, ticket >> SLOT_BITS)
}

enum Limit {
    /// Nothing is kept.
    Nothing,
    /// Everything is kept.
    Everything,
    /// So many are kept.
    Bounded(usize),
}

/// The payload of such a function.
#[pyclass(name = "_lru_cache_wrapper", module = "functools", subclassable, dict, weakref)]
pub struct LruCacheWrapper {
    function: Value,
    typed: bool,
    #[no_trace]
    limit: Limit,
    cache_info: Value,
    /// By key: the result, or (bounded) a ticket.
    known: Obj<Dict>,
    order: Guarded<Order>,
    #[no_trace]
    tallies: Box<[Tally; STRIPES]>,
}

/// Counts of a cache are kept in so many places, so that threads do not wait for each other's writes.
const STRIPES: usize = 8;

/// How often a key was known, and how often not, as counted by some of the threads. A cache line of its own.
#[derive(Default)]
#[repr(align(128))]
struct Tally {
    hits: AtomicU64,
    misses: AtomicU64,
}

static KEYWORD_MARK: OnceLock<Value> = OnceLock::new();

/// What separates positional from keyword arguments in a key.
fn keyword_mark(th: &mut Thread) -> Value {
    if let Some(mark) = KEYWORD_MARK.get() {
        return mark.clone();
    }
    let mark = Obj::new(th, builtin::OBJECT, vm::class::Plain);
    mark.header().make_immortal();
    KEYWORD_MARK.get_or_init(|| mark.into_value()).clone()
}

impl LruCacheWrapper {
    fn key(&self, th: &mut Thread, args: &Args<'_>) -> Value {
        if let ([only], false, false) = (args.positional, args.has_keywords(), self.typed)
            && (only.as_small_int().is_some() || vm::class::exact_str(only).is_some())
        {
            return only.clone();
        }
        let mut key = args.positional.to_vec();
        if args.has_keywords() {
            key.push(keyword_mark(th));
            for (name, value) in args.keywords() {
                key.push(name.clone().into_value());
                key.push(value.clone());
            }
        }
        if self.typed {
            key.extend(args.positional.iter().map(|v| th.type_of(v).value()));
            key.extend(args.keyword_values.iter().map(|v| th.type_of(v).value()));
        }
        th.tuple(key)
    }

    fn tally(&self, th: &Thread) -> &Tally {
        &self.tallies[usize::from(th.owner().0) % STRIPES]
    }

    fn hit(&self, th: &Thread) {
        self.tally(th).hits.fetch_add(1, Ordering::Relaxed); // Relaxed: a count on its own.
    }

    fn missed(&self, th: &Thread) {
        self.tally(th).misses.fetch_add(1, Ordering::Relaxed); // Relaxed: a count on its own.
    }

    fn bounded(&self, th: &mut Thread, args: Args<'_>, limit: usize) -> PyResult {
        let key = self.key(th, &args);
        let hash = th.hash(&key)?;
        if let Some(result) = self.find(th, &key, hash)? {
            self.hit(th);
            return Ok(result);
        }
        self.missed(th);
        let result = th.call_args(&self.function, args)?;
        // The call may have kept a result for the same arguments.
        if self.find(th, &key, hash)?.is_some() {
            return Ok(result);
        }
        let (ticket, gone) = self.order.lock(th).insert(key.clone(), hash, result.clone(), limit);
        let ticket = th.int(ticket);
        th.dict_set_hashed(&self.known, &key, hash, ticket)?;
        if let Some(old) = gone {
            th.dict_pop_hashed(&self.known, &old.key, old.hash)?;
        }
        Ok(result)
    }

    fn find(&self, th: &mut Thread, key: &Value, hash: i64) -> PyResult<Option<Value>> {
        let ticket = th.dict_get_hashed(&self.known, key, hash)?;
        Ok(ticket.and_then(|ticket| self.order.lock(th).touch(ticket.as_small_int()?)))
    }

    fn unbounded(&self, th: &mut Thread, args: Args<'_>) -> PyResult {
        let key = self.key(th, &args);
        let hash = th.hash(&key)?;
        if let Some(result) = th.dict_get_hashed(&self.known, &key, hash)? {
            self.hit(th);
            return Ok(result);
        }
        self.missed(th);
        let result = th.call_args(&self.function, args)?;
        th.dict_set_hashed(&self.known, &key, hash, result.clone())?;
        Ok(result)
    }
}

#[pymethods]
impl LruCacheWrapper {
    #[new]
    #[signature("(user_function, maxsize, typed, cache_info_type)")]
    fn new(
        th: &mut Thread,
        user_function: &Value,
        maxsize: &Value,
        typed: bool,
        cache_info_type: &Value,
    ) -> PyResult<LruCacheWrapper> {
        if !th.is_callable(user_function) {
            return Err(th.type_error("the first argument must be callable"));
        }
        let limit = if maxsize.is_none() {
            Limit::Everything
        } else if th.has_special(maxsize, vm::names::Special::Index) {
            match th.index_clamped(maxsize)? {
                i64::MIN..=0 => Limit::Nothing,
                // More than a ticket can tell apart would need more memory than there is.
                size => Limit::Bounded((size as usize).min((1 << SLOT_BITS) - 1)),
            }
        } else {
            return Err(th.type_error("maxsize should be integer or None"));
        };
        Ok(LruCacheWrapper {
            function: user_function.clone(),
            typed,
            limit,
            cache_info: cache_info_type.clone(),
            known: th.dict(),
            order: Guarded::new(Order::new()),
            tallies: Box::default(),
        })
    }

    #[raw]
    fn __call__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        match this.limit {
            Limit::Nothing => {
                this.missed(th);
                th.call_args(&this.function, args)
            }
            Limit::Everything => this.unbounded(th, args),
            Limit::Bounded(limit) => this.bounded(th, args, limit),
        }
    }

    #[signature = "(instance, owner=None, /)"]
    fn __get__(this: &Obj<Self>, th: &mut Thread, instance: &Value, owner: Option<&Value>) -> Value {
        let _ = owner;
        if instance.is_none() {
            return this.as_value().clone();
        }
        let method = Method { function: this.as_value().clone(), receiver: instance.clone() };
        Obj::new(th, builtin::METHOD, method).into_value()
    }

    /// Hits, misses, limit and size.
    fn cache_info(&self, th: &mut Thread) -> PyResult {
        // Relaxed, here and below: a count on its own.
        let hits: u64 = self.tallies.iter().map(|tally| tally.hits.load(Ordering::Relaxed)).sum();
        let misses: u64 = self.tallies.iter().map(|tally| tally.misses.load(Ordering::Relaxed)).sum();
        let limit = match self.limit {
            Limit::Nothing => th.int(0),
            Limit::Everything => Value::NONE,
            Limit::Bounded(limit) => th.int(limit as i64),
        };
        let arguments = [th.int(hits as i64), th.int(misses as i64), limit, th.int(self.known.len() as i64)];
        th.call(&self.cache_info, &arguments)
    }

    /// Forgets all results and counts.
    fn cache_clear(&self, th: &mut Thread) {
        // Stamps go on, so that tickets of before lead nowhere.
        let old = {
            let mut order = self.order.lock(th);
            let stamp = order.stamp;
            std::mem::replace(&mut *order, Order { stamp, ..Order::new() })
        };
        self.known.clear(th);
        for tally in self.tallies.iter() {
            tally.hits.store(0, Ordering::Relaxed); // Relaxed: a count on its own.
            tally.misses.store(0, Ordering::Relaxed); // Relaxed: as above.
        }
        drop(old);
    }

    fn __copy__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __deepcopy__(this: &Obj<Self>, memo: &Value) -> Value {
        let _ = memo;
        this.as_value().clone()
    }

    fn __reduce__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        th.get_attr(this.as_value(), &names().qualname)
    }
}
