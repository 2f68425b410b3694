use captcha_core::challenge::{
    ChallengeFactory, EmojiGridChallengeFactory, MathChallengeFactory, TextChallengeFactory,
    WordChallengeFactory,
};

/// What a visitor is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Challenge {
    /// Random characters.
    Text,
    /// The result of a sum.
    Math,
    /// A word.
    Word,
    /// A cell of a grid.
    Grid,
}

impl Challenge {
    pub(crate) const NAMES: [(&'static str, Self); 4] = [
        ("text", Self::Text),
        ("math", Self::Math),
        ("word", Self::Word),
        ("grid", Self::Grid),
    ];

    pub(crate) fn factory(self) -> Box<dyn ChallengeFactory> {
        match self {
            Self::Text => Box::new(TextChallengeFactory::new()),
            Self::Math => Box::new(MathChallengeFactory::new()),
            Self::Word => Box::new(WordChallengeFactory::new()),
            Self::Grid => Box::new(EmojiGridChallengeFactory::new()),
        }
    }
}
