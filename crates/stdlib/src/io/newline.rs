//! Line ends: translation while text is decoded (`IncrementalNewlineDecoder`), and finding where a line ends.

use object_model::text::units::{Builder, OwnedUnits, Units};
use vm::prelude::*;

const CR: u8 = 1;
const LF: u8 = 2;
const CRLF: u8 = 4;
const ALL: u8 = CR | LF | CRLF;

/// The state of a translation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Newlines {
    /// Turn `\r` and `\r\n` into `\n`.
    pub translate: bool,
    /// A `\r` came last and waits for what follows.
    pub pending: bool,
    seen: u8,
}

fn contains(units: Units<'_>, ch: u8) -> bool {
    match units {
        Units::Ascii(s) | Units::Latin1(s) => memchr::memchr(ch, s).is_some(),
        Units::Ucs2(s) => s.contains(&ch.into()),
        Units::Ucs4(s) => s.contains(&ch.into()),
    }
}

impl Newlines {
    /// Nothing seen yet.
    pub fn new(translate: bool) -> Newlines {
        Newlines { translate, ..Newlines::default() }
    }

    /// Notes and translates line ends; `last` says that no more text follows.
    pub fn feed(&mut self, text: OwnedUnits, last: bool) -> OwnedUnits {
        let mut text = text;
        if self.pending && (text.len() > 0 || last) {
            self.pending = false;
            let mut longer = Builder::new();
            longer.push(0x0d);
            longer.push_units(text.units());
            text = longer.finish();
        }
        let units = text.units();
        if !contains(units, b'\r') {
            if self.seen & LF == 0 && contains(units, b'\n') {
                self.seen |= LF;
            }
            return text;
        }
        let mut end = units.len();
        if !last && units.get(end - 1) == 0x0d {
            end -= 1;
            self.pending = true;
        }
        if !self.translate && self.seen == ALL {
            return if end == units.len() { text } else { units.slice(0..end).to_owned() };
        }
        let mut out = Builder::new();
        let mut i = 0;
        while i < end {
            let ch = units.get(i);
            i += 1;
            match ch {
                0x0a => self.seen |= LF,
                0x0d if i < end && units.get(i) == 0x0a => {
                    self.seen |= CRLF;
                    if self.translate {
                        i += 1;
                        out.push(0x0a);
                        continue;
                    }
                    out.push(0x0d);
                    out.push(0x0a);
                    i += 1;
                    continue;
                }
                0x0d => {
                    self.seen |= CR;
                    if self.translate {
                        out.push(0x0a);
                        continue;
                    }
                }
                _ => {}
            }
            out.push(ch);
        }
        out.finish()
    }

    /// Forgets everything but the settings.
    pub fn reset(&mut self) {
        *self = Newlines { translate: self.translate, ..Newlines::default() };
    }

    /// The attribute `newlines`: the kinds of line ends seen.
    pub fn seen(&self, th: &mut Thread) -> Value {
        let kinds = [(CR, "\r"), (LF, "\n"), (CRLF, "\r\n")];
        let mut found: Vec<Value> =
            kinds.iter().filter(|(bit, _)| self.seen & bit != 0).map(|(_, text)| th.str(text)).collect();
        match found.len() {
            0 => Value::NONE,
            1 => found.remove(0),
            _ => th.tuple(found),
        }
    }
}

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// `\n` alone: other ends were translated, or do not count.
    Lf,
    /// Any of `\n`, `\r`, `\r\n`.
    Any,
    /// `\r`
    Cr,
    /// `\r\n`
    CrLf,
}

impl LineEnd {
    /// Where the line that begins at `start` ends (behind its line end); None if the text ends first.
    pub fn find(self, text: Units<'_>, start: usize) -> Option<usize> {
        if let (Units::Ascii(s) | Units::Latin1(s), LineEnd::Lf) = (text, self) {
            return memchr::memchr(b'\n', s.get(start..)?).map(|i| start + i + 1);
        }
        let mut i = start;
        while i < text.len() {
            let ch = text.get(i);
            i += 1;
            match (ch, self) {
                (0x0a, LineEnd::Lf | LineEnd::Any) | (0x0d, LineEnd::Cr) => return Some(i),
                (0x0d, LineEnd::Any | LineEnd::CrLf) => {
                    let pair = i < text.len() && text.get(i) == 0x0a;
                    if pair {
                        return Some(i + 1);
                    }
                    if self == LineEnd::Any {
                        return Some(i);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// What the argument `newline` of a text stream means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Line ends are looked at while reading.
    pub universal: bool,
    /// They become `\n` while reading.
    pub translate: bool,
    /// What `\n` becomes while writing, unless it stays.
    pub written: Option<&'static str>,
    /// What ends a line for `readline`.
    pub end: LineEnd,
}

impl Setting {
    /// The setting of `newline`; None if it is not allowed.
    pub fn parse(newline: Option<&str>) -> Option<Setting> {
        let setting =
            |universal, translate, written, end| Some(Setting { universal, translate, written, end });
        match newline {
            None => setting(true, true, None, LineEnd::Lf),
            Some("") => setting(true, false, None, LineEnd::Any),
            Some("\n") => setting(false, false, None, LineEnd::Lf),
            Some("\r") => setting(false, false, Some("\r"), LineEnd::Cr),
            Some("\r\n") => setting(false, false, Some("\r\n"), LineEnd::CrLf),
            Some(_) => None,
        }
    }

    /// The setting of an argument, with CPython's errors.
    pub fn from_argument(th: &mut Thread, newline: Option<&Value>) -> PyResult<Setting> {
        let Some(newline) = newline.filter(|n| !n.is_none()) else {
            return Setting::parse(None).ok_or_else(|| th.value_error("illegal newline value"));
        };
        let Some(text) = th.as_str(newline) else {
            let found = th.type_name(newline);
            return Err(th.type_error(format_args!("newline must be str or None, not {found}")));
        };
        let text = text.units().to_str_lossy().into_owned();
        match Setting::parse(Some(&text)) {
            Some(setting) => Ok(setting),
            None => {
                let shown = th.repr(newline)?;
                let shown = shown.units().to_str_lossy().into_owned();
                Err(th.value_error(format_args!("illegal newline value: {shown}")))
            }
        }
    }

    /// The text as it is written: None if it stays as it is.
    pub fn translate_written(&self, text: Units<'_>) -> Option<OwnedUnits> {
        let end = self.written?;
        if !contains(text, b'\n') {
            return None;
        }
        let mut out = Builder::new();
        for ch in text.iter() {
            if ch == 0x0a {
                out.push_str(end);
            } else {
                out.push(ch);
            }
        }
        Some(out.finish())
    }
}

/// True if the text contains a line feed, or a carriage return if those are asked for.
pub fn has_line_end(text: Units<'_>, returns: bool) -> bool {
    contains(text, b'\n') || returns && contains(text, b'\r')
}

/// Codec used when reading a file in universal newlines mode.
#[pyclass(name = "IncrementalNewlineDecoder", module = "_io", subclassable)]
pub struct IncrementalNewlineDecoder {
    decoder: Guarded<Value>,
    #[no_trace]
    state: Guarded<Newlines>,
}

impl IncrementalNewlineDecoder {
    fn inner(&self, th: &Thread) -> Value {
        self.decoder.lock(th).clone()
    }
}

#[pymethods]
impl IncrementalNewlineDecoder {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        let _ = args;
        let empty = IncrementalNewlineDecoder {
            decoder: Guarded::new(Value::NONE),
            state: Guarded::new(Newlines::default()),
        };
        Ok(Obj::new(th, class.payload.instance_shape(), empty).into_value())
    }

    #[signature("(decoder, translate, errors='strict')")]
    fn __init__(
        this: &Obj<Self>,
        th: &mut Thread,
        decoder: &Value,
        translate: bool,
        errors: Option<&Value>,
    ) -> PyResult<()> {
        let _ = errors;
        let old = std::mem::replace(&mut *this.decoder.lock(th), decoder.clone());
        *this.state.lock(th) = Newlines { translate, ..Newlines::default() };
        drop(old);
        Ok(())
    }

    #[signature("(input, final=False)")]
    fn decode(this: &Obj<Self>, th: &mut Thread, input: &Value, final_: Option<bool>) -> PyResult {
        let last = final_.unwrap_or(false);
        let decoder = this.inner(th);
        let text = if decoder.is_none() {
            input.clone()
        } else {
            th.call_method(&decoder, "decode", &[input.clone(), Value::bool(last)])?
        };
        let Some(text) = th.as_str(&text) else {
            let found = th.type_name(&text);
            return Err(th.type_error(format_args!("decoder should return a string result, not '{found}'")));
        };
        let text = text.units().to_owned();
        let text = this.state.lock(th).feed(text, last);
        th.units(text.units())
    }

    fn getstate(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let decoder = this.inner(th);
        let (buffer, flag) = if decoder.is_none() {
            (th.bytes(b"")?, 0)
        } else {
            let state = th.call_method(&decoder, "getstate", &[])?;
            let parts = match th.downcast::<Tuple>(&state) {
                Some(tuple) if tuple.items().len() == 2 => tuple.items().to_vec(),
                _ => return Err(th.type_error("illegal decoder state")),
            };
            (parts[0].clone(), th.index(&parts[1])?)
        };
        let pending = this.state.lock(th).pending;
        let flag = th.int(flag << 1 | i64::from(pending));
        Ok(th.tuple(vec![buffer, flag]))
    }

    fn setstate(this: &Obj<Self>, th: &mut Thread, state: &Value) -> PyResult<()> {
        let parts = match th.downcast::<Tuple>(state) {
            Some(tuple) if tuple.items().len() == 2 => tuple.items().to_vec(),
            Some(_) => return Err(th.type_error("illegal decoder state")),
            None => return Err(th.type_error("state argument must be a tuple")),
        };
        let flag = th.index(&parts[1])?;
        this.state.lock(th).pending = flag & 1 != 0;
        let decoder = this.inner(th);
        if !decoder.is_none() {
            let flag = th.int(flag >> 1);
            let state = th.tuple(vec![parts[0].clone(), flag]);
            th.call_method(&decoder, "setstate", &[state])?;
        }
        Ok(())
    }

    fn reset(this: &Obj<Self>, th: &mut Thread) -> PyResult<()> {
        this.state.lock(th).reset();
        let decoder = this.inner(th);
        if !decoder.is_none() {
            th.call_method(&decoder, "reset", &[])?;
        }
        Ok(())
    }

    #[getter]
    fn newlines(this: &Obj<Self>, th: &mut Thread) -> Value {
        let state = *this.state.lock(th);
        state.seen(th)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(state: &mut Newlines, text: &str, last: bool) -> String {
        state.feed(text.into(), last).units().to_str_lossy().into_owned()
    }

    #[test]
    fn line_ends_are_translated_across_pieces() {
        let mut state = Newlines { translate: true, ..Newlines::default() };
        assert_eq!(feed(&mut state, "a\r", false), "a");
        assert_eq!(feed(&mut state, "\nb\rc", false), "\nb\nc");
        assert_eq!(feed(&mut state, "\r", false), "");
        assert_eq!(feed(&mut state, "", true), "\n");
        assert_eq!(state.seen, CR | CRLF);
        let mut state = Newlines::default();
        assert_eq!(feed(&mut state, "a\r\nb\n\rc", true), "a\r\nb\n\rc");
        assert_eq!(state.seen, ALL);
    }

    #[test]
    fn lines_end_where_the_setting_says() {
        let text = OwnedUnits::from_str("a\rb\r\nc\n");
        let find = |end: LineEnd, start| end.find(text.units(), start);
        assert_eq!(find(LineEnd::Lf, 0), Some(5));
        assert_eq!(find(LineEnd::Any, 0), Some(2));
        assert_eq!(find(LineEnd::Any, 2), Some(5));
        assert_eq!(find(LineEnd::CrLf, 0), Some(5));
        assert_eq!(find(LineEnd::Cr, 5), None);
        assert_eq!(Setting::parse(Some("x")), None);
    }
}
