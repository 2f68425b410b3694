//! Rules on what a verifier passed: how high the risk may be, where and for what the captcha was
//! solved, and how long ago.
//!
//! A rule only ever turns a pass into a refusal. One whose field is missing in the answer
//! refuses, and the refusal's text says so: a site that requires a host name is not protected by
//! answers that name none.
//!
//! ```
//! # use captcha_core::verify::Verifier;
//! use captcha_core::gate::Gate;
//! use captcha_core::verify::VerifierExt;
//! use captcha_core::verify::rules::{AllowedHostnames, ExpectedAction, MaxScore};
//!
//! # fn gates(client: impl Verifier + Clone + 'static) -> Result<(), captcha_core::ConfigError> {
//! let client = client
//!     .rule(MaxScore::new(0.6)?)
//!     .rule(AllowedHostnames::new(["example.org", "www.example.org"])?);
//! // A gate each for routes that differ in their rules: a token solved for one is refused by
//! // the other.
//! let sign_up = Gate::new(client.clone().rule(ExpectedAction::new("sign_up")?));
//! let log_in = Gate::new(client.rule(ExpectedAction::new("log_in")?));
//! # Ok(()) }
//! ```
//!
//! # Deployment caveat
//!
//! An outage that is let through ([`FailMode::Open`]) has no score, host name or age: no rule
//! looks at it. [`Pass::fail_open`] tells such a pass from a real one. An answer that is there and
//! cannot be read is no outage to a rule: it lets nobody in
//! ([`VerifyErrorKind::RuleUndecided`]).

mod action;
mod age;
mod hostname;
mod score;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

pub use action::ExpectedAction;
pub use age::MaxAge;
pub use hostname::AllowedHostnames;
pub use score::MaxScore;

use super::{
    FailMode, FieldSet, Pass, ReasonCode, Refusal, Verdict, Verifier, VerifyError, VerifyErrorKind,
    VerifyRequest,
};

/// A condition that a pass has to meet. A function of `&Pass` is one, too.
pub trait Rule: Send + Sync {
    /// Looks at a pass.
    ///
    /// # Errors
    ///
    /// The [`Refusal`] that takes the place of the pass.
    fn check(&self, pass: &Pass) -> Result<(), Refusal>;
}

impl<F> Rule for F
where
    F: Fn(&Pass) -> Result<(), Refusal> + Send + Sync,
{
    fn check(&self, pass: &Pass) -> Result<(), Refusal> {
        self(pass)
    }
}

/// A verifier whose passes have to meet a rule. Made by
/// [`VerifierExt::rule`](super::VerifierExt::rule).
#[derive(Clone)]
pub struct Ruled<V, R> {
    verifier: V,
    rule: R,
}

impl<V: Verifier, R: Rule> Ruled<V, R> {
    pub(super) const fn new(verifier: V, rule: R) -> Self {
        Self { verifier, rule }
    }
}

#[async_trait]
impl<V: Verifier, R: Rule> Verifier for Ruled<V, R> {
    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
        let pass = match self.verifier.verify(request).await {
            Ok(Verdict::Passed(pass)) => pass,
            Err(error) if error.kind() == VerifyErrorKind::InvalidResponse => {
                return Err(error.of_kind(VerifyErrorKind::RuleUndecided));
            }
            other => return other,
        };
        Ok(match self.rule.check(&pass) {
            Ok(()) => Verdict::Passed(pass),
            Err(refusal) if is_operators_mistake(&refusal, &pass) => {
                let cause = "a score is required and this account or key is given none";
                return Err(VerifyError::new(VerifyErrorKind::InvalidConfig).with_source(cause));
            }
            Err(refusal) => Verdict::Refused(refusal.of_pass(&pass)),
        })
    }

    fn fail_mode(&self) -> FailMode {
        self.verifier.fail_mode()
    }

    fn field_sets(&self) -> Vec<FieldSet> {
        self.verifier.field_sets()
    }

    fn deadline(&self) -> Option<Duration> {
        self.verifier.deadline()
    }
}

fn is_operators_mistake(refusal: &Refusal, pass: &Pass) -> bool {
    *refusal.reason_code() == ReasonCode::ScoreMissing && pass.is_scored_by_plan()
}

impl<V: fmt::Debug, R> fmt::Debug for Ruled<V, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ruled")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}
