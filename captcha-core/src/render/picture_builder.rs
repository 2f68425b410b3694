use std::fmt;
use std::marker::PhantomData;

use super::painter::Painter;
use super::theme::Theme;
use crate::ConfigError;

/// Sets up a renderer of pictures: an [`ImageRenderer`](super::ImageRenderer) or an
/// [`SvgRenderer`](super::SvgRenderer).
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct PictureRendererBuilder<R> {
    width: u32,
    height: u32,
    theme: Theme,
    renderer: PhantomData<fn() -> R>,
}

/// The renderers a [`PictureRendererBuilder`] can build. Not to be implemented elsewhere.
pub trait PictureRenderer: sealed::FromPainter {}

impl<R: sealed::FromPainter> PictureRenderer for R {}

pub(super) mod sealed {
    use super::Painter;

    pub trait FromPainter: Sized {
        fn from_painter(painter: Painter) -> Self;
    }
}

impl<R: PictureRenderer> PictureRendererBuilder<R> {
    pub(super) const fn new() -> Self {
        Self {
            width: 220,
            height: 80,
            theme: Theme::CLASSIC,
            renderer: PhantomData,
        }
    }

    /// Width and height in pixels. Default 220 by 80; 60 to 1000 by 24 to 400. A grid is as wide,
    /// and as high as its cells need.
    pub const fn size(mut self, width: u32, height: u32) -> Self {
        self.width = width;
        self.height = height;
        self
    }

    /// Colours, noise and font. Default [`Theme::CLASSIC`].
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// Checks the settings and makes the renderer.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting that cannot work.
    pub fn build(self) -> Result<R, ConfigError> {
        Painter::new(self.width, self.height, self.theme).map(R::from_painter)
    }
}

impl<R> fmt::Debug for PictureRendererBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PictureRendererBuilder")
            .field("width", &self.width)
            .field("height", &self.height)
            .field("theme", &self.theme)
            .finish()
    }
}
