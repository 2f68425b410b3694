use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;

/// Longer answers are wrong without being looked at. Solutions are far shorter.
const MAX_BYTES: usize = 256;

/// Code points of the zeros of decimal digits that people type besides ASCII; the other nine
/// follow each. Unicode general category Nd, scripts in modern use, after NFKC.
const ZEROS: [u32; 21] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0x1946, 0x1B50,
];

/// Whether the answer is the solution, after both are brought to one form.
///
/// Takes the same time wherever the two differ, and does not tell the solution's length.
pub(super) fn matches(answer: &str, solution: &str, case_sensitive: bool) -> bool {
    if answer.len() > MAX_BYTES {
        return false;
    }
    let answer = normalise(answer, case_sensitive);
    let solution = normalise(solution, case_sensitive);
    let same_length = answer.len().ct_eq(&solution.len());
    let same_text = padded(&answer).ct_eq(&padded(&solution));
    !solution.is_empty() && solution.len() <= PADDED && bool::from(same_length & same_text)
}

/// NFKC can lengthen text; what no longer fits differs in length from any solution that does.
const PADDED: usize = 2 * MAX_BYTES;

fn padded(text: &str) -> [u8; PADDED] {
    let mut bytes = [0; PADDED];
    bytes
        .iter_mut()
        .zip(text.bytes())
        .for_each(|(to, from)| *to = from);
    bytes
}

/// Full-width letters become ASCII (NFKC), digits of any script become 0 to 9, marks that only
/// steer layout disappear, and the ends are trimmed.
fn normalise(text: &str, case_sensitive: bool) -> String {
    let plain: String = text
        .nfkc()
        .filter(|c| !is_layout_mark(*c))
        .map(ascii_digit)
        .collect();
    let trimmed = plain.trim();
    if case_sensitive {
        trimmed.to_owned()
    } else {
        trimmed.to_lowercase()
    }
}

fn ascii_digit(c: char) -> char {
    let code = u32::from(c);
    ZEROS
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&code))
        .and_then(|zero| char::from_digit(code - zero, 10))
        .unwrap_or(c)
}

/// Direction and joining marks that keyboards and copying put around right-to-left text.
const fn is_layout_mark(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_people_type_are_right() {
        for answer in [
            "AB34C",
            "ab34c",
            " Ab34C\t\n",
            "\u{a0}AB34C\u{a0}",
            "\u{ff21}\u{ff22}\u{ff13}\u{ff14}\u{ff23}",
            "AB\u{663}\u{664}C",
            "AB\u{6f3}\u{6f4}C",
            "\u{200f}AB34C\u{200e}",
        ] {
            assert!(matches(answer, "AB34C", false), "{answer:?}");
        }
    }

    #[test]
    fn other_answers_are_wrong() {
        for answer in ["", " ", "\0", "AB34", "AB34CC", "B34CA", "AB34C\0", "null"] {
            assert!(!matches(answer, "AB34C", false), "{answer:?}");
        }
        assert!(!matches("ab34c", "AB34C", true));
        assert!(matches(" AB34C ", "AB34C", true));
    }

    #[test]
    fn length_tricks_are_wrong() {
        let expanding = "\u{fdfa}".repeat(80);
        for answer in ["A".repeat(MAX_BYTES + 1), expanding, "A".repeat(PADDED + 1)] {
            assert!(!matches(&answer, "AB34C", false));
        }
        assert!(!matches("", "", false), "an empty solution is never right");
        let long = "x".repeat(PADDED + 1);
        assert!(!matches(&long, &long, false));
    }
}
