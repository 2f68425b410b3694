use std::fmt::Write as _;

use super::font::{Point, Step};
use super::painter::{Painter, Picture, Shape};
use super::picture_builder::PictureRendererBuilder;
use super::picture_builder::sealed::FromPainter;
use super::theme::Rgb;
use super::{Format, RenderError, Rendered, Renderer};
use crate::challenge::Challenge;
use crate::random::SecureRng;

/// How many units a pixel has, so that whole numbers are fine enough.
const UNITS: f32 = 4.0;

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

    /// The cells of a grid, each as a picture of its own, for clients that draw buttons.
    ///
    /// # Errors
    ///
    /// [`RenderError::UnsupportedSubject`] when the challenge is no grid.
    pub fn render_cells(&self, challenge: &Challenge) -> Result<Vec<Rendered>, RenderError> {
        let mut rng = cutting_rng(challenge);
        let cells = self.painter.paint_cells(challenge)?;
        Ok(cells.iter().map(|cell| write(cell, &mut rng)).collect())
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
        Ok(write(&picture, &mut cutting_rng(challenge)))
    }
}

/// Randomness of its own: the numbers that placed the glyphs must not cut them, too.
fn cutting_rng(challenge: &Challenge) -> SecureRng {
    SecureRng::from_seed(challenge.drawing_rng().bytes())
}

/// The closed outlines of one colour, or one line.
struct Group {
    colour: Rgb,
    line: Option<f32>,
    contours: Vec<Vec<Point>>,
}

fn write(picture: &Picture, rng: &mut SecureRng) -> Rendered {
    let (width, height) = (picture.width.ceil(), picture.height.ceil());
    let mut svg = String::with_capacity(6 * 1024);
    // Writing to a string cannot fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {} {}\"><path fill=\"{}\" d=\"M0 0H{}V{}H0\"/>",
        width * UNITS,
        height * UNITS,
        hex(picture.background),
        width * UNITS,
        height * UNITS,
    );
    for mut group in groups(&picture.shapes, rng) {
        shuffle(&mut group.contours, rng);
        let colour = hex(group.colour);
        let _ = match group.line {
            Some(line) => write!(
                svg,
                "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"{}\" d=\"",
                line * UNITS
            ),
            None => write!(svg, "<path fill=\"{colour}\" d=\""),
        };
        for contour in &group.contours {
            trace(&mut svg, contour);
        }
        svg.push_str("\"/>");
    }
    svg.push_str("</svg>");
    Rendered {
        bytes: svg.into_bytes(),
        format: Format::Svg,
    }
}

/// Filled shapes by colour, between the lines that were drawn before and after them.
fn groups(shapes: &[Shape], rng: &mut SecureRng) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut since_line = 0;
    for shape in shapes {
        let contours = flatten(shape, rng);
        let same = groups
            .iter_mut()
            .skip(since_line)
            .find(|group| group.line.is_none() && group.colour == shape.colour);
        match same {
            Some(group) if shape.line.is_none() => group.contours.extend(contours),
            _ => groups.push(Group {
                colour: shape.colour,
                line: shape.line,
                contours,
            }),
        }
        if shape.line.is_some() {
            since_line = groups.len();
        }
    }
    groups
}

/// Cuts the curves and lines of a shape into straight pieces of random length.
fn flatten(shape: &Shape, rng: &mut SecureRng) -> Vec<Vec<Point>> {
    let mut contours: Vec<Vec<Point>> = Vec::new();
    let mut points: Vec<Point> = Vec::new();
    let mut at = (0.0, 0.0);
    for step in &shape.steps {
        match *step {
            Step::Move(to) => {
                finish(&mut contours, &mut points, shape, rng);
                points.push(to);
                at = to;
            }
            Step::Line(to) => {
                pieces(&mut points, rng, at, to, |t| between(at, to, t));
                at = to;
            }
            Step::Quad(via, to) => {
                let curve = |t| between(between(at, via, t), between(via, to, t), t);
                pieces(&mut points, rng, at, to, curve);
                at = to;
            }
            Step::Cubic(one, two, to) => {
                let curve = |t| {
                    let (a, b, c) = (
                        between(at, one, t),
                        between(one, two, t),
                        between(two, to, t),
                    );
                    between(between(a, b, t), between(b, c, t), t)
                };
                pieces(&mut points, rng, at, to, curve);
                at = to;
            }
            Step::Close => finish(&mut contours, &mut points, shape, rng),
        }
    }
    finish(&mut contours, &mut points, shape, rng);
    contours
}

/// A closed outline begins anywhere on it.
fn finish(
    contours: &mut Vec<Vec<Point>>,
    points: &mut Vec<Point>,
    shape: &Shape,
    rng: &mut SecureRng,
) {
    let mut contour = std::mem::take(points);
    if contour.len() < 2 {
        return;
    }
    if shape.line.is_none() {
        let start = rng.below(contour.len());
        contour.rotate_left(start);
    } else if let Some(Step::Close) = shape.steps.last() {
        contour.extend(contour.first().copied());
    }
    contours.push(contour);
}

fn pieces(
    points: &mut Vec<Point>,
    rng: &mut SecureRng,
    from: Point,
    to: Point,
    curve: impl Fn(f32) -> Point,
) {
    let length = (to.0 - from.0).hypot(to.1 - from.1);
    let mut t = 0.0;
    loop {
        // Three to eight pixels each.
        t += rng.between(3.0, 8.0) / length.max(0.5);
        if t >= 1.0 {
            points.push(to);
            return;
        }
        points.push(curve(t));
    }
}

fn between(from: Point, to: Point, t: f32) -> Point {
    (from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * t)
}

/// One contour in whole units, each point relative to the one before.
fn trace(svg: &mut String, contour: &[Point]) {
    let mut before: Option<(i32, i32)> = None;
    for (x, y) in contour {
        // Pictures are at most 1,000 pixels wide.
        let now = ((x * UNITS).round() as i32, (y * UNITS).round() as i32);
        let _ = match before {
            None => write!(svg, "M{} {}l", now.0, now.1),
            Some(last) => write!(svg, "{} {} ", now.0 - last.0, now.1 - last.1),
        };
        before = Some(now);
    }
}

fn shuffle<T>(items: &mut [T], rng: &mut SecureRng) {
    for last in (1..items.len()).rev() {
        items.swap(last, rng.below(last + 1));
    }
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
