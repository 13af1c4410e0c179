//! Searches against a naive model, in all kinds, and the splits of the library reference.

use super::*;

fn wide(s: &str, kind: usize) -> OwnedUnits {
    let units: Vec<u32> = s.chars().map(u32::from).collect();
    match kind {
        1 => OwnedUnits::Latin1(units.iter().map(|&c| c as u8).collect()),
        2 => OwnedUnits::Ucs2(units.iter().map(|&c| c as u16).collect()),
        _ => OwnedUnits::Ucs4(units),
    }
}

fn parts(text: &str, ranges: impl IntoIterator<Item = Range<usize>>) -> Vec<String> {
    ranges.into_iter().map(|r| text[r].to_string()).collect()
}

fn ascii(s: &str) -> Units<'_> {
    Units::Ascii(s.as_bytes())
}

#[test]
fn find_agrees_with_a_naive_search_in_every_kind() {
    let mut seed = 12345u64;
    let mut random = |n: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % n
    };
    for _ in 0..3000 {
        let (n, m) = (random(40), random(6));
        let hay: String = (0..n).map(|_| if random(3) == 0 { 'b' } else { 'a' }).collect();
        let needle: String = (0..m).map(|_| if random(3) == 0 { 'b' } else { 'a' }).collect();
        for hk in [1, 2, 4] {
            for nk in [1, 2, 4] {
                let (h, nd) = (wide(&hay, hk), wide(&needle, nk));
                let (h, nd) = (h.units(), nd.units());
                assert_eq!(find(h, nd, 0..h.len()), hay.find(&needle), "{hay} {needle}");
                assert_eq!(rfind(h, nd, 0..h.len()), hay.rfind(&needle), "{hay} {needle}");
                assert_eq!(count(h, nd, 0..h.len()), hay.matches(&needle).count());
            }
        }
    }
}

#[test]
fn repetitive_needles_are_linear() {
    let hay = OwnedUnits::Ucs2([vec![0x3b1; 400_000], vec![0x3b2]].concat());
    let needle = OwnedUnits::Ucs2([vec![0x3b1; 200_000], vec![0x3b2]].concat());
    let reversed = OwnedUnits::Ucs2([vec![0x3b2], vec![0x3b1; 200_000]].concat());
    assert_eq!(find(hay.units(), needle.units(), 0..400_001), Some(200_000));
    assert_eq!(rfind(hay.units(), reversed.units(), 0..400_001), None);
}

#[test]
fn clipping() {
    assert_eq!(clip(5, -2, i64::MAX), Some(3..5));
    assert_eq!(clip(5, 6, 10), None);
    assert_eq!(clip(5, i64::MIN, -9), Some(0..0));
    assert_eq!(find(ascii("abcabc"), ascii("c"), clip(6, 3, 99).unwrap()), Some(5));
    assert_eq!(find(ascii("abc"), Units::EMPTY, 3..3), Some(3));
}

#[test]
fn splits() {
    let s = "a,b,,c";
    assert_eq!(parts(s, split(ascii(s), ascii(","), usize::MAX)), ["a", "b", "", "c"]);
    assert_eq!(parts(s, split(ascii(s), ascii(","), 1)), ["a", "b,,c"]);
    assert_eq!(parts(s, rsplit(ascii(s), ascii(","), 1)), ["a,b,", "c"]);
    assert_eq!(parts("", split(Units::EMPTY, ascii(","), 9)), [""]);
    let s = "  a  b c ";
    assert_eq!(parts(s, split_whitespace(ascii(s), usize::MAX, is_space)), ["a", "b", "c"]);
    assert_eq!(parts(s, split_whitespace(ascii(s), 1, is_space)), ["a", "b c "]);
    assert_eq!(parts(s, split_whitespace(ascii(s), 0, is_space)), ["a  b c "]);
    assert_eq!(parts(s, rsplit_whitespace(ascii(s), 1, is_space)), ["  a  b", "c"]);
    assert_eq!(parts(s, rsplit_whitespace(ascii(s), usize::MAX, is_space)), ["a", "b", "c"]);
    let s = "a\r\nb\n\rc";
    assert_eq!(parts(s, splitlines(ascii(s), false)), ["a", "b", "", "c"]);
    assert_eq!(parts(s, splitlines(ascii(s), true)), ["a\r\n", "b\n", "\r", "c"]);
}

#[test]
fn strips_and_cuts() {
    let s = " xx ab ";
    assert_eq!(strip_whitespace(ascii(s), Ends::Both), 1..6);
    assert_eq!(strip_chars(ascii(s), Ends::Left, ascii(" x")), 4..7);
    assert_eq!(partition(ascii("a=b=c"), ascii("=")), Some(1..2));
    assert_eq!(rpartition(ascii("a=b=c"), ascii("=")), Some(3..4));
    assert!(ends_with(ascii("abc"), ascii("bc"), 0..3) && !starts_with(ascii("abc"), ascii("abcd"), 0..3));
}

#[test]
fn replacements() {
    let r = |t: &'static str, o: &'static str, n: &'static str, limit| {
        replace(ascii(t), ascii(o), ascii(n), limit).unwrap()
    };
    assert_eq!(r("abab", "b", "cc", usize::MAX).unwrap(), "accacc");
    assert_eq!(r("abab", "", "-", usize::MAX).unwrap(), "-a-b-a-b-");
    assert_eq!(r("ab", "", "-", 2).unwrap(), "-a-b");
    assert_eq!(r("ab", "", "-", 1).unwrap(), "-ab");
    assert_eq!(r("abab", "ab", "", 1).unwrap(), "ab");
    assert_eq!(r("abab", "x", "y", 1), None);
    assert_eq!(r("", "", "y", usize::MAX).unwrap(), "y");
    let euro: OwnedUnits = "€".into();
    assert_eq!(replace(ascii("aXb"), ascii("X"), euro.units(), 9).unwrap().unwrap(), "a€b");
    assert_eq!(replace(euro.units(), euro.units(), ascii("e"), 9).unwrap().unwrap(), "e");
    assert!(repeat(ascii("ab"), i64::MAX).is_err());
    assert_eq!(repeat(ascii("ab"), 3).unwrap(), "ababab");
}
