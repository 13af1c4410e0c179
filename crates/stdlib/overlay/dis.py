"""What other modules need of `dis`: the names of code flags and the lines of a code object.

The instructions of this runtime are those of a register machine; a disassembler for them is not part of the library
yet, and the functions that would show instructions say so.
"""

__all__ = ["code_info", "dis", "disassemble", "distb", "disco", "findlinestarts", "findlabels", "show_code",
           "get_instructions", "Instruction", "Bytecode"]

COMPILER_FLAG_NAMES = {
    1: "OPTIMIZED",
    2: "NEWLOCALS",
    4: "VARARGS",
    8: "VARKEYWORDS",
    16: "NESTED",
    32: "GENERATOR",
    64: "NOFREE",
    128: "COROUTINE",
    256: "ITERABLE_COROUTINE",
    512: "ASYNC_GENERATOR",
    0x4000000: "HAS_DOCSTRING",
    0x8000000: "METHOD",
}


def pretty_flags(flags):
    """The names of the flags, joined."""
    names = []
    for bit in range(32):
        flag = 1 << bit
        if flags & flag:
            names.append(COMPILER_FLAG_NAMES.get(flag, hex(flag)))
            flags ^= flag
            if not flags:
                break
    else:
        names.append(hex(flags))
    return ", ".join(names)


def findlinestarts(code):
    """Pairs (offset, line) at which a new line starts."""
    last = False
    for start, end, line in code.co_lines():
        if line is not last:
            last = line
            yield start, line


def _missing(*args, **kwargs):
    raise NotImplementedError("dis: showing the instructions of this runtime is not implemented yet")


code_info = dis = disassemble = distb = disco = findlabels = show_code = get_instructions = _missing


class Instruction:
    def __new__(cls, *args, **kwargs):
        _missing()


class Bytecode:
    def __new__(cls, *args, **kwargs):
        _missing()
