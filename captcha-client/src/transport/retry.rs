use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use captcha_core::verify::{ReasonCode, Refusal, Verdict, VerifyError, VerifyErrorKind};
use http::StatusCode;
use tokio::time::{Instant, timeout_at};

use super::attempt::{Failure, Reply};
use super::{Question, Transport};
use crate::answer::Answer;

/// A longer `Retry-After` is not waited for: the visitor is waiting, too.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(5);

const MAYBE_USED_UP: &str =
    "an earlier try of this verification had an unknown outcome and may have used the token up";

/// When a verification is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retries {
    /// After every outage: the provider knows a repeated verification from another one.
    Repeatable,
    /// After lost connections, 5xx and 429, as the provider's own SDK does, although a try that
    /// was lost may have used the token up.
    AsItsSdk,
    /// Only where the token is surely unspent: no connection, 429, or a 503 that asks for it.
    Unspent,
}

impl Retries {
    /// Whether an answer that is an outage is one after which asking again can help.
    pub(super) fn after(self, reply: &Reply) -> bool {
        let status = reply.status;
        let busy = status == StatusCode::TOO_MANY_REQUESTS;
        match self {
            Self::Repeatable => true,
            Self::AsItsSdk => busy || status.is_server_error(),
            Self::Unspent => {
                let invited = status == StatusCode::SERVICE_UNAVAILABLE;
                busy || invited && reply.retry_after.is_some()
            }
        }
    }
}

/// What came of a question, and how many times it was asked.
pub(crate) struct Asked {
    pub(crate) outcome: Result<Verdict, VerifyError>,
    pub(crate) tries: u32,
}

impl Asked {
    /// A refusal for which nobody had to be asked.
    pub(crate) const fn nobody(reason: ReasonCode) -> Self {
        Self {
            outcome: Ok(Verdict::Refused(Refusal::unasked(reason))),
            tries: 0,
        }
    }
}

impl Transport {
    /// Asks until there is a verdict, the retries are used up, or the deadline leaves no time.
    ///
    /// [`Retries`] says after what. Not tried again are timeouts, because the visitor has waited
    /// long enough, and refusals, because they are answers.
    pub(crate) async fn ask(&self, question: &Question, read: impl Fn(&Reply) -> Answer) -> Asked {
        let end = Instant::now() + self.deadline;
        let mut tries = 0;
        let mut token_sent = false;
        let one_try = || {
            tries += 1;
            self.try_once(question, &read, end)
        };
        let delays = ConstantBuilder::new()
            .with_delay(self.retry_delay)
            .with_max_times(self.max_retries);
        let outcome = one_try
            .retry(delays)
            .when(|failure| failure.retry.is_some())
            .adjust(|failure, delay| {
                let asked = failure.retry?;
                let wait = asked.max(delay?);
                let fits = asked <= LONGEST_RETRY_AFTER && Instant::now() + wait < end;
                fits.then_some(wait)
            })
            .notify(|failure: &Failure, _| {
                token_sent |= failure.token_sent && question.retries != Retries::Repeatable
            })
            .await;
        let outcome = match outcome {
            Ok(Verdict::Refused(refusal)) if token_sent => {
                Ok(Verdict::Refused(maybe_used_up(refusal)))
            }
            Ok(verdict) => Ok(verdict),
            Err(failure) => Err(failure.into_error()),
        };
        Asked { outcome, tries }
    }

    async fn try_once(
        &self,
        question: &Question,
        read: impl Fn(&Reply) -> Answer,
        end: Instant,
    ) -> Result<Verdict, Failure> {
        let until = end.min(Instant::now() + self.timeout);
        let reply = timeout_at(until, self.exchange(question))
            .await
            .unwrap_or_else(|_| {
                let cause = "no answer within the timeout";
                Err(Failure::new(VerifyErrorKind::Timeout, cause))
            });
        let reply = reply.map_err(|failure| self.timeouts_by_choice(failure))?;
        read(&reply)
            .into_result()
            .map_err(|(kind, cause)| Failure::answered(kind, cause, &reply, question.retries))
    }

    fn timeouts_by_choice(&self, mut failure: Failure) -> Failure {
        if self.timeouts_are_outages && failure.kind == VerifyErrorKind::Timeout {
            failure.kind = VerifyErrorKind::Network;
        }
        failure
    }
}

fn maybe_used_up(refusal: Refusal) -> Refusal {
    let text = match refusal.error() {
        Some(said) => format!("{said} ({MAYBE_USED_UP})"),
        None => MAYBE_USED_UP.to_owned(),
    };
    refusal.with_error(text)
}
