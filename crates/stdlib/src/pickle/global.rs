//! Objects that are written by name: where they are found, and how their name is spelled in each protocol.

use vm::prelude::*;
use vm::protocol::exact;

use super::opcode as op;
use super::save::Saver;
use super::{chained, pickling_error};
use crate::support::import_attr;

/// The parts of a dotted name.
pub fn dotted(th: &mut Thread, name: &Value) -> PyResult<Vec<Obj<Str>>> {
    let dot = th.str(".");
    let parts = th.call_method(name, "split", &[dot])?;
    let parts = th.collect(&parts)?;
    Ok(parts.iter().filter_map(|part| th.as_str(part).cloned()).collect())
}

/// `object.a.b.c`, or the AttributeError of what is missing.
pub fn resolve(th: &mut Thread, object: &Value, path: &[Obj<Str>]) -> PyResult<Result<Value, Value>> {
    let mut found = object.clone();
    for name in path {
        match th.get_attr(&found, name) {
            Ok(next) => found = next,
            Err(_) if th.exception_is(Exc::AttributeError) => return Ok(Err(th.take_exception())),
            Err(raised) => return Err(raised),
        }
    }
    Ok(Ok(found))
}

fn shown(th: &mut Thread, value: &Value) -> PyResult<String> {
    Ok(th.repr(value)?.units().to_str_lossy().into_owned())
}

/// The module that has an object under this name; PicklingError if there is none.
fn module_of(th: &mut Thread, object: &Value, name: &Obj<Str>, path: &[Obj<Str>]) -> PyResult {
    let said = th.lookup_attr(object, "__module__")?.filter(|module| !module.is_none());
    if path.iter().any(|part| part.as_ascii() == Some("<locals>")) {
        let object = shown(th, object)?;
        return Err(pickling_error(th, &format!("Can't pickle local object {object}")));
    }
    let modules = import_attr(th, "sys", "modules")?;
    let module_name = match said {
        Some(module) => module,
        None => match search(th, &modules, object, path)? {
            Some(module) => return Ok(module),
            None => th.str("__main__"),
        },
    };
    let import = import_attr(th, "builtins", "__import__")?;
    let imported = match th.call(&import, std::slice::from_ref(&module_name)) {
        Ok(_) => th.get_item(&modules, &module_name),
        Err(raised) => Err(raised),
    };
    let module = match imported {
        Ok(module) => module,
        Err(raised) => {
            let known = [Exc::ImportError, Exc::ValueError, Exc::KeyError];
            if !known.into_iter().any(|class| th.exception_is(class)) {
                return Err(raised);
            }
            let exception = th.take_exception();
            let text = th.str_of(&exception)?.units().to_str_lossy().into_owned();
            let object = shown(th, object)?;
            let raised = pickling_error(th, &format!("Can't pickle {object}: {text}"));
            return Err(chained(th, raised, exception));
        }
    };
    let place =
        format!("{}.{}", th.str_of(&module_name)?.units().to_str_lossy(), name.units().to_str_lossy());
    match resolve(th, &module, path)? {
        Ok(found) if found.is(object) => Ok(module_name),
        Ok(_) => {
            let object = shown(th, object)?;
            Err(pickling_error(th, &format!("Can't pickle {object}: it's not the same object as {place}")))
        }
        Err(missing) => {
            let object = shown(th, object)?;
            let raised = pickling_error(th, &format!("Can't pickle {object}: it's not found as {place}"));
            Err(chained(th, raised, missing))
        }
    }
}

/// The name of the loaded module that has the object.
fn search(th: &mut Thread, modules: &Value, object: &Value, path: &[Obj<Str>]) -> PyResult<Option<Value>> {
    let copy = th.call_method(modules, "copy", &[])?;
    let items = th.call_method(&copy, "items", &[])?;
    for item in th.collect(&items)? {
        let Some([name, module]) = exact::any_tuple(&item).map(|pair| pair.items()) else { continue };
        let text = th.as_str(name).and_then(|name| name.as_ascii());
        if matches!(text, Some("__main__" | "__mp_main__")) || module.is_none() {
            continue;
        }
        if resolve(th, module, path)?.is_ok_and(|found| found.is(object)) {
            return Ok(Some(name.clone()));
        }
    }
    Ok(None)
}

/// Writes an object by its name, or by `name` if that is given.
pub fn save(saver: &mut Saver<'_>, th: &mut Thread, object: &Value, name: Option<&Obj<Str>>) -> PyResult<()> {
    let name = match name {
        Some(name) => name.clone(),
        None => {
            let name = match th.lookup_attr(object, "__qualname__")? {
                Some(name) => name,
                None => th.get_attr_str(object, "__name__")?,
            };
            match th.as_str(&name) {
                Some(name) => name.clone(),
                None => return Err(th.type_error("the name of a pickled object must be a str")),
            }
        }
    };
    let path = dotted(th, name.as_value())?;
    let module = module_of(th, object, &name, &path)?;
    if saver.protocol >= 2 && extension(saver, th, &module, name.as_value())? {
        return Ok(());
    }
    if saver.protocol >= 4 {
        saver.save(th, &module)?;
        saver.save(th, name.as_value())?;
        saver.out.byte(op::STACK_GLOBAL);
    } else {
        let (first, rest) = path.split_first().map_or((&name, &[][..]), |(first, rest)| (first, rest));
        let getattr = if rest.is_empty() { Value::NONE } else { import_attr(th, "builtins", "getattr")? };
        for _ in rest {
            saver.save(th, &getattr)?;
            if saver.protocol < 2 {
                saver.out.byte(op::MARK);
            }
        }
        top_level(saver, th, &module, first)?;
        for attribute in rest {
            saver.save(th, attribute.as_value())?;
            saver.out.bytes(&[if saver.protocol < 2 { op::TUPLE } else { op::TUPLE2 }, op::REDUCE]);
        }
    }
    saver.memoize(th, object);
    Ok(())
}

/// Writes the number that `copyreg` has for a name, if it has one.
fn extension(saver: &mut Saver<'_>, th: &mut Thread, module: &Value, name: &Value) -> PyResult<bool> {
    let registry = import_attr(th, "copyreg", "_extension_registry")?;
    let Some(registry) = exact::any_dict(&registry).cloned() else {
        return Err(th.runtime_error("copyreg._extension_registry should be a dict"));
    };
    let key = th.tuple(vec![module.clone(), name.clone()]);
    let Some(code) = th.dict_get(&registry, &key)? else { return Ok(false) };
    match code.as_small_int() {
        Some(code @ 1..=0xff) => saver.out.bytes(&[op::EXT1, code as u8]),
        Some(code @ 0x100..=0xffff) => {
            saver.out.byte(op::EXT2);
            saver.out.bytes(&(code as u16).to_le_bytes());
        }
        Some(code @ 0x1_0000..=0x7fff_ffff) => {
            saver.out.byte(op::EXT4);
            saver.out.bytes(&(code as i32).to_le_bytes());
        }
        _ => {
            let code = shown(th, &code)?;
            return Err(th.runtime_error(format_args!("extension code {code} is out of range")));
        }
    }
    Ok(true)
}

/// `GLOBAL`, with the names that Python 2 had if the pickle is for it.
fn top_level(saver: &mut Saver<'_>, th: &mut Thread, module: &Value, name: &Obj<Str>) -> PyResult<()> {
    let mut names = [module.clone(), name.clone().into_value()];
    if saver.fix_imports && saver.protocol < 3 {
        let pair = th.tuple(names.to_vec());
        let by_name = import_attr(th, "_compat_pickle", "REVERSE_NAME_MAPPING")?;
        let by_module = import_attr(th, "_compat_pickle", "REVERSE_IMPORT_MAPPING")?;
        if th.contains(&by_name, &pair)? {
            let old = th.get_item(&by_name, &pair)?;
            match exact::any_tuple(&old).map(|old| old.items()) {
                Some([module, name]) => names = [module.clone(), name.clone()],
                _ => {
                    return Err(
                        th.runtime_error("_compat_pickle.REVERSE_NAME_MAPPING values should be 2-tuples")
                    );
                }
            }
        } else if th.contains(&by_module, module)? {
            names[0] = th.get_item(&by_module, module)?;
        }
    }
    saver.out.byte(op::GLOBAL);
    for (value, what) in names.iter().zip(["module", "global"]) {
        // Other identifiers than ASCII ones are supported only from protocol 3 on.
        let encoding = th.str(if saver.protocol >= 3 { "utf-8" } else { "ascii" });
        let bytes = match th.call_method(value, "encode", &[encoding]) {
            Ok(bytes) => bytes,
            Err(_) if th.exception_is(Exc::UnicodeEncodeError) => {
                let exception = th.take_exception();
                let (value, protocol) = (shown(th, value)?, saver.protocol);
                let message =
                    format!("can't pickle {what} identifier {value} using pickle protocol {protocol}");
                let raised = pickling_error(th, &message);
                return Err(chained(th, raised, exception));
            }
            Err(raised) => return Err(raised),
        };
        let bytes = th.buffer_to_vec(&bytes)?;
        saver.out.bytes(&bytes);
        saver.out.byte(b'\n');
    }
    Ok(())
}
