//! `functools.partial` and `functools.Placeholder`.

use vm::builtins::function::Method;
use vm::class::{full_name, special};
use vm::names::{Special, names};
use vm::prelude::*;

/// The type of `Placeholder`.
#[pyclass(name = "_PlaceholderType", module = "functools", doc = "The type of the Placeholder singleton.")]
pub struct PlaceholderType;

static PLACEHOLDER: OnceLock<Value> = OnceLock::new();

/// `functools.Placeholder`
pub fn placeholder(th: &mut Thread) -> Value {
    if let Some(known) = PLACEHOLDER.get() {
        return known.clone();
    }
    let made = PlaceholderType::new_object(th, PlaceholderType);
    made.header().make_immortal();
    PLACEHOLDER.get_or_init(|| made.into_value()).clone()
}

#[pymethods]
impl PlaceholderType {
    #[new(raw)]
    fn new(th: &mut Thread, _class: Class, args: Args<'_>) -> PyResult {
        if !args.positional.is_empty() || args.has_keywords() {
            return Err(th.type_error("_PlaceholderType takes no arguments"));
        }
        Ok(placeholder(th))
    }

    fn __repr__(&self) -> &'static str {
        "Placeholder"
    }

    fn __reduce__(&self) -> &'static str {
        "Placeholder"
    }
}

fn is_placeholder(value: &Value) -> bool {
    PLACEHOLDER.get().is_some_and(|known| known.is(value))
}

/// What a partial adds to a call.
#[derive(Clone)]
struct Fixed {
    function: Value,
    /// A tuple.
    arguments: Obj<Tuple>,
    keywords: Obj<Dict>,
    /// How many of the arguments are placeholders.
    gaps: usize,
}

impl Trace for Fixed {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.function.trace(visit);
        self.arguments.trace(visit);
        self.keywords.trace(visit);
    }
}

/// A function with some of its arguments given.
#[pyclass(name = "partial", module = "functools", subclassable, dict, weakref)]
pub struct Partial {
    fixed: Guarded<Fixed>,
}

/// The arguments of a call, placed in the gaps; then those that are left.
fn place(th: &mut Thread, arguments: &[Value], gaps: usize, given: &[Value]) -> PyResult<Vec<Value>> {
    if given.len() < gaps {
        let count = given.len();
        return Err(th.type_error(format_args!(
            "missing positional arguments in 'partial' call; expected at least {gaps}, got {count}"
        )));
    }
    let mut all = Vec::with_capacity(arguments.len() + given.len() - gaps);
    let mut given = given.iter();
    for argument in arguments {
        let filled = if gaps > 0 && is_placeholder(argument) { given.next() } else { None };
        all.push(filled.unwrap_or(argument).clone());
    }
    all.extend(given.cloned());
    Ok(all)
}

fn tuple_of(th: &mut Thread, items: Vec<Value>) -> PyResult<Obj<Tuple>> {
    let made = th.tuple(items);
    match th.exact::<Tuple>(&made) {
        Some(tuple) => Ok(tuple.clone()),
        None => Err(th.system_error("a tuple is no tuple")),
    }
}

/// True unless a subclass has a `__call__` of its own.
fn calls_plainly(th: &mut Thread, partial: &Value) -> bool {
    let (own, plain) = (th.type_of(partial), Partial::class(th));
    match (special::get(th, own, Special::Call), special::get(th, plain, Special::Call)) {
        (Some(own), Some(plain)) => own.is(plain),
        _ => false,
    }
}

impl Partial {
    fn fixed(&self, th: &Thread) -> Fixed {
        self.fixed.lock(th).clone()
    }
}

#[pymethods]
impl Partial {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let Some(function) = args.positional.first() else {
            return Err(th.type_error("type 'partial' takes at least one argument"));
        };
        if !th.is_callable(function) {
            return Err(th.type_error("the first argument must be callable"));
        }
        let own = args.positional.get(1..).unwrap_or(&[]);
        if own.last().is_some_and(is_placeholder) {
            return Err(th.type_error("trailing Placeholders are not allowed"));
        }
        if args.keyword_values.iter().any(is_placeholder) {
            return Err(th.type_error("Placeholder cannot be passed as a keyword argument"));
        }
        let keywords = th.dict();
        // A partial of a partial is a partial of what that one is of.
        let inner = match th.downcast::<Partial>(function).cloned() {
            Some(inner)
                if calls_plainly(th, function)
                    && vm::class::attribute::own_names(th, function).is_empty() =>
            {
                Some(inner.fixed(th))
            }
            _ => None,
        };
        let (function, arguments) = match inner {
            Some(inner) => {
                let inner_keywords = inner.keywords.clone().into_value();
                th.dict_update_from(&keywords, &inner_keywords)?;
                // Gaps may stay gaps: only as many are filled as arguments are given.
                let mut given = own.iter();
                let mut all: Vec<Value> = Vec::with_capacity(inner.arguments.len() + own.len());
                for argument in inner.arguments.items() {
                    let filled = if is_placeholder(argument) { given.next() } else { None };
                    all.push(filled.unwrap_or(argument).clone());
                }
                all.extend(given.cloned());
                (inner.function, all)
            }
            None => (function.clone(), own.to_vec()),
        };
        for (name, value) in args.keywords() {
            th.dict_set(&keywords, name.as_value(), value.clone())?;
        }
        let gaps = arguments.iter().filter(|a| is_placeholder(a)).count();
        let arguments = tuple_of(th, arguments)?;
        let fixed = Fixed { function, arguments, keywords, gaps };
        let partial = Partial { fixed: Guarded::new(fixed) };
        Ok(Obj::new(th, class.payload.instance_shape(), partial).into_value())
    }

    #[raw]
    fn __call__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        let fixed = this.fixed(th);
        let positional = place(th, fixed.arguments.items(), fixed.gaps, args.positional)?;
        if fixed.keywords.len() == 0 {
            return th.call_args(&fixed.function, Args { positional: &positional, ..args });
        }
        let mut names = Vec::new();
        let mut values = Vec::new();
        for (name, value, _) in fixed.keywords.snapshot(th) {
            let Some(text) = th.as_str(&name) else { return Err(th.type_error("keywords must be strings")) };
            let given = args.keywords().find(|(n, _)| n.same(text));
            values.push(given.map_or(value, |(_, v)| v.clone()));
            names.push(name);
        }
        for (name, value) in args.keywords() {
            if !names.iter().any(|n| th.as_str(n).is_some_and(|n| n.same(name))) {
                names.push(name.clone().into_value());
                values.push(value.clone());
            }
        }
        th.call_args(
            &fixed.function,
            Args { positional: &positional, keyword_values: &values, keyword_names: &names },
        )
    }

    #[signature = "(instance, owner=None, /)"]
    fn __get__(this: &Obj<Self>, th: &mut Thread, instance: &Value, owner: Option<&Value>) -> Value {
        let _ = owner;
        if instance.is_none() {
            return this.as_value().clone();
        }
        let method = Method { function: this.as_value().clone(), receiver: instance.clone() };
        Obj::new(th, builtin::METHOD, method).into_value()
    }

    #[getter]
    fn func(&self, th: &mut Thread) -> Value {
        self.fixed(th).function
    }

    #[getter]
    fn args(&self, th: &mut Thread) -> Value {
        self.fixed(th).arguments.into_value()
    }

    #[getter]
    fn keywords(&self, th: &mut Thread) -> Obj<Dict> {
        self.fixed(th).keywords
    }

    fn __reduce__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let fixed = this.fixed(th);
        let class = th.type_of(this.as_value()).value();
        let own = vm::class::attribute::own_names(th, this.as_value());
        let dict = if own.is_empty() { Value::NONE } else { th.get_attr(this.as_value(), &names().dict)? };
        let function = th.tuple(vec![fixed.function.clone()]);
        let arguments = fixed.arguments.into_value();
        let state = th.tuple(vec![fixed.function, arguments, fixed.keywords.into_value(), dict]);
        Ok(th.tuple(vec![class, function, state]))
    }

    fn __setstate__(this: &Obj<Self>, th: &mut Thread, state: &Value) -> PyResult<()> {
        let items = th.downcast::<Tuple>(state).map(|state| state.items().to_vec());
        let Some([function, arguments, keywords, dict]) = items.as_deref() else {
            return Err(th.type_error("invalid partial state"));
        };
        let (Some(arguments), true) = (th.downcast::<Tuple>(arguments), th.is_callable(function)) else {
            return Err(th.type_error("invalid partial state"));
        };
        let arguments = match th.exact::<Tuple>(arguments.as_value()) {
            Some(arguments) => arguments.clone(),
            None => tuple_of(th, arguments.items().to_vec())?,
        };
        if arguments.items().last().is_some_and(is_placeholder) {
            return Err(th.type_error("trailing Placeholders are not allowed"));
        }
        let own = th.exact::<Dict>(keywords).cloned().unwrap_or_else(|| th.dict());
        if own.as_value().is(keywords) {
            // Kept as it is.
        } else if th.downcast::<Dict>(keywords).is_some() {
            th.dict_update_from(&own, keywords)?;
        } else if !keywords.is_none() {
            return Err(th.type_error("invalid partial state"));
        }
        if !dict.is_none() {
            th.set_attr(this.as_value(), &names().dict, dict)?;
        } else if !vm::class::attribute::own_names(th, this.as_value()).is_empty() {
            let empty = th.dict().into_value();
            th.set_attr(this.as_value(), &names().dict, &empty)?;
        }
        let gaps = arguments.items().iter().filter(|a| is_placeholder(a)).count();
        let new = Fixed { function: function.clone(), arguments, keywords: own, gaps };
        let old = std::mem::replace(&mut *this.fixed.lock(th), new);
        drop(old);
        Ok(())
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let class = th.type_of(this.as_value());
        let name = full_name(th, class);
        if !th.enter_repr(this.as_value()) {
            return Ok("...".to_owned());
        }
        let fixed = this.fixed(th);
        let shown = show(th, &fixed);
        th.leave_repr(this.as_value());
        Ok(format!("{name}({})", shown?))
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> Value {
        vm::builtins::generic_alias::make(th, class, item)
    }
}

fn show(th: &mut Thread, fixed: &Fixed) -> PyResult<String> {
    th.check_native_stack()?;
    let mut all = vec![th.repr(&fixed.function)?.units().to_str_lossy().into_owned()];
    for argument in fixed.arguments.items() {
        all.push(th.repr(argument)?.units().to_str_lossy().into_owned());
    }
    for (name, value, _) in fixed.keywords.snapshot(th) {
        let name = th.str_of(&name)?.units().to_str_lossy().into_owned();
        let value = th.repr(&value)?;
        all.push(format!("{name}={}", value.units().to_str_lossy()));
    }
    Ok(all.join(", "))
}
