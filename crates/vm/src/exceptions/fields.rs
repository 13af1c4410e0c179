//! Fields and methods of StopIteration, SystemExit, ImportError, NameError, AttributeError, KeyError and SyntaxError.
//!
//! Each family numbers its fields (see `number`); `__init__` fills them from the arguments.
//!
//! Not here: OSError (`os_error`), the Unicode errors (`unicode`), groups (`groups`).

use super::base::{BaseException, initialise_args, instance_dict, no_keywords, reduced, text};
use super::hierarchy::Family;
use crate::prelude::*;

/// Numbers of the fields.
#[expect(missing_docs, reason = "each is the number of the field it names")]
pub mod number {
    pub const VALUE: usize = 0;
    pub const CODE: usize = 0;
    pub const NAME: usize = 0;
    pub const OBJ: usize = 1;
    pub const IMPORT_MSG: usize = 1;
    pub const IMPORT_PATH: usize = 2;
    pub const IMPORT_NAME_FROM: usize = 3;
    pub const MSG: usize = 0;
    pub const FILENAME: usize = 1;
    pub const LINENO: usize = 2;
    pub const OFFSET: usize = 3;
    pub const TEXT: usize = 4;
    pub const END_LINENO: usize = 5;
    pub const END_OFFSET: usize = 6;
    pub const METADATA: usize = 7;
    pub const PRINT_FILE_AND_LINE: usize = 8;
}

use number::*;

/// Methods of `StopIteration`.
pub struct StopIterationClass;
/// Methods of `SystemExit`.
pub struct SystemExitClass;
/// Methods of `ImportError`.
pub struct ImportErrorClass;
/// Methods of `NameError`.
pub struct NameErrorClass;
/// Methods of `AttributeError`.
pub struct AttributeErrorClass;
/// Methods of `KeyError`.
pub struct KeyErrorClass;
/// Methods of `SyntaxError`.
pub struct SyntaxErrorClass;

/// A block of methods with fields that can be read, set and deleted; a missing one reads as None.
macro_rules! with_fields {
    ($class:ident { $($get:ident $set:ident = $number:expr;)* } $($methods:tt)*) => {
        #[pymethods(for = BaseException)]
        impl $class {
            $(
                #[getter]
                fn $get(this: &Obj<BaseException>, th: &mut Thread) -> Value {
                    this.extra(th, $number).unwrap_or(Value::NONE)
                }

                #[setter]
                fn $set(this: &Obj<BaseException>, th: &mut Thread, value: Option<&Value>) {
                    this.set_extra(th, $number, value.cloned());
                }
            )*
            $($methods)*
        }
    };
}
pub(super) use with_fields;

/// The values of keyword-only arguments called `names`; others are an error.
pub(super) fn keywords<const N: usize>(
    th: &mut Thread,
    function: &str,
    args: &Args<'_>,
    names: [&str; N],
) -> PyResult<[Option<Value>; N]> {
    let mut values = [const { None }; N];
    let given = args.keyword_values.len();
    if given > N {
        let plural = if N == 1 { "" } else { "s" };
        return Err(th.type_error(format_args!(
            "{function}() takes at most {N} keyword argument{plural} ({given} given)"
        )));
    }
    for (name, value) in args.keywords() {
        match names.iter().position(|n| name.as_ascii() == Some(n)) {
            Some(i) => values[i] = Some(value.clone()),
            None => {
                let name = name.units().to_str_lossy().into_owned();
                return Err(
                    th.type_error(format_args!("{function}() got an unexpected keyword argument '{name}'"))
                );
            }
        }
    }
    Ok(values)
}

/// Fills the fields of a new exception of a family that needs no more than its arguments.
pub(super) fn initialise(
    th: &mut Thread,
    family: Family,
    this: &Obj<BaseException>,
    args: Args<'_>,
) -> PyResult<()> {
    match family {
        Family::Import => return init_import(th, this, args),
        Family::Name => return init_name(th, this, args),
        Family::Attribute => return init_attribute(th, this, args),
        _ => {}
    }
    no_keywords(th, this.as_value(), &args)?;
    initialise_args(th, this, &args);
    match family {
        Family::StopIteration => {
            this.set_extra(th, VALUE, Some(args.positional.first().cloned().unwrap_or(Value::NONE)));
        }
        Family::SystemExit => match args.positional {
            [] => {}
            [code] => this.set_extra(th, CODE, Some(code.clone())),
            _ => {
                let all = this.args(th);
                this.set_extra(th, CODE, Some(all));
            }
        },
        Family::Syntax => return init_syntax(th, this, args.positional),
        Family::UnicodeEncode | Family::UnicodeDecode | Family::UnicodeTranslate => {
            return super::unicode::initialise(th, family, this, args.positional);
        }
        _ => {}
    }
    Ok(())
}

fn init_import(th: &mut Thread, this: &Obj<BaseException>, args: Args<'_>) -> PyResult<()> {
    let given = keywords(th, "ImportError", &args, ["name", "path", "name_from"])?;
    initialise_args(th, this, &args);
    let [name, path, name_from] = given;
    this.set_extra(th, NAME, name);
    this.set_extra(th, IMPORT_PATH, path);
    this.set_extra(th, IMPORT_NAME_FROM, name_from);
    let message = if let [message] = args.positional { Some(message.clone()) } else { None };
    this.set_extra(th, IMPORT_MSG, message);
    Ok(())
}

fn init_name(th: &mut Thread, this: &Obj<BaseException>, args: Args<'_>) -> PyResult<()> {
    let [name] = keywords(th, "NameError", &args, ["name"])?;
    initialise_args(th, this, &args);
    this.set_extra(th, NAME, name);
    Ok(())
}

fn init_attribute(th: &mut Thread, this: &Obj<BaseException>, args: Args<'_>) -> PyResult<()> {
    let [name, obj] = keywords(th, "AttributeError", &args, ["name", "obj"])?;
    initialise_args(th, this, &args);
    this.set_extra(th, NAME, name);
    this.set_extra(th, OBJ, obj);
    Ok(())
}

fn init_syntax(th: &mut Thread, this: &Obj<BaseException>, arguments: &[Value]) -> PyResult<()> {
    if let Some(message) = arguments.first() {
        this.set_extra(th, MSG, Some(message.clone()));
    }
    let [_, info] = arguments else { return Ok(()) };
    let info = th.collect(info)?;
    if !(4..=7).contains(&info.len()) {
        let (bound, limit) = if info.len() < 4 { ("least", 4) } else { ("most", 7) };
        let given = info.len();
        return Err(
            th.type_error(format_args!("function takes at {bound} {limit} arguments ({given} given)"))
        );
    }
    let missing_end = info.len() == 5;
    let mut info = info.into_iter();
    // What is not given is taken away if it was there.
    for i in 0..7 {
        let value = info.next();
        this.set_extra(th, FILENAME + i, value);
    }
    if missing_end {
        return Err(th.type_error("end_offset must be provided when end_lineno is provided"));
    }
    Ok(())
}

with_fields! {
    StopIterationClass { value set_value = VALUE; }
    #[raw]
    fn __init__(this: &Obj<BaseException>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        initialise(th, Family::StopIteration, this, args)
    }
}

with_fields! {
    SystemExitClass { code set_code = CODE; }
    #[raw]
    fn __init__(this: &Obj<BaseException>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        initialise(th, Family::SystemExit, this, args)
    }
}

with_fields! {
    ImportErrorClass {
        name set_name = NAME;
        msg set_msg = IMPORT_MSG;
        path set_path = IMPORT_PATH;
        name_from set_name_from = IMPORT_NAME_FROM;
    }
    #[raw]
    fn __init__(this: &Obj<BaseException>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        init_import(th, this, args)
    }

    fn __str__(this: &Obj<BaseException>, th: &mut Thread) -> PyResult {
        match this.extra(th, IMPORT_MSG) {
            Some(message) if th.exact::<Str>(&message).is_some() => Ok(message),
            _ => text(th, this),
        }
    }

    fn __reduce__(this: &Obj<BaseException>, th: &mut Thread) -> PyResult {
        let fields = [("name", NAME), ("path", IMPORT_PATH), ("name_from", IMPORT_NAME_FROM)];
        let state = state_with(th, this, &fields, None)?;
        let args = this.args(th);
        Ok(reduced(th, this, args, state))
    }
}

with_fields! {
    NameErrorClass { name set_name = NAME; }
    #[raw]
    fn __init__(this: &Obj<BaseException>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        init_name(th, this, args)
    }
}

with_fields! {
    AttributeErrorClass { name set_name = NAME; obj set_obj = OBJ; }
    #[raw]
    fn __init__(this: &Obj<BaseException>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        init_attribute(th, this, args)
    }

    fn __getstate__(this: &Obj<BaseException>, th: &mut Thread) -> PyResult {
        // Not `obj`: it can rarely be pickled.
        let args = this.args(th);
        let state = state_with(th, this, &[("name", NAME)], Some(args))?;
        Ok(state.unwrap_or(Value::NONE))
    }

    fn __reduce__(this: &Obj<BaseException>, th: &mut Thread) -> PyResult {
        let args = this.args(th);
        let state = state_with(th, this, &[("name", NAME)], Some(args.clone()))?;
        Ok(reduced(th, this, args, state))
    }
}

/// A copy of the instance's dict with these fields, where they are set; None if there is nothing in it.
fn state_with(
    th: &mut Thread,
    this: &Obj<BaseException>,
    fields: &[(&str, usize)],
    args: Option<Value>,
) -> PyResult<Option<Value>> {
    let own = instance_dict(th, this)?;
    let mut set: Vec<(&str, Value)> =
        fields.iter().filter_map(|(name, number)| Some((*name, this.extra(th, *number)?))).collect();
    set.extend(args.map(|args| ("args", args)));
    if set.is_empty() {
        return Ok(own.map(Obj::into_value));
    }
    let state = match own {
        Some(own) => own,
        None => th.dict(),
    };
    for (name, value) in set {
        let name = th.intern(name);
        state.set_str(th, &name, value).map_err(|_| th.memory_error())?;
    }
    Ok(Some(state.into_value()))
}

#[pymethods(for = BaseException)]
impl KeyErrorClass {
    fn __str__(this: &Obj<BaseException>, th: &mut Thread) -> PyResult {
        // The repr, so that a key that is the empty string can be seen.
        match this.arguments(th).as_slice() {
            [key] => th.repr(key).map(Obj::into_value),
            _ => text(th, this),
        }
    }
}

with_fields! {
    SyntaxErrorClass {
        msg set_msg = MSG;
        filename set_filename = FILENAME;
        lineno set_lineno = LINENO;
        offset set_offset = OFFSET;
        text set_text = TEXT;
        end_lineno set_end_lineno = END_LINENO;
        end_offset set_end_offset = END_OFFSET;
        print_file_and_line set_print_file_and_line = PRINT_FILE_AND_LINE;
    }
    #[raw]
    fn __init__(this: &Obj<BaseException>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        initialise(th, Family::Syntax, this, args)
    }

    #[getter]
    fn _metadata(this: &Obj<BaseException>, th: &mut Thread) -> Value {
        this.extra(th, METADATA).unwrap_or(Value::NONE)
    }

    #[setter("_metadata")]
    fn set_metadata(this: &Obj<BaseException>, th: &mut Thread, value: Option<&Value>) {
        this.set_extra(th, METADATA, value.cloned());
    }

    fn __str__(this: &Obj<BaseException>, th: &mut Thread) -> PyResult {
        let message = this.extra(th, MSG).unwrap_or(Value::NONE);
        let message = th.str_of(&message)?;
        let filename = this.extra(th, FILENAME).and_then(|f| Some(th.as_str(&f)?.units().to_owned()));
        let line = this.extra(th, LINENO).filter(|l| th.exact::<Int>(l).is_some() || l.as_small_int().is_some());
        if filename.is_none() && line.is_none() {
            return Ok(message.into_value());
        }
        let mut built = object_model::text::units::Builder::new();
        built.push_units(message.units());
        built.push_str(" (");
        if let Some(filename) = &filename {
            let units = filename.units();
            let start = units.iter().enumerate().rfind(|(_, c)| *c == u32::from('/')).map_or(0, |(i, _)| i + 1);
            built.push_units(units.slice(start..units.len()));
        }
        if let Some(line) = line {
            // Numbers beyond a machine word are no line of any file.
            let line = line.as_small_int().unwrap_or(-1);
            built.push_str(&format!("{}line {line}", if filename.is_some() { ", " } else { "" }));
        }
        built.push_str(")");
        th.units(built.finish().units())
    }
}
