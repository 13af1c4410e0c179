//! The payload that all exceptions share, and the methods of `BaseException`.
//!
//! # Invariants
//! - B1 `args` is always a tuple; `traceback`, `context` and `cause` are None or of the type that Python code expects.
//! - B2 What lies beyond (`extra`) is numbered by family, see the modules of the families.

use object_model::lock::Guarded;
use object_model::ty::flag;

use super::hierarchy::layout;
use crate::frame::traceback::Traceback;
use crate::names::names;
use crate::prelude::*;

/// What an exception holds.
#[pyclass(
    name = "BaseException",
    doc = "Common base class for all exceptions.",
    subclassable,
    dict,
    flags = flag::EXCEPTION_SUBCLASS,
    layout = layout()
)]
pub struct BaseException {
    fields: Guarded<Fields>,
}

/// The mutable part.
pub struct Fields {
    /// `args`, a tuple.
    pub args: Value,
    /// `__traceback__`
    pub traceback: Value,
    /// `__context__`
    pub context: Value,
    /// `__cause__`
    pub cause: Value,
    /// `__suppress_context__`
    pub suppress_context: bool,
    /// Fields of the family, by number; missing ones are not set.
    pub extra: Vec<Option<Value>>,
}

impl Trace for Fields {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        [&self.args, &self.traceback, &self.context, &self.cause].into_iter().for_each(&mut *visit);
        self.extra.trace(visit);
    }
}

impl BaseException {
    /// An exception with these arguments (a tuple) and nothing else set.
    pub fn with_args(args: Value) -> BaseException {
        BaseException {
            fields: Guarded::new(Fields {
                args,
                traceback: Value::NONE,
                context: Value::NONE,
                cause: Value::NONE,
                suppress_context: false,
                extra: Vec::new(),
            }),
        }
    }

    /// `args`, a tuple.
    pub fn args(&self, th: &Thread) -> Value {
        self.fields.lock(th).args.clone()
    }

    /// The items of `args`.
    pub fn arguments(&self, th: &Thread) -> Vec<Value> {
        let args = self.args(th);
        th.exact::<Tuple>(&args).map(|t| t.items().to_vec()).unwrap_or_default()
    }

    /// Replaces `args`; `value` must be a tuple.
    pub fn set_args(&self, th: &Thread, value: Value) {
        let old = std::mem::replace(&mut self.fields.lock(th).args, value);
        drop(old);
    }

    /// `__traceback__`
    pub fn traceback(&self, th: &Thread) -> Value {
        self.fields.lock(th).traceback.clone()
    }

    /// Sets `__traceback__` to a traceback or None.
    pub fn set_traceback(&self, th: &Thread, traceback: Value) {
        let old = std::mem::replace(&mut self.fields.lock(th).traceback, traceback);
        drop(old);
    }

    /// `__context__`
    pub fn context(&self, th: &Thread) -> Value {
        self.fields.lock(th).context.clone()
    }

    /// Sets `__context__` to an exception or None.
    pub fn set_context(&self, th: &Thread, context: Value) {
        let old = std::mem::replace(&mut self.fields.lock(th).context, context);
        drop(old);
    }

    /// `__cause__`
    pub fn cause(&self, th: &Thread) -> Value {
        self.fields.lock(th).cause.clone()
    }

    /// Sets `__cause__` to an exception or None, and `__suppress_context__`.
    pub fn set_cause(&self, th: &Thread, cause: Value) {
        let old = {
            let mut fields = self.fields.lock(th);
            fields.suppress_context = true;
            std::mem::replace(&mut fields.cause, cause)
        };
        drop(old);
    }

    /// `__suppress_context__`
    pub fn suppresses_context(&self, th: &Thread) -> bool {
        self.fields.lock(th).suppress_context
    }

    /// Field `number` of the family, None if it is not set.
    pub fn extra(&self, th: &Thread, number: usize) -> Option<Value> {
        self.fields.lock(th).extra.get(number).cloned().flatten()
    }

    /// Sets or clears field `number` of the family.
    pub fn set_extra(&self, th: &Thread, number: usize, value: Option<Value>) {
        let old = {
            let mut fields = self.fields.lock(th);
            if fields.extra.len() <= number {
                if value.is_none() {
                    return;
                }
                fields.extra.resize(number + 1, None);
            }
            std::mem::replace(&mut fields.extra[number], value)
        };
        drop(old);
    }

    /// `__notes__`, metadata included: whether two exceptions share notes, traceback, cause and context.
    pub fn same_metadata(th: &mut Thread, a: &Obj<BaseException>, b: &Obj<BaseException>) -> bool {
        let (notes_a, notes_b) = (notes(th, a), notes(th, b));
        let same_notes = match (&notes_a, &notes_b) {
            (Some(a), Some(b)) => a.is(b),
            (None, None) => true,
            _ => false,
        };
        same_notes
            && a.traceback(th).is(&b.traceback(th))
            && a.cause(th).is(&b.cause(th))
            && a.context(th).is(&b.context(th))
    }
}

/// `__notes__` in the exception's own dict.
pub(super) fn notes(th: &Thread, exception: &Obj<BaseException>) -> Option<Value> {
    crate::class::attribute::own(th, exception.header(), &names().notes)
}

/// A new exception of `class`, whose base is a builtin exception class.
pub(super) fn allocate(th: &Thread, class: Class, args: Value) -> Obj<BaseException> {
    Obj::new(th, class.payload.instance_shape(), BaseException::with_args(args))
}

/// Raises TypeError if a call has keyword arguments.
pub(super) fn no_keywords(th: &mut Thread, this: &Value, args: &Args<'_>) -> PyResult<()> {
    if args.has_keywords() {
        let name = th.type_name(this);
        return Err(th.type_error(format_args!("{name}() takes no keyword arguments")));
    }
    Ok(())
}

/// `BaseException.__init__`
pub(super) fn initialise_args(th: &mut Thread, this: &Obj<BaseException>, args: &Args<'_>) {
    let tuple = th.tuple(args.positional.to_vec());
    this.set_args(th, tuple);
}

/// `BaseException.__str__`
pub(super) fn text(th: &mut Thread, this: &Obj<BaseException>) -> PyResult {
    let args = this.arguments(th);
    match args.as_slice() {
        [] => Ok(th.str("")),
        [one] => th.str_of(one).map(Obj::into_value),
        _ => {
            let tuple = this.args(th);
            th.str_of(&tuple).map(Obj::into_value)
        }
    }
}

/// A copy of the instance's `__dict__`, if it holds anything.
pub(super) fn instance_dict(th: &mut Thread, this: &Obj<BaseException>) -> PyResult<Option<Obj<Dict>>> {
    crate::builtins::reduce::attributes_copy(th, this.as_value())
}

/// `(class, args)` or `(class, args, state)`
pub(super) fn reduced(
    th: &mut Thread,
    this: &Obj<BaseException>,
    args: Value,
    state: Option<Value>,
) -> Value {
    let class = th.type_of(this.as_value()).value();
    let mut parts = vec![class, args];
    parts.extend(state);
    th.tuple(parts)
}

/// True for exceptions and None.
fn is_exception_or_none(th: &Thread, value: &Value) -> bool {
    value.is_none() || th.downcast::<BaseException>(value).is_some()
}

#[pymethods]
impl BaseException {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let args = th.tuple(args.positional.to_vec());
        Ok(allocate(th, class, args).into_value())
    }

    #[raw]
    fn __init__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        no_keywords(th, this.as_value(), &args)?;
        initialise_args(th, this, &args);
        Ok(())
    }

    fn __str__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        text(th, this)
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        th.check_native_stack()?;
        let args = this.args(th);
        let items = this.arguments(th);
        let name = th.short_type_name(this.as_value());
        let mut built = object_model::text::units::Builder::new();
        built.push_str(&name);
        match items.as_slice() {
            [one] => {
                let inner = th.repr(one)?;
                built.push_str("(");
                built.push_units(inner.units());
                built.push_str(")");
            }
            _ => {
                let inner = th.repr(&args)?;
                built.push_units(inner.units());
            }
        }
        th.units(built.finish().units())
    }

    fn __reduce__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let args = this.args(th);
        let state = instance_dict(th, this)?.map(Obj::into_value);
        Ok(reduced(th, this, args, state))
    }

    fn __setstate__(this: &Obj<Self>, th: &mut Thread, state: &Value) -> PyResult<()> {
        if state.is_none() {
            return Ok(());
        }
        let Some(dict) = th.downcast::<Dict>(state) else {
            return Err(th.type_error("state is not a dictionary"));
        };
        for (key, value, _) in dict.snapshot(th) {
            let Some(name) = th.as_str(&key).cloned() else {
                let found = th.type_name(&key);
                return Err(th.type_error(format_args!("attribute name must be string, not '{found}'")));
            };
            th.set_attr(this.as_value(), &name, &value)?;
        }
        Ok(())
    }

    /// Set self.__traceback__ to tb and return self.
    fn with_traceback(this: &Obj<Self>, th: &mut Thread, tb: &Value) -> PyResult {
        this.assign_traceback(th, tb)?;
        Ok(this.clone().into_value())
    }

    /// Add a note to the exception
    fn add_note(this: &Obj<Self>, th: &mut Thread, note: &Value) -> PyResult<()> {
        if th.as_str(note).is_none() {
            let found = th.type_name(note);
            return Err(th.type_error(format_args!("add_note() argument must be str, not {found}")));
        }
        let list = match th.lookup_attr(this.as_value(), "__notes__")? {
            Some(list) => list,
            None => {
                let list = th.list(Vec::new());
                th.set_attr(this.as_value(), &names().notes, &list)?;
                list
            }
        };
        let Some(list) = th.downcast::<List>(&list) else {
            return Err(th.type_error("Cannot add note: __notes__ is not a list"));
        };
        list.push(th, note.clone()).map_err(|_| th.memory_error())
    }

    #[getter("args")]
    fn get_args(&self, th: &mut Thread) -> Value {
        self.args(th)
    }

    #[setter("args")]
    fn assign_args(&self, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let Some(value) = value else { return Err(th.type_error("args may not be deleted")) };
        let items = th.collect(value)?;
        let tuple = th.tuple(items);
        self.set_args(th, tuple);
        Ok(())
    }

    #[getter("__traceback__")]
    fn get_traceback(&self, th: &mut Thread) -> Value {
        self.traceback(th)
    }

    #[setter("__traceback__")]
    fn put_traceback(&self, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        match value {
            Some(value) => self.assign_traceback(th, value),
            None => Err(th.type_error("__traceback__ may not be deleted")),
        }
    }

    #[skip]
    fn assign_traceback(&self, th: &mut Thread, value: &Value) -> PyResult<()> {
        if !value.is_none() && th.exact::<Traceback>(value).is_none() {
            return Err(th.type_error("__traceback__ must be a traceback or None"));
        }
        self.set_traceback(th, value.clone());
        Ok(())
    }

    #[getter("__context__")]
    fn get_context(&self, th: &mut Thread) -> Value {
        self.context(th)
    }

    #[setter("__context__")]
    fn put_context(&self, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let Some(value) = value else { return Err(th.type_error("__context__ may not be deleted")) };
        if !is_exception_or_none(th, value) {
            return Err(th.type_error("exception context must be None or derive from BaseException"));
        }
        self.set_context(th, value.clone());
        Ok(())
    }

    #[getter("__cause__")]
    fn get_cause(&self, th: &mut Thread) -> Value {
        self.cause(th)
    }

    #[setter("__cause__")]
    fn put_cause(&self, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let Some(value) = value else { return Err(th.type_error("__cause__ may not be deleted")) };
        if !is_exception_or_none(th, value) {
            return Err(th.type_error("exception cause must be None or derive from BaseException"));
        }
        self.set_cause(th, value.clone());
        Ok(())
    }

    #[getter("__suppress_context__")]
    fn get_suppress_context(&self, th: &mut Thread) -> bool {
        self.suppresses_context(th)
    }

    #[setter("__suppress_context__")]
    fn put_suppress_context(&self, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let Some(value) = value else { return Err(th.type_error("can't delete numeric/char attribute")) };
        let Some(truth) = value.as_bool() else {
            return Err(th.type_error("attribute value type must be bool"));
        };
        self.fields.lock(th).suppress_context = truth;
        Ok(())
    }
}
