//! `_types`: the builtin types that have no builtin name.

use vm::prelude::pymodule;

/// The builtin types that have no builtin name.
#[pymodule(name = "_types")]
pub mod module {
    use vm::builtins::async_generator::AsyncGenerator;
    use vm::builtins::cell::Cell;
    use vm::builtins::code::Code;
    use vm::builtins::coroutine::Coroutine;
    use vm::builtins::function::{Function, Method};
    use vm::builtins::generator::Generator;
    use vm::builtins::generic_alias::GenericAlias;
    use vm::builtins::mappingproxy::MappingProxy;
    use vm::builtins::module::Module;
    use vm::builtins::namespace::Namespace;
    use vm::builtins::native_function::{GetSet, Member, NativeFunction, NativeMethod};
    use vm::builtins::singletons::{EllipsisType, NoneType, NotImplementedType};
    use vm::builtins::union::Union;
    use vm::frame::FrameObject;
    use vm::frame::traceback::Traceback;
    use vm::prelude::*;

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let classes = [
            ("AsyncGeneratorType", AsyncGenerator::class(th)),
            ("BuiltinFunctionType", NativeFunction::class(th)),
            ("BuiltinMethodType", NativeFunction::class(th)),
            ("CellType", Cell::class(th)),
            ("ClassMethodDescriptorType", builtin::CLASSMETHOD_DESCRIPTOR.get().class()),
            ("CodeType", Code::class(th)),
            ("CoroutineType", Coroutine::class(th)),
            ("EllipsisType", EllipsisType::class(th)),
            ("FrameType", FrameObject::class(th)),
            ("FunctionType", Function::class(th)),
            ("GeneratorType", Generator::class(th)),
            ("GenericAlias", GenericAlias::class(th)),
            ("GetSetDescriptorType", GetSet::class(th)),
            ("LambdaType", Function::class(th)),
            ("MappingProxyType", MappingProxy::class(th)),
            ("MemberDescriptorType", Member::class(th)),
            ("MethodDescriptorType", NativeMethod::class(th)),
            ("MethodType", Method::class(th)),
            ("MethodWrapperType", NativeFunction::class(th)),
            ("ModuleType", Module::class(th)),
            ("NoneType", NoneType::class(th)),
            ("NotImplementedType", NotImplementedType::class(th)),
            ("SimpleNamespace", Namespace::class(th)),
            ("TracebackType", Traceback::class(th)),
            ("UnionType", Union::class(th)),
            ("WrapperDescriptorType", builtin::WRAPPER_DESCRIPTOR.get().class()),
        ];
        for (name, class) in classes {
            let name = th.intern(name);
            th.set_attr(module, &name, &class.value())?;
        }
        Ok(())
    }
}
