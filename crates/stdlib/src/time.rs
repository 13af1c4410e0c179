//! The module `time`.

use std::ffi::CString;
use std::time::Duration;

use vm::builtins::structseq::{self, StructSeqDef};
use vm::prelude::*;
use vm::thread::signals;

use crate::support::{self, errno};

const NANOSECONDS: i64 = 1_000_000_000;

static STRUCT_TIME: StructSeqDef = StructSeqDef {
    name: "struct_time",
    module: "time",
    fields: &[
        ("tm_year", "year, for example, 1993"),
        ("tm_mon", "month of year, range [1, 12]"),
        ("tm_mday", "day of month, range [1, 31]"),
        ("tm_hour", "hours, range [0, 23]"),
        ("tm_min", "minutes, range [0, 59]"),
        ("tm_sec", "seconds, range [0, 61])"),
        ("tm_wday", "day of week, range [0, 6], Monday is 0"),
        ("tm_yday", "day of year, range [1, 366]"),
        ("tm_isdst", "1 if summer time is in effect, 0 if not, and -1 if unknown"),
        ("tm_zone", "abbreviation of timezone name"),
        ("tm_gmtoff", "offset from UTC in seconds"),
    ],
    n_sequence_fields: 9,
};

/// What a clock shows, in nanoseconds.
fn clock(id: libc::clockid_t) -> Result<i64, i32> {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills the structure.
    if unsafe { libc::clock_gettime(id, &raw mut now) } < 0 {
        return Err(errno());
    }
    Ok(now.tv_sec.saturating_mul(NANOSECONDS).saturating_add(now.tv_nsec))
}

fn read_clock(th: &mut Thread, id: libc::clockid_t) -> PyResult<i64> {
    clock(id).map_err(|error| th.os_error(error, None))
}

fn seconds(nanoseconds: i64) -> f64 {
    // Whole seconds apart, so that nothing is lost where the double is exact.
    (nanoseconds / NANOSECONDS) as f64 + (nanoseconds % NANOSECONDS) as f64 * 1e-9
}

fn resolution(th: &mut Thread, id: libc::clockid_t) -> PyResult<f64> {
    let mut step = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills the structure.
    if unsafe { libc::clock_getres(id, &raw mut step) } < 0 {
        return Err(th.os_error(errno(), None));
    }
    Ok(step.tv_sec as f64 + step.tv_nsec as f64 * 1e-9)
}

/// A number of seconds as nanoseconds, rounded up: how long to wait.
pub fn duration(th: &mut Thread, value: &Value) -> PyResult<Duration> {
    let limit = 9_223_372_036.0;
    let too_large = "timestamp out of range for platform time_t";
    let nanoseconds = if th.type_of(value).payload.has(object_model::ty::flag::FLOAT_SUBCLASS) {
        let given = th.to_f64(value)?;
        if given.is_nan() {
            return Err(th.value_error("Invalid value NaN (not a number)"));
        }
        if given.abs() > limit {
            return Err(th.overflow_error(too_large));
        }
        (given * 1e9).ceil()
    } else {
        let given = th.index(value)?;
        if given.unsigned_abs() > limit as u64 {
            return Err(th.overflow_error("timestamp out of range for C PyTime_t"));
        }
        given as f64 * 1e9
    };
    if nanoseconds < 0.0 {
        return Err(th.value_error("sleep length must be non-negative"));
    }
    Ok(Duration::from_nanos(nanoseconds as u64))
}

/// Sleeps until `length` has passed; signals are handled meanwhile, and may raise.
pub fn sleep(th: &mut Thread, length: Duration) -> PyResult<()> {
    let start = clock(libc::CLOCK_MONOTONIC).unwrap_or(0);
    let end = start.saturating_add(i64::try_from(length.as_nanos()).unwrap_or(i64::MAX));
    let deadline = libc::timespec { tv_sec: end / NANOSECONDS, tv_nsec: end % NANOSECONDS };
    loop {
        let error = th.detached(|| {
            // SAFETY: the deadline is readable; no rest is asked for with an absolute one.
            unsafe {
                libc::clock_nanosleep(
                    libc::CLOCK_MONOTONIC,
                    libc::TIMER_ABSTIME,
                    &raw const deadline,
                    std::ptr::null_mut(),
                )
            }
        });
        match error {
            0 => return Ok(()),
            libc::EINTR => signals::check(th)?,
            error => return Err(th.os_error(error, None)),
        }
    }
}

fn empty_tm() -> libc::tm {
    // SAFETY: zeroes are a valid `tm`.
    unsafe { std::mem::zeroed() }
}

fn to_struct(th: &mut Thread, tm: &libc::tm) -> PyResult {
    let class = structseq::make_type(th, &STRUCT_TIME);
    let numbers = [
        i64::from(tm.tm_year) + 1900,
        i64::from(tm.tm_mon) + 1,
        tm.tm_mday.into(),
        tm.tm_hour.into(),
        tm.tm_min.into(),
        tm.tm_sec.into(),
        (i64::from(tm.tm_wday) + 6) % 7,
        i64::from(tm.tm_yday) + 1,
        tm.tm_isdst.into(),
    ];
    let mut fields: Vec<Value> = numbers.iter().map(|n| th.int(*n)).collect();
    let zone = if tm.tm_zone.is_null() {
        String::new()
    } else {
        // SAFETY: the C library's zone names are terminated and stay.
        unsafe { std::ffi::CStr::from_ptr(tm.tm_zone) }.to_string_lossy().into_owned()
    };
    fields.push(th.str(&zone));
    fields.push(th.int(tm.tm_gmtoff));
    structseq::new(th, class, fields)
}

/// The argument `seconds`: now if it is None.
fn timestamp(th: &mut Thread, value: Option<&Value>) -> PyResult<libc::time_t> {
    let Some(value) = value.filter(|v| !v.is_none()) else {
        return Ok(read_clock(th, libc::CLOCK_REALTIME)?.div_euclid(NANOSECONDS));
    };
    if th.type_of(value).payload.has(object_model::ty::flag::FLOAT_SUBCLASS) {
        let given = th.to_f64(value)?;
        if given.is_nan() {
            return Err(th.value_error("Invalid value NaN (not a number)"));
        }
        if given.abs() >= 9.2e18 {
            return Err(th.overflow_error("timestamp out of range for platform time_t"));
        }
        return Ok(given.floor() as libc::time_t);
    }
    let result = th.index(value);
    match th.catch(result, Exc::OverflowError)? {
        Some(given) => Ok(given),
        None => Err(th.overflow_error("timestamp out of range for platform time_t")),
    }
}

fn broken_down(th: &mut Thread, at: libc::time_t, local: bool) -> PyResult<libc::tm> {
    let mut tm = empty_tm();
    // SAFETY: both structures are ours; the reentrant functions keep nothing.
    let found = unsafe {
        if local {
            libc::localtime_r(&raw const at, &raw mut tm)
        } else {
            libc::gmtime_r(&raw const at, &raw mut tm)
        }
    };
    if found.is_null() { Err(th.os_error(errno(), None)) } else { Ok(tm) }
}

/// The fields of a struct_time or tuple as the C library has them, not checked.
fn from_tuple(th: &mut Thread, value: &Value, function: &str) -> PyResult<libc::tm> {
    let Some(tuple) = th.downcast::<Tuple>(value).cloned() else {
        return Err(th.type_error("Tuple or struct_time argument required"));
    };
    let items = tuple.items();
    if items.len() != 9 {
        return Err(th.type_error(format_args!("{function}(): illegal time tuple argument")));
    }
    let mut numbers = [0_i32; 9];
    for (number, item) in numbers.iter_mut().zip(items) {
        let wide = th.index(item)?;
        *number = match i32::try_from(wide) {
            Ok(number) => number,
            Err(_) => return Err(th.overflow_error("signed integer is greater than maximum")),
        };
    }
    let Some(year) = numbers[0].checked_sub(1900) else {
        return Err(th.overflow_error("year out of range"));
    };
    let mut tm = empty_tm();
    tm.tm_year = year;
    tm.tm_mon = numbers[1].wrapping_sub(1);
    tm.tm_mday = numbers[2];
    tm.tm_hour = numbers[3];
    tm.tm_min = numbers[4];
    tm.tm_sec = numbers[5];
    tm.tm_wday = numbers[6].wrapping_add(1) % 7;
    tm.tm_yday = numbers[7].wrapping_sub(1);
    tm.tm_isdst = numbers[8];
    if let Some(header) = value.as_header()
        && std::ptr::eq(header.shape().class(), structseq::make_type(th, &STRUCT_TIME))
    {
        let offset = th.get_attr_str(value, "tm_gmtoff")?;
        if let Some(offset) = offset.as_small_int() {
            tm.tm_gmtoff = offset;
        }
    }
    Ok(tm)
}

/// Checks what the C library would read tables with.
fn check_fields(th: &mut Thread, tm: &mut libc::tm) -> PyResult<()> {
    if tm.tm_mon == -1 {
        tm.tm_mon = 0;
    }
    if tm.tm_mday == 0 {
        tm.tm_mday = 1;
    }
    if tm.tm_yday == -1 {
        tm.tm_yday = 0;
    }
    let wrong = if !(0..=11).contains(&tm.tm_mon) {
        Some("month out of range")
    } else if !(0..=31).contains(&tm.tm_mday) {
        Some("day of month out of range")
    } else if !(0..=23).contains(&tm.tm_hour) {
        Some("hour out of range")
    } else if !(0..=59).contains(&tm.tm_min) {
        Some("minute out of range")
    } else if !(0..=61).contains(&tm.tm_sec) {
        Some("seconds out of range")
    } else if tm.tm_wday < 0 {
        Some("day of week out of range")
    } else if !(0..=365).contains(&tm.tm_yday) {
        Some("day of year out of range")
    } else {
        None
    };
    match wrong {
        Some(message) => Err(th.value_error(message)),
        None => Ok(()),
    }
}

/// The fields of the argument of `strftime` and `asctime`: now if it is None.
fn fields(th: &mut Thread, value: Option<&Value>, function: &str) -> PyResult<libc::tm> {
    match value.filter(|v| !v.is_none()) {
        Some(value) => {
            let mut tm = from_tuple(th, value, function)?;
            check_fields(th, &mut tm)?;
            Ok(tm)
        }
        None => {
            let now = timestamp(th, None)?;
            broken_down(th, now, true)
        }
    }
}

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn ascii_time(tm: &libc::tm) -> String {
    let day = DAYS.get(tm.tm_wday as usize).copied().unwrap_or("???");
    let month = MONTHS.get(tm.tm_mon as usize).copied().unwrap_or("???");
    let year = i64::from(tm.tm_year) + 1900;
    format!("{day} {month}{:3} {:02}:{:02}:{:02} {year}", tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec)
}

fn format_time(th: &mut Thread, format: &[u8], tm: &libc::tm) -> PyResult<Vec<u8>> {
    let Ok(format) = CString::new(format) else { return Err(th.value_error("embedded null character")) };
    if format.as_bytes().is_empty() {
        return Ok(Vec::new());
    }
    let mut size = 256.max(format.as_bytes().len() * 2);
    loop {
        let mut out = vec![0_u8; size];
        // SAFETY: the buffer has the size that is told; the format is terminated.
        let written = unsafe { libc::strftime(out.as_mut_ptr().cast(), size, format.as_ptr(), tm) };
        // Nothing may be the answer, or a sign that the buffer is too small: no format grows this much.
        if written > 0 || size >= 256 * format.as_bytes().len().max(64) {
            out.truncate(written);
            return Ok(out);
        }
        size *= 2;
    }
}

/// Offsets of the local zone in January and July.
struct Zone {
    offset: i64,
    name: String,
    dst: bool,
}

fn zone_at(th: &mut Thread, at: libc::time_t) -> PyResult<Zone> {
    let tm = broken_down(th, at, true)?;
    let name = if tm.tm_zone.is_null() {
        String::new()
    } else {
        // SAFETY: the C library's zone names are terminated and stay.
        unsafe { std::ffi::CStr::from_ptr(tm.tm_zone) }.to_string_lossy().into_owned()
    };
    Ok(Zone { offset: -tm.tm_gmtoff, name, dst: tm.tm_isdst > 0 })
}

unsafe extern "C" {
    fn tzset();
}

fn set_zone(th: &mut Thread, module: &Value) -> PyResult<()> {
    // SAFETY: reads the environment, which only `putenv` of this process changes; as in CPython.
    unsafe { tzset() };
    let year = (365 * 24 + 6) * 3600;
    let now = timestamp(th, None)?;
    let january = now / year * year;
    let (winter, summer) = (zone_at(th, january)?, zone_at(th, january + year / 2)?);
    let daylight = winter.offset != summer.offset || winter.dst || summer.dst;
    let (standard, other) = if winter.offset < summer.offset { (summer, winter) } else { (winter, summer) };
    let names = [th.str(&standard.name), th.str(&other.name)];
    let values = [
        ("timezone", th.int(standard.offset)),
        ("altzone", th.int(other.offset)),
        ("daylight", th.int(daylight.into())),
        ("tzname", th.tuple(names.to_vec())),
    ];
    for (name, value) in values {
        support::set_attr(th, module, name, &value)?;
    }
    Ok(())
}

#[pymodule(name = "time", doc = "This module provides various functions to manipulate time values.")]
pub mod module {
    use super::*;

    #[pyattr(name = "_STRUCT_TM_ITEMS")]
    const ITEMS: i32 = 11;
    #[pyattr]
    const CLOCK_REALTIME: i32 = libc::CLOCK_REALTIME;
    #[pyattr]
    const CLOCK_MONOTONIC: i32 = libc::CLOCK_MONOTONIC;
    #[pyattr]
    const CLOCK_MONOTONIC_RAW: i32 = libc::CLOCK_MONOTONIC_RAW;
    #[pyattr]
    const CLOCK_PROCESS_CPUTIME_ID: i32 = libc::CLOCK_PROCESS_CPUTIME_ID;
    #[pyattr]
    const CLOCK_THREAD_CPUTIME_ID: i32 = libc::CLOCK_THREAD_CPUTIME_ID;
    #[pyattr]
    const CLOCK_BOOTTIME: i32 = libc::CLOCK_BOOTTIME;
    #[pyattr]
    const CLOCK_TAI: i32 = libc::CLOCK_TAI;

    #[pyattr]
    fn struct_time(th: &mut Thread) -> Class {
        structseq::make_type(th, &STRUCT_TIME)
    }

    /// Return the current time in seconds since the Epoch.
    #[pyfunction]
    fn time(th: &mut Thread) -> PyResult<f64> {
        read_clock(th, libc::CLOCK_REALTIME).map(seconds)
    }

    /// Return the current time in nanoseconds since the Epoch.
    #[pyfunction]
    fn time_ns(th: &mut Thread) -> PyResult<i64> {
        read_clock(th, libc::CLOCK_REALTIME)
    }

    /// Monotonic clock, cannot go backward.
    #[pyfunction]
    fn monotonic(th: &mut Thread) -> PyResult<f64> {
        read_clock(th, libc::CLOCK_MONOTONIC).map(seconds)
    }

    /// Monotonic clock, cannot go backward, as nanoseconds.
    #[pyfunction]
    fn monotonic_ns(th: &mut Thread) -> PyResult<i64> {
        read_clock(th, libc::CLOCK_MONOTONIC)
    }

    /// Performance counter for benchmarking.
    #[pyfunction]
    fn perf_counter(th: &mut Thread) -> PyResult<f64> {
        read_clock(th, libc::CLOCK_MONOTONIC).map(seconds)
    }

    /// Performance counter for benchmarking as nanoseconds.
    #[pyfunction]
    fn perf_counter_ns(th: &mut Thread) -> PyResult<i64> {
        read_clock(th, libc::CLOCK_MONOTONIC)
    }

    /// Process time for profiling: sum of the kernel and user-space CPU time.
    #[pyfunction]
    fn process_time(th: &mut Thread) -> PyResult<f64> {
        read_clock(th, libc::CLOCK_PROCESS_CPUTIME_ID).map(seconds)
    }

    /// Process time for profiling as nanoseconds.
    #[pyfunction]
    fn process_time_ns(th: &mut Thread) -> PyResult<i64> {
        read_clock(th, libc::CLOCK_PROCESS_CPUTIME_ID)
    }

    /// Thread time for profiling: sum of the kernel and user-space CPU time.
    #[pyfunction]
    fn thread_time(th: &mut Thread) -> PyResult<f64> {
        read_clock(th, libc::CLOCK_THREAD_CPUTIME_ID).map(seconds)
    }

    /// Thread time for profiling as nanoseconds.
    #[pyfunction]
    fn thread_time_ns(th: &mut Thread) -> PyResult<i64> {
        read_clock(th, libc::CLOCK_THREAD_CPUTIME_ID)
    }

    /// Return the time of the specified clock clk_id as a float.
    #[pyfunction]
    fn clock_gettime(th: &mut Thread, clk_id: i32) -> PyResult<f64> {
        read_clock(th, clk_id).map(seconds)
    }

    /// Return the time of the specified clock clk_id as nanoseconds (int).
    #[pyfunction]
    fn clock_gettime_ns(th: &mut Thread, clk_id: i32) -> PyResult<i64> {
        read_clock(th, clk_id)
    }

    /// Return the resolution (precision) of the specified clock clk_id.
    #[pyfunction]
    fn clock_getres(th: &mut Thread, clk_id: i32) -> PyResult<f64> {
        resolution(th, clk_id)
    }

    fn set_clock(th: &mut Thread, id: i32, nanoseconds: i64) -> PyResult<()> {
        let time = libc::timespec {
            tv_sec: nanoseconds.div_euclid(NANOSECONDS),
            tv_nsec: nanoseconds.rem_euclid(NANOSECONDS),
        };
        // SAFETY: the structure is readable.
        if unsafe { libc::clock_settime(id, &raw const time) } < 0 {
            return Err(th.os_error(errno(), None));
        }
        Ok(())
    }

    /// Set the time of the specified clock clk_id.
    #[pyfunction]
    fn clock_settime(th: &mut Thread, clk_id: i32, time: f64) -> PyResult<()> {
        set_clock(th, clk_id, (time * 1e9) as i64)
    }

    /// Set the time of the specified clock clk_id with nanoseconds.
    #[pyfunction]
    fn clock_settime_ns(th: &mut Thread, clk_id: i32, time: i64) -> PyResult<()> {
        set_clock(th, clk_id, time)
    }

    /// Delay execution for a given number of seconds.
    #[pyfunction]
    fn sleep(th: &mut Thread, seconds: &Value) -> PyResult<()> {
        let length = duration(th, seconds)?;
        super::sleep(th, length)
    }

    /// Convert seconds since the Epoch to a time tuple expressing UTC.
    #[pyfunction(signature = "(seconds=None, /)")]
    fn gmtime(th: &mut Thread, seconds: Option<&Value>) -> PyResult {
        let at = timestamp(th, seconds)?;
        let tm = broken_down(th, at, false)?;
        to_struct(th, &tm)
    }

    /// Convert seconds since the Epoch to a time tuple expressing local time.
    #[pyfunction(signature = "(seconds=None, /)")]
    fn localtime(th: &mut Thread, seconds: Option<&Value>) -> PyResult {
        let at = timestamp(th, seconds)?;
        let tm = broken_down(th, at, true)?;
        to_struct(th, &tm)
    }

    /// Convert a time tuple in local time to seconds since the Epoch.
    #[pyfunction]
    fn mktime(th: &mut Thread, tuple: &Value) -> PyResult<f64> {
        let mut tm = from_tuple(th, tuple, "mktime")?;
        // Set by every success, so that -1 can be told from failure.
        tm.tm_wday = -1;
        // SAFETY: the structure is ours.
        let at = unsafe { libc::mktime(&raw mut tm) };
        if at == -1 && tm.tm_wday == -1 {
            return Err(th.overflow_error("mktime argument out of range"));
        }
        Ok(at as f64)
    }

    /// Convert a time tuple to a string, e.g. 'Sat Jun 06 16:26:11 1998'.
    #[pyfunction(signature = "(tuple=None, /)")]
    fn asctime(th: &mut Thread, tuple: Option<&Value>) -> PyResult<String> {
        fields(th, tuple, "asctime").map(|tm| ascii_time(&tm))
    }

    /// Convert a time in seconds since the Epoch to a string in local time.
    #[pyfunction(signature = "(seconds=None, /)")]
    fn ctime(th: &mut Thread, seconds: Option<&Value>) -> PyResult<String> {
        let at = timestamp(th, seconds)?;
        broken_down(th, at, true).map(|tm| ascii_time(&tm))
    }

    /// Convert a time tuple to a string according to a format specification.
    #[pyfunction(signature = "(format, tuple=None, /)")]
    fn strftime(th: &mut Thread, format: &Obj<Str>, tuple: Option<&Value>) -> PyResult {
        let mut tm = fields(th, tuple, "strftime")?;
        tm.tm_isdst = tm.tm_isdst.clamp(-1, 1);
        let zone = if tm.tm_zone.is_null() && tm.tm_isdst >= 0 {
            let mut copy = tm;
            // SAFETY: the structure is ours; only its zone is used.
            unsafe { libc::mktime(&raw mut copy) };
            copy.tm_zone
        } else {
            tm.tm_zone
        };
        tm.tm_zone = zone;
        let format = crate::os_text::encode(th, format.as_value())?;
        let text = format_time(th, &format, &tm)?;
        crate::os_text::decode(th, &text)
    }

    /// Parse a string to a time tuple according to a format specification.
    #[pyfunction(raw)]
    fn strptime(th: &mut Thread, args: Args<'_>) -> PyResult {
        let parse = support::import_attr(th, "_strptime", "_strptime_time")?;
        th.call_args(&parse, args)
    }

    /// Initialize, or reinitialize, the local timezone to the value stored in os.environ['TZ'].
    #[pyfunction(name = "tzset")]
    fn tzset_(th: &mut Thread) -> PyResult<()> {
        let module = support::import(th, "time")?;
        set_zone(th, &module)
    }

    /// Get information of the specified clock.
    #[pyfunction]
    fn get_clock_info(th: &mut Thread, name: &Obj<Str>) -> PyResult {
        let text = name.units().to_str_lossy().into_owned();
        let (id, implementation, monotonic, adjustable) = match text.as_str() {
            "time" => (libc::CLOCK_REALTIME, "clock_gettime(CLOCK_REALTIME)", false, true),
            "monotonic" | "perf_counter" => {
                (libc::CLOCK_MONOTONIC, "clock_gettime(CLOCK_MONOTONIC)", true, false)
            }
            "process_time" => {
                (libc::CLOCK_PROCESS_CPUTIME_ID, "clock_gettime(CLOCK_PROCESS_CPUTIME_ID)", true, false)
            }
            "thread_time" => {
                (libc::CLOCK_THREAD_CPUTIME_ID, "clock_gettime(CLOCK_THREAD_CPUTIME_ID)", true, false)
            }
            _ => return Err(th.value_error("unknown clock")),
        };
        let step = resolution(th, id)?;
        let class = support::import_attr(th, "types", "SimpleNamespace")?;
        let names = ["implementation", "monotonic", "adjustable", "resolution"];
        let values =
            [th.str(implementation), Value::bool(monotonic), Value::bool(adjustable), th.float(step)];
        let keywords: Vec<(Obj<Str>, Value)> = names.iter().map(|n| th.intern(n)).zip(values).collect();
        th.call_kw(&class, &[], &keywords)
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        set_zone(th, module)
    }
}

#[cfg(test)]
mod tests {
    use super::{ascii_time, empty_tm, seconds};

    #[test]
    fn times_are_split_exactly() {
        assert_eq!(seconds(1_500_000_000), 1.5);
        assert_eq!(seconds(-1_500_000_000), -1.5);
    }

    #[test]
    fn ascii_times_have_fixed_names() {
        let mut tm = empty_tm();
        (tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_wday) = (98, 5, 6, 6);
        assert_eq!(ascii_time(&tm), "Sat Jun  6 00:00:00 1998");
    }
}
