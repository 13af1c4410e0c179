//! The second pass: from what each scope does with a name to where the name lies.
//!
//! Bindings are handed down (a name bound around is free inside), free names are handed up (a name free inside is a
//! cell where it is bound). Class scopes hand nothing of their own down.

use std::collections::HashSet;

use super::collect::{CLASS, CLASSDICT, CONDITIONAL_ANNOTATIONS, Collected};
use super::symbol::{NameId, Resolution, usage};
use super::{ScopeId, ScopeKind};
use crate::parse::Source;
use crate::syntax_error::SyntaxError;

type Set = HashSet<NameId>;

/// What a scope inherits from those around it.
#[derive(Clone, Default)]
struct Around {
    /// Names bound in function-like scopes around; None at the module.
    bound: Option<Set>,
    /// Names declared global around.
    global: Set,
    /// Those of `bound` that are type parameters.
    type_parameters: Set,
    /// The class whose mapping an annotation scope looks into.
    class: Option<ScopeId>,
}

/// Resolves every name of every scope.
pub(super) fn resolve(table: &mut Collected, source: &Source) -> Result<(), SyntaxError> {
    let mut resolver = Resolver { table, source };
    resolver.scope(ScopeId::MODULE, Around::default())?;
    Ok(())
}

struct Resolver<'a> {
    table: &'a mut Collected,
    source: &'a Source,
}

impl Resolver<'_> {
    /// Resolves a scope and all inside; the result is the names free in it.
    fn scope(&mut self, id: ScopeId, mut around: Around) -> Result<Set, SyntaxError> {
        let kind = self.table.scope(id).kind;
        let mut local = Set::new();
        let mut free = Set::new();
        // A class scope hands down what it got, not what it binds.
        let mut below = if kind == ScopeKind::Class {
            Some(Around { bound: Some(around.bound.clone().unwrap_or_default()), ..around.clone() })
        } else {
            None
        };
        for index in 0..self.table.scope(id).symbols.len() {
            let resolution = self.name(id, index, &mut around, &mut local, &mut free)?;
            self.table.scope_mut(id).symbols[index].resolution = resolution;
        }
        let below = match &mut below {
            Some(below) => {
                let bound = below.bound.get_or_insert_default();
                bound.extend([CLASS, CLASSDICT, CONDITIONAL_ANNOTATIONS]);
                below.type_parameters.clone_from(&around.type_parameters);
                &*below
            }
            None => {
                let mut bound = around.bound.clone().unwrap_or_default();
                if self.table.scope(id).is_function_like() {
                    bound.extend(&local);
                }
                &Around { bound: Some(bound), ..around.clone() }
            }
        };

        let mut free_inside = Set::new();
        let mut children = Vec::new();
        for child in self.table.scope(id).children.clone() {
            let class = if !self.table.scope(child).sees_class {
                None
            } else if kind == ScopeKind::Class {
                Some(id)
            } else {
                around.class
            };
            let mut child_free = self.scope(child, Around { class, ..below.clone() })?;
            if self.table.scope(child).kind == ScopeKind::Comprehension {
                self.inline(id, child, &mut child_free);
                children.extend_from_slice(&self.table.scope(child).children);
            } else {
                children.push(child);
            }
            free_inside.extend(child_free);
        }

        let scope = self.table.scope_mut(id);
        scope.children = children;
        if scope.is_function_like() {
            // A name that is free inside and bound here is a cell.
            for symbol in &mut scope.symbols {
                if symbol.resolution == Resolution::Local && free_inside.remove(&symbol.name) {
                    symbol.resolution = Resolution::Cell;
                }
            }
        } else if kind == ScopeKind::Class {
            scope.needs_class_cell |= free_inside.remove(&CLASS);
            scope.needs_classdict |= free_inside.remove(&CLASSDICT);
            scope.conditional_annotations |= free_inside.remove(&CONDITIONAL_ANNOTATIONS);
        }
        // What stays free passes through this scope.
        let through_class = kind == ScopeKind::Class || scope.sees_class;
        let mut passing: Vec<NameId> = free_inside.iter().copied().collect();
        passing.sort_unstable();
        for name in passing {
            if scope.index.contains_key(&name) {
                if through_class {
                    scope.add(name, usage::FREE_THROUGH_CLASS, Resolution::Free);
                }
            } else if around.bound.as_ref().is_none_or(|bound| bound.contains(&name)) {
                scope.add(name, 0, Resolution::Free);
            }
        }
        free.extend(free_inside);
        Ok(free)
    }

    /// Resolves one name, as far as that is possible without the scopes inside.
    fn name(
        &self,
        id: ScopeId,
        index: usize,
        around: &mut Around,
        local: &mut Set,
        free: &mut Set,
    ) -> Result<Resolution, SyntaxError> {
        let symbol = &self.table.scope(id).symbols[index];
        let name = symbol.name;
        if symbol.usage & usage::GLOBAL != 0 {
            if symbol.usage & usage::NONLOCAL != 0 {
                let message = format!("name '{}' is nonlocal and global", self.table.names.get(name));
                return Err(self.error_at_directive(id, name, message));
            }
            around.global.insert(name);
            if let Some(bound) = &mut around.bound {
                bound.remove(&name);
            }
            return Ok(Resolution::GlobalExplicit);
        }
        if symbol.usage & usage::NONLOCAL != 0 {
            let Some(bound) = &around.bound else {
                let message = "nonlocal declaration not allowed at module level".to_owned();
                return Err(self.error_at_directive(id, name, message));
            };
            let text = self.table.names.get(name);
            if !bound.contains(&name) {
                return Err(self.error_at_directive(
                    id,
                    name,
                    format!("no binding for nonlocal '{text}' found"),
                ));
            }
            if around.type_parameters.contains(&name) {
                let message = format!("nonlocal binding not allowed for type parameter '{text}'");
                return Err(self.error_at_directive(id, name, message));
            }
            free.insert(name);
            return Ok(Resolution::Free);
        }
        if symbol.usage & usage::BOUND != 0 {
            local.insert(name);
            around.global.remove(&name);
            if symbol.usage & usage::TYPE_PARAMETER != 0 {
                around.type_parameters.insert(name);
            } else {
                around.type_parameters.remove(&name);
            }
            return Ok(Resolution::Local);
        }
        // An annotation scope finds a name of its class by the class mapping, then only among globals.
        if let Some(class) = around.class {
            let in_class = self.table.scope(class).usage(name);
            if in_class & usage::GLOBAL != 0 {
                return Ok(Resolution::GlobalExplicit);
            }
            if in_class & usage::BOUND != 0 && in_class & usage::NONLOCAL == 0 {
                return Ok(Resolution::GlobalImplicit);
            }
        }
        if around.bound.as_ref().is_some_and(|bound| bound.contains(&name)) {
            free.insert(name);
            return Ok(Resolution::Free);
        }
        Ok(Resolution::GlobalImplicit)
    }

    /// Makes the names of a comprehension, other than its own targets, names of the scope around it.
    fn inline(&mut self, outer: ScopeId, comprehension: ScopeId, free: &mut Set) {
        let outer_is_class = self.table.scope(outer).kind == ScopeKind::Class;
        for index in 0..self.table.scope(comprehension).symbols.len() {
            let symbol = self.table.scope(comprehension).symbols[index].clone();
            let mut resolution = symbol.resolution;
            if matches!(resolution, Resolution::Local | Resolution::Cell) {
                continue;
            }
            let special = [CLASS, CLASSDICT, CONDITIONAL_ANNOTATIONS].contains(&symbol.name);
            if resolution == Resolution::Free && outer_is_class && special {
                // The class's own cells are not visible in its body, only to functions inside.
                resolution = Resolution::GlobalImplicit;
                self.table.scope_mut(comprehension).symbols[index].resolution = resolution;
                if !self.free_in_children(comprehension, symbol.name) {
                    free.remove(&symbol.name);
                }
            }
            match self.table.scope(outer).symbol(symbol.name) {
                None => {
                    self.table.scope_mut(outer).add(symbol.name, symbol.usage, resolution);
                }
                Some(existing) => {
                    // The frame's own variable; a cell only if a function inside needs it.
                    if existing.usage & usage::BOUND != 0
                        && !outer_is_class
                        && !self.free_in_children(comprehension, symbol.name)
                    {
                        free.remove(&symbol.name);
                    }
                }
            }
        }
    }

    fn free_in_children(&self, id: ScopeId, name: NameId) -> bool {
        self.table.scope(id).children.iter().any(|child| {
            self.table.scope(*child).symbol(name).is_some_and(|symbol| symbol.resolution == Resolution::Free)
        })
    }

    fn error_at_directive(&self, id: ScopeId, name: NameId, message: String) -> SyntaxError {
        let scope = self.table.scope(id);
        let range = scope.directives.iter().find(|(declared, _)| *declared == name).map(|(_, range)| *range);
        SyntaxError::new(self.source, range.unwrap_or_default(), message)
    }
}
