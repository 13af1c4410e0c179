//! Binding the arguments of a call to the parameters of a Python function, with CPython's messages.

use compiler::bytecode::code::flags;
use object_model::string::Str;
use object_model::value::singleton::UNBOUND;
use object_model::{Obj, Object, Value};

use crate::builtins::code::Code;
use crate::builtins::function::Function;
use crate::error::{PyResult, Raised};
use crate::frame::Frame;
use crate::native::Args;
use crate::thread::Thread;

/// Fills the parameters' registers of `frame`, which are UNBOUND, from `args`. On an error what was filled stays for
/// the caller to sweep.
pub fn bind(
    th: &mut Thread,
    frame: Frame,
    function: &Obj<Function>,
    code: &Object<Code>,
    args: Args<'_>,
) -> PyResult<()> {
    let unit = &code.payload.unit;
    let positional = unit.arg_count as usize;
    let named = positional + unit.kwonly_count as usize;
    let put = |number: usize, value: Value| {
        // SAFETY: a parameter's register, which holds no reference yet.
        unsafe { frame.register(number).write(value.into_word()) };
    };
    let is_unbound = |number: usize| {
        // SAFETY: a parameter's register.
        unsafe { frame.register(number).read() == UNBOUND }
    };
    let given = args.positional.len();
    for (number, value) in args.positional.iter().take(positional).enumerate() {
        put(number, value.clone());
    }
    let varargs = unit.flags & flags::VARARGS != 0;
    let varkeywords = unit.flags & flags::VARKEYWORDS != 0;
    if varargs {
        let rest = args.positional.get(positional..).unwrap_or(&[]).to_vec();
        let rest = th.tuple(rest);
        put(named, rest);
    }
    let keyword_register = named + usize::from(varargs);
    if varkeywords {
        put(keyword_register, Obj::dict(th).into_value());
    }
    if args.has_keywords() {
        let mut positional_only = Vec::new();
        for (name, value) in args.keywords() {
            let first = if name.len() == 0 { named } else { unit.posonly_count as usize };
            let found = (first..named)
                .find(|i| code.payload.variables.get(*i).is_some_and(|n| n.as_value().is(name.as_value())))
                .or_else(|| {
                    (first..named).find(|i| code.payload.variables.get(*i).is_some_and(|n| n.same(name)))
                });
            match found {
                Some(number) if !is_unbound(number) => {
                    let (function, name) = (function.qualname_text(th), text(name));
                    return Err(
                        th.type_error(format_args!("{function}() got multiple values for argument '{name}'"))
                    );
                }
                Some(number) => put(number, value.clone()),
                None if varkeywords => {
                    // SAFETY: the register holds the dict put there above.
                    let dict = unsafe { Value::borrow_word(&*frame.register(keyword_register)) }.clone();
                    if let Some(dict) = th.exact::<object_model::dict::Dict>(&dict)
                        && dict.set_str(th, name, value.clone()).is_err()
                    {
                        return Err(th.memory_error());
                    }
                }
                None => {
                    let is_posonly =
                        code.payload.variables[..unit.posonly_count as usize].iter().any(|n| n.same(name));
                    if is_posonly {
                        positional_only.push(text(name));
                        continue;
                    }
                    let (function, name) = (function.qualname_text(th), text(name));
                    return Err(unexpected_keyword(th, &function, &name, code));
                }
            }
        }
        if !positional_only.is_empty() {
            let function = function.qualname_text(th);
            let list = positional_only.join(", ");
            return Err(th.type_error(format_args!(
                "{function}() got some positional-only arguments passed as keyword arguments: '{list}'"
            )));
        }
    }
    if given > positional && !varargs {
        return Err(too_many(th, frame, function, code, given));
    }
    let defaults = function.defaults.get(th).clone();
    if given < positional {
        let values = defaults.positional.as_ref().map_or(&[][..], |d| d.items());
        let first_default = positional.saturating_sub(values.len());
        for number in given..positional {
            if is_unbound(number)
                && let Some(value) = number.checked_sub(first_default).and_then(|i| values.get(i))
            {
                put(number, value.clone());
            }
        }
        let missing: Vec<usize> = (0..positional).filter(|i| is_unbound(*i)).collect();
        if !missing.is_empty() {
            return Err(missing_arguments(th, function, code, &missing, "positional"));
        }
    }
    if named > positional {
        for number in positional..named {
            if is_unbound(number)
                && let Some(dict) = &defaults.keyword
                && let Some(name) = code.payload.variables.get(number)
                && let Some(value) = dict.get_str(th, name)
            {
                put(number, value);
            }
        }
        let missing: Vec<usize> = (positional..named).filter(|i| is_unbound(*i)).collect();
        if !missing.is_empty() {
            return Err(missing_arguments(th, function, code, &missing, "keyword-only"));
        }
    }
    Ok(())
}

fn text(name: &Obj<Str>) -> String {
    name.units().to_str_lossy().to_string()
}

#[cold]
fn unexpected_keyword(th: &mut Thread, function: &str, name: &str, code: &Object<Code>) -> Raised {
    let unit = &code.payload.unit;
    let named = unit.posonly_count as usize..unit.arg_count as usize + unit.kwonly_count as usize;
    let candidates: Vec<String> = named.filter_map(|i| code.payload.variables.get(i)).map(text).collect();
    match crate::exceptions::suggest(name, &candidates) {
        Some(better) => th.type_error(format_args!(
            "{function}() got an unexpected keyword argument '{name}'. Did you mean '{better}'?"
        )),
        None => th.type_error(format_args!("{function}() got an unexpected keyword argument '{name}'")),
    }
}

#[cold]
fn missing_arguments(
    th: &mut Thread,
    function: &Obj<Function>,
    code: &Object<Code>,
    missing: &[usize],
    kind: &str,
) -> Raised {
    let names: Vec<String> = missing
        .iter()
        .filter_map(|i| code.payload.variables.get(*i))
        .map(|n| format!("'{}'", text(n)))
        .collect();
    let list = match names.as_slice() {
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [first @ .., last] => format!("{}, and {last}", first.join(", ")),
        [] => String::new(),
    };
    let (count, plural) = (names.len(), if names.len() == 1 { "" } else { "s" });
    let function = function.qualname_text(th);
    th.type_error(format_args!("{function}() missing {count} required {kind} argument{plural}: {list}"))
}

#[cold]
fn too_many(
    th: &mut Thread,
    frame: Frame,
    function: &Obj<Function>,
    code: &Object<Code>,
    given: usize,
) -> Raised {
    let unit = &code.payload.unit;
    let positional = unit.arg_count as usize;
    let defaults = function.defaults.get(th).positional.as_ref().map_or(0, |d| d.len());
    let keyword_given = (positional..positional + unit.kwonly_count as usize)
        // SAFETY: a parameter's register.
        .filter(|i| unsafe { frame.register(*i).read() != UNBOUND })
        .count();
    let takes = if defaults > 0 {
        format!("from {} to {positional}", positional.saturating_sub(defaults))
    } else {
        positional.to_string()
    };
    let plural = if positional == 1 && defaults == 0 { "" } else { "s" };
    let extra = if keyword_given > 0 {
        let (a, b) = (if given == 1 { "" } else { "s" }, if keyword_given == 1 { "" } else { "s" });
        format!(" positional argument{a} (and {keyword_given} keyword-only argument{b})")
    } else {
        String::new()
    };
    let verb = if given == 1 && keyword_given == 0 { "was" } else { "were" };
    let function = function.qualname_text(th);
    th.type_error(format_args!(
        "{function}() takes {takes} positional argument{plural} but {given}{extra} {verb} given"
    ))
}
