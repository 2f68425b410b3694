use super::ReasonCode;

/// A verifier's answer about a credential.
///
/// There is no `bool` in it: `if verdict { … }` does not compile, and neither arm can be overlooked.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a verdict that nobody looks at protects nothing"]
pub enum Verdict {
    /// The captcha was solved, or an outage was let through ([`Pass::fail_open`]).
    Passed(Pass),
    /// The captcha was not solved.
    Refused(Refusal),
}

impl Verdict {
    /// Whether this is a pass.
    #[must_use]
    pub const fn success(&self) -> bool {
        matches!(self, Self::Passed(_))
    }

    /// Risk from 0.0 (human) to 1.0 (bot), where the verifier gives one.
    #[must_use]
    pub const fn score(&self) -> Option<f64> {
        match self {
            Self::Passed(pass) => pass.score,
            Self::Refused(refusal) => refusal.score,
        }
    }

    /// When the verification happened, in seconds since the Unix epoch.
    #[must_use]
    pub const fn timestamp(&self) -> Option<i64> {
        match self {
            Self::Passed(pass) => pass.timestamp,
            Self::Refused(refusal) => refusal.timestamp,
        }
    }

    /// The verifier's words for a refusal. Not for clients: the text is the provider's.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Passed(_) => None,
            Self::Refused(refusal) => refusal.error(),
        }
    }

    /// Why it was refused.
    #[must_use]
    pub const fn reason_code(&self) -> Option<&ReasonCode> {
        match self {
            Self::Passed(_) => None,
            Self::Refused(refusal) => Some(&refusal.reason_code),
        }
    }

    /// Whether this is a pass that only an outage made possible.
    #[must_use]
    pub const fn fail_open(&self) -> bool {
        matches!(self, Self::Passed(pass) if pass.fail_open)
    }
}

/// Proof that a captcha was solved. A protected handler can only run while it holds one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pass {
    score: Option<f64>,
    raw_score: Option<f64>,
    timestamp: Option<i64>,
    challenge_ts: Option<i64>,
    hostname: Option<String>,
    action: Option<String>,
    scored_by_plan: bool,
    fail_open: bool,
}

impl Pass {
    /// A pass about which nothing more is known. For implementors of
    /// [`Verifier`](super::Verifier) and for tests of handlers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn failed_open() -> Self {
        Self {
            fail_open: true,
            ..Self::default()
        }
    }

    /// Sets the normalised score (0.0 human to 1.0 bot) and the value as the provider sent it.
    #[must_use]
    pub const fn with_score(mut self, score: f64, raw: f64) -> Self {
        self.score = Some(score);
        self.raw_score = Some(raw);
        self
    }

    /// Sets that the verifier gives scores to some accounts or keys only. A rule on a score that is
    /// missing is then the operator's mistake, and no visitor is told that the captcha failed.
    #[must_use]
    pub const fn scored_by_plan(mut self) -> Self {
        self.scored_by_plan = true;
        self
    }

    /// Sets when the verification happened, in seconds since the Unix epoch.
    #[must_use]
    pub const fn with_timestamp(mut self, seconds: i64) -> Self {
        self.timestamp = Some(seconds);
        self
    }

    /// Sets when the challenge was solved, in seconds since the Unix epoch.
    #[must_use]
    pub const fn with_challenge_ts(mut self, seconds: i64) -> Self {
        self.challenge_ts = Some(seconds);
        self
    }

    /// Sets the host on which the challenge was solved.
    #[must_use]
    pub fn with_hostname(mut self, hostname: impl Into<String>) -> Self {
        self.hostname = Some(hostname.into());
        self
    }

    /// Sets the action for which the challenge was solved.
    #[must_use]
    pub fn with_action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// Risk from 0.0 (human) to 1.0 (bot), where the verifier gives one.
    #[must_use]
    pub const fn score(&self) -> Option<f64> {
        self.score
    }

    /// The score as the provider sent it, in the provider's direction and range.
    #[must_use]
    pub const fn raw_score(&self) -> Option<f64> {
        self.raw_score
    }

    /// When the verification happened, in seconds since the Unix epoch.
    #[must_use]
    pub const fn timestamp(&self) -> Option<i64> {
        self.timestamp
    }

    /// When the challenge was solved, in seconds since the Unix epoch.
    #[must_use]
    pub const fn challenge_ts(&self) -> Option<i64> {
        self.challenge_ts
    }

    /// The host on which the challenge was solved, where the provider says so.
    #[must_use]
    pub fn hostname(&self) -> Option<&str> {
        self.hostname.as_deref()
    }

    /// The action for which the challenge was solved, where the provider says so.
    #[must_use]
    pub fn action(&self) -> Option<&str> {
        self.action.as_deref()
    }

    pub(super) const fn is_scored_by_plan(&self) -> bool {
        self.scored_by_plan
    }

    /// Whether nobody checked: the verifier was unavailable and the fail mode is open.
    #[must_use]
    pub const fn fail_open(&self) -> bool {
        self.fail_open
    }
}

/// A captcha that was not solved, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    reason_code: ReasonCode,
    error: Option<String>,
    error_codes: Vec<String>,
    score: Option<f64>,
    timestamp: Option<i64>,
    unasked: bool,
}

impl Refusal {
    /// A refusal for this reason.
    #[must_use]
    pub const fn new(reason_code: ReasonCode) -> Self {
        Self {
            unasked: false,
            reason_code,
            error: None,
            error_codes: Vec::new(),
            score: None,
            timestamp: None,
        }
    }

    /// A refusal for which nobody had to be asked: what was sent cannot be a credential.
    ///
    /// A [`CircuitBreaker`](super::CircuitBreaker) does not take it for a sign of life.
    #[must_use]
    pub const fn unasked(reason_code: ReasonCode) -> Self {
        let mut refusal = Self::new(reason_code);
        refusal.unasked = true;
        refusal
    }

    /// Sets the verifier's own words. They are not shown to clients.
    #[must_use]
    pub fn with_error(mut self, error: impl Into<String>) -> Self {
        self.error = Some(error.into());
        self
    }

    /// Sets every code of the provider's answer, as the provider spells them.
    #[must_use]
    pub fn with_error_codes<C: Into<String>>(mut self, codes: impl IntoIterator<Item = C>) -> Self {
        self.error_codes = codes.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the normalised score (0.0 human to 1.0 bot).
    #[must_use]
    pub const fn with_score(mut self, score: f64) -> Self {
        self.score = Some(score);
        self
    }

    /// Sets when the verification happened, in seconds since the Unix epoch.
    #[must_use]
    pub const fn with_timestamp(mut self, seconds: i64) -> Self {
        self.timestamp = Some(seconds);
        self
    }

    /// Takes over what is known about the pass that this refusal replaces.
    pub(super) fn of_pass(self, pass: &Pass) -> Self {
        Self {
            score: self.score.or(pass.score),
            timestamp: self.timestamp.or(pass.timestamp),
            ..self
        }
    }

    /// Why it was refused.
    #[must_use]
    pub const fn reason_code(&self) -> &ReasonCode {
        &self.reason_code
    }

    /// Whether nobody was asked. See [`unasked`](Self::unasked).
    #[must_use]
    pub const fn is_unasked(&self) -> bool {
        self.unasked
    }

    /// Every code of the provider's answer, as the provider spells them. For logs.
    #[must_use]
    pub fn error_codes(&self) -> &[String] {
        &self.error_codes
    }

    /// The verifier's own words, for logs.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
}
