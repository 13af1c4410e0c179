//! Nodes as Python objects: making them of a tree, and reading them back.
//!
//! Invariant: classes and the objects of the kinds without fields are made once and never die.

use compiler::bytecode::code::Constant;
use compiler::tree::kinds::{Count, FieldInfo, Holds, KINDS, Places};
use compiler::tree::{Field, Kind, Node, Place};
use vm::builtins::code::constant_value;
use vm::builtins::int::as_exact_int;
use vm::class::attribute::set_own;
use vm::class::construct::allocate;
use vm::object_model::text::units::OwnedUnits;
use vm::prelude::*;

/// The class of a kind.
struct Row {
    class: Class,
    /// The only object that trees use, of a kind without fields that is a mark.
    mark: Option<Value>,
    names: Vec<Obj<Str>>,
}

/// What is known about the classes.
pub struct Classes {
    rows: Vec<Row>,
    base: Value,
    places: [Obj<Str>; 4],
    /// The classes again, so that they stay alive.
    _made: Obj<Dict>,
}

static CLASSES: OnceLock<Classes> = OnceLock::new();

/// Families whose kinds are marks: an object of them says nothing but its kind.
const MARKS: [&str; 5] = ["expr_context", "boolop", "operator", "unaryop", "cmpop"];

/// Makes the classes and answers them by name.
pub fn make_classes(th: &mut Thread) -> PyResult<Obj<Dict>> {
    if let Some(known) = CLASSES.get() {
        return Ok(known._made.clone());
    }
    let table: Vec<Value> = KINDS
        .iter()
        .map(|kind| {
            let fields = kind.fields.iter().map(|field| {
                let holds = match field.holds {
                    Holds::Node(family) => family,
                    Holds::Identifier => "identifier",
                    Holds::Int => "int",
                    Holds::Text => "string",
                    Holds::Constant => "constant",
                };
                let count = match field.count {
                    Count::One => 1,
                    Count::Optional => 2,
                    Count::Many => 3,
                };
                th.tuple(vec![th.intern(field.name).into_value(), th.str(holds), th.int(count)])
            });
            let fields = fields.collect();
            let places = match kind.places {
                Places::None => 0,
                Places::OptionalEnd => 1,
                Places::Whole => 2,
            };
            let row = vec![th.str(kind.family), th.str(kind.name), th.int(places), th.list(fields)];
            th.tuple(row)
        })
        .collect();
    let table = th.list(table);
    let make = crate::support::import_attr(th, "_ast_nodes", "make")?;
    let made = th.call(&make, &[table])?;
    let Some(made) = th.exact::<Dict>(&made).cloned() else {
        return Err(th.system_error("the classes of syntax trees could not be made"));
    };
    let mut rows = Vec::with_capacity(KINDS.len());
    for kind in KINDS {
        let name = th.str(kind.name);
        let class = th.get_item(made.as_value(), &name)?;
        let mark =
            if MARKS.contains(&kind.family) { Some(th.get_attr_str(&class, "_singleton")?) } else { None };
        let Some(class) = th.as_class(&class) else {
            return Err(th.system_error("a class of syntax trees is missing"));
        };
        let names = kind.fields.iter().map(|field| th.intern(field.name)).collect();
        rows.push(Row { class, mark, names });
    }
    let name = th.str("AST");
    let base = th.get_item(made.as_value(), &name)?;
    let places = ["lineno", "col_offset", "end_lineno", "end_col_offset"].map(|name| th.intern(name));
    let _ = CLASSES.set(Classes { rows, base, places, _made: made.clone() });
    Ok(made)
}

/// The classes, which the module makes when it is imported.
pub fn classes(th: &mut Thread) -> PyResult<&'static Classes> {
    if CLASSES.get().is_none() {
        make_classes(th)?;
    }
    match CLASSES.get() {
        Some(classes) => Ok(classes),
        None => Err(th.system_error("the classes of syntax trees are missing")),
    }
}

/// True if the value is a node.
pub fn is_node(th: &mut Thread, value: &Value) -> PyResult<bool> {
    let classes = classes(th)?;
    let Some(base) = th.as_class(&classes.base) else { return Ok(false) };
    Ok(th.type_of(value).is_subtype(th, base))
}

/// Text of a tree as a str; names are interned.
fn text(th: &mut Thread, wtf8: &[u8]) -> PyResult {
    if wtf8.is_ascii()
        && let Ok(text) = std::str::from_utf8(wtf8)
    {
        return Ok(th.intern(text).into_value());
    }
    match OwnedUnits::from_wtf8(wtf8) {
        Some(units) => th.units(units.units()),
        None => Err(th.system_error("bad text in a syntax tree")),
    }
}

/// The object for a tree.
pub fn to_object(th: &mut Thread, node: &Node) -> PyResult {
    th.check_native_stack()?;
    let classes = classes(th)?;
    let Some(row) = classes.rows.get(node.kind as usize) else {
        return Err(th.system_error("unknown kind of node"));
    };
    if let Some(mark) = &row.mark {
        return Ok(mark.clone());
    }
    let object = allocate(th, row.class)?;
    let Some(header) = object.as_header() else { return Ok(object) };
    for (name, field) in row.names.iter().zip(&node.fields) {
        let value = field_value(th, field)?;
        set_own(th, header, name, value)?;
    }
    if node.kind.info().places != Places::None {
        let Place { line, column, end_line, end_column } = node.place;
        for (name, number) in classes.places.iter().zip([line, column, end_line, end_column]) {
            let number = th.int(number.into());
            set_own(th, header, name, number)?;
        }
    }
    Ok(object)
}

fn field_value(th: &mut Thread, field: &Field) -> PyResult {
    match field {
        Field::None => Ok(Value::NONE),
        Field::Node(node) => to_object(th, node),
        Field::List(items) => {
            let values = items.iter().map(|item| field_value(th, item)).collect::<PyResult<Vec<_>>>()?;
            Ok(th.list(values))
        }
        Field::Text(wtf8) => text(th, wtf8),
        Field::Int(number) => Ok(th.int(*number)),
        Field::Constant(constant) => constant_value(th, constant),
    }
}

// Reading.

/// The kind of an object, if it is a node of the family.
fn kind_of(th: &mut Thread, classes: &Classes, object: &Value, family: &str) -> Option<Kind> {
    let own = th.type_of(object);
    let of_family = |row: &usize| KINDS[*row].family == family;
    let exact = classes.rows.iter().position(|row| std::ptr::eq(row.class, own)).filter(of_family);
    let found = exact.or_else(|| {
        (0..classes.rows.len()).find(|row| of_family(row) && own.is_subtype(th, classes.rows[*row].class))
    });
    found.map(|row| KINDS[row].kind)
}

/// Reads a tree whose root is of the family.
pub fn from_object(th: &mut Thread, object: &Value, family: &str) -> PyResult<Node> {
    let classes = classes(th)?;
    if th.check_native_stack().is_err() {
        th.clear_exception();
        let message = format!("maximum recursion depth exceeded while traversing '{family}' node");
        return Err(th.recursion_error(&message));
    }
    let Some(kind) = kind_of(th, classes, object, family) else {
        let shown = th.repr(object)?;
        let shown = shown.units().to_str_lossy().into_owned();
        return Err(th.type_error(format_args!("expected some sort of {family}, but got {shown}")));
    };
    let info = kind.info();
    let mut place = Place::default();
    if info.places != Places::None {
        let line = required_number(th, object, "lineno", info.family)?;
        let column = required_number(th, object, "col_offset", info.family)?;
        let (end_line, end_column) = match info.places {
            Places::Whole => (
                required_number(th, object, "end_lineno", info.family)?,
                required_number(th, object, "end_col_offset", info.family)?,
            ),
            _ => (
                optional_number(th, object, "end_lineno")?.unwrap_or(line),
                optional_number(th, object, "end_col_offset")?.unwrap_or(column),
            ),
        };
        place = Place { line, column, end_line, end_column };
    }
    let row = &classes.rows[kind as usize];
    let mut fields = Vec::with_capacity(info.fields.len());
    for (field, name) in info.fields.iter().zip(&row.names) {
        fields.push(read_field(th, object, kind, field, name)?);
    }
    Ok(Node { kind, place, fields })
}

fn number_of(th: &mut Thread, value: &Value) -> PyResult<i64> {
    match vm::builtins::int::as_int(value) {
        Some(_) => {
            let number = th.index(value)?;
            if i32::try_from(number).is_err() {
                return Err(th.overflow_error("Python int too large to convert to C int"));
            }
            Ok(number)
        }
        None => {
            let shown = th.repr(value)?;
            let shown = shown.units().to_str_lossy().into_owned();
            Err(th.value_error(format_args!("invalid integer value: {shown}")))
        }
    }
}

fn required_number(th: &mut Thread, object: &Value, name: &str, owner: &str) -> PyResult<i32> {
    match th.lookup_attr(object, name)? {
        Some(value) => Ok(number_of(th, &value)? as i32),
        None => Err(th.type_error(format_args!("required field \"{name}\" missing from {owner}"))),
    }
}

fn optional_number(th: &mut Thread, object: &Value, name: &str) -> PyResult<Option<i32>> {
    match th.lookup_attr(object, name)? {
        Some(value) if !value.is_none() => Ok(Some(number_of(th, &value)? as i32)),
        _ => Ok(None),
    }
}

fn read_field(
    th: &mut Thread,
    object: &Value,
    kind: Kind,
    field: &FieldInfo,
    name: &Obj<Str>,
) -> PyResult<Field> {
    let owner = kind.info().name;
    let given = th.find_attr_or_none(object, name)?;
    match field.count {
        Count::Many => {
            let Some(value) = given else { return Ok(Field::List(Vec::new())) };
            let Some(list) = th.downcast::<List>(&value).cloned() else {
                let found = th.type_name(&value);
                let name = field.name;
                return Err(
                    th.type_error(format_args!("{owner} field \"{name}\" must be a list, not a {found}"))
                );
            };
            let length = list.len();
            let mut items = Vec::with_capacity(length);
            for index in 0..length {
                let Some(item) = list.get(th, index) else { break };
                items.push(read_value(th, &item, field)?);
                if list.len() != length {
                    let name = field.name;
                    return Err(th.runtime_error(format_args!(
                        "{owner} field \"{name}\" changed size during iteration"
                    )));
                }
            }
            Ok(Field::List(items))
        }
        Count::Optional => match given {
            Some(value) if !value.is_none() => read_value(th, &value, field),
            _ if field.holds == Holds::Int => Ok(Field::Int(0)),
            _ => Ok(Field::None),
        },
        Count::One => {
            let Some(value) = given else {
                let name = field.name;
                return Err(th.type_error(format_args!("required field \"{name}\" missing from {owner}")));
            };
            if value.is_none() && matches!(field.holds, Holds::Node(_) | Holds::Identifier) {
                let name = field.name;
                return Err(th.value_error(format_args!("field '{name}' is required for {owner}")));
            }
            read_value(th, &value, field)
        }
    }
}

fn read_value(th: &mut Thread, value: &Value, field: &FieldInfo) -> PyResult<Field> {
    match field.holds {
        Holds::Node(_) if value.is_none() => Ok(Field::None),
        Holds::Node(family) => Ok(Field::Node(Box::new(from_object(th, value, family)?))),
        Holds::Identifier => match vm::class::exact_str(value) {
            Some(text) => Ok(Field::Text(text.units().to_wtf8().into())),
            None => Err(th.type_error("AST identifier must be of type str")),
        },
        Holds::Text => match vm::class::exact_str(value) {
            Some(text) => Ok(Field::Text(text.units().to_wtf8().into())),
            None if th.exact::<Bytes>(value).is_some() => Ok(Field::Text(th.buffer_to_vec(value)?.into())),
            None => Err(th.type_error("AST string must be of type str")),
        },
        Holds::Int => Ok(Field::Int(number_of(th, value)?)),
        Holds::Constant => Ok(Field::Constant(constant(th, value)?)),
    }
}

/// A value as a constant.
fn constant(th: &mut Thread, value: &Value) -> PyResult<Constant> {
    th.check_native_stack()?;
    if value.is_none() {
        return Ok(Constant::None);
    }
    if let Some(truth) = value.as_bool() {
        return Ok(if truth { Constant::True } else { Constant::False });
    }
    if value.is(&Value::ELLIPSIS) {
        return Ok(Constant::Ellipsis);
    }
    if let Some(text) = vm::class::exact_str(value) {
        return Ok(Constant::Str(text.units().to_wtf8().into()));
    }
    if as_exact_int(value).is_some() {
        return match value.as_small_int() {
            Some(number) => Ok(Constant::Int(number)),
            None => {
                let pattern = th.str("x");
                let digits = th.call_method(value, "__format__", &[pattern])?;
                let digits = crate::support::text_of(th, &digits, "digits")?;
                match i64::from_str_radix(&digits, 16) {
                    Ok(number) => Ok(Constant::Int(number)),
                    Err(_) => Ok(Constant::BigInt(digits.into())),
                }
            }
        };
    }
    if let Some(number) = vm::builtins::float::as_exact_float(value) {
        return Ok(Constant::Float(number));
    }
    if let Some(number) = th.exact::<Complex>(value) {
        return Ok(Constant::Complex(number.real, number.imaginary));
    }
    if let Some(bytes) = th.exact::<Bytes>(value) {
        return Ok(Constant::Bytes(bytes.as_slice().into()));
    }
    if let Some(tuple) = th.exact::<Tuple>(value).cloned() {
        let items = tuple.items().iter().map(|item| constant(th, item)).collect::<PyResult<Vec<_>>>()?;
        return Ok(Constant::Tuple(items.into()));
    }
    if th.type_name(value) == "frozenset" {
        let items = th.collect(value)?;
        let items = items.iter().map(|item| constant(th, item)).collect::<PyResult<Vec<_>>>()?;
        return Ok(Constant::FrozenSet(items.into()));
    }
    let found = th.type_name(value);
    Err(th.type_error(format_args!("got an invalid type in Constant: {found}")))
}

/// The family of a node that is no other's.
pub fn family_of(th: &mut Thread, object: &Value) -> PyResult<Option<&'static str>> {
    let classes = classes(th)?;
    let own = th.type_of(object);
    let row = classes.rows.iter().position(|row| own.is_subtype(th, row.class));
    Ok(row.map(|row| KINDS[row].family))
}
