//! Normal forms.

use super::database::Version;

/// A normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Characters are composed at last.
    composed: bool,
    /// Compatibility characters are replaced.
    compatible: bool,
}

impl Form {
    /// NFD
    pub const DECOMPOSED: Form = Form { composed: false, compatible: false };

    /// By its name.
    pub fn parse(name: &str) -> Option<Form> {
        let (composed, compatible) = match name {
            "NFC" => (true, false),
            "NFD" => (false, false),
            "NFKC" => (true, true),
            "NFKD" => (false, true),
            _ => return None,
        };
        Some(Form { composed, compatible })
    }
}

const S_BASE: u32 = 0xac00;
const L_BASE: u32 = 0x1100;
const V_BASE: u32 = 0x1161;
const T_BASE: u32 = 0x11a7;
const L_COUNT: u32 = 19;
const V_COUNT: u32 = 21;
const T_COUNT: u32 = 28;
const S_COUNT: u32 = L_COUNT * V_COUNT * T_COUNT;

/// The two characters that a Hangul syllable is made of, the first of which may be a syllable again.
pub fn hangul(point: u32) -> Option<[u32; 2]> {
    let index = point.checked_sub(S_BASE).filter(|index| *index < S_COUNT)?;
    Some(match index % T_COUNT {
        0 => [L_BASE + index / (V_COUNT * T_COUNT), V_BASE + index % (V_COUNT * T_COUNT) / T_COUNT],
        tail => [point - tail, T_BASE + tail],
    })
}

fn decompose(version: &Version, point: u32, compatible: bool, out: &mut Vec<u32>) {
    if let Some([first, second]) = hangul(point) {
        decompose(version, first, compatible, out);
        out.push(second);
        return;
    }
    match version.decomposition(point) {
        // The database has no cycles.
        Some(parts) if compatible || parts.is_canonical() => {
            for part in &parts.points {
                decompose(version, *part, compatible, out);
            }
        }
        _ => out.push(point),
    }
}

fn compose_two(version: &Version, first: u32, second: u32) -> Option<u32> {
    if (L_BASE..L_BASE + L_COUNT).contains(&first) && (V_BASE..V_BASE + V_COUNT).contains(&second) {
        return Some(S_BASE + ((first - L_BASE) * V_COUNT + second - V_BASE) * T_COUNT);
    }
    if (S_BASE..S_BASE + S_COUNT).contains(&first)
        && (first - S_BASE).is_multiple_of(T_COUNT)
        && (T_BASE + 1..T_BASE + T_COUNT).contains(&second)
    {
        return Some(first + second - T_BASE);
    }
    version.compose(first, second)
}

fn compose(version: &Version, text: &[u32]) -> Vec<u32> {
    let mut out: Vec<u32> = Vec::with_capacity(text.len());
    let mut starter: Option<usize> = None;
    // Class of the last character that stands between the starter and the next one.
    let mut last = 0;
    for &point in text {
        let class = version.record(point).combining;
        if let Some(at) = starter {
            let blocked = out.len() > at + 1 && (last == 0 || last >= class);
            if !blocked && let Some(composite) = compose_two(version, out[at], point) {
                out[at] = composite;
                continue;
            }
        }
        if class == 0 {
            starter = Some(out.len());
        }
        last = class;
        out.push(point);
    }
    out
}

/// A text in a normal form.
pub fn normalize(version: &Version, form: Form, text: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut points = Vec::new();
    for point in text {
        decompose(version, point, form.compatible, &mut points);
    }
    // Marks of different classes are put in order.
    let mut start = 0;
    while start < points.len() {
        if version.record(points[start]).combining == 0 {
            start += 1;
            continue;
        }
        let marks = points[start..].iter().take_while(|p| version.record(**p).combining != 0).count();
        points[start..start + marks].sort_by_key(|point| version.record(*point).combining);
        start += marks;
    }
    if form.composed { compose(version, &points) } else { points }
}
