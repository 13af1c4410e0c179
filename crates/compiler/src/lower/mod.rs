//! Lowering: a syntax tree and its scopes become a code unit.
//!
//! One [`Lowerer`] walks the whole program; each code unit on the way has a [`unit::Unit`], the innermost is current.
//! An expression's result goes where a [`Dst`] says, and operands that are locals are read in place. Temporaries are
//! a stack, so at every statement boundary exactly those of the enclosing blocks are live. The files divide the
//! grammar: a file a concern. Not here: which variable a name means (`scope`), what is an error (`check`), encodings
//! (`bytecode`).

mod annotation;
mod assign;
mod block;
mod call;
mod class;
mod comprehension;
mod condition;
mod display;
mod docstring;
mod expression;
mod fold;
mod fstring;
mod function;
mod generator;
mod import;
mod loops;
mod names;
mod pattern;
mod statement;
mod try_except;
mod try_star;
mod type_params;
mod unit;
mod unparse;
mod with;

use ruff_python_ast::{self as ast, Mod};
use ruff_text_size::{Ranged, TextRange};

use crate::bytecode::code::{CodeUnit, Constant, Position};
use crate::bytecode::instruction::Opcode;
use crate::bytecode::operand::{Dst, Label, Raw, Reg, Value};
use crate::parse::{Mode, Parsed, Source};
use crate::scope::{ScopeId, ScopeTable};
use crate::syntax_error::{Kind, SyntaxError};
use crate::{Options, literal};

use self::unit::Unit;

/// Outcome of lowering a piece.
type Res<T = ()> = Result<T, SyntaxError>;

/// An operand field that the instruction does not use.
const NONE: u32 = 0;

/// Walks a program and emits its code.
struct Lowerer<'a> {
    source: &'a Source,
    scopes: &'a ScopeTable,
    optimize: u8,
    interactive: bool,
    future_annotations: bool,
    /// Can any operand be rebound by an assignment expression? Most programs have none.
    has_walrus: bool,
    unit: Unit<'a>,
    /// The units around the current one, outermost first.
    outer: Vec<Unit<'a>>,
}

/// Lowers a program.
pub(crate) fn lower(
    parsed: &Parsed,
    source: &Source,
    scopes: &ScopeTable,
    options: &Options<'_>,
) -> Res<CodeUnit> {
    let future_annotations = scopes.future_annotations();
    let unit = Unit::module(scopes, ScopeId::MODULE, options.filename);
    let mut lowerer = Lowerer {
        source,
        scopes,
        optimize: options.optimize,
        interactive: options.mode == Mode::Single,
        future_annotations,
        has_walrus: source.text().contains(":="),
        unit,
        outer: Vec::new(),
    };
    lowerer.prologue();
    match parsed.syntax() {
        Mod::Module(module) => lowerer.module(module)?,
        Mod::Expression(expression) => {
            let value = lowerer.operand(&expression.body)?;
            lowerer.at(expression.body.range());
            lowerer.return_value(value);
        }
    }
    lowerer.finish_unit()
}

impl<'a> Lowerer<'a> {
    fn module(&mut self, module: &'a ast::ModModule) -> Res {
        if self.scopes.has_conditional_annotations(ScopeId::MODULE) {
            let set = self.push();
            self.emit(Opcode::BuildSet, 0, set, set, 0);
            let name = self.name("__conditional_annotations__");
            self.emit(Opcode::StoreName, Value::dying(set).kill_a(), set, name, NONE);
            self.release_to(set);
        }
        self.module_or_class_body(&module.body)?;
        self.return_none();
        Ok(())
    }

    /// Instructions that follow come from this source range.
    fn at(&mut self, range: TextRange) {
        let position = self.source.position(range);
        self.unit.code.set_position(position);
    }

    fn set_position(&mut self, position: Position) {
        self.unit.code.set_position(position);
    }

    fn emit(&mut self, opcode: Opcode, flags: u8, a: impl Raw, b: impl Raw, c: impl Raw) {
        self.unit.code.emit(opcode, flags, a, b, c);
    }

    fn jump(&mut self, target: Label) {
        self.unit.code.jump(Opcode::Jump, 0, NONE, NONE, target);
    }

    fn jump_back(&mut self, target: Label) {
        self.unit.code.jump(Opcode::JumpBack, 0, NONE, NONE, target);
    }

    fn label(&mut self) -> Label {
        self.unit.code.label()
    }

    fn bind(&mut self, label: Label) {
        self.unit.code.bind(label);
    }

    fn depth(&self) -> u32 {
        self.unit.code.depth()
    }

    fn push(&mut self) -> Reg {
        self.unit.code.push()
    }

    fn reserve(&mut self, n: u32) -> Reg {
        self.unit.code.reserve(n)
    }

    /// Gives back the temporaries from number `depth` on.
    fn release(&mut self, depth: u32) {
        self.unit.code.release(depth);
    }

    /// Gives back this temporary and all above it.
    fn release_to(&mut self, first: Reg) {
        self.unit.code.release(first.number());
    }

    /// The register that a result goes to.
    fn result(&mut self, dst: Dst) -> Reg {
        match dst {
            Dst::Reg(reg) => reg,
            Dst::Push => self.push(),
        }
    }

    fn constant(&mut self, constant: Constant) -> u32 {
        self.unit.code.constant(constant)
    }

    fn name(&mut self, name: &str) -> u32 {
        self.unit.code.name(name)
    }

    fn load_constant(&mut self, constant: Constant, dst: Dst) -> Reg {
        let index = self.constant(constant);
        let reg = self.result(dst);
        self.emit(Opcode::LoadConst, 0, reg, index, NONE);
        reg
    }

    fn load_str(&mut self, text: &str, dst: Dst) -> Reg {
        self.load_constant(string_constant(text), dst)
    }

    /// Drops a value that nobody uses.
    fn discard(&mut self, value: Value) {
        if value.kill {
            self.emit(Opcode::Clear, 0, value.reg, NONE, NONE);
        }
    }

    /// Copies or moves a value, unless it is there already.
    fn move_to(&mut self, value: Value, target: Reg) {
        if value.reg != target {
            self.emit(Opcode::Move, value.kill_b(), target, value, NONE);
        }
    }

    fn return_value(&mut self, value: Value) {
        self.emit(Opcode::Return, value.kill_a(), value, NONE, NONE);
    }

    fn return_none(&mut self) {
        let none = self.constant(Constant::None);
        self.emit(Opcode::ReturnConst, 0, none, NONE, NONE);
    }

    fn unsupported<T>(&self, range: TextRange, what: &str) -> Res<T> {
        let message = format!("{what} is not supported");
        Err(SyntaxError::of_kind(Kind::Unsupported, self.source, range, message))
    }

    fn error<T>(&self, range: TextRange, message: impl Into<String>) -> Res<T> {
        Err(SyntaxError::new(self.source, range, message))
    }

    fn line_of(&self, range: TextRange) -> u32 {
        self.source.position(range).line
    }
}

fn string_constant(text: &str) -> Constant {
    Constant::Str(text.as_bytes().into())
}

/// A tuple of strings.
fn names_constant<'n>(names: impl Iterator<Item = &'n str>) -> Constant {
    Constant::Tuple(names.map(string_constant).collect())
}
