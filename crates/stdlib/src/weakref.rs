//! `_weakref`: what the module `weakref` is built on. The references themselves are `vm::builtins::weakref`.

use vm::prelude::pymodule;

/// Weak references.
#[pymodule(
    name = "_weakref",
    classes = [
        vm::builtins::weakref::Reference,
        vm::builtins::weakref::Proxy,
        vm::builtins::weakref::CallableProxy
    ]
)]
pub mod module {
    use vm::builtins::weakref;
    use vm::prelude::*;

    /// The class of weak references.
    #[pyattr(name = "ref")]
    fn reference(th: &mut Thread) -> Value {
        weakref::Reference::class(th).value()
    }

    /// How many weak references and proxies an object has.
    #[pyfunction]
    fn getweakrefcount(th: &mut Thread, object: &Value) -> usize {
        weakref::all_of(th, object).len()
    }

    /// The weak references and proxies of an object.
    #[pyfunction]
    fn getweakrefs(th: &mut Thread, object: &Value) -> Value {
        let all = weakref::all_of(th, object);
        th.list(all)
    }

    /// An object that passes everything on to one that it does not keep alive.
    #[pyfunction(signature = "(object, callback=None, /)")]
    fn proxy(th: &mut Thread, object: &Value, callback: Option<&Value>) -> PyResult {
        weakref::proxy::proxy(th, object, callback.cloned())
    }

    /// Deletes the entry of a key from a dict whose values are weak references, if its reference is dead.
    #[pyfunction]
    fn _remove_dead_weakref(th: &mut Thread, dct: &Obj<Dict>, key: &Value) -> PyResult<()> {
        if let Some(reference) = th.dict_get(dct, key)? {
            match weakref::referent(th, &reference) {
                Some(None) => {
                    th.dict_del(dct, key)?;
                }
                Some(Some(_)) => {}
                None => return Err(th.type_error("not a weakref")),
            }
        }
        Ok(())
    }
}
