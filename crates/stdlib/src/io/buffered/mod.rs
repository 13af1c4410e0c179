//! Buffered streams: `BufferedReader`, `BufferedWriter`, `BufferedRandom`, `BufferedRWPair`.

pub mod core;
pub mod pair;
pub mod random;
pub mod reader;
pub mod writer;

/// Methods that all streams over one raw stream have. The class has a field `core`.
macro_rules! common {
    ($class:ident) => {
        #[pymethods(part = "common")]
        impl $class {
            #[new(raw)]
            fn new(th: &mut Thread, class: Class, args: Args<'_>) -> PyResult {
                let _ = args;
                Ok(Obj::new(th, class.payload.instance_shape(), $class { core: Core::empty() }).into_value())
            }

            /// The underlying raw stream.
            #[getter]
            fn raw(this: &Obj<Self>, th: &mut Thread) -> PyResult {
                this.core.raw(th)
            }

            #[getter]
            fn closed(this: &Obj<Self>, th: &mut Thread) -> PyResult {
                attribute(th, &this.core, "closed")
            }

            #[getter]
            fn name(this: &Obj<Self>, th: &mut Thread) -> PyResult {
                attribute(th, &this.core, "name")
            }

            #[getter]
            fn mode(this: &Obj<Self>, th: &mut Thread) -> PyResult {
                attribute(th, &this.core, "mode")
            }

            fn seekable(this: &Obj<Self>, th: &mut Thread) -> PyResult {
                let raw = this.core.raw(th)?;
                th.call_method(&raw, "seekable", &[])
            }

            fn fileno(this: &Obj<Self>, th: &mut Thread) -> PyResult {
                let raw = this.core.raw(th)?;
                th.call_method(&raw, "fileno", &[])
            }

            fn isatty(this: &Obj<Self>, th: &mut Thread) -> PyResult {
                let raw = this.core.raw(th)?;
                th.call_method(&raw, "isatty", &[])
            }

            fn close(this: &Obj<Self>, th: &mut Thread) -> PyResult {
                this.core.close(th, this.as_value())
            }

            fn detach(this: &Obj<Self>, th: &mut Thread) -> PyResult {
                this.core.detach(th, this.as_value())
            }

            fn tell(this: &Obj<Self>, th: &mut Thread) -> PyResult<i64> {
                let _held = this.core.enter(th, this.as_value())?;
                this.core.tell(th)
            }

            #[signature("(target, whence=0, /)")]
            fn seek(this: &Obj<Self>, th: &mut Thread, target: &Value, whence: Option<i32>) -> PyResult<i64> {
                this.core.check_open(th, "seek of closed file")?;
                let raw = this.core.raw(th)?;
                crate::io::base::check_seekable(th, &raw)?;
                let (target, whence) = seek_arguments(th, target, whence)?;
                let _held = this.core.enter(th, this.as_value())?;
                this.core.seek(th, target, whence)
            }

            fn _dealloc_warn(this: &Obj<Self>, th: &mut Thread, source: &Value) {
                dealloc_warn(th, &this.core, source);
            }

            fn __repr__(this: &Obj<Self>, th: &mut Thread) -> PyResult<String> {
                repr(th, this.as_value())
            }

            fn __sizeof__(this: &Obj<Self>, th: &mut Thread) -> usize {
                let state = this.core.state.lock(th);
                64 + state.ahead.capacity() + state.pending.capacity()
            }

            fn __getstate__(this: &Obj<Self>, th: &mut Thread) -> PyResult {
                let name = th.type_name(this.as_value());
                Err(th.type_error(format_args!("cannot pickle '{name}' instances")))
            }
        }
    };
}

/// Methods of streams that can be read.
macro_rules! reading {
    ($class:ident) => {
        #[pymethods(part = "reading")]
        impl $class {
            fn readable(this: &Obj<Self>, th: &mut Thread) -> PyResult {
                let raw = this.core.raw(th)?;
                th.call_method(&raw, "readable", &[])
            }

            #[signature("(size=-1, /)")]
            fn read(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
                let size = crate::io::base::size_argument(th, size)?;
                if size < -1 {
                    return Err(th.value_error("read length must be non-negative or -1"));
                }
                let core = &this.core;
                core.check_open(th, "read of closed file")?;
                let _held = core.enter(th, this.as_value())?;
                core.flush_pending(th)?;
                let Ok(size) = usize::try_from(size) else { return core.read_all(th) };
                match core.read(th, size)? {
                    Some(data) => th.bytes(&data),
                    None => Ok(Value::NONE),
                }
            }

            #[signature("(size=-1, /)")]
            fn read1(this: &Obj<Self>, th: &mut Thread, size: Option<i64>) -> PyResult {
                let core = &this.core;
                core.check_open(th, "read of closed file")?;
                let _held = core.enter(th, this.as_value())?;
                core.flush_pending(th)?;
                let data = core.read1(th, size.unwrap_or(-1))?;
                th.bytes(&data)
            }

            fn readinto(this: &Obj<Self>, th: &mut Thread, buffer: &Value) -> PyResult {
                let core = &this.core;
                let room = th.with_buffer_mut(buffer, |b| b.len())?;
                core.check_open(th, "readinto of closed file")?;
                let _held = core.enter(th, this.as_value())?;
                core.flush_pending(th)?;
                match core.read(th, room)? {
                    Some(data) => copy_into(th, buffer, &data).map(|n| th.int(n as i64)),
                    None => Ok(Value::NONE),
                }
            }

            fn readinto1(this: &Obj<Self>, th: &mut Thread, buffer: &Value) -> PyResult {
                let core = &this.core;
                let room = th.with_buffer_mut(buffer, |b| b.len())?;
                core.check_open(th, "readinto of closed file")?;
                let _held = core.enter(th, this.as_value())?;
                core.flush_pending(th)?;
                let data = core.read1(th, room as i64)?;
                copy_into(th, buffer, &data).map(|n| th.int(n as i64))
            }

            #[signature("(size=0, /)")]
            fn peek(this: &Obj<Self>, th: &mut Thread, size: Option<i64>) -> PyResult {
                let _ = size;
                let core = &this.core;
                core.check_open(th, "peek of closed file")?;
                let _held = core.enter(th, this.as_value())?;
                core.flush_pending(th)?;
                let data = core.peek(th)?;
                th.bytes(&data)
            }

            #[signature("(size=-1, /)")]
            fn readline(this: &Obj<Self>, th: &mut Thread, size: Option<&Value>) -> PyResult {
                let limit = crate::io::base::size_argument(th, size)?;
                let core = &this.core;
                core.check_open(th, "readline of closed file")?;
                let _held = core.enter(th, this.as_value())?;
                core.flush_pending(th)?;
                core.read_line(th, limit)
            }

            fn __next__(this: &Obj<Self>, th: &mut Thread) -> PyResult<Option<Value>> {
                let line = if std::ptr::eq(th.type_of(this.as_value()), $class::class(th)) {
                    $class::readline(this, th, None)?
                } else {
                    th.call_method(this.as_value(), "readline", &[])?
                };
                Ok(if th.length(&line)? == 0 { None } else { Some(line) })
            }
        }
    };
}

/// Methods of streams that can be written.
macro_rules! writing {
    ($class:ident) => {
        #[pymethods(part = "writing")]
        impl $class {
            fn writable(this: &Obj<Self>, th: &mut Thread) -> PyResult {
                let raw = this.core.raw(th)?;
                th.call_method(&raw, "writable", &[])
            }

            fn write(this: &Obj<Self>, th: &mut Thread, buffer: &Value) -> PyResult<usize> {
                let core = &this.core;
                with_bytes(th, buffer, |th, data| {
                    let _held = core.enter(th, this.as_value())?;
                    // Looked at under the lock: a flush may have closed the stream meanwhile.
                    core.check_open(th, "write to closed file")?;
                    core.rewind(th)?;
                    core.write(th, data)
                })
            }

            fn flush(this: &Obj<Self>, th: &mut Thread) -> PyResult<()> {
                let core = &this.core;
                core.check_open(th, "flush of closed file")?;
                let _held = core.enter(th, this.as_value())?;
                core.flush_pending(th)?;
                core.rewind(th)
            }

            #[signature("(pos=None, /)")]
            fn truncate(this: &Obj<Self>, th: &mut Thread, pos: Option<&Value>) -> PyResult {
                let core = &this.core;
                core.check_open(th, "truncate of closed file")?;
                let writable = th.call_method(this.as_value(), "writable", &[])?;
                if !th.is_true(&writable)? {
                    return Err(crate::io::unsupported(th, "truncate"));
                }
                let _held = core.enter(th, this.as_value())?;
                core.flush_pending(th)?;
                core.rewind(th)?;
                let raw = core.raw(th)?;
                let pos = pos.cloned().unwrap_or(Value::NONE);
                th.call_method(&raw, "truncate", &[pos])
            }
        }
    };
}

pub(crate) use {common, reading, writing};
