use std::borrow::Cow;

use super::font::Font;
use crate::ConfigError;

/// A colour as red, green and blue.
pub type Rgb = [u8; 3];

/// The visual style of a picture.
///
/// ```
/// use captcha_core::render::Theme;
///
/// let sepia = Theme::new([244, 236, 219], [[94, 60, 31], [122, 84, 40]]).noise_lines(3);
/// ```
#[derive(Debug, Clone)]
pub struct Theme {
    pub(super) background: Rgb,
    pub(super) palette: Cow<'static, [Rgb]>,
    pub(super) noise_lines: u32,
    pub(super) font: Option<Font>,
}

impl Theme {
    /// Dark ink in four hues on warm white, with a few lines across.
    pub const CLASSIC: Self = Self::bundled(
        [250, 248, 243],
        &[[31, 45, 92], [110, 30, 66], [17, 83, 76], [92, 58, 12]],
        5,
    );

    /// Light ink on near black, for dark pages.
    pub const DARK: Self = Self::bundled(
        [18, 20, 26],
        &[
            [226, 230, 236],
            [172, 199, 255],
            [255, 188, 176],
            [168, 236, 203],
        ],
        4,
    );

    /// Soft ink on a light ground, with more lines. The weakest contrast of the four.
    pub const PASTEL: Self = Self::bundled(
        [250, 245, 240],
        &[
            [150, 78, 102],
            [70, 114, 148],
            [86, 122, 62],
            [146, 104, 40],
            [112, 90, 150],
        ],
        6,
    );

    /// Black on white without a line: WCAG AA and AAA for contrast.
    pub const HIGH_CONTRAST: Self = Self::bundled([255, 255, 255], &[[0, 0, 0]], 0);

    const fn bundled(background: Rgb, palette: &'static [Rgb], noise_lines: u32) -> Self {
        Self {
            background,
            palette: Cow::Borrowed(palette),
            noise_lines,
            font: None,
        }
    }

    /// A theme of one's own, of 16 colours at most. Without a colour in the palette, everything is
    /// drawn black.
    #[must_use]
    pub fn new(background: Rgb, palette: impl Into<Vec<Rgb>>) -> Self {
        Self {
            background,
            palette: Cow::Owned(palette.into()),
            noise_lines: 5,
            font: None,
        }
    }

    /// The colour of the ground.
    #[must_use]
    pub const fn background(&self) -> Rgb {
        self.background
    }

    /// The colours of glyphs and lines.
    #[must_use]
    pub fn palette(&self) -> &[Rgb] {
        &self.palette
    }

    /// How many lines are drawn across.
    #[must_use]
    pub const fn noise(&self) -> u32 {
        self.noise_lines
    }

    /// How many lines are drawn across, 32 at most. Default 5. Without lines, glyphs are not
    /// joined either.
    #[must_use]
    pub fn noise_lines(mut self, lines: u32) -> Self {
        self.noise_lines = lines.min(32);
        self
    }

    /// Draws text with this TrueType or OpenType font, for example from `include_bytes!`. The
    /// bundled one is DejaVu Sans Bold.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when it is no font.
    pub fn font(mut self, font: &'static [u8]) -> Result<Self, ConfigError> {
        let parsed = Font::parse(font).ok_or(ConfigError::new("font", "cannot be parsed"))?;
        self.font = Some(parsed);
        Ok(self)
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::CLASSIC
    }
}
