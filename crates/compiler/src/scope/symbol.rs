//! Raw facts on names: interned names, what a scope does with each, and the scope record itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ruff_text_size::TextRange;

use super::{Place, ScopeId, ScopeKind};

/// An interned name.
pub(super) type NameId = u32;

/// The names of a program.
#[derive(Debug, Default)]
pub(super) struct Names {
    list: Vec<Arc<str>>,
    index: HashMap<Arc<str>, NameId>,
}

impl Names {
    pub(super) fn intern(&mut self, name: &str) -> NameId {
        if let Some(id) = self.index.get(name) {
            return *id;
        }
        let id = self.list.len() as NameId;
        let name: Arc<str> = name.into();
        self.list.push(name.clone());
        self.index.insert(name, id);
        id
    }

    pub(super) fn find(&self, name: &str) -> Option<NameId> {
        self.index.get(name).copied()
    }

    pub(super) fn get(&self, id: NameId) -> &Arc<str> {
        &self.list[id as usize]
    }
}

/// What a scope does with a name; several may apply.
pub(super) mod usage {
    /// `global` declaration.
    pub(in crate::scope) const GLOBAL: u16 = 1;
    /// Assigned, deleted or otherwise bound.
    pub(in crate::scope) const LOCAL: u16 = 1 << 1;
    /// A parameter.
    pub(in crate::scope) const PARAMETER: u16 = 1 << 2;
    /// `nonlocal` declaration.
    pub(in crate::scope) const NONLOCAL: u16 = 1 << 3;
    /// Read.
    pub(in crate::scope) const USE: u16 = 1 << 4;
    /// Bound by an import.
    pub(in crate::scope) const IMPORT: u16 = 1 << 5;
    /// Annotated.
    pub(in crate::scope) const ANNOTATED: u16 = 1 << 6;
    /// Iteration variable of a comprehension.
    pub(in crate::scope) const COMPREHENSION_TARGET: u16 = 1 << 7;
    /// A type parameter.
    pub(in crate::scope) const TYPE_PARAMETER: u16 = 1 << 8;
    /// Free in a scope inside this one although this class (or annotation) scope has a name of its own like it.
    pub(in crate::scope) const FREE_THROUGH_CLASS: u16 = 1 << 9;
    /// Any binding.
    pub(in crate::scope) const BOUND: u16 = LOCAL | PARAMETER | IMPORT | TYPE_PARAMETER;
}

/// Where a name lies, before the peculiarities of class and annotation scopes.
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub(super) enum Resolution {
    Local,
    Cell,
    Free,
    GlobalExplicit,
    GlobalImplicit,
}

/// A name in a scope.
#[derive(Debug, Clone)]
pub(super) struct Symbol {
    pub(super) name: NameId,
    pub(super) usage: u16,
    pub(super) resolution: Resolution,
}

/// A scope.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) kind: ScopeKind,
    pub(super) parent: Option<ScopeId>,
    /// Scopes directly inside; after resolving, those of inlined comprehensions in place of these.
    pub(super) children: Vec<ScopeId>,
    /// In order of first appearance.
    pub(super) symbols: Vec<Symbol>,
    pub(super) index: HashMap<NameId, u32>,
    /// `global` and `nonlocal` declarations, for error positions.
    pub(super) directives: Vec<(NameId, TextRange)>,
    pub(super) parameters: Vec<NameId>,
    /// For messages: what kind of comprehension or generator expression this is.
    pub(super) comprehension: Option<&'static str>,
    /// For messages: what kind of type-variable scope this is.
    pub(super) description: Option<&'static str>,
    /// Name of the innermost class around, for mangling.
    pub(super) class_name: Option<Arc<str>>,
    /// The type-parameter scope of a generic class, within which only the names in its `mangled_names` are mangled.
    pub(super) mangles_only: Option<ScopeId>,
    pub(super) mangled_names: HashSet<String>,
    /// The `__annotate__` scope of variable annotations.
    pub(super) annotations: Option<ScopeId>,
    pub(super) generator: bool,
    pub(super) coroutine: bool,
    pub(super) nested: bool,
    pub(super) sees_class: bool,
    pub(super) needs_class_cell: bool,
    pub(super) needs_classdict: bool,
    pub(super) conditional_annotations: bool,
    pub(super) annotations_used: bool,
    // State while collecting.
    pub(super) in_conditional_block: bool,
    pub(super) in_unevaluated_annotation: bool,
    pub(super) in_comprehension_target: bool,
    pub(super) comprehension_iterables: u32,
    // Results.
    pub(super) parameter_names: Vec<Arc<str>>,
    pub(super) locals: Vec<Arc<str>>,
    pub(super) cells: Vec<Arc<str>>,
    pub(super) free: Vec<Arc<str>>,
}

impl Scope {
    pub(super) fn new(kind: ScopeKind, parent: Option<ScopeId>) -> Scope {
        Scope {
            kind,
            parent,
            children: Vec::new(),
            symbols: Vec::new(),
            index: HashMap::new(),
            directives: Vec::new(),
            parameters: Vec::new(),
            comprehension: None,
            description: None,
            class_name: None,
            mangles_only: None,
            mangled_names: HashSet::new(),
            annotations: None,
            generator: false,
            coroutine: false,
            nested: false,
            sees_class: false,
            needs_class_cell: false,
            needs_classdict: false,
            conditional_annotations: false,
            annotations_used: false,
            in_conditional_block: false,
            in_unevaluated_annotation: false,
            in_comprehension_target: false,
            comprehension_iterables: 0,
            parameter_names: Vec::new(),
            locals: Vec::new(),
            cells: Vec::new(),
            free: Vec::new(),
        }
    }

    pub(super) fn symbol(&self, name: NameId) -> Option<&Symbol> {
        self.index.get(&name).map(|index| &self.symbols[*index as usize])
    }

    /// What the scope does with a name so far.
    pub(super) fn usage(&self, name: NameId) -> u16 {
        self.symbol(name).map_or(0, |symbol| symbol.usage)
    }

    pub(super) fn add(&mut self, name: NameId, usage: u16, resolution: Resolution) -> &mut Symbol {
        let index = *self.index.entry(name).or_insert_with(|| {
            self.symbols.push(Symbol { name, usage: 0, resolution });
            self.symbols.len() as u32 - 1
        });
        let symbol = &mut self.symbols[index as usize];
        symbol.usage |= usage;
        symbol
    }

    /// Whether variables live in registers.
    pub(super) fn is_function_like(&self) -> bool {
        !matches!(self.kind, ScopeKind::Module | ScopeKind::Class)
    }

    /// Whether it is the body of a function, a lambda, a generator expression or a comprehension.
    pub(super) fn is_function_block(&self) -> bool {
        matches!(
            self.kind,
            ScopeKind::Function | ScopeKind::Lambda | ScopeKind::Generator | ScopeKind::Comprehension
        )
    }

    /// The public place of a symbol of this scope.
    pub(super) fn place_of(&self, resolution: Resolution) -> Place {
        let class = self.kind == ScopeKind::Class;
        match resolution {
            Resolution::Local if self.is_function_like() => Place::Local,
            Resolution::Local => Place::Name,
            Resolution::Cell => Place::Cell,
            Resolution::Free if class || self.sees_class => Place::ClassDictOrFree,
            Resolution::Free => Place::Free,
            Resolution::GlobalExplicit => Place::GlobalExplicit,
            Resolution::GlobalImplicit if self.sees_class => Place::ClassDictOrGlobal,
            Resolution::GlobalImplicit if self.is_function_like() => Place::GlobalImplicit,
            Resolution::GlobalImplicit => Place::Name,
        }
    }
}
