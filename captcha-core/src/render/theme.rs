use std::borrow::Cow;

/// A colour as red, green and blue.
pub type Rgb = [u8; 3];

/// The visual style of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    pub(super) background: Rgb,
    pub(super) palette: Cow<'static, [Rgb]>,
    pub(super) noise_lines: u32,
}

impl Theme {
    /// Dark ink in four hues on warm white, with a few lines across.
    pub const CLASSIC: Self = Self {
        background: [250, 248, 243],
        palette: Cow::Borrowed(&[[31, 45, 92], [110, 30, 66], [17, 83, 76], [92, 58, 12]]),
        noise_lines: 5,
    };

    /// A theme of one's own. Without a colour in the palette, everything is drawn black.
    #[must_use]
    pub fn new(background: Rgb, palette: impl Into<Vec<Rgb>>) -> Self {
        Self {
            background,
            palette: Cow::Owned(palette.into()),
            noise_lines: 5,
        }
    }

    /// How many lines are drawn across, 32 at most. Default 5.
    #[must_use]
    pub fn noise_lines(mut self, lines: u32) -> Self {
        self.noise_lines = lines.min(32);
        self
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::CLASSIC
    }
}
