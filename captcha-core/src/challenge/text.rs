use std::collections::HashSet;

use super::{ChallengeContext, ChallengeFactory, ChallengeSpec, FactoryError};
use crate::ConfigError;
use crate::random::SecureRng;

/// Capital letters and digits without I, O, 0 and 1, which look alike, and without 4, which a bent
/// A looks like.
const CHARSET: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ2356789";

/// Asks for random characters, five of 31 by default: 28 million solutions.
///
/// ```
/// use captcha_core::challenge::TextChallengeFactory;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let digits = TextChallengeFactory::builder().charset("23456789").length(6).build()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct TextChallengeFactory {
    charset: Vec<char>,
    length: usize,
    case_sensitive: bool,
}

/// Sets up a [`TextChallengeFactory`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct TextChallengeFactoryBuilder {
    charset: String,
    length: usize,
    case_sensitive: bool,
}

impl TextChallengeFactory {
    /// Five characters of the default charset, compared without case.
    #[must_use]
    pub fn new() -> Self {
        Self {
            charset: CHARSET.chars().collect(),
            length: 5,
            case_sensitive: false,
        }
    }

    /// A factory whose options are set one by one.
    pub fn builder() -> TextChallengeFactoryBuilder {
        TextChallengeFactoryBuilder {
            charset: CHARSET.to_owned(),
            length: 5,
            case_sensitive: false,
        }
    }
}

impl Default for TextChallengeFactory {
    fn default() -> Self {
        Self::new()
    }
}

impl TextChallengeFactoryBuilder {
    /// The characters to choose from, at least 8 different ones. Default: capital letters and
    /// digits without I, O, 0, 1 and 4.
    pub fn charset(mut self, charset: impl Into<String>) -> Self {
        self.charset = charset.into();
        self
    }

    /// How many characters, 3 to 12. Default 5.
    pub const fn length(mut self, length: usize) -> Self {
        self.length = length;
        self
    }

    /// Whether upper and lower case count. Default no.
    pub const fn case_sensitive(mut self, yes: bool) -> Self {
        self.case_sensitive = yes;
        self
    }

    /// Checks the options and makes the factory.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the option that cannot work.
    pub fn build(self) -> Result<TextChallengeFactory, ConfigError> {
        let charset: Vec<char> = self.charset.chars().collect();
        if !(3..=12).contains(&self.length) {
            return Err(ConfigError::new("length", "must be 3 to 12"));
        }
        if charset.iter().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(ConfigError::new(
                "charset",
                "has a blank or control character",
            ));
        }
        let folded: HashSet<String> = charset
            .iter()
            .map(|c| match self.case_sensitive {
                true => c.to_string(),
                false => c.to_lowercase().collect(),
            })
            .collect();
        if folded.len() < 8 {
            return Err(ConfigError::new("charset", "needs 8 different characters"));
        }
        if folded.len() < charset.len() {
            return Err(ConfigError::new("charset", "repeats a character"));
        }
        Ok(TextChallengeFactory {
            charset,
            length: self.length,
            case_sensitive: self.case_sensitive,
        })
    }
}

impl ChallengeFactory for TextChallengeFactory {
    fn create(
        &self,
        context: &ChallengeContext<'_>,
        rng: &mut SecureRng,
    ) -> Result<ChallengeSpec, FactoryError> {
        let text: String = (0..self.length)
            .filter_map(|_| rng.pick(&self.charset))
            .collect();
        let spec = ChallengeSpec::text(context.prompt("text.type", &[])?, &text, &text);
        Ok(if self.case_sensitive {
            spec.case_sensitive()
        } else {
            spec
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::DefaultTranslator;

    #[test]
    fn options_that_cannot_work_are_refused() {
        let builder = TextChallengeFactory::builder;
        assert!(builder().length(2).build().is_err());
        assert!(builder().length(13).build().is_err());
        assert!(builder().charset("").build().is_err());
        assert!(builder().charset("ABCDEFG").build().is_err());
        assert!(builder().charset("ABCDEFGa").build().is_err());
        assert!(builder().charset("ABCDEFGHA").build().is_err());
        assert!(builder().charset("ABCDEFGH ").build().is_err());
        assert!(
            builder()
                .charset("ABCDEFGa")
                .case_sensitive(true)
                .build()
                .is_ok()
        );
    }

    #[test]
    fn atk_27_solutions_do_not_repeat_beyond_the_birthday_bound() {
        const ROUNDS: usize = 100_000;
        let factory = TextChallengeFactory::new();
        let mut rng = SecureRng::from_os().unwrap();
        let translator = DefaultTranslator::new();
        let context = ChallengeContext::new("en", &translator);
        let mut seen = HashSet::new();
        let repeats = (0..ROUNDS)
            .filter(|_| !seen.insert(factory.create(&context, &mut rng).unwrap().solution))
            .count();
        // 100,000 draws of 31^5 give 174 repeats on average, with a deviation of 13.
        assert!((50..300).contains(&repeats), "{repeats}");
    }

    #[test]
    fn atk_28_every_character_is_as_likely_in_every_place() {
        const ROUNDS: usize = 64_000;
        let factory = TextChallengeFactory::new();
        let mut rng = SecureRng::from_os().unwrap();
        let translator = DefaultTranslator::new();
        let context = ChallengeContext::new("en", &translator);
        let mut counts = vec![[0_u32; 128]; 5];
        for _ in 0..ROUNDS {
            let solution = factory.create(&context, &mut rng).unwrap().solution;
            for (place, byte) in solution.bytes().enumerate() {
                counts[place][usize::from(byte)] += 1;
            }
        }
        let expected = ROUNDS as f64 / CHARSET.len() as f64;
        for place in counts {
            let chi_square: f64 = CHARSET
                .bytes()
                .map(|letter| f64::from(place[usize::from(letter)]) - expected)
                .map(|off| off * off / expected)
                .sum();
            // 30 degrees of freedom: 100 is past the 1e-8 quantile.
            assert!(chi_square < 100.0, "{chi_square}");
        }
    }
}
