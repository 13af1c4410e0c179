//! Writes the archive of the Python library that the binary carries: every module's source and precompiled code.
//!
//! Sources are those of `rustpython-pylib` (CPython's `Lib`), with what lies in `overlay/` in their place or added. The
//! format is documented where it is read, in `vm::import::embedded_library`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use compiler::bytecode::serialize;
use compiler::{Mode, Options, compile, decode};

const MAGIC: &[u8] = b"AmphisLb";
const ENTRY: usize = 28;

/// Folders and files of the library that are of no use: they need modules that are not there, or another runtime.
const LEFT_OUT: &[&str] = &[
    "README.md",
    "_dummy_os.py",
    "_dummy_thread.py",
    "_opcode_metadata.py",
    "_pycodecs.py",
    "ctypes/macholib/",
    "dummy_threading.py",
    "idlelib/",
    "test/",
    "tkinter/",
    "turtle.py",
    "turtledemo/",
];

/// The overlay's template of the module that `sysconfig` reads; it goes by a name that says what it is for.
const SYSCONFIG_DATA: &str = "_sysconfigdata.py.in";

struct File {
    path: String,
    content: Vec<u8>,
}

fn main() {
    let overlay = Path::new(env!("CARGO_MANIFEST_DIR")).join("overlay");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", overlay.display());
    let mut files = BTreeMap::new();
    collect(Path::new(rustpython_pylib::LIB_PATH), "", &mut files);
    files.retain(|path, _| {
        !LEFT_OUT.iter().any(|out| path == out || out.ends_with('/') && path.starts_with(out))
    });
    collect(&overlay, "", &mut files);
    if let Some(template) = files.remove(SYSCONFIG_DATA) {
        let arch = std::env::var("CARGO_CFG_TARGET_ARCH").expect("cargo says which");
        for flags in ["", "t"] {
            let name = format!("_sysconfigdata_{flags}_linux_{arch}-linux-gnu.py");
            files.insert(name, template.clone());
        }
    }
    let files: Vec<File> = files
        .into_iter()
        .map(|(path, place)| {
            let content = fs::read(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
            File { path, content }
        })
        .collect();
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where")).join("library.bin");
    let archive = archive(&files, &pieces(&files));
    fs::File::create(&out).and_then(|mut file| file.write_all(&archive)).expect("the archive can be written");
}

/// Paths of the files below `folder`, relative to it, with where they are.
fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries.flatten() {
        let name = entry.file_name().into_string().expect("names in the library are UTF-8");
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            if name != "__pycache__" {
                collect(&entry.path(), &format!("{path}/"), files);
            }
        } else {
            files.insert(path, entry.path());
        }
    }
}

/// Code and stored content of a file.
struct Pieces {
    code: Vec<u8>,
    data: Vec<u8>,
    warning: Option<String>,
}

/// Compiles and compresses all files, on all processors.
fn pieces(files: &[File]) -> Vec<Pieces> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let mut all: Vec<Option<Pieces>> = files.iter().map(|_| None).collect();
    let made: Vec<Vec<(usize, Pieces)>> = std::thread::scope(|scope| {
        let work = || {
            let mut made = Vec::new();
            loop {
                // Relaxed: only the number matters.
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(file) = files.get(index) else { return made };
                made.push((index, piece(file)));
            }
        };
        let thread = || std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, work);
        let handles: Vec<_> = (0..threads).map(|_| thread().expect("a thread")).collect();
        handles.into_iter().map(|handle| handle.join().expect("compiling does not panic")).collect()
    });
    for (index, pieces) in made.into_iter().flatten() {
        if let Some(warning) = &pieces.warning {
            println!("cargo::warning={warning}");
        }
        all[index] = Some(pieces);
    }
    all.into_iter().flatten().collect()
}

fn piece(file: &File) -> Pieces {
    let (code, warning) = match code(file) {
        Ok(code) => (code, None),
        Err(message) => (Vec::new(), Some(format!("{} is not precompiled: {message}", file.path))),
    };
    let compressed = lz4_flex::block::compress(&file.content);
    // Content that does not shrink is stored as it is; equal lengths mean that.
    let data = if compressed.len() < file.content.len() { compressed } else { file.content.clone() };
    Pieces { code, data, warning }
}

fn code(file: &File) -> Result<Vec<u8>, String> {
    if !file.path.ends_with(".py") {
        return Ok(Vec::new());
    }
    let options = Options { filename: &file.path, mode: Mode::Exec, optimize: 0, future_annotations: false };
    let unit = decode(&file.content, &file.path).and_then(|source| compile(&source, &options));
    let unit = unit.map_err(|error| error.to_string())?;
    serialize::encode(&unit).map_err(|error| error.to_string())
}

/// What every start of the runtime imports. Their code lies together, so that few pages of the archive are touched.
const STARTUP: &[&str] = &[
    "_collections_abc.py",
    "_sitebuiltins.py",
    "abc.py",
    "codecs.py",
    "encodings/__init__.py",
    "encodings/aliases.py",
    "genericpath.py",
    "importlib/_bootstrap.py",
    "importlib/_bootstrap_external.py",
    "io.py",
    "linecache.py",
    "os.py",
    "posixpath.py",
    "site.py",
    "stat.py",
];

/// The table, then all paths (a search or a listing of a folder looks at many), then code, then content.
fn archive(files: &[File], pieces: &[Pieces]) -> Vec<u8> {
    let table = MAGIC.len() + 4 + files.len() * ENTRY;
    let mut body = Vec::new();
    let mut fields = vec![[[0; 2]; 3]; files.len()];
    let mut put = |piece: &[u8]| {
        let at = table + body.len();
        body.extend_from_slice(piece);
        [at, piece.len()]
    };
    for (file, fields) in files.iter().zip(&mut fields) {
        fields[0] = put(file.path.as_bytes());
    }
    let is_startup = |file: &File| STARTUP.contains(&file.path.as_str());
    for startup in [true, false] {
        for (index, _) in files.iter().enumerate().filter(|(_, file)| is_startup(file) == startup) {
            fields[index][1] = put(&pieces[index].code);
        }
    }
    for (pieces, fields) in pieces.iter().zip(&mut fields) {
        fields[2] = put(&pieces.data);
    }
    let number = |n: usize| u32::try_from(n).expect("the archive is smaller than 4 GiB").to_le_bytes();
    let mut archive = MAGIC.to_vec();
    archive.extend(number(files.len()));
    for (file, fields) in files.iter().zip(fields) {
        archive.extend(fields.iter().flatten().flat_map(|n| number(*n)));
        archive.extend(number(file.content.len()));
    }
    archive.extend(body);
    archive
}
