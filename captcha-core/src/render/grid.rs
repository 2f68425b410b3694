//! A grid of emoji in numbered cells.

use super::RenderError;
use super::font::{Font, Point, Step};
use super::painter::{Painter, Picture, Shape};
use crate::random::SecureRng;

/// How many columns this many cells are put in: as many as rows, or one more.
pub(super) fn columns(cells: usize) -> usize {
    (1..=cells.max(1))
        .find(|side| side * side >= cells)
        .unwrap_or(1)
}

/// The side of a cell, in pixels. The grid is as wide as other pictures.
pub(super) fn side(painter: &Painter, cells: usize) -> f32 {
    painter.width / columns(cells) as f32
}

pub(super) fn paint(
    painter: &Painter,
    (font, emoji_font): (&Font, &Font),
    cells: &[String],
    rng: &mut SecureRng,
) -> Result<Picture, RenderError> {
    let columns = columns(cells.len());
    let side = side(painter, cells.len());
    let height = side * cells.len().div_ceil(columns) as f32;
    let mut picture = painter.empty(painter.width, height);
    for _ in 0..painter.theme.noise_lines {
        let noise = painter.noise(rng, (painter.width, height), 1.6);
        picture.shapes.push(noise);
    }
    for (place, cell) in cells.iter().enumerate() {
        let corner = (
            (place % columns) as f32 * side,
            (place / columns) as f32 * side,
        );
        picture.shapes.push(frame(painter, corner, side, rng));
        picture
            .shapes
            .push(emoji(painter, emoji_font, cell, corner, side, rng)?);
        number(&mut picture, painter, font, place + 1, corner, side, rng)?;
    }
    Ok(picture)
}

/// An emoji in the middle of its cell, a little turned and shifted.
pub(super) fn emoji(
    painter: &Painter,
    font: &Font,
    cell: &str,
    corner: Point,
    side: f32,
    rng: &mut SecureRng,
) -> Result<Shape, RenderError> {
    let mut steps = Vec::new();
    for c in cell.chars() {
        steps.extend_from_slice(&font.glyph(c)?.steps);
    }
    let (low, high) = bounds(&steps);
    let extent = (high.0 - low.0).max(high.1 - low.1).max(0.01);
    let size = side * rng.between(0.56, 0.66) / extent;
    let middle = ((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0);
    let centre = (
        corner.0 + side * rng.between(0.48, 0.58),
        corner.1 + side * rng.between(0.48, 0.56),
    );
    let (sin, cos) = rng.between(-0.35, 0.35).sin_cos();
    let put = |(x, y): Point| {
        let (x, y) = ((x - middle.0) * size, (middle.1 - y) * size);
        (centre.0 + x * cos - y * sin, centre.1 + x * sin + y * cos)
    };
    Ok(Shape {
        steps: steps.iter().map(|step| step.map(put)).collect(),
        colour: painter.colour(rng),
        line: None,
    })
}

/// The number of a cell, small in its upper left corner.
fn number(
    picture: &mut Picture,
    painter: &Painter,
    font: &Font,
    number: usize,
    corner: Point,
    side: f32,
    rng: &mut SecureRng,
) -> Result<(), RenderError> {
    let colour = painter.colour(rng);
    let size = side * 0.17;
    let mut pen = corner.0 + side * 0.06;
    for digit in number.to_string().chars() {
        let glyph = font.glyph(digit)?;
        let put = |(x, y): Point| (pen + x * size, corner.1 + side * 0.05 + (0.75 - y) * size);
        picture.shapes.push(Shape {
            steps: glyph.steps.iter().map(|step| step.map(put)).collect(),
            colour,
            line: None,
        });
        pen += glyph.advance * size;
    }
    Ok(())
}

/// The border of a cell.
fn frame(painter: &Painter, (x, y): Point, side: f32, rng: &mut SecureRng) -> Shape {
    let (left, right) = (x + 1.0, x + side - 1.0);
    let (top, bottom) = (y + 1.0, y + side - 1.0);
    Shape {
        steps: vec![
            Step::Move((left, top)),
            Step::Line((right, top)),
            Step::Line((right, bottom)),
            Step::Line((left, bottom)),
            Step::Close,
        ],
        colour: painter.colour(rng),
        line: Some(1.0),
    }
}

/// The lower left and upper right corner of what these steps enclose, control points included.
fn bounds(steps: &[Step]) -> (Point, Point) {
    let mut low = (f32::MAX, f32::MAX);
    let mut high = (f32::MIN, f32::MIN);
    for step in steps {
        step.map(|(x, y)| {
            low = (low.0.min(x), low.1.min(y));
            high = (high.0.max(x), high.1.max(y));
            (x, y)
        });
    }
    if low.0 > high.0 {
        return ((0.0, 0.0), (1.0, 1.0));
    }
    (low, high)
}
