//! `_functools`: `partial`, `reduce`, `cmp_to_key`, and the wrapper behind `functools.lru_cache`.

mod compare;
mod lru;
mod partial;

pub use compare::KeyWrapper;
pub use lru::LruCacheWrapper;
pub use partial::{Partial, PlaceholderType, placeholder};

use vm::prelude::pymodule;

/// What `functools` is built on.
#[pymodule(name = "_functools", classes = [super::Partial, super::PlaceholderType, super::LruCacheWrapper])]
pub mod module {
    use super::{KeyWrapper, PlaceholderType, placeholder};
    use vm::prelude::*;

    /// What stands in a partial's arguments for one that a call gives.
    #[pyattr(name = "Placeholder")]
    fn placeholder_(th: &mut Thread) -> Value {
        placeholder(th)
    }

    /// The type of `Placeholder`.
    #[pyattr(name = "_PlaceholderType")]
    fn placeholder_type(th: &mut Thread) -> Value {
        PlaceholderType::class(th).value()
    }

    /// A key function from a function that compares two values.
    #[pyfunction(signature = "(mycmp)")]
    fn cmp_to_key(th: &mut Thread, mycmp: &Value) -> Obj<KeyWrapper> {
        KeyWrapper::new_object(th, KeyWrapper::new(mycmp.clone(), None))
    }

    /// Combines the items of an iterable into one value, the first two first.
    #[pyfunction(signature = "(function, iterable, /, initial=<functools initial sentinel>)")]
    fn reduce(th: &mut Thread, function: &Value, iterable: &Value, initial: Option<&Value>) -> PyResult {
        let iterator = match th.iter(iterable) {
            Ok(iterator) => iterator,
            Err(_) if th.exception_is(Exc::TypeError) => {
                th.clear_exception();
                return Err(th.type_error("reduce() arg 2 must support iteration"));
            }
            Err(raised) => return Err(raised),
        };
        let mut result = match initial {
            Some(initial) => initial.clone(),
            None => match th.next(&iterator)? {
                Some(first) => first,
                None => return Err(th.type_error("reduce() of empty iterable with no initial value")),
            },
        };
        while let Some(item) = th.next(&iterator)? {
            result = th.call(function, &[result, item])?;
        }
        Ok(result)
    }
}
