//! The module `termios`: control of terminals.

use vm::prelude::*;

use crate::support::{self, errno};

macro_rules! constants {
    ($($name:ident)*) => {
        const CONSTANTS: &[(&str, i64)] = &[$((stringify!($name), libc::$name as i64),)*];
    };
}

constants! {
    B0 B50 B75 B110 B134 B150 B200 B300 B600 B1200 B1800 B2400 B4800 B9600 B19200 B38400 B57600 B115200 B230400 B460800
    B500000 B576000 B921600 B1000000 B1152000 B1500000 B2000000 B2500000 B3000000 B3500000 B4000000
    CBAUDEX CSIZE CS5 CS6 CS7 CS8 CSTOPB CREAD PARENB PARODD HUPCL CLOCAL CRTSCTS
    TCSANOW TCSADRAIN TCSAFLUSH TCIFLUSH TCOFLUSH TCIOFLUSH TCOOFF TCOON TCIOFF TCION
    IGNBRK BRKINT IGNPAR PARMRK INPCK ISTRIP INLCR IGNCR ICRNL IUCLC IXON IXANY IXOFF IMAXBEL
    OPOST OLCUC ONLCR OCRNL ONOCR ONLRET OFILL OFDEL NLDLY CRDLY TABDLY BSDLY VTDLY FFDLY NL0 NL1 CR0 CR1 CR2 CR3 TAB0
    TAB1 TAB2 TAB3 XTABS BS0 BS1 VT0 VT1 FF0 FF1
    ISIG ICANON XCASE ECHO ECHOE ECHOK ECHONL NOFLSH TOSTOP ECHOCTL ECHOPRT ECHOKE FLUSHO PENDIN IEXTEN EXTPROC
    VINTR VQUIT VERASE VKILL VEOF VTIME VMIN VSWTC VSTART VSTOP VSUSP VEOL VREPRINT VDISCARD VWERASE VLNEXT VEOL2 NCCS
    TIOCEXCL TIOCNXCL TIOCSCTTY TIOCGPGRP TIOCSPGRP TIOCOUTQ TIOCSTI TIOCGWINSZ TIOCSWINSZ TIOCMGET TIOCMBIS TIOCMBIC
    TIOCMSET FIONREAD TIOCINQ TIOCCONS TIOCNOTTY TIOCGETD TIOCSETD FIONCLEX FIOCLEX FIOASYNC FIONBIO TIOCGSERIAL TIOCPKT
    TIOCM_LE TIOCM_DTR TIOCM_RTS TIOCM_ST TIOCM_SR TIOCM_CTS TIOCM_CAR TIOCM_RNG TIOCM_DSR TIOCM_CD TIOCM_RI
    TCGETS TCSETS TCSETSW TCSETSF TCGETA TCSETA TCSETAW TCSETAF TCSBRK TCXONC TCFLSH TCSBRKP
}

fn class(th: &mut Thread) -> PyResult {
    static ERROR: OnceLock<Value> = OnceLock::new();
    if let Some(class) = ERROR.get() {
        return Ok(class.clone());
    }
    let meta = <object_model::ty::Type as PyClass>::class(th).value();
    let (name, bases, namespace) =
        (th.str("error"), th.tuple(vec![Exc::Exception.class().value()]), th.dict());
    let (key, owner) = (th.intern("__module__"), th.str("termios"));
    if namespace.set_str(th, &key, owner).is_err() {
        return Err(th.memory_error());
    }
    let made = th.call(&meta, &[name, bases, namespace.into_value()])?;
    Ok(ERROR.get_or_init(|| made).clone())
}

/// Raises `termios.error(errno, text)`.
fn raise(th: &mut Thread, error: i32) -> Raised {
    let made = class(th).and_then(|class| {
        let text = vm::exceptions::strerror(error);
        let arguments = [th.int(error.into()), th.str(&text)];
        th.call(&class, &arguments)
    });
    match made {
        Ok(exception) => th.raise(exception),
        Err(raised) => raised,
    }
}

fn checked(th: &mut Thread, call: impl FnMut() -> i32) -> PyResult<()> {
    match support::retry(th, call)? {
        Ok(_) => Ok(()),
        Err(error) => Err(raise(th, error)),
    }
}

fn attributes(th: &mut Thread, fd: i32) -> PyResult<libc::termios> {
    // SAFETY: zeroes are a valid `termios`.
    let mut mode: libc::termios = unsafe { std::mem::zeroed() };
    // SAFETY: the call fills the structure.
    checked(th, || unsafe { libc::tcgetattr(fd, &raw mut mode) })?;
    Ok(mode)
}

/// Whether a control character is a number: VMIN and VTIME are while input is not in lines.
fn is_number(mode: &libc::termios, index: usize) -> bool {
    mode.c_lflag & libc::ICANON == 0 && (index == libc::VMIN || index == libc::VTIME)
}

#[pymodule(
    name = "termios",
    doc = "This module provides an interface to the Posix calls for tty I/O control."
)]
pub mod module {
    use super::*;

    /// Get the tty attributes for file descriptor fd.
    #[pyfunction]
    fn tcgetattr(th: &mut Thread, fd: &Value) -> PyResult {
        let fd = support::file_descriptor(th, fd)?;
        let mode = attributes(th, fd)?;
        // SAFETY: the structure is readable.
        let (input, output) =
            unsafe { (libc::cfgetispeed(&raw const mode), libc::cfgetospeed(&raw const mode)) };
        let mut characters = Vec::with_capacity(libc::NCCS);
        for (i, character) in mode.c_cc.iter().enumerate() {
            characters.push(if is_number(&mode, i) {
                th.int((*character).into())
            } else {
                th.bytes(&[*character])?
            });
        }
        let characters = th.list(characters);
        let numbers = [mode.c_iflag, mode.c_oflag, mode.c_cflag, mode.c_lflag, input, output];
        let mut list: Vec<Value> = numbers.iter().map(|n| th.int((*n).into())).collect();
        list.push(characters);
        Ok(th.list(list))
    }

    /// Set the tty attributes for file descriptor fd.
    #[pyfunction]
    fn tcsetattr(th: &mut Thread, fd: &Value, when: i32, attributes: &Value) -> PyResult<()> {
        let fd = support::file_descriptor(th, fd)?;
        let items = match th.downcast::<List>(attributes) {
            Some(list) => list.snapshot(th),
            None => Vec::new(),
        };
        let [input, output, control, local, in_speed, out_speed, characters] = items.as_slice() else {
            return Err(th.type_error("tcsetattr, arg 3: must be 7 element list"));
        };
        let mut mode = super::attributes(th, fd)?;
        let mut flag = |value: &Value| th.index(value).map(|n| n as libc::tcflag_t);
        (mode.c_iflag, mode.c_oflag) = (flag(input)?, flag(output)?);
        (mode.c_cflag, mode.c_lflag) = (flag(control)?, flag(local)?);
        let (in_speed, out_speed) = (flag(in_speed)?, flag(out_speed)?);
        let characters = match th.downcast::<List>(characters) {
            Some(list) => list.snapshot(th),
            None => Vec::new(),
        };
        if characters.len() != libc::NCCS {
            let count = libc::NCCS;
            return Err(th.type_error(format_args!("tcsetattr: attributes[6] must be {count} element list")));
        }
        for (slot, value) in mode.c_cc.iter_mut().zip(&characters) {
            *slot = match (th.downcast::<Bytes>(value).map(|b| b.as_slice()), value.as_small_int()) {
                (Some([byte]), _) => *byte,
                (None, Some(number)) => number as libc::cc_t,
                _ => {
                    return Err(
                        th.type_error("tcsetattr: elements of attributes must be characters or integers")
                    );
                }
            };
        }
        // SAFETY: the structure is ours.
        checked(th, || unsafe { libc::cfsetispeed(&raw mut mode, in_speed) })?;
        // SAFETY: as above.
        checked(th, || unsafe { libc::cfsetospeed(&raw mut mode, out_speed) })?;
        // SAFETY: the structure is readable.
        checked(th, || unsafe { libc::tcsetattr(fd, when, &raw const mode) })
    }

    /// Send a break on file descriptor fd.
    #[pyfunction]
    fn tcsendbreak(th: &mut Thread, fd: &Value, duration: i32) -> PyResult<()> {
        let fd = support::file_descriptor(th, fd)?;
        // SAFETY: no memory is passed.
        checked(th, || unsafe { libc::tcsendbreak(fd, duration) })
    }

    /// Wait until all output written to file descriptor fd has been transmitted.
    #[pyfunction]
    fn tcdrain(th: &mut Thread, fd: &Value) -> PyResult<()> {
        let fd = support::file_descriptor(th, fd)?;
        // SAFETY: no memory is passed.
        checked(th, || unsafe { libc::tcdrain(fd) })
    }

    /// Discard queued data on file descriptor fd.
    #[pyfunction]
    fn tcflush(th: &mut Thread, fd: &Value, queue: i32) -> PyResult<()> {
        let fd = support::file_descriptor(th, fd)?;
        // SAFETY: no memory is passed.
        checked(th, || unsafe { libc::tcflush(fd, queue) })
    }

    /// Suspend or resume input or output on file descriptor fd.
    #[pyfunction]
    fn tcflow(th: &mut Thread, fd: &Value, action: i32) -> PyResult<()> {
        let fd = support::file_descriptor(th, fd)?;
        // SAFETY: no memory is passed.
        checked(th, || unsafe { libc::tcflow(fd, action) })
    }

    /// Get the tty winsize for file descriptor fd.
    #[pyfunction]
    fn tcgetwinsize(th: &mut Thread, fd: &Value) -> PyResult {
        let fd = support::file_descriptor(th, fd)?;
        let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the call fills the structure.
        if unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &raw mut size) } < 0 {
            return Err(raise(th, errno()));
        }
        let pair = vec![th.int(size.ws_row.into()), th.int(size.ws_col.into())];
        Ok(th.tuple(pair))
    }

    /// Set the tty winsize for file descriptor fd.
    #[pyfunction]
    fn tcsetwinsize(th: &mut Thread, fd: &Value, winsize: &Value) -> PyResult<()> {
        let fd = support::file_descriptor(th, fd)?;
        let items = th.collect(winsize)?;
        let [rows, columns] = items.as_slice() else {
            return Err(th.type_error("tcsetwinsize, arg 2: must be a two-item sequence"));
        };
        let mut number = |value: &Value| {
            let number = th.index(value)?;
            u16::try_from(number).map_err(|_| th.overflow_error("winsize value(s) out of range"))
        };
        let size =
            libc::winsize { ws_row: number(rows)?, ws_col: number(columns)?, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the structure is readable.
        if unsafe { libc::ioctl(fd, libc::TIOCSWINSZ, &raw const size) } < 0 {
            return Err(raise(th, errno()));
        }
        Ok(())
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        for (name, value) in CONSTANTS {
            let value = th.int(*value);
            support::set_attr(th, module, name, &value)?;
        }
        let class = class(th)?;
        support::set_attr(th, module, "error", &class)
    }
}
