//! `_contextvars`: context variables. The current context of a thread is in `Thread::context`.
//!
//! A context's variables are an immutable table behind an `Arc`, so that copying a context copies nothing; setting a
//! variable replaces the table.

use std::sync::Arc;

use vm::prelude::*;

/// Variables (objects of [`ContextVar`]) with their values, ordered by the variables' addresses.
type Table = Vec<(Value, Value)>;

struct State {
    table: Arc<Table>,
    /// The context that was current before this one was entered, while this one is.
    previous: Option<Option<Value>>,
}

impl Trace for State {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        // A shared table would be visited once for each context that shares it: it is left to live as long as they do.
        if Arc::strong_count(&self.table) == 1 {
            self.table.trace(visit);
        }
        if let Some(previous) = &self.previous {
            previous.trace(visit);
        }
    }
}

fn position(table: &Table, variable: &Value) -> Result<usize, usize> {
    table.binary_search_by_key(&variable.word(), |(v, _)| v.word())
}

/// The payload of a context.
#[pyclass(name = "Context", module = "_contextvars", weakref, mapping)]
pub struct Context {
    state: Guarded<State>,
}

impl Context {
    fn with(table: Arc<Table>) -> Context {
        Context { state: Guarded::new(State { table, previous: None }) }
    }

    fn table(&self, th: &Thread) -> Arc<Table> {
        self.state.lock(th).table.clone()
    }

    fn get(&self, th: &Thread, variable: &Value) -> Option<Value> {
        let table = self.table(th);
        position(&table, variable).ok().map(|at| table[at].1.clone())
    }

    /// Sets (Some) or removes a variable; the value of before.
    fn set(&self, th: &Thread, variable: &Value, value: Option<Value>) -> Option<Value> {
        let old = self.table(th);
        let mut table: Table = (*old).clone();
        let before = match (position(&table, variable), value) {
            (Ok(at), Some(value)) => Some(std::mem::replace(&mut table[at].1, value)),
            (Ok(at), None) => Some(table.remove(at).1),
            (Err(at), Some(value)) => {
                table.insert(at, (variable.clone(), value));
                None
            }
            (Err(_), None) => None,
        };
        let gone = std::mem::replace(&mut self.state.lock(th).table, Arc::new(table));
        drop(gone);
        before
    }
}

/// The current context, made if there is none.
fn current(th: &mut Thread) -> Obj<Context> {
    if let Some(context) = th.context.clone()
        && let Some(context) = th.exact::<Context>(&context)
    {
        return context.clone();
    }
    let context = Context::new_object(th, Context::with(Arc::new(Vec::new())));
    th.context = Some(context.as_value().clone());
    context
}

fn variable_argument(th: &mut Thread, value: &Value) -> PyResult<()> {
    if th.exact::<ContextVar>(value).is_some() {
        return Ok(());
    }
    let shown = th.repr(value)?.units().to_str_lossy().into_owned();
    Err(th.type_error(format_args!("a ContextVar key was expected, got {shown}")))
}

#[pymethods]
impl Context {
    #[new]
    #[signature("()")]
    fn new(_th: &mut Thread) -> PyResult<Context> {
        Ok(Context::with(Arc::new(Vec::new())))
    }

    #[raw]
    fn run(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        let Some(callable) = args.positional.first() else {
            return Err(th.type_error("run() missing 1 required positional argument"));
        };
        let previous = th.context.clone();
        let entered = {
            let mut state = this.state.lock(th);
            let free = state.previous.is_none();
            if free {
                state.previous = Some(previous.clone());
            }
            free
        };
        if !entered {
            let shown = th.repr(this.as_value())?.units().to_str_lossy().into_owned();
            return Err(th.runtime_error(format_args!("cannot enter context: {shown} is already entered")));
        }
        th.context = Some(this.as_value().clone());
        let result = th.call_args(callable, args.without_receiver());
        let left = this.state.lock(th).previous.take();
        drop(left);
        let old = std::mem::replace(&mut th.context, previous);
        drop(old);
        result
    }

    /// A context with the same values.
    fn copy(&self, th: &mut Thread) -> Obj<Context> {
        let table = self.table(th);
        Context::new_object(th, Context::with(table))
    }

    #[signature = "(key, default=None, /)"]
    #[name("get")]
    fn get_method(&self, th: &mut Thread, key: &Value, default: Option<&Value>) -> PyResult {
        variable_argument(th, key)?;
        let found = Context::get(self, th, key);
        Ok(found.or_else(|| default.cloned()).unwrap_or(Value::NONE))
    }

    /// The variables.
    fn keys(&self, th: &mut Thread) -> PyResult {
        let table = self.table(th);
        let all = th.tuple(table.iter().map(|(variable, _)| variable.clone()).collect());
        th.iter(&all)
    }

    /// Their values.
    fn values(&self, th: &mut Thread) -> PyResult {
        let table = self.table(th);
        let all = th.tuple(table.iter().map(|(_, value)| value.clone()).collect());
        th.iter(&all)
    }

    /// Pairs of variables and values.
    fn items(&self, th: &mut Thread) -> PyResult {
        let table = self.table(th);
        let pairs =
            table.iter().map(|(variable, value)| th.tuple(vec![variable.clone(), value.clone()])).collect();
        let all = th.tuple(pairs);
        th.iter(&all)
    }

    fn __iter__(&self, th: &mut Thread) -> PyResult {
        Context::keys(self, th)
    }

    fn __len__(&self, th: &mut Thread) -> usize {
        self.table(th).len()
    }

    fn __contains__(&self, th: &mut Thread, key: &Value) -> PyResult<bool> {
        variable_argument(th, key)?;
        Ok(Context::get(self, th, key).is_some())
    }

    fn __getitem__(&self, th: &mut Thread, key: &Value) -> PyResult {
        variable_argument(th, key)?;
        match Context::get(self, th, key) {
            Some(value) => Ok(value),
            None => Err(th.key_error(key.clone())),
        }
    }

    fn __eq__(&self, th: &mut Thread, other: &Value) -> PyResult {
        let Some(other) = th.exact::<Context>(other).cloned() else { return Ok(Value::NOT_IMPLEMENTED) };
        let (a, b) = (self.table(th), other.table(th));
        if a.len() != b.len() {
            return Ok(Value::FALSE);
        }
        for ((x, value_x), (y, value_y)) in a.iter().zip(b.iter()) {
            if !x.is(y) || !th.eq(value_x, value_y)? {
                return Ok(Value::FALSE);
            }
        }
        Ok(Value::TRUE)
    }
}

/// The payload of a context variable.
#[pyclass(name = "ContextVar", module = "_contextvars", weakref)]
pub struct ContextVar {
    name: Value,
    default: Option<Value>,
}

impl ContextVar {
    /// A variable without a default.
    pub fn named(th: &mut Thread, name: &str) -> Obj<ContextVar> {
        let name = th.str(name);
        ContextVar::new_object(th, ContextVar { name, default: None })
    }
}

#[pymethods]
impl ContextVar {
    #[new]
    #[signature("(name, /, *, default=<unrepresentable>)")]
    fn new(th: &mut Thread, name: &Value, default: Option<&Value>) -> PyResult<ContextVar> {
        if th.as_str(name).is_none() {
            return Err(th.type_error("context variable name must be a str"));
        }
        Ok(ContextVar { name: name.clone(), default: default.cloned() })
    }

    #[getter]
    fn name(&self) -> Value {
        self.name.clone()
    }

    /// The value of the variable in the current context.
    #[signature = "(default=<unrepresentable>, /)"]
    fn get(this: &Obj<Self>, th: &mut Thread, default: Option<&Value>) -> PyResult {
        let context = th.context.clone();
        let context = context.as_ref().and_then(|context| th.exact::<Context>(context));
        if let Some(value) = context.and_then(|context| Context::get(context, th, this.as_value())) {
            return Ok(value);
        }
        match default.or(this.default.as_ref()) {
            Some(default) => Ok(default.clone()),
            None => Err(th.raise_args(Exc::LookupError, vec![this.as_value().clone()])),
        }
    }

    /// Sets the variable in the current context; a token to undo it with.
    #[signature = "(value, /)"]
    fn set(this: &Obj<Self>, th: &mut Thread, value: &Value) -> Obj<Token> {
        let context = current(th);
        let old = Context::set(&context, th, this.as_value(), Some(value.clone()));
        let token =
            Token { context, variable: this.clone(), old, used: std::sync::atomic::AtomicBool::new(false) };
        Token::new_object(th, token)
    }

    /// Gives the variable the value that it had before the set() that made the token.
    #[signature = "(token, /)"]
    fn reset(this: &Obj<Self>, th: &mut Thread, token: &Value) -> PyResult<()> {
        let Some(token) = th.exact::<Token>(token).cloned() else {
            let shown = th.repr(token)?.units().to_str_lossy().into_owned();
            return Err(th.type_error(format_args!("expected an instance of Token, got {shown}")));
        };
        Token::undo(&token, th, this.as_value())
    }

    fn __hash__(this: &Obj<Self>) -> i64 {
        vm::protocol::hash::identity(this.as_value())
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let name = th.repr(&this.name)?.units().to_str_lossy().into_owned();
        let address = this.as_value().word();
        match &this.default {
            Some(default) if th.enter_repr(this.as_value()) => {
                let shown = th.repr(default);
                th.leave_repr(this.as_value());
                let shown = shown?;
                let shown = shown.units().to_str_lossy();
                Ok(format!("<ContextVar name={name} default={shown} at {address:#x}>"))
            }
            _ => Ok(format!("<ContextVar name={name} at {address:#x}>")),
        }
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> Value {
        vm::builtins::generic_alias::make(th, class, item)
    }
}

/// The type of `Token.MISSING`.
#[pyclass(name = "MISSING", module = "_contextvars", no_new)]
pub struct Missing;

#[pymethods]
impl Missing {
    fn __repr__(&self) -> &'static str {
        "<Token.MISSING>"
    }
}

static MISSING: OnceLock<Value> = OnceLock::new();

fn missing(th: &mut Thread) -> Value {
    if let Some(known) = MISSING.get() {
        return known.clone();
    }
    let made = Missing::new_object(th, Missing);
    made.header().make_immortal();
    MISSING.get_or_init(|| made.into_value()).clone()
}

/// The payload of what undoes a set().
#[pyclass(name = "Token", module = "_contextvars")]
pub struct Token {
    context: Obj<Context>,
    variable: Obj<ContextVar>,
    old: Option<Value>,
    used: std::sync::atomic::AtomicBool,
}

impl Token {
    fn undo(this: &Obj<Token>, th: &mut Thread, variable: &Value) -> PyResult<()> {
        use std::sync::atomic::Ordering;
        let shown = |th: &mut Thread| -> PyResult<String> {
            Ok(th.repr(this.as_value())?.units().to_str_lossy().into_owned())
        };
        // Relaxed: a flag on its own.
        if this.used.load(Ordering::Relaxed) {
            let shown = shown(th)?;
            return Err(th.runtime_error(format_args!("{shown} has already been used once")));
        }
        if !this.variable.as_value().is(variable) {
            let shown = shown(th)?;
            return Err(th.value_error(format_args!("{shown} was created by a different ContextVar")));
        }
        let context = current(th);
        if !context.as_value().is(this.context.as_value()) {
            let shown = shown(th)?;
            return Err(th.value_error(format_args!("{shown} was created in a different Context")));
        }
        this.used.store(true, Ordering::Relaxed); // Relaxed: as above.
        let gone = Context::set(&context, th, variable, this.old.clone());
        drop(gone);
        Ok(())
    }
}

#[pymethods]
impl Token {
    #[new(raw)]
    fn new(th: &mut Thread, _class: Class, _args: Args<'_>) -> PyResult {
        Err(th.runtime_error("Tokens can only be created by ContextVars"))
    }

    #[constant]
    #[name("MISSING")]
    fn missing_mark(th: &mut Thread) -> Value {
        missing(th)
    }

    #[getter]
    fn var(&self) -> Value {
        self.variable.as_value().clone()
    }

    #[getter]
    fn old_value(&self, th: &mut Thread) -> Value {
        self.old.clone().unwrap_or_else(|| missing(th))
    }

    fn __enter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    #[signature = "(type, value, traceback, /)"]
    fn __exit__(
        this: &Obj<Self>,
        th: &mut Thread,
        type_: &Value,
        value: &Value,
        traceback: &Value,
    ) -> PyResult<()> {
        let _ = (type_, value, traceback);
        let variable = this.variable.as_value().clone();
        Token::undo(this, th, &variable)
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let variable = th.repr(this.variable.as_value())?;
        // Relaxed: a flag on its own.
        let used = if this.used.load(std::sync::atomic::Ordering::Relaxed) { "used " } else { "" };
        let address = this.as_value().word();
        Ok(format!("<Token {used}var={} at {address:#x}>", variable.units().to_str_lossy()))
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> Value {
        vm::builtins::generic_alias::make(th, class, item)
    }
}

/// Context variables.
#[pymodule(name = "_contextvars", classes = [super::Context, super::ContextVar, super::Token])]
pub mod module {
    use super::Context;
    use vm::prelude::*;

    /// A copy of the current context.
    #[pyfunction]
    fn copy_context(th: &mut Thread) -> Obj<Context> {
        let table = super::current(th).table(th);
        Context::new_object(th, Context::with(table))
    }
}
