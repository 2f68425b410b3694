use super::{Pass, Verdict, VerifyError};

/// What an outage of the verifier means for visitors.
///
/// Only outages are subject to it ([`VerifyErrorKind::is_unavailable`]). A refused token, a
/// misconfiguration and a timeout stay what they are in both modes, because a visitor who can
/// cause one of them could otherwise choose to pass.
///
/// [`VerifyErrorKind::is_unavailable`]: super::VerifyErrorKind::is_unavailable
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FailMode {
    /// Nobody passes during an outage; requests are answered 503.
    #[default]
    Closed,
    /// Everybody passes during an outage, with [`Pass::fail_open`] set.
    Open,
}

impl FailMode {
    /// Applies the mode to what a verifier returned. The one place where an error becomes a pass.
    ///
    /// # Errors
    ///
    /// Returns the error unchanged unless the mode is [`Open`](Self::Open) and the error is an
    /// outage.
    pub fn apply(self, outcome: Result<Verdict, VerifyError>) -> Result<Verdict, VerifyError> {
        match outcome {
            Err(error) if self == Self::Open && error.kind().is_unavailable() => {
                tracing::warn!(
                    code = error.code(),
                    cause = error.source_text(),
                    "captcha verifier unavailable, letting the request through (fail-open)"
                );
                Ok(Verdict::Passed(Pass::failed_open()))
            }
            other => other,
        }
    }
}

impl VerifyError {
    /// The causes underneath in one line, for logs.
    pub(crate) fn source_text(&self) -> String {
        let mut text = String::new();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::VerifyErrorKind::{self, *};

    fn applied(mode: FailMode, kind: VerifyErrorKind) -> bool {
        mode.apply(Err(VerifyError::new(kind))).is_ok()
    }

    #[test]
    fn only_outages_fail_open() {
        for kind in [Network, InvalidResponse, Storage] {
            assert!(applied(FailMode::Open, kind), "{kind:?}");
            assert!(!applied(FailMode::Closed, kind), "{kind:?}");
        }
        for kind in [InvalidConfig, Timeout, RuleUndecided] {
            assert!(!applied(FailMode::Open, kind), "{kind:?}");
        }
    }

    #[test]
    fn a_fail_open_pass_says_so() {
        let passed = FailMode::Open.apply(Err(VerifyError::new(Network)));
        assert!(matches!(passed, Ok(Verdict::Passed(pass)) if pass.fail_open()));
    }
}
