use std::f32::consts::TAU;

use super::canvas::Canvas;
use super::font::{Font, Glyph, Point, Step};
use super::theme::{Rgb, Theme};
use super::{Format, RenderError, Rendered, Renderer};
use crate::ConfigError;
use crate::challenge::{Challenge, Subject};
use crate::random::SecureRng;

/// Room between glyphs, in ems, so that turned neighbours do not melt into another letter.
const TRACKING: f32 = 0.06;

/// Draws text as a PNG, glyph by glyph: each turned, shifted, sheared and bent, with lines
/// across.
///
/// It keeps simple bots away and stays readable; it does not defeat a trained recogniser, so rate
/// limit what it protects.
#[derive(Clone)]
pub struct ImageRenderer {
    width: u32,
    height: u32,
    theme: Theme,
    font: Font,
}

/// Sets up an [`ImageRenderer`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ImageRendererBuilder {
    width: u32,
    height: u32,
    theme: Theme,
}

impl ImageRenderer {
    /// 220 by 80 pixels in [`Theme::CLASSIC`].
    #[must_use]
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the font is compiled in, and a test parses it"
    )]
    pub fn new() -> Self {
        Self::builder().build().expect("the bundled font parses")
    }

    /// A renderer whose size and theme are set.
    pub const fn builder() -> ImageRendererBuilder {
        ImageRendererBuilder {
            width: 220,
            height: 80,
            theme: Theme::CLASSIC,
        }
    }

    fn draw(&self, text: &str, rng: &mut SecureRng) -> Result<Vec<u8>, RenderError> {
        let mut canvas = Canvas::new(self.width, self.height, self.theme.background)?;
        for _ in 0..self.theme.noise_lines {
            self.draw_line(&mut canvas, rng, 2.2);
        }
        let (width, height) = (self.width as f32, self.height as f32);
        let glyphs = text
            .chars()
            .map(|c| self.font.glyph(c))
            .collect::<Result<Vec<_>, _>>()?;
        let advance: f32 = glyphs.iter().map(|glyph| glyph.advance + TRACKING).sum();
        // As large as the height allows, smaller when the line would not fit.
        let size = (height * 0.66).min(width * 0.86 / advance.max(0.1));
        let mut pen = (width - advance * size) / 2.0;
        let wave = Wave::random(rng, width, height);
        for glyph in &glyphs {
            let step = (glyph.advance + TRACKING) * size;
            let place = Placement::random(rng, (pen + step / 2.0, height / 2.0), size, glyph);
            let colour = self.colour(rng);
            let steps = glyph.steps.iter();
            canvas.fill(
                steps.map(|step| step.map(|point| wave.bend(place.put(point)))),
                colour,
            );
            pen += step;
        }
        // One thin line over the text joins the glyphs, so that they cannot be cut apart.
        if self.theme.noise_lines > 0 {
            self.draw_line(&mut canvas, rng, 1.6);
        }
        canvas.encode()
    }

    fn draw_line(&self, canvas: &mut Canvas, rng: &mut SecureRng, thickness: f32) {
        let (width, height) = (self.width as f32, self.height as f32);
        let mut point = |from: f32, to: f32| {
            let x = rng.between(from, to) * width;
            (x, rng.between(0.1, 0.9) * height)
        };
        let start = point(-0.05, 0.1);
        let via = (point(0.2, 0.5), point(0.5, 0.8));
        let end = point(0.9, 1.05);
        let line = [Step::Move(start), Step::Cubic(via.0, via.1, end)];
        let colour = self.colour(rng);
        canvas.stroke(line.into_iter(), thickness, colour);
    }

    fn colour(&self, rng: &mut SecureRng) -> Rgb {
        rng.pick(&self.theme.palette).copied().unwrap_or_default()
    }
}

/// Where and how one glyph stands.
struct Placement {
    centre: Point,
    middle: Point,
    size: f32,
    turn: (f32, f32),
    shear: f32,
}

impl Placement {
    fn random(rng: &mut SecureRng, (x, y): Point, size: f32, glyph: &Glyph) -> Self {
        /// Half the height of a capital in this font, in ems.
        const MIDDLE: f32 = 0.365;
        let size = size * rng.between(0.86, 1.06);
        Self {
            centre: (
                x + size * rng.between(-0.05, 0.05),
                y + size * rng.between(-0.12, 0.12),
            ),
            middle: (glyph.advance / 2.0, MIDDLE),
            size,
            turn: rng.between(-0.3, 0.3).sin_cos(),
            shear: rng.between(-0.18, 0.18),
        }
    }

    /// From the font's em square, y upwards, to the picture, y downwards.
    fn put(&self, (x, y): Point) -> Point {
        let (x, y) = (x - self.middle.0, self.middle.1 - y);
        let x = x + y * self.shear;
        let (sin, cos) = self.turn;
        (
            self.centre.0 + self.size * (x * cos - y * sin),
            self.centre.1 + self.size * (x * sin + y * cos),
        )
    }
}

/// A wave through the whole picture that bends every stroke.
struct Wave {
    amplitude: Point,
    frequency: Point,
    phase: Point,
}

impl Wave {
    fn random(rng: &mut SecureRng, width: f32, height: f32) -> Self {
        Self {
            amplitude: (
                height * rng.between(0.02, 0.04),
                height * rng.between(0.04, 0.07),
            ),
            frequency: (
                TAU / (height * rng.between(0.7, 1.2)),
                TAU / (width * rng.between(0.3, 0.6)),
            ),
            phase: (rng.between(0.0, TAU), rng.between(0.0, TAU)),
        }
    }

    fn bend(&self, (x, y): Point) -> Point {
        (
            x + self.amplitude.0 * (y * self.frequency.0 + self.phase.0).sin(),
            y + self.amplitude.1 * (x * self.frequency.1 + self.phase.1).sin(),
        )
    }
}

impl Default for ImageRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for ImageRenderer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImageRenderer")
            .field("width", &self.width)
            .field("height", &self.height)
            .field("theme", &self.theme)
            .finish_non_exhaustive()
    }
}

impl ImageRendererBuilder {
    /// Width and height in pixels. Default 220 by 80; 60 to 1000 by 24 to 400.
    pub const fn size(mut self, width: u32, height: u32) -> Self {
        self.width = width;
        self.height = height;
        self
    }

    /// Colours and noise. Default [`Theme::CLASSIC`].
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// Checks the settings and makes the renderer.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting that cannot work.
    pub fn build(self) -> Result<ImageRenderer, ConfigError> {
        if !(60..=1000).contains(&self.width) || !(24..=400).contains(&self.height) {
            let problem = "must be 60 to 1000 by 24 to 400 pixels";
            return Err(ConfigError::new("size", problem));
        }
        let font = Font::bundled().ok_or(ConfigError::new("font", "cannot be parsed"))?;
        Ok(ImageRenderer {
            width: self.width,
            height: self.height,
            theme: self.theme,
            font,
        })
    }
}

impl Renderer for ImageRenderer {
    fn format(&self) -> Format {
        Format::Png
    }

    fn check(&self, challenge: &Challenge) -> Result<(), RenderError> {
        let Subject::Text(text) = challenge.subject() else {
            return Err(RenderError::UnsupportedSubject);
        };
        match text.chars().find(|c| !self.font.has(*c)) {
            Some(c) => Err(RenderError::MissingGlyph(c)),
            None => Ok(()),
        }
    }

    fn render(&self, challenge: &Challenge) -> Result<Rendered, RenderError> {
        let Subject::Text(text) = challenge.subject() else {
            return Err(RenderError::UnsupportedSubject);
        };
        let bytes = self.draw(text, &mut challenge.drawing_rng())?;
        Ok(Rendered {
            bytes,
            format: Format::Png,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::ChallengeSpec;

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
    fn any_text_is_drawn() {
        let renderer = ImageRenderer::new();
        for text in ["", " ", "W", &"W".repeat(200)] {
            assert!(!renderer.render(&challenge(text)).unwrap().bytes.is_empty());
        }
    }
}
