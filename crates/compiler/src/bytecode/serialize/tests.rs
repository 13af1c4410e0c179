//! Round trips, and bytes that are not code.

use super::*;

fn sample() -> CodeUnit {
    let word = |opcode: Opcode, a, b, c| Instruction { opcode: opcode as u8, flags: 0, a, b, c };
    let position = |line, column| Position { line, end_line: line + 1, column, end_column: 3 };
    let inner = CodeUnit {
        name: "inner".into(),
        qualname: "f.inner".into(),
        filename: "x.py".into(),
        first_line: 1000,
        flags: 0x0400_0003,
        arg_count: 1,
        posonly_count: 1,
        kwonly_count: 0,
        locals: vec!["a".into()],
        cells: vec![("a".into(), 0)],
        free: vec!["z".into()],
        first_free: 1,
        registers: 5,
        instructions: vec![
            word(Opcode::LoadGlobal, 3, 0, 0),
            Instruction { opcode: 0, flags: 0, a: 0, b: 0, c: 0 },
            Instruction { opcode: 0, flags: 0, a: 0, b: 0, c: 0 },
            word(Opcode::JumpBack, 0, 0xfffc, 0xffff),
            word(Opcode::ReturnConst, 0, 0, 0),
        ],
        constants: vec![
            Constant::None,
            Constant::Int(i64::MIN),
            Constant::Int(300),
            Constant::BigInt("ffffffffffffffffff".into()),
            Constant::Float(-0.0),
            Constant::Complex(1.0, f64::INFINITY),
            Constant::Str(Arc::from(&[b'a', 0xed, 0xa0, 0x80][..])),
            Constant::Bytes(Arc::from(&b"\xff\0"[..])),
            Constant::Tuple(Arc::from([Constant::True, Constant::Tuple(Arc::from([]))])),
            Constant::FrozenSet(Arc::from([Constant::Ellipsis, Constant::False])),
            Constant::Slice(Arc::new([Constant::None, Constant::Int(-1), Constant::None])),
        ],
        names: vec!["print".into()],
        exceptions: vec![ExceptionEntry { start: 0, end: 3, target: 4, exception: 3, depth: 3 }],
        positions: vec![
            position(9, 4),
            position(9, 4),
            position(9, 4),
            position(7, 200),
            Position::default(),
        ],
    };
    let mut outer = inner.clone();
    outer.constants.push(Constant::Code(Arc::new(inner)));
    outer.name = "f".into();
    outer
}

/// Code constants are equal only if they are the same object; compare the text of both.
fn same(one: &CodeUnit, other: &CodeUnit) -> bool {
    format!("{one:?}") == format!("{other:?}")
}

#[test]
fn round_trip() {
    let code = sample();
    let bytes = encode(&code).expect("not deep");
    let back = decode(&bytes).expect("what was written can be read");
    assert!(same(&code, &back), "{back:?}");
    assert_eq!(encode(&back), Ok(bytes));
}

#[test]
fn damaged_bytes_are_refused() {
    let bytes = encode(&sample()).expect("not deep");
    assert_eq!(decode(b"").map(drop), Err(DecodeError::NotCode));
    assert_eq!(decode(b"\xed\x0d\x0d\x0a12345").map(drop), Err(DecodeError::NotCode));
    let mut other = bytes.clone();
    other[4] ^= 1;
    assert_eq!(decode(&other).map(drop), Err(DecodeError::OtherVersion));
    for length in 0..bytes.len() {
        assert!(decode(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
    // Any single damaged byte gives an error or a unit that is consistent in itself.
    for at in 0..bytes.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff, bytes[at] ^ 1] {
            let mut damaged = bytes.clone();
            damaged[at] = value;
            if let Ok(code) = decode(&damaged) {
                assert_eq!(verify(&code), Ok(()));
            }
        }
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(decode(&longer).map(drop), Err(DecodeError::Invalid("bytes after the end")));
}

#[test]
fn operands_are_verified() {
    let mut code = sample();
    code.instructions[0].b = 1;
    assert_eq!(verify(&code), Err("an operand is out of range"));
    let mut code = sample();
    code.instructions[3].b = 0xff00;
    assert_eq!(verify(&code), Err("a jump does not land on an instruction"));
    let mut code = sample();
    code.instructions.pop();
    code.positions.pop();
    code.exceptions.clear();
    code.instructions[3] = code.instructions[1];
    assert_eq!(verify(&code), Err("the code has no end"));
    let mut code = sample();
    code.instructions[4].opcode = 0xfe;
    assert_eq!(verify(&code), Err("an operation is unknown"));
}

#[test]
fn deep_units_are_refused() {
    let mut constant = Constant::None;
    for _ in 0..500 {
        constant = Constant::Tuple(Arc::from([constant]));
    }
    let mut code = sample();
    code.constants = vec![constant];
    assert_eq!(encode(&code), Err(TooDeep));
}

#[test]
fn the_fingerprint_is_that_of_every_byte() {
    assert_eq!(fingerprint(&[b"", b"a"]), 0xe40c_292c);
    assert_eq!(fingerprint(&[b"foo", b"bar"]), 0xbf9c_f968);
    let source = include_bytes!("../instruction.rs");
    let mut other = source.to_vec();
    for at in (0..source.len()).step_by(97) {
        other[at] ^= 1;
        assert_ne!(fingerprint(&[source]), fingerprint(&[&other]));
        other[at] ^= 1;
    }
}
