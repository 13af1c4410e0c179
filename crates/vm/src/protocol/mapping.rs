//! Subscripts and membership of any object, and the operations of `dict` that may ask Python whether keys are equal.
//!
//! Not here: `dict`'s methods (`builtins::dict`).

use object_model::dict::{Probe, Quick, Stale, Step};
use object_model::string::OutOfMemory;

use crate::builtins::slice::{self, Position};
use crate::class::{self, special, type_of};
use crate::names::{Special, names};
use crate::prelude::*;
use crate::protocol::{exact, hash};

impl Thread {
    /// The entry of `key`, and the stamp with which it is that entry. A probe that ends so is what `store` and `remove`
    /// take.
    fn dict_find(
        &mut self,
        dict: &Obj<Dict>,
        key: &Value,
        hash: i64,
        probe: &mut Probe,
    ) -> PyResult<Option<(usize, u64)>> {
        // A key that is equal, but whose entry may have moved while that was found out.
        let mut equal: Option<Value> = None;
        loop {
            let before = dict.stamp();
            match dict.search(self, key, hash, probe) {
                Step::Found(number) => return Ok(Some((number, before))),
                Step::Missing => return Ok(None),
                // Not asked again: a comparison that always changes the dict would be asked for ever.
                Step::Ask(candidate, number) if equal.as_ref().is_some_and(|known| known.is(&candidate)) => {
                    return Ok(Some((number, before)));
                }
                Step::Ask(candidate, number) => {
                    if self.eq(&candidate, key)? {
                        if dict.stamp() == before {
                            return Ok(Some((number, before)));
                        }
                        *probe = Probe::new();
                        equal = Some(candidate);
                    }
                }
            }
        }
    }

    /// `dict.get(key)` for a key with this hash.
    #[inline]
    pub fn dict_get_hashed(&mut self, dict: &Obj<Dict>, key: &Value, hash: i64) -> PyResult<Option<Value>> {
        loop {
            let mut probe = Probe::new();
            let Some((number, stamp)) = self.dict_find(dict, key, hash, &mut probe)? else { return Ok(None) };
            let value = dict.value_at(self, number);
            // Entries move only when the stamp changes: then the value may be another key's.
            if dict.stamp() == stamp {
                return Ok(value);
            }
        }
    }

    /// `dict.get(key)`; an unhashable key is an error.
    #[inline]
    pub fn dict_get(&mut self, dict: &Obj<Dict>, key: &Value) -> PyResult<Option<Value>> {
        if let Some(hash) = hash::quick(key) {
            match dict.get_quick(self, key, hash) {
                Quick::Found(value) => return Ok(Some(value)),
                Quick::Missing => return Ok(None),
                Quick::Undecided => {}
            }
        }
        self.dict_get_compared(dict, key)
    }

    #[inline(never)]
    fn dict_get_compared(&mut self, dict: &Obj<Dict>, key: &Value) -> PyResult<Option<Value>> {
        let hash = self.hash_key(key)?;
        self.dict_get_hashed(dict, key, hash)
    }

    /// `key in dict`
    pub fn dict_contains(&mut self, dict: &Obj<Dict>, key: &Value) -> PyResult<bool> {
        if let Some(found) = hash::quick(key).and_then(|hash| dict.contains_quick(key, hash)) {
            return Ok(found);
        }
        let hash = self.hash_key(key)?;
        self.dict_contains_hashed(dict, key, hash)
    }

    /// `key in dict` for a key with this hash.
    pub fn dict_contains_hashed(&mut self, dict: &Obj<Dict>, key: &Value, hash: i64) -> PyResult<bool> {
        Ok(self.dict_find(dict, key, hash, &mut Probe::new())?.is_some())
    }

    /// `dict[key] = value`
    #[inline]
    pub fn dict_set(&mut self, dict: &Obj<Dict>, key: &Value, value: Value) -> PyResult<()> {
        let Some(hash) = hash::quick(key) else { return self.dict_set_compared(dict, key, value) };
        match dict.set_quick(self, key, hash, value) {
            Ok(old) => {
                drop(old);
                Ok(())
            }
            Err(value) => self.dict_set_compared(dict, key, value),
        }
    }

    #[inline(never)]
    fn dict_set_compared(&mut self, dict: &Obj<Dict>, key: &Value, value: Value) -> PyResult<()> {
        let hash = self.hash_key(key)?;
        self.dict_set_hashed(dict, key, hash, value)
    }

    /// `dict[key] = value` for a key with this hash.
    pub fn dict_set_hashed(
        &mut self,
        dict: &Obj<Dict>,
        key: &Value,
        hash: i64,
        value: Value,
    ) -> PyResult<()> {
        let mut value = Some(value);
        loop {
            let mut probe = Probe::new();
            let number = self.dict_find(dict, key, hash, &mut probe)?.map(|(number, _)| number);
            match dict.store(self, &probe, number, key, hash, &mut value) {
                Ok(_old) => return Ok(()),
                Err(Stale::Keys) => {}
                Err(Stale::OutOfMemory) => return Err(self.memory_error()),
            }
        }
    }

    /// `dict.setdefault(key, default)`: the value of now, and whether the key was there.
    pub fn dict_set_default(
        &mut self,
        dict: &Obj<Dict>,
        key: &Value,
        default: &Value,
    ) -> PyResult<(Value, bool)> {
        let hash = self.hash_key(key)?;
        loop {
            let mut probe = Probe::new();
            if let Some((number, stamp)) = self.dict_find(dict, key, hash, &mut probe)? {
                match dict.value_at(self, number).filter(|_| dict.stamp() == stamp) {
                    Some(value) => return Ok((value, true)),
                    None => continue,
                }
            }
            match dict.store(self, &probe, None, key, hash, &mut Some(default.clone())) {
                Ok(_none) => return Ok((default.clone(), false)),
                Err(Stale::Keys) => {}
                Err(Stale::OutOfMemory) => return Err(self.memory_error()),
            }
        }
    }

    /// Removes a key; the value, if it was there.
    pub fn dict_pop(&mut self, dict: &Obj<Dict>, key: &Value) -> PyResult<Option<Value>> {
        let hash = self.hash_key(key)?;
        self.dict_pop_hashed(dict, key, hash)
    }

    /// Removes a key with this hash; the value, if it was there.
    pub fn dict_pop_hashed(&mut self, dict: &Obj<Dict>, key: &Value, hash: i64) -> PyResult<Option<Value>> {
        loop {
            let mut probe = Probe::new();
            let Some((number, _)) = self.dict_find(dict, key, hash, &mut probe)? else { return Ok(None) };
            if let Ok(pair) = dict.remove(self, &probe, number) {
                return Ok(pair.map(|(_key, value)| value));
            }
        }
    }

    /// Removes a key; false if it was not there.
    pub fn dict_del(&mut self, dict: &Obj<Dict>, key: &Value) -> PyResult<bool> {
        Ok(self.dict_pop(dict, key)?.is_some())
    }

    /// `{**mapping}`: adds what a mapping holds. Anything without `keys` is a TypeError.
    pub fn dict_update(&mut self, dict: &Obj<Dict>, mapping: &Value) -> PyResult<()> {
        if exact::any_dict(mapping).is_none() && self.lookup_attr(mapping, "keys")?.is_none() {
            let name = self.type_name(mapping);
            return Err(self.type_error(format_args!("'{name}' object is not a mapping")));
        }
        self.dict_update_from(dict, mapping)
    }

    /// Adds what a mapping holds, replacing what is there.
    pub fn dict_update_from(&mut self, dict: &Obj<Dict>, mapping: &Value) -> PyResult<()> {
        self.merge(dict, mapping, |th, dict, key, hash, value| th.dict_set_hashed(dict, key, hash, value))
    }

    /// `f(**mapping)`: adds keyword arguments; a key that is there already, or is no str, is a TypeError.
    pub fn dict_merge(&mut self, dict: &Obj<Dict>, mapping: &Value, callable: &Value) -> PyResult<()> {
        if exact::any_dict(mapping).is_none() && self.lookup_attr(mapping, "keys")?.is_none() {
            let (function, name) = (self.callable_text(callable)?, self.type_name(mapping));
            return Err(
                self.type_error(format_args!("{function} argument after ** must be a mapping, not {name}"))
            );
        }
        let callable = callable.clone();
        self.merge(dict, mapping, move |th, dict, key, hash, value| {
            if th.as_str(key).is_none() {
                let function = th.callable_text(&callable)?;
                return Err(th.type_error(format_args!("{function} keywords must be strings")));
            }
            if th.dict_contains_hashed(dict, key, hash)? {
                let (function, key) = (th.callable_text(&callable)?, th.str_of(key)?);
                let key = key.units().to_str_lossy().to_string();
                return Err(th.type_error(format_args!(
                    "{function} got multiple values for keyword argument '{key}'"
                )));
            }
            th.dict_set_hashed(dict, key, hash, value)
        })
    }

    /// `f(*iterable)`: the arguments as a tuple.
    pub fn unpacked_arguments(&mut self, callable: &Value, iterable: &Value) -> PyResult<Obj<Tuple>> {
        if !self.has_special(iterable, Special::Iter) && !self.has_special(iterable, Special::GetItem) {
            let (function, name) = (self.callable_text(callable)?, self.type_name(iterable));
            return Err(
                self.type_error(format_args!("{function} argument after * must be an iterable, not {name}"))
            );
        }
        let items = self.collect(iterable)?;
        Obj::from_vec(self, items).map_err(|_| self.memory_error())
    }

    /// How messages about arguments name a callable: `module.qualname()`, or its str.
    fn callable_text(&mut self, callable: &Value) -> PyResult<String> {
        let text = |th: &mut Thread, value: &Value| -> PyResult<String> {
            Ok(th.str_of(value)?.units().to_str_lossy().to_string())
        };
        let Some(qualname) = self.lookup_attr(callable, "__qualname__")? else { return text(self, callable) };
        let qualname = text(self, &qualname)?;
        if let Some(module) = self.lookup_attr(callable, "__module__")?
            && !module.is_none()
        {
            let module = text(self, &module)?;
            if module != "builtins" {
                return Ok(format!("{module}.{qualname}()"));
            }
        }
        Ok(format!("{qualname}()"))
    }

    fn merge(
        &mut self,
        dict: &Obj<Dict>,
        mapping: &Value,
        mut put: impl FnMut(&mut Thread, &Obj<Dict>, &Value, i64, Value) -> PyResult<()>,
    ) -> PyResult<()> {
        if let Some(other) = exact::any_dict(mapping)
            && (exact::dict(mapping).is_some() || plain_iteration(self, mapping))
        {
            if other.as_value().is(dict.as_value()) {
                return Ok(());
            }
            let count = other.len();
            for (key, value, hash) in other.snapshot(self) {
                put(self, dict, &key, hash, value)?;
                if other.len() != count {
                    return Err(self.runtime_error("dict mutated during update"));
                }
            }
            return Ok(());
        }
        let keys = self.call_method_name(mapping, &names().keys, &[])?;
        if !self.is_iterable(&keys) {
            let (name, found) = (self.type_name(mapping), self.type_name(&keys));
            return Err(self.type_error(format_args!("{name}.keys() returned a non-iterable (type {found})")));
        }
        let iterator = self.iter(&keys)?;
        while let Some(key) = self.next(&iterator)? {
            let value = self.get_item(mapping, &key)?;
            let hash = self.hash_key(&key)?;
            put(self, dict, &key, hash, value)?;
        }
        Ok(())
    }

    /// `value[key]`
    #[inline]
    pub fn get_item(&mut self, value: &Value, key: &Value) -> PyResult {
        if let Some(list) = exact::list(value) {
            if let Some(i) = key.as_small_int() {
                let index = if i < 0 { i + list.len() as i64 } else { i };
                if index >= 0
                    && let Some(item) = list.get(self, index as usize)
                {
                    return Ok(item);
                }
                return Err(self.index_error("list index out of range"));
            }
            if let Some(slice) = slice::exact(key) {
                return crate::builtins::list::load_slice(self, list, slice);
            }
        } else if let Some(tuple) = exact::tuple(value) {
            if let Some(i) = key.as_small_int() {
                let index = if i < 0 { i + tuple.len() as i64 } else { i };
                if index >= 0
                    && let Some(item) = tuple.items().get(index as usize)
                {
                    return Ok(item.clone());
                }
                return Err(self.index_error("tuple index out of range"));
            }
        } else if let Some(dict) = exact::dict(value) {
            return match self.dict_get(dict, key)? {
                Some(item) => Ok(item),
                None => Err(self.key_error(key.clone())),
            };
        }
        self.get_item_slow(value, key)
    }

    fn get_item_slow(&mut self, value: &Value, key: &Value) -> PyResult {
        if let Some(result) = self.call_special(value, Special::GetItem, &[key])? {
            return Ok(result);
        }
        let Some(class) = class::as_class(value) else {
            let name = self.type_name(value);
            return Err(self.type_error(format_args!("'{name}' object is not subscriptable")));
        };
        if Some(class) == <Type as PyClass>::cell().get() {
            return Ok(crate::builtins::generic_alias::make(self, class, key));
        }
        match self.lookup_attr(value, "__class_getitem__")? {
            Some(method) if !method.is_none() => self.call(&method, std::slice::from_ref(key)),
            _ => {
                let name = crate::class::tp_name(self, class);
                Err(self.type_error(format_args!("type '{name}' is not subscriptable")))
            }
        }
    }

    /// `value[key] = item`
    #[inline]
    pub fn set_item(&mut self, value: &Value, key: &Value, item: &Value) -> PyResult<()> {
        if let Some(dict) = exact::dict(value) {
            return self.dict_set(dict, key, item.clone());
        }
        if let Some(list) = exact::list(value) {
            if let Some(i) = key.as_small_int() {
                let index = if i < 0 { i + list.len() as i64 } else { i };
                if index >= 0 && list.set(self, index as usize, item.clone()).is_ok() {
                    return Ok(());
                }
                return Err(self.index_error("list assignment index out of range"));
            }
            if let Some(slice) = slice::exact(key) {
                return crate::builtins::list::assign_slice(self, list, slice, item);
            }
        }
        if self.call_special(value, Special::SetItem, &[key, item])?.is_none() {
            let name = self.type_name(value);
            return Err(self.type_error(format_args!("'{name}' object does not support item assignment")));
        }
        Ok(())
    }

    /// `del value[key]`
    pub fn del_item(&mut self, value: &Value, key: &Value) -> PyResult<()> {
        if let Some(dict) = exact::dict(value) {
            return if self.dict_del(dict, key)? { Ok(()) } else { Err(self.key_error(key.clone())) };
        }
        if self.call_special(value, Special::DelItem, &[key])?.is_none() {
            let name = self.type_name(value);
            let verb = if type_of(value).payload.has(object_model::ty::flag::SEQUENCE)
                || self.as_str(value).is_some()
                || type_of(value).payload.has(object_model::ty::flag::BYTES_SUBCLASS)
            {
                "doesn't"
            } else {
                "does not"
            };
            return Err(self.type_error(format_args!("'{name}' object {verb} support item deletion")));
        }
        Ok(())
    }

    /// `item in container`
    pub fn contains(&mut self, container: &Value, item: &Value) -> PyResult<bool> {
        if let Some(dict) = exact::dict(container) {
            return self.dict_contains(dict, item);
        }
        if let Some(set) = exact::set(container) {
            return crate::builtins::set::contains(self, set, item);
        }
        if let Some(list) = exact::list(container) {
            return Ok(crate::builtins::list::find(self, list, item, 0, usize::MAX)?.is_some());
        }
        if self.has_special(container, Special::Contains)
            && let Some(answer) = self.call_special(container, Special::Contains, &[item])?
        {
            return self.is_true(&answer);
        }
        // A `__contains__` of None forbids the search.
        if special::get(self, type_of(container), Special::Contains).is_none() && self.is_iterable(container)
        {
            let iterator = self.iter(container)?;
            while let Some(candidate) = self.next(&iterator)? {
                if self.same_or_equal(&candidate, item)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let name = self.type_name(container);
        Err(self.type_error(format_args!("argument of type '{name}' is not a container or iterable")))
    }

    /// The number that an index key means, for a sequence called `kind` of `length` items: not negative, maybe too
    /// large. None if the key has no `__index__`.
    pub(crate) fn sequence_index(&mut self, key: &Value, length: usize) -> PyResult<Option<usize>> {
        Ok(match slice::position(self, key)? {
            Some(Position::At(i)) if i < 0 => Some(usize::try_from(i + length as i64).unwrap_or(usize::MAX)),
            Some(Position::At(i)) => Some(i as usize),
            Some(_) => return Err(self.index_error("cannot fit 'int' into an index-sized integer")),
            None => None,
        })
    }
}

/// True if iterating a dict of a subclass gives its keys: `__iter__` is not overridden.
fn plain_iteration(th: &mut Thread, mapping: &Value) -> bool {
    let class = Dict::class(th);
    let plain = special::get(th, class, Special::Iter);
    match (special::get(th, type_of(mapping), Special::Iter), plain) {
        (Some(own), Some(plain)) => own.is(plain),
        _ => false,
    }
}

/// Raises MemoryError where storage could not grow.
pub(crate) fn memory<T>(th: &mut Thread, result: Result<T, OutOfMemory>) -> PyResult<T> {
    result.map_err(|OutOfMemory| th.memory_error())
}
