//! Writing one object graph: which opcodes an object becomes.
//!
//! What a [`Saver`] knows holds for one call of `dump`; the memo is the pickler's and outlives it.

use vm::builtins::float::as_exact_float;
use vm::builtins::int::as_exact_int;
use vm::class::{exact_str, full_name};
use vm::object_model::number::int::ByteOrder;
use vm::prelude::*;
use vm::protocol::exact;

use super::buffer::PickleBuffer;
use super::global;
use super::opcode as op;
use super::output::Output;
use super::pickler::Pickler;
use super::{call_with, noted, pickling_error};

/// How many items `APPENDS`, `SETITEMS` and `ADDITEMS` add at most.
const BATCH: usize = 1000;

/// One pickle in the making.
pub struct Saver<'a> {
    pub pickler: &'a Obj<Pickler>,
    pub out: Output,
    pub protocol: u8,
    pub fix_imports: bool,
    pub fast: bool,
    /// `persistent_id`, unless it is the one that knows no ids.
    pub persistent_id: Option<Value>,
    /// `reducer_override`, if the pickler has it.
    pub override_: Option<Value>,
    /// The pickler's own `dispatch_table`, or `copyreg`'s.
    pub dispatch_table: Value,
    pub buffer_callback: Option<Value>,
}

/// What a memo knows an object by.
pub fn identity(value: &Value) -> u64 {
    value.word() >> 4
}

/// `module.qualname` of the type of a value, as notes and errors give it.
pub fn type_label(th: &mut Thread, value: &Value) -> String {
    let class = th.type_of(value);
    let name = full_name(th, class);
    name.strip_prefix("__main__.").map(str::to_owned).unwrap_or(name)
}

impl Saver<'_> {
    fn binary(&self) -> bool {
        self.protocol >= 1
    }

    /// The number under which the memo has an object.
    fn known(&self, th: &Thread, value: &Value) -> Option<usize> {
        self.pickler.memo.lock(th).get(&identity(value)).map(|(index, _)| *index)
    }

    fn write_get(&mut self, index: usize) {
        if !self.binary() {
            self.out.byte(op::GET);
            self.out.bytes(format!("{index}\n").as_bytes());
        } else if index < 256 {
            self.out.bytes(&[op::BINGET, index as u8]);
        } else {
            self.out.byte(op::LONG_BINGET);
            self.out.bytes(&(index as u32).to_le_bytes());
        }
    }

    pub fn memoize(&mut self, th: &mut Thread, value: &Value) {
        if self.fast {
            return;
        }
        let (index, old) = {
            let mut memo = self.pickler.memo.lock(th);
            let index = memo.len();
            (index, memo.insert(identity(value), (index, value.clone())))
        };
        drop(old);
        if self.protocol >= 4 {
            self.out.byte(op::MEMOIZE);
        } else if !self.binary() {
            self.out.byte(op::PUT);
            self.out.bytes(format!("{index}\n").as_bytes());
        } else if index < 256 {
            self.out.bytes(&[op::BINPUT, index as u8]);
        } else {
            self.out.byte(op::LONG_BINPUT);
            self.out.bytes(&(index as u32).to_le_bytes());
        }
    }

    /// Writes an object.
    pub fn save(&mut self, th: &mut Thread, value: &Value) -> PyResult<()> {
        self.out.boundary(th)?;
        if let Some(function) = self.persistent_id.clone() {
            let id = th.call(&function, std::slice::from_ref(value))?;
            if !id.is_none() {
                return self.save_persistent(th, &id);
            }
        }
        self.save_plain(th, value)
    }

    fn save_persistent(&mut self, th: &mut Thread, id: &Value) -> PyResult<()> {
        if self.binary() {
            self.save_plain(th, id)?;
            self.out.byte(op::BINPERSID);
            return Ok(());
        }
        let text = th.str_of(id)?;
        match text.as_ascii() {
            Some(text) if !text.contains('\n') => {
                self.out.byte(op::PERSID);
                self.out.bytes(format!("{text}\n").as_bytes());
                Ok(())
            }
            _ => Err(pickling_error(th, "persistent IDs in protocol 0 must be ASCII strings")),
        }
    }

    /// Writes an object that has no persistent id.
    fn save_plain(&mut self, th: &mut Thread, value: &Value) -> PyResult<()> {
        th.check_native_stack()?;
        if value.is_none() {
            self.out.byte(op::NONE);
            return Ok(());
        }
        if let Some(truth) = value.as_bool() {
            match (self.protocol >= 2, truth) {
                (true, true) => self.out.byte(op::NEWTRUE),
                (true, false) => self.out.byte(op::NEWFALSE),
                (false, true) => self.out.bytes(b"I01\n"),
                (false, false) => self.out.bytes(b"I00\n"),
            }
            return Ok(());
        }
        if as_exact_int(value).is_some() {
            return self.save_int(th, value);
        }
        if let Some(x) = as_exact_float(value) {
            return self.save_float(th, value, x);
        }
        if let Some(index) = self.known(th, value) {
            self.write_get(index);
            return Ok(());
        }
        if let Some(text) = exact_str(value) {
            return self.save_str(th, value, text);
        }
        if let Some(bytes) = th.exact::<Bytes>(value) {
            return self.save_bytes(th, bytes);
        }
        let mut reduced = Value::NOT_IMPLEMENTED;
        if let Some(function) = self.override_.clone() {
            reduced = th.call(&function, std::slice::from_ref(value))?;
        }
        if reduced.is(&Value::NOT_IMPLEMENTED) {
            if let Some(list) = exact::list(value) {
                return self.save_list(th, list);
            }
            if let Some(dict) = exact::dict(value) {
                return self.save_dict(th, dict);
            }
            if let Some(tuple) = exact::tuple(value) {
                return self.save_tuple(th, tuple);
            }
            if exact::set(value).is_some() {
                let frozen = exact::is_frozenset(value);
                return if frozen { self.save_frozenset(th, value) } else { self.save_set(th, value) };
            }
            if let Some(array) = th.exact::<ByteArray>(value) {
                return self.save_bytearray(th, array);
            }
            if let Some(buffer) = th.exact::<PickleBuffer>(value) {
                return self.save_buffer(th, buffer);
            }
            match self.reduce(th, value)? {
                Some(answer) => reduced = answer,
                None => return self.save_class_or_function(th, value),
            }
        }
        if let Some(name) = th.as_str(&reduced).cloned() {
            return global::save(self, th, value, Some(&name));
        }
        let result = self.save_reduced(th, &reduced, value);
        noted(th, result, |th| Ok(format!("when serializing {} object", type_label(th, value))))
    }

    /// What the dispatch table or the object's own methods make of it; None for what is saved by name.
    fn reduce(&mut self, th: &mut Thread, value: &Value) -> PyResult<Option<Value>> {
        let class = th.type_of(value);
        let is_function = value.as_header().is_some_and(|h| h.shape_id() == builtin::FUNCTION);
        if is_function || Some(class) == Type::cell().get() {
            return Ok(None);
        }
        let table = self.dispatch_table.clone();
        let function = match exact::dict(&table) {
            Some(table) => th.dict_get(table, &class.value())?,
            None => match th.get_item(&table, &class.value()) {
                Ok(function) => Some(function),
                Err(_) if th.exception_is(Exc::KeyError) => {
                    th.clear_exception();
                    None
                }
                Err(raised) => return Err(raised),
            },
        };
        if let Some(function) = function {
            return th.call(&function, std::slice::from_ref(value)).map(Some);
        }
        if th.as_class(value).is_some() {
            return Ok(None);
        }
        if let Some(method) = th.lookup_attr(value, "__reduce_ex__")? {
            let protocol = th.int(self.protocol.into());
            return th.call(&method, &[protocol]).map(Some);
        }
        match th.lookup_attr(value, "__reduce__")? {
            Some(method) => th.call(&method, &[]).map(Some),
            None => {
                let name = type_label(th, value);
                Err(pickling_error(th, &format!("Can't pickle {name} object")))
            }
        }
    }

    fn save_class_or_function(&mut self, th: &mut Thread, value: &Value) -> PyResult<()> {
        for single in [Value::NONE, Value::NOT_IMPLEMENTED, Value::ELLIPSIS] {
            if th.type_of(&single).value().is(value) {
                let class = th.type_of(value).value();
                let arguments = th.tuple(vec![single]);
                let reduced = th.tuple(vec![class, arguments]);
                return self.save_reduced(th, &reduced, value);
            }
        }
        global::save(self, th, value, None)
    }

    fn save_int(&mut self, th: &mut Thread, value: &Value) -> PyResult<()> {
        let small = value.as_small_int();
        if self.binary()
            && let Some(i) = small
        {
            if let Ok(byte) = u8::try_from(i) {
                self.out.bytes(&[op::BININT1, byte]);
                return Ok(());
            }
            if let Ok(word) = u16::try_from(i) {
                self.out.byte(op::BININT2);
                self.out.bytes(&word.to_le_bytes());
                return Ok(());
            }
        }
        let word = small.and_then(|i| i32::try_from(i).ok());
        match word {
            Some(word) if self.binary() => {
                self.out.byte(op::BININT);
                self.out.bytes(&word.to_le_bytes());
                return Ok(());
            }
            Some(word) => {
                self.out.bytes(format!("I{word}\n").as_bytes());
                return Ok(());
            }
            None => {}
        }
        if self.protocol < 2 {
            let text = th.repr(value)?;
            self.out.byte(op::LONG);
            self.out.bytes(text.units().to_str_lossy().as_bytes());
            self.out.bytes(b"L\n");
            return Ok(());
        }
        let Some(number) = as_exact_int(value) else { return Ok(()) };
        let length = number.bit_length() as usize / 8 + 1;
        let bytes = number.to_bytes(length, ByteOrder::Little, true);
        let mut bytes = bytes.map_err(|_| th.overflow_error("int too large to pickle"))?;
        // A sign that the byte before says already.
        if let [.., before, 0xff] = bytes[..]
            && before & 0x80 != 0
        {
            bytes.pop();
        }
        match u8::try_from(bytes.len()) {
            Ok(length) => self.out.bytes(&[op::LONG1, length]),
            Err(_) => match i32::try_from(bytes.len()) {
                Ok(length) => {
                    self.out.byte(op::LONG4);
                    self.out.bytes(&length.to_le_bytes());
                }
                Err(_) => return Err(th.overflow_error("int too large to pickle")),
            },
        }
        self.out.bytes(&bytes);
        Ok(())
    }

    fn save_float(&mut self, th: &mut Thread, value: &Value, x: f64) -> PyResult<()> {
        if self.binary() {
            self.out.byte(op::BINFLOAT);
            self.out.bytes(&x.to_be_bytes());
            return Ok(());
        }
        let text = th.repr(value)?;
        self.out.byte(op::FLOAT);
        self.out.bytes(text.units().to_str_lossy().as_bytes());
        self.out.byte(b'\n');
        Ok(())
    }

    /// The header of data of a length: with one byte, four or eight for it.
    fn header(
        &self,
        th: &mut Thread,
        length: usize,
        codes: [Option<u8>; 3],
        what: &str,
    ) -> PyResult<Vec<u8>> {
        let [short, medium, long] = codes;
        if let (Some(code), Ok(length)) = (short, u8::try_from(length)) {
            return Ok(vec![code, length]);
        }
        if let (Some(code), Ok(length)) = (medium, u32::try_from(length)) {
            return Ok([&[code][..], &length.to_le_bytes()].concat());
        }
        match long {
            Some(code) => Ok([&[code][..], &(length as u64).to_le_bytes()].concat()),
            None => {
                let message =
                    format!("serializing a {what} larger than 4 GiB requires pickle protocol 4 or higher");
                Err(th.overflow_error(message))
            }
        }
    }

    fn save_str(&mut self, th: &mut Thread, value: &Value, text: &Obj<Str>) -> PyResult<()> {
        if self.binary() {
            let encoded = text.units().to_wtf8();
            let new = self.protocol >= 4;
            let codes =
                [new.then_some(op::SHORT_BINUNICODE), Some(op::BINUNICODE), new.then_some(op::BINUNICODE8)];
            let header = self.header(th, encoded.len(), codes, "string")?;
            self.out.large(th, &header, &encoded, None)?;
        } else {
            self.out.byte(op::UNICODE);
            for ch in text.units().iter() {
                match ch {
                    0 | 0x0a | 0x0d | 0x1a | 0x5c => self.out.bytes(format!("\\u{ch:04x}").as_bytes()),
                    0x1_0000.. => self.out.bytes(format!("\\U{ch:08x}").as_bytes()),
                    0x100.. => self.out.bytes(format!("\\u{ch:04x}").as_bytes()),
                    _ => self.out.byte(ch as u8),
                }
            }
            self.out.byte(b'\n');
        }
        self.memoize(th, value);
        Ok(())
    }

    fn bytes_unmemoized(&mut self, th: &mut Thread, content: &[u8], object: Option<&Value>) -> PyResult<()> {
        let long = (self.protocol >= 4).then_some(op::BINBYTES8);
        let codes = [Some(op::SHORT_BINBYTES), Some(op::BINBYTES), long];
        let header = self.header(th, content.len(), codes, "bytes object")?;
        self.out.large(th, &header, content, object)
    }

    fn save_bytes(&mut self, th: &mut Thread, bytes: &Obj<Bytes>) -> PyResult<()> {
        let value = bytes.as_value();
        if self.protocol >= 3 {
            self.bytes_unmemoized(th, bytes.as_slice(), Some(value))?;
            self.memoize(th, value);
            return Ok(());
        }
        let reduced = if bytes.as_slice().is_empty() {
            let class = th.type_of(value).value();
            let none = th.tuple(Vec::new());
            th.tuple(vec![class, none])
        } else {
            let encode = crate::support::import_attr(th, "_codecs", "encode")?;
            let units = vm::object_model::text::Units::from_latin1(bytes.as_slice());
            let arguments = vec![th.units(units)?, th.str("latin1")];
            let arguments = th.tuple(arguments);
            th.tuple(vec![encode, arguments])
        };
        self.save_reduced(th, &reduced, value)
    }

    fn bytearray_unmemoized(&mut self, th: &mut Thread, content: &[u8]) -> PyResult<()> {
        let header = [&[op::BYTEARRAY8][..], &(content.len() as u64).to_le_bytes()].concat();
        self.out.large(th, &header, content, None)
    }

    fn save_bytearray(&mut self, th: &mut Thread, array: &Obj<ByteArray>) -> PyResult<()> {
        let value = array.as_value();
        let content = th.buffer_to_vec(value)?;
        if self.protocol >= 5 {
            self.bytearray_unmemoized(th, &content)?;
            self.memoize(th, value);
            return Ok(());
        }
        let class = th.type_of(value).value();
        let arguments = if content.is_empty() { Vec::new() } else { vec![th.bytes(&content)?] };
        let arguments = th.tuple(arguments);
        let reduced = th.tuple(vec![class, arguments]);
        self.save_reduced(th, &reduced, value)
    }

    fn save_buffer(&mut self, th: &mut Thread, buffer: &Obj<PickleBuffer>) -> PyResult<()> {
        if self.protocol < 5 {
            return Err(pickling_error(th, "PickleBuffer can only be pickled with protocol >= 5"));
        }
        let view = buffer.view(th)?;
        if !view.is_contiguous() {
            let message = "PickleBuffer can not be pickled when pointing to a non-contiguous buffer";
            return Err(pickling_error(th, message));
        }
        let mut in_band = true;
        if let Some(callback) = self.buffer_callback.clone() {
            let answer = th.call(&callback, std::slice::from_ref(buffer.as_value()))?;
            in_band = th.is_true(&answer)?;
        }
        if !in_band {
            self.out.byte(op::NEXT_BUFFER);
            if view.is_readonly() {
                self.out.byte(op::READONLY_BUFFER);
            }
            return Ok(());
        }
        let content = view.to_vec(th);
        if view.is_readonly() {
            self.bytes_unmemoized(th, &content, None)?;
        } else {
            self.bytearray_unmemoized(th, &content)?;
        }
        self.memoize(th, buffer.as_value());
        Ok(())
    }

    fn save_item(&mut self, th: &mut Thread, owner: &Value, index: usize, item: &Value) -> PyResult<()> {
        let result = self.save(th, item);
        noted(th, result, |th| Ok(format!("when serializing {} item {index}", type_label(th, owner))))
    }

    fn save_tuple(&mut self, th: &mut Thread, tuple: &Obj<Tuple>) -> PyResult<()> {
        let value = tuple.as_value();
        let items = tuple.items();
        if items.is_empty() {
            if self.binary() {
                self.out.byte(op::EMPTY_TUPLE)
            } else {
                self.out.bytes(&[op::MARK, op::TUPLE])
            }
            return Ok(());
        }
        let short = items.len() <= 3 && self.protocol >= 2;
        if !short {
            self.out.byte(op::MARK);
        }
        for (index, item) in items.iter().enumerate() {
            self.save_item(th, value, index, item)?;
        }
        // The items led back to the tuple: what they left on the stack is given up for the tuple that they made.
        if let Some(index) = self.known(th, value) {
            if short {
                (0..items.len()).for_each(|_| self.out.byte(op::POP));
            } else if self.binary() {
                self.out.byte(op::POP_MARK);
            } else {
                (0..=items.len()).for_each(|_| self.out.byte(op::POP));
            }
            self.write_get(index);
            return Ok(());
        }
        self.out.byte(match items.len() {
            1 if short => op::TUPLE1,
            2 if short => op::TUPLE2,
            3 if short => op::TUPLE3,
            _ => op::TUPLE,
        });
        self.memoize(th, value);
        Ok(())
    }

    fn save_list(&mut self, th: &mut Thread, list: &Obj<List>) -> PyResult<()> {
        if self.binary() {
            self.out.byte(op::EMPTY_LIST)
        } else {
            self.out.bytes(&[op::MARK, op::LIST])
        }
        let value = list.as_value();
        self.memoize(th, value);
        let iterator = th.iter(value)?;
        self.appends(th, value, &iterator)
    }

    /// Up to `BATCH` items.
    fn batch(th: &mut Thread, iterator: &Value) -> PyResult<Vec<Value>> {
        let mut items = Vec::new();
        while items.len() < BATCH
            && let Some(item) = th.next(iterator)?
        {
            items.push(item);
        }
        Ok(items)
    }

    fn appends(&mut self, th: &mut Thread, owner: &Value, iterator: &Value) -> PyResult<()> {
        let mut index = 0;
        loop {
            let items = Self::batch(th, iterator)?;
            let full = items.len() == BATCH;
            let many = self.binary() && items.len() > 1;
            if many {
                self.out.byte(op::MARK);
            }
            for item in &items {
                self.save_item(th, owner, index, item)?;
                index += 1;
                if !many {
                    self.out.byte(op::APPEND);
                }
            }
            if many {
                self.out.byte(op::APPENDS);
            }
            if !full {
                return Ok(());
            }
        }
    }

    fn save_dict(&mut self, th: &mut Thread, dict: &Obj<Dict>) -> PyResult<()> {
        if self.binary() {
            self.out.byte(op::EMPTY_DICT)
        } else {
            self.out.bytes(&[op::MARK, op::DICT])
        }
        let value = dict.as_value();
        self.memoize(th, value);
        let items = th.call_method(value, "items", &[])?;
        let iterator = th.iter(&items)?;
        self.set_items(th, value, &iterator)
    }

    fn set_items(&mut self, th: &mut Thread, owner: &Value, iterator: &Value) -> PyResult<()> {
        loop {
            let items = Self::batch(th, iterator)?;
            let full = items.len() == BATCH;
            let many = self.binary() && items.len() > 1;
            if many {
                self.out.byte(op::MARK);
            }
            for item in &items {
                let pair = exact::any_tuple(item).map(|pair| pair.items());
                let Some([key, value]) = pair else {
                    return Err(th.type_error("dict items iterator must return 2-tuples"));
                };
                self.save(th, key)?;
                let result = self.save(th, value);
                noted(th, result, |th| {
                    let key = th.repr(key)?;
                    let owner = type_label(th, owner);
                    Ok(format!("when serializing {owner} item {}", key.units().to_str_lossy()))
                })?;
                if !many {
                    self.out.byte(op::SETITEM);
                }
            }
            if many {
                self.out.byte(op::SETITEMS);
            }
            if !full {
                return Ok(());
            }
        }
    }

    fn save_element(&mut self, th: &mut Thread, owner: &Value, element: &Value) -> PyResult<()> {
        let result = self.save(th, element);
        noted(th, result, |th| Ok(format!("when serializing {} element", type_label(th, owner))))
    }

    /// A set as its class and a list, for protocols that have no opcode for it.
    fn save_old_set(&mut self, th: &mut Thread, value: &Value) -> PyResult<()> {
        let class = th.type_of(value).value();
        let elements = th.collect(value)?;
        let list = th.list(elements);
        let arguments = th.tuple(vec![list]);
        let reduced = th.tuple(vec![class, arguments]);
        self.save_reduced(th, &reduced, value)
    }

    fn save_set(&mut self, th: &mut Thread, value: &Value) -> PyResult<()> {
        if self.protocol < 4 {
            return self.save_old_set(th, value);
        }
        self.out.byte(op::EMPTY_SET);
        self.memoize(th, value);
        let iterator = th.iter(value)?;
        loop {
            let items = Self::batch(th, &iterator)?;
            if items.is_empty() {
                return Ok(());
            }
            self.out.byte(op::MARK);
            for item in &items {
                self.save_element(th, value, item)?;
            }
            self.out.byte(op::ADDITEMS);
            if items.len() < BATCH {
                return Ok(());
            }
        }
    }

    fn save_frozenset(&mut self, th: &mut Thread, value: &Value) -> PyResult<()> {
        if self.protocol < 4 {
            return self.save_old_set(th, value);
        }
        self.out.byte(op::MARK);
        for element in th.collect(value)? {
            self.save_element(th, value, &element)?;
        }
        if let Some(index) = self.known(th, value) {
            self.out.byte(op::POP_MARK);
            self.write_get(index);
            return Ok(());
        }
        self.out.byte(op::FROZENSET);
        self.memoize(th, value);
        Ok(())
    }

    /// Writes what a `__reduce__` answered for `object`.
    fn save_reduced(&mut self, th: &mut Thread, reduced: &Value, object: &Value) -> PyResult<()> {
        let Some(parts) = exact::any_tuple(reduced).map(|parts| parts.items().to_vec()) else {
            let found = type_label(th, reduced);
            let message = format!("__reduce__ must return a string or tuple, not {found}");
            return Err(pickling_error(th, &message));
        };
        if !(2..=6).contains(&parts.len()) {
            let message = "tuple returned by __reduce__ must contain 2 through 6 elements";
            return Err(pickling_error(th, message));
        }
        let part = |index: usize| parts.get(index).filter(|part| !part.is_none()).cloned();
        if !th.is_callable(&parts[0]) {
            let found = type_label(th, &parts[0]);
            let message =
                format!("first item of the tuple returned by __reduce__ must be callable, not {found}");
            return Err(pickling_error(th, &message));
        }
        let Some(arguments) = exact::any_tuple(&parts[1]).cloned() else {
            let found = type_label(th, &parts[1]);
            let message =
                format!("second item of the tuple returned by __reduce__ must be a tuple, not {found}");
            return Err(pickling_error(th, &message));
        };
        let iterators = [(3, "fourth"), (4, "fifth")];
        for (index, which) in iterators {
            if let Some(iterator) = part(index)
                && !th.has_special(&iterator, vm::names::Special::Next)
            {
                let found = type_label(th, &iterator);
                let message = format!(
                    "{which} item of the tuple returned by __reduce__ must be an iterator, not {found}"
                );
                return Err(pickling_error(th, &message));
            }
        }
        if let Some(setter) = part(5)
            && !th.is_callable(&setter)
        {
            let found = type_label(th, &setter);
            let message =
                format!("sixth item of the tuple returned by __reduce__ must be callable, not {found}");
            return Err(pickling_error(th, &message));
        }
        self.save_constructor(th, &parts[0], &arguments, object)?;
        match self.known(th, object) {
            // The arguments led back to the object.
            Some(index) => {
                self.out.byte(op::POP);
                self.write_get(index);
            }
            None => self.memoize(th, object),
        }
        if let Some(items) = part(3) {
            self.appends(th, object, &items)?;
        }
        if let Some(items) = part(4) {
            self.set_items(th, object, &items)?;
        }
        let Some(state) = part(2) else { return Ok(()) };
        match part(5) {
            None => {
                self.save_part(th, &state, object, "state")?;
                self.out.byte(op::BUILD);
            }
            Some(setter) => {
                self.save_part(th, &setter, object, "state setter")?;
                self.save(th, object)?;
                self.save_part(th, &state, object, "state")?;
                self.out.bytes(&[op::TUPLE2, op::REDUCE, op::POP]);
            }
        }
        Ok(())
    }

    fn save_part(&mut self, th: &mut Thread, part: &Value, object: &Value, what: &str) -> PyResult<()> {
        let result = self.save(th, part);
        noted(th, result, |th| Ok(format!("when serializing {} {what}", type_label(th, object))))
    }

    fn save_constructor(
        &mut self,
        th: &mut Thread,
        function: &Value,
        arguments: &Obj<Tuple>,
        object: &Value,
    ) -> PyResult<()> {
        let name = if self.protocol >= 2 { th.lookup_attr(function, "__name__")? } else { None };
        let name = name.as_ref().and_then(|name| th.as_str(name)).and_then(|name| name.as_ascii());
        let (given, extended) = match name {
            Some("__newobj__") => (arguments.items(), false),
            Some("__newobj_ex__") => (arguments.items(), true),
            _ => {
                self.save_part(th, function, object, "reconstructor")?;
                self.save_part(th, arguments.as_value(), object, "reconstructor arguments")?;
                self.out.byte(op::REDUCE);
                return Ok(());
            }
        };
        let caller = if extended { "__newobj_ex__" } else { "__newobj__" };
        if extended && given.len() != 3 {
            let count = given.len();
            let message = format!("__newobj_ex__ expected 3 arguments, got {count}");
            return Err(pickling_error(th, &message));
        }
        let Some(class) = given.first().cloned() else {
            return Err(pickling_error(th, &format!("{caller} expected at least 1 argument, got 0")));
        };
        let Some(new) = th.lookup_attr(&class, "__new__")? else {
            return Err(pickling_error(th, &format!("first argument to {caller}() has no __new__")));
        };
        let own = th.get_attr_str(object, "__class__")?;
        if !own.is(&class) {
            let (own, found) = (th.repr(&own)?, th.repr(&class)?);
            let (own, found) =
                (own.units().to_str_lossy().into_owned(), found.units().to_str_lossy().into_owned());
            let message = format!("first argument to {caller}() must be {own}, not {found}");
            return Err(pickling_error(th, &message));
        }
        if !extended {
            self.save_part(th, &class, object, "class")?;
            let rest = th.tuple(given[1..].to_vec());
            self.save_part(th, &rest, object, "__new__ arguments")?;
            self.out.byte(op::NEWOBJ);
            return Ok(());
        }
        let [_, positional, keywords] = given else { return Ok(()) };
        let (Some(items), Some(named)) = (exact::any_tuple(positional), exact::any_dict(keywords)) else {
            let (wrong, which, kind) = match exact::any_tuple(positional) {
                None => (positional, "second", "tuple"),
                Some(_) => (keywords, "third", "dict"),
            };
            let found = type_label(th, wrong);
            let message = format!("{which} argument to __newobj_ex__() must be a {kind}, not {found}");
            return Err(pickling_error(th, &message));
        };
        if self.protocol >= 4 {
            self.save_part(th, &class, object, "class")?;
            self.save_part(th, positional, object, "__new__ arguments")?;
            self.save_part(th, keywords, object, "__new__ arguments")?;
            self.out.byte(op::NEWOBJ_EX);
            return Ok(());
        }
        let partial = crate::support::import_attr(th, "functools", "partial")?;
        let mut all = vec![new, class];
        all.extend(items.items().iter().cloned());
        let made = call_with(th, &partial, &all, named)?;
        self.save_part(th, &made, object, "reconstructor")?;
        let none = th.tuple(Vec::new());
        self.save(th, &none)?;
        self.out.byte(op::REDUCE);
        Ok(())
    }
}
