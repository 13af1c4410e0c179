//! Starting the runtime, attaching threads to it, shutting it down.
//!
//! # Invariants
//! - I1 `PHASE` goes from `ABSENT` through `STARTING` and `RUNNING` to `ENDED`, once; there is one runtime in a process.
//! - I2 `DETACHED` is the thread's state while it is inside [`Python::detached`], and null otherwise.

use std::cell::Cell;
use std::ffi::OsString;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::ptr;
use std::sync::atomic::{AtomicU8, Ordering};

use vm::import::StandardLibrary;
use vm::lifecycle::shutdown::shut_down;
use vm::lifecycle::{Config, start};
use vm::native::ModuleDef;
use vm::thread::{Thread, start_exit};

use super::error::{Error, Result};
use super::object;
use super::python::Python;

const ABSENT: u8 = 0;
const STARTING: u8 = 1;
const RUNNING: u8 = 2;
const ENDED: u8 = 3;

static PHASE: AtomicU8 = AtomicU8::new(ABSENT);

thread_local! {
    static DETACHED: Cell<*mut Thread> = const { Cell::new(ptr::null_mut()) };
}

/// True if this thread may change counts.
pub(super) fn is_attached() -> bool {
    !mode::attached::current().is_null() && DETACHED.get().is_null()
}

/// Runs `body` with the thread marked as one that lets others run (I2).
pub(super) fn while_detached<R>(th: &mut Thread, body: impl FnOnce() -> R) -> R {
    let state = ptr::from_mut(th);
    let result = th.detached(|| {
        let outer = DETACHED.replace(state);
        // The mark must go, and the thread attach again, before a panic goes on.
        let result = catch_unwind(AssertUnwindSafe(body));
        DETACHED.set(outer);
        result
    });
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// The interpreter of this process: a handle without content, to be copied and sent at will.
///
/// There is one in a process, started once; it lives until the process ends or [`Interpreter::shut_down`].
#[derive(Debug, Clone, Copy)]
pub struct Interpreter(());

impl Interpreter {
    /// Starts an interpreter that reads neither environment variables nor the user's files.
    ///
    /// # Errors
    /// If there is one in this process already, or the start fails.
    pub fn start() -> Result<Interpreter> {
        Builder::new().start()
    }

    /// What is to be decided before the start.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The interpreter that was started in this process, if any is running.
    pub fn current() -> Option<Interpreter> {
        // Acquire pairs with the release in `Builder::start`.
        (PHASE.load(Ordering::Acquire) == RUNNING).then_some(Interpreter(()))
    }

    /// Runs `body` on this thread as one that may use Python objects.
    ///
    /// In the `gil` build this waits for the GIL. The first attachment of a thread sets up its stack and heap, and its
    /// end puts them away; a thread that attaches often does so inside one [`Python::detached`], where it is cheap:
    ///
    /// ```
    /// # use amphis::{Interpreter, Result};
    /// # fn main() -> Result<()> {
    /// let interpreter = Interpreter::start()?;
    /// interpreter.attach(|py| {
    ///     py.detached(|| {
    ///         for n in 0..10 {
    ///             let square: i64 = interpreter.attach(|py| py.eval(&format!("{n} ** 2"))?.extract(py))?;
    ///             assert_eq!(square, n * n);
    ///         }
    ///         Ok(())
    ///     })
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// What `body` answers; an exception has its traceback then. Also if this thread is attached already (it has a
    /// [`Python`] to use), if it cannot be attached, or if the interpreter was shut down.
    ///
    /// # Panics
    /// If `body` does.
    pub fn attach<T>(self, body: impl FnOnce(&mut Python<'_>) -> Result<T>) -> Result<T> {
        // Acquire pairs with the release in `Builder::start`, and that in `shut_down`.
        if PHASE.load(Ordering::Acquire) != RUNNING {
            return Err(Error::runtime("the interpreter was shut down"));
        }
        attach_thread(body)
    }

    /// Waits for Python's own threads (unless they are daemons), calls what `atexit` knows, flushes the streams and drops
    /// the globals of `__main__`. The exit status is 0, or 120 if flushing failed.
    ///
    /// Other threads that are attached now go on; nobody attaches any more.
    ///
    /// # Errors
    /// If it was shut down before, or this thread cannot be attached.
    pub fn shut_down(self) -> Result<i32> {
        self.attach(|py| {
            // AcqRel: with the loads in `attach`, and between two who shut down.
            if PHASE.compare_exchange(RUNNING, ENDED, Ordering::AcqRel, Ordering::Acquire).is_err() {
                return Err(Error::runtime("the interpreter was shut down"));
            }
            Ok(shut_down(py.thread(), 0))
        })
    }
}

fn attach_thread<T>(body: impl FnOnce(&mut Python<'_>) -> Result<T>) -> Result<T> {
    let detached = DETACHED.get();
    let result = if !detached.is_null() {
        // SAFETY: `while_detached` set it; it waits for its closure, which runs us, and borrows the thread meanwhile.
        let th = unsafe { &mut *detached };
        DETACHED.set(ptr::null_mut());
        // SAFETY: the thread is inside `Thread::detached` (I2).
        let result = unsafe { th.attached_again(|th| guarded(th, body)) };
        DETACHED.set(detached);
        result
    } else if mode::attached::current().is_null() {
        match start_exit::run(false, |th| guarded(th, body)) {
            Ok(result) => result,
            Err(error) => {
                return Err(Error::runtime(format_args!("the thread cannot be attached: {error:?}")));
            }
        }
    } else {
        return Err(Error::runtime("the thread is attached already"));
    };
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Runs `body`, keeps a panic from leaving the thread half attached, and gives an error its traceback.
fn guarded<T>(
    th: &mut Thread,
    body: impl FnOnce(&mut Python<'_>) -> Result<T>,
) -> std::thread::Result<Result<T>> {
    object::drop_waiting();
    catch_unwind(AssertUnwindSafe(|| {
        let mut py = Python::new(th);
        body(&mut py).map_err(|error| error.with_traceback(&mut py))
    }))
}

/// What can be chosen before an [`Interpreter`] starts.
pub struct Builder {
    config: Config,
    modules: Vec<&'static ModuleDef>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modules: Vec<&str> = self.modules.iter().map(|module| module.name).collect();
        f.debug_struct("Builder").field("config", &self.config).field("modules", &modules).finish()
    }
}

impl Builder {
    fn new() -> Builder {
        Builder { config: Config { argv: vec![OsString::new()], ..Config::default() }, modules: Vec::new() }
    }

    /// `sys.argv`
    pub fn arguments<T: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = T>) -> Builder {
        self.config.argv = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Folders to import from, as in `PYTHONPATH`.
    ///
    /// # Errors
    /// If a path contains the character that separates paths.
    pub fn python_path<T: AsRef<std::ffi::OsStr>>(
        mut self,
        folders: impl IntoIterator<Item = T>,
    ) -> Result<Builder> {
        let joined = std::env::join_paths(folders).map_err(Error::runtime)?;
        self.config.python_path = Some(joined);
        Ok(self)
    }

    /// Takes the Python library from a folder instead of from the program.
    pub fn library_folder(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.config.library_folder = Some(folder.into());
        self
    }

    /// Whether environment variables (`PYTHONPATH`, `PYTHONHASHSEED`, …) count. They do not if nothing is said.
    pub fn environment(mut self, counts: bool) -> Builder {
        self.config.use_environment = counts;
        self
    }

    /// Whether the module `site` is imported (yes if nothing is said); without it the start is faster.
    pub fn site(mut self, imported: bool) -> Builder {
        self.config.site = imported;
        self
    }

    /// Switches the GIL on in a `free-threaded` build. The `gil` build always has it.
    pub fn gil(mut self, on: bool) -> Builder {
        self.config.gil = Some(on);
        self
    }

    /// `PYTHONHASHSEED`: 0 makes hashes of text the same in every run; they are random if nothing is said.
    pub fn hash_seed(mut self, seed: u32) -> Builder {
        self.config.hash_seed = Some(seed);
        self
    }

    /// Adds a module written with `#[vm::prelude::pymodule]`, which Python can import by its name.
    pub fn native_module(mut self, definition: &'static ModuleDef) -> Builder {
        self.modules.push(definition);
        self
    }

    /// Starts the interpreter.
    ///
    /// # Errors
    /// If there is one in this process already, or the environment or the library is broken.
    pub fn start(self) -> Result<Interpreter> {
        let Builder { mut config, modules } = self;
        config.read_environment().map_err(Error::runtime)?;
        // Acquire: only the value counts. Relaxed: as before.
        if PHASE.compare_exchange(ABSENT, STARTING, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return Err(Error::runtime("there is an interpreter in this process already"));
        }
        let library: &'static StandardLibrary = if modules.is_empty() {
            &stdlib::LIBRARY
        } else {
            // It lives as long as the interpreter, which is as long as the process.
            let all: Vec<_> = stdlib::MODULES.iter().copied().chain(modules).collect();
            Box::leak(Box::new(StandardLibrary { modules: all.leak(), archive: stdlib::LIBRARY.archive }))
        };
        start_exit::prepare();
        // Any thread may attach at any time.
        vm::object_model::reclaim::set_multi_threaded();
        start_exit::run(true, |th| start(th, config, library))
            .map_err(|error| Error::runtime(format_args!("the thread cannot be attached: {error:?}")))?
            .map_err(Error::runtime)?;
        // Release pairs with the acquire in `attach`: whoever sees it sees the interpreter.
        PHASE.store(RUNNING, Ordering::Release);
        Ok(Interpreter(()))
    }
}
