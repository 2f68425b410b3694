use std::ops::RangeInclusive;

use super::{ChallengeContext, ChallengeFactory, ChallengeSpec, FactoryError};
use crate::ConfigError;
use crate::random::SecureRng;

/// Asks for the result of a small sum, for example `7+3=?`. No result is negative.
///
/// Easy on people and on machines: with the default operands there are 19 results, so three tries
/// at random succeed one time in six. Limit the rate of what it protects.
///
/// ```
/// use captcha_core::challenge::{MathChallengeFactory, Operator};
///
/// # fn main() -> Result<(), captcha_core::ConfigError> {
/// let sums = MathChallengeFactory::builder()
///     .operands(2..=20)
///     .operators([Operator::Plus, Operator::Minus, Operator::Times])
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct MathChallengeFactory {
    operands: RangeInclusive<u16>,
    operators: Vec<Operator>,
}

/// What is to be calculated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operator {
    /// Addition.
    Plus,
    /// Subtraction, of the smaller from the larger.
    Minus,
    /// Multiplication.
    Times,
}

/// Sets up a [`MathChallengeFactory`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct MathChallengeFactoryBuilder {
    operands: RangeInclusive<u16>,
    operators: Vec<Operator>,
}

impl MathChallengeFactory {
    /// Additions and subtractions of 1 to 9.
    #[must_use]
    pub fn new() -> Self {
        Self {
            operands: 1..=9,
            operators: vec![Operator::Plus, Operator::Minus],
        }
    }

    /// A factory whose options are set one by one.
    pub fn builder() -> MathChallengeFactoryBuilder {
        let Self {
            operands,
            operators,
        } = Self::new();
        MathChallengeFactoryBuilder {
            operands,
            operators,
        }
    }

    fn operand(&self, rng: &mut SecureRng) -> u16 {
        let (low, high) = (*self.operands.start(), *self.operands.end());
        let offset = rng.below(usize::from(high - low) + 1);
        low + u16::try_from(offset).unwrap_or_default()
    }
}

impl Default for MathChallengeFactory {
    fn default() -> Self {
        Self::new()
    }
}

impl MathChallengeFactoryBuilder {
    /// The smallest and the largest operand. Default 1 to 9; at most 99.
    pub const fn operands(mut self, operands: RangeInclusive<u16>) -> Self {
        self.operands = operands;
        self
    }

    /// What is calculated, each as likely as the others. Default plus and minus.
    pub fn operators(mut self, operators: impl IntoIterator<Item = Operator>) -> Self {
        self.operators = operators.into_iter().collect();
        self
    }

    /// Checks the options and makes the factory.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the option that cannot work.
    pub fn build(self) -> Result<MathChallengeFactory, ConfigError> {
        let (low, high) = (*self.operands.start(), *self.operands.end());
        if low >= high || high > 99 {
            let problem = "must be a range of two or more numbers up to 99";
            return Err(ConfigError::new("operands", problem));
        }
        if self.operators.is_empty() {
            return Err(ConfigError::new("operators", "is empty"));
        }
        Ok(MathChallengeFactory {
            operands: self.operands,
            operators: self.operators,
        })
    }
}

impl Operator {
    /// As it is drawn: a minus is longer than a hyphen.
    const fn sign(self) -> char {
        match self {
            Self::Plus => '+',
            Self::Minus => '\u{2212}',
            Self::Times => '\u{d7}',
        }
    }

    const fn apply(self, a: u16, b: u16) -> u16 {
        // Operands are at most 99.
        match self {
            Self::Plus => a.saturating_add(b),
            Self::Minus => a.saturating_sub(b),
            Self::Times => a.saturating_mul(b),
        }
    }
}

impl ChallengeFactory for MathChallengeFactory {
    fn create(
        &self,
        context: &ChallengeContext<'_>,
        rng: &mut SecureRng,
    ) -> Result<ChallengeSpec, FactoryError> {
        let operator = rng.pick(&self.operators).copied().unwrap_or(Operator::Plus);
        let (a, b) = (self.operand(rng), self.operand(rng));
        let (a, b) = match operator {
            Operator::Minus => (a.max(b), a.min(b)),
            _ => (a, b),
        };
        let sum = format!("{a}{}{b}=?", operator.sign());
        let result = operator.apply(a, b).to_string();
        let prompt = context.prompt("math.solve", &[])?;
        Ok(ChallengeSpec::text(prompt, sum, result))
    }
}
