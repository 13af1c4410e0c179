//! `__annotations__` and `__annotate__` of classes: evaluated when somebody asks (PEP 649).
//!
//! The class body leaves the function under `__annotate_func__`; what it computed is kept under
//! `__annotations_cache__`.

use object_model::ty::{Type, flag};

use super::type_::{TypeClass, check_mutable, class_of, put, take};
use crate::class::descriptor;
use crate::names::names;
use crate::prelude::*;

struct Keys {
    function: Obj<Str>,
    cache: Obj<Str>,
}

fn keys(th: &mut Thread) -> Keys {
    Keys { function: th.intern("__annotate_func__"), cache: th.intern("__annotations_cache__") }
}

fn annotate_of(th: &mut Thread, class: Class) -> PyResult {
    let keys = keys(th);
    let dict = class.payload.dict.clone();
    let found = dict.get_str(th, &keys.function).or_else(|| dict.get_str(th, &names().annotate));
    match found {
        Some(found) => descriptor::bind(th, &found, None, class),
        None => {
            put(th, class, &keys.function, Value::NONE)?;
            Ok(Value::NONE)
        }
    }
}

#[pymethods(for = Type, part = "annotations")]
impl TypeClass {
    #[getter]
    fn __annotate__(this: &Obj<Type>, th: &mut Thread) -> PyResult {
        if !this.has(flag::HEAP) {
            return Err(th.no_attribute(this.as_value(), &names().annotate));
        }
        annotate_of(th, class_of(this))
    }

    #[setter("__annotate__")]
    fn set_annotate(this: &Obj<Type>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let class = class_of(this);
        let Some(value) = value else { return Err(th.type_error("cannot delete __annotate__ attribute")) };
        check_mutable(th, class, "__annotate__")?;
        if !value.is_none() && !th.is_callable(value) {
            return Err(th.type_error("__annotate__ must be callable or None"));
        }
        let keys = keys(th);
        put(th, class, &keys.function, value.clone())?;
        if !value.is_none() {
            take(th, class, &keys.cache);
        }
        Ok(())
    }

    #[getter]
    fn __annotations__(this: &Obj<Type>, th: &mut Thread) -> PyResult {
        let class = class_of(this);
        if !this.has(flag::HEAP) {
            return Err(th.no_attribute(this.as_value(), &names().annotations));
        }
        let keys = keys(th);
        let found =
            this.dict.get_str(th, &names().annotations).or_else(|| this.dict.get_str(th, &keys.cache));
        if let Some(found) = found {
            return descriptor::bind(th, &found, None, class);
        }
        let annotate = annotate_of(th, class)?;
        let annotations = if th.is_callable(&annotate) {
            let format = th.int(1);
            let made = th.call(&annotate, &[format])?;
            if th.downcast::<Dict>(&made).is_none() {
                let found = th.type_name(&made);
                return Err(th.type_error(format_args!("__annotate__() must return a dict, not {found}")));
            }
            made
        } else {
            th.dict().into_value()
        };
        put(th, class, &keys.cache, annotations.clone())?;
        Ok(annotations)
    }

    #[setter("__annotations__")]
    fn set_annotations(this: &Obj<Type>, th: &mut Thread, value: Option<&Value>) -> PyResult<()> {
        let class = class_of(this);
        check_mutable(th, class, "__annotations__")?;
        let keys = keys(th);
        let plain = &names().annotations;
        match value {
            Some(value) => {
                let has_plain = this.dict.get_str(th, plain).is_some();
                put(th, class, if has_plain { plain } else { &keys.cache }, value.clone())?;
            }
            None => {
                let removed = take(th, class, plain) | take(th, class, &keys.cache);
                if !removed {
                    return Err(th.no_attribute(this.as_value(), plain));
                }
            }
        }
        take(th, class, &names().annotate);
        put(th, class, &keys.function, Value::NONE)
    }
}
