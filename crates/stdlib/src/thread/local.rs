//! `_thread._local`: an object with one attribute dict for each thread.

use std::sync::atomic::{AtomicUsize, Ordering};

use vm::class::{descriptor, lookup};
use vm::names::{Special, names};
use vm::prelude::*;

static NEXT: AtomicUsize = AtomicUsize::new(1);

/// Thread-local data.
#[pyclass(name = "_local", module = "_thread", weakref, subclassable)]
pub struct Local {
    /// Tells this object's dicts from those of others, and of dead ones.
    #[no_trace]
    key: usize,
    arguments: Vec<Value>,
    keywords: Vec<(Value, Value)>,
}

impl Local {
    /// The dict of the calling thread, made at first use (then a subclass's `__init__` runs).
    fn dict(this: &Obj<Local>, th: &mut Thread) -> PyResult<Obj<Dict>> {
        let known = th.locals.iter().find(|(key, _)| *key == this.key).map(|(_, dict)| dict.clone());
        if let Some(dict) = known.and_then(|d| th.exact::<Dict>(&d).cloned()) {
            return Ok(dict);
        }
        let dict = th.dict();
        th.locals.push((this.key, dict.clone().into_value()));
        let class = th.type_of(this.as_value());
        let init = vm::class::special::get(th, class, Special::Init).cloned();
        if let Some(init) = init
            && !vm::class::construct::is_object_init(th, &init)
        {
            let bound = descriptor::bind(th, &init, Some(this.as_value()), class)?;
            let keywords: Vec<(Obj<Str>, Value)> = this
                .keywords
                .iter()
                .filter_map(|(name, value)| Some((th.as_str(name)?.clone(), value.clone())))
                .collect();
            if let Err(raised) = th.call_kw(&bound, &this.arguments, &keywords) {
                th.locals.retain(|(key, _)| *key != this.key);
                return Err(raised);
            }
        }
        Ok(dict)
    }
}

#[pymethods]
impl Local {
    #[new(raw)]
    fn make(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let given = !args.positional.is_empty() || args.has_keywords();
        let init = vm::class::special::get(th, class, Special::Init).cloned();
        if given && init.is_none_or(|init| vm::class::construct::is_object_init(th, &init)) {
            return Err(th.type_error("Initialization arguments are not supported"));
        }
        let local = Local {
            key: NEXT.fetch_add(1, Ordering::Relaxed), // Relaxed: only uniqueness matters.
            arguments: args.positional.get(..).unwrap_or(&[]).to_vec(),
            keywords: args.keywords().map(|(n, v)| (n.clone().into_value(), v.clone())).collect(),
        };
        let local = Obj::new(th, class.payload.instance_shape(), local);
        // The creating thread's `__init__` is called by `type.__call__`: its dict exists from now on.
        let dict = th.dict().into_value();
        th.locals.push((local.key, dict));
        Ok(local.into_value())
    }

    fn __getattribute__(this: &Obj<Self>, th: &mut Thread, name: &Obj<Str>) -> PyResult {
        let dict = Local::dict(this, th)?;
        if name.same(&names().dict) {
            return Ok(dict.into_value());
        }
        let class = th.type_of(this.as_value());
        let found = lookup(th, class, name);
        if let Some(found) = &found
            && descriptor::is_data(th, found)
        {
            return descriptor::bind(th, found, Some(this.as_value()), class);
        }
        if let Some(value) = dict.get_str(th, name) {
            return Ok(value);
        }
        match found {
            Some(found) => descriptor::bind(th, &found, Some(this.as_value()), class),
            None => Err(th.no_attribute(this.as_value(), name)),
        }
    }

    fn __setattr__(this: &Obj<Self>, th: &mut Thread, name: &Obj<Str>, value: &Value) -> PyResult<()> {
        assign(this, th, name, Some(value))
    }

    fn __delattr__(this: &Obj<Self>, th: &mut Thread, name: &Obj<Str>) -> PyResult<()> {
        assign(this, th, name, None)
    }
}

fn assign(this: &Obj<Local>, th: &mut Thread, name: &Obj<Str>, value: Option<&Value>) -> PyResult<()> {
    let dict = Local::dict(this, th)?;
    if name.same(&names().dict) {
        let class = th.type_name(this.as_value());
        return Err(th.attribute_error(format_args!("'{class}' object attribute '__dict__' is read-only")));
    }
    let class = th.type_of(this.as_value());
    if let Some(found) = lookup(th, class, name)
        && descriptor::assign(th, &found, this.as_value(), value)?.is_some()
    {
        return Ok(());
    }
    let done = match value {
        Some(value) => dict.set_str(th, name, value.clone()).is_ok(),
        None => dict.remove_str(th, name).is_some(),
    };
    if done { Ok(()) } else { Err(th.no_attribute(this.as_value(), name)) }
}
