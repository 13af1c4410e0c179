"""Runs one module of CPython's test suite and tells how each of its tests ends.

    python run_module.py MODULE [FILE]

FILE holds names of tests to leave out, one a line. Lines on the standard output: `start NAME`, then `pass NAME`,
`fail NAME` or `skip NAME`; `end` when all have run.

CPython's private modules in C that only its tests use are there for nobody. A test module that cannot be loaded without
them gets stand-ins, and the tests that call these are skipped.
"""

import importlib
import sys
import types
import unittest

PRIVATE = (
    "_ctypes_test",
    "_testbuffer",
    "_testcapi",
    "_testinternalcapi",
    "_testlimitedcapi",
    "_testmultiphase",
    "_testsinglephase",
)


class StandIn(types.ModuleType):
    """Whoever calls what such a module has is skipped."""

    # No call, so nothing would be skipped.
    PY_SSIZE_T_MAX = sys.maxsize

    def __getattr__(self, name):
        # What `test.support` does without.
        if name.startswith("__") or "recursion" in name:
            raise AttributeError(name)

        def missing(*args, **kwargs):
            raise unittest.SkipTest(f"{self.__name__}.{name} is private to CPython")

        return missing


def load(module):
    """The tests of a module."""
    try:
        importlib.import_module(module)
    except (ImportError, unittest.SkipTest):
        for name in [name for name in sys.modules if name == module or name.startswith(f"{module}.")]:
            del sys.modules[name]
        sys.modules.update((name, StandIn(name)) for name in PRIVATE)
    return unittest.defaultTestLoader.loadTestsFromName(module)


class Outcomes(unittest.TestResult):
    """Tells each outcome at once, so that it is known when the process dies in a later test."""

    def startTest(self, test):
        super().startTest(test)
        self.outcome = "pass"
        tell("start", test.id())

    def stopTest(self, test):
        tell(self.outcome, test.id())
        super().stopTest(test)

    def addSkip(self, test, reason):
        self.outcome = "skip"

    def addFailure(self, test, err):
        self.outcome = "fail"

    def addError(self, test, err):
        self.outcome = "fail"
        if not hasattr(test, "_testMethodName"):
            # A class or module that could not be set up.
            tell("start", test.id())
            tell("fail", test.id())

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.outcome = "fail"


def tell(*words):
    print(*words, file=told, flush=True)


def tests_of(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests_of(item)
        else:
            yield item


told = sys.stdout

if __name__ == "__main__":
    module, *left_out = sys.argv[1:]
    names = set()
    for path in left_out:
        with open(path, encoding="utf-8") as file:
            names.update(file.read().splitlines())
    # What the tests print is not for the reader of the outcomes.
    sys.stdout = sys.stderr
    sys.argv = [module]
    chosen = [test for test in tests_of(load(module)) if test.id() not in names]
    unittest.TestSuite(chosen).run(Outcomes())
    tell("end")
