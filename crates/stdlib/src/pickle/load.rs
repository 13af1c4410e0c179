//! Reading one pickle: a machine with a stack of objects and a stack of marks.

use vm::builtins::int::from_literal_bytes;
use vm::object_model::number::Int as Number;
use vm::object_model::number::int::ByteOrder;
use vm::object_model::text::OwnedUnits;
use vm::prelude::*;
use vm::protocol::exact;

use super::input::Input;
use super::opcode as op;
use super::unpickler::{self, Unpickler};
use super::{call_with, unpickling_error};
use crate::support::import_attr;

/// One pickle on its way in.
pub struct Loader<'a> {
    pub unpickler: &'a Obj<Unpickler>,
    pub input: Input,
    /// `persistent_load`, unless it is the one that refuses.
    pub persistent_load: Option<Value>,
    /// `find_class`, unless it is the native one.
    pub find_class: Option<Value>,
    pub buffers: Option<Value>,
    pub stack: Vec<Value>,
    /// How many objects lie below each mark.
    pub marks: Vec<usize>,
}

impl Loader<'_> {
    /// Runs until `STOP`.
    pub fn run(&mut self, th: &mut Thread) -> PyResult {
        loop {
            let code = self.input.opcode(th)?;
            if code == op::STOP {
                return self.pop(th);
            }
            self.step(th, code)?;
        }
    }

    fn fence(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    #[cold]
    fn underflow(&self, th: &mut Thread) -> Raised {
        let message =
            if self.marks.is_empty() { "unpickling stack underflow" } else { "unexpected MARK found" };
        unpickling_error(th, message)
    }

    fn pop(&mut self, th: &mut Thread) -> PyResult {
        if self.stack.len() <= self.fence() {
            return Err(self.underflow(th));
        }
        self.stack.pop().ok_or_else(|| self.underflow(th))
    }

    fn top(&self, th: &mut Thread) -> PyResult {
        match self.stack.last() {
            Some(top) if self.stack.len() > self.fence() => Ok(top.clone()),
            _ => Err(self.underflow(th)),
        }
    }

    /// What lies above the last mark, which is taken away.
    fn pop_mark(&mut self, th: &mut Thread) -> PyResult<Vec<Value>> {
        match self.marks.pop() {
            Some(mark) => Ok(self.stack.split_off(mark.min(self.stack.len()))),
            None => Err(unpickling_error(th, "could not find MARK")),
        }
    }

    fn push(&mut self, value: Value) -> PyResult<()> {
        self.stack.push(value);
        Ok(())
    }

    fn step(&mut self, th: &mut Thread, code: u8) -> PyResult<()> {
        match code {
            op::NONE => self.push(Value::NONE),
            op::NEWTRUE => self.push(Value::TRUE),
            op::NEWFALSE => self.push(Value::FALSE),
            op::INT => self.line_int(th),
            op::LONG => self.line_long(th),
            op::BININT => {
                let number = i32::from_le_bytes(self.input.array(th)?);
                self.push(th.int(number.into()))
            }
            op::BININT1 => {
                let [byte] = self.input.array(th)?;
                self.push(th.int(byte.into()))
            }
            op::BININT2 => {
                let number = u16::from_le_bytes(self.input.array(th)?);
                self.push(th.int(number.into()))
            }
            op::LONG1 => {
                let [length] = self.input.array(th)?;
                self.counted_long(th, length.into())
            }
            op::LONG4 => match usize::try_from(i32::from_le_bytes(self.input.array(th)?)) {
                Ok(length) => self.counted_long(th, length),
                Err(_) => Err(unpickling_error(th, "LONG pickle has negative byte count")),
            },
            op::FLOAT => self.line_float(th),
            op::BINFLOAT => {
                let x = f64::from_be_bytes(self.input.array(th)?);
                self.push(th.float(x))
            }
            op::STRING => self.line_string(th),
            op::BINSTRING => match usize::try_from(i32::from_le_bytes(self.input.array(th)?)) {
                Ok(length) => self.old_string(th, length),
                Err(_) => Err(unpickling_error(th, "BINSTRING pickle has negative byte count")),
            },
            op::SHORT_BINSTRING => {
                let [length] = self.input.array(th)?;
                self.old_string(th, length.into())
            }
            op::UNICODE => self.line_unicode(th),
            op::SHORT_BINUNICODE | op::BINUNICODE | op::BINUNICODE8 => {
                let width = [op::SHORT_BINUNICODE, op::BINUNICODE, op::BINUNICODE8];
                let length = self.length(th, code, width, "BINUNICODE")?;
                let text = self.text(th, length)?;
                self.push(text)
            }
            op::SHORT_BINBYTES | op::BINBYTES | op::BINBYTES8 => {
                let width = [op::SHORT_BINBYTES, op::BINBYTES, op::BINBYTES8];
                let length = self.length(th, code, width, "BINBYTES")?;
                let bytes = self.input.take(th, length)?.to_vec();
                let bytes = th.bytes(&bytes)?;
                self.push(bytes)
            }
            op::BYTEARRAY8 => {
                let length = self.length(th, code, [code, code, code], "BYTEARRAY")?;
                let bytes = self.input.take(th, length)?.to_vec();
                let bytes = th.bytes(&bytes)?;
                let class = import_attr(th, "builtins", "bytearray")?;
                let array = th.call(&class, &[bytes])?;
                self.push(array)
            }
            op::NEXT_BUFFER => self.next_buffer(th),
            op::READONLY_BUFFER => self.readonly_buffer(th),
            op::MARK => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            op::POP => {
                // A mark alone is popped as if it were an object.
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                    return Ok(());
                }
                self.pop(th).map(drop)
            }
            op::POP_MARK => self.pop_mark(th).map(drop),
            op::DUP => {
                let top = self.top(th)?;
                self.push(top)
            }
            op::PROTO => {
                let [protocol] = self.input.array(th)?;
                if protocol > op::HIGHEST {
                    return Err(th.value_error(format_args!("unsupported pickle protocol: {protocol}")));
                }
                self.unpickler.set_protocol(protocol);
                Ok(())
            }
            op::FRAME => {
                let length = u64::from_le_bytes(self.input.array(th)?);
                match isize::try_from(length) {
                    Ok(length) => self.input.frame(th, length as usize),
                    Err(_) => Err(th.value_error(format_args!("frame size > sys.maxsize: {length}"))),
                }
            }
            op::GET => {
                let line = self.input.word(th)?;
                let index = self.number(th, &line)?;
                self.get(th, index)
            }
            op::BINGET => {
                let [index] = self.input.array(th)?;
                self.get(th, index.into())
            }
            op::LONG_BINGET => {
                let index = u32::from_le_bytes(self.input.array(th)?);
                self.get(th, index.into())
            }
            op::PUT => {
                let line = self.input.word(th)?;
                let index = self.number(th, &line)?;
                if index < 0 {
                    return Err(th.value_error("negative PUT argument"));
                }
                self.put(th, index as u64)
            }
            op::BINPUT => {
                let [index] = self.input.array(th)?;
                self.put(th, index.into())
            }
            op::LONG_BINPUT => {
                let index = u32::from_le_bytes(self.input.array(th)?);
                self.put(th, index.into())
            }
            op::MEMOIZE => {
                let index = self.unpickler.memo.lock(th).len() as u64;
                self.put(th, index)
            }
            _ => self.container(th, code),
        }
    }

    /// Opcodes that put objects together.
    fn container(&mut self, th: &mut Thread, code: u8) -> PyResult<()> {
        match code {
            op::EMPTY_TUPLE => self.push(th.tuple(Vec::new())),
            op::EMPTY_LIST => self.push(th.list(Vec::new())),
            op::EMPTY_DICT => self.push(th.dict().into_value()),
            op::EMPTY_SET => {
                let class = import_attr(th, "builtins", "set")?;
                let set = th.call(&class, &[])?;
                self.push(set)
            }
            op::TUPLE => {
                let items = self.pop_mark(th)?;
                self.push(th.tuple(items))
            }
            op::TUPLE1 | op::TUPLE2 | op::TUPLE3 => {
                let count = usize::from(code - op::TUPLE1) + 1;
                if self.stack.len() < self.fence() + count {
                    return Err(self.underflow(th));
                }
                let items = self.stack.split_off(self.stack.len() - count);
                self.push(th.tuple(items))
            }
            op::LIST => {
                let items = self.pop_mark(th)?;
                self.push(th.list(items))
            }
            op::DICT => {
                let items = self.pop_mark(th)?;
                let dict = th.dict();
                if items.len() % 2 != 0 {
                    return Err(unpickling_error(th, "odd number of items for DICT"));
                }
                for pair in items.chunks_exact(2) {
                    th.dict_set(&dict, &pair[0], pair[1].clone())?;
                }
                self.push(dict.into_value())
            }
            op::FROZENSET => {
                let items = self.pop_mark(th)?;
                let set = vm::builtins::set::frozenset(th, items)?;
                self.push(set)
            }
            op::APPEND => {
                let item = self.pop(th)?;
                self.append(th, vec![item])
            }
            op::APPENDS => {
                let items = self.pop_mark(th)?;
                self.append(th, items)
            }
            op::SETITEM => {
                let value = self.pop(th)?;
                let key = self.pop(th)?;
                self.set_items(th, &[key, value])
            }
            op::SETITEMS => {
                let items = self.pop_mark(th)?;
                self.set_items(th, &items)
            }
            op::ADDITEMS => {
                let items = self.pop_mark(th)?;
                let target = self.top(th)?;
                if exact::any_set(&target).is_some() && !exact::is_frozenset(&target) {
                    let items = th.list(items);
                    return th.call_method(&target, "update", &[items]).map(drop);
                }
                let add = th.get_attr_str(&target, "add")?;
                items.iter().try_for_each(|item| th.call(&add, std::slice::from_ref(item)).map(drop))
            }
            op::PERSID => {
                let line = self.input.line(th)?;
                if !line.is_ascii() {
                    return Err(unpickling_error(th, "persistent IDs in protocol 0 must be ASCII strings"));
                }
                let id = th.str(&String::from_utf8_lossy(&line));
                self.persistent(th, id)
            }
            op::BINPERSID => {
                let id = self.pop(th)?;
                self.persistent(th, id)
            }
            op::GLOBAL => {
                let (module, name) = (self.line_name(th)?, self.line_name(th)?);
                let found = self.find(th, &module, &name)?;
                self.push(found)
            }
            op::STACK_GLOBAL => {
                let name = self.pop(th)?;
                let module = self.pop(th)?;
                if vm::class::exact_str(&name).is_none() || vm::class::exact_str(&module).is_none() {
                    return Err(unpickling_error(th, "STACK_GLOBAL requires str"));
                }
                let found = self.find(th, &module, &name)?;
                self.push(found)
            }
            op::EXT1 => {
                let [code] = self.input.array(th)?;
                self.extension(th, code.into())
            }
            op::EXT2 => {
                let code = u16::from_le_bytes(self.input.array(th)?);
                self.extension(th, code.into())
            }
            op::EXT4 => {
                let code = i32::from_le_bytes(self.input.array(th)?);
                self.extension(th, code.into())
            }
            op::INST => {
                let (module, name) = (self.line_name(th)?, self.line_name(th)?);
                let class = self.find(th, &module, &name)?;
                let arguments = self.pop_mark(th)?;
                self.instantiate(th, &class, arguments)
            }
            op::OBJ => {
                let mut arguments = self.pop_mark(th)?;
                if arguments.is_empty() {
                    return Err(self.underflow(th));
                }
                let class = arguments.remove(0);
                self.instantiate(th, &class, arguments)
            }
            op::REDUCE => {
                let arguments = self.pop(th)?;
                let function = self.pop(th)?;
                let Some(arguments) = exact::any_tuple(&arguments).map(|a| a.items().to_vec()) else {
                    return Err(th.type_error("argument list must be a tuple"));
                };
                let result = th.call(&function, &arguments)?;
                self.push(result)
            }
            op::NEWOBJ => self.new_object(th, false),
            op::NEWOBJ_EX => self.new_object(th, true),
            op::BUILD => self.build(th),
            _ => {
                let shown = match code {
                    b' '..=b'~' if !matches!(code, b'\'' | b'\\') => char::from(code).to_string(),
                    _ => format!("\\x{code:02x}"),
                };
                Err(unpickling_error(th, &format!("invalid load key, '{shown}'.")))
            }
        }
    }

    /// A length that the opcode's width says: one byte, four or eight.
    fn length(&mut self, th: &mut Thread, code: u8, width: [u8; 3], what: &str) -> PyResult<usize> {
        let long = code == width[2];
        let length = if long {
            u64::from_le_bytes(self.input.array(th)?)
        } else if code == width[1] {
            u32::from_le_bytes(self.input.array(th)?).into()
        } else {
            let [length] = self.input.array(th)?;
            length.into()
        };
        match isize::try_from(length) {
            Ok(length) => Ok(length as usize),
            Err(_) => {
                let message = format!("{what}8 exceeds system's maximum size of {} bytes", isize::MAX);
                Err(unpickling_error(th, &message))
            }
        }
    }

    fn text(&mut self, th: &mut Thread, length: usize) -> PyResult {
        let bytes = self.input.take(th, length)?;
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Ok(th.str(text));
        }
        let bytes = bytes.to_vec();
        if let Some(units) = OwnedUnits::from_wtf8(&bytes) {
            return th.units(units.units());
        }
        let bytes = th.bytes(&bytes)?;
        let arguments = [th.str("utf-8"), th.str("surrogatepass")];
        th.call_method(&bytes, "decode", &arguments)
    }

    fn number(&mut self, th: &mut Thread, line: &[u8]) -> PyResult<i64> {
        let number = from_literal_bytes(th, line, 10)?;
        th.index(&number)
    }

    fn line_int(&mut self, th: &mut Thread) -> PyResult<()> {
        let line = self.input.word(th)?;
        let value = match &line[..] {
            b"00" => Value::FALSE,
            b"01" => Value::TRUE,
            line => from_literal_bytes(th, line, 10)?,
        };
        self.push(value)
    }

    fn line_long(&mut self, th: &mut Thread) -> PyResult<()> {
        let line = self.input.word(th)?;
        let digits = line.strip_suffix(b"L").unwrap_or(&line);
        let value = from_literal_bytes(th, digits, 10)?;
        self.push(value)
    }

    fn counted_long(&mut self, th: &mut Thread, length: usize) -> PyResult<()> {
        let bytes = self.input.take(th, length)?;
        let number = Number::from_bytes(bytes, ByteOrder::Little, true);
        self.push(th.int_value(number))
    }

    fn line_float(&mut self, th: &mut Thread) -> PyResult<()> {
        let line = self.input.word(th)?;
        let text = th.bytes(&line)?;
        let class = import_attr(th, "builtins", "float")?;
        match th.call(&class, &[text]) {
            Ok(value) => self.push(value),
            Err(_) => {
                th.clear_exception();
                Err(th.value_error("could not convert string to float"))
            }
        }
    }

    fn line_string(&mut self, th: &mut Thread) -> PyResult<()> {
        let line = self.input.line(th)?;
        let content = match &line[..] {
            [first @ (b'"' | b'\''), content @ .., last] if first == last => content,
            _ => return Err(unpickling_error(th, "the STRING opcode argument must be quoted")),
        };
        let content = th.bytes(content)?;
        let decode = import_attr(th, "_codecs", "escape_decode")?;
        let pair = th.call(&decode, &[content])?;
        let zero = th.int(0);
        let bytes = th.get_item(&pair, &zero)?;
        let value = unpickler::decoded(th, self.unpickler, bytes)?;
        self.push(value)
    }

    fn old_string(&mut self, th: &mut Thread, length: usize) -> PyResult<()> {
        let bytes = self.input.take(th, length)?.to_vec();
        let bytes = th.bytes(&bytes)?;
        let value = unpickler::decoded(th, self.unpickler, bytes)?;
        self.push(value)
    }

    fn line_unicode(&mut self, th: &mut Thread) -> PyResult<()> {
        let line = self.input.line(th)?;
        let bytes = th.bytes(&line)?;
        let encoding = th.str("raw-unicode-escape");
        let text = th.call_method(&bytes, "decode", &[encoding])?;
        self.push(text)
    }

    fn line_name(&mut self, th: &mut Thread) -> PyResult {
        let line = self.input.word(th)?;
        let bytes = th.bytes(&line)?;
        let encoding = th.str("utf-8");
        th.call_method(&bytes, "decode", &[encoding])
    }

    fn next_buffer(&mut self, th: &mut Thread) -> PyResult<()> {
        let Some(buffers) = self.buffers.clone() else {
            let message = "pickle stream refers to out-of-band data but no *buffers* argument was given";
            return Err(unpickling_error(th, message));
        };
        match th.next(&buffers)? {
            Some(buffer) => self.push(buffer),
            None => Err(unpickling_error(th, "not enough out-of-band buffers")),
        }
    }

    fn readonly_buffer(&mut self, th: &mut Thread) -> PyResult<()> {
        let top = self.pop(th)?;
        let view = vm::builtins::memoryview::of_object(th, &top, false)?;
        if view.is_readonly() {
            return self.push(top);
        }
        let readonly = th.call_method(view.as_value(), "toreadonly", &[])?;
        self.push(readonly)
    }

    fn get(&mut self, th: &mut Thread, index: i64) -> PyResult<()> {
        let found = self.unpickler.memo.lock(th).get(&(index as u64)).cloned();
        match found {
            Some(value) => self.push(value),
            None => Err(unpickling_error(th, &format!("Memo value not found at index {index}"))),
        }
    }

    fn put(&mut self, th: &mut Thread, index: u64) -> PyResult<()> {
        let top = self.top(th)?;
        let old = self.unpickler.memo.lock(th).insert(index, top);
        drop(old);
        Ok(())
    }

    fn append(&mut self, th: &mut Thread, items: Vec<Value>) -> PyResult<()> {
        let target = self.top(th)?;
        if exact::list(&target).is_none() && th.lookup_attr(&target, "extend")?.is_none() {
            let append = th.get_attr_str(&target, "append")?;
            return items.iter().try_for_each(|item| th.call(&append, std::slice::from_ref(item)).map(drop));
        }
        let items = th.list(items);
        th.call_method(&target, "extend", &[items]).map(drop)
    }

    fn set_items(&mut self, th: &mut Thread, items: &[Value]) -> PyResult<()> {
        let target = self.top(th)?;
        if !items.len().is_multiple_of(2) {
            return Err(unpickling_error(th, "odd number of items for SETITEMS"));
        }
        for pair in items.chunks_exact(2) {
            th.set_item(&target, &pair[0], &pair[1])?;
        }
        Ok(())
    }

    fn persistent(&mut self, th: &mut Thread, id: Value) -> PyResult<()> {
        let Some(function) = self.persistent_load.clone() else {
            return Err(unpickler::no_persistent_load(th));
        };
        let value = th.call(&function, &[id])?;
        self.push(value)
    }

    fn find(&mut self, th: &mut Thread, module: &Value, name: &Value) -> PyResult {
        match self.find_class.clone() {
            Some(function) => th.call(&function, &[module.clone(), name.clone()]),
            None => unpickler::find(th, self.unpickler, module, name),
        }
    }

    fn extension(&mut self, th: &mut Thread, code: i64) -> PyResult<()> {
        let number = th.int(code);
        let cache = import_attr(th, "copyreg", "_extension_cache")?;
        if th.contains(&cache, &number)? {
            let found = th.get_item(&cache, &number)?;
            return self.push(found);
        }
        let registry = import_attr(th, "copyreg", "_inverted_registry")?;
        if !th.contains(&registry, &number)? {
            return Err(if code <= 0 {
                unpickling_error(th, "EXT specifies code <= 0")
            } else {
                th.value_error(format_args!("unregistered extension code {code}"))
            });
        }
        let pair = th.get_item(&registry, &number)?;
        let Some([module, name]) = exact::any_tuple(&pair).map(|pair| pair.items()) else {
            return Err(th.value_error(format_args!("_inverted_registry[{code}] isn't a 2-tuple of strings")));
        };
        let found = self.find(th, module, name)?;
        th.set_item(&cache, &number, &found)?;
        self.push(found)
    }

    fn instantiate(&mut self, th: &mut Thread, class: &Value, arguments: Vec<Value>) -> PyResult<()> {
        let bare = arguments.is_empty()
            && th.as_class(class).is_some()
            && th.lookup_attr(class, "__getinitargs__")?.is_none();
        let made = if bare {
            th.call_method(class, "__new__", std::slice::from_ref(class))?
        } else {
            th.call(class, &arguments)?
        };
        self.push(made)
    }

    fn new_object(&mut self, th: &mut Thread, extended: bool) -> PyResult<()> {
        let code = if extended { "NEWOBJ_EX" } else { "NEWOBJ" };
        let keywords = if extended { Some(self.pop(th)?) } else { None };
        let arguments = self.pop(th)?;
        let class = self.pop(th)?;
        if th.as_class(&class).is_none() {
            let found = th.type_name(&class);
            return Err(unpickling_error(th, &format!("{code} class argument must be a type, not {found}")));
        }
        let Some(items) = exact::any_tuple(&arguments).cloned() else {
            let found = th.type_name(&arguments);
            return Err(unpickling_error(th, &format!("{code} args argument must be a tuple, not {found}")));
        };
        let mut all = vec![class.clone()];
        all.extend(items.items().iter().cloned());
        let new = th.get_attr_str(&class, "__new__")?;
        let made = match &keywords {
            None => th.call(&new, &all)?,
            Some(keywords) => {
                let Some(dict) = exact::any_dict(keywords) else {
                    let found = th.type_name(keywords);
                    let message = format!("{code} kwargs argument must be a dict, not {found}");
                    return Err(unpickling_error(th, &message));
                };
                call_with(th, &new, &all, dict)?
            }
        };
        self.push(made)
    }

    fn build(&mut self, th: &mut Thread) -> PyResult<()> {
        let mut state = self.pop(th)?;
        let object = self.top(th)?;
        if let Some(set_state) = th.lookup_attr(&object, "__setstate__")? {
            return th.call(&set_state, &[state]).map(drop);
        }
        let mut slots = Value::NONE;
        let pair = exact::any_tuple(&state).map(|pair| pair.items().to_vec());
        if let Some([first, second]) = pair.as_deref() {
            slots = second.clone();
            state = first.clone();
        }
        if !state.is_none() {
            let Some(dict) = exact::any_dict(&state).cloned() else {
                return Err(unpickling_error(th, "state is not a dictionary"));
            };
            let own = th.get_attr_str(&object, "__dict__")?;
            for (key, value, _) in dict.snapshot(th) {
                let key = match vm::class::exact_str(&key) {
                    Some(name) => th.intern_obj(name).into_value(),
                    None => key,
                };
                th.set_item(&own, &key, &value)?;
            }
        }
        if slots.is_none() {
            return Ok(());
        }
        let Some(slots) = exact::any_dict(&slots).cloned() else {
            return Err(unpickling_error(th, "slot state is not a dictionary"));
        };
        for (key, value, _) in slots.snapshot(th) {
            let Some(name) = th.as_str(&key).cloned() else {
                return Err(th.type_error("attribute name must be string"));
            };
            th.set_attr(&object, &name, &value)?;
        }
        Ok(())
    }
}
