//! `array`: items of one machine type in a row.
//!
//! The bytes of an array are behind its lock; while a memoryview looks at them their number does not change.

mod fast;
mod item;
mod rebuild;

use std::sync::atomic::{AtomicUsize, Ordering};

use item::Code;
use vm::builtins::memoryview::{self, Layout};
use vm::builtins::slice;
use vm::object_model::text::units::OwnedUnits;
use vm::prelude::*;
use vm::protocol::buffer::Exporter;

/// An array of items of one machine type.
#[pyclass(name = "array", module = "array", subclassable, weakref, sequence)]
pub struct Array {
    #[no_trace]
    code: Code,
    #[no_trace]
    content: Guarded<Vec<u8>>,
    /// Memoryviews that look at it.
    #[no_trace]
    exports: AtomicUsize,
}

/// How memoryviews reach the bytes.
struct ArrayExporter;

impl Exporter for ArrayExporter {
    fn read(&self, th: &Thread, object: &Value, body: &mut dyn FnMut(&[u8])) {
        if let Some(array) = th.downcast::<Array>(object) {
            body(&array.content.lock(th));
        }
    }

    fn write(&self, th: &Thread, object: &Value, body: &mut dyn FnMut(&mut [u8])) {
        if let Some(array) = th.downcast::<Array>(object) {
            body(&mut array.content.lock(th));
        }
    }

    fn acquire(&self, object: &Value) {
        // SAFETY: only arrays are exported with this exporter.
        let array: &Obj<Array> = unsafe { Obj::borrow_unchecked(object) };
        // Relaxed: a number on its own; who resizes looks at it under the content's lock.
        array.exports.fetch_add(1, Ordering::Relaxed);
    }

    fn release(&self, object: &Value) {
        // SAFETY: only arrays are exported with this exporter.
        let array: &Obj<Array> = unsafe { Obj::borrow_unchecked(object) };
        array.exports.fetch_sub(1, Ordering::Relaxed); // Relaxed: as above.
    }
}

fn bytes_of_items(th: &mut Thread, code: Code, items: &[Value]) -> PyResult<Vec<u8>> {
    let mut bytes = Vec::with_capacity(items.len() * code.size());
    for item in items {
        bytes.extend(code.store(th, item)?);
    }
    Ok(bytes)
}

fn bytes_of_text(text: &Obj<Str>) -> Vec<u8> {
    text.units().iter().flat_map(u32::to_ne_bytes).collect()
}

impl Array {
    fn of(code: Code, content: Vec<u8>) -> Array {
        Array { code, content: Guarded::new(content), exports: AtomicUsize::new(0) }
    }

    fn make(th: &mut Thread, code: Code, content: Vec<u8>) -> Value {
        Array::new_object(th, Array::of(code, content)).into_value()
    }

    fn len(&self, th: &Thread) -> usize {
        self.content.lock(th).len() / self.code.size()
    }

    fn bytes(&self, th: &Thread) -> Vec<u8> {
        self.content.lock(th).clone()
    }

    fn item(&self, th: &mut Thread, index: usize) -> PyResult<Option<Value>> {
        let size = self.code.size();
        let mut item = [0u8; 8];
        {
            let content = self.content.lock(th);
            match content.get(index * size..(index + 1) * size) {
                Some(bytes) => item[..size].copy_from_slice(bytes),
                None => return Ok(None),
            }
        }
        self.code.load(th, &item[..size]).map(Some)
    }

    /// Changes the bytes and their number; BufferError if they are looked at.
    fn resize(&self, th: &mut Thread, change: impl FnOnce(&mut Vec<u8>)) -> PyResult<()> {
        // Relaxed: as at `ArrayExporter::acquire`.
        if self.exports.load(Ordering::Relaxed) > 0 {
            return Err(th.buffer_error("cannot resize an array that is exporting buffers"));
        }
        change(&mut self.content.lock(th));
        Ok(())
    }

    fn append_bytes(&self, th: &mut Thread, more: &[u8]) -> PyResult<()> {
        self.resize(th, |content| content.extend_from_slice(more))
    }

    /// An index of an item that is there.
    fn place(&self, th: &mut Thread, index: &Value, message: &str) -> PyResult<usize> {
        let index = th.index_for_subscript(index)?;
        let length = self.len(th) as i64;
        let at = if index < 0 { index + length } else { index };
        if at < 0 || at >= length {
            return Err(th.index_error(message));
        }
        Ok(at as usize)
    }

    fn find(&self, th: &mut Thread, value: &Value, start: usize, stop: usize) -> PyResult<Option<usize>> {
        let mut index = start;
        while index < stop {
            let Some(item) = self.item(th, index)? else { break };
            if th.eq(&item, value)? {
                return Ok(Some(index));
            }
            index += 1;
        }
        Ok(None)
    }

    fn extend_from(&self, th: &mut Thread, iterable: &Value) -> PyResult<()> {
        if let Some(other) = th.downcast::<Array>(iterable).cloned() {
            if other.code != self.code {
                return Err(th.type_error("can only extend with array of same kind"));
            }
            let more = other.bytes(th);
            return self.append_bytes(th, &more);
        }
        let iterator = th.iter(iterable)?;
        while let Some(item) = th.next(&iterator)? {
            let bytes = self.code.store(th, &item)?;
            self.append_bytes(th, &bytes)?;
        }
        Ok(())
    }

    fn text(&self, th: &mut Thread) -> PyResult {
        let points: Vec<u32> =
            self.bytes(th).chunks_exact(4).map(|c| u32::from_ne_bytes([c[0], c[1], c[2], c[3]])).collect();
        if let Some(point) = points.iter().find(|point| **point > 0x10_ffff) {
            return Err(
                th.value_error(format_args!("character U+{point:x} is not in range [U+0000; U+10ffff]"))
            );
        }
        th.units(OwnedUnits::from_iter(points).units())
    }

    fn values(&self, th: &mut Thread) -> PyResult<Vec<Value>> {
        let bytes = self.bytes(th);
        bytes.chunks_exact(self.code.size()).map(|item| self.code.load(th, item)).collect()
    }

    fn assign_slice(&self, th: &mut Thread, key: &slice::Slice, value: Option<&Value>) -> PyResult<()> {
        let more = match value {
            None => Vec::new(),
            Some(value) => match th.downcast::<Array>(value).cloned() {
                Some(other) if other.code == self.code => other.bytes(th),
                Some(_) => return Err(th.type_error("bad argument type for built-in operation")),
                None => {
                    let found = th.type_name(value);
                    return Err(
                        th.type_error(format_args!("can only assign array (not \"{found}\") to array slice"))
                    );
                }
            },
        };
        let raw = slice::unpack(th, key)?;
        let size = self.code.size();
        let indices = slice::fit(raw, self.len(th));
        let needed = more.len() / size;
        if indices.step == 1 {
            let start = indices.start.max(0) as usize * size;
            let end = start + indices.count * size;
            if needed == indices.count && needed != 0 {
                if let Some(to) = self.content.lock(th).get_mut(start..end) {
                    to.copy_from_slice(&more);
                }
                return Ok(());
            }
            return self.resize(th, |content| {
                let end = end.min(content.len());
                content.splice(start.min(end)..end, more);
            });
        }
        if needed == 0 {
            let (lowest, step) = indices.rising();
            return self.resize(th, |content| {
                for i in (0..indices.count).rev() {
                    let at = (lowest + i * step) * size;
                    if at + size <= content.len() {
                        content.drain(at..at + size);
                    }
                }
            });
        }
        if needed != indices.count {
            let wanted = indices.count;
            return Err(th.value_error(format_args!(
                "attempt to assign array of size {needed} to extended slice of size {wanted}"
            )));
        }
        let mut content = self.content.lock(th);
        for (index, item) in indices.iter().zip(more.chunks_exact(size)) {
            if let Some(to) = content.get_mut(index * size..(index + 1) * size) {
                to.copy_from_slice(item);
            }
        }
        Ok(())
    }

    fn repeated(&self, th: &mut Thread, times: i64) -> PyResult<Vec<u8>> {
        let bytes = self.bytes(th);
        let times = usize::try_from(times).unwrap_or(0);
        match bytes.len().checked_mul(times) {
            Some(size) if size <= isize::MAX as usize => {
                let mut all = Vec::new();
                if all.try_reserve_exact(size).is_err() {
                    return Err(th.memory_error());
                }
                for _ in 0..if bytes.is_empty() { 0 } else { times } {
                    all.extend_from_slice(&bytes);
                }
                Ok(all)
            }
            _ => Err(th.memory_error()),
        }
    }
}

fn code_of(th: &mut Thread, typecode: &Value) -> PyResult<Code> {
    let Some(text) = th.as_str(typecode).cloned() else {
        let found = th.type_name(typecode);
        return Err(
            th.type_error(format_args!("array() argument 1 must be a unicode character, not {found}"))
        );
    };
    let length = text.len();
    if length != 1 {
        return Err(th.type_error(format_args!(
            "array() argument 1 must be a unicode character, not a string of length {length}"
        )));
    }
    match u8::try_from(text.units().get(0)).ok().and_then(Code::of) {
        Some(code) => Ok(code),
        None => Err(th.value_error("bad typecode (must be b, B, u, w, h, H, i, I, l, L, q, Q, f or d)")),
    }
}

#[pymethods]
impl Array {
    #[new(raw)]
    fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
        if std::ptr::eq(class, Array::class(th)) && args.has_keywords() {
            return Err(th.type_error("array.array() takes no keyword arguments"));
        }
        let (typecode, initial) = match args.positional {
            [typecode] => (typecode, None),
            [typecode, initial] => (typecode, Some(initial)),
            [] => return Err(th.type_error("array() takes at least 1 argument (0 given)")),
            _ => {
                let given = args.positional.len();
                return Err(th.type_error(format_args!("array() takes at most 2 arguments ({given} given)")));
            }
        };
        let code = code_of(th, typecode)?;
        if code.letter == b'u' {
            crate::support::warn(
                th,
                Exc::DeprecationWarning,
                "The 'u' type code is deprecated and will be removed in Python 3.16",
                1,
            )?;
        }
        let letter = char::from(code.letter);
        let array = Array::of(code, Vec::new());
        let mut items = None;
        if let Some(initial) = initial {
            if let Some(text) = th.as_str(initial).cloned() {
                if !code.is_text() {
                    return Err(th.type_error(format_args!(
                        "cannot use a str to initialize an array with typecode '{letter}'"
                    )));
                }
                let bytes = bytes_of_text(&text);
                array.append_bytes(th, &bytes)?;
            } else if let Some(other) = th.downcast::<Array>(initial).cloned() {
                if other.code.is_text() && !code.is_text() {
                    return Err(th.type_error(format_args!(
                        "cannot use a unicode array to initialize an array with typecode '{letter}'"
                    )));
                }
                if other.code == code {
                    let bytes = other.bytes(th);
                    array.append_bytes(th, &bytes)?;
                } else {
                    items = Some(other.values(th)?);
                }
            } else if th.downcast::<Bytes>(initial).is_some() || th.downcast::<ByteArray>(initial).is_some() {
                let bytes = th.buffer_to_vec(initial)?;
                if bytes.len() % code.size() != 0 {
                    return Err(th.value_error("bytes length not a multiple of item size"));
                }
                array.append_bytes(th, &bytes)?;
            } else {
                items = Some(th.collect(initial)?);
            }
        }
        if let Some(items) = items {
            let bytes = bytes_of_items(th, code, &items)?;
            array.append_bytes(th, &bytes)?;
        }
        Ok(Obj::new(th, class.payload.instance_shape(), array).into_value())
    }

    fn __len__(&self, th: &mut Thread) -> usize {
        self.len(th)
    }

    fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
        let name = th.short_type_name(this.as_value());
        let letter = char::from(this.code.letter);
        if this.len(th) == 0 {
            return Ok(th.str(&format!("{name}('{letter}')")));
        }
        let content = if this.code.is_text() {
            this.text(th)?
        } else {
            let values = this.values(th)?;
            th.list(values)
        };
        let content = th.repr(&content)?.into_value();
        let parts = [th.str(&format!("{name}('{letter}', ")), content, th.str(")")];
        vm::builtins::str::join_all(th, &parts)
    }

    #[skip]
    fn compared(this: &Obj<Self>, th: &mut Thread, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = th.downcast::<Array>(other).cloned() else { return Ok(Value::NOT_IMPLEMENTED) };
        let (own_length, other_length) = (this.len(th), other.len(th));
        if own_length != other_length && matches!(op, CompareOp::Eq | CompareOp::Ne) {
            return Ok(Value::bool(op == CompareOp::Ne));
        }
        if this.code == other.code
            && !matches!(this.code.letter, b'f' | b'd')
            && matches!(op, CompareOp::Eq | CompareOp::Ne)
        {
            let same = this.bytes(th) == other.bytes(th);
            return Ok(Value::bool(same == (op == CompareOp::Eq)));
        }
        for index in 0..own_length.min(other_length) {
            let (Some(a), Some(b)) = (this.item(th, index)?, other.item(th, index)?) else { break };
            if th.eq(&a, &b)? {
                continue;
            }
            return match op {
                CompareOp::Eq => Ok(Value::FALSE),
                CompareOp::Ne => Ok(Value::TRUE),
                op => th.compare(&a, &b, op),
            };
        }
        let (a, b) = (th.int(this.len(th) as i64), th.int(other.len(th) as i64));
        th.compare(&a, &b, op)
    }

    fn __eq__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        Array::compared(this, th, other, CompareOp::Eq)
    }

    fn __ne__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        Array::compared(this, th, other, CompareOp::Ne)
    }

    fn __lt__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        Array::compared(this, th, other, CompareOp::Lt)
    }

    fn __le__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        Array::compared(this, th, other, CompareOp::Le)
    }

    fn __gt__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        Array::compared(this, th, other, CompareOp::Gt)
    }

    fn __ge__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        Array::compared(this, th, other, CompareOp::Ge)
    }

    fn __getitem__(&self, th: &mut Thread, key: &Value) -> PyResult {
        if let Some(slice) = slice::exact(key).cloned() {
            let raw = slice::unpack(th, &slice)?;
            let size = self.code.size();
            let picked = {
                let content = self.content.lock(th);
                let indices = slice::fit(raw, content.len() / size);
                let items = indices.iter().filter_map(|index| content.get(index * size..(index + 1) * size));
                items.flatten().copied().collect()
            };
            return Ok(Array::make(th, self.code, picked));
        }
        if !th.has_special(key, vm::names::Special::Index) {
            return Err(th.type_error("array indices must be integers"));
        }
        let index = self.place(th, key, "array index out of range")?;
        match self.item(th, index)? {
            Some(item) => Ok(item),
            None => Err(th.index_error("array index out of range")),
        }
    }

    fn __setitem__(&self, th: &mut Thread, key: &Value, value: &Value) -> PyResult<()> {
        if let Some(slice) = slice::exact(key).cloned() {
            return self.assign_slice(th, &slice, Some(value));
        }
        if !th.has_special(key, vm::names::Special::Index) {
            return Err(th.type_error("array indices must be integers"));
        }
        let out_of_range = "array assignment index out of range";
        let index = self.place(th, key, out_of_range)?;
        let bytes = self.code.store(th, value)?;
        let size = self.code.size();
        if let Some(to) = self.content.lock(th).get_mut(index * size..(index + 1) * size) {
            to.copy_from_slice(&bytes);
            return Ok(());
        }
        Err(th.index_error(out_of_range))
    }

    fn __delitem__(&self, th: &mut Thread, key: &Value) -> PyResult<()> {
        if let Some(slice) = slice::exact(key).cloned() {
            return self.assign_slice(th, &slice, None);
        }
        if !th.has_special(key, vm::names::Special::Index) {
            return Err(th.type_error("array indices must be integers"));
        }
        let index = self.place(th, key, "array assignment index out of range")?;
        let size = self.code.size();
        self.resize(th, |content| {
            let end = ((index + 1) * size).min(content.len());
            content.drain((index * size).min(end)..end);
        })
    }

    fn __contains__(&self, th: &mut Thread, value: &Value) -> PyResult<bool> {
        Ok(self.find(th, value, 0, usize::MAX)?.is_some())
    }

    fn __iter__(this: &Obj<Self>, th: &mut Thread) -> Obj<ArrayIterator> {
        let state = IterationState { array: Some(this.clone()), index: 0 };
        ArrayIterator::new_object(th, ArrayIterator { state: Guarded::new(state) })
    }

    fn __add__(&self, th: &mut Thread, other: &Value) -> PyResult {
        let Some(other) = th.downcast::<Array>(other).cloned() else {
            let found = th.type_name(other);
            return Err(th.type_error(format_args!("can only append array (not \"{found}\") to array")));
        };
        if other.code != self.code {
            return Err(th.type_error("bad argument type for built-in operation"));
        }
        let mut bytes = self.bytes(th);
        bytes.extend(other.bytes(th));
        Ok(Array::make(th, self.code, bytes))
    }

    fn __iadd__(this: &Obj<Self>, th: &mut Thread, other: &Value) -> PyResult {
        if th.downcast::<Array>(other).is_none() {
            let found = th.type_name(other);
            return Err(th.type_error(format_args!("can only extend array with array (not \"{found}\")")));
        }
        this.extend_from(th, other)?;
        Ok(this.as_value().clone())
    }

    fn __mul__(&self, th: &mut Thread, value: &Value) -> PyResult {
        if !th.has_special(value, vm::names::Special::Index) {
            let found = th.type_name(value);
            return Err(th.type_error(format_args!("can't multiply sequence by non-int of type '{found}'")));
        }
        let times = th.index_for_subscript(value)?;
        let bytes = self.repeated(th, times)?;
        Ok(Array::make(th, self.code, bytes))
    }

    fn __rmul__(&self, th: &mut Thread, value: &Value) -> PyResult {
        self.__mul__(th, value)
    }

    fn __imul__(this: &Obj<Self>, th: &mut Thread, value: &Value) -> PyResult {
        if !th.has_special(value, vm::names::Special::Index) {
            let found = th.type_name(value);
            return Err(th.type_error(format_args!("can't multiply sequence by non-int of type '{found}'")));
        }
        let times = th.index_for_subscript(value)?;
        let bytes = this.repeated(th, times)?;
        this.resize(th, |content| *content = bytes)?;
        Ok(this.as_value().clone())
    }

    /// Append new value v to the end of the array.
    #[signature("(v, /)")]
    fn append(&self, th: &mut Thread, v: &Value) -> PyResult<()> {
        let bytes = self.code.store(th, v)?;
        self.append_bytes(th, &bytes)
    }

    /// Return a tuple (address, length) giving the current memory address and the length in items of the buffer used to hold array's contents.
    #[signature("()")]
    fn buffer_info(&self, th: &mut Thread) -> Value {
        let (address, length) = {
            let content = self.content.lock(th);
            (content.as_ptr() as usize, content.len() / self.code.size())
        };
        th.tuple(vec![th.int_unsigned(address as u64), th.int(length as i64)])
    }

    /// Byteswap all items of the array.
    #[signature("()")]
    fn byteswap(&self, th: &mut Thread) {
        let size = self.code.size();
        for item in self.content.lock(th).chunks_exact_mut(size) {
            item.reverse();
        }
    }

    /// Remove all items from the array.
    #[signature("()")]
    fn clear(&self, th: &mut Thread) -> PyResult<()> {
        self.resize(th, Vec::clear)
    }

    /// Return number of occurrences of v in the array.
    #[signature("(v, /)")]
    fn count(&self, th: &mut Thread, v: &Value) -> PyResult<usize> {
        let (mut count, mut from) = (0, 0);
        while let Some(found) = self.find(th, v, from, usize::MAX)? {
            (count, from) = (count + 1, found + 1);
        }
        Ok(count)
    }

    /// Append items to the end of the array.
    #[signature("(bb, /)")]
    fn extend(&self, th: &mut Thread, bb: &Value) -> PyResult<()> {
        self.extend_from(th, bb)
    }

    /// Read n objects from the file object f and append them to the end of the array.
    #[signature("(f, n, /)")]
    fn fromfile(&self, th: &mut Thread, f: &Value, n: i64) -> PyResult<()> {
        let Ok(n) = usize::try_from(n) else { return Err(th.value_error("negative count")) };
        let Some(wanted) = n.checked_mul(self.code.size()).filter(|size| *size <= isize::MAX as usize) else {
            return Err(th.memory_error());
        };
        let size = th.int(wanted as i64);
        let read = th.call_method(f, "read", &[size])?;
        if th.downcast::<Bytes>(&read).is_none() {
            return Err(th.type_error("read() didn't return bytes"));
        }
        let bytes = th.buffer_to_vec(&read)?;
        let enough = bytes.len() == wanted;
        self.frombytes(th, &read)?;
        if enough { Ok(()) } else { Err(th.raise_exc(Exc::EOFError, "read() didn't return enough bytes")) }
    }

    /// Append items to array from list.
    #[signature("(list, /)")]
    fn fromlist(&self, th: &mut Thread, list: &Value) -> PyResult<()> {
        let Some(list) = th.downcast::<List>(list).cloned() else {
            return Err(th.type_error("arg must be list"));
        };
        let length = list.len();
        let mut bytes = Vec::new();
        for index in 0..length {
            let Some(item) = list.get(th, index) else { break };
            bytes.extend(self.code.store(th, &item)?);
            if list.len() != length {
                return Err(th.runtime_error("list changed size during iteration"));
            }
        }
        self.append_bytes(th, &bytes)
    }

    /// Appends items from the string, interpreting it as an array of machine values, as if it had been read from a file using the fromfile() method.
    #[signature("(buffer, /)")]
    fn frombytes(&self, th: &mut Thread, buffer: &Value) -> PyResult<()> {
        let size = match th.downcast::<memoryview::MemoryView>(buffer).is_some() {
            true => th.get_attr_str(buffer, "itemsize").and_then(|size| th.index(&size))?,
            false => 1,
        };
        if size != 1 {
            return Err(th.type_error("a bytes-like object is required"));
        }
        let bytes = th.buffer_to_vec(buffer)?;
        if bytes.len() % self.code.size() != 0 {
            return Err(th.value_error("bytes length not a multiple of item size"));
        }
        self.append_bytes(th, &bytes)
    }

    /// Extends this array with data from the unicode string ustr.
    #[signature("(ustr, /)")]
    fn fromunicode(&self, th: &mut Thread, ustr: &Obj<Str>) -> PyResult<()> {
        if !self.code.is_text() {
            return Err(
                th.value_error("fromunicode() may only be called on unicode type arrays ('u' or 'w')")
            );
        }
        let bytes = bytes_of_text(ustr);
        self.append_bytes(th, &bytes)
    }

    /// Return index of first occurrence of v in the array.
    #[signature("(v, start=0, stop=sys.maxsize, /)")]
    fn index(
        &self,
        th: &mut Thread,
        v: &Value,
        start: Option<&Value>,
        stop: Option<&Value>,
    ) -> PyResult<usize> {
        let length = self.len(th);
        let start = slice::bound(th, start, length, 0)?;
        let stop = slice::bound(th, stop, length, length)?;
        match self.find(th, v, start, stop)? {
            Some(index) => Ok(index),
            None => Err(th.value_error("array.index(x): x not in array")),
        }
    }

    /// Insert a new item v into the array before position i.
    #[signature("(i, v, /)")]
    fn insert(&self, th: &mut Thread, i: i64, v: &Value) -> PyResult<()> {
        let bytes = self.code.store(th, v)?;
        let length = self.len(th) as i64;
        let at = if i < 0 { (i + length).max(0) } else { i.min(length) } as usize * self.code.size();
        self.resize(th, |content| {
            let at = at.min(content.len());
            content.splice(at..at, bytes);
        })
    }

    /// Return the i-th element and delete it from the array.
    #[signature("(i=-1, /)")]
    fn pop(&self, th: &mut Thread, i: Option<i64>) -> PyResult {
        let length = self.len(th) as i64;
        if length == 0 {
            return Err(th.index_error("pop from empty array"));
        }
        let i = i.unwrap_or(-1);
        let at = if i < 0 { i + length } else { i };
        if at < 0 || at >= length {
            return Err(th.index_error("pop index out of range"));
        }
        let Some(item) = self.item(th, at as usize)? else {
            return Err(th.index_error("pop index out of range"));
        };
        let size = self.code.size();
        self.resize(th, |content| {
            let end = ((at as usize + 1) * size).min(content.len());
            content.drain((at as usize * size).min(end)..end);
        })?;
        Ok(item)
    }

    /// Remove the first occurrence of v in the array.
    #[signature("(v, /)")]
    fn remove(&self, th: &mut Thread, v: &Value) -> PyResult<()> {
        match self.find(th, v, 0, usize::MAX)? {
            Some(at) => {
                let size = self.code.size();
                self.resize(th, |content| {
                    let end = ((at + 1) * size).min(content.len());
                    content.drain((at * size).min(end)..end);
                })
            }
            None => Err(th.value_error("array.remove(x): x not in array")),
        }
    }

    /// Reverse the order of the items in the array.
    #[signature("()")]
    fn reverse(&self, th: &mut Thread) {
        let size = self.code.size();
        let mut content = self.content.lock(th);
        content.reverse();
        for item in content.chunks_exact_mut(size) {
            item.reverse();
        }
    }

    /// Convert the array to an array of machine values and return the bytes representation.
    #[signature("()")]
    fn tobytes(&self, th: &mut Thread) -> PyResult {
        let bytes = self.bytes(th);
        th.bytes(&bytes)
    }

    /// Write all items (as machine values) to the file object f.
    #[signature("(f, /)")]
    fn tofile(&self, th: &mut Thread, f: &Value) -> PyResult<()> {
        let bytes = self.bytes(th);
        for block in bytes.chunks(64 << 10) {
            let block = th.bytes(block)?;
            th.call_method(f, "write", &[block])?;
        }
        Ok(())
    }

    /// Convert array to an ordinary list with the same items.
    #[signature("()")]
    fn tolist(&self, th: &mut Thread) -> PyResult {
        let values = self.values(th)?;
        Ok(th.list(values))
    }

    /// Extends this array with data from the unicode string ustr.
    #[signature("()")]
    fn tounicode(&self, th: &mut Thread) -> PyResult {
        if !self.code.is_text() {
            return Err(th.value_error("tounicode() may only be called on unicode type arrays ('u' or 'w')"));
        }
        self.text(th)
    }

    /// Return a copy of the array.
    #[signature("()")]
    fn __copy__(&self, th: &mut Thread) -> Value {
        let bytes = self.bytes(th);
        Array::make(th, self.code, bytes)
    }

    /// Return a copy of the array.
    #[signature("(unused, /)")]
    fn __deepcopy__(&self, th: &mut Thread, _unused: &Value) -> Value {
        self.__copy__(th)
    }

    /// Return state information for pickling.
    #[signature("(value, /)")]
    fn __reduce_ex__(this: &Obj<Self>, th: &mut Thread, value: &Value) -> PyResult {
        let protocol = th.index(value)?;
        let state = th.lookup_attr(this.as_value(), "__dict__")?.unwrap_or(Value::NONE);
        let class = th.type_of(this.as_value()).value();
        let letter = th.str(&this.code.format());
        if protocol < 3 {
            let values = this.values(th)?;
            let arguments = th.tuple(vec![letter, th.list(values)]);
            return Ok(th.tuple(vec![class, arguments, state]));
        }
        let rebuild = crate::support::import_attr(th, "array", "_array_reconstructor")?;
        let format = th.int(rebuild::format_of(this.code).into());
        let bytes = this.tobytes(th)?;
        let arguments = th.tuple(vec![class, letter, format, bytes]);
        Ok(th.tuple(vec![rebuild, arguments, state]))
    }

    /// Size of the array in memory, in bytes.
    #[signature("()")]
    fn __sizeof__(&self, th: &mut Thread) -> usize {
        size_of::<Array>() + self.content.lock(th).capacity()
    }

    /// See PEP 585
    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, item: &Value) -> Value {
        vm::builtins::generic_alias::make(th, class, item)
    }

    /// Return a buffer object that exposes the underlying memory of the object.
    #[signature("(flags, /)")]
    fn __buffer__(this: &Obj<Self>, th: &mut Thread, _flags: i64) -> Value {
        let layout = Layout::array(&this.code.format(), this.code.size(), this.len(th), false);
        memoryview::export(th, this.as_value(), &ArrayExporter, layout)
    }

    /// the size, in bytes, of one array item
    #[getter]
    fn itemsize(&self) -> usize {
        self.code.size()
    }

    /// the typecode character used to create the array
    #[getter]
    fn typecode(&self) -> String {
        self.code.format()
    }
}

/// Where an iterator is.
struct IterationState {
    array: Option<Obj<Array>>,
    index: usize,
}

impl Trace for IterationState {
    fn trace(&self, visit: &mut dyn FnMut(&Value)) {
        self.array.trace(visit);
    }
}

/// An iterator over an array.
#[pyclass(name = "arrayiterator", module = "array", no_new)]
pub struct ArrayIterator {
    state: Guarded<IterationState>,
}

#[pymethods]
impl ArrayIterator {
    fn __iter__(this: &Obj<Self>) -> Value {
        this.as_value().clone()
    }

    fn __next__(&self, th: &mut Thread) -> PyResult<Option<Value>> {
        let (array, index) = {
            let state = self.state.lock(th);
            (state.array.clone(), state.index)
        };
        let Some(array) = array else { return Ok(None) };
        let item = array.item(th, index)?;
        let old = {
            let mut state = self.state.lock(th);
            if item.is_some() {
                state.index = index + 1;
                None
            } else {
                state.array.take()
            }
        };
        drop(old);
        Ok(item)
    }

    /// Return state information for pickling.
    #[signature("()")]
    fn __reduce__(&self, th: &mut Thread) -> PyResult {
        let iter = crate::support::import_attr(th, "builtins", "iter")?;
        let (array, index) = {
            let state = self.state.lock(th);
            (state.array.clone(), state.index)
        };
        Ok(match array {
            Some(array) => {
                let arguments = th.tuple(vec![array.into_value()]);
                th.tuple(vec![iter, arguments, th.int(index as i64)])
            }
            None => {
                let arguments = th.tuple(vec![th.list(Vec::new())]);
                th.tuple(vec![iter, arguments])
            }
        })
    }

    /// Set state information for unpickling.
    #[signature("(state, /)")]
    fn __setstate__(&self, th: &mut Thread, state: i64) {
        let array = self.state.lock(th).array.clone();
        let length = array.map_or(0, |array| array.len(th));
        self.state.lock(th).index = (state.max(0) as usize).min(length);
    }
}

/// The module.
#[pymodule(name = "array", classes = [super::Array], functions = [super::rebuild::_array_reconstructor])]
pub mod module {
    use super::{Array, ArrayIterator, fast, item};
    use vm::prelude::*;

    #[pyattr]
    fn typecodes() -> &'static str {
        item::LETTERS
    }

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let _ = ArrayIterator::class(th);
        fast::ITEMS.hang(Array::class(th));
        let class = Array::class(th).value();
        crate::support::set_attr(th, module, "ArrayType", &class)?;
        let mutable = crate::support::import_attr(th, "collections.abc", "MutableSequence")?;
        th.call_method(&mutable, "register", &[class]).map(drop)
    }
}
