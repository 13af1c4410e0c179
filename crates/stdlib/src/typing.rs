//! `_typing`: what the module `typing` takes from the runtime. The types themselves are `vm::builtins::typevar`.

use vm::prelude::pymodule;

/// What the module `typing` is built on.
#[pymodule(
    name = "_typing",
    classes = [
        vm::builtins::typevar::TypeVar,
        vm::builtins::typevar::ParamSpec,
        vm::builtins::typevar::ParamSpecArgs,
        vm::builtins::typevar::ParamSpecKwargs,
        vm::builtins::typevar::TypeVarTuple,
        vm::builtins::typevar::TypeAliasType,
        vm::builtins::typevar::Generic,
        vm::builtins::union::Union
    ]
)]
pub mod module {
    use vm::builtins::typevar;
    use vm::prelude::*;

    /// What the default of a type parameter is if it has none.
    #[pyattr(name = "NoDefault")]
    fn no_default(th: &mut Thread) -> Value {
        typevar::no_default(th)
    }

    /// Its argument.
    #[pyfunction(name = "_idfunc")]
    fn idfunc(x: &Value) -> Value {
        x.clone()
    }
}
