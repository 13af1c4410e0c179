//! Binding the arguments of a native call to its parameters, with CPython's error messages.

use object_model::Value;

use super::Args;
use crate::error::PyResult;
use crate::thread::Thread;

/// How a parameter may be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By position only.
    PositionalOnly,
    /// By position or keyword.
    Either,
    /// By keyword only.
    KeywordOnly,
}

/// A parameter of a native function, `*args` and `**kwargs` excepted.
#[derive(Debug)]
pub struct Parameter {
    /// The name.
    pub name: &'static str,
    /// How it may be passed.
    pub kind: Kind,
    /// True if it has no default.
    pub required: bool,
}

/// The parameters of a native function.
#[derive(Debug)]
pub struct Signature {
    /// The function's name, for messages.
    pub name: &'static str,
    /// The parameters in order: positional-only, either, keyword-only.
    pub parameters: &'static [Parameter],
    /// Takes `*args`.
    pub var_positional: bool,
    /// Takes `**kwargs`.
    pub var_keyword: bool,
}

/// Keyword arguments that `**kwargs` takes: those of the call that are no parameters.
#[derive(Clone, Copy)]
pub struct KwArgs<'a> {
    args: Args<'a>,
    parameters: &'static [Parameter],
}

impl<'a> KwArgs<'a> {
    /// Names and values.
    pub fn iter(
        &self,
    ) -> impl Iterator<Item = (&'a object_model::Obj<object_model::string::Str>, &'a Value)> + use<'a> {
        let parameters = self.parameters;
        self.args.keywords().filter(move |(name, _)| {
            !parameters.iter().any(|p| p.kind != Kind::PositionalOnly && name.as_ascii() == Some(p.name))
        })
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

/// Bound arguments.
pub struct Bound<'a, const N: usize> {
    /// One for each parameter.
    pub values: [Option<&'a Value>; N],
    /// What `*args` takes.
    pub rest: &'a [Value],
    /// What `**kwargs` takes.
    pub keywords: KwArgs<'a>,
}

impl Signature {
    /// Binds `args` (without a receiver) to the `N` parameters.
    #[inline]
    pub fn bind<'a, const N: usize>(&self, th: &mut Thread, args: Args<'a>) -> PyResult<Bound<'a, N>>
    where
        Self: 'static,
    {
        let parameters: &'static [Parameter] = self.parameters;
        let mut values: [Option<&'a Value>; N] = [None; N];
        let positional = parameters.iter().filter(|p| p.kind != Kind::KeywordOnly).count();
        let given = args.positional.len();
        for (slot, value) in values.iter_mut().zip(args.positional.iter().take(positional)) {
            *slot = Some(value);
        }
        if given > positional && !self.var_positional {
            return Err(self.too_many(th, positional, given));
        }
        if args.has_keywords() {
            self.bind_keywords(th, args, &mut values)?;
        }
        if let Some(missing) = parameters.iter().zip(&values).position(|(p, v)| p.required && v.is_none()) {
            return Err(self.missing(th, missing, given));
        }
        Ok(Bound {
            values,
            rest: args.positional.get(positional..).unwrap_or(&[]),
            keywords: KwArgs { args, parameters },
        })
    }

    fn bind_keywords<'a>(
        &self,
        th: &mut Thread,
        args: Args<'a>,
        values: &mut [Option<&'a Value>],
    ) -> PyResult<()> {
        for (name, value) in args.keywords() {
            let found = self
                .parameters
                .iter()
                .position(|p| p.kind != Kind::PositionalOnly && name.as_ascii() == Some(p.name));
            match found {
                Some(i) if values[i].is_some() => {
                    let position = i + 1;
                    return Err(th.type_error(format_args!(
                        "argument for {}() given by name ('{}') and position ({position})",
                        self.name, self.parameters[i].name
                    )));
                }
                Some(i) => values[i] = Some(value),
                None if self.var_keyword => {}
                None if self.parameters.iter().all(|p| p.kind == Kind::PositionalOnly) => {
                    return Err(th.type_error(format_args!("{}() takes no keyword arguments", self.name)));
                }
                None => {
                    let name = name.units().to_str_lossy();
                    return Err(th.type_error(format_args!(
                        "{}() got an unexpected keyword argument '{name}'",
                        self.name
                    )));
                }
            }
        }
        Ok(())
    }

    #[cold]
    fn too_many(&self, th: &mut Thread, positional: usize, given: usize) -> crate::error::Raised {
        let required = self.parameters.iter().filter(|p| p.required && p.kind != Kind::KeywordOnly).count();
        let name = self.name;
        let only_positional = self.parameters.iter().all(|p| p.kind == Kind::PositionalOnly);
        if only_positional && self.is_special() {
            return self.wrong_count(th, required, positional, given);
        }
        if positional == 0 {
            return th.type_error(format_args!("{name}() takes no arguments ({given} given)"));
        }
        if only_positional && required == positional && positional == 1 {
            return th.type_error(format_args!("{name}() takes exactly one argument ({given} given)"));
        }
        if only_positional {
            let bound = if required == positional { "" } else { "at most " };
            let plural = if positional == 1 { "" } else { "s" };
            return th.type_error(format_args!(
                "{name} expected {bound}{positional} argument{plural}, got {given}"
            ));
        }
        let bound = if required == positional { "exactly" } else { "at most" };
        let plural = if positional == 1 { "" } else { "s" };
        let kind =
            if self.parameters.iter().any(|p| p.kind == Kind::KeywordOnly) { " positional" } else { "" };
        th.type_error(format_args!(
            "{name}() takes {bound} {positional}{kind} argument{plural} ({given} given)"
        ))
    }

    /// Whether this is a special method that stands for a slot of the type.
    fn is_special(&self) -> bool {
        use crate::names::Special as S;
        let ordinary = |special: S| {
            matches!(
                special,
                S::New
                    | S::Init
                    | S::InitSubclass
                    | S::Bytes
                    | S::Format
                    | S::Dir
                    | S::LengthHint
                    | S::Missing
                    | S::Reversed
                    | S::Complex
                    | S::Round
                    | S::Trunc
                    | S::Floor
                    | S::Ceil
                    | S::Enter
                    | S::Exit
                    | S::AEnter
                    | S::AExit
                    | S::InstanceCheck
                    | S::SubclassCheck
                    | S::Prepare
                    | S::ClassGetItem
                    | S::SetName
            )
        };
        self.name.starts_with("__") && S::ALL.iter().any(|s| s.text() == self.name && !ordinary(*s))
    }

    /// Special methods do not name themselves.
    #[cold]
    fn wrong_count(&self, th: &mut Thread, least: usize, most: usize, given: usize) -> crate::error::Raised {
        let expected = if least == most { least.to_string() } else { format!("{least} or {most}") };
        let plural = if most == 1 { "" } else { "s" };
        th.type_error(format_args!("expected {expected} argument{plural}, got {given}"))
    }

    #[cold]
    fn missing(&self, th: &mut Thread, missing: usize, given: usize) -> crate::error::Raised {
        let name = self.name;
        if self.parameters.iter().all(|p| p.kind == Kind::PositionalOnly) {
            let required = self.parameters.iter().filter(|p| p.required).count();
            let all = self.parameters.len();
            if self.is_special() && !self.var_positional {
                return self.wrong_count(th, required, all, given);
            }
            if required == 1 && all == 1 {
                return th.type_error(format_args!("{name}() takes exactly one argument ({given} given)"));
            }
            let bound = if required == all && !self.var_positional { "" } else { "at least " };
            let plural = if required == 1 { "" } else { "s" };
            return th
                .type_error(format_args!("{name} expected {bound}{required} argument{plural}, got {given}"));
        }
        let parameter = &self.parameters[missing];
        let position = missing + 1;
        if parameter.kind == Kind::KeywordOnly {
            return th.type_error(format_args!(
                "{name}() missing required keyword-only argument: '{}'",
                parameter.name
            ));
        }
        th.type_error(format_args!(
            "{name}() missing required argument '{}' (pos {position})",
            parameter.name
        ))
    }
}
