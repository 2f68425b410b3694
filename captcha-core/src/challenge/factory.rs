use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::ChallengeSpec;
use crate::i18n::PromptTranslator;
use crate::random::SecureRng;

/// Makes challenges.
///
/// ```
/// use captcha_core::challenge::{ChallengeContext, ChallengeFactory, ChallengeSpec, FactoryError};
/// use captcha_core::random::SecureRng;
///
/// /// Four digits.
/// struct Pin;
///
/// impl ChallengeFactory for Pin {
///     fn create(
///         &self,
///         _context: &ChallengeContext<'_>,
///         rng: &mut SecureRng,
///     ) -> Result<ChallengeSpec, FactoryError> {
///         let pin = format!("{:04}", rng.below(10_000));
///         Ok(ChallengeSpec::text("Type the four digits", &pin, &pin))
///     }
/// }
/// ```
pub trait ChallengeFactory: Send + Sync {
    /// Makes one challenge. Everything that decides the solution has to come from `rng`.
    ///
    /// # Errors
    ///
    /// [`FactoryError`] when no challenge can be made.
    fn create(
        &self,
        context: &ChallengeContext<'_>,
        rng: &mut SecureRng,
    ) -> Result<ChallengeSpec, FactoryError>;
}

/// For whom a challenge is made.
#[derive(Clone, Copy)]
pub struct ChallengeContext<'a> {
    locale: &'a str,
    translator: &'a dyn PromptTranslator,
}

impl<'a> ChallengeContext<'a> {
    /// A context for a visitor who reads this locale.
    #[must_use]
    pub const fn new(locale: &'a str, translator: &'a dyn PromptTranslator) -> Self {
        Self { locale, translator }
    }

    /// The visitor's locale, for example `de`: one that the translator has.
    #[must_use]
    pub const fn locale(&self) -> &'a str {
        self.locale
    }

    /// A prompt in the visitor's language.
    ///
    /// # Errors
    ///
    /// [`FactoryError`] when the translator has no such prompt.
    pub fn prompt(&self, key: &str, parameters: &[(&str, &str)]) -> Result<String, FactoryError> {
        let prompt = self.translator.translate(key, self.locale, parameters);
        prompt.map_err(FactoryError::new)
    }
}

impl fmt::Debug for ChallengeContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChallengeContext")
            .field("locale", &self.locale)
            .finish_non_exhaustive()
    }
}

/// A challenge could not be made.
#[derive(Debug)]
pub struct FactoryError(Box<dyn Error + Send + Sync>);

impl FactoryError {
    /// Wraps the cause, which must not hold a solution.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

impl fmt::Display for FactoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no challenge could be made")
    }
}

impl Error for FactoryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

macro_rules! forward_factory {
    ($($pointer:ident),*) => {$(
        impl<F: ChallengeFactory + ?Sized> ChallengeFactory for $pointer<F> {
            fn create(
                &self,
                context: &ChallengeContext<'_>,
                rng: &mut SecureRng,
            ) -> Result<ChallengeSpec, FactoryError> {
                (**self).create(context, rng)
            }
        }
    )*};
}

forward_factory!(Arc, Box);
