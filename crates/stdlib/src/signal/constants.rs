//! Numbers of signals, of timers, and of ways to change a mask.

macro_rules! numbers {
    ($($name:ident)*) => {
        /// Names and numbers.
        pub const ALL: &[(&str, i32)] = &[$((stringify!($name), libc::$name as i32),)*];
    };
}

#[cfg(target_os = "linux")]
/// Signals of Linux alone.
pub const OF_LINUX: &[(&str, i32)] = &[
    ("SIGCLD", libc::SIGCHLD),
    ("SIGPOLL", libc::SIGPOLL),
    ("SIGPWR", libc::SIGPWR),
    ("SIGSTKFLT", libc::SIGSTKFLT),
];

numbers! {
    SIGABRT SIGALRM SIGBUS SIGCHLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGKILL SIGPIPE SIGPROF SIGQUIT SIGSEGV
    SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ
    SIG_BLOCK SIG_UNBLOCK SIG_SETMASK ITIMER_REAL ITIMER_VIRTUAL ITIMER_PROF
}
