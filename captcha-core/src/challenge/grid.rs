use std::collections::HashSet;

use super::{ChallengeContext, ChallengeFactory, ChallengeSpec, FactoryError};
use crate::ConfigError;
use crate::random::SecureRng;

/// Things that look different in black and white, too, and that the bundled font has.
const POOL: [&str; 16] = [
    "\u{1f34e}",
    "\u{1f34c}",
    "\u{1f347}",
    "\u{1f353}",
    "\u{1f349}",
    "\u{1f352}",
    "\u{1f34d}",
    "\u{1f33d}",
    "\u{1f344}",
    "\u{1f330}",
    "\u{1f366}",
    "\u{1f382}",
    "\u{1f346}",
    "\u{1f354}",
    "\u{1f369}",
    "\u{1f355}",
];

/// Asks in which cell of a grid an emoji is. The answer is the cell's number, from 1.
///
/// Quick for people, also on a phone, and weak: with nine cells, three tries at random succeed one
/// time in three. Limit the rate of what it protects, or allow a single attempt.
///
/// ```
/// use captcha_core::challenge::EmojiGridChallengeFactory;
///
/// # fn main() -> Result<(), captcha_core::ConfigError> {
/// let grid = EmojiGridChallengeFactory::builder().cells(12).build()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct EmojiGridChallengeFactory {
    cells: usize,
    pool: Vec<String>,
}

/// Sets up an [`EmojiGridChallengeFactory`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct EmojiGridChallengeFactoryBuilder {
    cells: usize,
    pool: Vec<String>,
}

impl EmojiGridChallengeFactory {
    /// Nine cells of fruit and food.
    #[must_use]
    pub fn new() -> Self {
        Self {
            cells: 9,
            pool: POOL.map(str::to_owned).to_vec(),
        }
    }

    /// A factory whose options are set one by one.
    pub fn builder() -> EmojiGridChallengeFactoryBuilder {
        let Self { cells, pool } = Self::new();
        EmojiGridChallengeFactoryBuilder { cells, pool }
    }
}

impl Default for EmojiGridChallengeFactory {
    fn default() -> Self {
        Self::new()
    }
}

impl EmojiGridChallengeFactoryBuilder {
    /// How many cells, 4 to 25. Default 9.
    pub const fn cells(mut self, cells: usize) -> Self {
        self.cells = cells;
        self
    }

    /// What the cells are filled with: four or more different emoji of one code point each.
    pub fn pool<E: Into<String>>(mut self, emoji: impl IntoIterator<Item = E>) -> Self {
        self.pool = emoji.into_iter().map(Into::into).collect();
        self
    }

    /// Checks the options and makes the factory.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the option that cannot work.
    pub fn build(self) -> Result<EmojiGridChallengeFactory, ConfigError> {
        if !(4..=25).contains(&self.cells) {
            return Err(ConfigError::new("cells", "must be 4 to 25"));
        }
        let single = |emoji: &String| {
            emoji.chars().count() == 1
                && !emoji.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        if !self.pool.iter().all(single) {
            return Err(ConfigError::new(
                "pool",
                "must be emoji of one code point each",
            ));
        }
        let different: HashSet<&String> = self.pool.iter().collect();
        if different.len() < 4 || different.len() < self.pool.len() {
            return Err(ConfigError::new(
                "pool",
                "needs four or more emoji, all different",
            ));
        }
        Ok(EmojiGridChallengeFactory {
            cells: self.cells,
            pool: self.pool,
        })
    }
}

impl ChallengeFactory for EmojiGridChallengeFactory {
    fn create(
        &self,
        context: &ChallengeContext<'_>,
        rng: &mut SecureRng,
    ) -> Result<ChallengeSpec, FactoryError> {
        let mut distractors = self.pool.clone();
        let target = distractors.swap_remove(rng.below(distractors.len()));
        let place = rng.below(self.cells);
        let cells = (0..self.cells)
            .map(|cell| match rng.pick(&distractors) {
                Some(distractor) if cell != place => distractor.clone(),
                _ => target.clone(),
            })
            .collect();
        let prompt = context.prompt("grid.pick", &[("emoji", &target)])?;
        Ok(ChallengeSpec::grid(prompt, cells, (place + 1).to_string()))
    }
}
