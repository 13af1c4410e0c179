//! The `amphis` binary.

fn main() {}
