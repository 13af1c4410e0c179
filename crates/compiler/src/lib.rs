//! Python source to register bytecode. Knows no virtual machine and no Python object.
//!
//! The way of a program: `parse` → `scope` → `lower` → `bytecode::CodeUnit`. No stage looks back.

pub mod bytecode;
