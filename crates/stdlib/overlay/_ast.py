"""The node classes of abstract syntax trees.

Each line of the table is a class with its fields; an indented one derives from the class above that is not. `*` marks a
list, `?` an optional field; the names after `@` are attributes of all classes below.

Making trees from source is not implemented yet: `compile(..., PyCF_ONLY_AST)` says so.
"""

PyCF_ALLOW_TOP_LEVEL_AWAIT = 0x2000
PyCF_ONLY_AST = 0x400
PyCF_OPTIMIZED_AST = 0x8400
PyCF_TYPE_COMMENTS = 0x1000

_TABLE = """
mod: 
  Module: body* type_ignores*
  Interactive: body*
  Expression: body
  FunctionType: argtypes* returns
stmt:  @ lineno col_offset end_lineno? end_col_offset?
  FunctionDef: name args body* decorator_list* returns? type_comment? type_params*
  AsyncFunctionDef: name args body* decorator_list* returns? type_comment? type_params*
  ClassDef: name bases* keywords* body* decorator_list* type_params*
  Return: value?
  Delete: targets*
  Assign: targets* value type_comment?
  TypeAlias: name type_params* value
  AugAssign: target op value
  AnnAssign: target annotation value? simple
  For: target iter body* orelse* type_comment?
  AsyncFor: target iter body* orelse* type_comment?
  While: test body* orelse*
  If: test body* orelse*
  With: items* body* type_comment?
  AsyncWith: items* body* type_comment?
  Match: subject cases*
  Raise: exc? cause?
  Try: body* handlers* orelse* finalbody*
  TryStar: body* handlers* orelse* finalbody*
  Assert: test msg?
  Import: names*
  ImportFrom: module? names* level?
  Global: names*
  Nonlocal: names*
  Expr: value
  Pass: 
  Break: 
  Continue: 
expr:  @ lineno col_offset end_lineno? end_col_offset?
  BoolOp: op values*
  NamedExpr: target value
  BinOp: left op right
  UnaryOp: op operand
  Lambda: args body
  IfExp: test body orelse
  Dict: keys* values*
  Set: elts*
  ListComp: elt generators*
  SetComp: elt generators*
  DictComp: key value generators*
  GeneratorExp: elt generators*
  Await: value
  Yield: value?
  YieldFrom: value
  Compare: left ops* comparators*
  Call: func args* keywords*
  FormattedValue: value conversion format_spec?
  Interpolation: value str conversion format_spec?
  JoinedStr: values*
  TemplateStr: values*
  Constant: value kind?
  Attribute: value attr ctx
  Subscript: value slice ctx
  Starred: value ctx
  Name: id ctx
  List: elts* ctx
  Tuple: elts* ctx
  Slice: lower? upper? step?
expr_context: 
  Load: 
  Store: 
  Del: 
boolop: 
  And: 
  Or: 
operator: 
  Add: 
  Sub: 
  Mult: 
  MatMult: 
  Div: 
  Mod: 
  Pow: 
  LShift: 
  RShift: 
  BitOr: 
  BitXor: 
  BitAnd: 
  FloorDiv: 
unaryop: 
  Invert: 
  Not: 
  UAdd: 
  USub: 
cmpop: 
  Eq: 
  NotEq: 
  Lt: 
  LtE: 
  Gt: 
  GtE: 
  Is: 
  IsNot: 
  In: 
  NotIn: 
comprehension: target iter ifs* is_async
excepthandler:  @ lineno col_offset end_lineno? end_col_offset?
  ExceptHandler: type? name? body*
arguments: posonlyargs* args* vararg? kwonlyargs* kw_defaults* kwarg? defaults*
arg: arg annotation? type_comment? @ lineno col_offset end_lineno? end_col_offset?
keyword: arg? value @ lineno col_offset end_lineno? end_col_offset?
alias: name asname? @ lineno col_offset end_lineno? end_col_offset?
withitem: context_expr optional_vars?
match_case: pattern guard? body*
pattern:  @ lineno col_offset end_lineno end_col_offset
  MatchValue: value
  MatchSingleton: value
  MatchSequence: patterns*
  MatchMapping: keys* patterns* rest?
  MatchClass: cls patterns* kwd_attrs* kwd_patterns*
  MatchStar: name?
  MatchAs: pattern? name?
  MatchOr: patterns*
type_ignore: 
  TypeIgnore: lineno tag
type_param:  @ lineno col_offset end_lineno end_col_offset
  TypeVar: name bound? default_value?
  ParamSpec: name default_value?
  TypeVarTuple: name default_value?
"""


class AST:
    _fields = ()
    _attributes = ()
    __match_args__ = ()
    _optional = frozenset()
    _lists = frozenset()

    def __init__(self, *args, **kwargs):
        fields = self._fields
        if len(args) > len(fields):
            plural = "" if len(fields) == 1 else "s"
            raise TypeError(f"{type(self).__name__} constructor takes at most {len(fields)} "
                            f"positional argument{plural}")
        for name, value in zip(fields, args):
            if name in kwargs:
                raise TypeError(f"{type(self).__name__} got multiple values for argument {name!r}")
            setattr(self, name, value)
        for name, value in kwargs.items():
            setattr(self, name, value)
        for name in fields[len(args):]:
            if name not in kwargs and name in self._lists:
                setattr(self, name, [])

    def __reduce_ex__(self, protocol):
        return type(self), (), self.__dict__

    def __repr__(self):
        parts = [f"{name}={getattr(self, name)!r}" for name in self._fields if hasattr(self, name)]
        return f"{type(self).__name__}({', '.join(parts)})"


AST.__module__ = "ast"


def _make():
    above = AST
    for line in _TABLE.strip().splitlines():
        head, _, rest = line.partition(":")
        rest, _, attributes = rest.partition("@")
        fields = rest.split()
        names = tuple(field.rstrip("*?") for field in fields)
        optional = {field[:-1] for field in fields if field.endswith("?")}
        namespace = {
            "__module__": "ast",
            "_fields": names,
            "__match_args__": names,
            "_optional": frozenset(optional),
            "_lists": frozenset(field[:-1] for field in fields if field.endswith("*")),
        }
        namespace.update((name, None) for name in optional)
        base = above if line.startswith(" ") else AST
        if base is AST:
            given = attributes.split()
            namespace["_attributes"] = tuple(name.rstrip("?") for name in given)
            namespace.update((name[:-1], None) for name in given if name.endswith("?"))
        name = head.strip()
        globals()[name] = type(name, (base,), namespace)
        if base is AST:
            above = globals()[name]


_make()
