//! Outlines cut into straight pieces of random length.

use std::ops::Range;

use super::crossing::round;
use super::font::{Point, Step};
use super::painter::Shape;
use crate::random::SecureRng;

/// How many units a pixel has, so that whole numbers are fine enough.
const UNITS: f32 = 4.0;

/// A place in a picture, in quarters of a pixel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) x: i16,
    pub(super) y: i16,
}

impl Spot {
    /// A length in pixels, of which pictures have 1,000 at most. What a strange font draws far
    /// outside is cut off, so that differences fit, too.
    pub(super) fn units(pixels: f32) -> i16 {
        round((pixels * UNITS).clamp(-16_000.0, 16_000.0))
    }

    fn at((x, y): Point) -> Self {
        Self {
            x: Self::units(x),
            y: Self::units(y),
        }
    }
}

/// The points of all contours of a picture.
pub(super) struct Contours {
    points: Vec<Spot>,
    /// Whether glyphs run the other way round than lines are traced.
    reversed: bool,
    cuts: Cuts,
}

impl Contours {
    /// Contours of these shapes, none of which is cut yet.
    pub(super) fn new(shapes: &[Shape], rng: &mut SecureRng) -> Self {
        let filled = shapes.iter().filter(|shape| shape.line.is_none());
        Self {
            points: Vec::with_capacity(768),
            reversed: filled.map(|shape| area(&shape.steps)).sum::<f32>() < 0.0,
            cuts: Cuts::new(SecureRng::from_seed(rng.bytes())),
        }
    }

    pub(super) fn points(&self, contour: Range<usize>) -> &[Spot] {
        self.points.get(contour).unwrap_or_default()
    }

    /// Cuts the curves and lines of a shape into pieces, and says where its contours are. An open
    /// line becomes the outline of its stroke, which is like any other.
    pub(super) fn cut(&mut self, shape: &Shape, contours: &mut Vec<Range<usize>>) {
        let mut start = self.points.len();
        let mut at = (0.0, 0.0);
        for step in &shape.steps {
            match *step {
                Step::Move(to) => {
                    self.finish(&mut start, contours);
                    self.points.push(Spot::at(to));
                    at = to;
                }
                Step::Line(to) => {
                    self.pieces(at, to, |t| mix(at, to, t));
                    at = to;
                }
                Step::Quad(via, to) => {
                    self.pieces(at, to, |t| mix(mix(at, via, t), mix(via, to, t), t));
                    at = to;
                }
                Step::Cubic(one, two, to) => match shape.line {
                    Some(line) => {
                        self.points.truncate(start);
                        self.stroke([at, one, two, to], line / 2.0);
                    }
                    None => {
                        self.pieces(at, to, |t| cubic([at, one, two, to], t));
                        at = to;
                    }
                },
                Step::Close => {
                    if shape.line.is_some() {
                        self.points.extend(self.points.get(start).copied());
                        contours.push(start..self.points.len());
                        start = self.points.len();
                    }
                    self.finish(&mut start, contours);
                }
            }
        }
        self.finish(&mut start, contours);
    }

    /// There on one side of a curve, and back on the other.
    fn stroke(&mut self, curve: [Point; 4], half: f32) {
        let half = if self.reversed { -half } else { half };
        let [start, .., end] = curve;
        let step = 2.0 / distance(start, end).max(0.5);
        let mut back = Vec::with_capacity(64);
        let (mut t, mut at) = (0.0, start);
        loop {
            // About as straight as the cuts are short: the next point tells the direction.
            let next_t = t + self.cuts.next() * step;
            let next = cubic(curve, next_t);
            let scale = half / distance(at, next).max(f32::EPSILON);
            let (x, y) = ((next.1 - at.1) * scale, (next.0 - at.0) * scale);
            self.push((at.0 + x, at.1 - y));
            back.push((at.0 - x, at.1 + y));
            if t >= 1.0 {
                break;
            }
            (t, at) = match next_t < 1.0 {
                true => (next_t, next),
                false => (1.0, end),
            };
        }
        for point in back.into_iter().rev() {
            self.push(point);
        }
    }

    /// A contour ends where it begins, which is not to be seen after it was turned.
    fn finish(&mut self, start: &mut usize, contours: &mut Vec<Range<usize>>) {
        let contour = self.points.get(*start..).unwrap_or_default();
        if contour.len() > 1 && contour.first() == contour.last() {
            self.points.pop();
        }
        let end = self.points.len();
        if end - *start >= 2 {
            contours.push(*start..end);
        }
        *start = end;
    }

    fn pieces(&mut self, from: Point, to: Point, curve: impl Fn(f32) -> Point) {
        let scale = 1.0 / distance(from, to).max(0.5);
        let mut t = self.cuts.next() * scale;
        while t < 1.0 {
            self.push(curve(t));
            t += self.cuts.next() * scale;
        }
        self.push(to);
    }

    /// Two points in one place would tell where an outline has a corner of its own.
    fn push(&mut self, point: Point) {
        let spot = Spot::at(point);
        if self.points.last() != Some(&spot) {
            self.points.push(spot);
        }
    }
}

fn distance(from: Point, to: Point) -> f32 {
    let (x, y) = (to.0 - from.0, to.1 - from.1);
    (x * x + y * y).sqrt()
}

fn cubic([from, one, two, to]: [Point; 4], t: f32) -> Point {
    let (a, b, c) = (mix(from, one, t), mix(one, two, t), mix(two, to, t));
    mix(mix(a, b, t), mix(b, c, t), t)
}

/// Twice the area inside, positive where the outline runs as the hands of a clock do; curves are
/// taken for straight.
fn area(steps: &[Step]) -> f32 {
    let (mut sum, mut start, mut at) = (0.0, (0.0, 0.0), (0.0, 0.0));
    let cross = |from: Point, to: Point| from.0 * to.1 - to.0 * from.1;
    for step in steps {
        let to = match *step {
            Step::Move(to) => {
                start = to;
                at = to;
                continue;
            }
            Step::Line(to) | Step::Quad(_, to) | Step::Cubic(_, _, to) => to,
            Step::Close => start,
        };
        sum += cross(at, to);
        at = to;
    }
    sum
}

fn mix((x, y): Point, (u, v): Point, t: f32) -> Point {
    (x + (u - x) * t, y + (v - y) * t)
}

/// Random lengths, from three to eight pixels.
struct Cuts {
    rng: SecureRng,
    bytes: [u8; 256],
    used: usize,
}

impl Cuts {
    fn new(mut rng: SecureRng) -> Self {
        Self {
            bytes: rng.bytes(),
            rng,
            used: 0,
        }
    }

    fn next(&mut self) -> f32 {
        let byte = match self.bytes.get(self.used) {
            Some(byte) => *byte,
            None => {
                (self.bytes, self.used) = (self.rng.bytes(), 0);
                self.bytes.first().copied().unwrap_or_default()
            }
        };
        self.used += 1;
        3.0 + f32::from(byte) * (5.0 / 256.0)
    }
}
