"""Imports: modules, packages, relative imports, errors, reloading, what modules know of themselves."""

import importlib
import importlib.util
import marshal
import os
import sys
import tempfile


def raises(kind, message, source, namespace=None):
    try:
        exec(source, namespace if namespace is not None else {})
    except kind as error:
        assert message in str(error), (message, str(error))
        return error
    raise AssertionError(f"{source!r} raised nothing")


# The library.
import json
import json.decoder as decoder
from json import decoder as same, loads
from string import *

assert json.decoder is decoder is same and loads("1") == 1 and "ascii_letters" in globals()
assert json.__name__ == json.__spec__.name == "json" and json.__package__ == "json"
assert json.__file__.endswith(os.path.join("json", "__init__.py")) and json.__path__
assert "def loads" in json.__spec__.loader.get_source("json")
assert sys.modules["json"] is json
assert sys.__spec__.origin == "built-in"

# Errors.
error = raises(ModuleNotFoundError, "No module named 'no_such_module'", "import no_such_module")
assert error.name == "no_such_module"
error = raises(ImportError, "cannot import name 'nothing' from 'json' (", "from json import nothing")
assert error.name == "json" and error.name_from == "nothing" and error.path == json.__file__
raises(ModuleNotFoundError, "No module named 'json.nothing'", "import json.nothing")
raises(ModuleNotFoundError, "'sys' is not a package", "import sys.nothing")
raises(ImportError, "attempted relative import with no known parent package", "from . import x", {"__name__": "x", "__package__": ""})
raises(ValueError, "Empty module name", "__import__('')")
raises(TypeError, "module name must be a string", "__import__(1)")
raises(ValueError, "level must be >= 0", "__import__('sys', level=-1)")

# Files.
with tempfile.TemporaryDirectory() as folder:
    def write(path, text):
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    write("own_package/__init__.py", "from .inner import value\nfrom . import inner as again\n")
    write("own_package/inner.py", "value = 1\nimport own_package as outer\n")
    write("own_package/deep/leaf.py", "from ..inner import value as far\nfrom ... import too_far\n")
    write("circle_a.py", "from circle_b import b\na = 1\n")
    write("circle_b.py", "from circle_a import a\nb = 1\n")
    write("broken.py", "1/0\n")
    write("wrong.py", "def f(:\n")
    write("namespace_folder/part.py", "found = True\n")
    write("cached.py", "value = 1\n")
    write("starred.py", "__all__ = ['shown', 'missing']\nshown = 1\n")
    sys.path.insert(0, folder)
    try:
        import own_package

        assert own_package.value == 1 and own_package.again is own_package.inner
        assert own_package.inner.outer is own_package
        raises(ImportError, "attempted relative import beyond top-level package", "import own_package.deep.leaf")
        raises(ImportError, "cannot import name 'a' from partially initialized module 'circle_a' (most likely due to a circular import)", "import circle_a")
        assert "circle_a" not in sys.modules
        try:
            import broken
        except ZeroDivisionError as error:
            # No frames of the import system are in between.
            files = []
            entry = error.__traceback__
            while entry:
                files.append(os.path.basename(entry.tb_frame.f_code.co_filename))
                entry = entry.tb_next
            assert files == [os.path.basename(__file__), "broken.py"], files
        raises(SyntaxError, "invalid syntax", "import wrong")
        from namespace_folder import part

        assert part.found and getattr(sys.modules["namespace_folder"], "__file__", None) is None
        raises(AttributeError, "module 'starred' has no attribute 'missing'", "from starred import *")
        spec = importlib.util.find_spec("own_package.inner")
        assert spec.origin == os.path.join(folder, "own_package", "inner.py")
        own_package.inner.value = 2
        importlib.reload(own_package.inner)
        assert own_package.inner.value == 1
        # What another build has compiled is compiled anew, whatever it holds.
        assert importlib.util.MAGIC_NUMBER.endswith(b"\r\n") and len(importlib.util.MAGIC_NUMBER) == 4
        import py_compile

        cache = py_compile.compile(os.path.join(folder, "cached.py"), doraise=True)
        with open(cache, "r+b") as file:
            content = file.read()
            assert content.startswith(importlib.util.MAGIC_NUMBER)
            file.seek(0)
            file.write(bytes([content[0] ^ 1]))
            file.truncate(16)
        import cached

        assert cached.value == 1
        if not sys.dont_write_bytecode:
            with open(cache, "rb") as file:
                assert file.read() == content
    finally:
        sys.path.remove(folder)

# A replaced __import__ is called.
calls = []


def spy(name, globals=None, locals=None, fromlist=(), level=0):
    calls.append((name, fromlist, level))
    return original(name, globals, locals, fromlist, level)


import builtins

original = builtins.__import__
builtins.__import__ = spy
try:
    from json import loads
finally:
    builtins.__import__ = original
assert calls == [("json", ("loads",), 0)]

# Marshal.
for value in (None, True, ..., 5, -5, 2**100, -(2**100), 1.5, float("inf"), 2j, "a\u20ac", b"b", (1, (2,)), [1], {"a": [1]},
              {1, 2}, frozenset({3}), StopIteration):
    assert marshal.loads(marshal.dumps(value)) == value, value
code = compile("x = 6 * y", "<code>", "exec")
names = {"y": 7}
exec(marshal.loads(marshal.dumps(code)), names)
assert names["x"] == 42
for data, kind in ((b"", EOFError), (marshal.dumps("abc")[:-1], EOFError)):
    try:
        marshal.loads(data)
    except kind:
        pass
    else:
        raise AssertionError(data)
try:
    marshal.dumps(object())
except ValueError as error:
    assert str(error) == "unmarshallable object"
