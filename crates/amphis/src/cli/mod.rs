//! The command line, as CPython 3.14 understands it.
//!
//! | file | what |
//! |---|---|
//! | `descriptors` | standard descriptors that are closed |
//! | `options` | from arguments to a `Config` and a program |
//! | `help` | what `-h` and its kin print |

mod descriptors;
mod help;
mod options;

use std::ffi::OsString;
use std::io::Write;

use vm::builtins::sys::info;
use vm::import::StandardLibrary;
use vm::lifecycle::run_program;

use options::{Action, Refusal, Start};

/// The status when the command line makes no sense.
const USAGE: i32 = 2;

/// Does what the command line asks for; the exit status.
pub fn main(arguments: Vec<OsString>, library: &'static StandardLibrary) -> i32 {
    descriptors::close_again();
    let program =
        arguments.first().map_or_else(|| "amphis".into(), |name| name.to_string_lossy().into_owned());
    match options::parse(arguments) {
        Ok(Action::Run(start)) => run(*start, library),
        Ok(Action::Version { build }) => print(&version(build)),
        Ok(Action::Help(help)) => print(&help.text(&program)),
        Err(Refusal::Usage(message)) => {
            complain(&format!(
                "{message}\n{}Try `{program} -h' for more information.\n",
                help::usage(&program)
            ));
            USAGE
        }
        Err(Refusal::Command(message)) => {
            complain(&format!("{message}\n"));
            1
        }
    }
}

fn run(start: Start, library: &'static StandardLibrary) -> i32 {
    let Start { mut config, program, ignore_hash_seed } = start;
    if let Err(error) = config.read_environment() {
        complain(&format!("{error}\n"));
        return 1;
    }
    if ignore_hash_seed {
        config.hash_seed = None;
    }
    run_program(config, library, program)
}

/// What `-V` prints, or `-VV`.
fn version(build: bool) -> String {
    let (major, minor, micro) = info::VERSION;
    if build { format!("Python {}\n", info::version()) } else { format!("Python {major}.{minor}.{micro}\n") }
}

fn print(text: &str) -> i32 {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

fn complain(text: &str) {
    // Nobody is left to be told that this failed.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
