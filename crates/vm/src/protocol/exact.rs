//! What a value is among the builtin containers, by one compare of its shape or one test of its type's flags.
//!
//! `list(v)` asks for exactly a `list`, so that no method can be overridden; `any_list(v)` takes subclasses too.

use object_model::dict::Dict;
use object_model::list::List;
use object_model::set::Set;
use object_model::shape::builtin;
use object_model::tuple::Tuple;
use object_model::ty::flag;
use object_model::{Obj, Value};

macro_rules! kinds {
    ($($exact:ident $any:ident $payload:ident $shape:ident $flag:ident)*) => {
        $(
            #[doc = concat!("The value, if its type is exactly `", stringify!($exact), "`.")]
            #[inline(always)]
            pub fn $exact(value: &Value) -> Option<&Obj<$payload>> {
                match value.as_header() {
                    // SAFETY: the shape says what the payload is.
                    Some(header) if header.shape_id() == builtin::$shape => Some(unsafe { Obj::borrow_unchecked(value) }),
                    _ => None,
                }
            }

            #[doc = concat!("The value, if its type is `", stringify!($exact), "` or a subclass.")]
            #[inline]
            pub fn $any(value: &Value) -> Option<&Obj<$payload>> {
                let header = value.as_header()?;
                let is = header.shape_id() == builtin::$shape || header.shape().class().payload.has(flag::$flag);
                // SAFETY: the type says what the payload is.
                if is { Some(unsafe { Obj::borrow_unchecked(value) }) } else { None }
            }
        )*
    };
}

kinds! {
    list any_list List LIST LIST_SUBCLASS
    tuple any_tuple Tuple TUPLE TUPLE_SUBCLASS
    dict any_dict Dict DICT DICT_SUBCLASS
}

/// The storage of a value that is exactly a `set` or a `frozenset`.
#[inline(always)]
pub fn set(value: &Value) -> Option<&Obj<Set>> {
    match value.as_header() {
        Some(header) if header.shape_id() == builtin::SET || header.shape_id() == builtin::FROZENSET => {
            // SAFETY: both shapes have this payload (`FrozenSet` is transparent over it).
            Some(unsafe { Obj::borrow_unchecked(value) })
        }
        _ => None,
    }
}

/// The storage of a value that is a `set`, a `frozenset` or of a subclass.
#[inline]
pub fn any_set(value: &Value) -> Option<&Obj<Set>> {
    let header = value.as_header()?;
    let is = set(value).is_some()
        || header.shape().class().payload.has(flag::SET_SUBCLASS | flag::FROZENSET_SUBCLASS);
    // SAFETY: the type says what the payload is.
    if is { Some(unsafe { Obj::borrow_unchecked(value) }) } else { None }
}

/// True if the value is a `frozenset` or of a subclass.
pub fn is_frozenset(value: &Value) -> bool {
    value.as_header().is_some_and(|h| h.shape().class().payload.has(flag::FROZENSET_SUBCLASS))
}
