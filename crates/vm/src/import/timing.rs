//! `-X importtime`: how long each import takes, told on standard error as imports end.

use std::cell::Cell;
use std::sync::Once;
use std::time::{Duration, Instant};

thread_local! {
    /// How many imports are under way in this thread.
    static LEVEL: Cell<usize> = const { Cell::new(0) };
    /// What the imports within the one under way took so far.
    static WITHIN: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

fn head() {
    static HEAD: Once = Once::new();
    HEAD.call_once(|| eprintln!("import time: self [us] | cumulative | imported package"));
}

/// Runs an import and tells how long it took, itself and with what it imports.
pub fn timed<R>(name: &str, import: impl FnOnce() -> R) -> R {
    head();
    let level = LEVEL.get();
    LEVEL.set(level + 1);
    let before = WITHIN.replace(Duration::ZERO);
    let start = Instant::now();
    let result = import();
    let whole = start.elapsed();
    let own = whole.saturating_sub(WITHIN.get());
    LEVEL.set(level);
    let micros = |time: Duration| time.as_nanos().div_ceil(1000);
    eprintln!(
        "import time: {:>9} | {:>10} | {:indent$}{name}",
        micros(own),
        micros(whole),
        "",
        indent = level * 2
    );
    WITHIN.set(before + whole);
    result
}

/// Tells of a module that is there already (`-X importtime=2`).
pub fn tell_cached(name: &str) {
    head();
    eprintln!("import time: cached    | cached     | {:indent$}{name}", "", indent = LEVEL.get() * 2);
}
