//! Sets of signals, as the system and as Python have them.

use vm::prelude::*;
use vm::thread::signals;

/// A set without signals.
pub fn empty() -> libc::sigset_t {
    // SAFETY: a zeroed set is valid memory, which the call then fills.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        set
    }
}

/// The set of the numbers in an iterable.
pub fn from_iterable(th: &mut Thread, iterable: &Value) -> PyResult<libc::sigset_t> {
    let mut set = empty();
    for item in th.collect(iterable)? {
        let signal = th.index(&item)?;
        if !(1..signals::COUNT as i64).contains(&signal) {
            let last = signals::COUNT - 1;
            return Err(th.value_error(format_args!("signal number {signal} out of range [1; {last}]")));
        }
        // SAFETY: the set is initialised; numbers that the system keeps for itself are refused, and left out.
        unsafe { libc::sigaddset(&raw mut set, signal as i32) };
    }
    Ok(set)
}

/// The numbers in a set, as a Python set.
pub fn to_set(th: &mut Thread, set: &libc::sigset_t) -> PyResult {
    // SAFETY: the set is initialised.
    let is_in = |signal: i32| unsafe { libc::sigismember(std::ptr::from_ref(set), signal) } == 1;
    let numbers = (1..signals::COUNT as i32).filter(|signal| is_in(*signal));
    let numbers: Vec<Value> = numbers.map(|signal| th.int(signal.into())).collect();
    th.build_set(numbers)
}
