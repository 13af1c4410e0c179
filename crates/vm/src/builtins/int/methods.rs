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

    /// Return self converted to an integer, if self is suitable for use as an index into a list.
    fn __index__(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "__index__")
    }

    /// float(self)
    fn __float__(this: &Value, th: &mut Thread) -> PyResult<f64> {
        let i = receiver(th, this, "__float__")?;
        th.check(i.to_f64())
    }

    /// Truncating an Integral returns itself.
    fn __trunc__(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "__trunc__")
    }

    /// Flooring an Integral returns itself.
    fn __floor__(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "__floor__")
    }

    /// Ceiling of an Integral returns itself.
    fn __ceil__(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "__ceil__")
    }

    /// Rounding an Integral returns itself.
    ///
    /// Rounding with an ndigits argument also returns an integer.
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

    /// Convert to a string according to format_spec.
    fn __format__(this: &Value, th: &mut Thread, format_spec: &Obj<Str>) -> PyResult {
        let i = receiver(th, this, "__format__")?;
        if format_spec.len() == 0 {
            return th.str_of(this).map(Obj::into_value);
        }
        let name = th.type_name(this);
        let text = th.check(format_int(i, format_spec.units(), &name, max_str_digits()))?;
        th.units(text.units())
    }

    /// Returns size in memory, in bytes.
    fn __sizeof__(this: &Value, th: &mut Thread) -> PyResult<u64> {
        let i = receiver(th, this, "__sizeof__")?;
        Ok(match this.as_header() {
            None => 8,
            Some(header) => header.shape().class().layout().size as u64 + i.bit_length().div_ceil(64) * 8,
        })
    }

    /// Number of bits necessary to represent self in binary.
    ///
    /// >>> bin(37)
    /// '0b100101'
    /// >>> (37).bit_length()
    /// 6
    fn bit_length(this: &Value, th: &mut Thread) -> PyResult<u64> {
        receiver(th, this, "bit_length").map(IntRef::bit_length)
    }

    /// Number of ones in the binary representation of the absolute value of self.
    ///
    /// Also known as the population count.
    ///
    /// >>> bin(13)
    /// '0b1101'
    /// >>> (13).bit_count()
    /// 3
    fn bit_count(this: &Value, th: &mut Thread) -> PyResult<u64> {
        receiver(th, this, "bit_count").map(IntRef::bit_count)
    }

    /// Returns self, the complex conjugate of any int.
    fn conjugate(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "conjugate")
    }

    /// Returns True. Exists for duck type compatibility with float.is_integer.
    fn is_integer(this: &Value, th: &mut Thread) -> PyResult<bool> {
        receiver(th, this, "is_integer").map(|_| true)
    }

    /// Return a pair of integers, whose ratio is equal to the original int.
    ///
    /// The ratio is in lowest terms and has a positive denominator.
    ///
    /// >>> (10).as_integer_ratio()
    /// (10, 1)
    /// >>> (-10).as_integer_ratio()
    /// (-10, 1)
    /// >>> (0).as_integer_ratio()
    /// (0, 1)
    fn as_integer_ratio(this: &Value, th: &mut Thread) -> PyResult {
        let number = itself(th, this, "as_integer_ratio")?;
        Ok(th.tuple(vec![number, Value::int32(1)]))
    }

    /// the real part of a complex number
    #[getter]
    fn real(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "real")
    }

    /// the imaginary part of a complex number
    #[getter]
    fn imag(this: &Value, th: &mut Thread) -> PyResult {
        receiver(th, this, "imag").map(|_| Value::int32(0))
    }

    /// the numerator of a rational number in lowest terms
    #[getter]
    fn numerator(this: &Value, th: &mut Thread) -> PyResult {
        itself(th, this, "numerator")
    }

    /// the denominator of a rational number in lowest terms
    #[getter]
    fn denominator(this: &Value, th: &mut Thread) -> PyResult {
        receiver(th, this, "denominator").map(|_| Value::int32(1))
    }

    /// Return an array of bytes representing an integer.
    ///
    ///   length
    ///     Length of bytes object to use.  An OverflowError is raised if the
    ///     integer is not representable with the given number of bytes.  Default
    ///     is length 1.
    ///   byteorder
    ///     The byte order used to represent the integer.  If byteorder is 'big',
    ///     the most significant byte is at the beginning of the byte array.  If
    ///     byteorder is 'little', the most significant byte is at the end of the
    ///     byte array.  To request the native byte order of the host system, use
    ///     sys.byteorder as the byte order value.  Default is to use 'big'.
    ///   signed
    ///     Determines whether two's complement is used to represent the integer.
    ///     If signed is False and a negative integer is given, an OverflowError
    ///     is raised.
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

    /// Return the integer represented by the given array of bytes.
    ///
    ///   bytes
    ///     Holds the array of bytes to convert.  The argument must either
    ///     support the buffer protocol or be an iterable object producing bytes.
    ///     Bytes and bytearray are examples of built-in objects that support the
    ///     buffer protocol.
    ///   byteorder
    ///     The byte order used to represent the integer.  If byteorder is 'big',
    ///     the most significant byte is at the beginning of the byte array.  If
    ///     byteorder is 'little', the most significant byte is at the end of the
    ///     byte array.  To request the native byte order of the host system, use
    ///     sys.byteorder as the byte order value.  Default is to use 'big'.
    ///   signed
    ///     Indicates whether two's complement is used to represent the integer.
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
