//! What a visitor is asked: challenges and the factories that make them.

mod answer;
mod factory;
mod id;
mod spec;
mod stored;
mod text;

pub use factory::{ChallengeContext, ChallengeFactory, FactoryError};
pub use id::{ChallengeId, PassToken};
pub use spec::{ChallengeSpec, Subject};
pub use stored::Challenge;
pub use text::{TextChallengeFactory, TextChallengeFactoryBuilder};
