//! `_collections`: `deque`, `defaultdict`, and what `Counter` and `namedtuple` are made faster with.
//!
//! Not here: `OrderedDict`, which is Python code.

mod default_dict;
mod deque;
mod deque_iterator;
mod tuple_getter;

pub use default_dict::DefaultDict;
pub use deque::Deque;
pub use deque_iterator::{DequeIterator, DequeReverseIterator};
pub use tuple_getter::TupleGetter;

use vm::prelude::pymodule;

/// What `collections` is built on.
#[pymodule(
    name = "_collections",
    classes = [
        super::Deque,
        super::DefaultDict,
        super::DequeIterator,
        super::DequeReverseIterator,
        super::TupleGetter
    ]
)]
pub mod module {
    use vm::prelude::*;

    /// Counts the items of an iterable in a mapping.
    #[pyfunction(signature = "(mapping, iterable, /)")]
    fn _count_elements(th: &mut Thread, mapping: &Value, iterable: &Value) -> PyResult<()> {
        let one = th.int(1);
        let dict = super::plain_counts(th, mapping);
        let get = th.get_attr_str(mapping, "get")?;
        let iterator = th.iter(iterable)?;
        while let Some(item) = th.next(&iterator)? {
            if let Some(dict) = &dict {
                let hash = th.hash(&item)?;
                let new = match th.dict_get_hashed(dict, &item, hash)? {
                    Some(count) => th.binary_op(BinaryOp::Add, &count, &one)?,
                    None => one.clone(),
                };
                th.dict_set_hashed(dict, &item, hash, new)?;
            } else {
                let zero = th.int(0);
                let count = th.call(&get, &[item.clone(), zero])?;
                let new = th.binary_op(BinaryOp::Add, &count, &one)?;
                th.set_item(mapping, &item, &new)?;
            }
        }
        Ok(())
    }
}

use vm::prelude::{Dict, Obj, PyClass, Thread, Value};

/// The mapping as a dict, if it reads and writes items as `dict` does.
fn plain_counts(th: &mut Thread, mapping: &Value) -> Option<Obj<Dict>> {
    let dict = th.downcast::<Dict>(mapping).cloned()?;
    let own = th.type_of(mapping);
    let plain = Dict::class(th);
    let same = |th: &Thread, name: &str| {
        let name = th.intern(name);
        match (vm::class::lookup(th, own, &name), vm::class::lookup(th, plain, &name)) {
            (Some(a), Some(b)) => a.is(&b),
            _ => false,
        }
    };
    (same(th, "get") && same(th, "__setitem__")).then_some(dict)
}
