//! Numbers.

use super::{Outcome, Scanner, TokenKind};

impl Scanner<'_> {
    pub(super) fn number(&mut self) -> Outcome {
        let start = self.at;
        match (self.peek(0), self.peek(1) | 0x20) {
            (b'0', b'x') => self.radix(16, "hexadecimal")?,
            (b'0', b'o') => self.radix(8, "octal")?,
            (b'0', b'b') => self.radix(2, "binary")?,
            _ => self.decimal(start)?,
        }
        self.push(TokenKind::Number, start, self.at);
        Ok(())
    }

    fn radix(&mut self, radix: u32, kind: &str) -> Outcome {
        self.at += 2;
        loop {
            if self.peek(0) == b'_' {
                self.at += 1;
            }
            if !self.is_digit(radix) {
                if self.peek(0).is_ascii_digit() {
                    return self.invalid_digit(kind);
                }
                return self.error_before(self.at, format!("invalid {kind} literal"));
            }
            while self.is_digit(radix) {
                self.at += 1;
            }
            if self.peek(0) != b'_' {
                break;
            }
        }
        if self.peek(0).is_ascii_digit() {
            return self.invalid_digit(kind);
        }
        self.end_of_number(kind)
    }

    fn is_digit(&self, radix: u32) -> bool {
        char::from(self.peek(0)).is_digit(radix)
    }

    fn invalid_digit(&self, kind: &str) -> Outcome {
        let digit = char::from(self.peek(0));
        self.error_before(self.at + 1, format!("invalid digit '{digit}' in {kind} literal"))
    }

    fn decimal(&mut self, start: usize) -> Outcome {
        let mut leading_zeros = None;
        if self.peek(0) == b'0' {
            // A literal of zeros alone is zero; other digits may follow them only in a float.
            while self.peek(0) == b'0' || (self.peek(0) == b'_' && self.peek(1) == b'0') {
                self.at += 1;
            }
            if self.peek(0) == b'_' && !self.peek(1).is_ascii_digit() {
                self.at += 1;
                return self.error_before(self.at, "invalid decimal literal");
            }
            if self.peek(0).is_ascii_digit() || self.peek(0) == b'_' {
                leading_zeros = Some(self.at);
                self.at += usize::from(self.peek(0) == b'_');
                self.digits()?;
            }
        } else if self.peek(0) != b'.' {
            self.digits()?;
        }
        let mut is_float = false;
        if self.peek(0) == b'.' {
            is_float = true;
            self.at += 1;
            if self.peek(0).is_ascii_digit() {
                self.digits()?;
            }
        }
        if self.peek(0) | 0x20 == b'e' {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if self.peek(1 + sign).is_ascii_digit() {
                is_float = true;
                self.at += 1 + sign;
                self.digits()?;
            } else if sign == 1 {
                return self.error_before(self.at + 2, "invalid decimal literal");
            }
        }
        if self.peek(0) | 0x20 == b'j' {
            self.at += 1;
            return self.end_of_number("imaginary");
        }
        if let Some(zeros) = leading_zeros.filter(|_| !is_float) {
            let message = "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal \
                           integers";
            return Err(Scanner::error_range(message, start, zeros));
        }
        self.end_of_number("decimal")
    }

    /// Digits with single underscores between.
    fn digits(&mut self) -> Outcome {
        loop {
            while self.peek(0).is_ascii_digit() {
                self.at += 1;
            }
            if self.peek(0) != b'_' {
                return Ok(());
            }
            self.at += 1;
            if !self.peek(0).is_ascii_digit() {
                return self.error_before(self.at, "invalid decimal literal");
            }
        }
    }

    /// A number must not run into a word, but for those keywords that may follow one.
    fn end_of_number(&self, kind: &str) -> Outcome {
        let rest = &self.source[self.at..];
        let keyword =
            ["and", "else", "for", "if", "in", "is", "or", "not"].iter().any(|word| rest.starts_with(word));
        let byte = self.peek(0);
        if !keyword && (byte == b'_' || byte.is_ascii_alphanumeric()) {
            return self.error_before(self.at, format!("invalid {kind} literal"));
        }
        Ok(())
    }
}
