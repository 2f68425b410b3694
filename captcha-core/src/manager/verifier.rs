use async_trait::async_trait;

use super::{AnswerOutcome, CaptchaError, CaptchaManager};
use crate::storage::StorageErrorKind;
use crate::verify::{
    Credential, FailMode, FieldSet, Pass, ReasonCode, Refusal, TOKEN_FIELD, Verdict, Verifier,
    VerifyError, VerifyErrorKind, VerifyRequest,
};

/// The form field that carries a challenge's id.
pub const ID_FIELD: &str = "captcha_id";

/// The form field that carries the answer.
pub const ANSWER_FIELD: &str = "captcha_answer";

#[async_trait]
impl Verifier for CaptchaManager {
    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
        let credential = request.credential();
        let (passed, reason) = match credential {
            Credential::Token(token) => (self.spend(token).await, ReasonCode::InvalidToken),
            Credential::Fields(_) => {
                let id = credential.field(ID_FIELD).unwrap_or_default();
                let answer = credential.field(ANSWER_FIELD).unwrap_or_default();
                let outcome = CaptchaManager::verify(self, id, answer).await;
                let passed = outcome.map(|outcome| outcome == AnswerOutcome::Right);
                (passed, ReasonCode::InvalidAnswer)
            }
        };
        match passed {
            Ok(true) => Ok(Verdict::Passed(Pass::new())),
            Ok(false) => Ok(Verdict::Refused(Refusal::new(reason))),
            // The kind is for the log: a client sees the same refusal for all of them.
            Err(CaptchaError::Challenge(error)) => {
                let refusal = Refusal::new(reason).with_error(error.to_string());
                Ok(Verdict::Refused(refusal))
            }
            Err(error) => Err(VerifyError::new(kind(&error)).with_source(error)),
        }
    }

    fn fail_mode(&self) -> FailMode {
        self.inner.fail_mode
    }

    fn field_sets(&self) -> Vec<FieldSet> {
        vec![
            FieldSet::token(TOKEN_FIELD),
            FieldSet::together([ID_FIELD, ANSWER_FIELD]),
        ]
    }
}

/// Only a storage that is gone is an outage. Whatever else fails, fails for the one id that the
/// visitor chose, and must not open the gate to him.
fn kind(error: &CaptchaError) -> VerifyErrorKind {
    match error {
        CaptchaError::Storage(error) if error.kind() == StorageErrorKind::Unavailable => {
            VerifyErrorKind::Storage
        }
        _ => VerifyErrorKind::InvalidConfig,
    }
}
