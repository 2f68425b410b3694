//! How much of each pixel a shape covers.
//!
//! Every edge adds, in each column it crosses, the width it takes there to the pixel it passes; what
//! lies below follows by adding up down the column. Eight columns stand side by side in a strip,
//! so that they are added up together, and only between the rows that an edge touched.

use super::crossing::{cross, part, pass};
use super::font::{Point, Step};

pub(super) use super::crossing::{STRIP, WHOLE};

/// Coverage of one shape at a time.
pub(super) struct Coverage {
    width: f32,
    height: f32,
    /// Rows of a strip, one more than the picture has for what an edge at the lower border adds.
    rows: usize,
    /// Strip by strip, each row by row.
    changes: Vec<[i16; STRIP]>,
    /// The first and one past the last row that was touched in each strip.
    touched: Vec<(usize, usize)>,
}

/// A straight edge from left to right, cut to the picture's width.
struct Span {
    x: f32,
    end: f32,
    y: f32,
    slope: f32,
    /// The first and one past the last row it touches.
    rows: (usize, usize),
}

impl Coverage {
    pub(super) fn new(width: usize, height: usize) -> Self {
        let (strips, rows) = (width.div_ceil(STRIP), height + 2);
        Self {
            width: width as f32,
            height: height as f32,
            rows,
            changes: vec![[0; STRIP]; strips * rows],
            touched: vec![(usize::MAX, 0); strips],
        }
    }

    /// Adds a closed shape.
    pub(super) fn fill(&mut self, steps: &[Step]) {
        let (mut start, mut at) = ((0.0, 0.0), (0.0, 0.0));
        for step in steps {
            match *step {
                Step::Move(to) => {
                    self.edge(at, start);
                    (start, at) = (to, to);
                }
                Step::Line(to) => {
                    self.edge(at, to);
                    at = to;
                }
                Step::Quad(..) | Step::Cubic(..) => {
                    let from = at;
                    step.flatten(from, |to| {
                        self.edge(at, to);
                        at = to;
                    });
                }
                Step::Close => {
                    self.edge(at, start);
                    at = start;
                }
            }
        }
        self.edge(at, start);
    }

    /// Adds a line of this thickness along the steps.
    pub(super) fn stroke(&mut self, steps: &[Step], thickness: f32) {
        let half = thickness / 2.0;
        let (mut start, mut at) = ((0.0, 0.0), (0.0, 0.0));
        for step in steps {
            match *step {
                Step::Move(to) => (start, at) = (to, to),
                Step::Line(to) => {
                    self.piece(at, to, half);
                    at = to;
                }
                Step::Quad(..) | Step::Cubic(..) => {
                    let from = at;
                    step.flatten(from, |to| {
                        self.piece(at, to, half);
                        at = to;
                    });
                }
                Step::Close => {
                    self.piece(at, start, half);
                    at = start;
                }
            }
        }
    }

    /// A straight piece of a line. One that is rather level is cut off upright, so that pieces
    /// neither gape nor overlap where they meet.
    fn piece(&mut self, from: Point, to: Point, half: f32) {
        let (x, y) = (to.0 - from.0, to.1 - from.1);
        let length = (x * x + y * y).sqrt().max(f32::EPSILON);
        if x.abs() >= y.abs() {
            let tall = half * length / x.abs().max(f32::EPSILON);
            return self.edges(from, to, &[(-tall, -1), (tall, 1)]);
        }
        let (x, y) = (-y * half / length, x * half / length);
        let corner = |(to_x, to_y): Point, sign: f32| (to_x + sign * x, to_y + sign * y);
        let (left, right) = (corner(from, 1.0), corner(from, -1.0));
        let (next_left, next_right) = (corner(to, 1.0), corner(to, -1.0));
        self.edge(right, left);
        self.edge(left, next_left);
        self.edge(next_left, next_right);
        self.edge(next_right, right);
    }

    /// An edge of a shape, which lies below where it goes to the right.
    fn edge(&mut self, from: Point, to: Point) {
        let sign = if from.0 <= to.0 { 1 } else { -1 };
        self.edges(from, to, &[(0.0, sign)]);
    }

    /// Edges that run beside each other, each so much lower than this and with a sign.
    fn edges<const N: usize>(&mut self, from: Point, to: Point, sides: &[(f32, i16); N]) {
        let (left, right) = match from.0 <= to.0 {
            true => (from, to),
            false => (to, from),
        };
        let wide = right.0 - left.0;
        if wide <= 0.0 || right.0 <= 0.0 || left.0 >= self.width {
            return;
        }
        let slope = (right.1 - left.1) / wide;
        let (x, end) = (left.0.max(0.0), right.0.min(self.width));
        let y = left.1 + (x - left.0) * slope;
        let end_y = y + (end - x) * slope;
        let apart = |pick: fn(f32, f32) -> f32| sides.iter().map(|side| side.0).fold(0.0, pick);
        let high = y.min(end_y) + apart(f32::min);
        let low = y.max(end_y) + apart(f32::max);
        let height = self.height;
        let row = |y: f32| y.max(0.0).min(height) as usize;
        let span = Span {
            x,
            end,
            y,
            slope,
            rows: (row(high), row(low) + 2),
        };
        if slope.abs() <= 1.0 && high >= 0.5 && low <= height {
            self.columns(&span, |rows, lane, (y, below), width| {
                for (apart, sign) in sides {
                    pass(rows, lane, (y + below) * 0.5 + apart, width * sign);
                }
            });
        } else {
            self.columns(&span, |rows, lane, (y, below), width| {
                for (apart, sign) in sides {
                    let heights = (y.min(below) + apart, y.max(below) + apart);
                    cross(rows, lane, heights, height, width * sign);
                }
            });
        }
    }

    /// Follows a straight edge through its strips: the rows of each, the lane, the heights at
    /// which it enters and leaves the column, and the width it takes there.
    #[inline(always)]
    fn columns(
        &mut self,
        span: &Span,
        mut cross: impl FnMut(&mut [[i16; STRIP]], usize, Point, i16),
    ) {
        let Span {
            mut x,
            end,
            mut y,
            slope,
            rows: (first, last),
        } = *span;
        let strips = self.changes.chunks_exact_mut(self.rows);
        let strips = strips.zip(&mut self.touched).enumerate();
        for (strip, (rows, touched)) in strips.skip(x as usize / STRIP) {
            touched.0 = touched.0.min(first);
            touched.1 = touched.1.max(last);
            let begin = (strip * STRIP) as f32;
            let mut lane = (x - begin) as usize;
            let mut column = begin + lane as f32;
            let mut entered = part(x - column);
            while lane < STRIP && x < end {
                let (next, left) = match column + 1.0 < end {
                    true => (column + 1.0, WHOLE),
                    false => (end, part(end - column)),
                };
                let below = y + (next - x) * slope;
                cross(rows, lane, (y, below), left - entered);
                (x, y, entered) = (next, below, 0);
                column += 1.0;
                lane += 1;
            }
            if x >= end {
                return;
            }
        }
    }

    /// Hands over what was touched of each strip, as its number, the first row and the share of
    /// each pixel that is covered, row by row, and starts anew.
    ///
    /// A share can be negative or a little more than 1.
    pub(super) fn drain(&mut self, mut pixels: impl FnMut(usize, usize, &[i16])) {
        let strips = self.changes.chunks_exact_mut(self.rows);
        for (strip, (changes, touched)) in strips.zip(&mut self.touched).enumerate() {
            let (low, high) = std::mem::replace(touched, (usize::MAX, 0));
            let Some(changes) = changes.get_mut(low..high) else {
                continue;
            };
            let mut sums = [0_i16; STRIP];
            for row in &mut *changes {
                for (change, sum) in row.iter_mut().zip(&mut sums) {
                    *sum = sum.wrapping_add(*change);
                    *change = *sum;
                }
            }
            pixels(strip, low, changes.as_flattened());
            changes.fill([0; STRIP]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SecureRng;

    fn shares(coverage: &mut Coverage) -> Vec<Vec<f32>> {
        let height = coverage.height as usize;
        let mut all = vec![vec![0.0; coverage.width as usize]; coverage.height as usize];
        coverage.drain(|strip, first, shares| {
            for (place, share) in shares.iter().enumerate() {
                let share = f32::from(*share).abs() / f32::from(WHOLE);
                let (row, column) = (first + place / STRIP, strip * STRIP + place % STRIP);
                match all.get_mut(row).and_then(|row| row.get_mut(column)) {
                    Some(pixel) => *pixel = share.min(1.0),
                    None => assert!(near(share, 0.0) || row >= height),
                }
            }
        });
        all
    }

    fn rectangle(left: f32, top: f32, right: f32, bottom: f32) -> Vec<Step> {
        vec![
            Step::Move((left, top)),
            Step::Line((right, top)),
            Step::Line((right, bottom)),
            Step::Line((left, bottom)),
            Step::Close,
        ]
    }

    fn near(found: f32, expected: f32) -> bool {
        (found - expected).abs() < 0.01
    }

    #[test]
    fn a_rectangle_covers_its_area() {
        let mut coverage = Coverage::new(6, 4);
        coverage.fill(&rectangle(1.25, 0.5, 4.5, 2.0));
        let all = shares(&mut coverage);
        let columns = [0.0, 0.75, 1.0, 1.0, 0.5, 0.0];
        for (row, height) in [0.5, 1.0, 0.0, 0.0].into_iter().enumerate() {
            for (column, width) in columns.into_iter().enumerate() {
                assert!(
                    near(all[row][column], width * height),
                    "{row} {column}: {all:?}"
                );
            }
        }
        assert!(
            shares(&mut coverage)
                .concat()
                .iter()
                .all(|share| *share == 0.0),
            "drained"
        );
    }

    #[test]
    fn the_area_of_any_polygon_is_right() {
        let triangle = [
            Step::Move((1.0, 1.0)),
            Step::Line((9.3, 2.7)),
            Step::Line((3.1, 8.9)),
        ];
        let mut coverage = Coverage::new(12, 12);
        coverage.fill(&triangle);
        let sum: f32 = shares(&mut coverage).concat().iter().sum();
        let area = ((8.3 * 7.9) - (2.1 * 1.7)) / 2.0;
        assert!((sum - area).abs() < 0.01, "{sum} {area}");
    }

    #[test]
    fn holes_are_empty_and_what_lies_outside_is_cut_off() {
        let mut coverage = Coverage::new(5, 5);
        let mut steps = rectangle(-10.0, -10.0, 20.0, 20.0);
        let mut hole = rectangle(1.0, 1.0, 4.0, 4.0);
        // The other way round.
        hole.swap(1, 3);
        steps.extend(hole);
        coverage.fill(&steps);
        for (row, shares) in shares(&mut coverage).iter().enumerate() {
            for (column, share) in shares.iter().enumerate() {
                let inside = (1..4).contains(&row) && (1..4).contains(&column);
                assert!(
                    near(*share, if inside { 0.0 } else { 1.0 }),
                    "{row} {column}"
                );
            }
        }
    }

    /// Compared with counting points, at random.
    #[test]
    fn shares_are_those_of_the_shape() {
        let mut rng = SecureRng::from_seed([7; 32]);
        for _ in 0..60 {
            let mut corner = || (rng.between(-6.0, 26.0), rng.between(-6.0, 22.0));
            let corners = [corner(), corner(), corner()];
            let [a, b, c] = corners;
            let mut coverage = Coverage::new(20, 16);
            coverage.fill(&[Step::Move(a), Step::Line(b), Step::Line(c)]);
            let side = |(from, to): (Point, Point), (x, y): Point| {
                (to.0 - from.0) * (y - from.1) - (to.1 - from.1) * (x - from.0) > 0.0
            };
            let inside = |point| {
                let sides = [(a, b), (b, c), (c, a)].map(|edge| side(edge, point));
                sides == [true; 3] || sides == [false; 3]
            };
            for (row, shares) in shares(&mut coverage).iter().enumerate() {
                for (column, share) in shares.iter().enumerate() {
                    let points = (0..256_u16).filter(|place| {
                        let at = |part: u16| (f32::from(part) + 0.5) / 16.0;
                        inside((column as f32 + at(place % 16), row as f32 + at(place / 16)))
                    });
                    let expected = points.count() as f32 / 256.0;
                    let off = (share - expected).abs();
                    assert!(off < 0.15, "{corners:?} {row} {column}: {share} {expected}");
                }
            }
        }
    }

    #[test]
    fn a_line_is_as_thick_as_it_should_be() {
        let mut coverage = Coverage::new(40, 40);
        coverage.stroke(&[Step::Move((5.0, 5.0)), Step::Line((30.0, 20.0))], 3.0);
        let sum: f32 = shares(&mut coverage).concat().iter().sum();
        let length = 25.0_f32.hypot(15.0);
        assert!((sum - 3.0 * length).abs() < 0.1, "{sum}");
    }
}
