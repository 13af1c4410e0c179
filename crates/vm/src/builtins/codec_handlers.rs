//! The standard error handlers as Python functions: `codecs.lookup_error("replace")` and so on.
//!
//! They work on the exception objects; codecs of the runtime itself take the short way (`codec_native`).

use object_model::text::codec::{CodecError, Encoding, Order, Replacement};
use object_model::text::handlers::{Handler, Refusal};
use object_model::text::units::OwnedUnits;

use super::codec_registry::normalise;
use super::native_function::NativeFunction;
use super::str::of_owned;
use crate::exceptions::base::BaseException;
use crate::exceptions::unicode::{ENCODING, END, OBJECT, START};
use crate::native::{NativeDef, Role};
use crate::prelude::*;

/// The parts of an exception that handlers look at.
struct Failure {
    object: Value,
    encoding: Encoding,
    start: usize,
    end: usize,
}

fn failure(
    th: &mut Thread,
    exception: &Value,
    length: impl Fn(&Thread, &Value) -> usize,
) -> PyResult<Failure> {
    let Some(base) = th.downcast::<BaseException>(exception) else {
        return Err(th.type_error("argument must be a UnicodeError"));
    };
    let object = base.extra(th, OBJECT).unwrap_or(Value::NONE);
    let encoding = base.extra(th, ENCODING);
    let encoding = encoding.as_ref().and_then(|e| th.as_str(e)).map(|e| normalise(&e.units().to_str_lossy()));
    let encoding = match encoding.as_deref() {
        // What the codecs with a mark call themselves has the order of the machine.
        Some("utf_16" | "utf16") => Encoding::Utf16(Order::NATIVE),
        Some("utf_32" | "utf32") => Encoding::Utf32(Order::NATIVE),
        Some(name) => Encoding::from_name(name).unwrap_or(Encoding::Ascii),
        None => Encoding::Ascii,
    };
    let whole = length(th, &object);
    let number = |field: usize| base.extra(th, field).and_then(|v| v.as_small_int()).unwrap_or(0);
    let start = usize::try_from(number(START)).unwrap_or(0).min(whole.saturating_sub(1));
    let end = usize::try_from(number(END)).unwrap_or(0).clamp(start.saturating_add(1).min(whole), whole);
    Ok(Failure { object, encoding, start, end })
}

fn done(th: &mut Thread, replacement: Value, next: usize) -> Value {
    let next = th.int(next as i64);
    th.tuple(vec![replacement, next])
}

fn refuse(th: &mut Thread, exception: &Value) -> Raised {
    let name = th.type_name(exception);
    th.type_error(format_args!("don't know how to handle {name} in error callback"))
}

fn is(th: &mut Thread, exception: &Value, class: Exc) -> bool {
    th.type_of(exception).is_subtype(th, class.class())
}

/// Calls the handler for an exception object: `(replacement, position)`.
pub fn handle(th: &mut Thread, handler: Handler, exception: &Value) -> PyResult {
    if !is(th, exception, Exc::BaseException) {
        return Err(th.type_error("codec must pass exception instance"));
    }
    if handler == Handler::Strict {
        return Err(th.raise(exception.clone()));
    }
    if is(th, exception, Exc::UnicodeDecodeError) {
        let failed =
            failure(th, exception, |th, o| th.downcast::<Bytes>(o).map_or(0, |b| b.as_slice().len()))?;
        let Some(bytes) = th.downcast::<Bytes>(&failed.object).cloned() else {
            return Err(refuse(th, exception));
        };
        let error = CodecError { start: failed.start, end: failed.end, reason: "".into() };
        return match handler.decode(failed.encoding, bytes.as_slice(), &error) {
            Ok((text, next)) => {
                let text = of_owned(th, &text)?;
                Ok(done(th, text, next))
            }
            Err(Refusal::Raise) => Err(th.raise(exception.clone())),
            Err(Refusal::WrongDirection) => Err(refuse(th, exception)),
        };
    }
    let translating = is(th, exception, Exc::UnicodeTranslateError);
    if !translating && !is(th, exception, Exc::UnicodeEncodeError) {
        return Err(refuse(th, exception));
    }
    let failed = failure(th, exception, |th, o| th.as_str(o).map_or(0, |t| t.len()))?;
    let Some(text) = th.as_str(&failed.object).cloned() else { return Err(refuse(th, exception)) };
    if translating {
        match handler {
            Handler::Replace => {
                let marks: OwnedUnits = std::iter::repeat_n(0xfffd_u32, failed.end - failed.start).collect();
                let marks = of_owned(th, &marks)?;
                return Ok(done(th, marks, failed.end));
            }
            Handler::Ignore | Handler::BackslashReplace => {}
            _ => return Err(refuse(th, exception)),
        }
    }
    let error = CodecError { start: failed.start, end: failed.end, reason: "".into() };
    match handler.encode(failed.encoding, text.units(), &error) {
        Ok((Replacement::Text(text), next)) => {
            let text = of_owned(th, &text)?;
            Ok(done(th, text, next))
        }
        Ok((Replacement::Bytes(bytes), next)) => {
            // Surrogates become bytes; what the others write is text.
            let made = match handler {
                Handler::SurrogateEscape | Handler::SurrogatePass => th.bytes(&bytes)?,
                _ => super::str::of_units(th, object_model::text::Units::Latin1(&bytes))?,
            };
            Ok(done(th, made, next))
        }
        Err(Refusal::Raise) => Err(th.raise(exception.clone())),
        Err(Refusal::WrongDirection) => Err(refuse(th, exception)),
    }
}

macro_rules! handlers {
    ($($text:literal $name:literal $handler:ident $doc:literal)*) => {
        static DEFINITIONS: &[(&str, NativeDef)] = &[$(($text, NativeDef {
            name: $name,
            function: |th, args| match args.positional {
                [exception] if !args.has_keywords() => handle(th, Handler::$handler, exception),
                more => {
                    let given = more.len();
                    Err(th.type_error(format_args!(concat!($name, "() takes exactly one argument ({} given)"), given)))
                }
            },
            role: Role::Function,
            text_signature: "",
            doc: $doc,
        }),)*];
    };
}

handlers! {
    "strict" "strict_errors" Strict
    "Implements the 'strict' error handling, which raises a UnicodeError on coding errors."
    "ignore" "ignore_errors" Ignore
    "Implements the 'ignore' error handling, which ignores malformed data and continues."
    "replace" "replace_errors" Replace
    "Implements the 'replace' error handling, which replaces malformed data with a replacement marker."
    "xmlcharrefreplace" "xmlcharrefreplace_errors" XmlCharRefReplace
    "Implements the 'xmlcharrefreplace' error handling, which replaces an unencodable character with the appropriate XML character reference."
    "backslashreplace" "backslashreplace_errors" BackslashReplace
    "Implements the 'backslashreplace' error handling, which replaces malformed data with a backslashed escape sequence."
    "namereplace" "namereplace_errors" NameReplace
    "Implements the 'namereplace' error handling, which replaces an unencodable character with a \\N{...} escape sequence."
    "surrogatepass" "surrogatepass" SurrogatePass ""
    "surrogateescape" "surrogateescape" SurrogateEscape ""
}

/// The handler called `name` as a Python function: the same object each time.
pub fn function(th: &mut Thread, name: &str) -> Option<Value> {
    static MADE: [OnceLock<Value>; 8] = [const { OnceLock::new() }; 8];
    let number = DEFINITIONS.iter().position(|(text, _)| *text == name)?;
    let (_, definition) = &DEFINITIONS[number];
    Some(MADE.get(number)?.get_or_init(|| NativeFunction::free(th, definition, None)).clone())
}
