//! Finding what nobody can reach, by counts and tracing.

use std::ptr::NonNull;

use refcount::UNCOUNTED;

use super::marks::{Marks, REACHED, ROOT};
use crate::object::attributes;
use crate::object::header::Header;
use crate::shape::builtin;
use crate::ty::flag;
use crate::value::Value;

/// False for objects that hold no references to others, so that they are in no cycle (G4).
pub fn can_refer(header: &Header) -> bool {
    let shape = header.shape_id();
    ![
        builtin::OBJECT,
        builtin::STR,
        builtin::BYTES,
        builtin::BYTEARRAY,
        builtin::INT,
        builtin::FLOAT,
        builtin::COMPLEX,
        builtin::RANGE,
    ]
    .contains(&shape)
}

/// Visits every reference that an object owns, attributes included.
///
/// # Safety
/// `object` must be live and not change meanwhile.
pub unsafe fn trace(object: NonNull<Header>, visit: &mut dyn FnMut(&Value)) {
    // SAFETY: the caller's word.
    let header = unsafe { object.as_ref() };
    let layout = header.shape().class().layout();
    // SAFETY: the layout is that of the object's class.
    unsafe { layout.trace(object, visit) };
    attributes::trace(header, visit);
}

fn is_type(header: &Header) -> bool {
    header.shape().class().payload.has(flag::TYPE_SUBCLASS)
}

/// How deep objects are followed before they have to wait: most end here, so that few ever wait.
const NEAR: usize = 32;

/// Those of the objects that `each` goes through that cannot be reached from outside of them. `held` references of each
/// are the caller's and do not count. The world must be stopped.
pub fn unreachable(each: impl Fn(&mut dyn FnMut(NonNull<Header>)), held: usize) -> Vec<NonNull<Header>> {
    let mut marks = Marks::new();
    // How many references come from outside, once those from inside are subtracted.
    each(&mut |object| {
        // SAFETY: the walker yields live objects, and nothing dies while the world is stopped.
        let header = unsafe { object.as_ref() };
        let count = header.count();
        if count == 0 || !can_refer(header) {
            return;
        }
        let is_root = count == UNCOUNTED || is_type(header);
        let outside = i32::try_from(count.saturating_sub(held)).unwrap_or(ROOT);
        marks.add(object, if is_root { ROOT } else { outside });
    });
    each(&mut |object| {
        // SAFETY: as above.
        let header = unsafe { object.as_ref() };
        if marks.get(header).is_none() {
            return;
        }
        // SAFETY: as above.
        unsafe {
            trace(object, &mut |value| {
                if let Some(number) = value.as_header().and_then(|header| marks.get(header))
                    && *number != ROOT
                {
                    *number -= 1;
                }
            });
        }
    });
    let mut walk = Walk { marks, waiting: Vec::new() };
    each(&mut |object| {
        // SAFETY: as above.
        let header = unsafe { object.as_ref() };
        // A negative count would be a broken G1: such an object is kept.
        let is_root = walk.marks.get(header).is_some_and(|number| *number != 0);
        if is_root && walk.reach(header) {
            walk.follow(object, 0);
            while let Some(next) = walk.waiting.pop() {
                walk.follow(next, 0);
            }
        }
    });
    let mut found = Vec::new();
    each(&mut |object| {
        // SAFETY: as above.
        if walk.marks.get(unsafe { object.as_ref() }).is_some_and(|number| *number == 0) {
            found.push(object);
        }
    });
    found
}

/// Following references from roots.
struct Walk {
    marks: Marks,
    /// Reached, not followed yet.
    waiting: Vec<NonNull<Header>>,
}

impl Walk {
    /// Notes that an object is reachable; true if that is news.
    fn reach(&mut self, header: &Header) -> bool {
        let number = self.marks.get(header);
        number.is_some_and(|number| std::mem::replace(number, REACHED) != REACHED)
    }

    fn follow(&mut self, object: NonNull<Header>, depth: usize) {
        // SAFETY: reached objects are live, and the world is stopped.
        unsafe {
            trace(object, &mut |value| {
                let Some(header) = value.as_header() else { return };
                if !self.reach(header) {
                    return;
                }
                if depth < NEAR {
                    self.follow(header.as_ptr(), depth + 1);
                } else {
                    self.waiting.push(header.as_ptr());
                }
            });
        }
    }
}
