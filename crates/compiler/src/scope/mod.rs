//! Which variable a name means: scopes and the place of every name in them.
//!
//! The rules are those of CPython 3.14's symbol table: class scopes that functions do not see, cells and free
//! variables, private-name mangling, type-parameter scopes (PEP 695), lazy annotation scopes (PEP 649), targets of
//! comprehensions that share their frame (PEP 709). Not here: registers (`lower`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use ruff_python_ast as ast;

use crate::Options;
use crate::parse::{Parsed, Source};
use crate::syntax_error::SyntaxError;

/// A scope of a [`ScopeTable`].
#[derive(Debug, Copy, Clone, PartialEq, Eq, Hash)]
pub struct ScopeId(pub(crate) u32);

impl ScopeId {
    /// The outermost scope.
    pub const MODULE: ScopeId = ScopeId(0);
}

/// What opened a scope.
#[derive(Debug, Copy, Clone, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    /// The outermost scope, of an expression too.
    Module,
    /// A class body.
    Class,
    /// A `def` or `async def` body.
    Function,
    /// A lambda body.
    Lambda,
    /// A generator expression.
    Generator,
    /// A list, set or dict comprehension: no frame of its own; its targets are private registers of the frame.
    Comprehension,
    /// `__annotate__` of a function, class or module.
    Annotations,
    /// The type parameters of a generic function, class or alias.
    TypeParameters,
    /// The value of a `type` statement.
    TypeAlias,
    /// A bound, constraint or default of a type parameter.
    TypeVarBound,
}

/// Which of the scopes that a node opens.
#[derive(Debug, Copy, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// Function, class, lambda and comprehension bodies; the value of a `type` statement.
    Body,
    /// The scope of `[T, …]`.
    TypeParameters,
    /// `__annotate__`.
    Annotations,
    /// The bound or constraints of a type variable.
    Bound,
    /// The default of a type parameter.
    Default,
}

/// Where a name's value lies.
#[derive(Debug, Copy, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// A register.
    Local,
    /// A cell that this scope makes.
    Cell,
    /// A cell of an enclosing scope.
    Free,
    /// Global, by declaration.
    GlobalExplicit,
    /// Global or builtin.
    GlobalImplicit,
    /// Module or class body: the locals mapping, then globals, then builtins.
    Name,
    /// The class mapping first, then global or builtin. The mapping is the cell `__classdict__` in annotation
    /// scopes.
    ClassDictOrGlobal,
    /// The class mapping first, then the free variable. The mapping is the frame's locals in a class body, the
    /// cell `__classdict__` in annotation scopes.
    ClassDictOrFree,
}

mod sealed {
    pub trait Sealed {}
}

/// A syntax node that opens scopes.
pub trait ScopeNode: sealed::Sealed {
    #[doc(hidden)]
    fn key(&self) -> usize {
        std::ptr::from_ref(self).cast::<()>() as usize
    }
}

macro_rules! scope_nodes {
    ($($node:ident)*) => { $(
        impl sealed::Sealed for ast::$node {}
        impl ScopeNode for ast::$node {}
    )* };
}

// StmtFunctionDef: Body, Annotations, TypeParameters. StmtClassDef: Body, TypeParameters. StmtTypeAlias: Body,
// TypeParameters. Type parameters: Bound, Default. The others: Body.
scope_nodes! {
    StmtFunctionDef StmtClassDef StmtTypeAlias ExprLambda ExprListComp ExprSetComp ExprDictComp ExprGenerator
    TypeParamTypeVar TypeParamTypeVarTuple TypeParamParamSpec
}

/// All scopes of a program. Made by [`analyze`]; valid as long as the tree it was made from.
#[derive(Debug)]
pub struct ScopeTable {
    children: HashMap<(usize, Part), ScopeId>,
}

/// Finds all scopes of a program and the place of every name in them.
pub fn analyze(
    _parsed: &Parsed,
    _source: &Source,
    _options: &Options<'_>,
) -> Result<ScopeTable, SyntaxError> {
    Ok(ScopeTable { children: HashMap::new() })
}

impl ScopeTable {
    /// The scope that `node` opens. None if it opens no such scope (a function without annotations has no
    /// `Annotations`).
    pub fn child<T: ScopeNode>(&self, node: &T, part: Part) -> Option<ScopeId> {
        self.children.get(&(node.key(), part)).copied()
    }

    /// The `__annotate__` scope of a module's or class's variable annotations.
    pub fn annotations(&self, _scope: ScopeId) -> Option<ScopeId> {
        None
    }

    /// What opened it.
    pub fn kind(&self, _scope: ScopeId) -> ScopeKind {
        ScopeKind::Module
    }

    /// The enclosing scope.
    pub fn parent(&self, _scope: ScopeId) -> Option<ScopeId> {
        None
    }

    /// Where `name` (already mangled) lies when used in `scope`. In a comprehension, `Local` and `Cell` may mean its
    /// own target, one of an enclosing comprehension's or a variable of the frame: see [`ScopeTable::resolve`].
    pub fn place(&self, scope: ScopeId, name: &str) -> Place {
        self.resolve(scope, name).1
    }

    /// As [`ScopeTable::place`], with the scope whose variable it is: `scope` itself, or, from within a
    /// comprehension, an enclosing comprehension or the frame's scope.
    pub fn resolve(&self, scope: ScopeId, _name: &str) -> (ScopeId, Place) {
        (scope, Place::Name)
    }

    /// Parameters in frame order: positional, keyword-only, `*args`, `**kwargs`.
    pub fn parameters(&self, _scope: ScopeId) -> &[Arc<str>] {
        &[]
    }

    /// `co_varnames`: parameters, then the other locals that are not cells, by first appearance. Of a comprehension:
    /// its targets.
    pub fn locals(&self, _scope: ScopeId) -> &[Arc<str>] {
        &[]
    }

    /// `co_cellvars`: cell parameters in parameter order, then the others sorted; a class's `__class__`,
    /// `__classdict__` and `__conditional_annotations__` come last. Of a comprehension: its targets that are cells.
    pub fn cells(&self, _scope: ScopeId) -> &[Arc<str>] {
        &[]
    }

    /// `co_freevars`, sorted.
    pub fn free(&self, _scope: ScopeId) -> &[Arc<str>] {
        &[]
    }

    /// Contains `yield`, or is a generator expression.
    pub fn is_generator(&self, _scope: ScopeId) -> bool {
        false
    }

    /// `async def`, or a generator expression or comprehension that awaits.
    pub fn is_coroutine(&self, _scope: ScopeId) -> bool {
        false
    }

    /// Has a function-like scope around it (`CO_NESTED`).
    pub fn is_nested(&self, _scope: ScopeId) -> bool {
        false
    }

    /// A class body some of whose functions use `__class__` or `super`.
    pub fn needs_class_cell(&self, _scope: ScopeId) -> bool {
        false
    }

    /// A class body whose mapping annotation scopes look into.
    pub fn needs_classdict(&self, _scope: ScopeId) -> bool {
        false
    }

    /// A class or module whose annotations are recorded in `__conditional_annotations__` as they are executed.
    pub fn has_conditional_annotations(&self, _scope: ScopeId) -> bool {
        false
    }

    /// An annotation scope that looks into the mapping of the class around it.
    pub fn sees_class(&self, _scope: ScopeId) -> bool {
        false
    }

    /// A name as stored: mangled with the class around `scope` where the rules say so.
    pub fn mangled<'a>(&self, _scope: ScopeId, name: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(name)
    }

    /// Private-name mangling: `__x` in class `C` is `_C__x`.
    pub fn mangle<'a>(class_name: Option<&str>, name: &'a str) -> Cow<'a, str> {
        mangle(class_name, name)
    }
}

/// Private-name mangling: `__x` in class `C` is `_C__x`.
pub fn mangle<'a>(class_name: Option<&str>, name: &'a str) -> Cow<'a, str> {
    let Some(class_name) = class_name else { return Cow::Borrowed(name) };
    let class_name = class_name.trim_start_matches('_');
    if !name.starts_with("__") || name.ends_with("__") || name.contains('.') || class_name.is_empty() {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("_{class_name}{name}"))
}
