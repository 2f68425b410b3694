use metrics::{counter, describe_counter, describe_histogram, histogram};

use super::{Event, MetricsSink};

/// Counts on the [`metrics`] facade, for whichever recorder the application has installed.
///
/// | metric | kind | label `outcome` |
/// |---|---|---|
/// | `captcha_challenges_issued_total` | counter | |
/// | `captcha_verifications_total` | counter | `right`, `wrong`, `expired`, `too_many_attempts`, `not_found` |
/// | `captcha_verification_seconds` | histogram | `right`, `wrong` |
/// | `captcha_rate_limited_total` | counter | |
/// | `captcha_evicted_total` | counter | |
/// | `captcha_storage_errors_total` | counter | |
#[derive(Debug, Clone, Copy, Default)]
pub struct MetricsFacade;

impl MetricsFacade {
    /// A sink that describes its metrics to the recorder installed by now.
    #[must_use]
    pub fn new() -> Self {
        describe_counter!("captcha_challenges_issued_total", "Challenges issued");
        describe_counter!("captcha_verifications_total", "Answers by outcome");
        describe_histogram!(
            "captcha_verification_seconds",
            "How long answers took to check"
        );
        describe_counter!(
            "captcha_rate_limited_total",
            "Requests for challenges turned away"
        );
        describe_counter!("captcha_evicted_total", "Expired records removed by purges");
        describe_counter!(
            "captcha_storage_errors_total",
            "Failures of the captcha storage"
        );
        Self
    }
}

impl MetricsSink for MetricsFacade {
    fn record(&self, event: &Event) {
        let verified = |outcome: &'static str| {
            counter!("captcha_verifications_total", "outcome" => outcome).increment(1);
        };
        match event {
            Event::Issued => counter!("captcha_challenges_issued_total").increment(1),
            Event::Verified { duration } => {
                verified("right");
                histogram!("captcha_verification_seconds", "outcome" => "right").record(*duration);
            }
            Event::WrongAnswer { duration } => {
                verified("wrong");
                histogram!("captcha_verification_seconds", "outcome" => "wrong").record(*duration);
            }
            Event::Expired => verified("expired"),
            Event::TooManyAttempts => verified("too_many_attempts"),
            Event::NotFound => verified("not_found"),
            Event::RateLimited => counter!("captcha_rate_limited_total").increment(1),
            Event::Evicted { records } => {
                counter!("captcha_evicted_total").increment(u64::try_from(*records).unwrap_or(0));
            }
            Event::StorageError => counter!("captcha_storage_errors_total").increment(1),
        }
    }
}
