//! From the start of the binary to its end, for programs that do nothing.
//!
//! The binary is `AMPHIS`, or the one that the same profile built: `cargo build --release` first.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};

fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("AMPHIS") {
        return path.into();
    }
    let here = std::env::current_exe().expect("a path");
    // <target>/<profile>/deps/start_up-…
    let folder = here.ancestors().nth(2).expect("a folder of a profile");
    let path = folder.join("amphis");
    assert!(path.is_file(), "{} is not there: build it, or set AMPHIS to the binary", path.display());
    path
}

fn start_up(criterion: &mut Criterion) {
    let binary = binary();
    let mut group = criterion.benchmark_group("start-up");
    for (name, arguments) in [
        ("version", &["-V"][..]),
        ("bare", &["-X", "bare", "-c", "pass"]),
        ("isolated, without site", &["-I", "-S", "-c", "pass"]),
        ("empty program", &["-c", "pass"]),
    ] {
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut command = Command::new(&binary);
                command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
                assert!(command.status().expect("the binary starts").success(), "{name} failed");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, start_up);
criterion_main!(benches);
