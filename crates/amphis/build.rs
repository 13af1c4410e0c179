//! Links the `amphis` binary to a fixed address, where that is known to work.
//!
//! A binary that may lie anywhere has 30,000 pointers in its tables to correct at every start, on pages that each process
//! then has for itself; one at a fixed address shares them with its file. Stack, heaps and libraries stay where chance puts
//! them. Sanitizers choose for themselves.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    let sanitized = ["ADDRESS", "THREAD"]
        .iter()
        .any(|kind| std::env::var_os(format!("CARGO_CFG_AMPHIS_{kind}_SANITIZER")).is_some());
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && !sanitized {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
