//! `import` and `from … import`.

use ruff_python_ast as ast;

use super::{Lowerer, NONE, Res, names_constant};
use crate::bytecode::code::Constant;
use crate::bytecode::instruction::Opcode;
use crate::bytecode::operand::{Dst, Reg, Value};

impl<'a> Lowerer<'a> {
    pub(super) fn import(&mut self, import: &'a ast::StmtImport) -> Res {
        if import.is_lazy {
            return self.unsupported(import.range, "a lazy import");
        }
        for alias in &import.names {
            self.at(import.range);
            let mark = self.depth();
            let first = alias.name.split('.').next().unwrap_or(&alias.name);
            match &alias.asname {
                None => {
                    let dst = self.store_destination(first);
                    let module = self.import_name(0, Constant::None, &alias.name, dst);
                    if dst == Dst::Push {
                        self.store_name(first, Value::dying(module));
                    }
                }
                Some(target) => {
                    let module = self.import_name(0, Constant::None, &alias.name, Dst::Push);
                    for part in alias.name.split('.').skip(1) {
                        // The module holds its submodule, so it can go at once.
                        let part = self.name(part);
                        self.emit(Opcode::ImportFrom, Value::dying(module).kill_b(), module, module, part);
                    }
                    self.store_name(target, Value::dying(module));
                }
            }
            self.release(mark);
        }
        Ok(())
    }

    /// Imports a module.
    fn import_name(&mut self, level: u32, names: Constant, module: &str, dst: Dst) -> Reg {
        let run = self.load_constant(Constant::Int(i64::from(level)), Dst::Push);
        self.load_constant(names, Dst::Push);
        self.release_to(run);
        let reg = self.result(dst);
        let name = self.name(module);
        self.emit(Opcode::ImportName, 0, reg, name, run);
        reg
    }

    pub(super) fn import_from(&mut self, import: &'a ast::StmtImportFrom) -> Res {
        if import.is_lazy {
            return self.unsupported(import.range, "a lazy import");
        }
        self.at(import.range);
        let mark = self.depth();
        let names = names_constant(import.names.iter().map(|alias| alias.name.as_str()));
        let module_name = import.module.as_ref().map_or("", |name| name.as_str());
        let module = self.import_name(import.level, names, module_name, Dst::Push);
        for alias in &import.names {
            if &alias.name == "*" {
                self.emit(Opcode::ImportStar, Value::dying(module).kill_a(), module, NONE, NONE);
                self.release(mark);
                return Ok(());
            }
            let depth = self.depth();
            let target = alias.asname.as_ref().unwrap_or(&alias.name);
            let dst = self.store_destination(target);
            let value = self.result(dst);
            let name = self.name(&alias.name);
            self.emit(Opcode::ImportFrom, 0, value, module, name);
            if dst == Dst::Push {
                self.store_name(target, Value::dying(value));
            }
            self.release(depth);
        }
        self.clear(module);
        self.release(mark);
        Ok(())
    }
}
