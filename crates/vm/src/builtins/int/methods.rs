//! The methods of `int` that are no operators.

use object_model::number::int::ByteOrder;
use object_model::number::{Int as Number, IntRef};
use object_model::text::format_spec::format_int;

use super::{IntClass, as_int, max_str_digits, receiver, to_text};
use crate::prelude::*;

/// What `byteorder` says; big if it was not given.
fn byte_order(th: &mut Thread, order: Option<&Obj<Str>>) -> PyResult<ByteOrder> {
    match order.map(|o| o.as_ascii()) {
        None | Some(Some("big")) => Ok(ByteOrder::Big),
        Some(Some("little")) => Ok(ByteOrder::Little),
        Some(_) => Err(th.value_error("byteorder must be either 'little' or 'big'")),
    }
}

fn itself(th: &mut Thread, this: &Value, name: &str) -> PyResult {
    let i = receiver(th, this, name)?;
    Ok(th.int_value(i.to_int()))
}

#[pymethods(for = Int, part = "methods")]
impl IntClass {
    /// Return repr(self).
    fn __repr__(this: &Value, th: &mut Thread) -> PyResult<String> {
        let i = receiver(th, this, "__repr__")?;
        to_text(th, i)
    }

    /// int(self)
    fn __int__(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "__int__")
    }

    /// This number as an int.
    fn __index__(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "__index__")
    }

    /// float(self)
    fn __float__(this: &Value, th: &mut Thread) -> PyResult<f64> {
        let i = receiver(th, this, "__float__")?;
        th.check(i.to_f64())
    }

    /// An int is its own truncation.
    fn __trunc__(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "__trunc__")
    }

    /// An int is its own floor.
    fn __floor__(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "__floor__")
    }

    /// An int is its own ceiling.
    fn __ceil__(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "__ceil__")
    }

    /// The nearest multiple of 10**-ndigits, the even one of two; the int itself without ndigits.
    #[signature("(ndigits=None, /)")]
    fn __round__(this: &Value, th: &mut Thread, ndigits: Option<&Value>) -> PyResult {
        let i = receiver(th, this, "__round__")?;
        let Some(ndigits) = ndigits.filter(|n| !n.is_none()) else { return Ok(th.int_value(i.to_int())) };
        let ndigits = th.to_index(ndigits)?;
        let ndigits = as_int(&ndigits).unwrap_or(IntRef::Small(0));
        let rounded = th.check(i.round(ndigits))?;
        Ok(th.int_value(rounded))
    }

    fn __getnewargs__(this: &Value, th: &mut Thread) -> PyResult {
        let number = itself(th, this, "__getnewargs__")?;
        Ok(th.tuple(vec![number]))
    }

    /// The text that a format specification asks for.
    fn __format__(this: &Value, th: &mut Thread, format_spec: &Obj<Str>) -> PyResult {
        let i = receiver(th, this, "__format__")?;
        if format_spec.len() == 0 {
            return th.str_of(this).map(Obj::into_value);
        }
        let name = th.type_name(this);
        let text = th.check(format_int(i, format_spec.units(), &name, max_str_digits()))?;
        th.units(text.units())
    }

    /// The bytes that the int takes in memory.
    fn __sizeof__(this: &Value, th: &mut Thread) -> PyResult<u64> {
        let i = receiver(th, this, "__sizeof__")?;
        Ok(match this.as_header() {
            None => 8,
            Some(header) => header.shape().class().layout().size as u64 + i.bit_length().div_ceil(64) * 8,
        })
    }

    /// How many bits the absolute value has, without leading zeros.
    ///
    /// >>> (37).bit_length()
    /// 6
    /// >>> (-8).bit_length()
    /// 4
    fn bit_length(this: &Value, th: &mut Thread) -> PyResult<u64> {
        receiver(th, this, "bit_length").map(IntRef::bit_length)
    }

    /// How many ones the absolute value has in binary.
    ///
    /// >>> bin(13)
    /// '0b1101'
    /// >>> (-13).bit_count()
    /// 3
    fn bit_count(this: &Value, th: &mut Thread) -> PyResult<u64> {
        receiver(th, this, "bit_count").map(IntRef::bit_count)
    }

    /// The int itself, as an int.
    fn conjugate(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "conjugate")
    }

    /// Always True; floats have this method too.
    fn is_integer(this: &Value, th: &mut Thread) -> PyResult<bool> {
        receiver(th, this, "is_integer").map(|_| true)
    }

    /// The pair (self, 1).
    ///
    /// >>> (-10).as_integer_ratio()
    /// (-10, 1)
    /// >>> True.as_integer_ratio()
    /// (1, 1)
    fn as_integer_ratio(this: &Value, th: &mut Thread) -> PyResult {
        let number = itself(th, this, "as_integer_ratio")?;
        Ok(th.tuple(vec![number, Value::int32(1)]))
    }

    /// the number as an int
    #[getter]
    fn real(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "real")
    }

    /// always 0
    #[getter]
    fn imag(this: &Value, th: &mut Thread) -> PyResult {
        receiver(th, this, "imag").map(|_| Value::int32(0))
    }

    /// the number as an int
    #[getter]
    fn numerator(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "numerator")
    }

    /// always 1
    #[getter]
    fn denominator(this: &Value, th: &mut Thread) -> PyResult {
        receiver(th, this, "denominator").map(|_| Value::int32(1))
    }

    /// The number as so many bytes, in the order 'big' or 'little'; in two's complement if signed.
    ///
    /// OverflowError if they are too few, or if a negative number is not signed.
    #[signature("(length=1, byteorder='big', *, signed=False)")]
    fn to_bytes(
        this: &Value,
        th: &mut Thread,
        length: Option<i64>,
        byteorder: Option<&Obj<Str>>,
        signed: Option<bool>,
    ) -> PyResult {
        let i = receiver(th, this, "to_bytes")?;
        let order = byte_order(th, byteorder)?;
        let Ok(length) = usize::try_from(length.unwrap_or(1)) else {
            return Err(th.value_error("length argument must be non-negative"));
        };
        let bytes = th.check(i.to_bytes(length, order, signed.unwrap_or(false)))?;
        th.bytes(&bytes)
    }

    /// The number that bytes hold, in the order 'big' or 'little'; in two's complement if signed.
    #[classmethod]
    #[signature("(bytes, byteorder='big', *, signed=False)")]
    fn from_bytes(
        th: &mut Thread,
        class: Class,
        bytes: &Value,
        byteorder: Option<&Obj<Str>>,
        signed: Option<bool>,
    ) -> PyResult {
        let order = byte_order(th, byteorder)?;
        let content = if crate::protocol::buffer::is_buffer(th, bytes) {
            th.buffer_to_vec(bytes)?
        } else {
            if as_int(bytes).is_some() || th.as_str(bytes).is_some() {
                let name = th.type_name(bytes);
                return Err(th.type_error(format_args!("cannot convert '{name}' object to bytes")));
            }
            let constructor = Bytes::class(th).value();
            let copy = th.call(&constructor, std::slice::from_ref(bytes))?;
            th.buffer_to_vec(&copy)?
        };
        let number = Number::from_bytes(&content, order, signed.unwrap_or(false));
        let value = th.int_value(number);
        if std::ptr::eq(class, Int::class(th)) { Ok(value) } else { th.call(&class.value(), &[value]) }
    }
}
