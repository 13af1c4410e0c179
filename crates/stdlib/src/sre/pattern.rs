//! `re.Pattern`.

use vm::builtins::str::{join_all, of_units};
use vm::class::exact_str;

use super::matching::Match;
use super::scanner::{FindIter, Scanner};
use super::subject::{Found, How, Session};
use super::template::Template;
use super::{join, part};
use vm::prelude::*;

const FLAG_NAMES: [(i64, &str); 8] = [
    (2, "re.IGNORECASE"),
    (8, "re.MULTILINE"),
    (16, "re.DOTALL"),
    (64, "re.VERBOSE"),
    (128, "re.DEBUG"),
    (256, "re.ASCII"),
    (4, "re.LOCALE"),
    (32, "re.UNICODE"),
];
const UNICODE: i64 = 32;

/// Compiled regular expression object.
#[pyclass(name = "Pattern", module = "re", no_new, weakref)]
pub struct Pattern {
    /// The source; None if it was compiled without.
    source: Value,
    flags: i64,
    #[no_trace]
    code: Box<[u32]>,
    /// Number of groups.
    pub(super) groups: usize,
    /// Names to numbers, a dict.
    pub(super) group_index: Value,
    /// Numbers to names, a tuple.
    index_group: Value,
    /// True for bytes, false for text; None if there is no source.
    is_bytes: Option<bool>,
}

/// What replaces a match.
enum Replacement {
    /// This text.
    Literal(Value),
    /// What this answers for the match.
    Callable(Value),
    /// Text with groups in it.
    Template(Obj<Template>),
}

impl Pattern {
    /// `_sre.compile`
    pub(super) fn compile(
        th: &mut Thread,
        source: &Value,
        flags: i64,
        code: &Value,
        groups: usize,
        group_index: &Value,
        index_group: &Value,
    ) -> PyResult {
        let mut words = Vec::new();
        for word in th.collect(code)? {
            match u32::try_from(th.index(&word)?) {
                Ok(word) => words.push(word),
                Err(_) => return Err(th.overflow_error("regular expression code size limit exceeded")),
            }
        }
        let is_bytes = if source.is_none() { None } else { Some(th.as_str(source).is_none()) };
        let pattern = Pattern {
            source: source.clone(),
            flags,
            code: words.into(),
            groups,
            group_index: group_index.clone(),
            index_group: index_group.clone(),
            is_bytes,
        };
        Ok(Pattern::new_object(th, pattern).into_value())
    }

    /// The name of a group.
    pub(super) fn group_name(&self, th: &Thread, group: usize) -> Value {
        let names = th.downcast::<Tuple>(&self.index_group);
        names.and_then(|names| names.items().get(group).cloned()).unwrap_or(Value::NONE)
    }

    /// A match in a session.
    pub(super) fn run(
        &self,
        session: &mut Session,
        start: usize,
        end: usize,
        how: How,
        must_advance: bool,
    ) -> Option<Found> {
        session.run(&self.code, start, end, how, must_advance)
    }

    fn one(
        this: &Obj<Self>,
        th: &mut Thread,
        string: &Value,
        pos: Option<i64>,
        endpos: Option<i64>,
        how: How,
    ) -> PyResult {
        let mut session = Session::new(th, string, this.is_bytes)?;
        let (start, end) = session.bounds(pos, endpos);
        match this.run(&mut session, start, end, how, false) {
            Some(found) => Ok(Match::make(th, this, string, (start, end), &found)),
            None => Ok(Value::NONE),
        }
    }

    fn session(&self, th: &mut Thread, string: &Value) -> PyResult<Session> {
        Session::new(th, string, self.is_bytes)
    }

    /// A group's text, or the empty one if it took no part.
    fn group_or_empty(th: &mut Thread, string: &Value, found: &Found, group: usize) -> PyResult {
        let (start, end) = found.groups.get(group - 1).copied().flatten().unwrap_or((0, 0));
        part(th, string, start, end)
    }

    fn replacement(this: &Obj<Self>, th: &mut Thread, given: &Value) -> PyResult<Replacement> {
        if th.is_callable(given) {
            return Ok(Replacement::Callable(given.clone()));
        }
        let literal = match th.as_str(given) {
            Some(text) => !text.units().iter().any(|ch| ch == u32::from('\\')),
            None if vm::protocol::buffer::is_buffer(th, given) => {
                th.with_buffer(given, |bytes| !bytes.contains(&b'\\'))?
            }
            None => false,
        };
        if literal {
            return Ok(Replacement::Literal(given.clone()));
        }
        let template = compile_template(th, this, given)?;
        match th.downcast::<Template>(&template) {
            Some(template) => match template.literal() {
                Some(literal) => Ok(Replacement::Literal(literal)),
                None => Ok(Replacement::Template(template.clone())),
            },
            None => Ok(Replacement::Literal(template)),
        }
    }

    fn substitute(
        this: &Obj<Self>,
        th: &mut Thread,
        replacement: &Value,
        string: &Value,
        count: i64,
    ) -> PyResult<(Value, usize)> {
        let replacement = Pattern::replacement(this, th, replacement)?;
        let mut session = this.session(th, string)?;
        let end = session.len();
        let limit = if count <= 0 { usize::MAX } else { count as usize };
        let mut parts: Vec<Value> = Vec::new();
        let (mut from, mut copied, mut times, mut must_advance) = (0, 0, 0, false);
        while times < limit {
            th.poll()?;
            let Some(found) = this.run(&mut session, from, end, How::Search, must_advance) else { break };
            if found.start > copied {
                parts.push(part(th, string, copied, found.start)?);
            }
            match &replacement {
                Replacement::Literal(literal) => parts.push(literal.clone()),
                Replacement::Callable(callable) => {
                    let matched = Match::make(th, this, string, (0, end), &found);
                    let item = th.call(callable, &[matched])?;
                    if !item.is_none() {
                        parts.push(item);
                    }
                }
                Replacement::Template(template) => {
                    template.expand(th, string, &found, this.groups, &mut parts)?
                }
            }
            times += 1;
            copied = found.end;
            from = found.end;
            must_advance = found.start == found.end;
        }
        if times == 0 {
            let whole = part(th, string, 0, end)?;
            return Ok((whole, 0));
        }
        if copied < end {
            parts.push(part(th, string, copied, end)?);
        }
        let joined = join(th, session.is_bytes(), &parts)?;
        Ok((joined, times))
    }
}

/// `re._compile_template(pattern, template)`
pub(super) fn compile_template(th: &mut Thread, pattern: &Obj<Pattern>, template: &Value) -> PyResult {
    let module = th.import("re")?;
    let function = th.get_attr_str(&module, "_compile_template")?;
    th.call(&function, &[pattern.as_value().clone(), template.clone()])
}

#[pymethods]
impl Pattern {
    /// Matches zero or more characters at the beginning of the string.
    #[signature("(string, pos=0, endpos=sys.maxsize)")]
    #[name("match")]
    fn match_(
        this: &Obj<Self>,
        th: &mut Thread,
        string: &Value,
        pos: Option<i64>,
        endpos: Option<i64>,
    ) -> PyResult {
        Pattern::one(this, th, string, pos, endpos, How::Match)
    }

    /// Matches against all of the string.
    #[signature("(string, pos=0, endpos=sys.maxsize)")]
    fn fullmatch(
        this: &Obj<Self>,
        th: &mut Thread,
        string: &Value,
        pos: Option<i64>,
        endpos: Option<i64>,
    ) -> PyResult {
        Pattern::one(this, th, string, pos, endpos, How::FullMatch)
    }

    /// Scan through string looking for a match, and return a corresponding match object instance.
    ///
    /// Return None if no position in the string matches.
    #[signature("(string, pos=0, endpos=sys.maxsize)")]
    fn search(
        this: &Obj<Self>,
        th: &mut Thread,
        string: &Value,
        pos: Option<i64>,
        endpos: Option<i64>,
    ) -> PyResult {
        Pattern::one(this, th, string, pos, endpos, How::Search)
    }

    /// Return a list of all non-overlapping matches of pattern in string.
    #[signature("(string, pos=0, endpos=sys.maxsize)")]
    fn findall(
        this: &Obj<Self>,
        th: &mut Thread,
        string: &Value,
        pos: Option<i64>,
        endpos: Option<i64>,
    ) -> PyResult {
        let mut session = this.session(th, string)?;
        let (mut from, end) = session.bounds(pos, endpos);
        let mut must_advance = false;
        let mut all = Vec::new();
        while let Some(found) = this.run(&mut session, from, end, How::Search, must_advance) {
            th.poll()?;
            all.push(match this.groups {
                0 => part(th, string, found.start, found.end)?,
                1 => Pattern::group_or_empty(th, string, &found, 1)?,
                groups => {
                    let mut items = Vec::with_capacity(groups);
                    for group in 1..=groups {
                        items.push(Pattern::group_or_empty(th, string, &found, group)?);
                    }
                    th.tuple(items)
                }
            });
            must_advance = found.start == found.end;
            from = found.end;
        }
        Ok(th.list(all))
    }

    /// Return an iterator over all non-overlapping matches for the RE pattern in string.
    ///
    /// For each match, the iterator returns a match object.
    #[signature("(string, pos=0, endpos=sys.maxsize)")]
    fn finditer(
        this: &Obj<Self>,
        th: &mut Thread,
        string: &Value,
        pos: Option<i64>,
        endpos: Option<i64>,
    ) -> PyResult {
        let session = this.session(th, string)?;
        Ok(FindIter::make(th, this, session, pos, endpos))
    }

    #[signature("(string, pos=0, endpos=sys.maxsize)")]
    fn scanner(
        this: &Obj<Self>,
        th: &mut Thread,
        string: &Value,
        pos: Option<i64>,
        endpos: Option<i64>,
    ) -> PyResult {
        let session = this.session(th, string)?;
        Ok(Scanner::make(th, this, session, pos, endpos))
    }

    /// Split string by the occurrences of pattern.
    #[signature("(string, maxsplit=0)")]
    fn split(this: &Obj<Self>, th: &mut Thread, string: &Value, maxsplit: Option<i64>) -> PyResult {
        let mut session = this.session(th, string)?;
        let end = session.len();
        let limit = maxsplit.filter(|n| *n != 0).map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(0));
        let (mut from, mut copied, mut must_advance) = (0, 0, false);
        let (mut parts, mut times) = (Vec::new(), 0);
        while times < limit {
            th.poll()?;
            let Some(found) = this.run(&mut session, from, end, How::Search, must_advance) else { break };
            parts.push(part(th, string, copied, found.start)?);
            for group in 1..=this.groups {
                parts.push(match found.groups.get(group - 1).copied().flatten() {
                    Some((start, end)) => part(th, string, start, end)?,
                    None => Value::NONE,
                });
            }
            times += 1;
            copied = found.end;
            from = found.end;
            must_advance = found.start == found.end;
        }
        parts.push(part(th, string, copied, end)?);
        Ok(th.list(parts))
    }

    /// Return the string obtained by replacing the leftmost non-overlapping occurrences of pattern in string by the replacement repl.
    #[signature("(repl, string, count=0)")]
    fn sub(this: &Obj<Self>, th: &mut Thread, repl: &Value, string: &Value, count: Option<i64>) -> PyResult {
        Pattern::substitute(this, th, repl, string, count.unwrap_or(0)).map(|(text, _)| text)
    }

    /// Return the tuple (new_string, number_of_subs_made) found by replacing the leftmost non-overlapping occurrences of pattern with the replacement repl.
    #[signature("(repl, string, count=0)")]
    fn subn(this: &Obj<Self>, th: &mut Thread, repl: &Value, string: &Value, count: Option<i64>) -> PyResult {
        let (text, times) = Pattern::substitute(this, th, repl, string, count.unwrap_or(0))?;
        let times = th.int(times as i64);
        Ok(th.tuple(vec![text, times]))
    }

    fn __copy__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    #[signature("(memo, /)")]
    fn __deepcopy__(this: &Obj<Self>, memo: &Value) -> Value {
        let _ = memo;
        this.as_value().clone()
    }

    fn __eq__(&self, th: &mut Thread, other: &Value) -> PyResult {
        let Some(other) = th.downcast::<Pattern>(other) else { return Ok(Value::NOT_IMPLEMENTED) };
        let same = self.flags == other.flags
            && self.is_bytes == other.is_bytes
            && self.groups == other.groups
            && self.code == other.code;
        Ok(Value::bool(same && th.eq(&self.source, &other.source)?))
    }

    fn __hash__(&self, th: &mut Thread) -> PyResult<i64> {
        let source = th.hash(&self.source)?;
        let code: Vec<u8> = self.code.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let hash = source ^ vm::object_model::string::hash::bytes(&code) ^ self.flags ^ self.groups as i64;
        Ok(if hash == -1 { -2 } else { hash })
    }

    fn __repr__(&self, th: &mut Thread) -> PyResult {
        let mut flags = self.flags;
        if exact_str(&self.source).is_some() && flags & (4 | 256 | UNICODE) == UNICODE {
            flags &= !UNICODE;
        }
        let source = th.repr(&self.source)?;
        let shown = source.units().slice(0..source.len().min(200));
        let mut text = Vec::new();
        for (flag, name) in FLAG_NAMES {
            if flags & flag != 0 {
                flags &= !flag;
                text.push(name.to_string());
            }
        }
        if flags != 0 {
            text.push(format!("{flags:#x}"));
        }
        let tail = if text.is_empty() { ")".to_string() } else { format!(", {})", text.join("|")) };
        let parts = [th.str("re.compile("), of_units(th, shown)?, th.str(&tail)];
        join_all(th, &parts)
    }

    /// Patterns are generic over the type of string they handle (str or bytes)
    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, object: &Value) -> Value {
        vm::builtins::generic_alias::make(th, class, object)
    }

    /// The pattern string from which the RE object was compiled.
    #[getter]
    fn pattern(&self) -> Value {
        self.source.clone()
    }

    /// The regex matching flags.
    #[getter]
    fn flags(&self) -> i64 {
        self.flags
    }

    /// The number of capturing groups in the pattern.
    #[getter]
    fn groups(&self) -> usize {
        self.groups
    }

    /// A dictionary mapping group names to group numbers.
    #[getter]
    fn groupindex(&self, th: &mut Thread) -> PyResult {
        let types = th.import("types")?;
        let proxy = th.get_attr_str(&types, "MappingProxyType")?;
        th.call(&proxy, std::slice::from_ref(&self.group_index))
    }
}
