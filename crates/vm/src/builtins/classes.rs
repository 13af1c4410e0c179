//! All builtin classes: making them at start-up, and their names in the module `builtins`.

use object_model::set::{FrozenSet, Set};
use object_model::shape::ShapeId;

use super::{
    async_generator, bool, cell, classmethod, coroutine, float, function, generator, int, iterators,
    mappingproxy, memoryview, module, native_function, property, range, singletons, slice, staticmethod,
    super_,
};
use crate::class::{self, Plain};
use crate::native::{ClassCell, ClassDef};
use crate::prelude::*;

type Make = fn(&mut Thread) -> Class;

/// Classes that `builtins` shows.
pub const SHOWN: &[Make] = &[
    Plain::class,
    Type::class,
    Int::class,
    bool::Bool::class,
    Float::class,
    Complex::class,
    Str::class,
    Bytes::class,
    ByteArray::class,
    memoryview::MemoryView::class,
    Tuple::class,
    List::class,
    Dict::class,
    Set::class,
    FrozenSet::class,
    range::Range::class,
    slice::Slice::class,
    property::Property::class,
    staticmethod::StaticMethod::class,
    classmethod::ClassMethod::class,
    super_::Super::class,
    iterators::Enumerate::class,
    iterators::Filter::class,
    iterators::Map::class,
    iterators::Reversed::class,
    iterators::Zip::class,
];

/// Classes that have shapes of their own, so that they must exist before there are instances.
const HIDDEN: &[Make] = &[
    native_function::NativeFunction::class,
    native_function::NativeMethod::class,
    native_function::GetSet::class,
    native_function::Member::class,
    function::Function::class,
    function::Method::class,
    module::Module::class,
    cell::Cell::class,
    super::code::Code::class,
    crate::frame::FrameObject::class,
    crate::frame::traceback::Traceback::class,
    generator::Generator::class,
    coroutine::Coroutine::class,
    async_generator::AsyncGenerator::class,
    coroutine::Coroutine::class,
    async_generator::AsyncGenerator::class,
    mappingproxy::MappingProxy::class,
];

/// Native special methods and native class methods are native methods whose classes have other names.
static VARIANTS: [(ClassDef, ClassCell); 2] = [
    (variant("wrapper_descriptor", builtin::WRAPPER_DESCRIPTOR), ClassCell::new()),
    (variant("classmethod_descriptor", builtin::CLASSMETHOD_DESCRIPTOR), ClassCell::new()),
];

const fn variant(name: &'static str, shape: ShapeId) -> ClassDef {
    ClassDef {
        name,
        // Each method has its own.
        doc: "",
        shape: Some(shape),
        base: Some(native_function::NativeMethod::class),
        members: &[],
        ..native_function::NativeMethod::DEFINITION
    }
}

/// Makes all of them, and tells what the types of immediate values are.
pub fn make_all(th: &mut Thread) {
    // What class dicts hold comes first.
    for (definition, cell) in &VARIANTS {
        class::native::make(th, definition, cell);
    }
    for make in HIDDEN {
        make(th);
    }
    int::initialise(th);
    bool::initialise(th);
    float::initialise(th);
    singletons::initialise(th);
    for make in SHOWN {
        make(th);
    }
}

/// Adds the classes to the dict of module `builtins`.
pub fn publish(th: &mut Thread, builtins: &Obj<Dict>) -> PyResult<()> {
    for make in SHOWN {
        let class = make(th);
        let name = class.payload.name.get(th).to_string();
        let name = th.intern(&name);
        builtins.set_str(th, &name, class.value()).map_err(|_| th.memory_error())?;
    }
    Ok(())
}
