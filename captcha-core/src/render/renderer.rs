use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use super::Format;
use crate::challenge::Challenge;

/// Makes a challenge visible or audible.
pub trait Renderer: Send + Sync {
    /// What it produces.
    fn format(&self) -> Format;

    /// Whether it can render this challenge. Asked before a challenge is issued, so that no
    /// visitor is shown one that cannot be read.
    ///
    /// # Errors
    ///
    /// [`RenderError`] says what is missing.
    fn check(&self, challenge: &Challenge) -> Result<(), RenderError>;

    /// Renders the challenge. All randomness has to come from
    /// [`Challenge::drawing_rng`], so that every node renders the same.
    ///
    /// # Errors
    ///
    /// [`RenderError`] when it cannot be rendered.
    fn render(&self, challenge: &Challenge) -> Result<Rendered, RenderError>;

    /// Renders one cell of a grid, numbered from 1 as the answer is, for clients that draw
    /// buttons. Renderers that draw no cells leave it as it is.
    ///
    /// # Errors
    ///
    /// [`RenderError::UnsupportedSubject`] when the challenge is no grid,
    /// [`RenderError::NoSuchCell`] when the grid has no such cell.
    fn render_cell(&self, challenge: &Challenge, cell: usize) -> Result<Rendered, RenderError> {
        let _ = (challenge, cell);
        Err(RenderError::UnsupportedSubject)
    }
}

/// A rendered challenge.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The file's content.
    pub bytes: Vec<u8>,
    /// What kind of file it is.
    pub format: Format,
}

/// A challenge could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RenderError {
    /// No renderer produces this format.
    #[error("no renderer for {0}")]
    NoRenderer(Format),
    /// The font has no glyph for this character.
    #[error("the font has no glyph for U+{:04X}", u32::from(*.0))]
    MissingGlyph(char),
    /// The renderer does not know this kind of challenge.
    #[error("the renderer does not know this kind of challenge")]
    UnsupportedSubject,
    /// The grid has no cell of this number.
    #[error("the grid has no cell {0}")]
    NoSuchCell(usize),
    /// The picture could not be drawn or encoded.
    #[error("the picture could not be drawn")]
    Draw,
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendered")
            .field("format", &self.format)
            .field("len", &self.bytes.len())
            .finish()
    }
}

impl<R: Renderer + ?Sized> Renderer for Arc<R> {
    fn format(&self) -> Format {
        (**self).format()
    }

    fn check(&self, challenge: &Challenge) -> Result<(), RenderError> {
        (**self).check(challenge)
    }

    fn render(&self, challenge: &Challenge) -> Result<Rendered, RenderError> {
        (**self).render(challenge)
    }

    fn render_cell(&self, challenge: &Challenge, cell: usize) -> Result<Rendered, RenderError> {
        (**self).render_cell(challenge, cell)
    }
}
