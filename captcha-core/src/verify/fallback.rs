use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::{
    Credential, FailMode, FieldSet, ReasonCode, Refusal, Verdict, Verifier, VerifyError,
    VerifyErrorKind, VerifyRequest,
};
use crate::ConfigError;

/// Several verifiers, each for proofs of its own: where one cannot answer, the next one is asked
/// whose proof the visitor sent, too.
///
/// What a visitor sent says by the name of its field which verifier it is for. One without a
/// field, in the header of a request, is refused: nobody knows whose it is. Only a verifier that
/// is out of reach, too slow, or not understood hands over to the next. A refusal is final, and so
/// is a misconfiguration.
///
/// # Deployment caveat
///
/// The visitor chooses what to send, and so which of them is asked: all together protect as well
/// as the weakest does. With [`FailMode::Open`], visitors pass only while none of them can answer,
/// and only with a proof for each.
///
/// ```
/// # use captcha_core::verify::Verifier;
/// use captcha_core::gate::Gate;
/// use captcha_core::verify::{Fallback, VerifierExt};
///
/// # fn gate(
/// #     turnstile: impl Verifier + 'static, hcaptcha: impl Verifier + 'static,
/// # ) -> Result<Gate, captcha_core::ConfigError> {
/// // A breaker keeps visitors from waiting for one that is known to be down.
/// let verifier = Fallback::builder()
///     .verifier(turnstile.circuit_breaker())
///     .verifier(hcaptcha)
///     .build()?;
/// Ok(Gate::new(verifier))
/// # }
/// ```
pub struct Fallback {
    members: Vec<Member>,
    fail_mode: FailMode,
}

/// Sets up a [`Fallback`]. Made by [`Fallback::builder`].
#[derive(Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct FallbackBuilder {
    verifiers: Vec<Box<dyn Verifier>>,
    fail_mode: FailMode,
}

struct Member {
    verifier: Box<dyn Verifier>,
    field_sets: Vec<FieldSet>,
}

impl Fallback {
    /// Sets up verifiers in the order in which they are asked.
    pub fn builder() -> FallbackBuilder {
        FallbackBuilder::default()
    }
}

impl FallbackBuilder {
    /// Adds a verifier, to be asked after those before it.
    pub fn verifier(mut self, verifier: impl Verifier + 'static) -> Self {
        self.verifiers.push(Box::new(verifier));
        self
    }

    /// What it means for visitors that none of the verifiers can answer, each of which was sent a
    /// proof. Default [`FailMode::Closed`]; the modes of the verifiers themselves do not count.
    pub const fn fail_mode(mut self, mode: FailMode) -> Self {
        self.fail_mode = mode;
        self
    }

    /// Checks the settings and makes the verifier.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when there are fewer than two, or two that look into the same field.
    pub fn build(self) -> Result<Fallback, ConfigError> {
        if self.verifiers.len() < 2 {
            return Err(ConfigError::new("fallback", "needs two verifiers or more"));
        }
        let member = |verifier: Box<dyn Verifier>| Member {
            field_sets: verifier.field_sets(),
            verifier,
        };
        let fallback = Fallback {
            members: self.verifiers.into_iter().map(member).collect(),
            fail_mode: self.fail_mode,
        };
        let mut taken = HashSet::new();
        for member in &fallback.members {
            let own: HashSet<_> = member.names().collect();
            if own.into_iter().any(|name| !taken.insert(name)) {
                let problem = "has two verifiers that look into the same field";
                return Err(ConfigError::new("fallback", problem));
            }
        }
        Ok(fallback)
    }
}

impl Member {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.field_sets.iter().flat_map(FieldSet::names)
    }

    /// What a visitor sent for this verifier: `None` for nothing, an error for two things.
    fn proof<'a>(&'a self, sent: &'a Credential<'_>) -> Result<Option<Credential<'a>>, Refusal> {
        let value = |name: &str| sent.field(name).unwrap_or_default();
        let mut token = None;
        let mut together = None;
        for set in &self.field_sets {
            match set {
                FieldSet::Token(name) => match (value(name), token) {
                    ("", _) => {}
                    (other, Some(token)) if token != other => {
                        return Err(Refusal::unasked(ReasonCode::InvalidToken));
                    }
                    (other, _) => token = Some(other),
                },
                FieldSet::Together(_) | FieldSet::Named(_) => {
                    let names = set.names();
                    if names.iter().any(|name| !value(name).is_empty()) && together.is_none() {
                        let of = |name: &'a str| (name, Cow::Borrowed(value(name)));
                        together = Some(names.into_iter().map(of).collect());
                    }
                }
            }
        }
        let token = token.map(|token| Credential::Token(token.into()));
        Ok(token.or(together.map(Credential::Fields)))
    }
}

#[async_trait]
impl Verifier for Fallback {
    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
        let sent = request.credential();
        if matches!(sent, Credential::Token(_)) {
            let refusal = Refusal::unasked(ReasonCode::InvalidToken);
            let text = "a token that does not say whose it is";
            return Ok(Verdict::Refused(refusal.with_error(text)));
        }
        let mut failure: Option<VerifyError> = None;
        let mut all_asked = true;
        for member in &self.members {
            let proof = match member.proof(sent) {
                Ok(Some(proof)) => proof,
                Ok(None) => {
                    all_asked = false;
                    continue;
                }
                Err(refusal) => return Ok(Verdict::Refused(refusal)),
            };
            let request = VerifyRequest::new(proof)
                .with_client_ip(request.client_ip())
                .with_user_agent(request.user_agent());
            match member.verifier.verify(&request).await {
                Err(error) if error.kind() != VerifyErrorKind::InvalidConfig => {
                    tracing::warn!(
                        code = error.code(),
                        cause = error.source_text(),
                        "captcha verifier cannot answer, looking for another"
                    );
                    failure = Some(strictest(error, failure));
                }
                outcome => return outcome,
            }
        }
        match failure {
            None => Ok(Verdict::Refused(Refusal::unasked(ReasonCode::MissingToken))),
            Some(error) if error.kind().is_unavailable() && !all_asked => {
                Err(error.of_kind(VerifyErrorKind::OthersNotAsked))
            }
            Some(error) => Err(error),
        }
    }

    fn fail_mode(&self) -> FailMode {
        self.fail_mode
    }

    /// All that was sent arrives here with its name.
    fn field_sets(&self) -> Vec<FieldSet> {
        let sets = self.members.iter().flat_map(|member| &member.field_sets);
        vec![FieldSet::Named(sets.cloned().collect())]
    }

    /// Of all that have one.
    fn deadline(&self) -> Option<Duration> {
        let deadlines = self
            .members
            .iter()
            .filter_map(|member| member.verifier.deadline());
        deadlines.reduce(Duration::saturating_add)
    }
}

/// Of two failures the one that is not subject to the fail mode, or the later.
fn strictest(later: VerifyError, earlier: Option<VerifyError>) -> VerifyError {
    earlier
        .filter(|earlier| !earlier.kind().is_unavailable())
        .unwrap_or(later)
}

impl fmt::Debug for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback")
            .field("verifiers", &self.members.len())
            .field("fail_mode", &self.fail_mode)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FallbackBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallbackBuilder")
            .field("verifiers", &self.verifiers.len())
            .field("fail_mode", &self.fail_mode)
            .finish_non_exhaustive()
    }
}
