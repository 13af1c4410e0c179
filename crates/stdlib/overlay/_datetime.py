"""The classes of `datetime` under the name of the native module: they are those of `_pydatetime`."""

from _pydatetime import *
from _pydatetime import __all__
