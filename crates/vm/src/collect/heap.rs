//! What others may ask of the collector: which objects there are, which refer to which, how old they are.

use std::ptr::NonNull;

use object_model::object::header::{Header, flag};
use object_model::shape::builtin;
use object_model::ty;
use object_model::{Value, collect, walk};

use super::{FROZEN, GENERATIONS, OLDEST};
use crate::thread::Thread;

/// How deep tuples are looked into before they are taken for tracked.
const DEEPEST: u32 = 50;

/// True if the collector looks after an object: if it may be part of a cycle. Native classes live for ever, and tuples of
/// untracked objects never get others.
pub fn is_tracked(object: &Value) -> bool {
    object.as_header().is_some_and(|header| tracked(header, 0))
}

fn tracked(header: &Header, depth: u32) -> bool {
    if !collect::can_refer(header) {
        return false;
    }
    if header.shape_id() != builtin::TUPLE {
        return !is_native_class(header);
    }
    let mut any = depth == DEEPEST;
    if !any {
        // SAFETY: the caller has a reference, and tuples do not change.
        unsafe {
            collect::trace(header.as_ptr(), &mut |item| {
                any = any || item.as_header().is_some_and(|item| tracked(item, depth + 1));
            });
        }
    }
    any
}

fn is_native_class(header: &Header) -> bool {
    let is_type = header.shape().class().payload.has(ty::flag::TYPE_SUBCLASS);
    // SAFETY: subclasses of `type` have its layout.
    is_type
        && !unsafe { header.as_ptr().cast::<object_model::Object<ty::Type>>().as_ref() }
            .payload
            .has(ty::flag::HEAP)
}

/// What an object refers to, while the world is stopped.
pub struct Referents(NonNull<Header>);

impl Referents {
    /// True if any of them is one of `words`.
    pub fn any_is(&self, words: &[u64]) -> bool {
        let mut found = false;
        self.visit(&mut |word| found |= words.contains(&word), &mut |value| value.word());
        found
    }

    /// Calls `then` with what `of` makes of each reference, those to classes that are not counted included.
    fn visit<R>(&self, then: &mut dyn FnMut(R), of: &mut dyn FnMut(&Value) -> R) {
        // SAFETY: live: the world is stopped.
        unsafe { collect::trace(self.0, &mut |value| then(of(value))) };
        let mut classes: Vec<ty::Class> = Vec::new();
        // SAFETY: live: the world is stopped.
        let header = unsafe { self.0.as_ref() };
        // SAFETY: the world is stopped.
        unsafe {
            collect::uncounted(header, &mut |class| {
                if !std::ptr::eq(&raw const class.header, header) && !classes.contains(&class) {
                    classes.push(class);
                }
            });
        }
        for class in classes {
            then(of(&class.value()));
        }
    }
}

/// What an object refers to.
pub fn referents(th: &mut Thread, object: &Value) -> Vec<Value> {
    th.stop_the_world(|_| {
        let mut found = Vec::new();
        if let Some(header) = object.as_header() {
            Referents(header.as_ptr()).visit(&mut |value| found.push(value), &mut Value::clone);
        }
        found
    })
}

/// Calls `each` with what may refer to others and is alive, unless it was found to be garbage. The world is stopped.
fn each_tracked(each: &mut dyn FnMut(&Header)) {
    walk::objects(&mut |object| {
        // SAFETY: live: the world is stopped.
        let header = unsafe { object.as_ref() };
        if header.count() != 0
            && !header.has_flag(flag::CONDEMNED)
            && collect::can_refer(header)
            && !is_native_class(header)
        {
            each(header);
        }
    });
}

/// The live objects that may refer to others, as far as `wanted` says so; of one generation or of all that are collected.
pub fn objects(
    th: &mut Thread,
    generation: Option<u8>,
    wanted: &mut dyn FnMut(Referents) -> bool,
) -> Vec<Value> {
    th.stop_the_world(|th| {
        let mut all = Vec::new();
        each_tracked(&mut |header| {
            let age = header.age();
            if age == FROZEN || generation.is_some_and(|generation| generation != age) {
                return;
            }
            if wanted(Referents(header.as_ptr())) {
                header.increment(th);
                // SAFETY: counted just now.
                all.push(unsafe { Value::from_header(header.as_ptr()) });
            }
        });
        all
    })
}

/// How many objects there are in each generation; last, how many are left alone.
pub fn populations(th: &mut Thread) -> [usize; GENERATIONS as usize + 1] {
    th.stop_the_world(|_| {
        let mut counts = [0; GENERATIONS as usize + 1];
        each_tracked(&mut |header| counts[usize::from(header.age())] += 1);
        counts
    })
}

/// Moves everything to the next generation that is not older than `generation`. The world is stopped.
pub(super) fn grow_older(generation: u8) {
    walk::objects(&mut |object| {
        // SAFETY: live: the world is stopped.
        let header = unsafe { object.as_ref() };
        if header.age() <= generation {
            header.set_age((generation + 1).min(OLDEST));
        }
    });
}

/// `gc.freeze()`: collections leave everything alone that there is now.
pub fn freeze(th: &mut Thread) {
    th.stop_the_world(|_| each_tracked(&mut |header| header.set_age(FROZEN)));
}

/// `gc.unfreeze()`: everything is collected again.
pub fn unfreeze(th: &mut Thread) {
    th.stop_the_world(|_| {
        each_tracked(&mut |header| {
            if header.age() == FROZEN {
                header.set_age(OLDEST);
            }
        });
    });
}
