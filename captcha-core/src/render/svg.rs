use std::ops::Range;

use super::contour::{Contours, Spot};
use super::font::Step;
use super::markup::Markup;
use super::painter::{CUTS, Painter, Picture, Shape};
use super::picture_builder::PictureRendererBuilder;
use super::picture_builder::sealed::FromPainter;
use super::theme::Rgb;
use super::{Format, RenderError, Rendered, Renderer};
use crate::challenge::Challenge;
use crate::random::SecureRng;

/// Draws the same pictures as [`ImageRenderer`](super::ImageRenderer) as SVG: small and sharp at any
/// size.
///
/// There is no text in it. Outlines are cut into straight pieces at random places, start at a
/// random one, and are shuffled over as many paths as there are colours, so that the markup of a
/// letter is never the same twice. A program can still draw the picture and read that: it keeps no
/// more bots away than a PNG.
#[derive(Debug, Clone)]
pub struct SvgRenderer {
    painter: Painter,
}

impl SvgRenderer {
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

impl Default for SvgRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl FromPainter for SvgRenderer {
    fn from_painter(painter: Painter) -> Self {
        Self { painter }
    }
}

impl Renderer for SvgRenderer {
    fn format(&self) -> Format {
        Format::Svg
    }

    fn check(&self, challenge: &Challenge) -> Result<(), RenderError> {
        self.painter.check(challenge)
    }

    fn render(&self, challenge: &Challenge) -> Result<Rendered, RenderError> {
        let picture = self.painter.paint(challenge)?;
        Ok(write(&picture, &mut cutting_rng(challenge, 0)))
    }

    fn render_cell(&self, challenge: &Challenge, cell: usize) -> Result<Rendered, RenderError> {
        let picture = self.painter.paint_cell(challenge, cell)?;
        Ok(write(&picture, &mut cutting_rng(challenge, cell)))
    }
}

/// The numbers that placed the glyphs must not cut them, too. `cell` is 0 for the whole.
fn cutting_rng(challenge: &Challenge, cell: usize) -> SecureRng {
    challenge.rng_for(CUTS, u8::try_from(cell).unwrap_or_default())
}

/// The closed outlines of one colour, or one line.
struct Group {
    colour: Rgb,
    line: Option<f32>,
    contours: Vec<Range<usize>>,
}

fn write(picture: &Picture, rng: &mut SecureRng) -> Rendered {
    let (width, height) = (Spot::units(picture.width), Spot::units(picture.height));
    let mut svg = Markup::with_capacity(4 * 1024);
    svg.text("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
    svg.pixels(picture.width);
    svg.text("\" height=\"");
    svg.pixels(picture.height);
    svg.text("\" viewBox=\"0 0 ");
    svg.numbers([width, height]);
    svg.text("\"><path fill=\"");
    svg.colour(picture.background);
    svg.text("\" d=\"M0 0H");
    svg.numbers([width]);
    svg.text("V");
    svg.numbers([height]);
    svg.text("H0\"/>");
    let mut contours = Contours::new(&picture.shapes, rng);
    let mut groups = groups(&picture.shapes, &mut contours);
    for group in &mut groups {
        shuffle(&mut group.contours, rng);
        match group.line {
            Some(line) => {
                svg.text("<path fill=\"none\" stroke-width=\"");
                svg.numbers([Spot::units(line)]);
                svg.text("\" stroke=\"");
            }
            None => svg.text("<path fill=\""),
        }
        svg.colour(group.colour);
        svg.text("\" d=\"");
        for contour in &group.contours {
            let points = contours.points(contour.clone());
            // A closed outline begins anywhere on it.
            let start = match group.line {
                None => rng.below(points.len()),
                Some(_) => 0,
            };
            trace(&mut svg, points, start);
        }
        svg.text("\"/>");
    }
    svg.text("</svg>");
    Rendered {
        bytes: svg.into_bytes(),
        format: Format::Svg,
    }
}

/// Shapes by colour. Frames stay lines; those across are shapes among the others, or a program
/// would only have to leave them out.
fn groups(shapes: &[Shape], contours: &mut Contours) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::with_capacity(shapes.len());
    for shape in shapes {
        let closed = matches!(shape.steps.last(), Some(Step::Close));
        let line = shape.line.filter(|_| closed);
        let same = |group: &&mut Group| group.line == line && group.colour == shape.colour;
        match groups.iter_mut().find(same) {
            Some(group) => contours.cut(shape, &mut group.contours),
            None => {
                let mut cut = Vec::with_capacity(8);
                contours.cut(shape, &mut cut);
                groups.push(Group {
                    colour: shape.colour,
                    line,
                    contours: cut,
                });
            }
        }
    }
    groups
}

/// One contour, each point relative to the one before.
fn trace(svg: &mut Markup, points: &[Spot], start: usize) {
    let (after, before) = points.split_at_checked(start).unwrap_or((&[], points));
    let mut points = before.iter().chain(after);
    let Some(first) = points.next() else {
        return;
    };
    svg.text("M");
    svg.numbers([first.x, first.y]);
    svg.text("l");
    let mut last = first;
    for point in points {
        svg.numbers([point.x - last.x, point.y - last.y]);
        last = point;
    }
}

fn shuffle<T>(items: &mut [T], rng: &mut SecureRng) {
    for last in (1..items.len()).rev() {
        items.swap(last, rng.below(last + 1));
    }
}
