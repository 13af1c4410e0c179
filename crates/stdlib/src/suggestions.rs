//! `_suggestions`: the nearest of several names, for messages.

use vm::prelude::*;

/// Suggest what may have been meant.
#[pymodule(name = "_suggestions", doc = "")]
pub mod module {
    use super::*;

    /// Returns the candidate in candidates that's closest to item
    #[pyfunction(name = "_generate_suggestions")]
    fn generate_suggestions(th: &mut Thread, candidates: &Value, item: &Obj<Str>) -> PyResult {
        let Some(list) = th.exact::<List>(candidates).cloned() else {
            return Err(th.type_error("candidates must be a list"));
        };
        let mut names = Vec::new();
        let mut index = 0;
        while let Some(candidate) = list.get(th, index) {
            let Some(name) = th.as_str(&candidate) else {
                return Err(th.type_error("all elements in 'candidates' must be strings"));
            };
            names.push(name.units().to_str_lossy().into_owned());
            index += 1;
        }
        let item = item.units().to_str_lossy();
        Ok(vm::exceptions::suggest(&item, &names).map_or(Value::NONE, |name| th.str(name)))
    }
}
