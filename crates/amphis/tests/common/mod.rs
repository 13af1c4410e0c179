//! Running the binary with a limit on its time.

use std::io::{Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What a run of the binary gave.
#[derive(Debug)]
pub struct Outcome {
    /// None if it took too long and was ended.
    pub status: Option<ExitStatus>,
    pub stdout: String,
    pub stderr: String,
}

/// The binary, without the variables that change what it does.
pub fn amphis() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amphis"));
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("PYTHON") || name_text == "NO_COLOR" || name_text == "FORCE_COLOR" {
            command.env_remove(name);
        }
    }
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Runs a command to its end, or to the end of its time.
///
/// # Panics
/// If the process cannot be started.
pub fn run(command: &mut Command, input: &[u8], limit: Duration) -> Outcome {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = thread::spawn(move || {
        // The program may end without having read all.
        let _ = stdin.write_all(&input);
    });
    let stdout = collect(child.stdout.take().expect("a pipe"));
    let stderr = collect(child.stderr.take().expect("a pipe"));
    let end = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child of this process") {
            break Some(status);
        }
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        thread::sleep(Duration::from_millis(5));
    };
    writer.join().expect("writing does not panic");
    Outcome { status, stdout: stdout.join().expect("text"), stderr: stderr.join().expect("text") }
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
