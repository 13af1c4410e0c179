//! The module `_ast`: syntax trees as Python objects, and what `compile` does with them.
//!
//! `compiler::tree` makes and compiles trees; `objects` turns them into objects of the classes that `_ast_nodes.py`
//! makes, and back. Not here: type comments and the mode `func_type`, which raise NotImplementedError.

mod objects;

use compiler::tree::{Invalid, Kind, Node};
use compiler::{Mode, Options, Source};
use vm::builtins::code::Code;
use vm::builtins::functions::run::{Request, TREES, TreeSupport, flag};
use vm::prelude::*;

static SUPPORT: TreeSupport = TreeSupport { is_tree: objects::is_node, parse, copy, compile };

fn mode_of(th: &mut Thread, request: &Request<'_>) -> PyResult<Mode> {
    match request.mode {
        "exec" => Ok(Mode::Exec),
        "eval" => Ok(Mode::Eval),
        "single" => Ok(Mode::Single),
        _ => Err(th.not_implemented_error("signature type comments are not implemented")),
    }
}

fn parse(th: &mut Thread, source: &Source, request: &Request<'_>) -> PyResult {
    let mode = mode_of(th, request)?;
    if request.flags & flag::DONT_IMPLY_DEDENT != 0 && compiler::parse::ends_in_block(source) {
        let error = compiler::SyntaxError::without_position(
            compiler::syntax_error::Kind::Incomplete,
            "incomplete input",
        );
        return Err(refuse(th, error, request));
    }
    let optimized = request.flags & flag::OPTIMIZED_AST != 0;
    let optimize = |mut tree: Node| {
        if optimized {
            compiler::tree::optimize(&mut tree, request.optimize);
        }
        tree
    };
    match compiler::tree::parse(source, mode, request.minor_version, optimize) {
        Ok(tree) => objects::to_object(th, &tree),
        Err(error) => Err(refuse(th, error, request)),
    }
}

fn refuse(th: &mut Thread, mut error: compiler::SyntaxError, request: &Request<'_>) -> Raised {
    use compiler::syntax_error::Kind;
    if request.flags & flag::ALLOW_INCOMPLETE != 0 {
        if error.completable {
            error = error.incomplete();
        }
    } else if error.kind == Kind::Incomplete {
        error.kind = Kind::Syntax;
    }
    vm::exceptions::syntax_error(th, &error, request.filename)
}

/// Reads the tree that a mode asks for.
fn read(th: &mut Thread, object: &Value, mode: Mode) -> PyResult<Node> {
    let wanted = match mode {
        Mode::Exec => Kind::Module,
        Mode::Eval => Kind::Expression,
        Mode::Single => Kind::Interactive,
    };
    let wrong = |th: &mut Thread| {
        let (wanted, found) = (wanted.info().name, th.type_name(object));
        th.type_error(format_args!("expected {wanted} node, got {found}"))
    };
    if objects::family_of(th, object)? != Some("mod") {
        return Err(wrong(th));
    }
    let tree = objects::from_object(th, object, "mod")?;
    if tree.kind != wanted {
        return Err(wrong(th));
    }
    match compiler::tree::validate(&tree) {
        Ok(()) => Ok(tree),
        Err(Invalid::Value(message)) => Err(th.value_error(message)),
        Err(Invalid::Type(message)) => Err(th.type_error(message)),
    }
}

fn copy(th: &mut Thread, object: &Value, request: &Request<'_>) -> PyResult {
    let mode = mode_of(th, request)?;
    let mut tree = read(th, object, mode)?;
    if request.flags & flag::OPTIMIZED_AST != 0 {
        compiler::tree::optimize(&mut tree, request.optimize);
    }
    objects::to_object(th, &tree)
}

fn compile(th: &mut Thread, object: &Value, request: &Request<'_>) -> PyResult {
    let mode = mode_of(th, request)?;
    let tree = read(th, object, mode)?;
    let options = Options {
        filename: request.filename,
        mode,
        optimize: request.optimize,
        future_annotations: request.flags & flag::ANNOTATIONS != 0,
    };
    match compiler::tree::compile(&tree, &options) {
        Ok(unit) => Code::new(th, &std::sync::Arc::new(unit)).map(Obj::into_value),
        Err(error) => Err(refuse(th, error, request)),
    }
}

/// The module.
#[pymodule(name = "_ast")]
pub mod module {
    use super::{SUPPORT, TREES, objects};
    use vm::prelude::*;

    #[pyattr(name = "PyCF_ONLY_AST")]
    const ONLY_AST: i64 = 0x400;
    #[pyattr(name = "PyCF_TYPE_COMMENTS")]
    const TYPE_COMMENTS: i64 = 0x1000;
    #[pyattr(name = "PyCF_ALLOW_TOP_LEVEL_AWAIT")]
    const TOP_LEVEL_AWAIT: i64 = 0x2000;
    #[pyattr(name = "PyCF_OPTIMIZED_AST")]
    const OPTIMIZED_AST: i64 = 0x8400;

    #[init]
    fn init(th: &mut Thread, module: &Value) -> PyResult<()> {
        let made = objects::make_classes(th)?;
        let namespace = th.get_attr_str(module, "__dict__")?;
        if let Some(namespace) = th.exact::<Dict>(&namespace).cloned() {
            th.dict_update(&namespace, made.as_value())?;
        }
        let _ = TREES.set(&SUPPORT);
        Ok(())
    }
}
