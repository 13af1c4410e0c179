//! `complex`: the class, its constructor, operators and methods.
//!
//! Not here: arithmetic (`object_model::number::complex`).

use object_model::number::Complex as Number;
use object_model::number::complex::Operand;
use object_model::text::format_spec::format_complex;
use object_model::ty::flag;

use super::float::as_float;
use super::int::as_int;
use crate::names::Special;
use crate::prelude::*;
use crate::protocol::hash::identity;

/// A complex number, made from a literal, a number, or a real and an imaginary part.
#[pyclass(
    for = Complex,
    name = "complex",
    subclassable,
    shape = COMPLEX,
    layout = &object_model::numeric::COMPLEX,
    flags = flag::COMPLEX_SUBCLASS
)]
pub struct ComplexClass;

fn number(object: &Complex) -> Number {
    Number { real: object.real, imag: object.imaginary }
}

/// The number, if the type of the value is `complex` or a subclass.
pub fn as_complex(value: &Value) -> Option<Number> {
    let header = value.as_header()?;
    if !header.shape().class().payload.has(flag::COMPLEX_SUBCLASS) {
        return None;
    }
    // SAFETY: instances of `complex` and its subclasses have a `Complex` payload.
    let object: &Obj<Complex> = unsafe { Obj::borrow_unchecked(value) };
    Some(number(object))
}

/// The value as an operand, if it is a complex, float or int.
fn operand(th: &mut Thread, value: &Value) -> PyResult<Option<Operand>> {
    if let Some(z) = as_complex(value) {
        return Ok(Some(Operand::Complex(z)));
    }
    if let Some(x) = as_float(value) {
        return Ok(Some(Operand::Real(x)));
    }
    match as_int(value) {
        Some(i) => Ok(Some(Operand::Real(th.check(i.to_f64())?))),
        None => Ok(None),
    }
}

fn operation(th: &mut Thread, op: BinaryOp, a: &Value, b: &Value) -> PyResult {
    let (Some(a), Some(b)) = (operand(th, a)?, operand(th, b)?) else { return Ok(Value::NOT_IMPLEMENTED) };
    let result = match op {
        BinaryOp::Add => a.add(b),
        BinaryOp::Sub => a.sub(b),
        BinaryOp::Mul => a.mul(b),
        BinaryOp::TrueDiv => th.check(a.div(b))?,
        _ => return Ok(Value::NOT_IMPLEMENTED),
    };
    Ok(th.complex(result.real, result.imag))
}

fn receiver(th: &mut Thread, this: &Value, name: &str) -> PyResult<Number> {
    match as_complex(this) {
        Some(z) => Ok(z),
        None => {
            let found = th.type_name(this);
            Err(th.type_error(format_args!(
                "descriptor '{name}' requires a 'complex' object but received a '{found}'"
            )))
        }
    }
}

fn binary(th: &mut Thread, op: BinaryOp, this: &Value, value: &Value, name: &str) -> PyResult {
    receiver(th, this, name)?;
    operation(th, op, this, value)
}

fn binary_reflected(th: &mut Thread, op: BinaryOp, this: &Value, value: &Value, name: &str) -> PyResult {
    receiver(th, this, name)?;
    operation(th, op, value, this)
}

fn power(th: &mut Thread, base: &Value, exponent: &Value, modulus: Option<&Value>) -> PyResult {
    let (Some(a), Some(b)) = (operand(th, base)?, operand(th, exponent)?) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    if modulus.is_some_and(|m| !m.is_none()) {
        return Err(th.value_error("complex modulo"));
    }
    let whole = |operand| match operand {
        Operand::Real(real) => Number { real, imag: 0.0 },
        Operand::Complex(z) => z,
    };
    let result = th.check(whole(a).pow(whole(b)))?;
    Ok(th.complex(result.real, result.imag))
}

/// `==`: with ints exactly.
fn equals(th: &mut Thread, this: &Value, value: &Value, name: &str) -> PyResult<Option<bool>> {
    let z = receiver(th, this, name)?;
    if let Some(other) = as_complex(value) {
        return Ok(Some(z.real == other.real && z.imag == other.imag));
    }
    if let Some(x) = as_float(value) {
        return Ok(Some(z.real == x && z.imag == 0.0));
    }
    Ok(as_int(value).map(|i| z.imag == 0.0 && i.cmp_f64(z.real) == Some(std::cmp::Ordering::Equal)))
}

/// What `__complex__` of the value answers, if its type has it.
fn special_complex(th: &mut Thread, value: &Value) -> PyResult<Option<Number>> {
    let Some(result) = th.call_special(value, Special::Complex, &[])? else { return Ok(None) };
    let name = th.type_name(&result);
    let Some(z) = as_complex(&result) else {
        return Err(th.type_error(format_args!("__complex__ returned non-complex (type {name})")));
    };
    if th.exact::<Complex>(&result).is_none() {
        th.warn_deprecated(format_args!(
            "__complex__ returned non-complex (type {name}).  The ability to return an instance of a strict subclass of \
             complex is deprecated, and may be removed in a future version of Python."
        ))?;
    }
    Ok(Some(z))
}

/// The value as a complex: itself, by `__complex__`, or a real number.
pub fn complex_of(th: &mut Thread, value: &Value) -> PyResult<Number> {
    if let Some(z) = as_complex(value) {
        return Ok(z);
    }
    if let Some(z) = special_complex(th, value)? {
        return Ok(z);
    }
    th.to_f64(value).map(|real| Number { real, imag: 0.0 })
}

fn make(th: &mut Thread, class: Class, z: Number) -> Value {
    Obj::new(th, class.payload.instance_shape(), Complex { real: z.real, imaginary: z.imag }).into_value()
}

/// The only argument of the constructor.
fn from_single(th: &mut Thread, class: Class, value: &Value) -> PyResult {
    if std::ptr::eq(class, Complex::class(th)) && th.exact::<Complex>(value).is_some() {
        return Ok(value.clone());
    }
    let z = if let Some(text) = th.as_str(value) {
        th.check(Number::from_text(text.units()))?
    } else if let Some(z) = special_complex(th, value)? {
        z
    } else if let Some(z) = as_complex(value) {
        z
    } else if let Some(real) = th.real_from(value)? {
        Number { real, imag: 0.0 }
    } else {
        let name = crate::class::full_name(th, th.type_of(value));
        return Err(
            th.type_error(format_args!("complex() argument must be a string or a number, not {name}"))
        );
    };
    Ok(make(th, class, z))
}

/// A part given to the constructor. Complex parts are deprecated.
fn part(th: &mut Thread, value: &Value, which: &str) -> PyResult<Operand> {
    let special = if which == "real" { special_complex(th, value)? } else { None };
    if let Some(z) = special.or(as_complex(value)) {
        if !th.has_special(value, Special::Float) && !th.has_special(value, Special::Index) {
            let name = crate::class::full_name(th, th.type_of(value));
            th.warn_deprecated(format_args!(
                "complex() argument '{which}' must be a real number, not {name}"
            ))?;
        }
        return Ok(Operand::Complex(z));
    }
    match th.real_from(value)? {
        Some(x) => Ok(Operand::Real(x)),
        None => {
            let name = crate::class::full_name(th, th.type_of(value));
            Err(th.type_error(format_args!("complex() argument '{which}' must be a real number, not {name}")))
        }
    }
}

impl Thread {
    /// A `complex`.
    pub fn complex(&self, real: f64, imaginary: f64) -> Value {
        Obj::new(self, builtin::COMPLEX, Complex { real, imaginary }).into_value()
    }
}

#[pymethods(for = Complex)]
impl ComplexClass {
    #[new]
    #[signature("(real=0, imag=0)")]
    fn new(th: &mut Thread, class: Class, real: Option<&Value>, imag: Option<&Value>) -> PyResult {
        if imag.is_none()
            && let Some(real) = real
        {
            return from_single(th, class, real);
        }
        let r = match real {
            Some(real) => part(th, real, "real")?,
            None => Operand::Real(0.0),
        };
        let i = match imag {
            Some(imag) => part(th, imag, "imag")?,
            None => Operand::Real(0.0),
        };
        let z = match (r, i) {
            (Operand::Real(real), Operand::Real(imag)) => Number { real, imag },
            (Operand::Complex(r), Operand::Real(imag)) => Number { real: r.real, imag: imag + r.imag },
            (Operand::Real(real), Operand::Complex(i)) => Number { real: real - i.imag, imag: i.real },
            (Operand::Complex(r), Operand::Complex(i)) => {
                Number { real: r.real - i.imag, imag: i.real + r.imag }
            }
        };
        Ok(make(th, class, z))
    }

    /// A complex from a number; text is refused.
    #[classmethod]
    fn from_number(th: &mut Thread, class: Class, number: &Value) -> PyResult {
        let exact = std::ptr::eq(class, Complex::class(th));
        if exact && th.exact::<Complex>(number).is_some() {
            return Ok(number.clone());
        }
        let z = complex_of(th, number)?;
        let value = th.complex(z.real, z.imag);
        if exact { Ok(value) } else { th.call(&class.value(), &[value]) }
    }

    /// Return repr(self).
    fn __repr__(this: &Obj<Complex>) -> String {
        number(this).repr()
    }

    /// Return hash(self).
    fn __hash__(this: &Obj<Complex>) -> i64 {
        number(this).hash().unwrap_or_else(|| identity(this.as_value()))
    }

    /// True if self else False
    fn __bool__(this: &Obj<Complex>) -> bool {
        this.real != 0.0 || this.imaginary != 0.0
    }

    /// This number as a complex.
    fn __complex__(this: &Obj<Complex>, th: &mut Thread) -> Value {
        th.complex(this.real, this.imaginary)
    }

    fn __getnewargs__(this: &Obj<Complex>, th: &mut Thread) -> Value {
        let items = vec![th.float(this.real), th.float(this.imaginary)];
        th.tuple(items)
    }

    /// The text that a format specification asks for.
    fn __format__(this: &Obj<Complex>, th: &mut Thread, format_spec: &Obj<Str>) -> PyResult {
        if format_spec.len() == 0 {
            return th.str_of(this.as_value()).map(Obj::into_value);
        }
        let name = th.type_name(this.as_value());
        let text = th.check(format_complex(number(this), format_spec.units(), &name))?;
        th.units(text.units())
    }

    /// The number with the opposite imaginary part.
    fn conjugate(this: &Obj<Complex>, th: &mut Thread) -> Value {
        th.complex(this.real, -this.imaginary)
    }

    /// the real part of a complex number
    #[getter]
    fn real(this: &Obj<Complex>) -> f64 {
        this.real
    }

    /// the imaginary part of a complex number
    #[getter]
    fn imag(this: &Obj<Complex>) -> f64 {
        this.imaginary
    }

    /// -self
    fn __neg__(this: &Obj<Complex>, th: &mut Thread) -> Value {
        th.complex(-this.real, -this.imaginary)
    }

    /// +self
    fn __pos__(this: &Obj<Complex>, th: &mut Thread) -> Value {
        th.complex(this.real, this.imaginary)
    }

    /// abs(self)
    fn __abs__(this: &Obj<Complex>, th: &mut Thread) -> PyResult<f64> {
        th.check(number(this).abs())
    }

    /// Return self==value.
    fn __eq__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        Ok(equals(th, this, value, "__eq__")?.map_or(Value::NOT_IMPLEMENTED, Value::bool))
    }

    /// Return self!=value.
    fn __ne__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        Ok(equals(th, this, value, "__ne__")?.map_or(Value::NOT_IMPLEMENTED, |equal| Value::bool(!equal)))
    }

    /// Return pow(self, value, mod).
    #[signature("(value, mod=None, /)")]
    fn __pow__(this: &Value, th: &mut Thread, value: &Value, r#mod: Option<&Value>) -> PyResult {
        receiver(th, this, "__pow__")?;
        power(th, this, value, r#mod)
    }

    /// Return pow(value, self, mod).
    #[signature("(value, mod=None, /)")]
    fn __rpow__(this: &Value, th: &mut Thread, value: &Value, r#mod: Option<&Value>) -> PyResult {
        receiver(th, this, "__rpow__")?;
        power(th, value, this, r#mod)
    }

    /// Return self+value.
    fn __add__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::Add, this, value, "__add__")
    }

    /// Return self-value.
    fn __sub__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::Sub, this, value, "__sub__")
    }

    /// Return self*value.
    fn __mul__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::Mul, this, value, "__mul__")
    }

    /// Return self/value.
    fn __truediv__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary(th, BinaryOp::TrueDiv, this, value, "__truediv__")
    }

    /// Return value+self.
    fn __radd__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::Add, this, value, "__radd__")
    }

    /// Return value-self.
    fn __rsub__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::Sub, this, value, "__rsub__")
    }

    /// Return value*self.
    fn __rmul__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::Mul, this, value, "__rmul__")
    }

    /// Return value/self.
    fn __rtruediv__(this: &Value, th: &mut Thread, value: &Value) -> PyResult {
        binary_reflected(th, BinaryOp::TrueDiv, this, value, "__rtruediv__")
    }
}
