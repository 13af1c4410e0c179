//! `re.Match`.

use super::pattern::{Pattern, compile_template};
use super::subject::Found;
use super::template::Template;
use super::{join, part};
use vm::prelude::*;

/// The result of re.match() and re.search().
/// Match objects always have a boolean value of True.
#[pyclass(name = "Match", module = "re", no_new)]
pub struct Match {
    pattern: Obj<Pattern>,
    string: Value,
    pos: usize,
    endpos: usize,
    #[no_trace]
    found: Found,
}

impl Match {
    /// A match that was found in `string` between `bounds`.
    pub(super) fn make(
        th: &mut Thread,
        pattern: &Obj<Pattern>,
        string: &Value,
        bounds: (usize, usize),
        found: &Found,
    ) -> Value {
        let made = Match {
            pattern: pattern.clone(),
            string: string.clone(),
            pos: bounds.0,
            endpos: bounds.1,
            found: found.clone(),
        };
        Match::new_object(th, made).into_value()
    }

    /// Where group `group` lies; None if it took no part.
    fn place(&self, group: usize) -> Option<(usize, usize)> {
        match group {
            0 => Some((self.found.start, self.found.end)),
            group => self.found.groups.get(group - 1).copied().flatten(),
        }
    }

    /// The number of the group that `key` names.
    fn number(&self, th: &mut Thread, key: &Value) -> PyResult<usize> {
        let number = if th.has_special(key, vm::names::Special::Index) {
            Some(th.index_clamped(key)?)
        } else {
            let index = match th.downcast::<Dict>(&self.pattern.group_index).cloned() {
                Some(names) => th.dict_get(&names, key)?,
                None => None,
            };
            index.and_then(|i| i.as_small_int())
        };
        match number.and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= self.pattern.groups) {
            Some(number) => Ok(number),
            None => Err(th.index_error("no such group")),
        }
    }

    fn text(&self, th: &mut Thread, group: usize, default: &Value) -> PyResult {
        match self.place(group) {
            Some((start, end)) => part(th, &self.string, start, end),
            None => Ok(default.clone()),
        }
    }

    fn given(&self, th: &mut Thread, group: Option<&Value>) -> PyResult<usize> {
        match group {
            Some(group) => self.number(th, group),
            None => Ok(0),
        }
    }
}

fn pair(th: &mut Thread, place: Option<(usize, usize)>) -> Value {
    let (start, end) = place.map_or((-1, -1), |(start, end)| (start as i64, end as i64));
    let items = vec![th.int(start), th.int(end)];
    th.tuple(items)
}

#[pymethods]
impl Match {
    /// group([group1, ...]) -> str or tuple.
    /// Return subgroup(s) of the match by indices or names.
    /// For 0 returns the entire match.
    #[raw]
    fn group(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult {
        if args.has_keywords() {
            return Err(th.type_error("group() takes no keyword arguments"));
        }
        match args.positional {
            [] => this.text(th, 0, &Value::NONE),
            [one] => {
                let group = this.number(th, one)?;
                this.text(th, group, &Value::NONE)
            }
            more => {
                let mut items = Vec::with_capacity(more.len());
                for key in more {
                    let group = this.number(th, key)?;
                    items.push(this.text(th, group, &Value::NONE)?);
                }
                Ok(th.tuple(items))
            }
        }
    }

    fn __getitem__(&self, th: &mut Thread, key: &Value) -> PyResult {
        let group = self.number(th, key)?;
        self.text(th, group, &Value::NONE)
    }

    /// Return a tuple containing all the subgroups of the match, from 1.
    ///
    ///   default
    ///     Is used for groups that did not participate in the match.
    #[signature("(default=None)")]
    fn groups(&self, th: &mut Thread, default: Option<&Value>) -> PyResult {
        let default = default.cloned().unwrap_or(Value::NONE);
        let mut items = Vec::with_capacity(self.pattern.groups);
        for group in 1..=self.pattern.groups {
            items.push(self.text(th, group, &default)?);
        }
        Ok(th.tuple(items))
    }

    /// Return a dictionary containing all the named subgroups of the match, keyed by the subgroup name.
    ///
    ///   default
    ///     Is used for groups that did not participate in the match.
    #[signature("(default=None)")]
    fn groupdict(&self, th: &mut Thread, default: Option<&Value>) -> PyResult {
        let default = default.cloned().unwrap_or(Value::NONE);
        let out = th.dict();
        let names = th.downcast::<Dict>(&self.pattern.group_index).map(|names| names.snapshot(th));
        for (name, number, _) in names.unwrap_or_default() {
            let group = number.as_small_int().and_then(|i| usize::try_from(i).ok()).unwrap_or(0);
            let text = self.text(th, group, &default)?;
            th.dict_set(&out, &name, text)?;
        }
        Ok(out.into_value())
    }

    /// Return index of the start of the substring matched by group.
    #[signature("(group=0, /)")]
    fn start(&self, th: &mut Thread, group: Option<&Value>) -> PyResult<i64> {
        let group = self.given(th, group)?;
        Ok(self.place(group).map_or(-1, |(start, _)| start as i64))
    }

    /// Return index of the end of the substring matched by group.
    #[signature("(group=0, /)")]
    fn end(&self, th: &mut Thread, group: Option<&Value>) -> PyResult<i64> {
        let group = self.given(th, group)?;
        Ok(self.place(group).map_or(-1, |(_, end)| end as i64))
    }

    /// For match object m, return the 2-tuple (m.start(group), m.end(group)).
    #[signature("(group=0, /)")]
    fn span(&self, th: &mut Thread, group: Option<&Value>) -> PyResult {
        let group = self.given(th, group)?;
        Ok(pair(th, self.place(group)))
    }

    /// Return the string obtained by doing backslash substitution on the string template, as done by the sub() method.
    #[signature("(template)")]
    fn expand(&self, th: &mut Thread, template: &Value) -> PyResult {
        let compiled = compile_template(th, &self.pattern, template)?;
        let Some(compiled) = th.downcast::<Template>(&compiled).cloned() else { return Ok(compiled) };
        if let Some(literal) = compiled.literal() {
            return Ok(literal);
        }
        let mut parts = Vec::new();
        compiled.expand(th, &self.string, &self.found, self.pattern.groups, &mut parts)?;
        let is_bytes = th.as_str(&self.string).is_none();
        join(th, is_bytes, &parts)
    }

    fn __copy__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    #[signature("(memo, /)")]
    fn __deepcopy__(this: &Obj<Self>, memo: &Value) -> Value {
        let _ = memo;
        this.as_value().clone()
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let name = th.type_of(this.as_value());
        let name = vm::class::full_name(th, name);
        let text = this.text(th, 0, &Value::NONE)?;
        let shown = th.repr(&text)?.into_value();
        let (start, end) = (this.found.start, this.found.end);
        let parts = [th.str(&format!("<{name} object; span=({start}, {end}), match=")), shown, th.str(">")];
        vm::builtins::str::join_all(th, &parts)
    }

    /// Matches are generic over the type of string which was matched (str or bytes)
    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, object: &Value) -> Value {
        vm::builtins::generic_alias::make(th, class, object)
    }

    /// The string passed to match() or search().
    #[getter]
    fn string(&self) -> Value {
        self.string.clone()
    }

    /// The regular expression object.
    #[getter]
    fn re(&self) -> Value {
        self.pattern.as_value().clone()
    }

    /// The index into the string at which the RE engine started looking for a match.
    #[getter]
    fn pos(&self) -> usize {
        self.pos
    }

    /// The index into the string beyond which the RE engine will not go.
    #[getter]
    fn endpos(&self) -> usize {
        self.endpos
    }

    /// The integer index of the last matched capturing group.
    #[getter]
    fn lastindex(&self) -> Option<usize> {
        self.found.last
    }

    /// The name of the last matched capturing group.
    #[getter]
    fn lastgroup(&self, th: &mut Thread) -> Value {
        self.found.last.map_or(Value::NONE, |group| self.pattern.group_name(th, group))
    }

    #[getter]
    fn regs(&self, th: &mut Thread) -> Value {
        let places: Vec<_> = (0..=self.pattern.groups).map(|group| self.place(group)).collect();
        let pairs = places.into_iter().map(|place| pair(th, place)).collect();
        th.tuple(pairs)
    }
}
