use tiny_skia::{
    FillRule, LineCap, Paint, PathBuilder, Pixmap, PremultipliedColorU8, Stroke, Transform,
};

use super::RenderError;
use super::font::Step;
use super::painter::{Picture, Shape};
use super::theme::Rgb;

/// An opaque picture that outlines and lines are drawn on.
pub(super) struct Canvas {
    pixels: Pixmap,
}

impl Canvas {
    pub(super) fn draw(picture: &Picture) -> Result<Self, RenderError> {
        // Sizes are checked when a renderer is built.
        let (width, height) = (picture.width.ceil() as u32, picture.height.ceil() as u32);
        let mut pixels = Pixmap::new(width, height).ok_or(RenderError::Draw)?;
        let [red, green, blue] = picture.background;
        pixels.fill(tiny_skia::Color::from_rgba8(red, green, blue, 255));
        let mut canvas = Self { pixels };
        for shape in &picture.shapes {
            canvas.add(shape);
        }
        Ok(canvas)
    }

    fn add(&mut self, shape: &Shape) {
        let Some(path) = path(&shape.steps) else {
            return;
        };
        let (paint, still) = (paint(shape.colour), Transform::identity());
        match shape.line {
            None => {
                let rule = FillRule::Winding;
                self.pixels.fill_path(&path, &paint, rule, still, None);
            }
            Some(width) => {
                let stroke = Stroke {
                    width,
                    line_cap: LineCap::Round,
                    ..Stroke::default()
                };
                self.pixels.stroke_path(&path, &paint, &stroke, still, None);
            }
        }
    }

    /// The picture as PNG, without metadata.
    pub(super) fn encode(&self) -> Result<Vec<u8>, RenderError> {
        // Opaque throughout, so premultiplied colours are the colours themselves.
        let rgb = |pixel: &PremultipliedColorU8| [pixel.red(), pixel.green(), pixel.blue()];
        let data: Vec<u8> = self.pixels.pixels().iter().flat_map(rgb).collect();
        let mut file = Vec::with_capacity(data.len() / 3);
        let mut encoder = png::Encoder::new(&mut file, self.pixels.width(), self.pixels.height());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        encoder
            .write_header()
            .and_then(|mut writer| {
                writer.write_image_data(&data)?;
                writer.finish()
            })
            .map_err(|_| RenderError::Draw)?;
        Ok(file)
    }
}

fn path(steps: &[Step]) -> Option<tiny_skia::Path> {
    let mut path = PathBuilder::new();
    for step in steps {
        match *step {
            Step::Move((x, y)) => path.move_to(x, y),
            Step::Line((x, y)) => path.line_to(x, y),
            Step::Quad((x1, y1), (x, y)) => path.quad_to(x1, y1, x, y),
            Step::Cubic((x1, y1), (x2, y2), (x, y)) => path.cubic_to(x1, y1, x2, y2, x, y),
            Step::Close => path.close(),
        }
    }
    path.finish()
}

fn paint(colour: Rgb) -> Paint<'static> {
    let [red, green, blue] = colour;
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, 255);
    paint
}
