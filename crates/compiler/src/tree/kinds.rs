//! The grammar of abstract syntax: all kinds of nodes with their fields.
//!
//! It is what CPython 3.14's module `ast` documents. Whoever makes, checks or walks trees goes by these tables.

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A node of one of the kinds of this family.
    Node(&'static str),
    /// A name: text.
    Identifier,
    /// An integer.
    Int,
    /// Text that may be None.
    Text,
    /// Any constant.
    Constant,
}

/// How many values a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// One.
    One,
    /// One or None.
    Optional,
    /// A list.
    Many,
}

/// A field of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldInfo {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// How many of it.
    pub count: Count,
}

/// What all nodes of a family have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Places {
    /// No place in the source.
    None,
    /// A place whose end is optional.
    OptionalEnd,
    /// A place.
    Whole,
}

/// A kind of nodes.
#[derive(Debug, Clone, Copy)]
pub struct KindInfo {
    /// The kind.
    pub kind: Kind,
    /// The name of its class.
    pub name: &'static str,
    /// The family: the class above. A kind that is alone has its own name here.
    pub family: &'static str,
    /// Whether its nodes have a place in the source.
    pub places: Places,
    /// Its fields, in order.
    pub fields: &'static [FieldInfo],
}

const fn holds(name: &'static str) -> Holds {
    match name.as_bytes() {
        b"identifier" => Holds::Identifier,
        b"int" => Holds::Int,
        b"string" => Holds::Text,
        b"constant" => Holds::Constant,
        _ => Holds::Node(name),
    }
}

macro_rules! count {
    (.) => {
        Count::One
    };
    (?) => {
        Count::Optional
    };
    (*) => {
        Count::Many
    };
}

macro_rules! grammar {
    ($($family:tt $places:ident { $($kind:ident ( $($holds:tt $count:tt $field:tt),* ))* })*) => {
        /// The kinds of nodes, named as Python names them.
        #[expect(non_camel_case_types, reason = "Python's names")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Kind { $($(#[expect(missing_docs, reason = "see the table")] $kind,)*)* }

        /// All kinds, by number.
        pub static KINDS: &[KindInfo] = &[$($(KindInfo {
            kind: Kind::$kind,
            name: stringify!($kind),
            family: stringify!($family),
            places: Places::$places,
            fields: &[$(FieldInfo {
                name: stringify!($field),
                holds: holds(stringify!($holds)),
                count: count!($count),
            }),*],
        },)*)*];
    };
}

grammar! {
    mod None {
        Module(stmt * body, type_ignore * type_ignores)
        Interactive(stmt * body)
        Expression(expr . body)
        FunctionType(expr * argtypes, expr . returns)
    }
    stmt OptionalEnd {
        FunctionDef(identifier . name, arguments . args, stmt * body, expr * decorator_list, expr ? returns,
                    string ? type_comment, type_param * type_params)
        AsyncFunctionDef(identifier . name, arguments . args, stmt * body, expr * decorator_list, expr ? returns,
                         string ? type_comment, type_param * type_params)
        ClassDef(identifier . name, expr * bases, keyword * keywords, stmt * body, expr * decorator_list,
                 type_param * type_params)
        Return(expr ? value)
        Delete(expr * targets)
        Assign(expr * targets, expr . value, string ? type_comment)
        TypeAlias(expr . name, type_param * type_params, expr . value)
        AugAssign(expr . target, operator . op, expr . value)
        AnnAssign(expr . target, expr . annotation, expr ? value, int . simple)
        For(expr . target, expr . iter, stmt * body, stmt * orelse, string ? type_comment)
        AsyncFor(expr . target, expr . iter, stmt * body, stmt * orelse, string ? type_comment)
        While(expr . test, stmt * body, stmt * orelse)
        If(expr . test, stmt * body, stmt * orelse)
        With(withitem * items, stmt * body, string ? type_comment)
        AsyncWith(withitem * items, stmt * body, string ? type_comment)
        Match(expr . subject, match_case * cases)
        Raise(expr ? exc, expr ? cause)
        Try(stmt * body, excepthandler * handlers, stmt * orelse, stmt * finalbody)
        TryStar(stmt * body, excepthandler * handlers, stmt * orelse, stmt * finalbody)
        Assert(expr . test, expr ? msg)
        Import(alias * names)
        ImportFrom(identifier ? module, alias * names, int ? level)
        Global(identifier * names)
        Nonlocal(identifier * names)
        Expr(expr . value)
        Pass()
        Break()
        Continue()
    }
    expr OptionalEnd {
        BoolOp(boolop . op, expr * values)
        NamedExpr(expr . target, expr . value)
        BinOp(expr . left, operator . op, expr . right)
        UnaryOp(unaryop . op, expr . operand)
        Lambda(arguments . args, expr . body)
        IfExp(expr . test, expr . body, expr . orelse)
        Dict(expr * keys, expr * values)
        Set(expr * elts)
        ListComp(expr . elt, comprehension * generators)
        SetComp(expr . elt, comprehension * generators)
        DictComp(expr . key, expr . value, comprehension * generators)
        GeneratorExp(expr . elt, comprehension * generators)
        Await(expr . value)
        Yield(expr ? value)
        YieldFrom(expr . value)
        Compare(expr . left, cmpop * ops, expr * comparators)
        Call(expr . func, expr * args, keyword * keywords)
        FormattedValue(expr . value, int . conversion, expr ? format_spec)
        Interpolation(expr . value, constant . str, int . conversion, expr ? format_spec)
        JoinedStr(expr * values)
        TemplateStr(expr * values)
        Constant(constant . value, string ? kind)
        Attribute(expr . value, identifier . attr, expr_context . ctx)
        Subscript(expr . value, expr . slice, expr_context . ctx)
        Starred(expr . value, expr_context . ctx)
        Name(identifier . id, expr_context . ctx)
        List(expr * elts, expr_context . ctx)
        Tuple(expr * elts, expr_context . ctx)
        Slice(expr ? lower, expr ? upper, expr ? step)
    }
    expr_context None { Load() Store() Del() }
    boolop None { And() Or() }
    operator None {
        Add() Sub() Mult() MatMult() Div() Mod() Pow() LShift() RShift() BitOr() BitXor() BitAnd() FloorDiv()
    }
    unaryop None { Invert() Not() UAdd() USub() }
    cmpop None { Eq() NotEq() Lt() LtE() Gt() GtE() Is() IsNot() In() NotIn() }
    comprehension None { comprehension(expr . target, expr . iter, expr * ifs, int . is_async) }
    excepthandler OptionalEnd { ExceptHandler(expr ? type, identifier ? name, stmt * body) }
    arguments None {
        arguments(arg * posonlyargs, arg * args, arg ? vararg, arg * kwonlyargs, expr * kw_defaults, arg ? kwarg,
                  expr * defaults)
    }
    arg OptionalEnd { arg(identifier . arg, expr ? annotation, string ? type_comment) }
    keyword OptionalEnd { keyword(identifier ? arg, expr . value) }
    alias OptionalEnd { alias(identifier . name, identifier ? asname) }
    withitem None { withitem(expr . context_expr, expr ? optional_vars) }
    match_case None { match_case(pattern . pattern, expr ? guard, stmt * body) }
    pattern Whole {
        MatchValue(expr . value)
        MatchSingleton(constant . value)
        MatchSequence(pattern * patterns)
        MatchMapping(expr * keys, pattern * patterns, identifier ? rest)
        MatchClass(expr . cls, pattern * patterns, identifier * kwd_attrs, pattern * kwd_patterns)
        MatchStar(identifier ? name)
        MatchAs(pattern ? pattern, identifier ? name)
        MatchOr(pattern * patterns)
    }
    type_ignore None { TypeIgnore(int . lineno, string . tag) }
    type_param Whole {
        TypeVar(identifier . name, expr ? bound, expr ? default_value)
        ParamSpec(identifier . name, expr ? default_value)
        TypeVarTuple(identifier . name, expr ? default_value)
    }
}

impl Kind {
    /// Its row in the table.
    pub fn info(self) -> &'static KindInfo {
        &KINDS[self as usize]
    }
}
