import a.b.c
import a.b.c as d
from . import e
from ..f import g as h, i


def local():
    import os, sys as s
    from x import y
    return os, s, y
