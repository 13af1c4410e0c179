//! Finding what nobody can reach, by counts and tracing.

use std::ptr::NonNull;

use refcount::UNCOUNTED;

use super::marks::{Marks, REACHED, ROOT};
use crate::object::attributes;
use crate::object::handle::Object;
use crate::object::header::Header;
use crate::shape::builtin;
use crate::ty::{Class, Type, flag};
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

/// The type that an object is, if it is one.
pub(super) fn as_type(header: &Header) -> Option<Class> {
    if !header.shape().class().payload.has(flag::TYPE_SUBCLASS) {
        return None;
    }
    // SAFETY: subclasses of `type` have its layout, and types stay where they are for ever.
    Some(unsafe { header.as_ptr().cast::<Object<Type>>().as_ref() })
}

/// Visits the classes that an object needs without counting them: its own, and a class's bases and mro. Classes that
/// live for ever are left out.
///
/// # Safety
/// The world must be stopped, or the caller is attached and passes no safepoint meanwhile.
pub unsafe fn uncounted(header: &Header, visit: &mut dyn FnMut(Class)) {
    let class = header.shape().class();
    if class.payload.has(flag::HEAP) {
        visit(class);
    }
    if let Some(own) = as_type(header) {
        // SAFETY: the caller's word.
        unsafe { own.payload.uncounted() }.filter(|class| class.payload.has(flag::HEAP)).for_each(visit);
    }
}

/// How deep objects are followed before they have to wait: most end here, so that few ever wait.
const NEAR: usize = 32;

/// Those among the `candidates` of the objects that `each` goes through that cannot be reached from outside of them.
/// `held` references of each are the caller's and do not count. `each` must go through all objects if a class may be
/// among the candidates (G5). The world must be stopped.
pub fn unreachable(
    each: impl Fn(&mut dyn FnMut(NonNull<Header>)),
    candidates: impl Fn(&Header) -> bool,
    held: usize,
) -> Vec<NonNull<Header>> {
    let mut marks = Marks::new();
    // How many references come from outside, once those from inside are subtracted.
    each(&mut |object| {
        // SAFETY: the walker yields live objects, and nothing dies while the world is stopped.
        let header = unsafe { object.as_ref() };
        let count = header.count();
        if count == 0 || !can_refer(header) || !candidates(header) {
            return;
        }
        // A class has one reference that nobody else gives up.
        let ours = held + usize::from(count != UNCOUNTED && as_type(header).is_some());
        let outside = i32::try_from(count.saturating_sub(ours)).unwrap_or(ROOT);
        marks.add(object, if count == UNCOUNTED { ROOT } else { outside });
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
        match walk.marks.get(header) {
            // A negative count would be a broken G1: such an object is kept.
            Some(number) if *number != 0 => {
                if walk.reach(header) {
                    walk.follow(object, 0);
                }
            }
            Some(_) => return,
            // What is no candidate lives, and so does its class, which it does not count.
            None if !can_refer(header) => return,
            None => walk.follow_uncounted(header, 0),
        }
        while let Some(next) = walk.waiting.pop() {
            walk.follow(next, 0);
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

    fn reach_and_follow(&mut self, header: &Header, depth: usize) {
        if !self.reach(header) {
            return;
        }
        if depth < NEAR {
            self.follow(header.as_ptr(), depth + 1);
        } else {
            self.waiting.push(header.as_ptr());
        }
    }

    fn follow(&mut self, object: NonNull<Header>, depth: usize) {
        // SAFETY: reached objects are live, and the world is stopped.
        unsafe {
            trace(object, &mut |value| {
                if let Some(header) = value.as_header() {
                    self.reach_and_follow(header, depth);
                }
            });
        }
        // SAFETY: as above.
        self.follow_uncounted(unsafe { object.as_ref() }, depth);
    }

    fn follow_uncounted(&mut self, header: &Header, depth: usize) {
        // The free-threaded build's classes are roots (G2).
        if !mode::FREE_THREADED {
            // SAFETY: the world is stopped.
            unsafe { uncounted(header, &mut |class| self.reach_and_follow(&class.header, depth)) };
        }
    }
}
