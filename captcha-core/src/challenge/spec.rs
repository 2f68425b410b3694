use std::fmt;

use serde::{Deserialize, Serialize};

/// The content of a challenge before it has an id, as a
/// [`ChallengeFactory`](super::ChallengeFactory) makes it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeSpec {
    pub(crate) prompt: String,
    pub(crate) subject: Subject,
    pub(crate) solution: String,
    pub(crate) case_sensitive: bool,
}

/// What a renderer makes visible or audible. It usually gives the solution away, so it never
/// leaves the server as text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Subject {
    /// A line of text to be drawn or spoken.
    Text(String),
    /// Emoji in numbered cells, row by row.
    Grid(Vec<String>),
}

impl Subject {
    /// How many cells there are; 0 for what is no grid.
    #[must_use]
    pub const fn cells(&self) -> usize {
        match self {
            Self::Text(_) => 0,
            Self::Grid(cells) => cells.len(),
        }
    }
}

impl ChallengeSpec {
    /// A challenge in which `drawn` is shown as a picture and `solution` is the right answer.
    ///
    /// `prompt` is what the visitor is told in plain text, for example "Type the characters in
    /// the picture"; it is public. Answers are compared without case until
    /// [`case_sensitive`](Self::case_sensitive).
    #[must_use]
    pub fn text(
        prompt: impl Into<String>,
        drawn: impl Into<String>,
        solution: impl Into<String>,
    ) -> Self {
        Self {
            prompt: prompt.into(),
            subject: Subject::Text(drawn.into()),
            solution: solution.into(),
            case_sensitive: false,
        }
    }

    /// A challenge that shows emoji in a grid; `solution` is the number of a cell, from 1.
    #[must_use]
    pub fn grid(
        prompt: impl Into<String>,
        cells: Vec<String>,
        solution: impl Into<String>,
    ) -> Self {
        Self {
            prompt: prompt.into(),
            subject: Subject::Grid(cells),
            solution: solution.into(),
            case_sensitive: false,
        }
    }

    /// Makes upper and lower case count.
    #[must_use]
    pub const fn case_sensitive(mut self) -> Self {
        self.case_sensitive = true;
        self
    }
}

impl fmt::Debug for ChallengeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChallengeSpec")
            .field("prompt", &self.prompt)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(..)"),
            Self::Grid(_) => f.write_str("Grid(..)"),
        }
    }
}
