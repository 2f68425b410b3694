use std::collections::HashSet;

use super::{ChallengeContext, ChallengeFactory, ChallengeSpec, FactoryError};
use crate::ConfigError;
use crate::random::SecureRng;

/// Words of 3 to 10 letters that are easy to read and to type: no accents, and in Turkish none of
/// the letters whose capitals depend on the language, in Arabic none that are often written in
/// more than one way.
const BUNDLED: [(&str, &str); 6] = [
    ("en", include_str!("words/en.txt")),
    ("tr", include_str!("words/tr.txt")),
    ("de", include_str!("words/de.txt")),
    ("es", include_str!("words/es.txt")),
    ("fr", include_str!("words/fr.txt")),
    ("ar", include_str!("words/ar.txt")),
];

/// Fewer are learnt by heart in a minute.
const FEWEST: usize = 20;

/// Asks for a word of the visitor's language, from lists of about a hundred.
///
/// Words are easier to read than random characters, for people with dyslexia or a screen
/// magnifier too, and easier to guess: three tries at random succeed three times in a hundred.
///
/// ```
/// use captcha_core::challenge::WordChallengeFactory;
///
/// # fn main() -> Result<(), captcha_core::ConfigError> {
/// let rivers = ["amazon", "danube", "euphrates", "ganges", "indus", "jordan", "loire", "mekong",
///     "murray", "neva", "niger", "nile", "oder", "rhine", "rhone", "seine", "tagus", "thames",
///     "tigris", "volga"];
/// let words = WordChallengeFactory::builder().words("en", rivers).build()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct WordChallengeFactory {
    lists: Vec<List>,
    case_sensitive: bool,
}

/// The words of one locale.
#[derive(Debug, Clone)]
struct List {
    locale: String,
    words: Vec<String>,
}

/// Sets up a [`WordChallengeFactory`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct WordChallengeFactoryBuilder {
    lists: Vec<List>,
    case_sensitive: bool,
}

impl WordChallengeFactory {
    /// The bundled words.
    #[must_use]
    pub fn new() -> Self {
        let lists = BUNDLED.map(|(locale, words)| List {
            locale: locale.to_owned(),
            words: words.split_whitespace().map(str::to_owned).collect(),
        });
        Self {
            lists: lists.to_vec(),
            case_sensitive: false,
        }
    }

    /// A factory whose lists are set one by one.
    pub fn builder() -> WordChallengeFactoryBuilder {
        let Self {
            lists,
            case_sensitive,
        } = Self::new();
        WordChallengeFactoryBuilder {
            lists,
            case_sensitive,
        }
    }

    /// The list of a locale, of its language, or the first.
    fn list(&self, locale: &str) -> Option<&List> {
        let of = |tag: &str| {
            self.lists
                .iter()
                .find(|list| list.locale.eq_ignore_ascii_case(tag))
        };
        let language = locale.split('-').next().unwrap_or_default();
        of(locale).or_else(|| of(language)).or(self.lists.first())
    }
}

impl Default for WordChallengeFactory {
    fn default() -> Self {
        Self::new()
    }
}

impl WordChallengeFactoryBuilder {
    /// The words of a locale, in place of those that are bundled. Locales without a list get the
    /// words of English.
    pub fn words<W: Into<String>>(
        mut self,
        locale: impl Into<String>,
        words: impl IntoIterator<Item = W>,
    ) -> Self {
        let locale = locale.into();
        let words = words.into_iter().map(Into::into).collect();
        match self.lists.iter_mut().find(|list| list.locale == locale) {
            Some(list) => list.words = words,
            None => self.lists.push(List { locale, words }),
        }
        self
    }

    /// Whether upper and lower case count. Default no.
    pub const fn case_sensitive(mut self, yes: bool) -> Self {
        self.case_sensitive = yes;
        self
    }

    /// Checks the lists and makes the factory.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when a list has fewer than 20 different words, or one that is empty, longer
    /// than 16 characters, or has a blank in it.
    pub fn build(self) -> Result<WordChallengeFactory, ConfigError> {
        for list in &self.lists {
            let readable = |word: &String| {
                let blank = |c: char| c.is_whitespace() || c.is_control();
                !word.is_empty() && word.chars().count() <= 16 && !word.contains(blank)
            };
            if !list.words.iter().all(readable) {
                let problem =
                    "has a word that is empty, longer than 16 characters, or with a blank";
                return Err(ConfigError::new("words", problem));
            }
            let different: HashSet<String> = list.words.iter().map(|w| w.to_lowercase()).collect();
            if different.len() < FEWEST {
                return Err(ConfigError::new("words", "needs 20 different words"));
            }
        }
        Ok(WordChallengeFactory {
            lists: self.lists,
            case_sensitive: self.case_sensitive,
        })
    }
}

impl ChallengeFactory for WordChallengeFactory {
    fn create(
        &self,
        context: &ChallengeContext<'_>,
        rng: &mut SecureRng,
    ) -> Result<ChallengeSpec, FactoryError> {
        let list = self.list(context.locale());
        let word = list.and_then(|list| rng.pick(&list.words));
        let word = word.ok_or_else(|| FactoryError::new("there is no word"))?;
        let spec = ChallengeSpec::text(context.prompt("word.type", &[])?, word, word);
        Ok(match self.case_sensitive {
            true => spec.case_sensitive(),
            false => spec,
        })
    }
}
