//! `setitimer`, `getitimer`

use vm::prelude::*;

fn to_timeval(th: &mut Thread, seconds: f64) -> PyResult<libc::timeval> {
    if !(0.0..1e15).contains(&seconds) {
        return Err(th.os_error(libc::EINVAL, None));
    }
    // Rounded up, so that a short time does not become none, which would stop the timer.
    let microseconds = (seconds * 1e6).ceil() as i64;
    Ok(libc::timeval { tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000 })
}

fn to_tuple(th: &mut Thread, timer: &libc::itimerval) -> Value {
    let seconds = |time: &libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 * 1e-6;
    let parts = vec![th.float(seconds(&timer.it_value)), th.float(seconds(&timer.it_interval))];
    th.tuple(parts)
}

fn nothing() -> libc::itimerval {
    let zero = libc::timeval { tv_sec: 0, tv_usec: 0 };
    libc::itimerval { it_interval: zero, it_value: zero }
}

/// Sets a timer; its old state.
pub fn set(th: &mut Thread, which: i32, seconds: f64, interval: f64) -> PyResult {
    let new = libc::itimerval { it_value: to_timeval(th, seconds)?, it_interval: to_timeval(th, interval)? };
    let mut old = nothing();
    // SAFETY: both structures live across the call; an unknown timer is an error.
    if unsafe { libc::setitimer(which as _, &raw const new, &raw mut old) } != 0 {
        return Err(super::last_error(th));
    }
    Ok(to_tuple(th, &old))
}

/// The state of a timer.
pub fn get(th: &mut Thread, which: i32) -> PyResult {
    let mut now = nothing();
    // SAFETY: the structure lives across the call; an unknown timer is an error.
    if unsafe { libc::getitimer(which as _, &raw mut now) } != 0 {
        return Err(super::last_error(th));
    }
    Ok(to_tuple(th, &now))
}
