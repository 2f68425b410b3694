use super::canvas::Canvas;
use super::painter::{Painter, Picture};
use super::picture_builder::PictureRendererBuilder;
use super::picture_builder::sealed::FromPainter;
use super::{Format, RenderError, Rendered, Renderer};
use crate::challenge::Challenge;

/// Draws challenges as PNG: text glyph by glyph, each turned, shifted, sheared and bent, with
/// lines across; emoji in a numbered grid.
///
/// It keeps simple bots away and stays readable; it does not defeat a trained recogniser, so rate
/// limit what it protects.
#[derive(Debug, Clone)]
pub struct ImageRenderer {
    painter: Painter,
}

impl ImageRenderer {
    /// 220 by 80 pixels in [`Theme::CLASSIC`](super::Theme::CLASSIC).
    #[must_use]
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the fonts are compiled in, and a test parses them"
    )]
    pub fn new() -> Self {
        Self::builder().build().expect("the bundled fonts parse")
    }

    /// A renderer whose size and theme are set.
    pub const fn builder() -> PictureRendererBuilder<Self> {
        PictureRendererBuilder::new()
    }
}

fn encode(picture: &Picture) -> Result<Rendered, RenderError> {
    Ok(Rendered {
        bytes: Canvas::draw(picture).encode()?,
        format: Format::Png,
    })
}

impl Default for ImageRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl FromPainter for ImageRenderer {
    fn from_painter(painter: Painter) -> Self {
        Self { painter }
    }
}

impl Renderer for ImageRenderer {
    fn format(&self) -> Format {
        Format::Png
    }

    fn check(&self, challenge: &Challenge) -> Result<(), RenderError> {
        self.painter.check(challenge)
    }

    fn render(&self, challenge: &Challenge) -> Result<Rendered, RenderError> {
        encode(&self.painter.paint(challenge)?)
    }

    fn render_cell(&self, challenge: &Challenge, cell: usize) -> Result<Rendered, RenderError> {
        encode(&self.painter.paint_cell(challenge, cell)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::ChallengeSpec;
    use crate::random::SecureRng;
    use crate::render::Theme;

    fn challenge(text: &str) -> Challenge {
        let spec = ChallengeSpec::text("", text, text);
        Challenge::new(spec, &mut SecureRng::from_os().unwrap())
    }

    #[test]
    fn a_challenge_always_looks_the_same_and_no_two_look_alike() {
        let renderer = ImageRenderer::new();
        let (one, other) = (challenge("AB34C"), challenge("AB34C"));
        let render = |challenge| renderer.render(challenge).unwrap().bytes;
        assert_eq!(render(&one), render(&one));
        assert_ne!(render(&one), render(&other));
    }

    #[test]
    fn a_character_without_a_glyph_is_refused_before_it_is_shown() {
        let missing = challenge("AB\u{10ffff}");
        let error = RenderError::MissingGlyph('\u{10ffff}');
        assert_eq!(ImageRenderer::new().check(&missing), Err(error.clone()));
        assert_eq!(ImageRenderer::new().render(&missing), Err(error));
    }

    #[test]
    fn atk_34_sizes_are_capped() {
        for (width, height) in [
            (0, 0),
            (59, 80),
            (220, 23),
            (1001, 80),
            (u32::MAX, u32::MAX),
        ] {
            assert!(
                ImageRenderer::builder()
                    .size(width, height)
                    .build()
                    .is_err()
            );
        }
    }

    #[test]
    fn themes_of_too_many_colours_are_refused() {
        let build = |colours| {
            let theme = Theme::new([255; 3], vec![[1, 2, 3]; colours]);
            ImageRenderer::builder().theme(theme).build()
        };
        assert!(build(16).is_ok());
        assert!(build(17).is_err());
    }

    #[test]
    fn any_text_is_drawn() {
        let renderer = ImageRenderer::new();
        for text in ["", " ", "W", &"W".repeat(200)] {
            assert!(!renderer.render(&challenge(text)).unwrap().bytes.is_empty());
        }
    }
}
