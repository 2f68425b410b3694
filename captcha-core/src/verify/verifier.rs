use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{FailMode, Verdict, VerifyError, VerifyRequest};

/// The body field that carries a token unless a verifier names another: `captchaToken`.
pub(crate) const TOKEN_FIELD: &str = "captchaToken";

/// Says whether a captcha was solved. Hosted providers and self-hosted managers implement it.
///
/// ```
/// use captcha_core::verify::{
///     FailMode, Pass, ReasonCode, Refusal, Verdict, Verifier, VerifyError, VerifyRequest,
/// };
///
/// /// Accepts one fixed password in place of a captcha.
/// struct Doorman;
///
/// #[async_trait::async_trait]
/// impl Verifier for Doorman {
///     async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
///         Ok(match request.credential().token() {
///             Some("swordfish") => Verdict::Passed(Pass::new()),
///             _ => Verdict::Refused(Refusal::new(ReasonCode::InvalidToken)),
///         })
///     }
///
///     fn fail_mode(&self) -> FailMode {
///         FailMode::Closed
///     }
/// }
/// ```
#[async_trait]
pub trait Verifier: Send + Sync {
    /// Asks about one credential. A refused credential is `Ok(Verdict::Refused)`.
    ///
    /// Implementations do not apply their fail mode here: whoever asks does, with
    /// [`FailMode::apply`], so that decorators (rules, a circuit breaker) see the outage itself.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] when no verdict could be reached.
    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Verdict, VerifyError>;

    /// What an outage of this verifier means for visitors.
    fn fail_mode(&self) -> FailMode;

    /// Which body fields carry the credential, in order of preference.
    ///
    /// Asked once, when the gate is built. The default is the single field `captchaToken`.
    fn field_sets(&self) -> Vec<FieldSet> {
        vec![FieldSet::token(TOKEN_FIELD)]
    }

    /// The longest time [`verify`](Self::verify) takes, where it has a limit of its own.
    ///
    /// Asked once, when the gate is built: a gate without a deadline of its own waits longer than
    /// this, so that the verifier can say itself what went wrong.
    fn deadline(&self) -> Option<Duration> {
        None
    }
}

/// Body fields that carry one credential.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldSet {
    /// One field holds the whole token.
    ///
    /// Several of these are several names for the same token: sent with different values, the
    /// request is refused.
    Token(Cow<'static, str>),
    /// Several fields that belong together.
    Together(Vec<Cow<'static, str>>),
    /// Several sets, of which each value is handed over with the name of its field: a credential
    /// of [`Fields`](super::Credential::Fields) with all of their names. A token in the head of a
    /// request has no name, and is handed over as it is.
    Named(Vec<Self>),
}

impl FieldSet {
    /// One field that holds the whole token.
    #[must_use]
    pub fn token(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Token(name.into())
    }

    /// The names of all fields, in order.
    pub(crate) fn names(&self) -> Vec<&str> {
        match self {
            Self::Token(name) => vec![name],
            Self::Together(names) => names.iter().map(AsRef::as_ref).collect(),
            Self::Named(sets) => sets.iter().flat_map(Self::names).collect(),
        }
    }

    /// The names of those fields that hold a whole token, in order.
    pub(crate) fn token_names(&self) -> Vec<&str> {
        match self {
            Self::Token(name) => vec![name],
            Self::Together(_) => Vec::new(),
            Self::Named(sets) => sets.iter().flat_map(Self::token_names).collect(),
        }
    }

    /// Several fields that belong together.
    #[must_use]
    pub fn together<N: Into<Cow<'static, str>>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::Together(names.into_iter().map(Into::into).collect())
    }
}

macro_rules! forward_verifier {
    ($($pointer:ident),*) => {$(
        #[async_trait]
        impl<V: Verifier + ?Sized> Verifier for $pointer<V> {
            async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
                (**self).verify(request).await
            }

            fn fail_mode(&self) -> FailMode {
                (**self).fail_mode()
            }

            fn field_sets(&self) -> Vec<FieldSet> {
                (**self).field_sets()
            }

            fn deadline(&self) -> Option<Duration> {
                (**self).deadline()
            }
        }
    )*};
}

forward_verifier!(Arc, Box);
