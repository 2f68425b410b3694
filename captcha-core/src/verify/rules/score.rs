use super::{Pass, Refusal, Rule};
use crate::ConfigError;
use crate::verify::ReasonCode;

/// The highest risk score that passes; a score equal to it does.
///
/// Scores are normalised, 0.0 (human) to 1.0 (bot). gkCAPTCHA suggests to let up to 0.3 pass,
/// to challenge up to 0.6, and to block above. reCAPTCHA v3 counts the other way round: its 0.7 is
/// 0.3 here.
///
/// An answer without a score is refused. Where the verifier says that only some accounts or keys get
/// one ([`Pass::scored_by_plan`]), that is the operator's mistake, not the visitor's:
/// [`VerifyErrorKind::InvalidConfig`](crate::verify::VerifyErrorKind::InvalidConfig).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaxScore {
    highest: f64,
}

impl MaxScore {
    /// Passes scores up to this one, to nine digits: `1.0 - 0.8` is a little less than 0.2, and a
    /// human of 0.8 is meant to pass.
    ///
    /// ```
    /// use captcha_core::verify::rules::MaxScore;
    ///
    /// assert_eq!(MaxScore::new(1.0 - 0.8)?, MaxScore::new(0.2)?);
    /// # Ok::<(), captcha_core::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError`] unless it is 0.0 to 1.0.
    pub fn new(highest: f64) -> Result<Self, ConfigError> {
        if !(0.0..=1.0).contains(&highest) {
            return Err(ConfigError::new("max_score", "must be 0.0 to 1.0"));
        }
        let highest = (highest * 1e9).round() / 1e9;
        Ok(Self { highest })
    }
}

impl Rule for MaxScore {
    fn check(&self, pass: &Pass) -> Result<(), Refusal> {
        match pass.score() {
            // A score that is no number is not below anything.
            Some(score) if score <= self.highest => Ok(()),
            Some(_) => Err(Refusal::new(ReasonCode::ScoreTooHigh)
                .with_error("the risk score is above the allowed maximum")),
            None => Err(Refusal::new(ReasonCode::ScoreMissing)
                .with_error("a risk score is required and the answer has none")),
        }
    }
}
