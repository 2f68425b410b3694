use std::fmt;

use super::catalogue::{Catalogue, Found};
use super::negotiate::negotiate;
use super::{PromptTranslator, TranslateError};
use crate::ConfigError;

/// The prompts that come with this crate.
const BUNDLED: [(&str, &str); 6] = [
    ("en", include_str!("locales/en.ftl")),
    ("tr", include_str!("locales/tr.ftl")),
    ("de", include_str!("locales/de.ftl")),
    ("es", include_str!("locales/es.ftl")),
    ("fr", include_str!("locales/fr.ftl")),
    ("ar", include_str!("locales/ar.ftl")),
];

/// English, Turkish, German, Spanish, French and Arabic, and catalogues of one's own.
///
/// Catalogues are in [Fluent's syntax](https://projectfluent.org/). A prompt that a locale does not
/// have is taken from the default locale.
///
/// ```
/// use captcha_core::i18n::{DefaultTranslator, PromptTranslator};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let translator = DefaultTranslator::builder()
///     .catalogue("en", "math =\n    .solve = How much is it?")
///     .catalogue("sv", "math =\n    .solve = Skriv resultatet")
///     .build()?;
/// assert_eq!(translator.translate("math.solve", "en", &[])?, "How much is it?");
/// assert_eq!(translator.negotiate("sv-SE, en"), "sv");
/// # Ok(()) }
/// ```
pub struct DefaultTranslator {
    catalogues: Vec<Catalogue>,
    default: usize,
}

/// Sets up a [`DefaultTranslator`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct DefaultTranslatorBuilder {
    own: Vec<(String, String)>,
    default_locale: String,
}

impl DefaultTranslator {
    /// The bundled prompts, with English as default.
    #[must_use]
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the prompts are compiled in, and a test reads them"
    )]
    pub fn new() -> Self {
        Self::builder()
            .build()
            .expect("the bundled prompts are well-formed")
    }

    /// The bundled prompts, to be extended or overridden.
    pub fn builder() -> DefaultTranslatorBuilder {
        DefaultTranslatorBuilder {
            own: Vec::new(),
            default_locale: "en".to_owned(),
        }
    }

    /// The locales it has prompts of.
    pub fn locales(&self) -> impl Iterator<Item = &str> + Clone {
        self.catalogues
            .iter()
            .map(|catalogue| catalogue.locale.as_str())
    }

    fn of(&self, locale: &str) -> Option<&Catalogue> {
        let same = |catalogue: &&Catalogue| catalogue.locale.eq_ignore_ascii_case(locale);
        self.catalogues.iter().find(same)
    }
}

impl Default for DefaultTranslator {
    fn default() -> Self {
        Self::new()
    }
}

impl DefaultTranslatorBuilder {
    /// Adds prompts in Fluent's syntax. Those of a locale that is there already override the
    /// prompts of the same name.
    pub fn catalogue(mut self, locale: impl Into<String>, prompts: impl Into<String>) -> Self {
        self.own.push((locale.into(), prompts.into()));
        self
    }

    /// The locale for visitors whose languages are unknown or not there, and for prompts that a
    /// locale does not have. Default `en`.
    pub fn default_locale(mut self, locale: impl Into<String>) -> Self {
        self.default_locale = locale.into();
        self
    }

    /// Reads the catalogues.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when a locale is no language tag, a catalogue cannot be read, or there is
    /// none for the default locale.
    pub fn build(self) -> Result<DefaultTranslator, ConfigError> {
        let mut catalogues: Vec<Catalogue> = Vec::new();
        let own = self
            .own
            .iter()
            .map(|(locale, prompts)| (locale.as_str(), prompts.as_str()));
        for (locale, prompts) in BUNDLED.into_iter().chain(own) {
            let Some(empty) = Catalogue::new(locale) else {
                return Err(ConfigError::new(
                    "catalogue",
                    "has a locale that is no language tag",
                ));
            };
            let known = catalogues.iter().position(|c| c.locale == empty.locale);
            let place = known.unwrap_or_else(|| {
                catalogues.push(empty);
                catalogues.len() - 1
            });
            if !catalogues.get_mut(place).is_some_and(|c| c.add(prompts)) {
                return Err(ConfigError::new("catalogue", "is not in Fluent's syntax"));
            }
        }
        let same =
            |catalogue: &Catalogue| catalogue.locale.eq_ignore_ascii_case(&self.default_locale);
        let Some(default) = catalogues.iter().position(same) else {
            return Err(ConfigError::new("default_locale", "has no catalogue"));
        };
        Ok(DefaultTranslator {
            catalogues,
            default,
        })
    }
}

impl PromptTranslator for DefaultTranslator {
    fn negotiate(&self, languages: &str) -> &str {
        let default = self.catalogues.get(self.default);
        negotiate(languages, self.locales())
            .or(default.map(|catalogue| catalogue.locale.as_str()))
            .unwrap_or_default()
    }

    fn translate(
        &self,
        key: &str,
        locale: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, TranslateError> {
        let default = self.catalogues.get(self.default);
        for catalogue in self.of(locale).into_iter().chain(default) {
            match catalogue.prompt(key, parameters) {
                Found::Prompt(prompt) => return Ok(prompt),
                Found::Missing => {}
                Found::Incomplete => {
                    return Err(TranslateError::Parameters {
                        key: key.to_owned(),
                        locale: catalogue.locale.clone(),
                    });
                }
            }
        }
        Err(TranslateError::MissingKey {
            key: key.to_owned(),
            locale: locale.to_owned(),
        })
    }
}

impl fmt::Debug for DefaultTranslator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultTranslator")
            .field("locales", &self.locales().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
