//! Replacement templates: `\1-\g<name>` as `re._parser.parse_template` takes it apart.

use super::part;
use super::subject::Found;
use vm::prelude::*;

/// Literals with the numbers of groups between them.
#[pyclass(name = "_template", module = "re", no_new)]
pub struct Template {
    first: Value,
    #[no_trace]
    groups: Vec<usize>,
    /// The literal after each group.
    literals: Vec<Value>,
}

impl Template {
    /// `_sre.template`: of a list `[literal, group, literal, …]`.
    pub(super) fn make(th: &mut Thread, template: &Value) -> PyResult {
        let items = th.collect(template)?;
        let [first, rest @ ..] = items.as_slice() else { return Err(th.type_error("invalid template")) };
        if rest.len() % 2 != 0 {
            return Err(th.type_error("invalid template"));
        }
        let (mut groups, mut literals) = (Vec::new(), Vec::new());
        for pair in rest.chunks_exact(2) {
            match usize::try_from(th.index(&pair[0])?) {
                Ok(group) => groups.push(group),
                Err(_) => return Err(th.type_error("invalid template")),
            }
            literals.push(pair[1].clone());
        }
        let template = Template { first: first.clone(), groups, literals };
        Ok(Template::new_object(th, template).into_value())
    }

    /// The text, if there are no groups in it.
    pub(super) fn literal(&self) -> Option<Value> {
        self.groups.is_empty().then(|| self.first.clone())
    }

    /// Appends the parts of the text for a match of a pattern with `known` groups.
    pub(super) fn expand(
        &self,
        th: &mut Thread,
        string: &Value,
        found: &Found,
        known: usize,
        parts: &mut Vec<Value>,
    ) -> PyResult<()> {
        parts.push(self.first.clone());
        for (group, literal) in self.groups.iter().zip(&self.literals) {
            if *group > known {
                return Err(th.index_error("no such group"));
            }
            let span = match group {
                0 => Some((found.start, found.end)),
                group => found.groups.get(group - 1).copied().flatten(),
            };
            if let Some((start, end)) = span {
                parts.push(part(th, string, start, end)?);
            }
            parts.push(literal.clone());
        }
        Ok(())
    }
}

#[pymethods]
impl Template {}
