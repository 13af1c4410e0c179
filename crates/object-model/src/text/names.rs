//! Character names (Unicode 16.0), as `\N{…}` and the `namereplace` handler need them.

/// The character of a name or alias, case-insensitive. Named sequences aren't characters.
pub fn lookup(name: &str) -> Option<u32> {
    unicode_names2::character(name).map(u32::from)
}

/// The name of a character; `None` if it has none (control characters, surrogates, unassigned ones).
pub fn name(ch: u32) -> Option<String> {
    unicode_names2::name(char::from_u32(ch)?).map(|name| name.to_string())
}
