//! The character database: a file that `xtask/unicode/generate_database.py` writes, and describes.

use std::collections::HashMap;
use std::sync::OnceLock;

const DATA: &[u8] = include_bytes!("database.bin");

const CATEGORIES: [&str; 30] = [
    "Cn", "Lu", "Ll", "Lt", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
    "Lm", "Lo", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So",
];
const BIDIRECTIONAL: [&str; 24] = [
    "", "L", "LRE", "LRO", "R", "AL", "RLE", "RLO", "PDF", "EN", "ES", "ET", "AN", "CS", "NSM", "BN", "B",
    "S", "WS", "ON", "LRI", "RLI", "FSI", "PDI",
];
const WIDTHS: [&str; 6] = ["F", "H", "W", "Na", "A", "N"];
const TAGS: [&str; 17] = [
    "",
    "<noBreak>",
    "<compat>",
    "<super>",
    "<fraction>",
    "<sub>",
    "<font>",
    "<circle>",
    "<wide>",
    "<vertical>",
    "<square>",
    "<isolated>",
    "<final>",
    "<initial>",
    "<medial>",
    "<small>",
    "<narrow>",
];

/// Reads numbers one after the other.
struct Reader {
    at: usize,
}

impl Reader {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let bytes = DATA.get(self.at..self.at + N).and_then(|bytes| bytes.try_into().ok());
        self.at += N;
        bytes.unwrap_or([0; N])
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }
}

/// What a character is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    category: u8,
    bidirectional: u8,
    /// The combining class.
    pub combining: u8,
    width: u8,
}

impl Record {
    /// The general category.
    pub fn category(self) -> &'static str {
        CATEGORIES.get(usize::from(self.category)).copied().unwrap_or("Cn")
    }

    /// The bidirectional class.
    pub fn bidirectional(self) -> &'static str {
        BIDIRECTIONAL.get(usize::from(self.bidirectional)).copied().unwrap_or("")
    }

    /// The East Asian width.
    pub fn width(self) -> &'static str {
        WIDTHS.get(usize::from(self.width & 0x7f)).copied().unwrap_or("N")
    }

    /// Whether it is mirrored in text from right to left.
    pub fn mirrored(self) -> bool {
        self.width & 0x80 != 0
    }
}

/// How a character decomposes.
pub struct Decomposition {
    tag: u8,
    /// What it decomposes to, one step.
    pub points: Box<[u32]>,
}

impl Decomposition {
    /// Whether it is the same character written otherwise.
    pub fn is_canonical(&self) -> bool {
        self.tag == 0
    }

    /// As the character database writes it.
    pub fn text(&self) -> String {
        let mut text = TAGS.get(usize::from(self.tag)).copied().unwrap_or("").to_string();
        for point in &self.points {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&format!("{point:04X}"));
        }
        text
    }
}

/// One version of the database.
pub struct Version {
    /// `unidata_version`
    pub name: &'static str,
    records: usize,
    table: usize,
    pages: usize,
    numeric: HashMap<u32, (f64, u32)>,
    decompositions: HashMap<u32, Decomposition>,
    /// Primary composites by what they are made of.
    composites: HashMap<(u32, u32), u32>,
    /// Characters whose decimal and digit value is not the current one.
    digits: HashMap<u32, (Option<u8>, Option<u8>)>,
}

impl Version {
    /// What a character is.
    pub fn record(&self, point: u32) -> Record {
        let u16_at = |at: usize| usize::from(u16::from_le_bytes([DATA[at], DATA[at + 1]]));
        if point > 0x10_ffff {
            return Record { category: 0, bidirectional: 0, combining: 0, width: 5 };
        }
        let page = u16_at(self.table + 2 * (point as usize >> 8));
        let record = u16_at(self.pages + 2 * (page * 256 + (point as usize & 255)));
        let at = self.records + 4 * record;
        Record {
            category: DATA[at],
            bidirectional: DATA[at + 1],
            combining: DATA[at + 2],
            width: DATA[at + 3],
        }
    }

    /// The numeric value: numerator and denominator.
    pub fn numeric(&self, point: u32) -> Option<(f64, u32)> {
        self.numeric.get(&point).copied()
    }

    /// The decimal value, if it is not the current one.
    pub fn decimal(&self, point: u32) -> Option<Option<u8>> {
        self.digits.get(&point).map(|values| values.0)
    }

    /// The digit value, if it is not the current one.
    pub fn digit(&self, point: u32) -> Option<Option<u8>> {
        self.digits.get(&point).map(|values| values.1)
    }

    /// The decomposition in the database; Hangul syllables have none there.
    pub fn decomposition(&self, point: u32) -> Option<&Decomposition> {
        self.decompositions.get(&point)
    }

    /// The character that two others make.
    pub fn compose(&self, first: u32, second: u32) -> Option<u32> {
        self.composites.get(&(first, second)).copied()
    }
}

struct Tables {
    current: Version,
    old: Version,
}

fn read() -> Tables {
    let mut reader = Reader { at: 0 };
    let mut places = Vec::new();
    for _ in 0..2 {
        let count = reader.u32() as usize;
        let records = reader.at;
        let table = records + 4 * count;
        reader.at = table + 2 * 4352;
        let count = reader.u32() as usize;
        places.push((records, table, reader.at));
        reader.at += 512 * count;
    }
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let count = reader.u32();
        let each = (0..count).map(|_| (reader.u32(), (f64::from_le_bytes(reader.take()), reader.u32())));
        numbers.push(each.collect::<HashMap<_, _>>());
    }
    let mut decompositions = Vec::new();
    for _ in 0..2 {
        let count = reader.u32();
        let each = (0..count).map(|_| {
            let point = reader.u32();
            let [tag, length] = reader.take();
            let points = (0..length).map(|_| reader.u32()).collect();
            (point, Decomposition { tag, points })
        });
        decompositions.push(each.collect::<HashMap<_, _>>());
    }
    let count = reader.u32();
    let excluded: std::collections::HashSet<u32> = (0..count).map(|_| reader.u32()).collect();
    let count = reader.u32();
    let changed = (0..count).map(|_| {
        let point = reader.u32();
        let [decimal, digit] = reader.take();
        let value = |value: u8| (value != u8::MAX).then_some(value);
        (point, (value(decimal), value(digit)))
    });
    let mut changed: HashMap<_, _> = changed.collect();
    // What composes is the same in both versions; characters that the old one does not know compose nevertheless.
    let pairs =
        decompositions[0].iter().filter_map(|(point, parts): (&u32, &Decomposition)| match *parts.points {
            [first, second] if parts.is_canonical() && !excluded.contains(point) => {
                Some(((first, second), *point))
            }
            _ => None,
        });
    let composites: HashMap<_, _> = pairs.collect();
    let mut versions = Vec::new();
    let parts = places.into_iter().zip(numbers).zip(decompositions);
    for (name, (((records, table, pages), numeric), decompositions)) in
        ["16.0.0", "3.2.0"].into_iter().zip(parts)
    {
        let digits = if versions.is_empty() { HashMap::new() } else { std::mem::take(&mut changed) };
        let composites = composites.clone();
        versions.push(Version { name, records, table, pages, numeric, decompositions, composites, digits });
    }
    let old = versions.pop();
    let current = versions.pop();
    match (current, old) {
        (Some(current), Some(old)) => Tables { current, old },
        _ => unreachable!("two were read"),
    }
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(read)
}

/// Unicode 16.0.0.
pub fn current() -> &'static Version {
    &tables().current
}

/// Unicode 3.2.0, which IDNA needs.
pub fn old() -> &'static Version {
    &tables().old
}

#[cfg(test)]
mod tests {
    use super::{current, old};

    #[test]
    fn records() {
        let record = current().record('A' as u32);
        assert_eq!((record.category(), record.bidirectional(), record.width()), ("Lu", "L", "Na"));
        assert!(current().record('(' as u32).mirrored());
        assert_eq!(current().record(0x301).combining, 230);
        assert_eq!(current().record(0x1fae9).category(), "So");
        assert_eq!(old().record(0x1fae9).category(), "Cn");
        assert_eq!(current().numeric(0xbd), Some((1.0, 2)));
    }

    #[test]
    fn compositions() {
        assert_eq!(current().compose('e' as u32, 0x301), Some(0xe9));
        assert_eq!(current().decomposition(0xe9).map(|d| d.text()), Some("0065 0301".into()));
        // Excluded from composition.
        assert_eq!(current().compose(0x915, 0x93c), None);
    }
}
