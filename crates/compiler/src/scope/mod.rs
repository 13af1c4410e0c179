//! Which variable a name means: scopes and the place of every name in them.
//!
//! The rules are those of CPython 3.14's symbol table: class scopes that functions do not see, cells and free
//! variables, private-name mangling, type-parameter scopes (PEP 695), lazy annotation scopes (PEP 649), targets of
//! comprehensions that share their frame (PEP 709). Not here: registers (`lower`).

mod collect;
mod collect_expression;
mod future;
mod resolve;
mod symbol;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use ruff_python_ast as ast;

use crate::Options;
use crate::parse::{Parsed, Source};
use crate::syntax_error::SyntaxError;
use collect::{CLASSDICT, CONDITIONAL_ANNOTATIONS, Collected};
use symbol::{NameId, Resolution, Scope, usage};

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
    collected: Collected,
}

/// Finds all scopes of a program and the place of every name in them.
pub fn analyze(parsed: &Parsed, source: &Source, options: &Options<'_>) -> Result<ScopeTable, SyntaxError> {
    let mut collected = collect::collect(parsed, source, options.future_annotations)?;
    resolve::resolve(&mut collected, source)?;
    for index in 0..collected.scopes.len() {
        let (parameters, locals, cells, free) = variables(&collected, &collected.scopes[index]);
        let scope = &mut collected.scopes[index];
        scope.parameter_names = parameters;
        scope.locals = locals;
        scope.cells = cells;
        scope.free = free;
    }
    Ok(ScopeTable { collected })
}

/// The variables of a resolved scope: parameters, locals, cells, free variables.
fn variables(
    collected: &Collected,
    scope: &Scope,
) -> (Vec<Arc<str>>, Vec<Arc<str>>, Vec<Arc<str>>, Vec<Arc<str>>) {
    let names = |ids: Vec<NameId>| -> Vec<Arc<str>> {
        ids.into_iter().map(|id| collected.names.get(id).clone()).collect()
    };
    let with = |resolution: Resolution| {
        scope.symbols.iter().filter(move |symbol| symbol.resolution == resolution).map(|symbol| symbol.name)
    };
    let parameters = names(scope.parameters.clone());

    let mut locals = parameters.clone();
    let mut cells = Vec::new();
    if scope.is_function_like() {
        let others = with(Resolution::Local).filter(|name| !scope.parameters.contains(name));
        locals.extend(names(others.collect()));
        let is_cell =
            |name: &NameId| scope.symbol(*name).is_some_and(|symbol| symbol.resolution == Resolution::Cell);
        cells = names(scope.parameters.iter().copied().filter(is_cell).collect());
        let mut others =
            names(with(Resolution::Cell).filter(|name| !scope.parameters.contains(name)).collect());
        others.sort_unstable();
        cells.append(&mut others);
    }
    if scope.kind == ScopeKind::Class {
        let special = [
            (scope.needs_class_cell, collect::CLASS),
            (scope.needs_classdict, CLASSDICT),
            (scope.conditional_annotations, CONDITIONAL_ANNOTATIONS),
        ];
        cells = names(special.into_iter().filter(|(needed, _)| *needed).map(|(_, name)| name).collect());
    }

    let through = scope.symbols.iter().filter(|symbol| {
        symbol.resolution == Resolution::Free || symbol.usage & usage::FREE_THROUGH_CLASS != 0
    });
    let mut free = names(through.map(|symbol| symbol.name).collect());
    free.sort_unstable();
    (parameters, locals, cells, free)
}

impl ScopeTable {
    fn scope(&self, scope: ScopeId) -> &Scope {
        self.collected.scope(scope)
    }

    /// The scope that `node` opens. None if it opens no such scope (a function without annotations has no
    /// `Annotations`).
    pub fn child<T: ScopeNode>(&self, node: &T, part: Part) -> Option<ScopeId> {
        self.collected.children.get(&(node.key(), part)).copied()
    }

    /// The `__annotate__` scope of a module's or class's variable annotations.
    pub fn annotations(&self, scope: ScopeId) -> Option<ScopeId> {
        let record = self.scope(scope);
        if record.is_function_like() { None } else { record.annotations }
    }

    /// Annotations are kept as strings, by a future import of this program or an inherited one.
    pub fn future_annotations(&self) -> bool {
        self.collected.future_annotations
    }

    /// What opened it.
    pub fn kind(&self, scope: ScopeId) -> ScopeKind {
        self.scope(scope).kind
    }

    /// The enclosing scope.
    pub fn parent(&self, scope: ScopeId) -> Option<ScopeId> {
        self.scope(scope).parent
    }

    /// Where `name` (already mangled) lies when used in `scope`. In a comprehension, `Local` and `Cell` may mean its
    /// own target, one of an enclosing comprehension's or a variable of the frame: see [`ScopeTable::resolve`].
    pub fn place(&self, scope: ScopeId, name: &str) -> Place {
        self.resolve(scope, name).1
    }

    /// As [`ScopeTable::place`], with the scope whose variable it is: `scope` itself, or, from within a
    /// comprehension, an enclosing comprehension or the frame's scope.
    pub fn resolve(&self, scope: ScopeId, name: &str) -> (ScopeId, Place) {
        let id = self.collected.names.find(name);
        let resolution = |scope: ScopeId| {
            let symbol = id.and_then(|id| self.scope(scope).symbol(id));
            symbol.map(|symbol| symbol.resolution)
        };
        let mut frame = scope;
        let mut inside = None;
        while self.scope(frame).kind == ScopeKind::Comprehension {
            match resolution(frame) {
                Some(Resolution::Local) => return (frame, Place::Local),
                Some(Resolution::Cell) => return (frame, Place::Cell),
                other => inside = other,
            }
            frame = self.scope(frame).parent.unwrap_or(ScopeId::MODULE);
        }
        let record = self.scope(frame);
        let in_frame = resolution(frame);
        if frame != scope && (record.kind == ScopeKind::Class || record.sees_class) {
            // A comprehension does not see the mapping of the class around it.
            let own = matches!(in_frame, Some(Resolution::Local | Resolution::Cell));
            if record.kind == ScopeKind::Class || !own {
                let place = match inside {
                    Some(Resolution::Free) => Place::Free,
                    Some(Resolution::GlobalExplicit) => Place::GlobalExplicit,
                    _ => Place::GlobalImplicit,
                };
                return (frame, place);
            }
        }
        let hidden = name.starts_with('.') || matches!(id, Some(CLASSDICT | CONDITIONAL_ANNOTATIONS));
        let place = match in_frame {
            // What only the compiler can name is in no mapping.
            Some(Resolution::Free) if hidden => Place::Free,
            _ if id == Some(CONDITIONAL_ANNOTATIONS)
                && record.kind == ScopeKind::Class
                && record.conditional_annotations =>
            {
                Place::Cell
            }
            Some(resolution) => record.place_of(resolution),
            None => record.place_of(Resolution::GlobalImplicit),
        };
        (frame, place)
    }

    /// Parameters in frame order: positional, keyword-only, `*args`, `**kwargs`. A generator expression has `.0`, an
    /// annotation, alias or type-variable scope `.format`, the type parameters of a function `.defaults` and
    /// `.kwdefaults` if it has such.
    pub fn parameters(&self, scope: ScopeId) -> &[Arc<str>] {
        &self.scope(scope).parameter_names
    }

    /// `co_varnames`: parameters, then the other locals that are not cells, by first appearance. Of a comprehension:
    /// its targets. The type parameters of a class also have `.type_params` (free in the class body) and
    /// `.generic_base`.
    pub fn locals(&self, scope: ScopeId) -> &[Arc<str>] {
        &self.scope(scope).locals
    }

    /// `co_cellvars`: cell parameters in parameter order, then the others sorted; of a class `__class__`,
    /// `__classdict__` and `__conditional_annotations__` where needed. Of a comprehension: its targets that are cells.
    pub fn cells(&self, scope: ScopeId) -> &[Arc<str>] {
        &self.scope(scope).cells
    }

    /// `co_freevars`, sorted.
    pub fn free(&self, scope: ScopeId) -> &[Arc<str>] {
        &self.scope(scope).free
    }

    /// Contains `yield`, or is a generator expression.
    pub fn is_generator(&self, scope: ScopeId) -> bool {
        self.scope(scope).generator
    }

    /// `async def`, or a generator expression or comprehension that awaits.
    pub fn is_coroutine(&self, scope: ScopeId) -> bool {
        self.scope(scope).coroutine
    }

    /// Has a function-like scope around it (`CO_NESTED`).
    pub fn is_nested(&self, scope: ScopeId) -> bool {
        self.scope(scope).nested
    }

    /// A class body some of whose functions use `__class__` or `super`.
    pub fn needs_class_cell(&self, scope: ScopeId) -> bool {
        self.scope(scope).needs_class_cell
    }

    /// A class body whose mapping annotation scopes look into.
    pub fn needs_classdict(&self, scope: ScopeId) -> bool {
        self.scope(scope).needs_classdict
    }

    /// A class or module whose annotations are recorded in `__conditional_annotations__` as they are executed.
    pub fn has_conditional_annotations(&self, scope: ScopeId) -> bool {
        self.scope(scope).conditional_annotations
    }

    /// An annotation scope that looks into the mapping of the class around it.
    pub fn sees_class(&self, scope: ScopeId) -> bool {
        self.scope(scope).sees_class
    }

    /// The body has annotated names or, of an annotation scope, something to evaluate.
    pub fn uses_annotations(&self, scope: ScopeId) -> bool {
        self.scope(scope).annotations_used
    }

    /// A name as stored: mangled with the class around `scope` where the rules say so.
    pub fn mangled<'a>(&self, scope: ScopeId, name: &'a str) -> Cow<'a, str> {
        self.collected.mangled(scope, name)
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
