//! Proxies: objects that pass every operation on to one that they do not keep alive.

use super::{Kind, Weak, make};
use crate::error::Raised;
use crate::names::Special;
use crate::prelude::*;

/// The payload of a `weakref.ProxyType`.
#[pyclass(name = "ProxyType", module = "weakref", no_new)]
pub struct Proxy {
    weak: Weak,
}

/// The payload of a `weakref.CallableProxyType`: a proxy of something callable.
#[pyclass(name = "CallableProxyType", module = "weakref", no_new)]
pub struct CallableProxy {
    weak: Weak,
}

/// The weak part of a proxy.
pub(super) fn weak_part<'a>(th: &Thread, value: &'a Value) -> Option<&'a Weak> {
    if let Some(proxy) = th.exact::<Proxy>(value) {
        return Some(&proxy.weak);
    }
    th.exact::<CallableProxy>(value).map(|proxy| &proxy.weak)
}

/// `weakref.proxy(object, callback)`
pub fn proxy(th: &mut Thread, object: &Value, callback: Option<Value>) -> PyResult {
    let callable = th.is_callable(object);
    make(th, object, callback, Kind::PlainProxy, |th, weak| {
        if callable {
            CallableProxy::new_object(th, CallableProxy { weak }).into_value()
        } else {
            Proxy::new_object(th, Proxy { weak }).into_value()
        }
    })
}

#[cold]
fn gone(th: &mut Thread) -> Raised {
    th.raise_exc(Exc::ReferenceError, "weakly-referenced object no longer exists")
}

/// The object behind a proxy; other values stand for themselves.
fn behind(th: &mut Thread, value: &Value) -> PyResult {
    match weak_part(th, value) {
        None => Ok(value.clone()),
        Some(weak) => match weak.get(th) {
            Some(object) => Ok(object),
            None => Err(gone(th)),
        },
    }
}

fn binary(th: &mut Thread, op: BinaryOp, a: &Value, b: &Value) -> PyResult {
    let (a, b) = (behind(th, a)?, behind(th, b)?);
    th.binary_op(op, &a, &b)
}

fn inplace(th: &mut Thread, op: BinaryOp, a: &Value, b: &Value) -> PyResult {
    let (a, b) = (behind(th, a)?, behind(th, b)?);
    th.inplace_op(op, &a, &b)
}

fn compared(th: &mut Thread, op: CompareOp, a: &Value, b: &Value) -> PyResult {
    let (a, b) = (behind(th, a)?, behind(th, b)?);
    th.compare(&a, &b, op)
}

/// A conversion by the class of the object behind.
fn converted(th: &mut Thread, this: &Value, builtin: &str) -> PyResult {
    let object = behind(th, this)?;
    let function = crate::builtins::module::builtin(th, builtin)?;
    th.call(&function, &[object])
}

macro_rules! proxy_methods {
    (
        $class:ident
        binary { $($method:ident $reflected:ident $in_place:ident $op:ident;)* }
        compare { $($comparison:ident $compare_op:ident;)* }
        $($more:tt)*
    ) => {
        #[pymethods]
        impl $class {
            $(
                fn $method(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
                    binary(th, BinaryOp::$op, this, other)
                }

                fn $reflected(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
                    binary(th, BinaryOp::$op, other, this)
                }

                fn $in_place(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
                    inplace(th, BinaryOp::$op, this, other)
                }
            )*
            $(
                fn $comparison(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
                    compared(th, CompareOp::$compare_op, this, other)
                }
            )*

            fn __divmod__(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
                binary(th, BinaryOp::DivMod, this, other)
            }

            fn __rdivmod__(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
                binary(th, BinaryOp::DivMod, other, this)
            }

            #[signature("(value, mod=None, /)")]
            fn __pow__(this: &Value, th: &mut Thread, value: &Value, mod_: Option<&Value>) -> PyResult {
                match mod_ {
                    None => binary(th, BinaryOp::Pow, this, value),
                    Some(modulus) => {
                        let (a, b, c) = (behind(th, this)?, behind(th, value)?, behind(th, modulus)?);
                        th.pow3(&a, &b, &c)
                    }
                }
            }

            fn __rpow__(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
                binary(th, BinaryOp::Pow, other, this)
            }

            fn __ipow__(this: &Value, th: &mut Thread, other: &Value) -> PyResult {
                inplace(th, BinaryOp::Pow, this, other)
            }

            fn __neg__(this: &Value, th: &mut Thread) -> PyResult {
                let object = behind(th, this)?;
                th.negate(&object)
            }

            fn __pos__(this: &Value, th: &mut Thread) -> PyResult {
                let object = behind(th, this)?;
                th.positive(&object)
            }

            fn __invert__(this: &Value, th: &mut Thread) -> PyResult {
                let object = behind(th, this)?;
                th.invert(&object)
            }

            fn __abs__(this: &Value, th: &mut Thread) -> PyResult {
                let object = behind(th, this)?;
                th.absolute(&object)
            }

            fn __int__(this: &Value, th: &mut Thread) -> PyResult {
                converted(th, this, "int")
            }

            fn __float__(this: &Value, th: &mut Thread) -> PyResult {
                converted(th, this, "float")
            }

            fn __bytes__(this: &Value, th: &mut Thread) -> PyResult {
                converted(th, this, "bytes")
            }

            fn __index__(this: &Value, th: &mut Thread) -> PyResult {
                let object = behind(th, this)?;
                match th.call_special(&object, Special::Index, &[])? {
                    Some(number) => Ok(number),
                    None if th.downcast::<Int>(&object).is_some() => Ok(object),
                    None => {
                        let name = th.type_name(&object);
                        Err(th.type_error(format_args!("'{name}' object cannot be interpreted as an integer")))
                    }
                }
            }

            fn __bool__(this: &Value, th: &mut Thread) -> PyResult<bool> {
                let object = behind(th, this)?;
                th.is_true(&object)
            }

            fn __len__(this: &Value, th: &mut Thread) -> PyResult<usize> {
                let object = behind(th, this)?;
                th.length(&object)
            }

            fn __getitem__(this: &Value, th: &mut Thread, key: &Value) -> PyResult {
                let (object, key) = (behind(th, this)?, behind(th, key)?);
                th.get_item(&object, &key)
            }

            fn __setitem__(this: &Value, th: &mut Thread, key: &Value, value: &Value) -> PyResult<()> {
                let (object, key) = (behind(th, this)?, behind(th, key)?);
                th.set_item(&object, &key, value)
            }

            fn __delitem__(this: &Value, th: &mut Thread, key: &Value) -> PyResult<()> {
                let (object, key) = (behind(th, this)?, behind(th, key)?);
                th.del_item(&object, &key)
            }

            fn __contains__(this: &Value, th: &mut Thread, item: &Value) -> PyResult<bool> {
                let (object, item) = (behind(th, this)?, behind(th, item)?);
                th.contains(&object, &item)
            }

            fn __iter__(this: &Value, th: &mut Thread) -> PyResult {
                let object = behind(th, this)?;
                th.iter(&object)
            }

            fn __next__(this: &Value, th: &mut Thread) -> PyResult<Option<Value>> {
                let object = behind(th, this)?;
                if !th.has_special(&object, Special::Next) {
                    let name = th.type_name(&object);
                    return Err(th.type_error(format_args!(
                        "Weakref proxy referenced a non-iterator '{name}' object"
                    )));
                }
                th.next(&object)
            }

            fn __reversed__(this: &Value, th: &mut Thread) -> PyResult {
                let object = behind(th, this)?;
                th.call_method(&object, "__reversed__", &[])
            }

            fn __getattribute__(this: &Value, th: &mut Thread, name: &Obj<Str>) -> PyResult {
                let object = behind(th, this)?;
                th.get_attr(&object, name)
            }

            fn __setattr__(this: &Value, th: &mut Thread, name: &Obj<Str>, value: &Value) -> PyResult<()> {
                let object = behind(th, this)?;
                th.set_attr(&object, name, value)
            }

            fn __delattr__(this: &Value, th: &mut Thread, name: &Obj<Str>) -> PyResult<()> {
                let object = behind(th, this)?;
                th.del_attr(&object, name)
            }

            fn __str__(this: &Value, th: &mut Thread) -> PyResult {
                let object = behind(th, this)?;
                th.str_of(&object).map(Obj::into_value)
            }

            fn __repr__(this: &Value, th: &mut Thread) -> String {
                let address = this.word();
                match weak_part(th, this).and_then(|weak| weak.get(th)) {
                    Some(object) => {
                        let class = th.type_of(&object);
                        let class = crate::class::full_name(th, class);
                        format!("<weakproxy at {address:#x}; to '{class}' at {:#x}>", object.word())
                    }
                    None => format!("<weakproxy at {address:#x}; dead>"),
                }
            }

            $($more)*
        }
    };
}

macro_rules! both {
    ($($class:ident { $($more:tt)* })*) => {
        $(
            proxy_methods! {
                $class
                binary {
                    __add__ __radd__ __iadd__ Add;
                    __sub__ __rsub__ __isub__ Sub;
                    __mul__ __rmul__ __imul__ Mul;
                    __matmul__ __rmatmul__ __imatmul__ MatMul;
                    __truediv__ __rtruediv__ __itruediv__ TrueDiv;
                    __floordiv__ __rfloordiv__ __ifloordiv__ FloorDiv;
                    __mod__ __rmod__ __imod__ Mod;
                    __lshift__ __rlshift__ __ilshift__ LShift;
                    __rshift__ __rrshift__ __irshift__ RShift;
                    __and__ __rand__ __iand__ And;
                    __or__ __ror__ __ior__ Or;
                    __xor__ __rxor__ __ixor__ Xor;
                }
                compare {
                    __lt__ Lt; __le__ Le; __eq__ Eq; __ne__ Ne; __gt__ Gt; __ge__ Ge;
                }
                $($more)*
            }
        )*
    };
}

both! {
    Proxy {}
    CallableProxy {
        #[raw]
        fn __call__(this: &Value, th: &mut Thread, args: Args<'_>) -> PyResult {
            let object = behind(th, this)?;
            th.call_args(&object, args)
        }
    }
}
