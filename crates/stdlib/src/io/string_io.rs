//! `StringIO`: a text stream in memory.
//!
//! Every operation is one step under the stream's guard, so threads may share it.

use object_model::text::units::{OwnedUnits, Units};
use vm::prelude::*;

use super::base::{TextIoBase, size_argument};
use super::newline::{LineEnd, Newlines, Setting};

/// Text I/O implementation using an in-memory buffer.
#[pyclass(name = "StringIO", module = "_io", base = TextIoBase, subclassable)]
pub struct StringIo {
    #[no_trace]
    state: Guarded<State>,
}

struct State {
    /// Code points, so that any position can be overwritten.
    content: Vec<u32>,
    position: usize,
    closed: bool,
    ready: bool,
    setting: Setting,
    newlines: Newlines,
    /// The argument `newline`, for pickling.
    newline: Option<String>,
}

const PLAIN: Setting = Setting { universal: false, translate: false, written: None, end: LineEnd::Lf };

impl State {
    fn empty() -> State {
        State {
            content: Vec::new(),
            position: 0,
            closed: false,
            ready: false,
            setting: PLAIN,
            newlines: Newlines::default(),
            newline: None,
        }
    }

    fn rest(&self) -> Units<'_> {
        Units::Ucs4(self.content.get(self.position..).unwrap_or(&[]))
    }

    fn take(&mut self, count: usize) -> OwnedUnits {
        let rest = self.rest();
        let count = count.min(rest.len());
        let taken = rest.slice(0..count).to_owned();
        self.position += count;
        taken
    }

    fn take_line(&mut self, limit: i64) -> OwnedUnits {
        let rest = self.rest();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let end = self.setting.end.find(rest, 0).unwrap_or(rest.len());
        self.take(end.min(limit))
    }

    fn put(&mut self, text: Units<'_>) -> Result<(), ()> {
        let end = self.position.checked_add(text.len()).ok_or(())?;
        if text.is_empty() {
            return Ok(());
        }
        if end > self.content.len() {
            self.content.try_reserve(end - self.content.len()).map_err(drop)?;
            self.content.resize(end, 0);
        }
        for (to, from) in self.content[self.position..end].iter_mut().zip(text.iter()) {
            *to = from;
        }
        self.position = end;
        Ok(())
    }
}

enum Failure {
    Closed,
    Uninitialised,
    Memory,
}

fn with<R>(
    th: &mut Thread,
    this: &StringIo,
    step: impl FnOnce(&mut State) -> Result<R, Failure>,
) -> PyResult<R> {
    let result = {
        let mut state = this.state.lock(th);
        match (state.ready, state.closed) {
            (false, _) => Err(Failure::Uninitialised),
            (_, true) => Err(Failure::Closed),
            _ => step(&mut state),
        }
    };
    result.map_err(|failure| match failure {
        Failure::Closed => th.value_error("I/O operation on closed file"),
        Failure::Uninitialised => th.value_error("I/O operation on uninitialized object"),
        Failure::Memory => th.memory_error(),
    })
}

fn write(th: &mut Thread, this: &StringIo, text: &Obj<Str>) -> PyResult<()> {
    with(th, this, |state| {
        let translated = if state.setting.universal {
            let mut newlines = state.newlines;
            let translated = newlines.feed(text.units().to_owned(), true);
            state.newlines = newlines;
            Some(translated)
        } else {
            None
        };
        let units = translated.as_ref().map_or(text.units(), |t| t.units());
        let result = match state.setting.translate_written(units) {
            Some(text) => state.put(text.units()),
            None => state.put(units),
        };
        result.map_err(|()| Failure::Memory)
    })
}

fn initialise(
    th: &mut Thread,
    this: &StringIo,
    initial: Option<&Value>,
    newline: Option<&Value>,
) -> PyResult<()> {
    let setting = Setting::from_argument(th, newline)?;
    let newline = newline.and_then(|n| th.as_str(n)).map(|n| n.units().to_str_lossy().into_owned());
    let initial = match initial.filter(|v| !v.is_none()) {
        Some(value) => match th.as_str(value).cloned() {
            Some(text) => Some(text),
            None => {
                let found = th.type_name(value);
                return Err(th.type_error(format_args!("initial_value must be str or None, not {found}")));
            }
        },
        None => None,
    };
    let newlines = Newlines::new(setting.translate);
    *this.state.lock(th) = State { ready: true, setting, newlines, newline, ..State::empty() };
    if let Some(text) = initial {
        write(th, this, &text)?;
        this.state.lock(th).position = 0;
    }
    Ok(())
}

fn made(th: &mut Thread, text: &OwnedUnits) -> PyResult {
    th.units(text.units())
}

#[pymethods]
impl StringIo {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let _ = args;
        let empty = StringIo { state: Guarded::new(State::empty()) };
        Ok(Obj::new(th, class.payload.instance_shape(), empty).into_value())
    }

    #[signature("(initial_value='', newline='\\n')")]
    fn __init__(
        this: &Obj<Self>,
        th: &mut Thread,
        initial_value: Option<&Value>,
        newline: Option<&Value>,
    ) -> PyResult<()> {
        match newline {
            Some(newline) => initialise(th, this, initial_value, Some(newline)),
            None => {
                let newline = th.str("\n");
                initialise(th, this, initial_value, Some(&newline))
            }
        }
    }

    /// Read at most size characters, returned as a string.
    #[signature("(size=-1, /)")]
    fn read(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let size = size_argument(th, size)?;
        let text = with(th, this, |state| Ok(state.take(usize::try_from(size).unwrap_or(usize::MAX))))?;
        made(th, &text)
    }

    /// Read until newline or EOF.
    #[signature("(size=-1, /)")]
    fn readline(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
        let limit = size_argument(th, size)?;
        let text = with(th, this, |state| Ok(state.take_line(limit)))?;
        made(th, &text)
    }

    fn __next__(this: &Obj<Self>, th: &mut Thread) -> PyResult<Option<Value>> {
        let line = if std::ptr::eq(th.type_of(this.as_value()), StringIo::class(th)) {
            let text = with(th, this, |state| Ok(state.take_line(-1)))?;
            made(th, &text)?
        } else {
            th.call_method(this.as_value(), "readline", &[])?
        };
        Ok(if th.length(&line)? == 0 { None } else { Some(line) })
    }

    fn __iter__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        with(th, this, |_| Ok(()))?;
        Ok(this.as_value().clone())
    }

    /// Write string to file.
    fn write(this: &Obj<Self>, th: &mut Thread, s: &Value) -> PyResult<usize> {
        let Some(text) = th.as_str(s).cloned() else {
            let found = th.type_name(s);
            return Err(th.type_error(format_args!("string argument expected, got '{found}'")));
        };
        write(th, this, &text)?;
        Ok(text.len())
    }

    /// Tell the current file position.
    fn tell(this: &Obj<Self>, th: &mut Thread) -> PyResult<usize> {
        with(th, this, |state| Ok(state.position))
    }

    /// Change stream position.
    #[signature("(pos, whence=0, /)")]
    fn seek(this: &Obj<Self>, th: &mut Thread, pos: &Value, whence: Option<i64>) -> PyResult<usize> {
        let (pos, whence) = (th.index(pos)?, whence.unwrap_or(0));
        with(th, this, |_| Ok(()))?;
        if !(0..=2).contains(&whence) {
            return Err(th.value_error(format_args!("Invalid whence ({whence}, should be 0, 1 or 2)")));
        }
        if whence == 0 && pos < 0 {
            return Err(th.value_error(format_args!("Negative seek position {pos}")));
        }
        if whence != 0 && pos != 0 {
            return Err(th.raise_exc(Exc::OSError, "Can't do nonzero cur-relative seeks"));
        }
        with(th, this, |state| {
            match whence {
                0 => state.position = usize::try_from(pos).unwrap_or(0),
                2 => state.position = state.content.len(),
                _ => {}
            }
            Ok(state.position)
        })
    }

    /// Truncate size to pos.
    #[signature("(pos=None, /)")]
    fn truncate(this: &Obj<Self>, th: &mut Thread, pos: Option<&Value>) -> PyResult<usize> {
        let size = match pos.filter(|p| !p.is_none()) {
            Some(pos) => {
                let size = th.index(pos)?;
                match usize::try_from(size) {
                    Ok(size) => Some(size),
                    Err(_) => return Err(th.value_error(format_args!("Negative size value {size}"))),
                }
            }
            None => None,
        };
        with(th, this, |state| {
            let size = size.unwrap_or(state.position);
            state.content.truncate(size);
            Ok(size)
        })
    }

    /// Retrieve the entire contents of the object.
    fn getvalue(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let text = with(th, this, |state| Ok(Units::Ucs4(&state.content).to_owned()))?;
        made(th, &text)
    }

    /// Close the IO object.
    fn close(this: &Obj<Self>, th: &mut Thread) {
        let mut state = this.state.lock(th);
        state.closed = true;
        state.content = Vec::new();
    }

    fn readable(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        with(th, this, |_| Ok(true))
    }

    fn writable(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        with(th, this, |_| Ok(true))
    }

    fn seekable(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        with(th, this, |_| Ok(true))
    }

    #[getter]
    fn closed(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        let (ready, closed) = {
            let state = this.state.lock(th);
            (state.ready, state.closed)
        };
        if ready { Ok(closed) } else { Err(th.value_error("I/O operation on uninitialized object")) }
    }

    #[getter]
    fn line_buffering(this: &Obj<Self>, th: &mut Thread) -> PyResult<bool> {
        with(th, this, |_| Ok(false))
    }

    #[getter]
    fn newlines(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let (universal, newlines) = with(th, this, |state| Ok((state.setting.universal, state.newlines)))?;
        Ok(if universal { newlines.seen(th) } else { Value::NONE })
    }

    fn __getstate__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let content = StringIo::getvalue(this, th)?;
        let (newline, position) = with(th, this, |state| Ok((state.newline.clone(), state.position)))?;
        let newline = newline.map_or(Value::NONE, |n| th.str(&n));
        let position = th.int(position as i64);
        let dict = th.lookup_attr(this.as_value(), "__dict__")?.unwrap_or(Value::NONE);
        let dict = if th.downcast::<Dict>(&dict).is_some_and(|d| d.len() > 0) {
            th.call_method(&dict, "copy", &[])?
        } else {
            Value::NONE
        };
        Ok(th.tuple(vec![content, newline, position, dict]))
    }

    fn __setstate__(this: &Obj<Self>, th: &mut Thread, state: &Value) -> PyResult<()> {
        let parts = match th.downcast::<Tuple>(state) {
            Some(tuple) if tuple.items().len() >= 4 => tuple.items().to_vec(),
            _ => {
                let (class, found) = (th.type_name(this.as_value()), th.type_name(state));
                return Err(th.type_error(format_args!(
                    "{class}.__setstate__ argument should be 4-tuple, got {found}"
                )));
            }
        };
        initialise(th, this, None, Some(&parts[1]))?;
        let Some(text) = th.as_str(&parts[0]).cloned() else {
            let found = th.type_name(&parts[0]);
            return Err(th.type_error(format_args!("first item of state must be a str, not {found}")));
        };
        // What getvalue() answered was translated already.
        with(th, this, |state| state.put(text.units()).map_err(|()| Failure::Memory))?;
        let result = th.index(&parts[2]);
        let Some(position) = th.catch(result, Exc::TypeError)? else {
            let found = th.type_name(&parts[2]);
            return Err(th.type_error(format_args!("third item of state must be an integer, got {found}")));
        };
        let Ok(position) = usize::try_from(position) else {
            return Err(th.value_error("position value cannot be negative"));
        };
        this.state.lock(th).position = position;
        if !parts[3].is_none() {
            if th.downcast::<Dict>(&parts[3]).is_none() {
                let found = th.type_name(&parts[3]);
                return Err(
                    th.type_error(format_args!("fourth item of state should be a dict, got a {found}"))
                );
            }
            let dict = th.get_attr_str(this.as_value(), "__dict__")?;
            th.call_method(&dict, "update", &[parts[3].clone()])?;
        }
        Ok(())
    }
}
