//! How much of each pixel a shape covers.
//!
//! Every edge adds, in each row it crosses, the height it takes there to the pixels it passes; what
//! lies right of it follows by adding up along the row. Exact for straight edges, and the cost is
//! that of the outline rather than of the area.

use super::font::{Point, Step};

/// Coverage of one shape at a time.
pub(super) struct Coverage {
    width: usize,
    height: usize,
    /// Row by row, one more than `width` each for what an edge at the right border adds.
    changes: Vec<f32>,
    /// The first and one past the last column that was touched in each row.
    touched: Vec<(usize, usize)>,
}

impl Coverage {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            changes: vec![0.0; (width + 2) * height],
            touched: vec![(usize::MAX, 0); height],
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
        let mut points: Vec<Point> = Vec::new();
        for step in steps {
            match *step {
                Step::Move(to) | Step::Line(to) => points.push(to),
                Step::Quad(..) | Step::Cubic(..) => {
                    let from = points.last().copied().unwrap_or_default();
                    step.flatten(from, |to| points.push(to));
                }
                Step::Close => points.extend(points.first().copied()),
            }
        }
        let half = thickness / 2.0;
        // Joined at the middle of each bend, so that the pieces neither gape nor overlap.
        let mut sides: Vec<(Point, Point)> = Vec::with_capacity(points.len());
        for (place, point) in points.iter().enumerate() {
            let before = points.get(place.wrapping_sub(1)).unwrap_or(point);
            let after = points.get(place + 1).unwrap_or(point);
            let (x, y) = (after.0 - before.0, after.1 - before.1);
            let scale = half / x.hypot(y).max(f32::EPSILON);
            let (x, y) = (-y * scale, x * scale);
            sides.push(((point.0 + x, point.1 + y), (point.0 - x, point.1 - y)));
        }
        for pair in sides.windows(2) {
            if let [(left, right), (next_left, next_right)] = *pair {
                self.edge(left, next_left);
                self.edge(next_right, right);
            }
        }
        if let (Some(first), Some(last)) = (sides.first(), sides.last()) {
            self.edge(first.1, first.0);
            self.edge(last.0, last.1);
        }
    }

    fn edge(&mut self, from: Point, to: Point) {
        let (upper, lower, sign) = match from.1 <= to.1 {
            true => (from, to, 1.0),
            false => (to, from, -1.0),
        };
        let tall = lower.1 - upper.1;
        if tall <= 0.0 || lower.1 <= 0.0 || upper.1 >= self.height as f32 {
            return;
        }
        let slope = (lower.0 - upper.0) / tall;
        let first = upper.1.max(0.0);
        let end = lower.1.min(self.height as f32);
        let mut y = first;
        let mut x = upper.0 + (first - upper.1) * slope;
        let mut row = first as usize;
        while y < end && row < self.height {
            let bottom = ((row + 1) as f32).min(end);
            let next = x + (bottom - y) * slope;
            self.cross(row, x, next, (bottom - y) * sign);
            (x, y) = (next, bottom);
            row += 1;
        }
    }

    /// An edge that takes this height of a row, between these two places.
    fn cross(&mut self, row: usize, from: f32, to: f32, height: f32) {
        let border = self.width as f32;
        let (left, right) = (
            from.min(to).clamp(0.0, border),
            from.max(to).clamp(0.0, border),
        );
        let (first, last) = (left as usize, right as usize);
        let Some((low, high)) = self.touched.get_mut(row) else {
            return;
        };
        *low = (*low).min(first);
        *high = (*high).max(last + 2);
        let start = row * (self.width + 2);
        let Some(changes) = self.changes.get_mut(start + first..start + last + 2) else {
            return;
        };
        // Of the height in a pixel, what is covered counts there and the rest from the next on.
        if let [here, next] = changes {
            let covered = 1.0 - ((left + right) / 2.0 - first as f32);
            *here += height * covered;
            *next += height * (1.0 - covered);
            return;
        }
        let steep = height / (right - left);
        let begin = (first + 1) as f32 - left;
        let rest = right - last as f32;
        let (enter, leave) = (steep * begin * begin / 2.0, steep * rest * rest / 2.0);
        if let [here, between @ .., end, beyond] = changes {
            *here += enter;
            // The second pixel gets what the first did not cover, and its own half.
            match between {
                [] => *end += steep * begin - enter + steep * rest - leave,
                [second, middle @ ..] => {
                    *second += steep * begin - enter + steep / 2.0;
                    for change in middle {
                        *change += steep;
                    }
                    *end += steep / 2.0 + steep * rest - leave;
                }
            }
            *beyond += leave;
        }
    }

    /// Hands over what was touched of each row, as row, first column and shares of coverage in
    /// blocks, and starts anew.
    ///
    /// A block is of [`BLOCK`] pixels or, at the end of a row, fewer. Where no edge passes, all of
    /// its pixels have the same share, and one stands for all.
    pub(super) fn drain(&mut self, mut block: impl FnMut(usize, usize, Shares<'_>)) {
        let rows = self.changes.chunks_exact_mut(self.width + 2);
        for (row, (changes, touched)) in rows.zip(&mut self.touched).enumerate() {
            let (low, high) = std::mem::replace(touched, (usize::MAX, 0));
            let changes = changes.get_mut(low..high).unwrap_or_default();
            let mut sum = 0.0;
            for (place, changes) in changes.chunks_mut(BLOCK).enumerate() {
                let column = low + place * BLOCK;
                if changes.iter().all(|change| *change == 0.0) {
                    block(row, column, Shares::Same(f32::abs(sum), changes.len()));
                    continue;
                }
                let mut shares = [0.0; BLOCK];
                for (share, change) in shares.iter_mut().zip(&mut *changes) {
                    sum += std::mem::take(change);
                    *share = f32::abs(sum);
                }
                let shares = shares.get(..changes.len()).unwrap_or_default();
                block(row, column, Shares::Each(shares));
            }
        }
    }
}

/// How many pixels are looked at together.
pub(super) const BLOCK: usize = 8;

/// What is covered of some pixels side by side; more than 1 is all.
pub(super) enum Shares<'a> {
    /// As much of each, and of how many.
    Same(f32, usize),
    /// So much of each.
    Each(&'a [f32]),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(coverage: &mut Coverage) -> Vec<Vec<f32>> {
        let mut all = vec![vec![0.0; coverage.width]; coverage.height];
        coverage.drain(|row, column, shares| {
            let shares = match shares {
                Shares::Same(share, count) => vec![share; count],
                Shares::Each(shares) => shares.to_vec(),
            };
            for (pixel, share) in all[row].iter_mut().skip(column).zip(shares) {
                *pixel = share.min(1.0);
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
        (found - expected).abs() < 1e-4
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

    #[test]
    fn a_line_is_as_thick_as_it_should_be() {
        let mut coverage = Coverage::new(40, 40);
        coverage.stroke(&[Step::Move((5.0, 5.0)), Step::Line((30.0, 20.0))], 3.0);
        let sum: f32 = shares(&mut coverage).concat().iter().sum();
        let length = 25.0_f32.hypot(15.0);
        assert!((sum - 3.0 * length).abs() < 0.1, "{sum}");
    }
}
