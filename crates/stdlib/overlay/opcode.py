"""The instruction set, for modules that look at code objects.

The runtime is a register machine: its instructions are not those that CPython documents.
"""

import _opcode

__all__ = ["cmp_op", "hascompare", "opname", "opmap", "hasarg", "hasconst", "hasname", "hasjump", "hasjrel",
           "hasjabs", "hasfree", "haslocal", "hasexc", "stack_effect"]

cmp_op = ("<", "<=", "==", "!=", ">", ">=")

opname = _opcode.names()
opmap = {name: number for number, name in enumerate(opname)}

hasarg = _opcode.numbers_with("any")
hasconst = _opcode.numbers_with("const")
hasname = _opcode.numbers_with("name")
hasjump = _opcode.numbers_with("jump")
hasjrel = hasjump
hasjabs = []
hasfree = []
haslocal = []
hasexc = []
hascompare = [number for name, number in opmap.items() if name.startswith("COMPARE")]


def stack_effect(opcode, oparg=None, /, *, jump=None):
    """Refuse: instructions of a register machine have no effect on a stack."""
    raise ValueError("the runtime is a register machine: there is no stack")
