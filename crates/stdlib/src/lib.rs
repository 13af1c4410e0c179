//! The native modules of the standard library: one file or folder each.
//!
//! Not here: the modules that the virtual machine cannot start without (`vm`), the Python part of the library.

#![allow(
    rustdoc::bare_urls,
    rustdoc::broken_intra_doc_links,
    rustdoc::invalid_html_tags,
    rustdoc::invalid_rust_codeblocks,
    reason = "the comments of Python's functions are their `__doc__`"
)]

pub mod abc;
pub mod array;
pub mod ast;
pub mod atexit;
pub mod binascii;
mod binascii_mail;
pub mod bisect;
pub mod cmath;
pub mod codecs;
pub mod collections;
pub mod contextvars;
pub mod csv;
pub mod errno;
pub mod faulthandler;
pub mod fcntl;
pub mod functools;
pub mod gc;
pub mod grp;
pub mod hash;
pub mod heapq;
pub mod io;
pub mod itertools;
pub mod json;
pub mod locale;
pub mod math;
pub mod mmap;
pub mod multiprocessing;
pub mod opcode;
pub mod operator;
pub mod os_text;
pub mod pickle;
pub mod posix;
pub mod posixshmem;
pub mod posixsubprocess;
pub mod pwd;
pub mod queue;
pub mod random;
pub mod resource;
pub mod select;
pub mod signal;
pub mod socket;
pub mod sre;
pub mod stat;
pub mod statistics;
pub mod string;
pub mod struct_;
pub mod suggestions;
pub mod support;
pub mod syslog;
pub mod termios;
pub mod thread;
pub mod time;
pub mod tokenize;
pub mod tracemalloc;
pub mod types;
mod typing;
pub mod unicodedata;
mod utf7;
pub mod uuid;
pub mod warnings;
pub mod weakref;
pub mod zlib;

use vm::native::ModuleDef;

/// All modules.
pub const MODULES: &[&ModuleDef] = &[
    &abc::module::DEFINITION,
    &array::module::DEFINITION,
    &ast::module::DEFINITION,
    &atexit::module::DEFINITION,
    &binascii::module::DEFINITION,
    &bisect::module::DEFINITION,
    &cmath::module::DEFINITION,
    &codecs::module::DEFINITION,
    &collections::module::DEFINITION,
    &contextvars::module::DEFINITION,
    &csv::module::DEFINITION,
    &errno::module::DEFINITION,
    &faulthandler::module::DEFINITION,
    &fcntl::module::DEFINITION,
    &functools::module::DEFINITION,
    &gc::module::DEFINITION,
    &grp::module::DEFINITION,
    &hash::blake2::module::DEFINITION,
    &hash::md5::module::DEFINITION,
    &hash::sha1::module::DEFINITION,
    &hash::sha2::module::DEFINITION,
    &hash::sha3::module::DEFINITION,
    &heapq::module::DEFINITION,
    &io::module::DEFINITION,
    &itertools::module::DEFINITION,
    &json::module::DEFINITION,
    &locale::module::DEFINITION,
    &math::module::DEFINITION,
    &mmap::module::DEFINITION,
    &multiprocessing::module::DEFINITION,
    &opcode::module::DEFINITION,
    &pickle::module::DEFINITION,
    &operator::module::DEFINITION,
    &posix::module::DEFINITION,
    &posixshmem::module::DEFINITION,
    &posixsubprocess::module::DEFINITION,
    &pwd::module::DEFINITION,
    &queue::module::DEFINITION,
    &random::module::DEFINITION,
    &resource::module::DEFINITION,
    &select::module::DEFINITION,
    &signal::module::DEFINITION,
    &socket::module::DEFINITION,
    &sre::module::DEFINITION,
    &stat::module::DEFINITION,
    &statistics::module::DEFINITION,
    &suggestions::module::DEFINITION,
    &string::module::DEFINITION,
    &struct_::module::DEFINITION,
    &syslog::module::DEFINITION,
    &termios::module::DEFINITION,
    &thread::DEFINITION,
    &time::module::DEFINITION,
    &tokenize::module::DEFINITION,
    &tracemalloc::module::DEFINITION,
    &types::module::DEFINITION,
    &typing::module::DEFINITION,
    &unicodedata::module::DEFINITION,
    &uuid::module::DEFINITION,
    &warnings::module::DEFINITION,
    &weakref::module::DEFINITION,
    &zlib::module::DEFINITION,
];

/// What the runtime imports from: the modules, and the Python part of the library.
pub static LIBRARY: vm::import::StandardLibrary =
    vm::import::StandardLibrary { modules: MODULES, archive: ARCHIVE };

/// The Python part, as the build script wrote it.
const ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.bin"));
