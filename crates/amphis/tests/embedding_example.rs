//! The example of the API, run to its end: it checks what it prints.

#[path = "../examples/embed.rs"]
mod embed;

#[test]
fn the_example_runs() {
    embed::main().expect("no exception");
}
