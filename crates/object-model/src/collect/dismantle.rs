//! Ending objects that only refer to each other.

use std::collections::HashSet;
use std::ptr::NonNull;

use mode::Attached;

use super::graph::as_type;
use crate::object::attributes;
use crate::object::header::Header;
use crate::object::layout::heap;
use crate::reclaim;
use crate::ty::Type;

/// Drops what garbage objects hold, and then frees them. First all payloads go, then all blocks: a destructor may still
/// look at the memory of an object that went before it. Classes and their dicts are emptied and buried: their blocks
/// stay, because classes are passed on without being counted.
///
/// # Safety
/// Nobody but `objects` themselves and the caller, with one reference each, may refer to them; their finalizers ran,
/// their counts are merged (`Header::merge`), and weak references to them are cleared. The caller's references end here.
pub unsafe fn dismantle(token: &Attached, objects: &[NonNull<Header>]) {
    let mut dicts = HashSet::new();
    for object in objects {
        // SAFETY: unreachable, so ours alone.
        if let Some(class) = as_type(unsafe { object.as_ref() }) {
            dicts.insert(class.payload.dict.header().as_ptr());
        }
    }
    for object in objects {
        // SAFETY: unreachable, so ours alone.
        let header = unsafe { object.as_ref() };
        let shape = header.shape();
        let layout = shape.class().layout();
        let class = as_type(header);
        if class.is_none() && dicts.contains(object) {
            // Its class empties it.
            continue;
        }
        if shape.attribute_bytes() != 0 {
            // SAFETY: the object is ours alone, and its attributes are where its shape says. What dies with them is not
            // garbage, which the caller's references keep.
            unsafe { attributes::drop_all(*object, shape, layout) };
        }
        match class {
            // SAFETY: as above.
            Some(class) => unsafe { Type::empty(class, token) },
            // SAFETY: as above; each payload is dropped once, because the object does not die by its count.
            None => unsafe { (layout.drop)(*object) },
        }
    }
    for object in objects {
        // SAFETY: nobody refers to the object any more.
        let header = unsafe { object.as_ref() };
        if as_type(header).is_some() || dicts.contains(object) {
            header.bury();
            continue;
        }
        header.end_life();
        // SAFETY: as above.
        unsafe { heap(token).free(object.cast()) };
    }
}

/// Gives the empty pages of the caller's heap back once no thread can look at them any more.
pub fn release_pages(token: &Attached) {
    // SAFETY: a token is proof that its heap may be used by this thread.
    let retired = unsafe { heap(token).take_retired() };
    if retired.bytes() > 0 {
        // SAFETY: the closure runs when all threads have passed a safepoint.
        reclaim::retire_raw(token, retired.bytes(), move || unsafe { retired.release() });
    }
}
