//! The methods of memoryviews.

use std::sync::atomic::Ordering;

use super::{Layout, MemoryView, WRITABLE, of_object, release};
use crate::builtins::packing::{Item, StoreError};
use crate::builtins::slice;
use crate::prelude::*;

const LITTLE: bool = cfg!(target_endian = "little");

/// What the key of a subscript names.
enum Target {
    /// The item at this byte offset.
    Item(usize),
    /// A part of the view.
    Part(Layout),
}

fn item_format(th: &mut Thread, view: &MemoryView) -> PyResult<Item> {
    match view.item() {
        Some(item) => Ok(item),
        None => {
            let format = &view.layout.format;
            Err(th.not_implemented_error(format_args!("memoryview: format {format} not supported")))
        }
    }
}

/// The value of the item at a byte offset.
fn load(th: &mut Thread, view: &MemoryView, at: usize) -> PyResult {
    let item = item_format(th, view)?;
    let mut bytes = [0u8; 8];
    let mut found = false;
    view.exporter.read(th, &view.memory, &mut |all| {
        if let Some(source) = all.get(at..at + item.size) {
            bytes[..item.size].copy_from_slice(source);
            found = true;
        }
    });
    if !found {
        return Err(th.value_error("operation forbidden on released memoryview object"));
    }
    item.load(th, &bytes[..item.size], LITTLE)
}

/// The byte offset of an index in a dimension.
fn offset(th: &mut Thread, layout: &Layout, dimension: usize, key: &Value) -> PyResult<Option<isize>> {
    let length = layout.shape[dimension];
    match th.sequence_index(key, length)? {
        Some(index) if index < length => Ok(Some(index as isize * layout.strides[dimension])),
        Some(_) => {
            let number = dimension + 1;
            Err(th.index_error(format_args!("index out of bounds on dimension {number}")))
        }
        None => Ok(None),
    }
}

fn target(th: &mut Thread, view: &MemoryView, key: &Value) -> PyResult<Target> {
    let layout = &view.layout;
    if layout.shape.is_empty() {
        let empty = crate::protocol::exact::any_tuple(key).is_some_and(|t| t.len() == 0);
        if empty {
            return Ok(Target::Item(layout.offset));
        }
        if key.is(&Value::ELLIPSIS) {
            return Ok(Target::Part(layout.clone()));
        }
        return Err(th.type_error("invalid indexing of 0-dim memory"));
    }
    if let Some(slice) = slice::exact(key) {
        let indices = slice::adjust(th, slice, layout.shape[0])?;
        let mut part = layout.clone();
        part.shape[0] = indices.count;
        part.offset = (layout.offset as isize + indices.start as isize * layout.strides[0]).max(0) as usize;
        part.strides[0] = layout.strides[0].saturating_mul(indices.step as isize);
        return Ok(Target::Part(part));
    }
    if let Some(tuple) = crate::protocol::exact::any_tuple(key) {
        let keys = tuple.items();
        if keys.len() > layout.shape.len() {
            let (dimensions, given) = (layout.shape.len(), keys.len());
            return Err(th.type_error(format_args!(
                "cannot index {dimensions}-dimension view with {given}-element tuple"
            )));
        }
        let mut at = layout.offset as isize;
        for (dimension, key) in keys.iter().enumerate() {
            if slice::exact(key).is_some() {
                return Err(th.not_implemented_error("multi-dimensional slicing is not implemented"));
            }
            match offset(th, layout, dimension, key)? {
                Some(step) => at += step,
                None => return Err(th.type_error("memoryview: invalid slice key")),
            }
        }
        if keys.len() < layout.shape.len() {
            return Err(th.not_implemented_error("sub-views are not implemented"));
        }
        return Ok(Target::Item(at as usize));
    }
    match offset(th, layout, 0, key)? {
        None => Err(th.type_error("memoryview: invalid slice key")),
        Some(_) if layout.shape.len() > 1 => {
            Err(th.not_implemented_error("multi-dimensional sub-views are not implemented"))
        }
        Some(step) => Ok(Target::Item((layout.offset as isize + step) as usize)),
    }
}

fn store(th: &mut Thread, view: &MemoryView, at: usize, value: &Value) -> PyResult<()> {
    let item = item_format(th, view)?;
    let mut bytes = [0u8; 8];
    let format = &view.layout.format;
    match item.store(th, value, &mut bytes[..item.size], LITTLE) {
        Ok(()) => {}
        Err(StoreError::Raised(raised)) => return Err(raised),
        Err(StoreError::Type) => {
            return Err(th.type_error(format_args!("memoryview: invalid type for format '{format}'")));
        }
        Err(StoreError::Range) => {
            return Err(th.value_error(format_args!("memoryview: invalid value for format '{format}'")));
        }
    }
    // Converting the value may have run Python code that released the view.
    view.check(th)?;
    view.exporter.write(th, &view.memory, &mut |all| {
        if let Some(to) = all.get_mut(at..at + item.size) {
            to.copy_from_slice(&bytes[..item.size]);
        }
    });
    Ok(())
}

fn store_part(th: &mut Thread, view: &MemoryView, part: &Layout, value: &Value) -> PyResult<()> {
    let source = of_object(th, value, false)?;
    let same = {
        let (a, b) = (&source.layout, part);
        a.shape == b.shape && a.format.trim_start_matches('@') == b.format.trim_start_matches('@')
    };
    if part.shape.len() != 1 {
        return Err(
            th.not_implemented_error("memoryview slice assignments are currently restricted to ndim = 1")
        );
    }
    if !same {
        return Err(th.value_error("memoryview assignment: lvalue and rvalue have different structures"));
    }
    let content = source.to_vec(th);
    release(th, &source)?;
    view.check(th)?;
    let size = part.item_size;
    let offsets = part.offsets();
    view.exporter.write(th, &view.memory, &mut |all| {
        for (at, item) in offsets.iter().zip(content.chunks_exact(size)) {
            if let Some(to) = all.get_mut(*at..*at + size) {
                to.copy_from_slice(item);
            }
        }
    });
    Ok(())
}

/// Items as nested lists; `content` has them packed.
fn nested(th: &mut Thread, item: Item, shape: &[usize], content: &[u8]) -> PyResult {
    match shape {
        [] => item.load(th, content, LITTLE),
        [length, rest @ ..] => {
            let size = rest.iter().product::<usize>() * item.size;
            let mut items = Vec::with_capacity(*length);
            for i in 0..*length {
                items.push(nested(th, item, rest, content.get(i * size..(i + 1) * size).unwrap_or(&[]))?);
            }
            Ok(th.list(items))
        }
    }
}

/// The items of a one-dimensional view.
fn items(th: &mut Thread, view: &MemoryView) -> PyResult<Vec<Value>> {
    let item = item_format(th, view)?;
    let content = view.to_vec(th);
    let mut items = Vec::with_capacity(content.len() / item.size);
    for bytes in content.chunks_exact(item.size) {
        items.push(item.load(th, bytes, LITTLE)?);
    }
    Ok(items)
}

fn equal(th: &mut Thread, this: &Obj<MemoryView>, other: &Value) -> PyResult {
    let is = this.as_value().is(other);
    // Acquire pairs with the release of a view.
    if this.released.load(Ordering::Acquire) {
        return Ok(Value::bool(is));
    }
    if !crate::protocol::buffer::is_buffer(th, other) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    if let Some(view) = th.downcast::<MemoryView>(other)
        && view.released.load(Ordering::Acquire)
    {
        return Ok(Value::bool(is));
    }
    let other = of_object(th, other, false)?;
    let same_shape = this.layout.shape == other.layout.shape;
    let result = if !same_shape {
        false
    } else {
        let formats = (this.item(), other.item());
        let (a, b) = (this.to_vec(th), other.to_vec(th));
        match formats {
            (Some(x), Some(y)) if x == y && x.kind != crate::builtins::packing::Kind::Float => a == b,
            (Some(x), Some(y)) => {
                let mut same = true;
                for (p, q) in a.chunks_exact(x.size).zip(b.chunks_exact(y.size)) {
                    let (p, q) = (x.load(th, p, LITTLE)?, y.load(th, q, LITTLE)?);
                    if !th.eq(&p, &q)? {
                        same = false;
                        break;
                    }
                }
                same
            }
            _ => this.layout.format == other.layout.format && a == b,
        }
    };
    release(th, &other)?;
    Ok(Value::bool(result))
}

fn numbers(th: &mut Thread, numbers: impl Iterator<Item = i64>) -> Value {
    let items = numbers.map(|n| th.int(n)).collect();
    th.tuple(items)
}

#[pymethods(part = "access")]
impl MemoryView {
    fn __len__(&self, th: &mut Thread) -> PyResult<usize> {
        self.check(th)?;
        match self.layout.shape.first() {
            Some(length) => Ok(*length),
            None => Err(th.type_error("0-dim memory has no length")),
        }
    }

    fn __getitem__(&self, th: &mut Thread, key: &Value) -> PyResult {
        self.check(th)?;
        match target(th, self, key)? {
            Target::Item(at) => load(th, self, at),
            Target::Part(layout) => Ok(self.derive(th, layout)),
        }
    }

    fn __setitem__(&self, th: &mut Thread, key: &Value, value: &Value) -> PyResult<()> {
        self.check(th)?;
        if self.layout.readonly {
            return Err(th.type_error("cannot modify read-only memory"));
        }
        match target(th, self, key)? {
            Target::Item(at) => store(th, self, at, value),
            Target::Part(layout) if layout.shape.is_empty() => store(th, self, layout.offset, value),
            Target::Part(layout) => store_part(th, self, &layout, value),
        }
    }

    fn __delitem__(&self, th: &mut Thread, _key: &Value) -> PyResult<()> {
        self.check(th)?;
        if self.layout.readonly {
            return Err(th.type_error("cannot modify read-only memory"));
        }
        Err(th.type_error("cannot delete memory"))
    }

    fn __iter__(&self, th: &mut Thread) -> PyResult {
        self.check(th)?;
        match self.layout.shape.len() {
            0 => return Err(th.type_error("invalid indexing of 0-dim memory")),
            1 => {}
            _ => return Err(th.not_implemented_error("multi-dimensional sub-views are not implemented")),
        }
        let items = items(th, self)?;
        let items = th.list(items);
        th.iter(&items)
    }

    fn __eq__(this: &Obj<MemoryView>, th: &mut Thread, other: &Value) -> PyResult {
        equal(th, this, other)
    }

    fn __ne__(this: &Obj<MemoryView>, th: &mut Thread, other: &Value) -> PyResult {
        let equal = equal(th, this, other)?;
        Ok(equal.as_bool().map_or(equal, |same| Value::bool(!same)))
    }

    fn __hash__(&self, th: &mut Thread) -> PyResult<i64> {
        let known = self.hash.load(Ordering::Relaxed); // Relaxed: every thread computes the same number.
        if known != 0 {
            return Ok(known);
        }
        self.check(th)?;
        if !self.layout.readonly {
            return Err(th.value_error("cannot hash writable memoryview object"));
        }
        if !matches!(&*self.layout.format, "B" | "b" | "c" | "@B" | "@b" | "@c") {
            return Err(th.value_error("memoryview: hashing is restricted to formats 'B', 'b' or 'c'"));
        }
        // Objects that hash are those whose memory does not change.
        th.hash(&self.object)?;
        let hash = object_model::string::hash::bytes(&self.to_vec(th));
        self.hash.store(hash, Ordering::Relaxed); // Relaxed: as above.
        Ok(hash)
    }

    fn __repr__(this: &Obj<MemoryView>) -> String {
        let address = this.as_value().word();
        // Acquire pairs with the release of the view.
        let released = if this.released.load(Ordering::Acquire) { "released " } else { "" };
        let kind = if released.is_empty() { "memory at" } else { "released memory at" };
        format!("<{kind} {address:#x}>")
    }

    fn __enter__(this: &Obj<MemoryView>, th: &mut Thread) -> PyResult {
        this.check(th)?;
        Ok(this.as_value().clone())
    }

    #[signature("(*exc_info)")]
    fn __exit__(this: &Obj<MemoryView>, th: &mut Thread, exc_info: &[Value]) -> PyResult<()> {
        let _ = exc_info;
        release(th, this)
    }

    /// Return a buffer object that exposes the underlying memory of the object.
    #[signature("(flags, /)")]
    fn __buffer__(this: &Obj<MemoryView>, th: &mut Thread, flags: i64) -> PyResult {
        this.check(th)?;
        if flags & WRITABLE != 0 && this.layout.readonly {
            return Err(th.buffer_error("memoryview: underlying buffer is not writable"));
        }
        Ok(this.derive(th, this.layout.clone()))
    }

    /// Release the buffer object that exposes the underlying memory of the object.
    #[signature("(buffer, /)")]
    fn __release_buffer__(&self, th: &mut Thread, buffer: &Value) -> PyResult<()> {
        super::release_value(th, buffer)
    }

    /// See PEP 585
    #[classmethod]
    fn __class_getitem__(th: &mut Thread, class: Class, object: &Value) -> PyResult {
        Ok(crate::builtins::generic_alias::make(th, class, object))
    }
}

#[pymethods]
impl MemoryView {
    /// Create a new memoryview object which references the given object.
    #[new]
    #[signature("(object)")]
    fn new(th: &mut Thread, object: &Value) -> PyResult {
        of_object(th, object, false).map(Obj::into_value)
    }

    #[classmethod]
    #[signature("(object, flags)")]
    fn _from_flags(th: &mut Thread, object: &Value, flags: i64) -> PyResult {
        of_object(th, object, flags & WRITABLE != 0).map(Obj::into_value)
    }

    /// Release the underlying buffer exposed by the memoryview object.
    fn release(this: &Obj<MemoryView>, th: &mut Thread) -> PyResult<()> {
        release(th, this)
    }

    /// Return the data in the buffer as a byte string.
    ///
    /// Order can be {'C', 'F', 'A'}. When order is 'C' or 'F', the data of the
    /// original array is converted to C or Fortran order. For contiguous views,
    /// 'A' returns an exact copy of the physical memory. In particular, in-memory
    /// Fortran order is preserved. For non-contiguous views, the data is converted
    /// to C first. order=None is the same as order='C'.
    #[signature("(order='C')")]
    fn tobytes(&self, th: &mut Thread, order: Option<&Value>) -> PyResult {
        self.check(th)?;
        let order = order.and_then(|o| th.as_str(o)).map(|o| o.units().to_str_lossy().into_owned());
        let content = match order.as_deref() {
            None | Some("C") => self.to_vec(th),
            Some("A" | "F") if self.layout.shape.len() <= 1 => self.to_vec(th),
            Some("A") if !self.layout.is_fortran_contiguous() => self.to_vec(th),
            Some("A" | "F") => self.fortran(th),
            Some(_) => return Err(th.value_error("order must be 'C', 'F' or 'A'")),
        };
        th.bytes(&content)
    }

    /// Return the data in the buffer as a str of hexadecimal numbers.
    ///
    ///   sep
    ///     An optional single character or byte to separate hex bytes.
    ///   bytes_per_sep
    ///     How many bytes between separators.  Positive values count from the
    ///     right, negative values count from the left.
    ///
    /// Example:
    /// >>> view = memoryview(b'\x01\xfe\xff')
    /// >>> view.hex()
    /// '01feff'
    /// >>> view.hex(':')
    /// '01:fe:ff'
    #[signature("(sep=<unrepresentable>, bytes_per_sep=1)")]
    fn hex(&self, th: &mut Thread, sep: Option<&Value>, bytes_per_sep: Option<i64>) -> PyResult {
        self.check(th)?;
        let content = self.to_vec(th);
        crate::builtins::bytes::hex(th, &content, sep, bytes_per_sep)
    }

    /// Return the data in the buffer as a list of elements.
    fn tolist(&self, th: &mut Thread) -> PyResult {
        self.check(th)?;
        let item = item_format(th, self)?;
        let content = self.to_vec(th);
        nested(th, item, &self.layout.shape, &content)
    }

    /// Cast a memoryview to a new format or shape.
    #[signature("(format, shape=<unrepresentable>)")]
    fn cast(&self, th: &mut Thread, format: &Obj<Str>, shape: Option<&Value>) -> PyResult {
        self.check(th)?;
        let format = format.units().to_str_lossy().into_owned();
        let layout = super::cast::cast(th, self, &format, shape)?;
        Ok(self.derive(th, layout))
    }

    /// Return a readonly version of the memoryview.
    fn toreadonly(&self, th: &mut Thread) -> PyResult {
        self.check(th)?;
        let layout = Layout { readonly: true, ..self.layout.clone() };
        Ok(self.derive(th, layout))
    }

    /// Count the number of occurrences of a value.
    #[signature("(value, /)")]
    fn count(&self, th: &mut Thread, value: &Value) -> PyResult<usize> {
        self.check(th)?;
        let mut count = 0;
        for item in items(th, self)? {
            count += usize::from(th.same_or_equal(&item, value)?);
        }
        Ok(count)
    }

    /// Return the index of the first occurrence of a value.
    ///
    /// Raises ValueError if the value is not present.
    #[signature("(value, start=0, stop=sys.maxsize, /)")]
    fn index(
        &self,
        th: &mut Thread,
        value: &Value,
        start: Option<&Value>,
        stop: Option<&Value>,
    ) -> PyResult<usize> {
        self.check(th)?;
        if self.layout.shape.len() != 1 {
            return Err(th.not_implemented_error("multi-dimensional sub-views are not implemented"));
        }
        let length = self.layout.shape[0];
        let start = slice::bound(th, start, length, 0)?;
        let stop = slice::bound(th, stop, length, length)?;
        let items = items(th, self)?;
        for (i, item) in items.iter().enumerate().take(stop).skip(start) {
            if th.same_or_equal(item, value)? {
                return Ok(i);
            }
        }
        Err(th.value_error("memoryview.index(x): x not found"))
    }

    /// The underlying object of the memoryview.
    #[getter]
    fn obj(&self, th: &mut Thread) -> PyResult {
        self.check(th)?;
        Ok(self.object.clone())
    }

    /// The amount of space in bytes that the array would use in
    /// a contiguous representation.
    #[getter]
    fn nbytes(&self, th: &mut Thread) -> PyResult<usize> {
        self.check(th)?;
        Ok(self.layout.size())
    }

    /// A bool indicating whether the memory is read only.
    #[getter]
    fn readonly(&self, th: &mut Thread) -> PyResult<bool> {
        self.check(th)?;
        Ok(self.layout.readonly)
    }

    /// The size in bytes of each element of the memoryview.
    #[getter]
    fn itemsize(&self, th: &mut Thread) -> PyResult<usize> {
        self.check(th)?;
        Ok(self.layout.item_size)
    }

    /// A string containing the format (in struct module style)
    /// for each element in the view.
    #[getter]
    fn format(&self, th: &mut Thread) -> PyResult {
        self.check(th)?;
        Ok(th.str(&self.layout.format))
    }

    /// An integer indicating how many dimensions of a multi-dimensional
    /// array the memory represents.
    #[getter]
    fn ndim(&self, th: &mut Thread) -> PyResult<usize> {
        self.check(th)?;
        Ok(self.layout.shape.len())
    }

    /// A tuple of ndim integers giving the shape of the memory
    /// as an N-dimensional array.
    #[getter]
    fn shape(&self, th: &mut Thread) -> PyResult {
        self.check(th)?;
        Ok(numbers(th, self.layout.shape.iter().map(|n| *n as i64)))
    }

    /// A tuple of ndim integers giving the size in bytes to access
    /// each element for each dimension of the array.
    #[getter]
    fn strides(&self, th: &mut Thread) -> PyResult {
        self.check(th)?;
        Ok(numbers(th, self.layout.strides.iter().map(|n| *n as i64)))
    }

    /// A tuple of integers used internally for PIL-style arrays.
    #[getter]
    fn suboffsets(&self, th: &mut Thread) -> PyResult {
        self.check(th)?;
        Ok(th.tuple(Vec::new()))
    }

    /// A bool indicating whether the memory is C contiguous.
    #[getter]
    fn c_contiguous(&self, th: &mut Thread) -> PyResult<bool> {
        self.check(th)?;
        Ok(self.layout.is_c_contiguous())
    }

    /// A bool indicating whether the memory is Fortran contiguous.
    #[getter]
    fn f_contiguous(&self, th: &mut Thread) -> PyResult<bool> {
        self.check(th)?;
        Ok(self.layout.is_fortran_contiguous())
    }

    /// A bool indicating whether the memory is contiguous.
    #[getter]
    fn contiguous(&self, th: &mut Thread) -> PyResult<bool> {
        self.check(th)?;
        Ok(self.layout.is_c_contiguous() || self.layout.is_fortran_contiguous())
    }

    /// The bytes of all items, the first dimension fastest.
    #[skip]
    fn fortran(&self, th: &Thread) -> Vec<u8> {
        let mut layout = self.layout.clone();
        layout.shape.reverse();
        layout.strides.reverse();
        let size = layout.item_size;
        let offsets = layout.offsets();
        let mut out = Vec::with_capacity(layout.size());
        self.exporter.read(th, &self.memory, &mut |all| {
            for at in &offsets {
                out.extend_from_slice(all.get(*at..*at + size).unwrap_or(&[]));
            }
        });
        out
    }
}
