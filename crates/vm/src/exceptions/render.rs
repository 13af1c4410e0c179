//! The text of an exception with its traceback, without help from Python code.
//!
//! The module `traceback` says more (suggestions, colours); this is for when it cannot be imported, and for
//! exceptions that nobody can receive.

use std::collections::HashMap;
use std::fmt::Write;

use compiler::bytecode::code::Position;

use super::base::{BaseException, notes};
use super::fields::number;
use super::groups;
use super::hierarchy::Exc;
use super::raise::as_exception;
use crate::frame::traceback::Traceback;
use crate::prelude::*;

const CAUSE: &str = "\nThe above exception was the direct cause of the following exception:\n\n";
const CONTEXT: &str = "\nDuring handling of the above exception, another exception occurred:\n\n";
/// The same line is shown this often before the rest is counted.
const REPEATS: usize = 3;
/// Members of a group, and groups in groups, that are shown.
const MAX_GROUP_WIDTH: usize = 15;
const MAX_GROUP_DEPTH: usize = 10;
/// Frames of one traceback that are shown: the outermost ones are left out.
const MAX_FRAMES: usize = 1000;
/// Exceptions of one chain that are shown.
const MAX_CHAIN: usize = 100;

/// The exception with what it is chained to, as an uncaught one is shown.
pub fn render(th: &mut Thread, exception: &Value) -> String {
    let mut out = String::new();
    let mut printer = Printer { files: HashMap::new() };
    printer.chain(th, exception, 0, &mut out);
    out
}

/// The exception alone.
pub fn render_one(th: &mut Thread, exception: &Value) -> String {
    let mut out = String::new();
    let mut printer = Printer { files: HashMap::new() };
    printer.exception(th, exception, 0, &mut out);
    out
}

struct Printer {
    /// Lines of source files, None where a file cannot be read.
    files: HashMap<String, Option<Vec<String>>>,
}

impl Printer {
    fn chain(&mut self, th: &mut Thread, exception: &Value, depth: usize, out: &mut String) {
        let mut chain: Vec<(Value, &str)> = vec![(exception.clone(), "")];
        while chain.len() < MAX_CHAIN {
            let Some((last, _)) = chain.last() else { break };
            let Some(this) = as_exception(th, last).cloned() else { break };
            let (cause, context) = (this.cause(th), this.context(th));
            let (next, message) = if !cause.is_none() {
                (cause, CAUSE)
            } else if !context.is_none() && !this.suppresses_context(th) {
                (context, CONTEXT)
            } else {
                break;
            };
            if chain.iter().any(|(seen, _)| seen.is(&next)) {
                break;
            }
            chain.push((next, message));
        }
        while let Some((exception, message)) = chain.pop() {
            self.exception(th, &exception, depth, out);
            // The message between two stands with the earlier one, which was found later.
            if !message.is_empty() {
                out.push_str(message);
            }
        }
    }

    fn exception(&mut self, th: &mut Thread, exception: &Value, depth: usize, out: &mut String) {
        let Some(this) = as_exception(th, exception).cloned() else {
            let name = th.type_name(exception);
            let _ = writeln!(out, "TypeError: print_exception(): Exception expected for value, {name} found");
            return;
        };
        let is_group = groups::is_group(th, exception);
        let traceback = this.traceback(th);
        if !traceback.is_none() {
            let head = match (is_group, depth) {
                (false, _) => "Traceback (most recent call last):\n",
                (true, 0) => "  + Exception Group Traceback (most recent call last):\n",
                (true, _) => "Exception Group Traceback (most recent call last):\n",
            };
            out.push_str(head);
            let mut frames = String::new();
            self.traceback(th, &traceback, &mut frames);
            out.push_str(&indent(&frames, if is_group && depth == 0 { "  | " } else { "" }));
        }
        let mut last = String::new();
        self.last_lines(th, &this, &mut last);
        out.push_str(&indent(&last, if is_group && depth == 0 { "  | " } else { "" }));
        if is_group {
            self.members(th, &this, depth, out);
        }
    }

    fn members(&mut self, th: &mut Thread, group: &Obj<BaseException>, depth: usize, out: &mut String) {
        let margin = if depth == 0 { "  " } else { "" };
        if depth >= MAX_GROUP_DEPTH {
            let _ = writeln!(out, "{margin}... (max_group_depth is {MAX_GROUP_DEPTH})");
            return;
        }
        let members = groups::members(th, group);
        let count = members.len();
        for (i, member) in members.iter().take(MAX_GROUP_WIDTH).enumerate() {
            let corner = if i == 0 { "+-+" } else { "  +" };
            let _ = writeln!(out, "{margin}{corner}---------------- {} ----------------", i + 1);
            let mut inner = String::new();
            self.chain(th, member, depth + 1, &mut inner);
            out.push_str(&indent(&inner, &format!("{margin}  | ")));
        }
        if count > MAX_GROUP_WIDTH {
            let more = count - MAX_GROUP_WIDTH;
            let plural = if more == 1 { "" } else { "s" };
            let _ = writeln!(out, "{margin}  +---------------- ... ----------------");
            let _ = writeln!(out, "{margin}  | and {more} more exception{plural}");
        }
        let _ = writeln!(out, "{margin}  +------------------------------------");
    }

    /// `File …` entries; runs of the same line are counted.
    fn traceback(&mut self, th: &mut Thread, traceback: &Value, out: &mut String) {
        let mut entries = Vec::new();
        let mut current = traceback.clone();
        while let Some(entry) = th.exact::<Traceback>(&current).cloned() {
            current = entry.next(th);
            entries.push(entry);
        }
        let skipped = entries.len().saturating_sub(MAX_FRAMES);
        let mut previous: Option<(String, i64, String)> = None;
        let mut repeated = 0;
        for entry in entries.drain(skipped..) {
            let Some(code) = entry.code(th) else { continue };
            let file = code.filename.units().to_str_lossy().into_owned();
            let name = code.name.units().to_str_lossy().into_owned();
            let line = entry.line(th);
            let place = (file, line, name);
            repeated = if previous.as_ref() == Some(&place) {
                repeated + 1
            } else {
                say_repeated(repeated, out);
                0
            };
            if repeated < REPEATS {
                let (file, line, name) = &place;
                let _ = writeln!(out, "  File \"{file}\", line {line}, in {name}");
                self.source(file, *line, Some(code.position(entry.index())), out);
            }
            previous = Some(place);
        }
        say_repeated(repeated, out);
    }

    /// The source line, with marks under the part that was at work.
    fn source(&mut self, file: &str, line: i64, position: Option<Position>, out: &mut String) {
        let Some(text) = self.line(file, line) else { return };
        let shown = text.trim();
        if shown.is_empty() {
            return;
        }
        let _ = writeln!(out, "    {shown}");
        let marked = |p: &Position| {
            i64::from(p.line) == line && p.end_column > p.column && crate::builtins::code::knows_columns()
        };
        let Some(p) = position.filter(marked) else { return };
        // Columns are bytes of the line; what is not on this line is marked to its end.
        let cut = text.len() - text.trim_start().len();
        let end = if p.end_line == p.line { p.end_column as usize } else { text.trim_end().len() };
        let (start, end) = (p.column as usize, end.min(text.trim_end().len()));
        let (Some(before), Some(marked)) = (text.get(cut..start), text.get(start..end)) else { return };
        if before.is_empty() && marked == shown {
            return;
        }
        let _ =
            writeln!(out, "    {}{}", " ".repeat(before.chars().count()), "^".repeat(marked.chars().count()));
    }

    fn line(&mut self, file: &str, line: i64) -> Option<String> {
        let lines = self.files.entry(file.to_owned()).or_insert_with(|| {
            let source = std::fs::read(file).ok().or_else(|| crate::import::finder::library_source(file))?;
            Some(String::from_utf8_lossy(&source).lines().map(str::to_owned).collect())
        });
        let number = usize::try_from(line).ok()?.checked_sub(1)?;
        lines.as_ref()?.get(number).cloned()
    }

    /// Class and message, what a SyntaxError points at, and notes.
    fn last_lines(&mut self, th: &mut Thread, this: &Obj<BaseException>, out: &mut String) {
        let class = th.type_of(this.as_value());
        let mut name = crate::class::full_name(th, class);
        if let Some(short) = name.strip_prefix("__main__.") {
            name = short.to_owned();
        }
        let is_syntax = class.is_subtype(th, Exc::SyntaxError.class());
        let has_place = is_syntax && this.extra(th, number::LINENO).is_some_and(|l| !l.is_none());
        let message = if has_place {
            self.syntax_place(th, this, out);
            let message = this.extra(th, number::MSG).unwrap_or(Value::NONE);
            text_of(th, &message)
        } else {
            text_of(th, this.as_value())
        };
        match message {
            Some(message) if message.is_empty() => {
                let _ = writeln!(out, "{name}");
            }
            Some(message) => {
                let _ = writeln!(out, "{name}: {message}");
            }
            None => {
                let _ = writeln!(out, "{name}: <exception str() failed>");
            }
        }
        let Some(notes) = notes(th, this) else { return };
        let items = match th.collect(&notes) {
            Ok(items) if th.as_str(&notes).is_none() => items,
            _ => {
                th.clear_exception();
                vec![notes]
            }
        };
        for note in items {
            let note = text_of(th, &note).unwrap_or_else(|| "<note str() failed>".to_owned());
            let _ = writeln!(out, "{note}");
        }
    }

    fn syntax_place(&mut self, th: &mut Thread, this: &Obj<BaseException>, out: &mut String) {
        let field = |number: usize| this.extra(th, number).filter(|v| !v.is_none());
        let string =
            |v: Option<Value>| v.and_then(|v| Some(th.as_str(&v)?.units().to_str_lossy().into_owned()));
        let int = |v: Option<Value>| v.and_then(|v| v.as_small_int());
        let file = string(field(number::FILENAME)).unwrap_or_else(|| "<string>".to_owned());
        let line = int(field(number::LINENO)).unwrap_or(0);
        let (offset, end) = (int(field(number::OFFSET)), int(field(number::END_OFFSET)));
        let end_line = int(field(number::END_LINENO));
        let text = string(field(number::TEXT));
        let _ = writeln!(out, "  File \"{file}\", line {line}");
        let Some(text) = text.or_else(|| self.line(&file, line)) else { return };
        let shown = text.trim();
        if shown.is_empty() {
            return;
        }
        let _ = writeln!(out, "    {shown}");
        let Some(offset) = offset.filter(|o| *o > 0) else { return };
        let cut = text.chars().count() - text.trim_start().chars().count();
        let start = (offset as usize - 1).saturating_sub(cut);
        let limit = shown.chars().count();
        let end = match (end, end_line) {
            (Some(end), Some(l)) if l == line && end > offset => (end as usize - 1).saturating_sub(cut),
            (_, Some(l)) if l > line => limit,
            _ => start + 1,
        };
        let width = end.min(limit.max(start + 1)).saturating_sub(start).max(1);
        let _ = writeln!(out, "    {}{}", " ".repeat(start.min(limit)), "^".repeat(width));
    }
}

fn say_repeated(repeated: usize, out: &mut String) {
    if repeated >= REPEATS {
        let more = repeated + 1 - REPEATS;
        let plural = if more == 1 { "" } else { "s" };
        let _ = writeln!(out, "  [Previous line repeated {more} more time{plural}]");
    }
}

/// `str(value)`; None if that raises.
fn text_of(th: &mut Thread, value: &Value) -> Option<String> {
    match th.str_of(value) {
        Ok(text) => Some(text.units().to_str_lossy().into_owned()),
        Err(_) => {
            th.clear_exception();
            None
        }
    }
}

fn indent(text: &str, margin: &str) -> String {
    if margin.is_empty() {
        return text.to_owned();
    }
    text.lines().map(|line| format!("{margin}{line}\n")).collect()
}
