//! The archive of the Python library that the binary carries: sources and precompiled code by path.
//!
//! # Format
//! All numbers are little-endian.
//!
//! ```text
//! "AmphisLb"                 magic
//! u32 count                  entries
//! count × 28 bytes           sorted by path:
//!     u32 path, u32 length   where the path lies (relative to the library, '/' between folders)
//!     u32 code, u32 length   where the code lies (`compiler::bytecode::serialize`); length 0: none
//!     u32 data, u32 length   where the content lies
//!     u32 size               of the content; other than its length: it is compressed (LZ4 block)
//! …                          the pieces
//! ```
//! Offsets count from the beginning. What does not fit is treated as not there: an archive is never trusted.
//!
//! Not here: who writes it (the build script of `stdlib`).

use std::sync::Arc;

use compiler::bytecode::code::{CodeUnit, Constant};
use compiler::bytecode::serialize;

use crate::prelude::*;

const MAGIC: &[u8] = b"AmphisLb";
const ENTRY: usize = 28;
const HEAD: usize = MAGIC.len() + 4;
/// No file of the library is larger.
const MAX_SIZE: usize = 64 << 20;

/// An archive in memory.
#[derive(Debug, Clone, Copy)]
pub struct Archive {
    bytes: &'static [u8],
    count: usize,
}

/// A file of the archive.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    index: usize,
}

impl Archive {
    /// The archive in `bytes`; an empty one if they are something else.
    pub fn new(bytes: &'static [u8]) -> Archive {
        let count = match bytes.strip_prefix(MAGIC).and_then(|rest| rest.first_chunk::<4>()) {
            Some(count) => u32::from_le_bytes(*count) as usize,
            None => 0,
        };
        let fits =
            count.checked_mul(ENTRY).and_then(|n| n.checked_add(HEAD)).is_some_and(|n| n <= bytes.len());
        Archive { bytes, count: if fits { count } else { 0 } }
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.count
    }

    fn number(&self, index: usize, field: usize) -> usize {
        let at = HEAD + index * ENTRY + field * 4;
        match self.bytes.get(at..).and_then(|b| b.first_chunk::<4>()) {
            Some(bytes) => u32::from_le_bytes(*bytes) as usize,
            None => 0,
        }
    }

    fn piece(&self, index: usize, field: usize) -> &'static [u8] {
        let (start, length) = (self.number(index, field), self.number(index, field + 1));
        start.checked_add(length).and_then(|end| self.bytes.get(start..end)).unwrap_or(&[])
    }

    /// The path of file number `index`.
    pub fn path(&self, index: usize) -> &'static str {
        std::str::from_utf8(self.piece(index, 0)).unwrap_or("")
    }

    /// The first file whose path is not less than `path`.
    fn lower_bound(&self, path: &str) -> usize {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low.midpoint(high);
            if self.path(middle) < path { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The file with this path.
    pub fn find(&self, path: &str) -> Option<Entry> {
        let index = self.lower_bound(path);
        (index < self.count && self.path(index) == path).then_some(Entry { index })
    }

    /// True if `folder` (with a slash at the end, or empty) has files.
    pub fn has_folder(&self, folder: &str) -> bool {
        let index = self.lower_bound(folder);
        index < self.count && self.path(index).starts_with(folder)
    }

    /// The names directly in `folder` (as in [`Archive::has_folder`]), and whether each is a folder; sorted.
    pub fn list(&self, folder: &str) -> Vec<(&'static str, bool)> {
        let mut found: Vec<(&'static str, bool)> = Vec::new();
        for index in self.lower_bound(folder)..self.count {
            let Some(rest) = self.path(index).strip_prefix(folder) else { break };
            let item = match rest.split_once('/') {
                Some((name, _)) => (name, true),
                None => (rest, false),
            };
            if found.last() != Some(&item) {
                found.push(item);
            }
        }
        found
    }

    /// The precompiled code of a file.
    pub fn code(&self, entry: &Entry) -> Option<&'static [u8]> {
        Some(self.piece(entry.index, 2)).filter(|code| !code.is_empty())
    }

    /// The content of a file; None if it is damaged.
    pub fn data(&self, entry: &Entry) -> Option<Vec<u8>> {
        let stored = self.piece(entry.index, 4);
        let size = self.number(entry.index, 6);
        if size == stored.len() {
            return Some(stored.to_vec());
        }
        if size > MAX_SIZE {
            return None;
        }
        lz4_flex::block::decompress(stored, size).ok().filter(|content| content.len() == size)
    }
}

/// The code unit of some precompiled code, with another `co_filename`.
pub fn decode(th: &mut Thread, code: &[u8], filename: &str) -> PyResult<CodeUnit> {
    match serialize::decode(code) {
        Ok(mut unit) => {
            rename(&mut unit, &filename.into());
            Ok(unit)
        }
        Err(error) => Err(th.import_error(error)),
    }
}

/// Sets `co_filename` of a unit and those in it. They are fresh, so nobody shares them.
pub fn rename(unit: &mut CodeUnit, filename: &Arc<str>) {
    unit.filename = filename.clone();
    for constant in &mut unit.constants {
        if let Constant::Code(nested) = constant {
            match Arc::get_mut(nested) {
                Some(nested) => rename(nested, filename),
                None => rename(Arc::make_mut(nested), filename),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(files: &[(&str, &str)]) -> Archive {
        let mut bytes = MAGIC.to_vec();
        bytes.extend((files.len() as u32).to_le_bytes());
        let mut pieces = Vec::new();
        let start = HEAD + files.len() * ENTRY;
        for (path, content) in files {
            let mut put = |piece: &[u8]| {
                let at = start + pieces.len();
                pieces.extend_from_slice(piece);
                [at as u32, piece.len() as u32]
            };
            let (path, data) = (put(path.as_bytes()), put(content.as_bytes()));
            for number in [path, [0, 0], data].concat() {
                bytes.extend(number.to_le_bytes());
            }
            bytes.extend((content.len() as u32).to_le_bytes());
        }
        bytes.extend(pieces);
        Archive::new(bytes.leak())
    }

    #[test]
    fn finds_files_and_folders() {
        let archive = archive(&[("a.py", "1"), ("p/__init__.py", "2"), ("p/q/r.py", "3"), ("z.py", "")]);
        let read = |path: &str| archive.find(path).and_then(|e| archive.data(&e));
        assert_eq!(read("p/q/r.py").as_deref(), Some(&b"3"[..]));
        assert_eq!(read("z.py").as_deref(), Some(&b""[..]));
        assert_eq!(read("p/q"), None);
        assert!(archive.has_folder("p/q/") && archive.has_folder("") && !archive.has_folder("q/"));
        assert_eq!(archive.list(""), [("a.py", false), ("p", true), ("z.py", false)]);
        assert_eq!(archive.list("p/"), [("__init__.py", false), ("q", true)]);
    }

    #[test]
    fn damage_is_absence() {
        assert_eq!(Archive::new(b"").len(), 0);
        assert_eq!(Archive::new(b"AmphisLb\xff\xff\xff\xff").len(), 0);
        assert!(Archive::new(b"AmphisLb\x01\0\0\0").find("x").is_none());
    }
}
