"""Source that nests or goes on for ever: an error of Python's, or it works; never the end of the process."""

import ast
import sys

DEEP = 10_000
LONG = 30_000
REFUSED = (SyntaxError, RecursionError, MemoryError)


def refused(source, mode="exec"):
    """True if the source is refused, in all that read source."""
    outcomes = []
    for read in (lambda: compile(source, "<deep>", mode), lambda: ast.parse(source, mode=mode)):
        try:
            read()
        except REFUSED:
            outcomes.append(True)
        else:
            outcomes.append(False)
    return outcomes


def check_brackets():
    for opening, closing in ("()", "[]", ("(", ",)"), ("{1:", "}"), ("f(", ")"), ("a[", "]"), ("(yield ", ")")):
        for middle in "", "1":
            assert refused(opening * DEEP + middle + closing * DEEP) == [True, True], opening
        assert refused(opening * DEEP)[0], opening
    # What programs contain works.
    assert eval("(" * 100 + "1" + ")" * 100) == 1
    assert len(repr(eval("[" * 100 + "]" * 100))) == 200


def check_operators():
    """Deep trees without brackets: a limit may be met, and if not the value is right."""
    x, y = 1, 0
    for source, value in (
        ("-" * DEEP + "1", 1),
        ("~" * DEEP + "1", 1),
        ("not " * DEEP + "1", True),
        ("+" * DEEP + "1", 1),
        ("1 if y else " * DEEP + "2", 2),
        ("1+" * LONG + "1", LONG + 1),
        ("x+" * LONG + "x", LONG + 1),
        ("x and " * LONG + "y", 0),
        ("y or " * LONG + "x", 1),
        ("0 < " * LONG + "1", False),
        ("'a' " * LONG, "a" * LONG),
        ("(" + "x," * LONG + ")", (1,) * LONG),
        ("[" + "*(x,)," * LONG + "]", [1] * LONG),
        ("{" + "**{}," * LONG + "}", {}),
    ):
        try:
            found = eval(source)
        except REFUSED:
            continue
        assert found == value, source[:20]


def check_chains():
    class Anything:
        def __getattr__(self, name):
            return self

        def __call__(self):
            return self

        def __getitem__(self, index):
            return self

    a = Anything()
    for link in ".b", "()", "[0]", ".b()":
        try:
            assert eval("a" + link * LONG) is a, link
        except REFUSED:
            pass
    assert eval("a" + ".b" * 500) is a


def check_blocks():
    def blocks(head, count):
        return "".join(" " * depth + head + "\n" for depth in range(count)) + " " * count + "pass\n"

    for head in "if x:", "while x:", "for x in y:", "def f():", "class C:", "with x:", "try:":
        assert refused(blocks(head, DEEP)) == [True, True], head
    try:
        compile(blocks("if x:", 200), "<deep>", "exec")
    except IndentationError as error:
        assert str(error).startswith("too many levels of indentation"), error
    else:
        raise AssertionError("200 levels of indentation")
    compile(blocks("for x in y:", 20), "<deep>", "exec")
    try:
        compile(blocks("for x in y:", 25), "<deep>", "exec")
    except SyntaxError as error:
        assert error.msg == "too many statically nested blocks", error
    else:
        raise AssertionError("25 nested blocks")


def check_statements():
    namespace = {}
    exec("x = 1\n" * LONG, namespace)
    assert namespace["x"] == 1
    exec("if 0: pass\n" + "elif 0: pass\n" * 1000 + "else: x = 2", namespace)
    assert namespace["x"] == 2
    for source in ("x = " * LONG + "1", "@f\n" * LONG + "def g(): pass", "import " + "a." * LONG + "a",
                   "f'" + "{x}" * LONG + "'", "def f(" + ",".join(f"a{i}" for i in range(LONG)) + "): pass",
                   "x = " + "{'a': " * DEEP, "match x:\n case " + "[" * DEEP + "]" * DEEP + ": pass",
                   "f'" + "{x:" * DEEP + "}" * DEEP + "'", "lambda: " * DEEP + "1", "await " * DEEP + "x",
                   "x" + ": int" * DEEP, "\\\n" * LONG + "1", "del " + "(" * DEEP + "x" + ",)" * DEEP):
        try:
            compile(source, "<deep>", "exec")
        except REFUSED:
            pass
    try:
        compile("x = " + "9" * 5000, "<digits>", "exec")
    except SyntaxError as error:
        assert error.msg.startswith("Exceeds the limit (4300 digits) for integer string conversion"), error.msg
        assert error.msg.endswith("Consider hexadecimal for huge integer literals to avoid decimal conversion limits.")
    assert eval("0x" + "f" * LONG) == 16**LONG - 1
    for null in "x = 1\0", b"x = 1\0":
        try:
            compile(null, "<null>", "exec")
        except SyntaxError as error:
            assert error.msg == "source code string cannot contain null bytes", error.msg
        else:
            raise AssertionError("null bytes")


def check_trees():
    """Trees made by hand, deeper than source could make them."""
    tree = ast.Constant(1)
    for _ in range(LONG):
        tree = ast.UnaryOp(ast.USub(), tree)
    tree = ast.Expression(ast.fix_missing_locations(tree) if sys.getrecursionlimit() > LONG else tree)
    for use in (lambda: compile(tree, "<tree>", "eval"), lambda: ast.dump(tree), lambda: ast.unparse(tree)):
        try:
            use()
        except (RecursionError, ValueError, TypeError):
            pass  # A TypeError names the location that is missing.


for check in (check_brackets, check_operators, check_chains, check_blocks, check_statements, check_trees):
    check()
