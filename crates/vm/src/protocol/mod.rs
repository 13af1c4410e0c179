//! What operators and builtin functions do on any object.
