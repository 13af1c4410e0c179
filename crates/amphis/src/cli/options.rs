//! Reading the arguments: options in any order and run together (`-Bs`), up to the program.
//!
//! Not here: what the environment adds (`Config::read_environment`).

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use vm::lifecycle::{Config, Program};

use super::help::Help;

/// What the command line asks for.
#[derive(Debug)]
pub enum Action {
    /// Run a program.
    Run(Box<Start>),
    /// Print the version, with what is known of the build if `build`.
    Version { build: bool },
    /// Print a help text.
    Help(Help),
}

/// A program and how to start it.
#[derive(Debug)]
pub struct Start {
    /// The options.
    pub config: Config,
    /// What to run.
    pub program: Program,
    /// `-R`: `PYTHONHASHSEED` does not count.
    pub ignore_hash_seed: bool,
}

/// Why a command line is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It makes no sense; how it should look follows the message.
    Usage(String),
    /// The text of `-c` is no text.
    Command(String),
}

impl From<String> for Refusal {
    fn from(message: String) -> Refusal {
        Refusal::Usage(message)
    }
}

impl From<&str> for Refusal {
    fn from(message: &str) -> Refusal {
        Refusal::Usage(message.to_owned())
    }
}

/// Understands the arguments, the first of which is the name of the executable; a message if one makes no sense.
pub fn parse(arguments: Vec<OsString>) -> Result<Action, Refusal> {
    let mut config = Config::for_program();
    config.orig_argv.clone_from(&arguments);
    let mut arguments = VecDeque::from(arguments);
    config.program = arguments.pop_front().unwrap_or_default();
    let parser = Parser { config, arguments, letters: VecDeque::new(), versions: 0, ignore_hash_seed: false };
    parser.parse()
}

struct Parser {
    config: Config,
    /// What was not looked at yet.
    arguments: VecDeque<OsString>,
    /// What is left of a group of one-letter options.
    letters: VecDeque<u8>,
    versions: u32,
    ignore_hash_seed: bool,
}

impl Parser {
    fn parse(mut self) -> Result<Action, Refusal> {
        while let Some(letter) = self.next_letter() {
            match letter {
                b'-' => match self.long_option()? {
                    Some(action) => return Ok(action),
                    None => continue,
                },
                b'c' => {
                    let command = command_text(&self.value(b'c')?)?;
                    return Ok(self.run(Program::Command(command), "-c".into()));
                }
                b'm' => {
                    let name = self.value(b'm')?.to_string_lossy().into_owned();
                    return Ok(self.run(Program::Module(name), "-m".into()));
                }
                b'h' | b'?' => return Ok(Action::Help(Help::Options)),
                _ => self.set(letter)?,
            }
        }
        let Some(first) = self.arguments.pop_front() else {
            return Ok(self.run(Program::Stdin, OsString::new()));
        };
        let program = if first == "-" { Program::Stdin } else { Program::File(first.clone()) };
        Ok(self.run(program, first))
    }

    /// The next letter that names an option; None where the options end.
    fn next_letter(&mut self) -> Option<u8> {
        if let Some(letter) = self.letters.pop_front() {
            return Some(letter);
        }
        let bytes = self.arguments.front()?.as_bytes();
        if bytes.len() < 2 || bytes[0] != b'-' {
            return None;
        }
        let argument = self.arguments.pop_front()?.into_vec();
        if argument == b"--" {
            return None;
        }
        self.letters.extend(&argument[1..]);
        self.letters.pop_front()
    }

    /// The value of an option: the rest of its group, or the next argument.
    fn value(&mut self, letter: u8) -> Result<OsString, Refusal> {
        if !self.letters.is_empty() {
            return Ok(OsString::from_vec(self.letters.drain(..).collect()));
        }
        let letter = letter as char;
        let missing = || Refusal::Usage(format!("Argument expected for the -{letter} option"));
        self.arguments.pop_front().ok_or_else(missing)
    }

    fn text(&mut self, letter: u8) -> Result<String, Refusal> {
        self.value(letter).map(|value| value.to_string_lossy().into_owned())
    }

    fn long_option(&mut self) -> Result<Option<Action>, Refusal> {
        let name: Vec<u8> = self.letters.drain(..).collect();
        let help = match name.as_slice() {
            b"help" => Help::Options,
            b"help-env" => Help::Environment,
            b"help-xoptions" => Help::Extended,
            b"help-all" => Help::All,
            b"version" => {
                self.versions += 1;
                return Ok(None);
            }
            b"check-hash-based-pycs" => {
                let missing = "Argument expected for the --check-hash-based-pycs options";
                let value = self.arguments.pop_front().ok_or(missing)?;
                let known = ["default", "always", "never"].into_iter().find(|known| value == *known);
                let unknown = "--check-hash-based-pycs must be one of 'default', 'always', or 'never'";
                self.config.check_hash_pycs = known.ok_or(unknown)?.to_owned();
                return Ok(None);
            }
            _ => return Err(format!("Unknown option: --{}", String::from_utf8_lossy(&name)).into()),
        };
        Ok(Some(Action::Help(help)))
    }

    fn set(&mut self, letter: u8) -> Result<(), Refusal> {
        let config = &mut self.config;
        match letter {
            b'b' => config.bytes_warning += 1,
            b'B' => config.write_bytecode = false,
            b'd' => config.debug += 1,
            b'E' => config.use_environment = false,
            b'i' => {
                config.inspect = true;
                config.interactive = true;
            }
            b'I' => config.isolated = true,
            b'O' => config.optimize = (config.optimize + 1).min(2),
            b'P' => config.safe_path = true,
            b'q' => config.quiet = true,
            b'R' => self.ignore_hash_seed = true,
            b's' => config.user_site = false,
            b'S' => config.site = false,
            // Has had no meaning for long, and is accepted.
            b't' => {}
            b'u' => config.buffered = false,
            b'v' => config.verbose += 1,
            b'V' => self.versions += 1,
            b'W' => {
                let filter = self.text(b'W')?;
                self.config.warn_options.push(filter);
            }
            b'x' => config.skip_first_line = true,
            b'X' => {
                let option = self.text(b'X')?;
                self.config.xoptions.push(match option.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                    None => (option, None),
                });
            }
            _ => return Err(format!("Unknown option: -{}", letter as char).into()),
        }
        Ok(())
    }

    fn run(self, program: Program, name: OsString) -> Action {
        let Parser { mut config, arguments, versions, ignore_hash_seed, .. } = self;
        if versions > 0 {
            return Action::Version { build: versions > 1 };
        }
        config.argv = std::iter::once(name).chain(arguments).collect();
        Action::Run(Box::new(Start { config, program, ignore_hash_seed }))
    }
}

/// The text of `-c`, which must be UTF-8.
fn command_text(value: &OsStr) -> Result<String, Refusal> {
    let error = match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => error,
    };
    let (valid, rest) = value.as_bytes().split_at(error.valid_up_to());
    let position = String::from_utf8_lossy(valid).chars().count();
    let unit = 0xdc00 + u32::from(rest.first().copied().unwrap_or_default());
    Err(Refusal::Command(format!(
        "Unable to decode the command from the command line:\nUnicodeEncodeError: 'utf-8' codec can't encode \
         character '\\u{unit:04x}' in position {position}: surrogates not allowed"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Action, Refusal> {
        super::parse(std::iter::once("amphis").chain(arguments.iter().copied()).map(OsString::from).collect())
    }

    fn start(arguments: &[&str]) -> Start {
        match parse(arguments) {
            Ok(Action::Run(start)) => *start,
            other => panic!("{arguments:?} gave {other:?}"),
        }
    }

    #[test]
    fn programs_take_the_arguments_after_them() {
        let script = start(&["-B", "a.py", "-c", "-V"]);
        assert!(matches!(script.program, Program::File(name) if name == "a.py"));
        assert_eq!(script.config.argv, ["a.py", "-c", "-V"]);
        assert_eq!(script.config.orig_argv, ["amphis", "-B", "a.py", "-c", "-V"]);

        let command = start(&["-c", "pass", "-E"]);
        assert!(matches!(command.program, Program::Command(text) if text == "pass"));
        assert_eq!(command.config.argv, ["-c", "-E"]);
        assert!(command.config.use_environment);

        let module = start(&["-mtimeit", "-n", "1"]);
        assert!(matches!(module.program, Program::Module(name) if name == "timeit"));
        assert_eq!(module.config.argv, ["-m", "-n", "1"]);

        let input = start(&["-", "x"]);
        assert!(matches!(input.program, Program::Stdin));
        assert_eq!(input.config.argv, ["-", "x"]);
        assert_eq!(start(&[]).config.argv, [""]);
        assert!(matches!(start(&["--", "-c"]).program, Program::File(name) if name == "-c"));
    }

    #[test]
    fn options_run_together() {
        let Start { config, .. } = start(&["-BOOsbbuWerror", "-Xdev", "-X", "gil=1", "-c", ""]);
        assert_eq!((config.optimize, config.bytes_warning), (2, 2));
        assert!(!config.write_bytecode && !config.user_site && !config.buffered);
        assert_eq!(config.warn_options, ["error"]);
        assert_eq!(config.xoptions, [("dev".to_owned(), None), ("gil".to_owned(), Some("1".to_owned()))]);
        assert!(start(&["-xR", "-c", ""]).ignore_hash_seed);
    }

    #[test]
    fn versions_and_help() {
        assert!(matches!(parse(&["-V"]), Ok(Action::Version { build: false })));
        assert!(matches!(parse(&["--version"]), Ok(Action::Version { build: false })));
        assert!(matches!(parse(&["-VV", "-c", "pass"]), Ok(Action::Version { build: true })));
        assert!(matches!(parse(&["-V", "-h"]), Ok(Action::Help(Help::Options))));
        assert!(matches!(parse(&["--help-all"]), Ok(Action::Help(Help::All))));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (arguments, message) in [
            (&["-Z"][..], "Unknown option: -Z"),
            (&["--foo"], "Unknown option: --foo"),
            (&["-c"], "Argument expected for the -c option"),
            (&["-OX"], "Argument expected for the -X option"),
            (&["--check-hash-based-pycs"], "Argument expected for the --check-hash-based-pycs options"),
            (
                &["--check-hash-based-pycs", "x"],
                "--check-hash-based-pycs must be one of 'default', 'always', or 'never'",
            ),
        ] {
            assert_eq!(parse(arguments).map(|_| ()), Err(Refusal::Usage(message.to_owned())));
        }
    }

    #[test]
    fn commands_are_utf8() {
        let error = command_text(OsStr::from_bytes(b"x\xff")).expect_err("no UTF-8");
        let expected = "character '\\udcff' in position 1: surrogates not allowed";
        assert!(matches!(&error, Refusal::Command(message) if message.ends_with(expected)), "{error:?}");
    }
}
