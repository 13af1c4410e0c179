//! Binding where the arguments lie: keyword arguments, `*args`, `**kwargs` and defaults of Python functions called by Python code,
//! without taking the window out. Whatever is wrong with a call, or rare, is left to `call::bind`, which knows the
//! messages.

use compiler::bytecode::code::flags;
use object_model::shape::builtin;
use object_model::string::Str;
use object_model::value::singleton::UNBOUND;
use object_model::{Obj, Object, Value};

use super::build::move_out;
use crate::builtins::code::Code;
use crate::builtins::function::Function;
use crate::frame::Frame;
use crate::thread::Thread;

/// Keyword arguments of a call, and parameters after the given ones, that are bound here at most.
const MOST: usize = 16;

/// Binds `count` arguments, which lie in the first registers of `frame`, those called `names` last, to the parameters of
/// `function`. False: nothing was changed, and the call is for `call::bind`.
pub(super) fn in_place(
    th: &mut Thread,
    frame: Frame,
    function: &Obj<Function>,
    code: &Object<Code>,
    count: usize,
    names: &[Value],
) -> bool {
    let unit = &code.payload.unit;
    let positional = unit.arg_count as usize;
    let named = positional + unit.kwonly_count as usize;
    let given = count - names.len();
    let varargs = unit.flags & flags::VARARGS != 0;
    let varkeywords = unit.flags & flags::VARKEYWORDS != 0;
    if given > positional && !varargs {
        return false;
    }
    let first = given.min(positional);
    if named - first > MOST {
        return false;
    }
    // For each parameter from `first` on, which keyword argument it gets.
    let mut sources = [None; MOST];
    let mut others = false;
    for (number, name) in names.iter().enumerate() {
        let mut variables = code.payload.variables.iter().take(named);
        match variables.position(|variable| variable.as_value().is(name)) {
            Some(found) if found >= first && found >= unit.posonly_count as usize => {
                sources[found - first] = Some(number);
            }
            // Given twice, if it is not a positional-only parameter's name, or there is nothing that takes it.
            Some(found) if found >= unit.posonly_count as usize || !varkeywords => return false,
            None if !varkeywords => return false,
            _ => others = true,
        }
    }
    let defaults = function.defaults.get(th);
    let by_position = defaults.positional.as_ref().map_or(&[][..], |tuple| tuple.items());
    let mut words = [UNBOUND; MOST];
    let parameters = (first..named).zip(sources).zip(&mut words);
    for ((number, source), word) in parameters {
        let value = match source {
            // Moved below, when nothing can go wrong any more.
            Some(_) => continue,
            None if number < positional => (number + by_position.len())
                .checked_sub(positional)
                .and_then(|at| by_position.get(at))
                .cloned(),
            None => {
                let variable = code.payload.variables.get(number);
                defaults.keyword.as_ref().zip(variable).and_then(|(dict, name)| dict.get_str(th, name))
            }
        };
        match value {
            Some(value) => *word = value.into_word(),
            None => {
                give_up(&words);
                return false;
            }
        }
    }
    let keywords = if varkeywords {
        let dict = Obj::dict(th);
        for (number, name) in names.iter().enumerate().filter(|_| others) {
            let taken = sources.contains(&Some(number));
            // SAFETY: an argument's register; the compiler's keyword names are strings.
            let (name, value) = unsafe {
                (Obj::<Str>::borrow_unchecked(name), Value::borrow_word(&*frame.register(given + number)))
            };
            if !taken && dict.set_str(th, name, value.clone()).is_err() {
                give_up(&words);
                return false;
            }
        }
        Some(dict)
    } else {
        None
    };
    let rest = if varargs {
        let length = given - first;
        let rest = match length {
            0 => Ok(th.tuple(Vec::new())),
            _ => Obj::from_exact(th, builtin::TUPLE, length, |n| move_out(frame, positional + n))
                .map(Obj::into_value),
        };
        match rest {
            Ok(tuple) => Some(tuple),
            Err(_) => {
                give_up(&words);
                return false;
            }
        }
    } else {
        None
    };
    for (source, word) in sources.iter().zip(&mut words) {
        if let Some(number) = source {
            *word = move_out(frame, given + number).into_word();
        }
    }
    if others {
        for number in 0..names.len() {
            drop(move_out(frame, given + number));
        }
    }
    for (number, word) in (first..named).zip(words) {
        // SAFETY: a parameter's register, which holds no reference: it was given nothing, or that was moved out.
        unsafe { frame.register(number).write(word) };
    }
    if let Some(keywords) = keywords {
        // SAFETY: as above.
        unsafe { frame.register(named + usize::from(varargs)).write(keywords.into_value().into_word()) };
    }
    if let Some(rest) = rest {
        // SAFETY: as above.
        unsafe { frame.register(named).write(rest.into_word()) };
    }
    true
}

/// Drops what was taken for nothing.
#[cold]
fn give_up(words: &[u64]) {
    for word in words {
        // SAFETY: each word is UNBOUND or owns its reference.
        drop(unsafe { Value::from_word(*word) });
    }
}
