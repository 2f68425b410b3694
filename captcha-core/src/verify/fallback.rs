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
/// field, in the header or the query of a request, is refused: nobody knows whose it is. Only a verifier that
/// is out of reach, too slow, or not understood hands over to the next. A refusal is final, and so
/// is a misconfiguration. Fields that were left as they were are nothing sent: a part of several that
/// belong together where there is another whole proof, and what a verifier takes for an unsolved
/// captcha without having to ask.
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
    fn proof<'a>(&'a self, sent: &'a Credential<'_>) -> Result<Option<Proof<'a>>, Refusal> {
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
                    let filled = |name: &&str| !value(name).is_empty();
                    if names.iter().any(filled) && together.is_none() {
                        let is_whole =
                            matches!(set, FieldSet::Named(_)) || names.iter().all(filled);
                        let of = |name: &'a str| (name, Cow::Borrowed(value(name)));
                        let fields = names.into_iter().map(of).collect();
                        together = Some((Credential::Fields(fields), is_whole));
                    }
                }
            }
        }
        let token = token.map(|token| (Credential::Token(token.into()), true));
        let proof = token.or(together);
        Ok(proof.map(|(credential, is_whole)| Proof {
            member: self,
            credential,
            is_whole,
        }))
    }
}

/// What was sent for one verifier.
struct Proof<'a> {
    member: &'a Member,
    credential: Credential<'a>,
    /// Whether no part of it is empty.
    is_whole: bool,
}

impl Fallback {
    /// What was sent, for each that it was sent for.
    fn proofs<'a>(&'a self, sent: &'a Credential<'_>) -> Result<Vec<Proof<'a>>, Refusal> {
        let proofs = self.members.iter().map(|member| member.proof(sent));
        let proofs: Vec<Option<Proof<'_>>> = proofs.collect::<Result<_, _>>()?;
        let mut proofs: Vec<Proof<'_>> = proofs.into_iter().flatten().collect();
        // The id of a picture is in every form of its page.
        if proofs.iter().any(|proof| proof.is_whole) {
            proofs.retain(|proof| proof.is_whole);
        }
        Ok(proofs)
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
        let proofs = match self.proofs(sent) {
            Ok(proofs) => proofs,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let mut all_asked = proofs.len() == self.members.len();
        let mut failure: Option<VerifyError> = None;
        for proof in proofs {
            let request = VerifyRequest::new(proof.credential)
                .with_client_ip(request.client_ip())
                .with_user_agent(request.user_agent());
            match proof.member.verifier.verify(&request).await {
                Err(error) if error.kind() != VerifyErrorKind::InvalidConfig => {
                    tracing::warn!(
                        code = error.code(),
                        cause = error.source_text(),
                        "captcha verifier cannot answer, looking for another"
                    );
                    failure = Some(strictest(error, failure));
                }
                Ok(Verdict::Refused(refusal)) if is_unsolved(&refusal) => all_asked = false,
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

/// Whether nobody had to be asked to see that the captcha was not solved yet.
fn is_unsolved(refusal: &Refusal) -> bool {
    refusal.is_unasked() && *refusal.reason_code() == ReasonCode::MissingToken
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
