//! What an edge adds to the pixels of one column.

/// How many columns a strip has.
pub(super) const STRIP: usize = 8;

/// What a pixel that is covered as a whole counts. Whole numbers add up to nothing again where a
/// shape ends, and eight of them fit into the registers of any machine.
pub(super) const WHOLE: i16 = 256;

/// Adds an edge that takes this width of a column and stays close to one height, which is half a
/// pixel or more.
#[inline]
pub(super) fn pass(rows: &mut [[i16; STRIP]], lane: usize, at: f32, width: i16) {
    // Added to 2^23, a number is rounded and stands in the lowest bits.
    const TO_BITS: f32 = 8_388_608.0;
    let rounded = at - 0.5 + TO_BITS;
    // Of the width in a pixel, what is covered counts there and the rest from the next on.
    let lower = round(f32::from(width) * (at - (rounded - TO_BITS)));
    let row = (rounded.to_bits() & 0xffff) as usize;
    if let Some([here, next]) = rows.get_mut(row..row + 2)
        && let (Some(here), Some(next)) = (here.get_mut(lane), next.get_mut(lane))
    {
        *here = here.wrapping_add(width - lower);
        *next = next.wrapping_add(lower);
    }
}

/// Adds an edge that takes this width of a column, between two heights.
pub(super) fn cross(
    rows: &mut [[i16; STRIP]],
    lane: usize,
    (high, low): (f32, f32),
    height: f32,
    width: i16,
) {
    let width = f32::from(width);
    let low = low.max(high + 0.001);
    let flat = width / (low - high);
    let row = |y: f32| y.max(0.0).min(height) as usize;
    let (first, last) = (row(high), row(low));
    // How much of the width the edge has taken above some height.
    let taken = |y: f32| flat * (y.max(high).min(low) - high);
    let mut added = 0;
    let mut add = |row: &mut [i16; STRIP], sum: f32| {
        if let Some(cell) = row.get_mut(lane) {
            // Differences of rounded sums add up to the rounded width.
            let sum = round(sum);
            *cell = cell.wrapping_add(sum - added);
            added = sum;
        }
    };
    let rows = rows.get_mut(first..last + 2).unwrap_or_default();
    if let Some((beyond, rows)) = rows.split_last_mut() {
        for (row, top) in rows.iter_mut().zip(first..) {
            let (top, bottom) = (top as f32, (top + 1) as f32);
            // Covered is what lies below the edge: all where it passed above this row, and on
            // average what is below its middle where it passes in it.
            let passed = taken(top);
            let middle = (high.max(top) + low.min(bottom)) / 2.0;
            add(row, passed + (taken(bottom) - passed) * (bottom - middle));
        }
        add(beyond, width);
    }
}

/// A part of a pixel in whole numbers.
pub(super) fn part(width: f32) -> i16 {
    round(width * f32::from(WHOLE))
}

/// The nearest whole number, for what fits into sixteen bits.
pub(super) fn round(number: f32) -> i16 {
    // Added to 1.5 times 2^23, a number is rounded and stands in the lowest bits.
    (number + 12_582_912.0).to_bits() as i16
}
