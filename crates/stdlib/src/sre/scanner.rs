//! Scanners, and the iterators of `finditer`.

use super::matching::Match;
use super::pattern::Pattern;
use super::subject::{How, Session};
use vm::prelude::*;

/// Where a scanner is.
struct Progress {
    session: Session,
    from: usize,
    end: usize,
    must_advance: bool,
}

impl Trace for Progress {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.session.trace(visit);
    }
}

impl Progress {
    fn new(session: Session, pos: Option<i64>, endpos: Option<i64>) -> Progress {
        let (from, end) = session.bounds(pos, endpos);
        Progress { session, from, end, must_advance: false }
    }
}

/// The next match; None after the last.
fn step(th: &mut Thread, pattern: &Obj<Pattern>, progress: &Guarded<Progress>, how: How) -> Option<Value> {
    let (found, string, bounds) = {
        let mut at = progress.lock(th);
        let at = &mut *at;
        let bounds = (at.from, at.end);
        if at.from > at.end {
            return None;
        }
        let found = pattern.run(&mut at.session, at.from, at.end, how, at.must_advance);
        match &found {
            Some(found) => {
                at.must_advance = found.start == found.end;
                at.from = found.end;
            }
            // Nothing is found any more.
            None => at.from = at.end + 1,
        }
        (found, at.session.string.clone(), bounds)
    };
    found.map(|found| Match::make(th, pattern, &string, bounds, &found))
}

/// A scanner.
#[pyclass(name = "SRE_Scanner", module = "_sre", no_new)]
pub struct Scanner {
    pattern: Obj<Pattern>,
    progress: Guarded<Progress>,
}

impl Scanner {
    /// `pattern.scanner(string, pos, endpos)`
    pub(super) fn make(
        th: &mut Thread,
        pattern: &Obj<Pattern>,
        session: Session,
        pos: Option<i64>,
        endpos: Option<i64>,
    ) -> Value {
        let progress = Guarded::new(Progress::new(session, pos, endpos));
        Scanner::new_object(th, Scanner { pattern: pattern.clone(), progress }).into_value()
    }
}

#[pymethods]
impl Scanner {
    #[name("match")]
    fn match_(&self, th: &mut Thread) -> Option<Value> {
        step(th, &self.pattern, &self.progress, How::Match)
    }

    fn search(&self, th: &mut Thread) -> Option<Value> {
        step(th, &self.pattern, &self.progress, How::Search)
    }

    #[getter]
    fn pattern(&self) -> Value {
        self.pattern.as_value().clone()
    }
}

/// The iterator of `finditer`.
#[pyclass(name = "callable_iterator", module = "builtins", no_new)]
pub struct FindIter {
    pattern: Obj<Pattern>,
    progress: Guarded<Progress>,
}

impl FindIter {
    /// `pattern.finditer(string, pos, endpos)`
    pub(super) fn make(
        th: &mut Thread,
        pattern: &Obj<Pattern>,
        session: Session,
        pos: Option<i64>,
        endpos: Option<i64>,
    ) -> Value {
        let progress = Guarded::new(Progress::new(session, pos, endpos));
        FindIter::new_object(th, FindIter { pattern: pattern.clone(), progress }).into_value()
    }
}

#[pymethods]
impl FindIter {
    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> Option<Value> {
        step(th, &self.pattern, &self.progress, How::Search)
    }
}
