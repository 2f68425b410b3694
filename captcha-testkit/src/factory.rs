use captcha_core::challenge::{ChallengeContext, ChallengeFactory, ChallengeSpec, FactoryError};
use captcha_core::random::SecureRng;

/// Makes challenges that all have the same, known solution.
///
/// For tests only: whoever knows it passes.
#[derive(Debug, Clone)]
pub struct KnownAnswer(pub &'static str);

impl ChallengeFactory for KnownAnswer {
    fn create(
        &self,
        _context: &ChallengeContext<'_>,
        _rng: &mut SecureRng,
    ) -> Result<ChallengeSpec, FactoryError> {
        let prompt = "Type the characters in the picture";
        Ok(ChallengeSpec::text(prompt, self.0, self.0))
    }
}
