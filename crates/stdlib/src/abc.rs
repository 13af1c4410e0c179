//! `_abc`: what abstract base classes are checked with.
//!
//! An abstract class keeps who was registered with it, and which classes are known to be its subclasses or not, by
//! weak references. What is known not to be a subclass holds until some class registers with any abstract class.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use vm::builtins::weakref;
use vm::names::names;
use vm::prelude::*;

/// How many registrations there were.
static REGISTRATIONS: AtomicU64 = AtomicU64::new(0);

/// Bits of `__abc_tpflags__`.
const SEQUENCE_BIT: i64 = 1 << 5;
const MAPPING_BIT: i64 = 1 << 6;

fn registrations() -> u64 {
    REGISTRATIONS.load(Ordering::Acquire) // Acquire pairs with the release in `register`.
}

/// Classes, by address, held weakly.
type Classes = HashMap<usize, Value>;

#[derive(Default)]
struct Knowledge {
    registered: Classes,
    subclasses: Classes,
    others: Classes,
    /// The count of registrations that `others` was learnt at.
    others_at: u64,
}

impl Trace for Knowledge {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.registered.trace(visit);
        self.subclasses.trace(visit);
        self.others.trace(visit);
    }
}

/// The payload of `_abc_impl`.
#[pyclass(name = "_abc_data", module = "_abc", no_new)]
pub struct AbcData {
    known: Guarded<Knowledge>,
    #[no_trace]
    recent: Recent,
}

/// Answers given lately, which threads look up without writing anything. A class is told by its version, which no other
/// class has ever had and which changes when the class does.
#[derive(Default)]
struct Recent {
    /// Versions of classes known to be subclasses.
    subclasses: [AtomicU32; RECENT],
    /// Versions of classes known not to be, below the count of registrations at which that was learnt.
    others: [AtomicU64; RECENT],
}

const RECENT: usize = 16;

impl Recent {
    /// What was learnt of a class, if anything was.
    fn answer(&self, version: u32) -> Option<bool> {
        let place = version as usize % RECENT;
        // Relaxed, here and below: each word stands on its own.
        if version == 0 {
            None
        } else if self.subclasses[place].load(Ordering::Relaxed) == version {
            Some(true)
        } else if self.others[place].load(Ordering::Relaxed) == Self::other(version) {
            Some(false)
        } else {
            None
        }
    }

    fn other(version: u32) -> u64 {
        u64::from(version) << 32 | u64::from(registrations() as u32)
    }

    fn learn(&self, version: u32, is_subclass: bool) {
        let place = version as usize % RECENT;
        if is_subclass {
            self.subclasses[place].store(version, Ordering::Relaxed); // Relaxed: as in `answer`.
        } else {
            self.others[place].store(Self::other(version), Ordering::Relaxed); // Relaxed: as in `answer`.
        }
    }

    fn forget(&self) {
        self.subclasses.iter().for_each(|word| word.store(0, Ordering::Relaxed)); // Relaxed: as in `answer`.
        self.others.iter().for_each(|word| word.store(0, Ordering::Relaxed)); // Relaxed: as in `answer`.
    }
}

/// What [`Recent`] knows a class by; 0 if it cannot.
fn version(th: &Thread, class: &Value) -> u32 {
    th.as_class(class).map_or(0, |class| class.payload.version())
}

#[pymethods]
impl AbcData {}

fn address(class: &Value) -> usize {
    class.word() as usize
}

fn knows(th: &Thread, classes: &Classes, class: &Value) -> bool {
    let reference = classes.get(&address(class));
    reference
        .and_then(|reference| weakref::referent(th, reference))
        .flatten()
        .is_some_and(|found| found.is(class))
}

fn alive(th: &Thread, classes: &Classes) -> Vec<Value> {
    classes.values().filter_map(|reference| weakref::referent(th, reference).flatten()).collect()
}

impl AbcData {
    fn is_known_subclass(&self, th: &Thread, class: &Value) -> bool {
        self.recent.answer(version(th, class)) == Some(true)
            || self.remembers(th, class, true, |known| knows(th, &known.subclasses, class))
    }

    /// Asks what is kept by weak reference, and has it answered faster the next time.
    fn remembers(
        &self,
        th: &Thread,
        class: &Value,
        is_subclass: bool,
        ask: impl FnOnce(&Knowledge) -> bool,
    ) -> bool {
        let before = version(th, class);
        let answer = ask(&self.known.lock(th));
        if answer {
            self.recent.learn(before, is_subclass);
        }
        answer
    }

    fn is_known_other(&self, th: &Thread, class: &Value) -> bool {
        self.recent.answer(version(th, class)) == Some(false)
            || self.remembers(th, class, false, |known| {
                known.others_at == registrations() && knows(th, &known.others, class)
            })
    }

    fn learn(&self, th: &mut Thread, class: &Value, is_subclass: bool) -> PyResult<bool> {
        let reference = weakref::reference(th, class, None)?;
        let old = {
            let mut known = self.known.lock(th);
            let classes = if is_subclass { &mut known.subclasses } else { &mut known.others };
            classes.insert(address(class), reference)
        };
        drop(old);
        Ok(is_subclass)
    }

    /// Forgets what is known not to be a subclass if classes registered since.
    fn refresh(&self, th: &Thread) {
        let now = registrations();
        let old = {
            let mut known = self.known.lock(th);
            if known.others_at == now {
                return;
            }
            known.others_at = now;
            std::mem::take(&mut known.others)
        };
        drop(old);
    }
}

fn data_of(th: &mut Thread, class: &Value) -> PyResult<Obj<AbcData>> {
    let data = th.get_attr(class, &names().abc_impl)?;
    match th.exact::<AbcData>(&data).cloned() {
        Some(data) => Ok(data),
        None => Err(th.type_error("_abc_impl is set to a wrong type")),
    }
}

fn is_abstract(th: &mut Thread, value: &Value) -> PyResult<bool> {
    match th.find_attr_or_none(value, &names().isabstractmethod)? {
        Some(flag) => th.is_true(&flag),
        None => Ok(false),
    }
}

/// Sets `__abstractmethods__` from the class's own dict and those of its bases.
fn find_abstract(th: &mut Thread, class: &Value) -> PyResult<()> {
    let mut found: Vec<Value> = Vec::new();
    if let Some(own) = th.as_class(class) {
        for (name, value, _) in own.payload.dict.snapshot(th) {
            if is_abstract(th, &value)? {
                found.push(name);
            }
        }
    }
    let bases = th.get_attr(class, &names().bases)?;
    for base in th.collect(&bases)? {
        let Some(inherited) = th.find_attr_or_none(&base, &names().abstractmethods)? else { continue };
        for name in th.collect(&inherited)? {
            let Some(text) = th.as_str(&name).cloned() else { continue };
            if let Some(value) = th.find_attr_or_none(class, &text)?
                && is_abstract(th, &value)?
            {
                found.push(name);
            }
        }
    }
    let found = vm::builtins::set::frozenset(th, found)?;
    th.set_attr(class, &names().abstractmethods, &found)
}

/// Passes on what a class is to patterns, a sequence or a mapping.
fn set_pattern_kind(class: Class, bits: u32) {
    use vm::object_model::ty::flag;
    let bits = bits & (flag::SEQUENCE | flag::MAPPING);
    // Builtin classes are what they are: text is a Sequence, but no sequence to patterns.
    if bits == 0 || !class.payload.has(flag::HEAP) || class.payload.has(flag::IMMUTABLE) {
        return;
    }
    class.payload.set_flags(flag::SEQUENCE | flag::MAPPING, false);
    class.payload.set_flags(bits, true);
    let subclasses = class.payload.subclasses.lock().clone();
    for sub in subclasses {
        set_pattern_kind(sub, bits);
    }
}

fn init(th: &mut Thread, class: &Value) -> PyResult<()> {
    find_abstract(th, class)?;
    let data = AbcData::new_object(
        th,
        AbcData { known: Guarded::new(Knowledge::default()), recent: Recent::default() },
    );
    let name = th.intern("_abc_impl");
    th.set_attr(class, &name, data.as_value())?;
    let Some(own) = th.as_class(class) else { return Ok(()) };
    let name = th.intern("__abc_tpflags__");
    if let Some(flags) = own.payload.dict.get_str(th, &name) {
        use vm::object_model::ty::flag;
        let bits = flags.as_small_int().unwrap_or(0);
        let kind = if bits & SEQUENCE_BIT != 0 { flag::SEQUENCE } else { 0 }
            | if bits & MAPPING_BIT != 0 { flag::MAPPING } else { 0 };
        set_pattern_kind(own, kind);
        th.del_attr(class, &name)?;
    }
    Ok(())
}

fn register(th: &mut Thread, class: &Value, subclass: &Value) -> PyResult {
    let Some(sub) = th.as_class(subclass) else {
        return Err(th.type_error("Can only register classes"));
    };
    if th.is_subclass(subclass, class)? {
        return Ok(subclass.clone());
    }
    if th.is_subclass(class, subclass)? {
        return Err(th.runtime_error("Refusing to create an inheritance cycle"));
    }
    let data = data_of(th, class)?;
    let reference = weakref::reference(th, subclass, None)?;
    let old = data.known.lock(th).registered.insert(address(subclass), reference);
    drop(old);
    REGISTRATIONS.fetch_add(1, Ordering::Release); // Release pairs with the acquire in `registrations`.
    if let Some(own) = th.as_class(class) {
        set_pattern_kind(sub, own.payload.flags());
    }
    Ok(subclass.clone())
}

fn subclass_check(th: &mut Thread, class: &Value, subclass: &Value) -> PyResult<bool> {
    let Some(sub) = th.as_class(subclass) else {
        return Err(th.type_error("issubclass() arg 1 must be a class"));
    };
    th.check_native_stack()?;
    let data = data_of(th, class)?;
    if data.is_known_subclass(th, subclass) {
        return Ok(true);
    }
    data.refresh(th);
    if data.is_known_other(th, subclass) {
        return Ok(false);
    }
    let answer = th.call_method(class, "__subclasshook__", std::slice::from_ref(subclass))?;
    match answer.as_bool() {
        Some(answer) => return data.learn(th, subclass, answer),
        None if answer.is(&Value::NOT_IMPLEMENTED) => {}
        None => {
            return Err(
                th.assertion_error("__subclasshook__ must return either False, True, or NotImplemented")
            );
        }
    }
    if th.as_class(class).is_some_and(|class| sub.is_subtype(th, class)) {
        return data.learn(th, subclass, true);
    }
    let registered = alive(th, &data.known.lock(th).registered);
    for other in registered {
        if th.is_subclass(subclass, &other)? {
            return data.learn(th, subclass, true);
        }
    }
    let subclasses = th.call_method(class, "__subclasses__", &[])?;
    if th.downcast::<List>(&subclasses).is_none() {
        return Err(th.type_error("__subclasses__() must return a list"));
    }
    for other in th.collect(&subclasses)? {
        if th.is_subclass(subclass, &other)? {
            return data.learn(th, subclass, true);
        }
    }
    data.learn(th, subclass, false)
}

fn instance_check(th: &mut Thread, class: &Value, instance: &Value) -> PyResult {
    let data = data_of(th, class)?;
    let claimed = th.get_attr(instance, &names().class)?;
    if data.is_known_subclass(th, &claimed) {
        return Ok(Value::TRUE);
    }
    let own = th.type_of(instance).value();
    if own.is(&claimed) {
        if data.is_known_other(th, &claimed) {
            return Ok(Value::FALSE);
        }
        return th.call_method(class, "__subclasscheck__", &[claimed]);
    }
    let answer = th.call_method(class, "__subclasscheck__", &[claimed])?;
    if th.is_true(&answer)? {
        return Ok(answer);
    }
    th.call_method(class, "__subclasscheck__", &[own])
}

/// A set of weak references to the classes.
fn dump(th: &mut Thread, classes: Vec<Value>) -> PyResult {
    th.build_set(classes)
}

/// What `abc` is built on.
#[pymodule(name = "_abc", classes = [super::AbcData])]
pub mod module {
    use vm::prelude::*;

    /// How many registrations there were: changes with every one, in any class.
    #[pyfunction]
    fn get_cache_token() -> u64 {
        super::registrations()
    }

    #[pyfunction(name = "_abc_init", signature = "(self, /)")]
    fn abc_init(th: &mut Thread, self_: &Value) -> PyResult<()> {
        super::init(th, self_)
    }

    #[pyfunction(name = "_abc_register", signature = "(self, subclass, /)")]
    fn abc_register(th: &mut Thread, self_: &Value, subclass: &Value) -> PyResult {
        super::register(th, self_, subclass)
    }

    #[pyfunction(name = "_abc_instancecheck", signature = "(self, instance, /)")]
    fn abc_instancecheck(th: &mut Thread, self_: &Value, instance: &Value) -> PyResult {
        super::instance_check(th, self_, instance)
    }

    #[pyfunction(name = "_abc_subclasscheck", signature = "(self, subclass, /)")]
    fn abc_subclasscheck(th: &mut Thread, self_: &Value, subclass: &Value) -> PyResult<bool> {
        super::subclass_check(th, self_, subclass)
    }

    #[pyfunction(name = "_get_dump", signature = "(self, /)")]
    fn get_dump(th: &mut Thread, self_: &Value) -> PyResult {
        let data = super::data_of(th, self_)?;
        let (registered, subclasses, others, at) = {
            let known = data.known.lock(th);
            let list = |classes: &super::Classes| classes.values().cloned().collect::<Vec<_>>();
            (list(&known.registered), list(&known.subclasses), list(&known.others), known.others_at)
        };
        let parts = vec![
            super::dump(th, registered)?,
            super::dump(th, subclasses)?,
            super::dump(th, others)?,
            th.int(at as i64),
        ];
        Ok(th.tuple(parts))
    }

    #[pyfunction(name = "_reset_registry", signature = "(self, /)")]
    fn reset_registry(th: &mut Thread, self_: &Value) -> PyResult<()> {
        let data = super::data_of(th, self_)?;
        let old = std::mem::take(&mut data.known.lock(th).registered);
        drop(old);
        Ok(())
    }

    #[pyfunction(name = "_reset_caches", signature = "(self, /)")]
    fn reset_caches(th: &mut Thread, self_: &Value) -> PyResult<()> {
        let data = super::data_of(th, self_)?;
        data.recent.forget();
        let old = {
            let mut known = data.known.lock(th);
            (std::mem::take(&mut known.subclasses), std::mem::take(&mut known.others))
        };
        drop(old);
        Ok(())
    }
}
