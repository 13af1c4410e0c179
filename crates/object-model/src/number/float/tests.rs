//! Floats against tables of CPython.
