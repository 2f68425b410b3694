use super::{Pass, Refusal, Rule};
use crate::ConfigError;
use crate::verify::ReasonCode;

/// The action for which the captcha has to have been solved, so that a token from the contact
/// form does not log anybody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedAction {
    action: String,
}

impl ExpectedAction {
    /// Passes this action only, exactly as the page names it.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when it is empty.
    pub fn new(action: impl Into<String>) -> Result<Self, ConfigError> {
        let action = action.into();
        if action.is_empty() {
            return Err(ConfigError::new("expected_action", "is empty"));
        }
        Ok(Self { action })
    }
}

impl Rule for ExpectedAction {
    fn check(&self, pass: &Pass) -> Result<(), Refusal> {
        let refused = |text: &str| Refusal::new(ReasonCode::ActionMismatch).with_error(text);
        match pass.action() {
            None | Some("") => Err(refused("an action is required and the answer names none")),
            Some(action) if action == self.action => Ok(()),
            Some(_) => Err(refused("solved for another action")),
        }
    }
}
