//! Prompts in the visitor's language.
//!
//! A prompt is what a visitor is told in plain text; what has to be read or heard is drawn or
//! spoken. A [`PromptTranslator`] has the prompts of some locales, finds the best of them for an
//! `Accept-Language` header, and puts parameters into them.

mod catalogue;
mod negotiate;
mod translator;

use std::sync::Arc;

use thiserror::Error;

pub use translator::{DefaultTranslator, DefaultTranslatorBuilder};

/// The prompts of some locales.
///
/// ```
/// use captcha_core::i18n::{DefaultTranslator, PromptTranslator};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let translator = DefaultTranslator::new();
/// let locale = translator.negotiate("de-AT, en;q=0.5");
/// assert_eq!(locale, "de");
/// let prompt = translator.translate("grid.pick", locale, &[("emoji", "\u{1f34e}")])?;
/// assert!(prompt.starts_with("In welchem Feld"));
/// # Ok(()) }
/// ```
pub trait PromptTranslator: Send + Sync {
    /// The best locale for these languages, written as in an `Accept-Language` header. Whatever
    /// is in it, also nothing, leads to some locale.
    fn negotiate(&self, languages: &str) -> &str;

    /// A prompt in a locale, with these parameters.
    ///
    /// The built-in challenges ask for `text.type`, `word.type`, `math.solve` and `grid.pick`
    /// (with `emoji`).
    ///
    /// # Errors
    ///
    /// [`TranslateError`] when there is no such prompt, neither in this locale nor in the
    /// default one, or a parameter is missing.
    fn translate(
        &self,
        key: &str,
        locale: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, TranslateError>;
}

macro_rules! forward_translator {
    ($($pointer:ident),*) => {$(
        impl<T: PromptTranslator + ?Sized> PromptTranslator for $pointer<T> {
            fn negotiate(&self, languages: &str) -> &str {
                (**self).negotiate(languages)
            }

            fn translate(
                &self,
                key: &str,
                locale: &str,
                parameters: &[(&str, &str)],
            ) -> Result<String, TranslateError> {
                (**self).translate(key, locale, parameters)
            }
        }
    )*};
}

forward_translator!(Arc, Box);

/// A prompt that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TranslateError {
    /// No catalogue has this key.
    #[error("no prompt {key} in {locale} or the default locale")]
    MissingKey {
        /// The key, for example `grid.pick`.
        key: String,
        /// The locale that was asked for.
        locale: String,
    },
    /// The prompt needs a parameter that was not given.
    #[error("the prompt {key} in {locale} could not be put together")]
    Parameters {
        /// The key, for example `grid.pick`.
        key: String,
        /// The locale whose prompt it is.
        locale: String,
    },
}

/// Whether a locale is written from right to left.
///
/// ```
/// use captcha_core::i18n::is_right_to_left;
///
/// assert!(is_right_to_left("ar-EG"));
/// assert!(!is_right_to_left("en"));
/// ```
#[must_use]
pub fn is_right_to_left(locale: &str) -> bool {
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    ["ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"].contains(&language)
}
