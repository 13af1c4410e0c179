//! `coroutine`: what calling an `async def` function makes, and the iterator that awaiting one from outside uses.
//!
//! A coroutine's memory is a [`Generator`]'s; the class here only has methods of its own.

use object_model::object::layout::Payload;

use super::generator::{Generator, Resumed, finish_call, thrown};
use super::warn;
use crate::prelude::*;

/// The class of coroutines. Its instances are made by [`Generator::make`] alone.
#[pyclass(
    name = "coroutine",
    module = "builtins",
    shape = COROUTINE,
    layout = <Generator as PyClass>::DEFINITION.layout,
    weakref,
    no_new,
    no_payload
)]
pub struct Coroutine;

impl Payload for Coroutine {
    fn trace(&self, _visit: &mut dyn FnMut(&Value)) {}
}

/// The coroutine as what it is in memory.
fn generator(this: &Obj<Coroutine>) -> &Obj<Generator> {
    // SAFETY: instances have the shape of coroutines, whose payload is a `Generator`.
    unsafe { Obj::borrow_unchecked(this.as_value()) }
}

fn send(th: &mut Thread, coroutine: &Obj<Generator>, value: Value) -> PyResult {
    let resumed = Generator::resume(th, coroutine, value)?;
    finish_call(th, resumed)
}

fn throw(
    th: &mut Thread,
    coroutine: &Obj<Generator>,
    kind: &Value,
    value: Option<&Value>,
    traceback: Option<&Value>,
) -> PyResult {
    let exception = thrown(th, kind, value, traceback)?;
    let resumed = Generator::throw(th, coroutine, exception)?;
    finish_call(th, resumed)
}

/// Warns that nobody awaited a coroutine. What goes wrong with that is reported and goes no further.
pub(crate) fn warn_unawaited(th: &mut Thread, this: &Value, coroutine: &Obj<Generator>) {
    let name = th.intern("warnings");
    let python = match crate::import::name::in_modules(th, &name) {
        Ok(Some(module)) if !module.is_none() => th.lookup_attr(&module, "_warn_unawaited_coroutine"),
        other => other.map(|_| None),
    };
    let warned = python.and_then(|function| match function {
        Some(function) => th.call(&function, std::slice::from_ref(this)).map(|_| true),
        None => Ok(false),
    });
    let warned = warned.unwrap_or_else(|_| {
        // A filter that makes the warning an exception has warned too.
        let warned = th.exception_is(Exc::RuntimeWarning);
        report(th, this);
        warned
    });
    if warned {
        return;
    }
    let qualname = coroutine.__qualname__(th);
    let qualname = th.as_str(&qualname).map(|q| q.units().to_str_lossy().into_owned()).unwrap_or_default();
    let message = format!("coroutine '{qualname}' was never awaited");
    if warn::warn(th, Exc::RuntimeWarning, &message, 1).is_err() {
        report(th, this);
    }
}

/// Reports what was raised for a coroutine that nobody awaited.
fn report(th: &mut Thread, coroutine: &Value) {
    let exception = th.take_exception();
    let message = "Exception ignored while finalizing coroutine";
    crate::exceptions::unraisable(th, exception, Some(coroutine), message);
}

#[pymethods]
impl Coroutine {
    /// send(arg) -> send 'arg' into coroutine,
    /// return next iterated value or raise StopIteration.
    #[name("send")]
    fn send_method(this: &Obj<Self>, th: &mut Thread, arg: Value) -> PyResult {
        send(th, generator(this), arg)
    }

    /// throw(value) -> raise exception in coroutine,
    /// return next iterated value or raise StopIteration.
    #[name("throw")]
    #[signature = "(typ, val=None, tb=None, /)"]
    fn throw_method(
        this: &Obj<Self>,
        th: &mut Thread,
        typ: &Value,
        val: Option<&Value>,
        tb: Option<&Value>,
    ) -> PyResult {
        throw(th, generator(this), typ, val, tb)
    }

    /// close() -> raise GeneratorExit inside coroutine.
    fn close(this: &Obj<Self>, th: &mut Thread) -> PyResult<()> {
        Generator::close(th, generator(this)).map(drop)
    }

    fn __await__(this: &Obj<Self>, th: &mut Thread) -> Obj<CoroutineWrapper> {
        CoroutineWrapper::new_object(th, CoroutineWrapper { coroutine: generator(this).clone() })
    }

    fn __del__(this: &Obj<Self>, th: &mut Thread) -> PyResult<()> {
        let coroutine = generator(this);
        if coroutine.is_created() {
            warn_unawaited(th, this.as_value(), coroutine);
        }
        Generator::finalize(coroutine, th);
        Ok(())
    }

    #[getter]
    fn cr_await(this: &Obj<Self>) -> Value {
        generator(this).gi_yieldfrom()
    }

    #[getter]
    fn cr_running(this: &Obj<Self>) -> bool {
        generator(this).gi_running()
    }

    #[getter]
    fn cr_suspended(this: &Obj<Self>) -> bool {
        generator(this).gi_suspended()
    }

    #[getter]
    fn cr_frame(this: &Obj<Self>, th: &mut Thread) -> Value {
        Generator::frame_or_none(generator(this), th)
    }

    #[getter]
    fn cr_code(this: &Obj<Self>) -> Value {
        generator(this).code.as_value().clone()
    }

    /// Where the coroutine was made; None unless that is tracked.
    #[getter]
    fn cr_origin(this: &Obj<Self>, th: &mut Thread) -> Value {
        let origin = generator(this).asynchronous(th, |own| own.origin.clone());
        origin.unwrap_or(Value::NONE)
    }

    /// name of the coroutine
    #[getter]
    fn __name__(this: &Obj<Self>, th: &mut Thread) -> Value {
        generator(this).__name__(th)
    }

    #[setter("__name__")]
    fn set_name(this: &Obj<Self>, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        generator(this).assign_name(th, value)
    }

    /// qualified name of the coroutine
    #[getter]
    fn __qualname__(this: &Obj<Self>, th: &mut Thread) -> Value {
        generator(this).__qualname__(th)
    }

    #[setter("__qualname__")]
    fn set_qualname(this: &Obj<Self>, th: &mut Thread, value: Option<Value>) -> PyResult<()> {
        generator(this).assign_qualname(th, value)
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        Generator::__repr__(generator(this), th)
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> Value {
        super::generic_alias::make(th, class, item)
    }
}

/// The payload of what `__await__` of a coroutine answers.
#[pyclass(name = "coroutine_wrapper", module = "builtins", no_new)]
pub struct CoroutineWrapper {
    coroutine: Obj<Generator>,
}

#[pymethods]
impl CoroutineWrapper {
    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        match Generator::resume(th, &self.coroutine, Value::NONE)? {
            Resumed::Yielded(value) => Ok(Some(value)),
            returned => finish_call(th, returned).map(Some),
        }
    }

    fn send(&self, th: &mut Thread, arg: Value) -> PyResult {
        send(th, &self.coroutine, arg)
    }

    #[name("throw")]
    #[signature = "(typ, val=None, tb=None, /)"]
    fn throw_method(
        &self,
        th: &mut Thread,
        typ: &Value,
        val: Option<&Value>,
        tb: Option<&Value>,
    ) -> PyResult {
        throw(th, &self.coroutine, typ, val, tb)
    }

    fn close(&self, th: &mut Thread) -> PyResult<()> {
        Generator::close(th, &self.coroutine).map(drop)
    }
}
