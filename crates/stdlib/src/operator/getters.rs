//! `operator.itemgetter`, `attrgetter` and `methodcaller`.

use vm::class::full_name;
use vm::prelude::*;

/// The only argument of a call.
fn single<'a>(th: &mut Thread, args: Args<'a>, name: &str) -> PyResult<&'a Value> {
    if args.has_keywords() {
        return Err(th.type_error(format_args!("{name}() takes no keyword arguments")));
    }
    match args.positional {
        [only] => Ok(only),
        many => {
            let given = many.len();
            Err(th.type_error(format_args!("{name} expected 1 argument, got {given}")))
        }
    }
}

/// What a getter is made of.
fn parts(th: &mut Thread, args: Args<'_>, name: &str) -> PyResult<Vec<Value>> {
    if args.has_keywords() {
        return Err(th.type_error(format_args!("{name}() takes no keyword arguments")));
    }
    let parts = args.positional.to_vec();
    if parts.is_empty() {
        return Err(th.type_error(format_args!("{name} expected at least 1 argument, got 0")));
    }
    Ok(parts)
}

/// `class(item, item, key=value)`
fn show(th: &mut Thread, this: &Value, items: &[Value], keywords: &[(Value, Value)]) -> PyResult<String> {
    let class = th.type_of(this);
    let name = full_name(th, class);
    if !th.enter_repr(this) {
        return Ok(format!("{name}(...)"));
    }
    let shown = show_parts(th, items, keywords);
    th.leave_repr(this);
    Ok(format!("{name}({})", shown?))
}

fn show_parts(th: &mut Thread, items: &[Value], keywords: &[(Value, Value)]) -> PyResult<String> {
    th.check_native_stack()?;
    let mut all = Vec::with_capacity(items.len() + keywords.len());
    for item in items {
        all.push(th.repr(item)?.units().to_str_lossy().into_owned());
    }
    for (name, value) in keywords {
        let name = th.str_of(name)?.units().to_str_lossy().into_owned();
        let value = th.repr(value)?;
        all.push(format!("{name}={}", value.units().to_str_lossy()));
    }
    Ok(all.join(", "))
}

/// A function that answers certain items of its argument.
#[pyclass(name = "itemgetter", module = "operator")]
pub struct ItemGetter {
    items: Vec<Value>,
}

#[pymethods]
impl ItemGetter {
    #[new(raw)]
    #[signature("(item, /, *items)")]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let items = parts(th, args, "itemgetter")?;
        Ok(Obj::new(th, class.payload.instance_shape(), ItemGetter { items }).into_value())
    }

    #[raw]
    fn __call__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        let object = single(th, args, "itemgetter")?;
        if let [item] = this.items.as_slice() {
            return th.get_item(object, item);
        }
        let mut found = Vec::with_capacity(this.items.len());
        for item in &this.items {
            found.push(th.get_item(object, item)?);
        }
        Ok(th.tuple(found))
    }

    fn __reduce__(this: &Obj<Self>, th: &mut Thread) -> Value {
        let class = th.type_of(this.as_value()).value();
        let items = th.tuple(this.items.clone());
        th.tuple(vec![class, items])
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        show(th, this.as_value(), &this.items, &[])
    }
}

/// A function that answers certain attributes of its argument.
#[pyclass(name = "attrgetter", module = "operator")]
pub struct AttrGetter {
    names: Vec<Value>,
    /// By name: its parts between dots, interned.
    paths: Vec<Vec<Obj<Str>>>,
}

fn follow(th: &mut Thread, object: &Value, path: &[Obj<Str>]) -> PyResult {
    let mut found = object.clone();
    for name in path {
        found = th.get_attr(&found, name)?;
    }
    Ok(found)
}

#[pymethods]
impl AttrGetter {
    #[new(raw)]
    #[signature("(attr, /, *attrs)")]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let names = parts(th, args, "attrgetter")?;
        let mut paths = Vec::with_capacity(names.len());
        for name in &names {
            let Some(text) = th.as_str(name) else {
                return Err(th.type_error("attribute name must be a string"));
            };
            let dot = u32::from('.');
            let has_dot = text.units().iter().any(|c| c == dot);
            if has_dot {
                let text = text.units().to_str_lossy().into_owned();
                paths.push(text.split('.').map(|part| th.intern(part)).collect());
            } else {
                paths.push(vec![th.intern_obj(text)]);
            }
        }
        Ok(Obj::new(th, class.payload.instance_shape(), AttrGetter { names, paths }).into_value())
    }

    #[raw]
    fn __call__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        let object = single(th, args, "attrgetter")?;
        if let [path] = this.paths.as_slice() {
            return follow(th, object, path);
        }
        let mut found = Vec::with_capacity(this.paths.len());
        for path in &this.paths {
            found.push(follow(th, object, path)?);
        }
        Ok(th.tuple(found))
    }

    fn __reduce__(this: &Obj<Self>, th: &mut Thread) -> Value {
        let class = th.type_of(this.as_value()).value();
        let names = th.tuple(this.names.clone());
        th.tuple(vec![class, names])
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        show(th, this.as_value(), &this.names, &[])
    }
}

/// A function that calls a certain method of its argument.
#[pyclass(name = "methodcaller", module = "operator")]
pub struct MethodCaller {
    name: Obj<Str>,
    arguments: Vec<Value>,
    keywords: Vec<(Value, Value)>,
}

#[pymethods]
impl MethodCaller {
    #[new(raw)]
    #[signature("(name, /, *args, **kwargs)")]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let Some(name) = args.positional.first() else {
            return Err(th.type_error("methodcaller needs at least one argument, the method name"));
        };
        let Some(name) = th.as_str(name) else { return Err(th.type_error("method name must be a string")) };
        let caller = MethodCaller {
            name: th.intern_obj(name),
            arguments: args.positional.get(1..).unwrap_or(&[]).to_vec(),
            keywords: args.keywords().map(|(n, v)| (n.clone().into_value(), v.clone())).collect(),
        };
        Ok(Obj::new(th, class.payload.instance_shape(), caller).into_value())
    }

    #[raw]
    fn __call__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        let object = single(th, args, "methodcaller")?;
        let method = th.get_attr(object, &this.name)?;
        let (names, values): (Vec<Value>, Vec<Value>) = this.keywords.iter().cloned().unzip();
        th.call_args(
            &method,
            Args { positional: &this.arguments, keyword_values: &values, keyword_names: &names },
        )
    }

    fn __reduce__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let class = th.type_of(this.as_value()).value();
        let name = this.name.clone().into_value();
        if this.keywords.is_empty() {
            let mut all = vec![name];
            all.extend(this.arguments.iter().cloned());
            let all = th.tuple(all);
            return Ok(th.tuple(vec![class, all]));
        }
        let functools = th.import("functools")?;
        let partial = th.get_attr_str(&functools, "partial")?;
        let (names, values): (Vec<Value>, Vec<Value>) = this.keywords.iter().cloned().unzip();
        let made = th.call_args(
            &partial,
            Args { positional: &[class, name], keyword_values: &values, keyword_names: &names },
        )?;
        let arguments = th.tuple(this.arguments.clone());
        Ok(th.tuple(vec![made, arguments]))
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let mut all = vec![this.name.clone().into_value()];
        all.extend(this.arguments.iter().cloned());
        show(th, this.as_value(), &all, &this.keywords)
    }
}
