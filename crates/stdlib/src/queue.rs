//! `_queue`: a queue that finalizers and signal handlers may put things in at any time.
//!
//! The lock is held for a push or a pop alone and never while Python code runs, so that no thread can meet itself.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
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

/// The payload of a queue.
#[pyclass(name = "SimpleQueue", module = "_queue", subclassable, weakref)]
pub struct SimpleQueue {
    #[no_trace]
    items: Mutex<VecDeque<Value>>,
    #[no_trace]
    filled: Condvar,
}

impl SimpleQueue {
    fn push(&self, item: Value) {
        self.items.lock().push_back(item);
        self.filled.notify_one();
    }

    /// The first item; None if there is none until `deadline` (None: for ever).
    fn wait(&self, th: &mut Thread, deadline: Option<Instant>) -> PyResult<Option<Value>> {
        loop {
            if let Some(item) = self.items.lock().pop_front() {
                return Ok(Some(item));
            }
            let now = Instant::now();
            let left = match deadline {
                Some(deadline) if deadline <= now => return Ok(None),
                Some(deadline) => SLICE.min(deadline - now),
                None => SLICE,
            };
            th.detached(|| {
                let mut items = self.items.lock();
                if items.is_empty() {
                    self.filled.wait_for(&mut items, left);
                }
            });
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
        Ok(SimpleQueue { items: Mutex::new(VecDeque::new()), filled: Condvar::new() })
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
        self.items.lock().is_empty()
    }

    /// How many items there are now.
    fn qsize(&self) -> usize {
        self.items.lock().len()
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
