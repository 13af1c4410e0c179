//! `sys.monitoring`: tools may register; as no events are produced, asking for any is an error.

use parking_lot::Mutex;

use crate::builtins::{module, namespace};
use crate::import::set_sys_attribute;
use crate::prelude::*;

/// Tools that can be registered at a time.
const TOOLS: usize = 6;
/// The events' names, by bit.
const EVENTS: [&str; 19] = [
    "PY_START",
    "PY_RESUME",
    "PY_RETURN",
    "PY_YIELD",
    "CALL",
    "LINE",
    "INSTRUCTION",
    "JUMP",
    "BRANCH_LEFT",
    "BRANCH_RIGHT",
    "STOP_ITERATION",
    "RAISE",
    "EXCEPTION_HANDLED",
    "PY_UNWIND",
    "PY_THROW",
    "RERAISE",
    "C_RETURN",
    "C_RAISE",
    "BRANCH",
];

static NAMES: Mutex<[Option<Value>; TOOLS]> = Mutex::new([const { None }; TOOLS]);

/// What the module is made of.
#[pymodule(name = "monitoring")]
pub mod functions {
    use super::{NAMES, ask, checked};
    use crate::prelude::*;

    #[pyattr]
    const DEBUGGER_ID: i64 = 0;
    #[pyattr]
    const COVERAGE_ID: i64 = 1;
    #[pyattr]
    const PROFILER_ID: i64 = 2;
    #[pyattr]
    const OPTIMIZER_ID: i64 = 5;

    /// Registers a tool under a number that is free.
    #[pyfunction]
    fn use_tool_id(th: &mut Thread, tool_id: i64, name: &Value) -> PyResult<()> {
        let id = checked(th, tool_id)?;
        if th.as_str(name).is_none() {
            return Err(th.value_error("tool name must be a str"));
        }
        let mut names = NAMES.lock();
        if names[id].is_some() {
            drop(names);
            return Err(th.value_error(format_args!("tool {id} is already in use")));
        }
        names[id] = Some(name.clone());
        Ok(())
    }

    /// Forgets a tool's callbacks: there are none.
    #[pyfunction]
    fn clear_tool_id(th: &mut Thread, tool_id: i64) -> PyResult<()> {
        checked(th, tool_id).map(drop)
    }

    /// Makes a tool's number free.
    #[pyfunction]
    fn free_tool_id(th: &mut Thread, tool_id: i64) -> PyResult<()> {
        let id = checked(th, tool_id)?;
        let old = NAMES.lock()[id].take();
        drop(old);
        Ok(())
    }

    /// The name of a tool, or None.
    #[pyfunction]
    fn get_tool(th: &mut Thread, tool_id: i64) -> PyResult<Option<Value>> {
        let id = checked(th, tool_id)?;
        Ok(NAMES.lock()[id].clone())
    }

    /// Registers a callback, which must be None: there are no events.
    #[pyfunction]
    fn register_callback(th: &mut Thread, tool_id: i64, event: i64, func: &Value) -> PyResult<()> {
        checked(th, tool_id)?;
        ask(th, if func.is_none() { 0 } else { event })
    }

    /// The events that a tool asked for: none.
    #[pyfunction]
    fn get_events(th: &mut Thread, tool_id: i64) -> PyResult<i64> {
        checked(th, tool_id).map(|_| 0)
    }

    /// Asks for events; only 0 is supported.
    #[pyfunction]
    fn set_events(th: &mut Thread, tool_id: i64, event_set: i64) -> PyResult<()> {
        checked(th, tool_id)?;
        ask(th, event_set)
    }

    /// The events that a tool asked for in a code object: none.
    #[pyfunction]
    fn get_local_events(th: &mut Thread, tool_id: i64, code: &Value) -> PyResult<i64> {
        let _ = code;
        checked(th, tool_id).map(|_| 0)
    }

    /// Asks for events of a code object; only 0 is supported.
    #[pyfunction]
    fn set_local_events(th: &mut Thread, tool_id: i64, code: &Value, event_set: i64) -> PyResult<()> {
        let _ = code;
        checked(th, tool_id)?;
        ask(th, event_set)
    }

    /// Starts events again that were switched off one by one: there are none.
    #[pyfunction]
    fn restart_events() {}
}

fn checked(th: &mut Thread, tool: i64) -> PyResult<usize> {
    match usize::try_from(tool) {
        Ok(id) if id < TOOLS => Ok(id),
        _ => Err(th.value_error(format_args!("invalid tool {tool} (must be between 0 and 5)"))),
    }
}

fn ask(th: &mut Thread, events: i64) -> PyResult<()> {
    if events == 0 {
        return Ok(());
    }
    Err(th.not_implemented_error("sys.monitoring: there are no events"))
}

/// Makes `sys.monitoring`.
pub(super) fn fill(th: &mut Thread) -> PyResult<()> {
    let monitoring = module::from_definition(th, &functions::DEFINITION)?;
    let mut events: Vec<(&str, Value)> =
        EVENTS.iter().enumerate().map(|(bit, name)| (*name, Value::int32(1 << bit))).collect();
    events.push(("NO_EVENTS", Value::int32(0)));
    let events = namespace::make(th, events)?;
    let plain = <crate::class::Plain as PyClass>::class(th).value();
    let (disable, missing) = (th.call(&plain, &[])?, th.call(&plain, &[])?);
    for (name, value) in [("events", events), ("DISABLE", disable), ("MISSING", missing)] {
        let name = th.intern(name);
        th.set_attr(&monitoring, &name, &value)?;
    }
    set_sys_attribute(th, "monitoring", monitoring)
}
