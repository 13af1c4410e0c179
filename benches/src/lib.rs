//! Criterion benchmarks of the parts: `cargo bench -p benches`, one topic with `--bench counts`.
//!
//! | file | what |
//! |---|---|
//! | `counts` | increments and decrements, over both backends |
//! | `allocation` | blocks by size, over both backends, and blocks that another thread frees |
//!
//! Whole programs are measured against another interpreter in the same run, not here.
