//! Making a challenge visible or audible.

mod audio;
#[cfg(feature = "image")]
mod canvas;
#[cfg(feature = "image")]
mod contour;
#[cfg(feature = "image")]
mod coverage;
#[cfg(feature = "image")]
mod crossing;
#[cfg(feature = "image")]
mod font;
mod format;
#[cfg(feature = "image")]
mod grid;
#[cfg(feature = "image")]
mod image;
#[cfg(feature = "image")]
mod line;
#[cfg(feature = "image")]
mod markup;
#[cfg(feature = "image")]
mod painter;
#[cfg(feature = "image")]
mod picture_builder;
mod renderer;
#[cfg(feature = "image")]
mod svg;
#[cfg(feature = "image")]
mod theme;

pub use audio::{AudioRenderer, AudioRendererBuilder};
pub use format::Format;
#[cfg(feature = "image")]
pub use image::ImageRenderer;
#[cfg(feature = "image")]
pub use picture_builder::{PictureRenderer, PictureRendererBuilder};
pub use renderer::{RenderError, Rendered, Renderer};
#[cfg(feature = "image")]
pub use svg::SvgRenderer;
#[cfg(feature = "image")]
pub use theme::{Rgb, Theme};
