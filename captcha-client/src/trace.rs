use std::net::IpAddr;

use captcha_core::verify::{Verdict, VerifyError, VerifyErrorKind};
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::transport::Asked;

/// The span of one verification: provider, outcome, reason code, tries and duration.
///
/// Never the token or the secret; the visitor's address only where it was asked for.
pub(crate) struct Trace {
    span: Span,
    started: Instant,
}

impl Trace {
    pub(crate) fn start(provider: &'static str, client_ip: Option<IpAddr>) -> Self {
        let span = tracing::info_span!(
            "captcha_verify",
            provider,
            client_ip = client_ip.map(tracing::field::display),
            outcome = Empty,
            reason_code = Empty,
            tries = Empty,
            duration_ms = Empty,
        );
        Self {
            span,
            started: Instant::now(),
        }
    }

    /// Runs a verification inside the span and notes how it ended.
    pub(crate) async fn of(
        self,
        asking: impl Future<Output = Asked> + Send,
    ) -> Result<Verdict, VerifyError> {
        let Asked { outcome, tries } = asking.instrument(self.span.clone()).await;
        let (name, reason_code) = match &outcome {
            Ok(Verdict::Passed(_)) => ("passed", None),
            Ok(Verdict::Refused(refusal)) => ("refused", Some(refusal.reason_code().public())),
            Err(error) => (outcome_of(error.kind()), Some(error.code().into())),
        };
        self.span.record("outcome", name);
        if let Some(code) = reason_code {
            self.span.record("reason_code", &*code);
        }
        self.span.record("tries", tries);
        let millis = self.started.elapsed().as_secs_f64() * 1000.0;
        self.span.record("duration_ms", millis);
        self.span
            .in_scope(|| tracing::debug!("captcha verification finished"));
        outcome
    }
}

const fn outcome_of(kind: VerifyErrorKind) -> &'static str {
    match kind {
        VerifyErrorKind::InvalidConfig => "misconfigured",
        VerifyErrorKind::Timeout => "timeout",
        _ => "unavailable",
    }
}
