"""The node classes of abstract syntax trees, made from the table of the module `_ast`, whose classes they become."""

import sys
from types import GenericAlias, UnionType


def _warn(message):
    from warnings import warn
    warn(message, DeprecationWarning, stacklevel=3)


class AST:
    _fields = ()
    _attributes = ()
    __match_args__ = ()

    def __init__(self, /, *args, **kwargs):
        cls = type(self)
        fields = cls._fields
        count = len(fields)
        if len(args) > count:
            plural = "" if count == 1 else "s"
            raise TypeError(f"{cls.__name__} constructor takes at most {count} positional argument{plural}")
        remaining = set(fields)
        for name, value in zip(fields, args):
            setattr(self, name, value)
            remaining.discard(name)
        for name, value in kwargs.items():
            if name in fields:
                if name not in remaining:
                    raise TypeError(f"{_full_name(cls)} got multiple values for argument {name!r}")
                remaining.remove(name)
            elif name not in cls._attributes:
                _warn(f"{_full_name(cls)}.__init__ got an unexpected keyword argument {name!r}. "
                      "Support for arbitrary keyword arguments is deprecated and will be removed in Python 3.15.")
            setattr(self, name, value)
        if not remaining:
            return
        types = getattr(cls, "_field_types", None)
        if types is None:
            # A class of one's own, without types.
            return
        for name in fields:
            if name not in remaining:
                continue
            if name not in types:
                _warn(f"Field {name!r} is missing from {_full_name(cls)}._field_types. "
                      "This will become an error in Python 3.15.")
                continue
            kind = types[name]
            if isinstance(kind, UnionType):
                pass
            elif type(kind) is GenericAlias:
                setattr(self, name, [])
            elif kind is _made["expr_context"]:
                setattr(self, name, _made["Load"]._singleton)
            else:
                _warn(f"{_full_name(cls)}.__init__ missing 1 required positional argument: {name!r}. "
                      "This will become an error in Python 3.15.")

    def __reduce__(self):
        state = getattr(self, "__dict__", None)
        if state is None:
            return type(self), ()
        # Fields that must be given are given, so that nothing warns.
        positional = []
        for name in getattr(type(self), "_fields", ()):
            if name not in state:
                break
            positional.append(None)
        return type(self), tuple(positional), state

    def __replace__(self, /, **changes):
        cls = type(self)
        fields = getattr(cls, "_fields", None) or ()
        attributes = getattr(cls, "_attributes", None) or ()
        expecting = {*fields, *attributes}
        for name in changes:
            if name not in expecting:
                raise TypeError(f"{_full_name(cls)}.__replace__ got an unexpected keyword argument {name!r}.")
            expecting.discard(name)
        state = getattr(self, "__dict__", {})
        expecting.difference_update(state, attributes)
        for name, kind in getattr(cls, "_field_types", {}).items():
            if isinstance(kind, UnionType):
                expecting.discard(name)
        if expecting:
            plural = "" if len(expecting) == 1 else "s"
            names = ", ".join(sorted(map(repr, expecting)))
            raise TypeError(f"{_full_name(cls)}.__replace__ missing {len(expecting)} keyword argument{plural}: "
                            f"{names}.")
        values = {name: state[name] for name in (*fields, *attributes) if name in state}
        return cls(**(values | changes))

    def __repr__(self):
        return _repr(self, 3, set())


def _full_name(cls):
    return f"ast.{cls.__name__}" if cls.__module__ == "ast" else cls.__name__


def _repr(node, depth, active):
    name = type(node).__name__
    if depth <= 0 or id(node) in active:
        return f"{name}(...)"
    fields = getattr(type(node), "_fields", ())
    active.add(id(node))
    try:
        parts = [f"{field}={_repr_value(getattr(node, field), depth, active)}" for field in fields]
    finally:
        active.discard(id(node))
    return f"{name}({', '.join(parts)})"


def _repr_value(value, depth, active):
    if isinstance(value, (list, tuple)):
        if not value:
            return repr(value)
        shown = [value[0]] if len(value) == 1 else [value[0], value[-1]]
        texts = [_repr(item, depth - 1, active) if isinstance(item, AST) else repr(item) for item in shown]
        if len(value) > 2:
            texts.insert(1, "...")
        joined = ", ".join(texts)
        return f"[{joined}]" if isinstance(value, list) else f"({joined})"
    if isinstance(value, AST):
        return _repr(value, depth - 1, active)
    return repr(value)


_made = {}
_MARKS = {1: "", 2: "?", 3: "*"}


def _signature(name, fields):
    if not fields:
        return name
    return f"{name}({', '.join(f'{kind}{_MARKS[count]} {field}' for field, kind, count in fields)})"


def _family_doc(family, members):
    signatures = [_signature(name, fields) for name, fields in members]
    if not any(fields for _, fields in members):
        return f"{family} = {' | '.join(signatures)}"
    return f"{family} = " + f"\n{' ' * len(family)} | ".join(signatures)


def _class(name, base, doc, fields, places):
    names = tuple(sys.intern(field) for field, _, _ in fields)
    namespace = {"_fields": names, "__match_args__": names, "__module__": "ast", "__doc__": doc}
    for field, _, count in fields:
        if count == 2:
            namespace[field] = None
    if places is not None:
        namespace["_attributes"] = ("lineno", "col_offset", "end_lineno", "end_col_offset") if places else ()
        if places == 1:
            namespace["end_lineno"] = namespace["end_col_offset"] = None
    _made[name] = cls = type(name, (base,), namespace)
    return cls


def make(table):
    """The classes, by name. `table`: for each kind its family, name, places (0: none, 1: optional end, 2: whole) and
    fields, each a name, a type and a count (1: one, 2: optional, 3: list)."""
    AST.__module__ = "ast"
    for method in AST.__init__, AST.__reduce__, AST.__replace__, AST.__repr__:
        method.__module__ = "ast"
    _made["AST"] = AST
    families = {}
    for family, name, places, fields in table:
        families.setdefault(family, (places, []))[1].append((name, fields))
    for family, (places, members) in families.items():
        base = AST
        if members[0][0] != family:
            base = _class(family, AST, _family_doc(family, members), (), places)
            places = None
        for name, fields in members:
            cls = _class(name, base, _signature(name, fields), fields, places)
            if not fields:
                cls._singleton = cls()
    basic = {"identifier": str, "string": str, "int": int, "constant": object}
    for family, (_, members) in families.items():
        for name, fields in members:
            types = {}
            for field, kind, count in fields:
                cls = basic.get(kind) or _made[kind]
                types[field] = list[cls] if count == 3 else cls | None if count == 2 else cls
            _made[name]._field_types = _made[name].__annotations__ = types
    return _made
