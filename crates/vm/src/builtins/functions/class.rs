//! `class` statements, and who is an instance of what.

use crate::builtins::code::Code;
use crate::builtins::function::Function;
use crate::builtins::type_::{bases_of, is_instance_plain, is_subclass_plain};
use crate::class::{as_class, create, type_of};
use crate::names::{Special, names};
use crate::prelude::*;

use super::text_of;

/// True if `value` can be called.
#[pyfunction(signature = "(obj, /)")]
pub fn callable(th: &mut Thread, obj: &Value) -> bool {
    th.is_callable(obj)
}

/// Return whether an object is an instance of a class or of a subclass thereof.
///
/// A tuple, as in ``isinstance(x, (A, B, ...))``, may be given as the target to
/// check against. This is equivalent to ``isinstance(x, A) or isinstance(x, B)
/// or ...`` etc.
#[pyfunction(signature = "(obj, class_or_tuple, /)")]
pub fn isinstance(th: &mut Thread, obj: &Value, class_or_tuple: &Value) -> PyResult<bool> {
    th.is_instance(obj, class_or_tuple)
}

/// Return whether 'cls' is derived from another class or is the same class.
///
/// A tuple, as in ``issubclass(x, (A, B, ...))``, may be given as the target to
/// check against. This is equivalent to ``issubclass(x, A) or issubclass(x, B)
/// or ...``.
#[pyfunction(signature = "(cls, class_or_tuple, /)")]
pub fn issubclass(th: &mut Thread, cls: &Value, class_or_tuple: &Value) -> PyResult<bool> {
    th.is_subclass(cls, class_or_tuple)
}

/// True if the metaclass of `class` is exactly `type`: there is no `__instancecheck__` to ask.
fn is_plain_class(class: &Value) -> Option<Class> {
    let header = class.as_header()?;
    if header.shape_id() == builtin::TYPE { as_class(class) } else { None }
}

impl Thread {
    /// `isinstance(value, class)`
    pub fn is_instance(&mut self, value: &Value, class: &Value) -> PyResult<bool> {
        if let Some(class) = is_plain_class(class) {
            return if type_of(value) == class { Ok(true) } else { is_instance_plain(self, value, class) };
        }
        if as_class(class) == Some(type_of(value)) {
            return Ok(true);
        }
        if let Some(tuple) = self.downcast::<Tuple>(class).cloned() {
            self.check_native_stack()?;
            for class in tuple.items() {
                if self.is_instance(value, class)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        if self.has_special(class, Special::InstanceCheck) {
            self.check_native_stack()?;
            let answer = self.call_special(class, Special::InstanceCheck, &[value])?;
            return match answer {
                Some(answer) => self.is_true(&answer),
                None => Ok(false),
            };
        }
        // What is no class may still have `__bases__`.
        if bases_of(self, class)?.is_none() {
            return Err(self.type_error("isinstance() arg 2 must be a type, a tuple of types, or a union"));
        }
        match self.find_attr_or_none(value, &names().class)? {
            Some(own) => is_subclass_plain(self, &own, class),
            None => Ok(false),
        }
    }

    /// `issubclass(subclass, class)`
    pub fn is_subclass(&mut self, subclass: &Value, class: &Value) -> PyResult<bool> {
        if is_plain_class(class).is_some() {
            return if subclass.is(class) { Ok(true) } else { is_subclass_plain(self, subclass, class) };
        }
        if let Some(tuple) = self.downcast::<Tuple>(class).cloned() {
            self.check_native_stack()?;
            for class in tuple.items() {
                if self.is_subclass(subclass, class)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        if self.has_special(class, Special::SubclassCheck) {
            self.check_native_stack()?;
            let answer = self.call_special(class, Special::SubclassCheck, &[subclass])?;
            return match answer {
                Some(answer) => self.is_true(&answer),
                None => Ok(false),
            };
        }
        is_subclass_plain(self, subclass, class)
    }
}

/// The bases with those that only stand for others replaced (`__mro_entries__`); None if there are none such.
fn resolve_bases(th: &mut Thread, bases: &[Value]) -> PyResult<Option<Vec<Value>>> {
    let mut resolved: Option<Vec<Value>> = None;
    let all = th.tuple(bases.to_vec());
    for (i, base) in bases.iter().enumerate() {
        let entries =
            if as_class(base).is_some() { None } else { th.find_attr_or_none(base, &names().mro_entries)? };
        let Some(entries) = entries else {
            if let Some(resolved) = &mut resolved {
                resolved.push(base.clone());
            }
            continue;
        };
        let found = th.call(&entries, std::slice::from_ref(&all))?;
        let Some(tuple) = th.downcast::<Tuple>(&found) else {
            return Err(th.type_error("__mro_entries__ must return a tuple"));
        };
        resolved.get_or_insert_with(|| bases[..i].to_vec()).extend_from_slice(tuple.items());
    }
    Ok(resolved)
}

/// __build_class__(func, name, /, *bases, [metaclass], **kwds) -> class
///
/// Internal helper function used by the class statement.
#[pyfunction(raw)]
pub fn __build_class__(th: &mut Thread, args: Args<'_>) -> PyResult {
    let [function, name, bases @ ..] = args.positional else {
        return Err(th.type_error("__build_class__: not enough arguments"));
    };
    let Some(function) = th.exact::<Function>(function).cloned() else {
        return Err(th.type_error("__build_class__: func must be a function"));
    };
    let Some(name_text) = th.as_str(name).map(text_of) else {
        return Err(th.type_error("__build_class__: name is not a string"));
    };
    let resolved = resolve_bases(th, bases)?;
    let original = resolved.is_some().then(|| th.tuple(bases.to_vec()));
    let bases = resolved.unwrap_or_else(|| bases.to_vec());

    let mut metaclass = None;
    let (mut keyword_names, mut keyword_values) = (Vec::new(), Vec::new());
    for (key, value) in args.keywords() {
        if key.units().eq_str("metaclass") {
            metaclass = Some(value.clone());
        } else {
            keyword_names.push(key.clone().into_value());
            keyword_values.push(value.clone());
        }
    }
    let metaclass = match metaclass {
        Some(metaclass) => metaclass,
        None => match bases.first() {
            Some(base) => type_of(base).value(),
            None => Type::class(th).value(),
        },
    };
    // A metaclass that is no class is called as it is.
    let metaclass = match as_class(&metaclass) {
        Some(class) => create::calculate_metaclass(th, class, &bases)?.value(),
        None => metaclass,
    };
    let is_class = as_class(&metaclass).is_some();
    let bases_tuple = th.tuple(bases);
    let arguments = [name.clone(), bases_tuple.clone()];
    let namespace = match th.find_attr_or_none(&metaclass, Special::Prepare.name())? {
        Some(prepare) => {
            let args = Args {
                positional: &arguments,
                keyword_values: &keyword_values,
                keyword_names: &keyword_names,
            };
            th.call_args(&prepare, args)?
        }
        None => th.dict().into_value(),
    };
    if th.exact::<Dict>(&namespace).is_none() && !th.has_special(&namespace, Special::GetItem) {
        let found = th.type_name(&namespace);
        let meta =
            if is_class { as_class(&metaclass).map(|c| c.payload.name.get(th).to_string()) } else { None };
        let meta = meta.unwrap_or_else(|| "<metaclass>".to_owned());
        return Err(th.type_error(format_args!("{meta}.__prepare__() must return a mapping, not {found}")));
    }
    let cell = crate::interpreter::call::run_class_body(th, &function, &namespace)?;
    if let Some(original) = original {
        let key = th.intern("__orig_bases__");
        th.set_item(&namespace, key.as_value(), &original)?;
    }
    let arguments = [name.clone(), bases_tuple, namespace];
    let args =
        Args { positional: &arguments, keyword_values: &keyword_values, keyword_names: &keyword_names };
    let class = th.call_args(&metaclass, args)?;
    check_cell(th, &cell, &class, &name_text)?;
    Ok(class)
}

/// The body's `__class__` must be the class that came out.
fn check_cell(th: &mut Thread, cell: &Value, class: &Value, name: &str) -> PyResult<()> {
    if as_class(class).is_none() {
        return Ok(());
    }
    let Some(cell) = th.exact::<crate::builtins::cell::Cell>(cell).cloned() else { return Ok(()) };
    match cell.get(th) {
        Some(content) if content.is(class) => Ok(()),
        Some(content) => {
            let content = text_of(&th.repr(&content)?);
            let class = text_of(&th.repr(class)?);
            Err(th.type_error(format_args!("__class__ set to {content} defining '{name}' as {class}")))
        }
        None => {
            let class = text_of(&th.repr(class)?);
            Err(th.runtime_error(format_args!(
                "__class__ not set defining '{name}' as {class}. Was __classcell__ propagated to type.__new__?"
            )))
        }
    }
}

/// The code that a value is, if it is a code object.
pub(super) fn as_code<'a>(th: &Thread, value: &'a Value) -> Option<&'a Obj<Code>> {
    th.exact::<Code>(value)
}
