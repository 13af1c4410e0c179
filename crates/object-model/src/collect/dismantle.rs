//! Ending objects that only refer to each other.

use std::ptr::NonNull;

use mode::Attached;

use crate::object::attributes;
use crate::object::header::Header;
use crate::object::layout::heap;
use crate::reclaim;

/// Drops what garbage objects hold, and then frees them. First all payloads go, then all blocks: a destructor may still
/// look at the memory of an object that went before it.
///
/// # Safety
/// Nobody but `objects` themselves and the caller, with one reference each, may refer to them; their finalizers ran,
/// their counts are merged (`Header::merge`), and weak references to them are cleared. The caller's references end here.
pub unsafe fn dismantle(token: &Attached, objects: &[NonNull<Header>]) {
    for object in objects {
        // SAFETY: unreachable, so ours alone.
        let header = unsafe { object.as_ref() };
        let shape = header.shape();
        let layout = shape.class().layout();
        if shape.attribute_bytes() != 0 {
            // SAFETY: the object is ours alone, and its attributes are where its shape says. What dies with them is not
            // garbage, which the caller's references keep.
            unsafe { attributes::drop_all(*object, shape, layout) };
        }
        // SAFETY: as above; each payload is dropped once, because the object does not die by its count.
        unsafe { (layout.drop)(*object) };
    }
    for object in objects {
        // SAFETY: nobody refers to the object any more.
        unsafe {
            object.as_ref().end_life();
            heap(token).free(object.cast());
        }
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
