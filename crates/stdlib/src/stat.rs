//! The module `_stat`: what the bits of `st_mode` mean.

use vm::prelude::*;

fn type_letter(mode: u32) -> char {
    match mode & libc::S_IFMT {
        libc::S_IFREG => '-',
        libc::S_IFDIR => 'd',
        libc::S_IFLNK => 'l',
        libc::S_IFBLK => 'b',
        libc::S_IFCHR => 'c',
        libc::S_IFIFO => 'p',
        libc::S_IFSOCK => 's',
        _ => '?',
    }
}

/// The mode as `ls -l` shows it.
pub fn mode_text(mode: u32) -> String {
    let mut text = String::with_capacity(10);
    text.push(type_letter(mode));
    let special = [(libc::S_ISUID, 's'), (libc::S_ISGID, 's'), (libc::S_ISVTX, 't')];
    for (i, (bit, letter)) in special.into_iter().enumerate() {
        let bits = mode >> (6 - 3 * i);
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & bit != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

macro_rules! constants {
    ($($name:ident = $value:expr;)*) => {
        const CONSTANTS: &[(&str, i64)] = &[$((stringify!($name), $value as i64),)*];
    };
}

constants! {
    S_IFDIR = libc::S_IFDIR; S_IFCHR = libc::S_IFCHR; S_IFBLK = libc::S_IFBLK; S_IFREG = libc::S_IFREG;
    S_IFIFO = libc::S_IFIFO; S_IFLNK = libc::S_IFLNK; S_IFSOCK = libc::S_IFSOCK; S_IFDOOR = 0; S_IFPORT = 0; S_IFWHT = 0;
    S_ISUID = libc::S_ISUID; S_ISGID = libc::S_ISGID; S_ISVTX = libc::S_ISVTX; S_ENFMT = libc::S_ISGID;
    S_IREAD = libc::S_IRUSR; S_IWRITE = libc::S_IWUSR; S_IEXEC = libc::S_IXUSR;
    S_IRWXU = libc::S_IRWXU; S_IRUSR = libc::S_IRUSR; S_IWUSR = libc::S_IWUSR; S_IXUSR = libc::S_IXUSR;
    S_IRWXG = libc::S_IRWXG; S_IRGRP = libc::S_IRGRP; S_IWGRP = libc::S_IWGRP; S_IXGRP = libc::S_IXGRP;
    S_IRWXO = libc::S_IRWXO; S_IROTH = libc::S_IROTH; S_IWOTH = libc::S_IWOTH; S_IXOTH = libc::S_IXOTH;
    UF_SETTABLE = 0x0000_ffff; UF_NODUMP = 1; UF_IMMUTABLE = 2; UF_APPEND = 4; UF_OPAQUE = 8; UF_NOUNLINK = 0x10;
    UF_COMPRESSED = 0x20; UF_TRACKED = 0x40; UF_DATAVAULT = 0x80; UF_HIDDEN = 0x8000;
    SF_SETTABLE = 0x3fff_0000; SF_ARCHIVED = 0x1_0000; SF_IMMUTABLE = 0x2_0000; SF_APPEND = 0x4_0000;
    SF_NOUNLINK = 0x10_0000; SF_SNAPSHOT = 0x20_0000; SF_FIRMLINK = 0x80_0000; SF_SUPPORTED = 0x9f_0000;
    SF_RESTRICTED = 0x8_0000; SF_DATALESS = 0x4000_0000; SF_SYNTHETIC = 0xc000_0000_u32;
    ST_MODE = 0; ST_INO = 1; ST_DEV = 2; ST_NLINK = 3; ST_UID = 4; ST_GID = 5; ST_SIZE = 6; ST_ATIME = 7; ST_MTIME = 8;
    ST_CTIME = 9;
    FILE_ATTRIBUTE_ARCHIVE = 32; FILE_ATTRIBUTE_COMPRESSED = 2048; FILE_ATTRIBUTE_DEVICE = 64;
    FILE_ATTRIBUTE_DIRECTORY = 16; FILE_ATTRIBUTE_ENCRYPTED = 16384; FILE_ATTRIBUTE_HIDDEN = 2;
    FILE_ATTRIBUTE_INTEGRITY_STREAM = 32768; FILE_ATTRIBUTE_NORMAL = 128; FILE_ATTRIBUTE_NOT_CONTENT_INDEXED = 8192;
    FILE_ATTRIBUTE_NO_SCRUB_DATA = 131_072; FILE_ATTRIBUTE_OFFLINE = 4096; FILE_ATTRIBUTE_READONLY = 1;
    FILE_ATTRIBUTE_REPARSE_POINT = 1024; FILE_ATTRIBUTE_SPARSE_FILE = 512; FILE_ATTRIBUTE_SYSTEM = 4;
    FILE_ATTRIBUTE_TEMPORARY = 256; FILE_ATTRIBUTE_VIRTUAL = 65536;
}

/// Return True if mode is from a directory.
#[pyfunction(name = "S_ISDIR")]
fn is_directory(mode: u32) -> bool {
    mode & libc::S_IFMT == libc::S_IFDIR
}

/// Return True if mode is from a character special device file.
#[pyfunction(name = "S_ISCHR")]
fn is_character(mode: u32) -> bool {
    mode & libc::S_IFMT == libc::S_IFCHR
}

/// Return True if mode is from a block special device file.
#[pyfunction(name = "S_ISBLK")]
fn is_block(mode: u32) -> bool {
    mode & libc::S_IFMT == libc::S_IFBLK
}

/// Return True if mode is from a regular file.
#[pyfunction(name = "S_ISREG")]
fn is_regular(mode: u32) -> bool {
    mode & libc::S_IFMT == libc::S_IFREG
}

/// Return True if mode is from a FIFO (named pipe).
#[pyfunction(name = "S_ISFIFO")]
fn is_fifo(mode: u32) -> bool {
    mode & libc::S_IFMT == libc::S_IFIFO
}

/// Return True if mode is from a symbolic link.
#[pyfunction(name = "S_ISLNK")]
fn is_link(mode: u32) -> bool {
    mode & libc::S_IFMT == libc::S_IFLNK
}

/// Return True if mode is from a socket.
#[pyfunction(name = "S_ISSOCK")]
fn is_socket(mode: u32) -> bool {
    mode & libc::S_IFMT == libc::S_IFSOCK
}

#[pymodule(
    name = "_stat",
    doc = "S_IFMT_: file type bits and permission bits.",
    functions = [
        super::is_directory,
        super::is_character,
        super::is_block,
        super::is_regular,
        super::is_fifo,
        super::is_link,
        super::is_socket,
    ]
)]
pub mod module {
    use vm::prelude::*;

    /// Return True if mode is from a door.
    #[pyfunction(name = "S_ISDOOR")]
    fn is_door(mode: u32) -> bool {
        let _ = mode;
        false
    }

    /// Return True if mode is from an event port.
    #[pyfunction(name = "S_ISPORT")]
    fn is_port(mode: u32) -> bool {
        let _ = mode;
        false
    }

    /// Return True if mode is from a whiteout.
    #[pyfunction(name = "S_ISWHT")]
    fn is_whiteout(mode: u32) -> bool {
        let _ = mode;
        false
    }

    /// Return the portion of the file's mode that can be set by os.chmod().
    #[pyfunction(name = "S_IMODE")]
    fn permissions(mode: u32) -> u32 {
        mode & 0o7777
    }

    /// Return the portion of the file's mode that describes the file type.
    #[pyfunction(name = "S_IFMT")]
    fn file_type(mode: u32) -> u32 {
        mode & libc::S_IFMT
    }

    /// Convert a file's mode to a string of the form '-rwxrwxrwx'.
    #[pyfunction]
    fn filemode(mode: u32) -> String {
        super::mode_text(mode)
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        for (name, value) in super::CONSTANTS {
            let value = th.int(*value);
            crate::support::set_attr(th, module, name, &value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::mode_text;

    #[test]
    fn modes_read_as_in_listings() {
        assert_eq!(mode_text(0o100_644), "-rw-r--r--");
        assert_eq!(mode_text(0o041_777), "drwxrwxrwt");
        assert_eq!(mode_text(0o104_655), "-rwSr-xr-x");
    }
}
