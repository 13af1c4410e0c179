//! The module `errno`: the numbers of system errors and their names.

use macros::pymodule;

macro_rules! numbers {
    ($($name:ident)*) => {
        const NUMBERS: &[(&str, i32)] = &[$((stringify!($name), libc::$name),)*];
    };
}

numbers! {
    E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EADV EAFNOSUPPORT EAGAIN EALREADY EBADE EBADF EBADFD EBADMSG EBADR EBADRQC
    EBADSLT EBFONT EBUSY ECANCELED ECHILD ECHRNG ECOMM ECONNABORTED ECONNREFUSED ECONNRESET EDEADLK EDEADLOCK
    EDESTADDRREQ EDOM EDOTDOT EDQUOT EEXIST EFAULT EFBIG EHOSTDOWN EHOSTUNREACH EHWPOISON EIDRM EILSEQ EINPROGRESS
    EINTR EINVAL EIO EISCONN EISDIR EISNAM EKEYEXPIRED EKEYREJECTED EKEYREVOKED EL2HLT EL2NSYNC EL3HLT EL3RST ELIBACC
    ELIBBAD ELIBEXEC ELIBMAX ELIBSCN ELNRNG ELOOP EMEDIUMTYPE EMFILE EMLINK EMSGSIZE EMULTIHOP ENAMETOOLONG ENAVAIL
    ENETDOWN ENETRESET ENETUNREACH ENFILE ENOANO ENOBUFS ENOCSI ENODATA ENODEV ENOENT ENOEXEC ENOKEY ENOLCK ENOLINK
    ENOMEDIUM ENOMEM ENOMSG ENONET ENOPKG ENOPROTOOPT ENOSPC ENOSR ENOSTR ENOSYS ENOTBLK ENOTCONN ENOTDIR ENOTEMPTY
    ENOTNAM ENOTRECOVERABLE ENOTSOCK ENOTSUP ENOTTY ENOTUNIQ ENXIO EOPNOTSUPP EOVERFLOW EOWNERDEAD EPERM EPFNOSUPPORT
    EPIPE EPROTO EPROTONOSUPPORT EPROTOTYPE ERANGE EREMCHG EREMOTE EREMOTEIO ERESTART ERFKILL EROFS ESHUTDOWN
    ESOCKTNOSUPPORT ESPIPE ESRCH ESRMNT ESTALE ESTRPIPE ETIME ETIMEDOUT ETOOMANYREFS ETXTBSY EUCLEAN EUNATCH EUSERS
    EWOULDBLOCK EXDEV EXFULL
}

#[pymodule(name = "errno", doc = "This module makes available standard errno system symbols.")]
pub mod module {
    use vm::prelude::*;

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let names = th.dict();
        for (name, number) in super::NUMBERS {
            let (name, number) = (th.intern(name), th.int((*number).into()));
            th.set_attr(module, &name, &number)?;
            // Of two names for one number the one that messages use stays.
            if !matches!(name.as_ascii(), Some("EDEADLOCK" | "EWOULDBLOCK" | "ENOTSUP")) {
                th.dict_set(&names, &number, name.into_value())?;
            }
        }
        crate::support::set_attr(th, module, "errorcode", names.as_value())
    }
}
