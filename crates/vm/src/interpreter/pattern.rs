//! `match` statements.

use compiler::bytecode::instruction::{Instruction, KILL_B, KILL_C};
use object_model::string::Str;
use object_model::tuple::Tuple;
use object_model::ty::flag;
use object_model::value::singleton::UNBOUND;
use object_model::{Obj, Value};

use super::attribute::{kill, put, take};
use crate::class;
use crate::error::PyResult;
use crate::exceptions::Exc;
use crate::frame::Frame;
use crate::names::names;
use crate::thread::Thread;

fn value<'a>(frame: Frame, register: u16) -> &'a Value {
    // SAFETY: a register holds a valid value; callers clone before they write it.
    unsafe { Value::borrow_word(&*frame.register(register as usize)) }
}

/// `GET_LEN`
#[inline(never)]
pub fn length(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let subject = value(frame, i.b).clone();
    let length = th.length(&subject)?;
    kill(th, frame, i, KILL_B, i.b);
    let length = th.int(length as i64);
    put(th, frame, i.a as usize, length);
    Ok(())
}

/// `MATCH_MAPPING`
#[inline(never)]
pub fn mapping(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let is = class::type_of(value(frame, i.b)).payload.has(flag::MAPPING);
    put(th, frame, i.a as usize, Value::bool(is));
    Ok(())
}

/// `MATCH_SEQUENCE`
#[inline(never)]
pub fn sequence(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let is = class::type_of(value(frame, i.b)).payload.has(flag::SEQUENCE);
    put(th, frame, i.a as usize, Value::bool(is));
    Ok(())
}

/// `MATCH_KEYS`
#[inline(never)]
pub fn keys(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let subject = value(frame, i.b).clone();
    let keys = value(frame, i.c).clone();
    let items: Vec<Value> = th.exact::<Tuple>(&keys).map(|t| t.items().to_vec()).unwrap_or_default();
    let mut seen: Vec<Value> = Vec::new();
    let mut values = Vec::with_capacity(items.len());
    let get = if items.is_empty() { None } else { Some(th.get_attr(&subject, &names().get)?) };
    let missing = Obj::new(th, object_model::shape::builtin::OBJECT, class::Plain).into_value();
    for key in items {
        for other in &seen {
            if th.eq(other, &key)? {
                let text = th.repr(&key)?;
                let text = text.units().to_str_lossy().to_string();
                return Err(th.value_error(format_args!("mapping pattern checks duplicate key ({text})")));
            }
        }
        let Some(get) = &get else { break };
        let found = th.call(get, &[key.clone(), missing.clone()])?;
        if found.is(&missing) {
            put(th, frame, i.a as usize, Value::NONE);
            return Ok(());
        }
        seen.push(key);
        values.push(found);
    }
    kill(th, frame, i, KILL_C, i.c);
    let values = th.tuple(values);
    put(th, frame, i.a as usize, values);
    Ok(())
}

/// `MATCH_REST`
#[inline(never)]
pub fn rest(th: &mut Thread, frame: Frame, i: Instruction) -> PyResult<()> {
    let subject = value(frame, i.b).clone();
    let keys = take(frame, i, KILL_C, i.c);
    let rest = Obj::dict(th);
    th.dict_update(&rest, &subject)?;
    for key in th.collect(&keys)? {
        th.dict_del(&rest, &key)?;
    }
    put(th, frame, i.a as usize, rest.into_value());
    Ok(())
}

/// `MATCH_CLASS`
#[inline(never)]
pub fn class(th: &mut Thread, frame: Frame, i: Instruction, positional: usize) -> PyResult<()> {
    let subject = value(frame, i.b).clone();
    let taken = |n: usize| {
        // SAFETY: the run's registers hold values, which are consumed.
        unsafe { Value::from_word(std::mem::replace(&mut *frame.register(i.c as usize + n), UNBOUND)) }
    };
    let (pattern, keywords) = (taken(0), taken(1));
    let result = match_class(th, &subject, &pattern, &keywords, positional)?.unwrap_or(Value::NONE);
    put(th, frame, i.a as usize, result);
    Ok(())
}

fn match_class(
    th: &mut Thread,
    subject: &Value,
    pattern: &Value,
    keywords: &Value,
    positional: usize,
) -> PyResult<Option<Value>> {
    let Some(kind) = th.as_class(pattern) else {
        return Err(th.type_error("called match pattern must be a class"));
    };
    if !th.is_instance(subject, pattern)? {
        return Ok(None);
    }
    let kind_name = crate::class::tp_name(th, kind);
    let mut attributes = Vec::new();
    let mut seen: Vec<Obj<Str>> = Vec::new();
    if positional > 0 {
        let declared = th.find_attr_or_none(pattern, &names().match_args)?;
        let declared = match declared {
            Some(declared) => match th.exact::<Tuple>(&declared) {
                Some(tuple) => Some(tuple.items().to_vec()),
                None => {
                    let found = th.type_name(&declared);
                    return Err(th.type_error(format_args!(
                        "{kind_name}.__match_args__ must be a tuple (got {found})"
                    )));
                }
            },
            None => None,
        };
        let match_self = declared.is_none() && kind.payload.has(flag::MATCH_SELF);
        let allowed = if match_self { 1 } else { declared.as_ref().map_or(0, Vec::len) };
        if positional > allowed {
            let plural = if allowed == 1 { "" } else { "s" };
            return Err(th.type_error(format_args!(
                "{kind_name}() accepts {allowed} positional sub-pattern{plural} ({positional} given)"
            )));
        }
        if match_self {
            attributes.push(subject.clone());
        }
        for name in declared.iter().flatten().take(positional) {
            let Some(name) = th.as_str(name).cloned() else {
                let found = th.type_name(name);
                return Err(
                    th.type_error(format_args!("__match_args__ elements must be strings (got {found})"))
                );
            };
            match match_attribute(th, subject, &kind_name, name, &mut seen)? {
                Some(attribute) => attributes.push(attribute),
                None => return Ok(None),
            }
        }
    }
    for name in th.collect(keywords)? {
        let Some(name) = th.as_str(&name).cloned() else { continue };
        match match_attribute(th, subject, &kind_name, name, &mut seen)? {
            Some(attribute) => attributes.push(attribute),
            None => return Ok(None),
        }
    }
    Ok(Some(th.tuple(attributes)))
}

fn match_attribute(
    th: &mut Thread,
    subject: &Value,
    kind: &str,
    name: Obj<Str>,
    seen: &mut Vec<Obj<Str>>,
) -> PyResult<Option<Value>> {
    if seen.iter().any(|s| s.same(&name)) {
        let name = name.units().to_str_lossy().to_string();
        return Err(th.type_error(format_args!("{kind}() got multiple sub-patterns for attribute '{name}'")));
    }
    let found = th.get_attr(subject, &name);
    seen.push(name);
    th.catch(found, Exc::AttributeError)
}
