use super::issue::taken;
use super::{AnswerOutcome, CaptchaError, CaptchaManager};
use crate::challenge::PassToken;
use crate::random::SecureRng;
use crate::storage::Put;

/// What an answer was exchanged for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an outcome that nobody looks at protects nothing"]
pub enum Exchange {
    /// The answer is right. The token passes the gate once.
    Token(PassToken),
    /// The answer is wrong, and the challenge can be answered again.
    Wrong {
        /// How many more answers are looked at; at least 1.
        attempts_left: u32,
    },
}

impl CaptchaManager {
    /// Checks an answer and exchanges a right one for a pass token, which the browser sends with
    /// the form it protects.
    ///
    /// The token exists in the storage before it is returned.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub async fn exchange(&self, id: &str, answer: &str) -> Result<Exchange, CaptchaError> {
        match self.verify(id, answer).await? {
            AnswerOutcome::Right => Ok(Exchange::Token(self.put_pass_token().await?)),
            AnswerOutcome::Wrong { attempts_left } => Ok(Exchange::Wrong { attempts_left }),
        }
    }

    async fn put_pass_token(&self) -> Result<PassToken, CaptchaError> {
        let mut rng = SecureRng::from_os()?;
        let token = PassToken::random(&mut rng);
        let (key, ttl) = (token.key(), self.inner.pass_ttl);
        match self.inner.storage.put_new(&key, b"", ttl).await? {
            Put::Stored => Ok(token),
            Put::Exists => Err(taken().into()),
        }
    }

    /// `true` for the one caller that spends this token.
    pub(super) async fn spend(&self, token: &str) -> Result<bool, CaptchaError> {
        match PassToken::parse(token) {
            Some(token) => Ok(self.inner.storage.consume(&token.key()).await?),
            None => Ok(false),
        }
    }
}
