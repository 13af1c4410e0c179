//! `syslog`: the system's log.

use std::ffi::CString;

use vm::prelude::*;
use vm::thread::native_mutex::NativeMutex as Mutex;

/// The identity that was given to `openlog`, which keeps a pointer to it; and whether the log is open.
static LOG: Mutex<(Option<CString>, bool)> = Mutex::new((None, false));

fn c_string(th: &mut Thread, text: &Value, what: &str) -> PyResult<CString> {
    let text = crate::support::text_of(th, text, what)?;
    CString::new(text).map_err(|_| th.value_error("embedded null character"))
}

fn open(ident: Option<CString>, option: i32, facility: i32) {
    let mut log = LOG.lock();
    let pointer = ident.as_ref().map_or(std::ptr::null(), |ident| ident.as_ptr());
    // SAFETY: the text stays where it is: it is kept until the log is opened again or closed.
    unsafe { libc::openlog(pointer, option, facility) };
    *log = (ident, true);
}

/// The last part of `sys.argv[0]`.
fn program_name(th: &mut Thread) -> PyResult<Option<CString>> {
    let argv = crate::support::import_attr(th, "sys", "argv")?;
    let Some(first) = th.downcast::<List>(&argv).and_then(|list| list.get(th, 0)) else { return Ok(None) };
    let Some(text) = th.as_str(&first) else { return Ok(None) };
    let text = text.units().to_str_lossy().into_owned();
    let name = text.rsplit('/').next().unwrap_or("");
    Ok(CString::new(name).ok().filter(|name| !name.is_empty()))
}

macro_rules! constants {
    ($($name:ident)*) => {
        const CONSTANTS: &[(&str, i64)] = &[$((stringify!($name), libc::$name as i64),)*];
    };
}

constants! {
    LOG_EMERG LOG_ALERT LOG_CRIT LOG_ERR LOG_WARNING LOG_NOTICE LOG_INFO LOG_DEBUG LOG_PID LOG_CONS LOG_NDELAY
    LOG_ODELAY LOG_NOWAIT LOG_PERROR LOG_KERN LOG_USER LOG_MAIL LOG_DAEMON LOG_AUTH LOG_LPR LOG_LOCAL0 LOG_LOCAL1
    LOG_LOCAL2 LOG_LOCAL3 LOG_LOCAL4 LOG_LOCAL5 LOG_LOCAL6 LOG_LOCAL7 LOG_SYSLOG LOG_CRON LOG_UUCP LOG_NEWS
    LOG_AUTHPRIV LOG_FTP
}

/// The module.
#[pymodule(name = "syslog")]
pub mod module {
    use super::*;

    /// Set logging options of subsequent syslog() calls.
    #[pyfunction(signature = "(ident=<unrepresentable>, logoption=0, facility=syslog.LOG_USER)")]
    fn openlog(
        th: &mut Thread,
        ident: Option<&Value>,
        logoption: Option<i32>,
        facility: Option<i32>,
    ) -> PyResult<()> {
        let ident = match ident {
            Some(ident) => Some(c_string(th, ident, "openlog() argument 1")?),
            None => program_name(th)?,
        };
        open(ident, logoption.unwrap_or(0), facility.unwrap_or(libc::LOG_USER));
        Ok(())
    }

    /// Send the string message to the system logger.
    #[pyfunction(raw, signature = "(priority, message=<unrepresentable>, /)")]
    fn syslog(th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        let (priority, message) = match args.positional {
            [message] => (libc::LOG_INFO, message),
            [priority, message] => (th.index(priority)? as i32, message),
            _ => return Err(th.type_error("syslog.syslog requires 1 to 2 arguments")),
        };
        let message = c_string(th, message, "syslog() argument")?;
        if !LOG.lock().1 {
            let ident = program_name(th)?;
            open(ident, 0, libc::LOG_USER);
        }
        th.detached(|| {
            let _open = LOG.lock();
            // SAFETY: the format takes one string, which lives across the call.
            unsafe { libc::syslog(priority, c"%s".as_ptr(), message.as_ptr()) };
        });
        Ok(())
    }

    /// Reset the syslog module values and call the system library closelog().
    #[pyfunction(signature = "()")]
    fn closelog() {
        let mut log = LOG.lock();
        if log.1 {
            // SAFETY: no memory is involved.
            unsafe { libc::closelog() };
            *log = (None, false);
        }
    }

    /// Set the priority mask to maskpri and return the previous mask value.
    #[pyfunction(signature = "(maskpri, /)")]
    fn setlogmask(maskpri: i32) -> i64 {
        // SAFETY: no memory is involved.
        unsafe { libc::setlogmask(maskpri) }.into()
    }

    /// Calculates the mask for the individual priority pri.
    #[pyfunction(name = "LOG_MASK", signature = "(pri, /)")]
    fn log_mask(pri: i64) -> i64 {
        1 << (pri & 31)
    }

    /// Calculates the mask for all priorities up to and including pri.
    #[pyfunction(name = "LOG_UPTO", signature = "(pri, /)")]
    fn log_upto(pri: i64) -> i64 {
        (1 << ((pri & 31) + 1)) - 1
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        for (name, number) in CONSTANTS {
            let number = th.int(*number);
            crate::support::set_attr(th, module, name, &number)?;
        }
        Ok(())
    }
}
