//! Interned names that the runtime itself uses, and the numbering of special methods.

use std::sync::OnceLock;

use mode::Attached;
use object_model::Obj;
use object_model::string::{Str, intern};

macro_rules! specials {
    ($($variant:ident $name:literal)*) => {
        /// A special method: an index into a type's table of them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "each is the Python name in camel case")]
        pub enum Special { $($variant,)* }

        impl Special {
            /// All, by number.
            pub const ALL: &[Special] = &[$(Special::$variant,)*];

            /// The Python name.
            pub const fn text(self) -> &'static str {
                match self { $(Special::$variant => $name,)* }
            }
        }
    };
}

specials! {
    New "__new__" Init "__init__" Del "__del__" Repr "__repr__" Str "__str__" Bytes "__bytes__" Format "__format__"
    Lt "__lt__" Le "__le__" Eq "__eq__" Ne "__ne__" Gt "__gt__" Ge "__ge__" Hash "__hash__" Bool "__bool__"
    GetAttribute "__getattribute__" GetAttr "__getattr__" SetAttr "__setattr__" DelAttr "__delattr__" Dir "__dir__"
    Get "__get__" Set "__set__" Delete "__delete__" SetName "__set_name__" InitSubclass "__init_subclass__"
    Call "__call__" Len "__len__" LengthHint "__length_hint__" GetItem "__getitem__" SetItem "__setitem__"
    DelItem "__delitem__" Missing "__missing__" Iter "__iter__" Next "__next__" Reversed "__reversed__"
    Contains "__contains__"
    Add "__add__" Sub "__sub__" Mul "__mul__" MatMul "__matmul__" TrueDiv "__truediv__" FloorDiv "__floordiv__"
    Mod "__mod__" DivMod "__divmod__" Pow "__pow__" LShift "__lshift__" RShift "__rshift__" And "__and__"
    Xor "__xor__" Or "__or__"
    RAdd "__radd__" RSub "__rsub__" RMul "__rmul__" RMatMul "__rmatmul__" RTrueDiv "__rtruediv__"
    RFloorDiv "__rfloordiv__" RMod "__rmod__" RDivMod "__rdivmod__" RPow "__rpow__" RLShift "__rlshift__"
    RRShift "__rrshift__" RAnd "__rand__" RXor "__rxor__" ROr "__ror__"
    IAdd "__iadd__" ISub "__isub__" IMul "__imul__" IMatMul "__imatmul__" ITrueDiv "__itruediv__"
    IFloorDiv "__ifloordiv__" IMod "__imod__" IPow "__ipow__" ILShift "__ilshift__" IRShift "__irshift__"
    IAnd "__iand__" IXor "__ixor__" IOr "__ior__"
    Neg "__neg__" Pos "__pos__" Abs "__abs__" Invert "__invert__" Complex "__complex__" Int "__int__"
    Float "__float__" Index "__index__" Round "__round__" Trunc "__trunc__" Floor "__floor__" Ceil "__ceil__"
    Enter "__enter__" Exit "__exit__" Await "__await__" AIter "__aiter__" ANext "__anext__" AEnter "__aenter__"
    AExit "__aexit__" InstanceCheck "__instancecheck__" SubclassCheck "__subclasscheck__"
    Buffer "__buffer__" ReleaseBuffer "__release_buffer__" Prepare "__prepare__" ClassGetItem "__class_getitem__"
    Class "__class__"
}

impl Special {
    /// How many there are.
    pub const COUNT: usize = Special::ALL.len();

    /// The interned name.
    #[inline]
    pub fn name(self) -> &'static Obj<Str> {
        &names().specials[self as usize]
    }

    /// The special method called `name` (an interned string), if it is one.
    pub fn from_name(name: &Obj<Str>) -> Option<Special> {
        let text = name.as_ascii()?;
        if !text.starts_with("__") {
            return None;
        }
        let number = names().specials.iter().position(|s| s.as_value().is(name.as_value()))?;
        Special::ALL.get(number).copied()
    }
}

macro_rules! plain_names {
    ($($field:ident $text:literal)*) => {
        /// The names.
        #[expect(missing_docs, reason = "each field is the name it holds")]
        pub struct Names {
            /// By special method.
            pub specials: Box<[Obj<Str>]>,
            $(pub $field: Obj<Str>,)*
        }

        fn make(token: &Attached) -> Names {
            Names {
                specials: Special::ALL.iter().map(|s| intern::intern_text(token, s.text())).collect(),
                $($field: intern::intern_text(token, $text),)*
            }
        }
    };
}

plain_names! {
    dunder_name "__name__" qualname "__qualname__" module "__module__" doc "__doc__" dict "__dict__" class "__class__"
    bases "__bases__" mro "__mro__" slots "__slots__" weakref "__weakref__" classcell "__classcell__"
    classdictcell "__classdictcell__" main "__main__" builtins "__builtins__" file "__file__" loader "__loader__"
    spec "__spec__" package "__package__" path "__path__" all "__all__" import "__import__" annotations "__annotations__"
    annotate "__annotate__" type_params "__type_params__" static_attributes "__static_attributes__"
    firstlineno "__firstlineno__" abstractmethods "__abstractmethods__" isabstractmethod "__isabstractmethod__"
    mro_entries "__mro_entries__" match_args "__match_args__" objclass "__objclass__" wrapped "__wrapped__"
    text_signature "__text_signature__" cached "__cached__" build_class "__build_class__" super_ "super"
    name "name" value "value" obj "obj" send "send" throw "throw" close "close" keys "keys" items "items" values "values"
    get "get" read "read" write "write" flush "flush" modules "modules" stdout "stdout" stderr "stderr" stdin "stdin"
    metaclass "metaclass" empty "" dot "." self_ "self" args "args" kwargs "kwargs" notes "__notes__"
    fromlist "fromlist" level "level" initializing "_initializing" reduce "__reduce__" reduce_ex "__reduce_ex__"
    getstate "__getstate__" setstate "__setstate__" sizeof "__sizeof__" subclasshook "__subclasshook__"
    excepthook "excepthook" displayhook "displayhook" underscore "_" mro_method "mro" lambda "<lambda>" genexpr "<genexpr>"
    msg "msg" errno "errno" strerror "strerror" filename "filename" code "code" print_file_and_line "print_file_and_line"
    lineno "lineno" offset "offset" text "text" end_lineno "end_lineno" end_offset "end_offset" getnewargs "__getnewargs__"
    getnewargs_ex "__getnewargs_ex__" newobj "__newobj__" copyreg "copyreg" slotnames "__slotnames__" context "__context__"
    cause "__cause__" traceback "__traceback__" suppress_context "__suppress_context__" exceptions "exceptions"
    abc_impl "_abc_impl"
}

static NAMES: OnceLock<Names> = OnceLock::new();

/// The names, made at start-up.
#[inline(always)]
pub fn names() -> &'static Names {
    match NAMES.get() {
        Some(names) => names,
        None => not_ready(),
    }
}

#[cold]
fn not_ready() -> ! {
    unreachable!("names are interned before any code runs")
}

/// Interns the names; later calls change nothing.
pub fn initialise(token: &Attached) {
    NAMES.get_or_init(|| make(token));
}
