use std::error::Error;
use std::fmt;

/// Why a verifier could not say whether the captcha was solved.
///
/// A refused token is never an error: see [`Verdict::Refused`](super::Verdict::Refused).
/// `Display` names the kind only; what went wrong underneath is in [`source`](Error::source)
/// and belongs in a log, never in a response.
#[derive(Debug)]
pub struct VerifyError {
    kind: VerifyErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of [`VerifyError`], which decide how a caller reacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// The operator's mistake: a bad secret, a bad site key, a disabled site. Never a pass.
    InvalidConfig,
    /// No answer within the deadline. Never a pass, whatever the fail mode.
    Timeout,
    /// The verifier could not be reached, or said that it cannot answer now.
    Network,
    /// The verifier answered something that cannot be read.
    InvalidResponse,
    /// The verifier answered something that cannot be read, and a
    /// [rule](super::rules) has to be met. Never a pass: nobody knows whether it is.
    RuleUndecided,
    /// The storage behind a self-hosted captcha failed.
    Storage,
    /// Of several verifiers the one cannot answer whose proof was sent, and another one was sent
    /// none ([`Fallback`](super::Fallback)). Never a pass: the other may well be able to.
    OthersNotAsked,
}

impl VerifyErrorKind {
    /// The machine-readable name, as the gkCAPTCHA SDKs spell it where they know the kind.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidConfig => "INVALID_CONFIG",
            Self::Timeout => "TIMEOUT",
            Self::Network => "NETWORK_ERROR",
            Self::OthersNotAsked => "OTHERS_NOT_ASKED",
            Self::InvalidResponse | Self::RuleUndecided => "INVALID_RESPONSE",
            Self::Storage => "STORAGE_ERROR",
        }
    }

    /// Whether this kind is an outage, the only class that [`FailMode`](super::FailMode) decides.
    ///
    /// A timeout is not in it: it stays an error in both modes.
    #[must_use]
    pub const fn is_unavailable(self) -> bool {
        matches!(self, Self::Network | Self::InvalidResponse | Self::Storage)
    }
}

impl VerifyError {
    /// An error of this kind, without a cause underneath.
    #[must_use]
    pub const fn new(kind: VerifyErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Attaches the cause. It reaches logs through [`source`](Error::source), so it must not
    /// hold a secret or a token.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error, of another kind.
    pub(super) fn of_kind(self, kind: VerifyErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// What kind of failure this is.
    #[must_use]
    pub const fn kind(&self) -> VerifyErrorKind {
        self.kind
    }

    /// Short for `self.kind().code()`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            VerifyErrorKind::InvalidConfig => "the captcha verifier is misconfigured",
            VerifyErrorKind::Timeout => "the captcha verifier did not answer in time",
            VerifyErrorKind::Network => "the captcha verifier could not be reached",
            VerifyErrorKind::InvalidResponse => "the captcha verifier's answer was not understood",
            VerifyErrorKind::RuleUndecided => {
                "the captcha verifier's answer does not tell whether a rule is met"
            }
            VerifyErrorKind::Storage => "the captcha storage failed",
            VerifyErrorKind::OthersNotAsked => {
                "the captcha verifier could not be reached, and no other one was sent a proof"
            }
        })
    }
}

impl Error for VerifyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
