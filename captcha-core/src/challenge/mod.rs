//! What a visitor is asked: challenges and the factories that make them.

mod answer;
mod factory;
mod grid;
mod id;
mod math;
mod spec;
mod stored;
mod text;
mod word;

pub use factory::{ChallengeContext, ChallengeFactory, FactoryError};
pub use grid::{EmojiGridChallengeFactory, EmojiGridChallengeFactoryBuilder};
pub use id::{ChallengeId, PassToken};
pub use math::{MathChallengeFactory, MathChallengeFactoryBuilder, Operator};
pub use spec::{ChallengeSpec, Subject};
pub use stored::Challenge;
pub use text::{TextChallengeFactory, TextChallengeFactoryBuilder};
pub use word::{WordChallengeFactory, WordChallengeFactoryBuilder};
