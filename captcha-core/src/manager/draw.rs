use super::issue::corrupt;
use super::{CaptchaError, CaptchaManager, ChallengeError};
use crate::challenge::{Challenge, ChallengeId};
use crate::render::{Format, RenderError, Rendered, Renderer};
use crate::storage::{Counter, Lookup};

impl CaptchaManager {
    /// Draws (or speaks) a challenge that was issued before, on any node. The same challenge
    /// always looks the same.
    ///
    /// # Errors
    ///
    /// [`CaptchaError::Render`] when there is no renderer for the format,
    /// [`CaptchaError::Challenge`] when the challenge is gone or was drawn often enough,
    /// [`CaptchaError::Storage`].
    pub async fn render(&self, id: &str, format: Format) -> Result<Rendered, CaptchaError> {
        let draw = |renderer: &dyn Renderer, challenge: &Challenge| renderer.render(challenge);
        self.draw(id, format, |_| 1, draw).await
    }

    /// Draws one cell of a grid, numbered from 1 as the answer is, for clients that draw buttons.
    ///
    /// # Errors
    ///
    /// As [`render`](Self::render), and [`CaptchaError::Render`] when the challenge is no grid or
    /// has no such cell.
    pub async fn render_cell(
        &self,
        id: &str,
        format: Format,
        cell: usize,
    ) -> Result<Rendered, CaptchaError> {
        let draw =
            |renderer: &dyn Renderer, challenge: &Challenge| renderer.render_cell(challenge, cell);
        // As often for each of its cells as another challenge as a whole.
        self.draw(id, format, |challenge| challenge.subject().cells(), draw)
            .await
    }

    async fn draw(
        &self,
        id: &str,
        format: Format,
        parts: impl Fn(&Challenge) -> usize,
        draw: impl Fn(&dyn Renderer, &Challenge) -> Result<Rendered, RenderError>,
    ) -> Result<Rendered, CaptchaError> {
        let mut renderers = self.inner.renderers.iter();
        let renderer = renderers
            .find(|renderer| renderer.format() == format)
            .ok_or(RenderError::NoRenderer(format))?;
        let id = ChallengeId::parse(id).ok_or(ChallengeError::NotFound)?;
        let stored = match self.inner.storage.hit(&id.key(), Counter::Renders).await? {
            Lookup::Live(stored) => stored,
            Lookup::Expired => return Err(ChallengeError::Expired.into()),
            Lookup::Absent => return Err(ChallengeError::NotFound.into()),
        };
        let challenge = Challenge::from_payload(&stored.payload).map_err(corrupt)?;
        let parts = u32::try_from(parts(&challenge).max(1)).unwrap_or(u32::MAX);
        if stored.renders > self.inner.max_renders.saturating_mul(parts) {
            return Err(ChallengeError::TooManyRenders.into());
        }
        Ok(draw(&**renderer, &challenge)?)
    }
}
