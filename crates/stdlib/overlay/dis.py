"""Shows the instructions of code objects."""

import collections
import io
import sys
import types

import _opcode
from opcode import *
from opcode import __all__ as _opcode_names

__all__ = ["code_info", "dis", "disassemble", "distb", "disco", "findlinestarts", "findlabels", "show_code",
           "get_instructions", "Instruction", "Bytecode", *_opcode_names]

# Bits of co_flags.
COMPILER_FLAG_NAMES = {
    0x1: "OPTIMIZED",
    0x2: "NEWLOCALS",
    0x4: "VARARGS",
    0x8: "VARKEYWORDS",
    0x10: "NESTED",
    0x20: "GENERATOR",
    0x40: "NOFREE",
    0x80: "COROUTINE",
    0x100: "ITERABLE_COROUTINE",
    0x200: "ASYNC_GENERATOR",
    0x4000000: "HAS_DOCSTRING",
    0x8000000: "METHOD",
}

Positions = collections.namedtuple(
    "Positions", "lineno end_lineno col_offset end_col_offset", defaults=(None,) * 4
)


class Instruction(
    collections.namedtuple(
        "Instruction",
        "opname opcode arg argval argrepr offset start_offset starts_line line_number label positions cache_info",
        defaults=(None, None, None),
    )
):
    """One instruction. `arg` is always None: operands are registers, which `argrepr` spells."""

    __slots__ = ()

    @property
    def oparg(self):
        return self.arg

    @property
    def baseopcode(self):
        return self.opcode

    @property
    def baseopname(self):
        return self.opname

    @property
    def jump_target(self):
        return self.argval if self.opcode in hasjump else None

    @property
    def is_jump_target(self):
        return self.label is not None

    def __str__(self):
        return _line(self, False, 4, 0)


def _line(instruction, is_current, line_width, offset_width):
    number = instruction.line_number if instruction.starts_line else None
    fields = [f"{number if number is not None else '':>{line_width}}"]
    fields.append("-->" if is_current else "   ")
    fields.append(f"L{instruction.label}:" if instruction.label is not None else "    ")
    if offset_width:
        fields.append(f"{instruction.offset:>{offset_width}}")
    fields.append(instruction.opname.ljust(24))
    fields.append(instruction.argrepr)
    return " ".join(fields).rstrip()


def _code_of(x):
    """The code object behind a function, method, generator, class or source text."""
    if isinstance(x, str):
        for mode in ("eval", "exec"):
            try:
                return compile(x, "<disassembly>", mode)
            except SyntaxError:
                if mode == "exec":
                    raise
    x = getattr(x, "__func__", x)
    for attribute in ("__code__", "gi_code", "ag_code", "cr_code"):
        code = getattr(x, attribute, None)
        if code is not None:
            return code
    if hasattr(x, "co_code"):
        return x
    raise TypeError(f"don't know how to disassemble {type(x).__name__} objects")


def get_instructions(x, *, first_line=None, show_caches=None, adaptive=False):
    """Iterate over the instructions of a function, method, code object or source text."""
    code = _code_of(x)
    shift = 0 if first_line is None else first_line - code.co_firstlineno
    raw = _opcode.instructions(code)
    targets = sorted({item[5] for item in raw if item[5] is not None})
    labels = {target: number for number, target in enumerate(targets, 1)}
    previous = None
    for offset, _, number, value, text, target, positions in raw:
        positions = Positions(*positions) if positions else Positions()
        line = None if positions.lineno is None else positions.lineno + shift
        starts = line is not None and line != previous
        previous = line if line is not None else previous
        yield Instruction(
            opname[number], number, None, value if target is None else target, text, offset, offset, starts, line,
            labels.get(offset), positions, None,
        )


def findlabels(code):
    """Offsets that are jumped to, sorted. `code` is a code object."""
    return sorted({item[5] for item in _opcode.instructions(_code_of(code)) if item[5] is not None})


def findlinestarts(code):
    """Iterate over (offset, line) where lines begin."""
    previous = False
    for start, _, line in code.co_lines():
        if line != previous:
            previous = line
            yield start, line


def disassemble(co, lasti=-1, *, file=None, show_caches=False, adaptive=False, show_offsets=False,
                show_positions=False):
    """Print the instructions of a code object; that at offset `lasti` is marked."""
    instructions = list(get_instructions(co))
    width = len(str(max((i.line_number or 0 for i in instructions), default=0)))
    offset_width = len(str(instructions[-1].offset)) if show_offsets and instructions else 0
    for i, instruction in enumerate(instructions):
        if instruction.starts_line and i:
            print(file=file)
        print(_line(instruction, instruction.offset == lasti, max(width, 3), offset_width), file=file)


disco = disassemble


def _disassemble_all(code, depth, file, options):
    disassemble(code, file=file, **options)
    if depth is not None and depth <= 0:
        return
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            print(file=file)
            print(f"Disassembly of {constant!r}:", file=file)
            _disassemble_all(constant, None if depth is None else depth - 1, file, options)


def dis(x=None, *, file=None, depth=None, show_caches=False, adaptive=False, show_offsets=False,
        show_positions=False):
    """Print the instructions of a class, function, method, code object or source text; of the last traceback if
    nothing is given."""
    options = {"show_offsets": show_offsets}
    if x is None:
        distb(file=file, **options)
        return
    x = getattr(x, "__func__", x)
    if isinstance(x, (type, types.ModuleType)):
        for name, value in sorted(vars(x).items()):
            if isinstance(value, (types.FunctionType, types.MethodType, types.CodeType, classmethod, staticmethod, type)):
                print(f"Disassembly of {name}:", file=file)
                try:
                    dis(value, file=file, depth=depth, **options)
                except TypeError as error:
                    print("Sorry:", error, file=file)
                print(file=file)
        return
    _disassemble_all(_code_of(x), depth, file, options)


def distb(tb=None, *, file=None, show_caches=False, adaptive=False, show_offsets=False, show_positions=False):
    """Print the instructions of the innermost frame of a traceback, of the last one if none is given."""
    if tb is None:
        last = getattr(sys, "last_exc", None)
        tb = getattr(last, "__traceback__", None) or getattr(sys, "last_traceback", None)
        if tb is None:
            raise RuntimeError("no last traceback to disassemble")
    while tb.tb_next:
        tb = tb.tb_next
    disassemble(tb.tb_frame.f_code, tb.tb_lasti, file=file, show_offsets=show_offsets)


def pretty_flags(flags):
    """The names of the bits of co_flags."""
    names = [name for bit, name in COMPILER_FLAG_NAMES.items() if flags & bit]
    rest = flags & ~sum(COMPILER_FLAG_NAMES)
    return ", ".join(names + ([hex(rest)] if rest else [])) or "0x0"


def code_info(x):
    """What there is to say about a code object, as text."""
    co = _code_of(x)
    lines = [
        f"Name:              {co.co_name}",
        f"Filename:          {co.co_filename}",
        f"Argument count:    {co.co_argcount}",
        f"Positional-only arguments: {co.co_posonlyargcount}",
        f"Kw-only arguments: {co.co_kwonlyargcount}",
        f"Number of locals:  {co.co_nlocals}",
        f"Stack size:        {co.co_stacksize}",
        f"Flags:             {pretty_flags(co.co_flags)}",
    ]
    for title, items in (
        ("Constants", [repr(constant) for constant in co.co_consts]),
        ("Names", co.co_names),
        ("Variable names", co.co_varnames),
        ("Free variables", co.co_freevars),
        ("Cell variables", co.co_cellvars),
    ):
        if items:
            lines.append(f"{title}:")
            lines.extend(f"{i:>4}: {item}" for i, item in enumerate(items))
    return "\n".join(lines)


def show_code(co, *, file=None):
    """Print what there is to say about a code object."""
    print(code_info(co), file=file)


class Bytecode:
    """The instructions of a function, method, code object or source text."""

    def __init__(self, x, *, first_line=None, current_offset=None, show_caches=False, adaptive=False,
                 show_offsets=False, show_positions=False):
        self.codeobj = _code_of(x)
        self.first_line = self.codeobj.co_firstlineno if first_line is None else first_line
        self.current_offset = current_offset
        self.show_offsets = show_offsets
        self._original = x

    def __iter__(self):
        return get_instructions(self.codeobj, first_line=self.first_line)

    def __repr__(self):
        return f"{self.__class__.__name__}({self._original!r})"

    @classmethod
    def from_traceback(cls, tb, *, show_caches=False, adaptive=False):
        """The instructions of the innermost frame of a traceback."""
        while tb.tb_next:
            tb = tb.tb_next
        return cls(tb.tb_frame.f_code, current_offset=tb.tb_lasti)

    def info(self):
        """What there is to say about the code, as text."""
        return code_info(self.codeobj)

    def dis(self):
        """The instructions as text."""
        lasti = -1 if self.current_offset is None else self.current_offset
        with io.StringIO() as output:
            disassemble(self.codeobj, lasti, file=output, show_offsets=self.show_offsets)
            return output.getvalue()


def _find_imports(co):
    """Iterate over (name, level, fromlist) of the import statements of a code object."""
    previous = []
    for instruction in get_instructions(co):
        if instruction.opname == "IMPORT_NAME":
            fromlist, level = (None, 0)
            for before in previous[-2:]:
                if isinstance(before.argval, tuple):
                    fromlist = before.argval
                elif isinstance(before.argval, int):
                    level = before.argval
            yield instruction.argval, level, fromlist
        previous.append(instruction)


def _find_store_names(co):
    """Iterate over the names that a code object stores to."""
    for instruction in get_instructions(co):
        if instruction.opname in ("STORE_NAME", "STORE_GLOBAL"):
            yield instruction.argval


def main(args=None):
    import argparse

    parser = argparse.ArgumentParser(color=True)
    parser.add_argument("-O", "--show-offsets", action="store_true", help="show instruction offsets")
    parser.add_argument("infile", nargs="?", default="-")
    arguments = parser.parse_args(args=args)
    if arguments.infile == "-":
        name, source = "<stdin>", sys.stdin.buffer.read()
    else:
        name = arguments.infile
        with open(name, "rb") as infile:
            source = infile.read()
    dis(compile(source, name, "exec"), show_offsets=arguments.show_offsets)


if __name__ == "__main__":
    main()
