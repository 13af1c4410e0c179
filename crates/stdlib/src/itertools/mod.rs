//! `itertools`: building blocks of iterators.
//!
//! An iterator's state is behind a lock that is never held while Python code runs. Two threads that share an iterator
//! see each item at most twice and never a broken state.

mod combine;
mod group;
mod infinite;
mod select;
mod tee;
mod transform;

use vm::prelude::pymodule;
use vm::protocol::iterator::FastNext;

/// Has loops in native code call `__next__` of these classes directly.
macro_rules! hang {
    ($($class:ty),* $(,)?) => {
        /// Has native loops call `__next__` of this file's classes directly.
        pub(super) fn hang(th: &mut Thread) {
            $({
                static NEXT: super::FastNext = super::FastNext::new(|th, iterator| {
                    match th.downcast::<$class>(iterator) {
                        Some(iterator) => <$class>::__next__(iterator, th),
                        None => Ok(None),
                    }
                });
                NEXT.hang(<$class as PyClass>::class(th));
            })*
        }
    };
}
use hang;

/// Building blocks of iterators.
#[pymodule(
    name = "itertools",
    classes = [
        super::infinite::Count,
        super::infinite::Cycle,
        super::infinite::Repeat,
        super::transform::Accumulate,
        super::transform::Batched,
        super::transform::Chain,
        super::transform::Pairwise,
        super::transform::StarMap,
        super::transform::ZipLongest,
        super::select::Compress,
        super::select::DropWhile,
        super::select::FilterFalse,
        super::select::Islice,
        super::select::TakeWhile,
        super::combine::Combinations,
        super::combine::CombinationsWithReplacement,
        super::combine::Permutations,
        super::combine::Product,
        super::group::GroupBy,
        super::group::Grouper,
        super::tee::Tee,
        super::tee::TeeBlock
    ]
)]
pub mod module {
    use vm::prelude::*;

    /// n independent iterators over the items of one.
    #[pyfunction(signature = "(iterable, n=2, /)")]
    fn tee(th: &mut Thread, iterable: &Value, n: Option<i64>) -> PyResult {
        super::tee::split(th, iterable, n.unwrap_or(2))
    }

    #[init]
    fn init(th: &mut Thread, _module: &Value) -> PyResult<()> {
        super::infinite::hang(th);
        super::transform::hang(th);
        super::select::hang(th);
        super::combine::hang(th);
        super::group::hang(th);
        super::tee::hang(th);
        Ok(())
    }
}
