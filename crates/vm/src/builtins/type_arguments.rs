//! Arguments of generic types: which parameters are in them, replacing these, and how they are shown.
//!
//! Shared by `types.GenericAlias` and `typing.Union`; the parameters themselves are objects of `typing`, known by
//! their attributes `__typing_subst__`, `__typing_prepare_subst__` and so on.

use object_model::text::units::Builder;

use super::generic_alias::GenericAlias;
use crate::names::{Special, names};
use crate::prelude::*;

fn attribute(th: &mut Thread, value: &Value, name: &str) -> PyResult<Option<Value>> {
    th.lookup_attr(value, name)
}

/// The items of a tuple or list.
fn items_of(th: &Thread, value: &Value) -> Option<Vec<Value>> {
    if let Some(tuple) = th.downcast::<Tuple>(value) {
        return Some(tuple.items().to_vec());
    }
    th.downcast::<List>(value).map(|list| list.snapshot(th))
}

fn tuple_items(th: &Thread, value: &Value) -> Option<Vec<Value>> {
    th.downcast::<Tuple>(value).map(|tuple| tuple.items().to_vec())
}

fn add(parameters: &mut Vec<Value>, parameter: Value) {
    if !parameters.iter().any(|p| p.is(&parameter)) {
        parameters.push(parameter);
    }
}

/// The parameters in `args`, each once, in order.
pub fn parameters(th: &mut Thread, args: &[Value]) -> PyResult<Vec<Value>> {
    th.check_native_stack()?;
    let mut found = Vec::new();
    for arg in args {
        // The `__parameters__` of a class are those of its own definition.
        if th.as_class(arg).is_some() {
            continue;
        }
        if attribute(th, arg, "__typing_subst__")?.is_some() {
            add(&mut found, arg.clone());
            continue;
        }
        let inner = match attribute(th, arg, "__parameters__")? {
            Some(inner) => tuple_items(th, &inner).unwrap_or_default(),
            None => match items_of(th, arg) {
                Some(items) => parameters(th, &items)?,
                None => continue,
            },
        };
        inner.into_iter().for_each(|parameter| add(&mut found, parameter));
    }
    Ok(found)
}

/// `args` with `parameters` replaced by what `item` (of a subscript of `owner`) says.
pub fn substitute(
    th: &mut Thread,
    owner: &Value,
    args: &[Value],
    parameters: &[Value],
    item: &Value,
) -> PyResult<Vec<Value>> {
    if parameters.is_empty() {
        let shown = th.repr(owner)?.units().to_str_lossy().into_owned();
        return Err(th.type_error(format_args!("{shown} is not a generic class")));
    }
    let mut given = {
        let unpacked = unpack(th, item)?;
        th.tuple(unpacked)
    };
    for parameter in parameters {
        if let Some(prepare) = attribute(th, parameter, "__typing_prepare_subst__")?.filter(|p| !p.is_none())
        {
            let items = match tuple_items(th, &given) {
                Some(_) => given.clone(),
                None => th.tuple(vec![given.clone()]),
            };
            given = th.call(&prepare, &[owner.clone(), items])?;
        }
    }
    let given = tuple_items(th, &given).unwrap_or_else(|| vec![given]);
    if given.len() != parameters.len() {
        let (few, actual, expected) =
            (if given.len() > parameters.len() { "many" } else { "few" }, given.len(), parameters.len());
        let shown = th.repr(owner)?.units().to_str_lossy().into_owned();
        return Err(th.type_error(format_args!(
            "Too {few} arguments for {shown}; actual {actual}, expected {expected}"
        )));
    }
    replace(th, args, parameters, &given)
}

fn replace(th: &mut Thread, args: &[Value], parameters: &[Value], given: &[Value]) -> PyResult<Vec<Value>> {
    th.check_native_stack()?;
    let mut replaced = Vec::with_capacity(args.len());
    for arg in args {
        if th.as_class(arg).is_some() {
            replaced.push(arg.clone());
            continue;
        }
        if let Some(items) = items_of(th, arg) {
            let inner = replace(th, &items, parameters, given)?;
            let is_tuple = th.downcast::<Tuple>(arg).is_some();
            replaced.push(if is_tuple { th.tuple(inner) } else { th.list(inner) });
            continue;
        }
        let is_unpacked = match attribute(th, arg, "__typing_is_unpacked_typevartuple__")? {
            Some(flag) => th.is_true(&flag)?,
            None => false,
        };
        let new = match attribute(th, arg, "__typing_subst__")? {
            Some(subst) => {
                let index = parameters.iter().position(|p| p.is(arg));
                match index.and_then(|i| given.get(i)) {
                    Some(value) => th.call(&subst, std::slice::from_ref(value))?,
                    None => arg.clone(),
                }
            }
            None => replace_inside(th, arg, parameters, given)?,
        };
        if !is_unpacked {
            replaced.push(new);
            continue;
        }
        match tuple_items(th, &new) {
            Some(items) => replaced.extend(items),
            None => {
                let (owner, found) = (th.type_name(arg), th.type_name(&new));
                return Err(th.type_error(format_args!(
                    "expected __typing_subst__ of {owner} objects to return a tuple, not {found}"
                )));
            }
        }
    }
    Ok(replaced)
}

/// `arg[…]` with its own parameters replaced; `arg` itself if it has none.
fn replace_inside(th: &mut Thread, arg: &Value, parameters: &[Value], given: &[Value]) -> PyResult {
    let own = attribute(th, arg, "__parameters__")?.and_then(|own| tuple_items(th, &own)).unwrap_or_default();
    if own.is_empty() {
        return Ok(arg.clone());
    }
    let mut items = Vec::with_capacity(own.len());
    for parameter in own {
        let value = parameters.iter().position(|p| p.is(&parameter)).and_then(|i| given.get(i));
        match value {
            // A TypeVarTuple stands for any number of types.
            Some(value) if th.has_special(&parameter, Special::Iter) => match tuple_items(th, value) {
                Some(many) => items.extend(many),
                None => items.push(value.clone()),
            },
            Some(value) => items.push(value.clone()),
            None => items.push(parameter),
        }
    }
    let items = th.tuple(items);
    th.get_item(arg, &items)
}

/// The items of a subscript, with `*tuple[…]` taken apart.
fn unpack(th: &mut Thread, item: &Value) -> PyResult<Vec<Value>> {
    let items = tuple_items(th, item).unwrap_or_else(|| vec![item.clone()]);
    let mut unpacked = Vec::with_capacity(items.len());
    for item in items {
        let inner = if th.as_class(&item).is_some() {
            None
        } else {
            attribute(th, &item, "__typing_unpacked_tuple_args__")?.and_then(|inner| tuple_items(th, &inner))
        };
        match inner {
            Some(inner) if !inner.last().is_some_and(|last| last.is(&Value::ELLIPSIS)) => {
                unpacked.extend(inner)
            }
            _ => unpacked.push(item),
        }
    }
    Ok(unpacked)
}

/// Writes a type as it is written in source: without quotes, and without `builtins.`.
pub fn show(th: &mut Thread, out: &mut Builder, value: &Value) -> PyResult<()> {
    th.check_native_stack()?;
    if value.is(&Value::ELLIPSIS) {
        out.push_str("...");
        return Ok(());
    }
    if th.as_class(value).is_some_and(|class| Some(class) == crate::class::IMMEDIATES.none.get()) {
        out.push_str("None");
        return Ok(());
    }
    if th.exact::<GenericAlias>(value).is_none()
        && !(attribute(th, value, "__origin__")?.is_some() && attribute(th, value, "__args__")?.is_some())
        && let Some(qualname) = th.find_attr_or_none(value, &names().qualname)?
        && let Some(module) = th.find_attr_or_none(value, &names().module)?.filter(|m| !m.is_none())
    {
        let (module, qualname) = (th.str_of(&module)?, th.str_of(&qualname)?);
        if module.as_ascii() != Some("builtins") {
            out.push_units(module.units());
            out.push_str(".");
        }
        out.push_units(qualname.units());
        return Ok(());
    }
    let shown = th.repr(value)?;
    out.push_units(shown.units());
    Ok(())
}

/// Writes an argument: a type, or a list of types.
pub fn show_argument(th: &mut Thread, out: &mut Builder, value: &Value) -> PyResult<()> {
    let Some(list) = th.exact::<List>(value) else { return show(th, out, value) };
    out.push_str("[");
    for (i, item) in list.snapshot(th).iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        show(th, out, item)?;
    }
    out.push_str("]");
    Ok(())
}
