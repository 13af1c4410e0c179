//! The storage of `set` and `frozenset`.
