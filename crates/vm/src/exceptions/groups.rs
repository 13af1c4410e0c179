//! Exception groups: splitting by type or predicate, and what `except*` needs.

use object_model::text::units::Builder;

use super::base::{BaseException, allocate, initialise_args, no_keywords, notes};
use super::hierarchy::Exc;
use super::raise::{as_exception, check_types, is_exception_class, is_instance_of};
use crate::names::{Special, names};
use crate::prelude::*;

/// `message`
pub const MESSAGE: usize = 0;
/// `exceptions`, a tuple.
pub const EXCEPTIONS: usize = 1;
/// The repr of `exceptions` as given, where it was neither list nor tuple.
const GIVEN_REPR: usize = 2;

/// Methods of `BaseExceptionGroup`.
pub struct GroupClass;

/// True if the exception is a group.
pub fn is_group(th: &Thread, exception: &Value) -> bool {
    th.type_of(exception).is_subtype(th, Exc::BaseExceptionGroup.class())
}

/// The exceptions of a group.
pub fn members(th: &Thread, group: &Obj<BaseException>) -> Vec<Value> {
    let exceptions = group.extra(th, EXCEPTIONS);
    exceptions.and_then(|e| th.downcast::<Tuple>(&e).map(|t| t.items().to_vec())).unwrap_or_default()
}

/// `BaseExceptionGroup.__new__`
pub(super) fn make(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
    let [message, given] = args.positional else {
        let count = args.positional.len();
        return Err(th.type_error(format_args!(
            "BaseExceptionGroup.__new__() takes exactly 2 arguments ({count} given)"
        )));
    };
    if th.as_str(message).is_none() {
        let found = th.type_name(message);
        return Err(
            th.type_error(format_args!("BaseExceptionGroup.__new__() argument 1 must be str, not {found}"))
        );
    }
    let is_list = th.downcast::<List>(given).is_some();
    let is_tuple = th.downcast::<Tuple>(given).is_some();
    let is_dict = th.downcast::<Dict>(given).is_some();
    if is_dict || !th.has_special(given, Special::GetItem) {
        return Err(th.type_error("second argument (exceptions) must be a sequence"));
    }
    // The sequence may change later; the repr shows what was given.
    let given_repr = if is_list || is_tuple { None } else { Some(th.repr(given)?.into_value()) };
    let items = th.collect(given)?;
    if items.is_empty() {
        return Err(th.value_error("second argument (exceptions) must be a non-empty sequence"));
    }
    let exception = Exc::Exception.class();
    let mut all_plain = true;
    for (i, item) in items.iter().enumerate() {
        if as_exception(th, item).is_none() {
            return Err(
                th.value_error(format_args!("Item {i} of second argument (exceptions) is not an exception"))
            );
        }
        all_plain &= th.type_of(item).is_subtype(th, exception);
    }
    let class = choose_class(th, class, all_plain)?;
    let args = th.tuple(args.positional.to_vec());
    let this = allocate(th, class, args);
    this.set_extra(th, MESSAGE, Some(message.clone()));
    let items = th.tuple(items);
    this.set_extra(th, EXCEPTIONS, Some(items));
    this.set_extra(th, GIVEN_REPR, given_repr);
    Ok(this.into_value())
}

fn choose_class(th: &mut Thread, class: Class, all_plain: bool) -> PyResult<Class> {
    let plain_group = Exc::ExceptionGroup.class();
    if std::ptr::eq(class, Exc::BaseExceptionGroup.class()) {
        return Ok(if all_plain { plain_group } else { class });
    }
    if all_plain {
        return Ok(class);
    }
    if std::ptr::eq(class, plain_group) {
        return Err(th.type_error("Cannot nest BaseExceptions in an ExceptionGroup"));
    }
    if class.is_subtype(th, Exc::Exception.class()) {
        let name = class.payload.name.get(th).to_string();
        return Err(th.type_error(format_args!("Cannot nest BaseExceptions in '{name}'")));
    }
    Ok(class)
}

/// What decides which exceptions are taken out of a group.
enum Matcher<'a> {
    /// An exception class or a tuple of them.
    Types(&'a Value),
    /// A function of the exception.
    Predicate(&'a Value),
    /// Leaves by address.
    Leaves(&'a [u64]),
}

impl<'a> Matcher<'a> {
    fn of(th: &mut Thread, value: &'a Value) -> PyResult<Matcher<'a>> {
        if th.as_class(value).is_none() && th.has_special(value, Special::Call) {
            return Ok(Matcher::Predicate(value));
        }
        let right = match th.exact::<Tuple>(value) {
            Some(tuple) => tuple.items().iter().all(|t| is_exception_class(t).is_some()),
            None => is_exception_class(value).is_some(),
        };
        if right {
            return Ok(Matcher::Types(value));
        }
        Err(th.type_error(
            "expected an exception type, a tuple of exception types, or a callable (other than a class)",
        ))
    }

    fn takes(&self, th: &mut Thread, exception: &Value) -> PyResult<bool> {
        match self {
            Matcher::Types(types) => Ok(is_instance_of(th, exception, types)),
            Matcher::Predicate(function) => {
                let answer = th.call(function, std::slice::from_ref(exception))?;
                th.is_true(&answer)
            }
            Matcher::Leaves(leaves) => Ok(!is_group(th, exception) && leaves.contains(&exception.word())),
        }
    }
}

/// What matched, and what is left.
type Split = (Option<Value>, Option<Value>);

fn split(th: &mut Thread, exception: &Value, matcher: &Matcher<'_>, with_rest: bool) -> PyResult<Split> {
    th.check_native_stack()?;
    if matcher.takes(th, exception)? {
        return Ok((Some(exception.clone()), None));
    }
    let group = as_exception(th, exception).filter(|_| is_group(th, exception)).cloned();
    let Some(group) = group else {
        return Ok((None, with_rest.then(|| exception.clone())));
    };
    let (mut matched, mut rest) = (Vec::new(), Vec::new());
    for member in members(th, &group) {
        let (in_match, in_rest) = split(th, &member, matcher, with_rest)?;
        matched.extend(in_match);
        rest.extend(in_rest);
    }
    let matched = subset(th, &group, matched)?;
    let rest = if with_rest { subset(th, &group, rest)? } else { None };
    Ok((matched, rest))
}

/// A group of `members` with the metadata of `group`; None if there are none.
fn subset(th: &mut Thread, group: &Obj<BaseException>, members: Vec<Value>) -> PyResult<Option<Value>> {
    if members.is_empty() {
        return Ok(None);
    }
    let list = th.list(members);
    let derived = th.call_method(group.as_value(), "derive", &[list])?;
    let made = as_exception(th, &derived).filter(|_| is_group(th, &derived)).cloned();
    let Some(made) = made else {
        return Err(th.type_error("derive must return an instance of BaseExceptionGroup"));
    };
    made.set_traceback(th, group.traceback(th));
    made.set_context(th, group.context(th));
    made.set_cause(th, group.cause(th));
    if let Some(notes) = notes(th, group)
        && th.has_special(&notes, Special::GetItem)
        && th.downcast::<Dict>(&notes).is_none()
    {
        // A copy, so that the parts have lists of their own.
        let copy = th.collect(&notes)?;
        let copy = th.list(copy);
        th.set_attr(&derived, &names().notes, &copy)?;
    }
    Ok(Some(derived))
}

/// What `except* types` takes of `exception`, and what it leaves; None where there is nothing. A plain exception that
/// matches is wrapped in a group.
pub fn except_star_match(th: &mut Thread, exception: &Value, types: &Value) -> PyResult<(Value, Value)> {
    check_types(th, types, "catching classes that do not inherit from BaseException is not allowed")?;
    let group = Exc::BaseExceptionGroup.class();
    let derives_group = |t: &Value| is_exception_class(t).is_some_and(|t| t.is_subtype(th, group));
    let catches_groups = match th.downcast::<Tuple>(types) {
        Some(tuple) => tuple.items().iter().any(derives_group),
        None => derives_group(types),
    };
    if catches_groups {
        return Err(th.type_error("catching ExceptionGroup with except* is not allowed. Use except instead."));
    }
    if exception.is_none() {
        return Ok((Value::NONE, Value::NONE));
    }
    if is_instance_of(th, exception, types) {
        if is_group(th, exception) {
            return Ok((exception.clone(), Value::NONE));
        }
        let wrapped = wrap(th, exception)?;
        return Ok((wrapped, Value::NONE));
    }
    if is_group(th, exception) {
        let pair = th.call_method(exception, "split", std::slice::from_ref(types))?;
        let Some(pair) = th.downcast::<Tuple>(&pair).cloned() else {
            let (class, found) = (th.type_name(exception), th.type_name(&pair));
            return Err(th.type_error(format_args!("{class}.split must return a tuple, not {found}")));
        };
        let [matched, rest, ..] = pair.items() else {
            let (class, size) = (th.type_name(exception), pair.len());
            return Err(
                th.type_error(format_args!("{class}.split must return a 2-tuple, got tuple of size {size}"))
            );
        };
        return Ok((matched.clone(), rest.clone()));
    }
    Ok((Value::NONE, exception.clone()))
}

/// A group around a plain exception, with the traceback of the place that catches it.
fn wrap(th: &mut Thread, exception: &Value) -> PyResult {
    let message = th.str("");
    let members = th.tuple(vec![exception.clone()]);
    let wrapped = super::new(th, Exc::BaseExceptionGroup, vec![message, members])?;
    let traceback = as_exception(th, exception).map(|e| e.traceback(th)).unwrap_or(Value::NONE);
    if let Some(this) = as_exception(th, &wrapped) {
        this.set_traceback(th, traceback);
    }
    Ok(wrapped)
}

/// What leaves a `try … except*`: `raised` are the exceptions that its clauses raised or left over (None among them
/// is skipped), `original` is what was caught. None if nothing is left.
pub fn prep_reraise_star(th: &mut Thread, original: &Value, raised: Vec<Value>) -> PyResult {
    if raised.is_empty() {
        return Ok(Value::NONE);
    }
    let caught = as_exception(th, original).filter(|_| is_group(th, original)).cloned();
    let Some(caught) = caught else {
        // A plain exception was caught: at most one clause ran.
        return Ok(raised.into_iter().next().unwrap_or(Value::NONE));
    };
    let (mut new, mut leaves) = (Vec::new(), Vec::new());
    for exception in raised {
        let Some(this) = as_exception(th, &exception).cloned() else { continue };
        if BaseException::same_metadata(th, &this, &caught) {
            collect_leaves(th, &exception, &mut leaves)?;
        } else {
            new.push(exception);
        }
    }
    let (reraised, _) = split(th, original, &Matcher::Leaves(&leaves), false)?;
    new.extend(reraised);
    if new.len() <= 1 {
        return Ok(new.pop().unwrap_or(Value::NONE));
    }
    let message = th.str("");
    let members = th.list(new);
    super::new(th, Exc::BaseExceptionGroup, vec![message, members])
}

fn collect_leaves(th: &mut Thread, exception: &Value, leaves: &mut Vec<u64>) -> PyResult<()> {
    th.check_native_stack()?;
    match as_exception(th, exception).filter(|_| is_group(th, exception)).cloned() {
        Some(group) => {
            for member in members(th, &group) {
                collect_leaves(th, &member, leaves)?;
            }
        }
        None => leaves.push(exception.word()),
    }
    Ok(())
}

#[pymethods(for = BaseException)]
impl GroupClass {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        make(th, class, args)
    }

    #[raw]
    fn __init__(this: &Obj<BaseException>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        no_keywords(th, this.as_value(), &args)?;
        initialise_args(th, this, &args);
        Ok(())
    }

    #[getter]
    fn message(this: &Obj<BaseException>, th: &mut Thread) -> Value {
        this.extra(th, MESSAGE).unwrap_or(Value::NONE)
    }

    #[getter]
    fn exceptions(this: &Obj<BaseException>, th: &mut Thread) -> Value {
        this.extra(th, EXCEPTIONS).unwrap_or(Value::NONE)
    }

    fn __str__(this: &Obj<BaseException>, th: &mut Thread) -> PyResult {
        let message = this.extra(th, MESSAGE).unwrap_or(Value::NONE);
        let message = th.str_of(&message)?;
        let count = members(th, this).len();
        let mut built = Builder::new();
        built.push_units(message.units());
        built.push_str(&format!(" ({count} sub-exception{})", if count > 1 { "s" } else { "" }));
        th.units(built.finish().units())
    }

    fn __repr__(this: &Obj<BaseException>, th: &mut Thread) -> PyResult {
        th.check_native_stack()?;
        let name = th.short_type_name(this.as_value());
        let message = this.extra(th, MESSAGE).unwrap_or(Value::NONE);
        let message = th.repr(&message)?;
        let exceptions = match this.extra(th, GIVEN_REPR) {
            Some(given) => th.str_of(&given)?,
            None => {
                let items = members(th, this);
                let given = this.arguments(th).into_iter().nth(1);
                let was_list = given.is_some_and(|g| th.downcast::<List>(&g).is_some());
                let shown = if was_list { th.list(items) } else { th.tuple(items) };
                th.repr(&shown)?
            }
        };
        let mut built = Builder::new();
        built.push_str(&name);
        built.push_str("(");
        built.push_units(message.units());
        built.push_str(", ");
        built.push_units(exceptions.units());
        built.push_str(")");
        th.units(built.finish().units())
    }

    /// A group with the same message around other exceptions; split and subgroup make their results with it.
    fn derive(this: &Obj<BaseException>, th: &mut Thread, excs: &Value) -> PyResult {
        let message = this.extra(th, MESSAGE).unwrap_or(Value::NONE);
        let class = Exc::BaseExceptionGroup.class().value();
        th.call(&class, &[message, excs.clone()])
    }

    /// The part of the group that matches, and the rest.
    fn split(this: &Obj<BaseException>, th: &mut Thread, matcher_value: &Value) -> PyResult {
        let matcher = Matcher::of(th, matcher_value)?;
        let (matched, rest) = split(th, this.as_value(), &matcher, true)?;
        Ok(th.tuple(vec![matched.unwrap_or(Value::NONE), rest.unwrap_or(Value::NONE)]))
    }

    /// The part of the group that matches, or None.
    fn subgroup(this: &Obj<BaseException>, th: &mut Thread, matcher_value: &Value) -> PyResult {
        let matcher = Matcher::of(th, matcher_value)?;
        let (matched, _) = split(th, this.as_value(), &matcher, false)?;
        Ok(matched.unwrap_or(Value::NONE))
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> PyResult {
        Ok(crate::builtins::generic_alias::make(th, class, item))
    }
}
