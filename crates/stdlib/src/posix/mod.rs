//! The module `posix`: the operating system, as `os.py` builds on it.
//!
//! | file | what |
//! |---|---|
//! | `status` | `stat` and what goes with it |
//! | `descriptor` | file descriptors |
//! | `tree` | files and folders by name |
//! | `directory` | listing folders |
//! | `process` | processes, waiting, identities |
//! | `system` | the system at large, the environment |
//! | `constants` | numbers |

mod common;
pub mod constants;
pub mod descriptor;
pub mod directory;
pub mod process;
pub mod status;
pub mod system;
pub mod tree;

#[macros::pymodule(
    name = "posix",
    doc = "This module provides access to operating system functionality that is standardized by the C Standard and the POSIX standard.",
    functions = [
        super::status::stat,
        super::status::lstat,
        super::status::fstat,
        super::status::statvfs,
        super::status::fstatvfs,
        super::status::access,
        super::status::chmod,
        super::status::fchmod,
        super::status::chown,
        super::status::fchown,
        super::status::lchown,
        super::status::utime,
        super::status::umask,
        super::descriptor::open,
        super::descriptor::close,
        super::descriptor::closerange,
        super::descriptor::dup,
        super::descriptor::dup2,
        super::descriptor::read,
        super::descriptor::readinto,
        super::descriptor::write,
        super::descriptor::pread,
        super::descriptor::pwrite,
        super::descriptor::lseek,
        super::descriptor::ftruncate,
        super::descriptor::truncate,
        super::descriptor::fsync,
        super::descriptor::fdatasync,
        super::descriptor::sync,
        super::descriptor::isatty,
        super::descriptor::ttyname,
        super::descriptor::pipe,
        super::descriptor::pipe2,
        super::descriptor::openpty,
        super::descriptor::get_inheritable,
        super::descriptor::set_inheritable,
        super::descriptor::get_blocking,
        super::descriptor::set_blocking,
        super::descriptor::get_terminal_size,
        super::descriptor::sendfile,
        super::descriptor::copy_file_range,
        super::descriptor::lockf,
        super::descriptor::posix_fallocate,
        super::descriptor::posix_fadvise,
        super::descriptor::tcgetpgrp,
        super::descriptor::tcsetpgrp,
        super::descriptor::memfd_create,
        super::descriptor::eventfd,
        super::descriptor::eventfd_read,
        super::descriptor::eventfd_write,
        super::tree::mkdir,
        super::tree::mkfifo,
        super::tree::mknod,
        super::tree::rmdir,
        super::tree::unlink,
        super::tree::remove,
        super::tree::rename,
        super::tree::replace,
        super::tree::link,
        super::tree::symlink,
        super::tree::readlink,
        super::tree::getcwd,
        super::tree::getcwdb,
        super::tree::chdir,
        super::tree::fchdir,
        super::tree::chroot,
        super::tree::getxattr,
        super::tree::setxattr,
        super::tree::removexattr,
        super::tree::listxattr,
        super::directory::listdir,
        super::directory::scandir,
        super::process::register_at_fork,
        super::process::fork,
        super::process::forkpty,
        super::process::_exit,
        super::process::abort,
        super::process::execv,
        super::process::execve,
        super::process::waitpid,
        super::process::wait,
        super::process::wait3,
        super::process::wait4,
        super::process::waitid,
        super::process::waitstatus_to_exitcode,
        super::process::kill,
        super::process::killpg,
        super::process::system,
        super::process::getpid,
        super::process::getppid,
        super::process::getpgrp,
        super::process::getpgid,
        super::process::setpgrp,
        super::process::setpgid,
        super::process::getsid,
        super::process::setsid,
        super::process::getuid,
        super::process::geteuid,
        super::process::getgid,
        super::process::getegid,
        super::process::setuid,
        super::process::seteuid,
        super::process::setgid,
        super::process::setegid,
        super::process::setreuid,
        super::process::setregid,
        super::process::getresuid,
        super::process::getresgid,
        super::process::getgroups,
        super::process::setgroups,
        super::process::getlogin,
        super::process::nice,
        super::process::getpriority,
        super::process::setpriority,
        super::process::times,
        super::process::sched_getaffinity,
        super::process::sched_setaffinity,
        super::process::sched_yield,
        super::process::pidfd_open,
        super::process::dumped_core,
        super::process::was_continued,
        super::process::was_stopped,
        super::process::was_signaled,
        super::process::has_exited,
        super::process::exit_code,
        super::process::ending_signal,
        super::process::stopping_signal,
        super::system::_is_inputhook_installed,
        super::system::uname,
        super::system::urandom,
        super::system::getrandom,
        super::system::cpu_count,
        super::system::getloadavg,
        super::system::strerror,
        super::system::fspath,
        super::system::putenv,
        super::system::unsetenv,
        super::system::_create_environ,
        super::system::sysconf,
        super::system::pathconf,
        super::system::fpathconf,
        super::system::ctermid,
        super::system::major,
        super::system::minor,
        super::system::makedev,
        super::system::_path_normpath,
    ],
)]
pub mod module {
    use vm::builtins::structseq;
    use vm::prelude::*;

    use super::{constants, descriptor, directory, process, status, system};
    use crate::support::set_attr;

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        for (name, value) in constants::CONSTANTS.iter().chain(constants::OTHERS) {
            let value = th.int(*value);
            set_attr(th, module, name, &value)?;
        }
        let have = constants::HAVE_FUNCTIONS.iter().map(|n| th.str(n)).collect();
        let have = th.list(have);
        set_attr(th, module, "_have_functions", &have)?;
        let environment = system::environment(th)?;
        set_attr(th, module, "environ", environment.as_value())?;
        set_attr(th, module, "error", &Exc::OSError.class().value())?;
        for definition in [
            &status::STAT_RESULT,
            &status::STATVFS_RESULT,
            &descriptor::TERMINAL_SIZE,
            &process::TIMES_RESULT,
            &process::WAITID_RESULT,
            &system::UNAME_RESULT,
            &system::SCHED_PARAM,
        ] {
            let class = structseq::make_type(th, definition).value();
            set_attr(th, module, definition.name, &class)?;
        }
        let entry = directory::DirEntry::class(th).value();
        set_attr(th, module, "DirEntry", &entry)?;
        for (attribute, names) in
            [("sysconf_names", system::SYSCONF_NAMES), ("pathconf_names", system::PATHCONF_NAMES)]
        {
            let dict = th.dict();
            for (name, number) in names {
                let (name, number) = (th.intern(name), th.int((*number).into()));
                if dict.set_str(th, &name, number).is_err() {
                    return Err(th.memory_error());
                }
            }
            set_attr(th, module, attribute, dict.as_value())?;
        }
        Ok(())
    }
}
