//! `_queue`: a queue that finalizers and signal handlers may put things in at any time.
//!
//! The lock is held for a push or a pop alone and never while Python code runs, so that no thread can meet itself; and by
//! attached threads only, so that no fork finds it held.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use mode::primitive::{Futex, Ordering};
use parking_lot::Mutex;
use vm::prelude::*;

/// How long a wait lasts before signals are looked at again.
const SLICE: Duration = Duration::from_millis(50);

static EMPTY: OnceLock<Value> = OnceLock::new();

/// `_queue.Empty`
fn empty_class(th: &mut Thread) -> PyResult {
    if let Some(class) = EMPTY.get() {
        return Ok(class.clone());
    }
    let meta = th.type_of(&Exc::Exception.class().value()).value();
    let name = th.str("Empty");
    let bases = th.tuple(vec![Exc::Exception.class().value()]);
    let dict = th.dict();
    for (key, text) in [("__module__", "_queue"), ("__doc__", "There is nothing in the queue.")] {
        let (key, text) = (th.intern(key), th.str(text));
        th.dict_set(&dict, key.as_value(), text)?;
    }
    let class = th.call(&meta, &[name, bases, dict.into_value()])?;
    Ok(EMPTY.get_or_init(|| class).clone())
}

#[cold]
fn empty(th: &mut Thread) -> Raised {
    let made = empty_class(th).and_then(|class| th.call(&class, &[]));
    match made {
        Ok(exception) => th.raise(exception),
        Err(raised) => raised,
    }
}

/// What the lock guards.
#[derive(Default)]
struct Items {
    list: VecDeque<Value>,
    /// Threads that wait, or are about to look again.
    waiting: usize,
}

/// The payload of a queue.
#[pyclass(name = "SimpleQueue", module = "_queue", subclassable, weakref)]
pub struct SimpleQueue {
    #[no_trace]
    items: Mutex<Items>,
    /// Counts items that were put in while somebody waited; only whether it has changed matters.
    #[no_trace]
    filled: Futex,
}

impl SimpleQueue {
    fn push(&self, item: Value) {
        let anybody = {
            let mut items = self.items.lock();
            items.list.push_back(item);
            if items.waiting > 0 {
                // Relaxed: the lock orders it before a waiter's next look.
                self.filled.fetch_add(1, Ordering::Relaxed);
            }
            items.waiting > 0
        };
        if anybody {
            self.filled.wake_one();
        }
    }

    /// The first item; None if there is none until `deadline` (None: for ever).
    fn wait(&self, th: &mut Thread, deadline: Option<Instant>) -> PyResult<Option<Value>> {
        loop {
            let seen = {
                let mut items = self.items.lock();
                if let Some(item) = items.list.pop_front() {
                    return Ok(Some(item));
                }
                items.waiting += 1;
                self.filled.load(Ordering::Relaxed) // Relaxed: as in `push`.
            };
            let now = Instant::now();
            let left = match deadline {
                Some(deadline) => SLICE.min(deadline.saturating_duration_since(now)),
                None => SLICE,
            };
            if !left.is_zero() {
                th.detached(|| self.filled.wait(seen, now.checked_add(left)));
            }
            self.items.lock().waiting -= 1;
            if left.is_zero() {
                return Ok(None);
            }
            vm::thread::signals::check(th)?;
            th.poll()?;
        }
    }

    fn take(&self, th: &mut Thread, block: bool, timeout: Option<&Value>) -> PyResult {
        let deadline = match (block, timeout.filter(|timeout| !timeout.is_none())) {
            (false, _) => Some(Instant::now()),
            (true, None) => None,
            (true, Some(timeout)) => {
                let seconds = th.to_f64(timeout)?;
                if seconds < 0.0 {
                    return Err(th.value_error("'timeout' must be a non-negative number"));
                }
                let Ok(duration) = Duration::try_from_secs_f64(seconds) else {
                    return Err(th.overflow_error("timeout value is too large"));
                };
                let Some(deadline) = Instant::now().checked_add(duration) else {
                    return Err(th.overflow_error("timeout value is too large"));
                };
                Some(deadline)
            }
        };
        match self.wait(th, deadline)? {
            Some(item) => Ok(item),
            None => Err(empty(th)),
        }
    }
}

#[pymethods]
impl SimpleQueue {
    #[new]
    #[signature("()")]
    fn new(_th: &mut Thread) -> PyResult<SimpleQueue> {
        Ok(SimpleQueue { items: Mutex::default(), filled: Futex::new(0) })
    }

    /// Puts an item in. The queue has no limit, so this never waits; the other arguments change nothing.
    #[signature = "(item, block=True, timeout=None)"]
    fn put(&self, item: Value, block: Option<&Value>, timeout: Option<&Value>) {
        let _ = (block, timeout);
        self.push(item);
    }

    /// Puts an item in.
    #[signature = "(item)"]
    fn put_nowait(&self, item: Value) {
        self.push(item);
    }

    /// Takes the first item out; waits for one, if asked to.
    #[signature = "(block=True, timeout=None)"]
    fn get(&self, th: &mut Thread, block: Option<bool>, timeout: Option<&Value>) -> PyResult {
        self.take(th, block.unwrap_or(true), timeout)
    }

    /// Takes the first item out; raises Empty if there is none.
    fn get_nowait(&self, th: &mut Thread) -> PyResult {
        self.take(th, false, None)
    }

    /// Whether there is no item now.
    fn empty(&self) -> bool {
        self.items.lock().list.is_empty()
    }

    /// How many items there are now.
    fn qsize(&self) -> usize {
        self.items.lock().list.len()
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> Value {
        vm::builtins::generic_alias::make(th, class, item)
    }
}

/// What `queue` is built on.
#[pymodule(name = "_queue", classes = [super::SimpleQueue])]
pub mod module {
    use vm::prelude::*;

    /// Raised by a queue without items.
    #[pyattr(name = "Empty")]
    fn empty(th: &mut Thread) -> PyResult {
        super::empty_class(th)
    }
}
