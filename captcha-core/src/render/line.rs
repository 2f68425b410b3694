//! A line of text: each glyph turned, shifted and sheared, and all of them bent.

use super::RenderError;
use super::crossing::round;
use super::font::{Font, Glyph, Point};
use super::painter::{Painter, Picture, Shape};
use crate::random::SecureRng;

/// Room between glyphs, in ems, so that turned neighbours do not melt into another letter.
const TRACKING: f32 = 0.06;

pub(super) fn paint(
    painter: &Painter,
    font: &Font,
    text: &str,
    rng: &mut SecureRng,
) -> Result<Picture, RenderError> {
    let (width, height) = (painter.width, painter.height);
    let mut picture = painter.empty(width, height);
    for _ in 0..painter.theme.noise_lines {
        picture
            .shapes
            .push(painter.noise(rng, (width, height), 2.2));
    }
    // Letters that join have to stay where they are to each other.
    let joined = text.chars().any(joins);
    let glyphs = match joined {
        true => font.shaped(text)?,
        false => text
            .chars()
            .map(|c| font.glyph(c))
            .collect::<Result<Vec<_>, _>>()?,
    };
    let tracking = if joined { 0.0 } else { TRACKING };
    let advance: f32 = glyphs.iter().map(|glyph| glyph.advance + tracking).sum();
    // As large as the height allows, smaller when the line would not fit.
    let size = (height * 0.66).min(width * 0.86 / advance.max(0.1));
    let mut pen = (width - advance * size) / 2.0;
    let wave = Wave::random(rng, width, height);
    let mut colour = painter.colour(rng);
    let mut letters = text.chars();
    for glyph in &glyphs {
        let minus = letters
            .next()
            .is_some_and(|c| matches!(c, '-' | '\u{2212}'));
        let step = (glyph.advance + tracking) * size;
        let place = (pen + step / 2.0, height / 2.0);
        let place = match joined {
            true => Placement::still(place, size, glyph),
            false => Placement::random(rng, place, size, glyph, minus),
        };
        if !joined {
            colour = painter.colour(rng);
        }
        let bent = |point| wave.bend(place.put(point));
        picture.shapes.push(Shape {
            steps: glyph.steps.iter().map(|step| step.map(bent)).collect(),
            colour,
            line: None,
        });
        pen += step;
    }
    // One thin line over the text joins the glyphs, so that they cannot be cut apart.
    if painter.theme.noise_lines > 0 {
        picture
            .shapes
            .push(painter.noise(rng, (width, height), 1.6));
    }
    Ok(picture)
}

/// Whether a letter belongs to a script whose letters join (Arabic and its kin).
const fn joins(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{8ff}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}

/// Where and how one glyph stands.
struct Placement {
    centre: Point,
    middle: Point,
    size: f32,
    turn: (f32, f32),
    shear: f32,
    stout: f32,
}

impl Placement {
    /// Half the height of a capital, in ems.
    const MIDDLE: f32 = 0.365;

    /// Upright and in line.
    fn still(centre: Point, size: f32, glyph: &Glyph) -> Self {
        Self {
            centre,
            middle: (glyph.advance / 2.0, Self::MIDDLE * 0.7),
            size,
            turn: 0.0_f32.sin_cos(),
            shear: 0.0,
            stout: 1.0,
        }
    }

    fn random(rng: &mut SecureRng, (x, y): Point, size: f32, glyph: &Glyph, minus: bool) -> Self {
        let size = size * rng.between(0.86, 1.06);
        Self {
            centre: (
                x + size * rng.between(-0.05, 0.05),
                y + size * rng.between(-0.12, 0.12),
            ),
            middle: (glyph.advance / 2.0, Self::MIDDLE),
            size,
            turn: rng.between(-0.3, 0.3).sin_cos(),
            shear: rng.between(-0.18, 0.18),
            // Far thicker than the lines across, or it is taken for one.
            stout: if minus { 1.8 } else { 1.0 },
        }
    }

    /// From the font's em square, y upwards, to the picture, y downwards.
    fn put(&self, (x, y): Point) -> Point {
        let (x, y) = (x - self.middle.0, (self.middle.1 - y) * self.stout);
        let x = x + y * self.shear;
        let (sin, cos) = self.turn;
        (
            self.centre.0 + self.size * (x * cos - y * sin),
            self.centre.1 + self.size * (x * sin + y * cos),
        )
    }
}

/// A wave through the whole picture that bends every stroke. Frequencies are turns a pixel.
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
                1.0 / (height * rng.between(0.7, 1.2)),
                1.0 / (width * rng.between(0.3, 0.6)),
            ),
            phase: (rng.between(0.0, 1.0), rng.between(0.0, 1.0)),
        }
    }

    fn bend(&self, (x, y): Point) -> Point {
        (
            x + self.amplitude.0 * swing(y * self.frequency.0 + self.phase.0),
            y + self.amplitude.1 * swing(x * self.frequency.1 + self.phase.1),
        )
    }
}

/// From -1 to 1 and back in one turn, in two parabolas: as round as a sine, and quicker.
fn swing(turns: f32) -> f32 {
    let turn = turns - f32::from(round(turns));
    8.0 * turn * (1.0 - 2.0 * turn.abs())
}
