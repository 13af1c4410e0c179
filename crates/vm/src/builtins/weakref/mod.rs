//! Weak references: who refers weakly to an object, references and callbacks.
//!
//! An object's weak references are in a side table, found by its address. A [`Link`] is shared by the table and the
//! reference object; both sides forget the other when they die.
//!
//! # Protocol
//! - K1 The table is striped by the object's address. `Link::object` and `Link::referrer` change only under the lock of
//!   the stripe, and while they are set under that lock the memory behind them is a header: death clears them before
//!   the memory is freed.
//! - K2 No value is dropped and no Python code runs while a stripe is locked.
//! - K3 Who takes a weak reference counts the object with `try_increment`, which fails for dead objects. It may fail for
//!   living ones that nobody shared, so whoever makes a link shares both objects first.
//!
//! Not here: proxies (`proxy`), the containers of the module `weakref` (Python code), cycles (the collector).

pub mod proxy;

use std::collections::HashMap;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use object_model::Header;
use object_model::object::header::flag;
use parking_lot::Mutex;

use crate::names::names;
use crate::prelude::*;

pub use proxy::{CallableProxy, Proxy};

const STRIPES: usize = 64;

type Stripe = Mutex<Option<HashMap<usize, Vec<Arc<Link>>>>>;

static TABLE: [Stripe; STRIPES] = [const { Mutex::new(None) }; STRIPES];

/// What a link's referrer is; plain ones are shared by all who ask for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A `weakref.ref` without callback.
    PlainReference,
    /// A proxy without callback.
    PlainProxy,
    /// Of a subclass, or with a callback.
    Other,
}

/// One weak reference.
struct Link {
    /// Which stripe guards it.
    stripe: usize,
    /// Address of the object; 0 once it is dead.
    object: AtomicUsize,
    /// Address of the reference object; 0 once it is dead.
    referrer: AtomicUsize,
    kind: Kind,
}

fn stripe_of(address: usize) -> usize {
    // Blocks are no smaller than 16 bytes.
    (address >> 4).wrapping_mul(0x9E37_79B9) >> 8 & (STRIPES - 1)
}

/// A counted reference to the object at `address`, unless it is dying.
///
/// # Safety
/// The stripe that guards the address is locked, and the address was found in it (K1).
unsafe fn take(th: &Thread, address: usize) -> Option<Value> {
    let object = NonNull::new(address as *mut Header)?;
    // SAFETY: the caller's word: the memory is a header as long as the stripe is locked.
    let alive = unsafe { object.as_ref() }.try_increment(th.owner());
    // SAFETY: counted just now.
    alive.then(|| unsafe { Value::from_header(object) })
}

impl Link {
    /// The object, unless it is dead.
    fn get(&self, th: &Thread) -> Option<Value> {
        let _stripe = TABLE[self.stripe].lock();
        // Relaxed: under the stripe's lock (K1).
        let address = self.object.load(Ordering::Relaxed);
        // SAFETY: read under the lock of its stripe.
        unsafe { take(th, address) }
    }

    /// True if the object is dead or dying.
    fn is_dead(&self, th: &Thread) -> bool {
        self.get(th).is_none()
    }

    /// The reference object dies: the table forgets it.
    fn detach(self: &Arc<Link>) {
        let mut stripe = TABLE[self.stripe].lock();
        self.referrer.store(0, Ordering::Relaxed); // Relaxed: under the stripe's lock (K1).
        let address = self.object.load(Ordering::Relaxed); // Relaxed: as above.
        let Some(table) = stripe.as_mut() else { return };
        if let Some(links) = table.get_mut(&address) {
            links.retain(|link| !Arc::ptr_eq(link, self));
            if links.is_empty() {
                table.remove(&address);
            }
        }
    }
}

/// What reference objects and proxies have in common.
pub struct Weak {
    link: Arc<Link>,
    callback: Guarded<Option<Value>>,
}

impl Trace for Weak {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.callback.trace(visit);
    }
}

impl Drop for Weak {
    fn drop(&mut self) {
        self.link.detach();
    }
}

impl Weak {
    /// The object, unless it is dead.
    pub fn get(&self, th: &Thread) -> Option<Value> {
        self.link.get(th)
    }

    /// True if the object is dead.
    pub fn is_dead(&self, th: &Thread) -> bool {
        self.link.is_dead(th)
    }

    /// The callback, once the object is dead None.
    fn callback(&self, th: &Thread) -> Option<Value> {
        self.callback.lock(th).clone()
    }
}

/// The weak part of a reference object or proxy.
fn weak_part<'a>(th: &Thread, value: &'a Value) -> Option<&'a Weak> {
    if let Some(reference) = th.downcast::<Reference>(value) {
        return Some(&reference.weak);
    }
    proxy::weak_part(th, value)
}

/// Makes a weak reference to `object` with `build`, or hands out the plain one that exists.
fn make(
    th: &mut Thread,
    object: &Value,
    callback: Option<Value>,
    plain: Kind,
    build: impl FnOnce(&mut Thread, Weak) -> Value,
) -> PyResult {
    let header = object.as_header().filter(|h| h.shape().class().payload.weakrefable());
    let Some(header) = header else {
        let class = th.type_of(object);
        let name = crate::class::full_name(th, class);
        return Err(th.type_error(format_args!("cannot create weak reference to '{name}' object")));
    };
    let kind = if callback.is_some() { Kind::Other } else { plain };
    let address = std::ptr::from_ref(header) as usize;
    let stripe = stripe_of(address);
    if kind != Kind::Other
        && let Some(existing) = existing(th, stripe, address, kind)
    {
        return Ok(existing);
    }
    header.share(th);
    header.set_flag(flag::WEAKLY_REFERENCED);
    let link =
        Arc::new(Link { stripe, object: AtomicUsize::new(address), referrer: AtomicUsize::new(0), kind });
    let weak = Weak { link: link.clone(), callback: Guarded::new(callback) };
    let referrer = build(th, weak);
    if let Some(header) = referrer.as_header() {
        header.share(th);
        let mut stripe = TABLE[stripe].lock();
        // Relaxed: under the stripe's lock (K1).
        link.referrer.store(std::ptr::from_ref(header) as usize, Ordering::Relaxed);
        let links = stripe.get_or_insert_default().entry(address).or_default();
        // Plain ones first, then the newest: callbacks run in this order.
        let position = match kind {
            Kind::PlainReference => 0,
            _ => links.iter().take_while(|l| l.kind != Kind::Other && l.kind != kind).count(),
        };
        links.insert(position, link);
    }
    Ok(referrer)
}

/// The plain reference or proxy that exists already.
fn existing(th: &Thread, stripe: usize, address: usize, kind: Kind) -> Option<Value> {
    let table = TABLE[stripe].lock();
    let link = table.as_ref()?.get(&address)?.iter().find(|l| l.kind == kind)?;
    // Relaxed: under the stripe's lock (K1).
    let referrer = link.referrer.load(Ordering::Relaxed);
    // SAFETY: read under the lock of its stripe.
    unsafe { take(th, referrer) }
}

/// All reference objects and proxies of an object that are alive.
pub fn all_of(th: &Thread, object: &Value) -> Vec<Value> {
    let Some(header) = object.as_header().filter(|h| h.has_flag(flag::WEAKLY_REFERENCED)) else {
        return Vec::new();
    };
    let address = std::ptr::from_ref(header) as usize;
    let table = TABLE[stripe_of(address)].lock();
    let Some(links) = table.as_ref().and_then(|t| t.get(&address)) else { return Vec::new() };
    // Relaxed: under the stripe's lock (K1).
    let referrers = links.iter().map(|l| l.referrer.load(Ordering::Relaxed));
    // SAFETY: read under the lock of its stripe.
    referrers.filter_map(|referrer| unsafe { take(th, referrer) }).collect()
}

/// The first weak reference of an object (`__weakref__`).
pub fn first_of(th: &Thread, object: &Value) -> Option<Value> {
    all_of(th, object).into_iter().next()
}

/// Hook of `object_model`: the object is dead and about to be freed. Its references learn so, then their callbacks run.
pub fn object_died(object: NonNull<Header>) {
    Thread::with_current(|th| clear(th, object));
}

/// Cuts an object off from its weak references and runs their callbacks.
fn clear(th: &mut Thread, object: NonNull<Header>) {
    let callbacks = cut_off(th, object);
    call_back(th, callbacks);
}

/// Cuts an object off from its weak references: those with a callback, and their callbacks.
pub(crate) fn cut_off(th: &mut Thread, object: NonNull<Header>) -> Vec<(Value, Value)> {
    let address = object.as_ptr() as usize;
    let referrers: Vec<Value> = {
        let mut stripe = TABLE[stripe_of(address)].lock();
        let Some(links) = stripe.as_mut().and_then(|table| table.remove(&address)) else { return Vec::new() };
        links
            .iter()
            .filter_map(|link| {
                link.object.store(0, Ordering::Relaxed); // Relaxed: under the stripe's lock (K1).
                let referrer = link.referrer.load(Ordering::Relaxed); // Relaxed: as above.
                // SAFETY: read under the lock of its stripe.
                unsafe { take(th, referrer) }
            })
            .collect()
    };
    referrers
        .into_iter()
        .filter_map(|referrer| {
            let callback = weak_part(th, &referrer).and_then(|weak| weak.callback.lock(th).take())?;
            Some((referrer, callback))
        })
        .collect()
}

/// Calls the callbacks of weak references whose objects are gone.
pub(crate) fn call_back(th: &mut Thread, callbacks: Vec<(Value, Value)>) {
    if callbacks.is_empty() {
        return;
    }
    // A callback neither sees nor disturbs an exception that is on its way.
    let pending = th.raised.take();
    for (referrer, callback) in callbacks {
        if th.call(&callback, &[referrer]).is_err() {
            let exception = th.take_exception();
            let shown = match th.repr(&callback) {
                Ok(shown) => shown.units().to_str_lossy().into_owned(),
                Err(_) => {
                    th.clear_exception();
                    "<callback>".to_owned()
                }
            };
            let message = format!("Exception ignored while calling weakref callback {shown}");
            crate::exceptions::unraisable(th, exception, None, &message);
        }
    }
    th.raised = pending;
}

/// The payload of a `weakref.ref`.
#[pyclass(
    name = "ReferenceType",
    module = "weakref",
    doc = "A reference that does not keep its object alive.",
    subclassable
)]
pub struct Reference {
    weak: Weak,
    /// The object's hash once it was asked for; [`NO_HASH`] before.
    hash: AtomicI64,
}

/// No hash of any object: that of -1 is -2.
const NO_HASH: i64 = -1;

/// A `weakref.ref` to `object` (the plain one if there is no callback).
pub fn reference(th: &mut Thread, object: &Value, callback: Option<Value>) -> PyResult {
    let class = Reference::class(th);
    reference_of(th, class, object, callback)
}

fn reference_of(th: &mut Thread, class: Class, object: &Value, callback: Option<Value>) -> PyResult {
    let exact = Some(class) == Reference::cell().get();
    let kind = if exact { Kind::PlainReference } else { Kind::Other };
    make(th, object, callback, kind, |th, weak| {
        let payload = Reference { weak, hash: AtomicI64::new(NO_HASH) };
        Obj::new(th, class.payload.instance_shape(), payload).into_value()
    })
}

/// The object behind a `weakref.ref`; `Ok(None)` once it is dead; None if the value is none.
pub fn referent(th: &Thread, value: &Value) -> Option<Option<Value>> {
    th.downcast::<Reference>(value).map(|reference| reference.weak.get(th))
}

impl Reference {
    fn compared(&self, th: &mut Thread, this: &Value, other: &Value, op: CompareOp) -> PyResult {
        let Some(other_reference) = th.downcast::<Reference>(other).cloned() else {
            return Ok(Value::NOT_IMPLEMENTED);
        };
        match (self.weak.get(th), other_reference.weak.get(th)) {
            (Some(a), Some(b)) => th.compare(&a, &b, op),
            // A dead one equals itself alone.
            _ => Ok(Value::bool(this.is(other) == (op == CompareOp::Eq))),
        }
    }
}

#[pymethods]
impl Reference {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        if args.has_keywords() && Some(class) == Reference::cell().get() {
            return Err(th.type_error("ref() takes no keyword arguments"));
        }
        let (object, callback) = match args.positional {
            [object] => (object, None),
            [object, callback] => (object, Some(callback.clone()).filter(|c| !c.is_none())),
            [] => return Err(th.type_error("__new__ expected at least 1 argument, got 0")),
            more => {
                let given = more.len();
                return Err(th.type_error(format_args!("__new__ expected at most 2 arguments, got {given}")));
            }
        };
        reference_of(th, class, object, callback)
    }

    #[raw]
    fn __init__(this: &Obj<Self>, th: &mut Thread, args: Args<'_>) -> PyResult<()> {
        let _ = this;
        let given = args.positional.len();
        if args.has_keywords() {
            return Err(th.type_error("ref() takes no keyword arguments"));
        }
        if given == 0 || given > 2 {
            let (bound, limit) = if given == 0 { ("least", "1 argument") } else { ("most", "2 arguments") };
            return Err(th.type_error(format_args!("__init__ expected at {bound} {limit}, got {given}")));
        }
        Ok(())
    }

    fn __call__(&self, th: &mut Thread) -> Value {
        self.weak.get(th).unwrap_or(Value::NONE)
    }

    #[getter]
    fn __callback__(&self, th: &mut Thread) -> Option<Value> {
        self.weak.callback(th)
    }

    fn __hash__(&self, th: &mut Thread) -> PyResult<i64> {
        // Relaxed: every thread computes the same number.
        let known = self.hash.load(Ordering::Relaxed);
        if known != NO_HASH {
            return Ok(known);
        }
        let Some(object) = self.weak.get(th) else { return Err(th.type_error("weak object has gone away")) };
        let hash = th.hash(&object)?;
        self.hash.store(hash, Ordering::Relaxed); // Relaxed: as above.
        Ok(hash)
    }

    fn __eq__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        this.compared(th, this.as_value(), other, CompareOp::Eq)
    }

    fn __ne__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        this.compared(th, this.as_value(), other, CompareOp::Ne)
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
        let address = this.as_value().word();
        let Some(object) = this.weak.get(th) else { return Ok(format!("<weakref at {address:#x}; dead>")) };
        let class = th.type_of(&object);
        let class = crate::class::full_name(th, class);
        let place = object.word();
        // As with special methods, only the class is asked.
        let kind = th.type_of(&object);
        let name = match crate::class::lookup(th, kind, &names().dunder_name) {
            Some(name) => Some(crate::class::descriptor::bind(th, &name, Some(&object), kind)?),
            None => None,
        };
        match name.as_ref().and_then(|name| th.as_str(name)) {
            Some(name) => {
                let name = name.units().to_str_lossy();
                Ok(format!("<weakref at {address:#x}; to '{class}' at {place:#x} ({name})>"))
            }
            None => Ok(format!("<weakref at {address:#x}; to '{class}' at {place:#x}>")),
        }
    }

    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> Value {
        super::generic_alias::make(th, class, item)
    }
}
