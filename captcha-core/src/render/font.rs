use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::Arc;

use rustybuzz::{Face, UnicodeBuffer};
use ttf_parser::{GlyphId, OutlineBuilder};

use super::RenderError;

/// A font, and how it is laid out.
#[derive(Clone)]
pub(super) struct Font {
    face: Face<'static>,
    /// The glyphs of printable ASCII, which most challenges consist of, read once.
    ascii: Arc<[Option<Glyph>]>,
}

/// One step of a glyph's outline, in units of the font's em square, y upwards.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Move(Point),
    Line(Point),
    Quad(Point, Point),
    Cubic(Point, Point, Point),
    Close,
}

pub(super) type Point = (f32, f32);

const ASCII: RangeInclusive<u8> = b' '..=b'~';

/// A glyph's outline, scaled to an em of 1.
#[derive(Clone)]
pub(super) struct Glyph {
    pub(super) steps: Vec<Step>,
    pub(super) advance: f32,
}

impl Font {
    /// DejaVu Sans Bold: an open font whose capitals and digits stay apart when bent.
    pub(super) fn bundled() -> Option<Self> {
        Self::parse(dejavu::sans::bold())
    }

    /// Noto Emoji, in one colour.
    pub(super) fn emoji() -> Option<Self> {
        Self::parse(epaint_default_fonts::NOTO_EMOJI_REGULAR)
    }

    pub(super) fn parse(bytes: &'static [u8]) -> Option<Self> {
        let face = Face::from_slice(bytes, 0)?;
        let mut font = Self {
            face,
            ascii: Arc::default(),
        };
        font.ascii = ASCII.map(|byte| font.read(char::from(byte))).collect();
        Some(font)
    }

    /// The character that the font has no glyph for.
    pub(super) fn missing(&self, text: &str) -> Option<char> {
        let has = |c: char| match self.known(c) {
            Some(glyph) => glyph.is_some(),
            None => self.face.glyph_index(c).is_some(),
        };
        text.chars().find(|c| !c.is_whitespace() && !has(*c))
    }

    pub(super) fn glyph(&self, c: char) -> Result<Cow<'_, Glyph>, RenderError> {
        let glyph = match self.known(c) {
            Some(glyph) => glyph.as_ref().map(Cow::Borrowed),
            None => self.read(c).map(Cow::Owned),
        };
        match glyph {
            None if c.is_whitespace() => Ok(Cow::Owned(Glyph::blank())),
            glyph => glyph.ok_or(RenderError::MissingGlyph(c)),
        }
    }

    /// What was read once, for a character of printable ASCII.
    fn known(&self, c: char) -> Option<&Option<Glyph>> {
        let byte = u8::try_from(c).ok()?;
        self.ascii
            .get(usize::from(byte.checked_sub(*ASCII.start())?))
    }

    fn read(&self, c: char) -> Option<Glyph> {
        Some(self.outline(self.face.glyph_index(c)?))
    }

    /// The glyphs of a line from left to right, for scripts whose letters change shape beside each
    /// other.
    pub(super) fn shaped(&self, text: &str) -> Result<Vec<Cow<'_, Glyph>>, RenderError> {
        if let Some(missing) = self.missing(text) {
            return Err(RenderError::MissingGlyph(missing));
        }
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        let line = rustybuzz::shape(&self.face, &[], buffer);
        let scale = self.scale();
        let glyphs = line.glyph_infos().iter().zip(line.glyph_positions());
        let glyphs = glyphs.map(|(glyph, place)| {
            // What has no glyph is blank here, and no box: `missing` lets nothing else through.
            let mut outline = match u16::try_from(glyph.glyph_id) {
                Ok(0) | Err(_) => Glyph::blank(),
                Ok(id) => self.outline(GlyphId(id)),
            };
            let offset = (place.x_offset as f32 * scale, place.y_offset as f32 * scale);
            for step in &mut outline.steps {
                *step = step.map(|(x, y)| (x + offset.0, y + offset.1));
            }
            outline.advance = place.x_advance as f32 * scale;
            Cow::Owned(outline)
        });
        Ok(glyphs.collect())
    }

    fn outline(&self, id: GlyphId) -> Glyph {
        let scale = self.scale();
        let mut outline = Outline {
            steps: Vec::with_capacity(48),
            scale,
        };
        // A blank glyph has none, and half of a broken one is of no use.
        if self.face.outline_glyph(id, &mut outline).is_none() {
            outline.steps.clear();
        }
        let advance = self.face.glyph_hor_advance(id).unwrap_or_default();
        Glyph {
            steps: outline.steps,
            advance: f32::from(advance) * scale,
        }
    }

    fn scale(&self) -> f32 {
        // Fonts have 16 to 16,384 units.
        1.0 / self.face.units_per_em().max(1) as f32
    }
}

impl Glyph {
    /// What stands for white space in a font that has none.
    const fn blank() -> Self {
        Self {
            steps: Vec::new(),
            advance: 0.3,
        }
    }
}

impl std::fmt::Debug for Font {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Font")
    }
}

struct Outline {
    steps: Vec<Step>,
    scale: f32,
}

impl Outline {
    fn at(&self, x: f32, y: f32) -> Point {
        (x * self.scale, y * self.scale)
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.steps.push(Step::Move(self.at(x, y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.steps.push(Step::Line(self.at(x, y)));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let step = Step::Quad(self.at(x1, y1), self.at(x, y));
        self.steps.push(step);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let step = Step::Cubic(self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.steps.push(step);
    }

    fn close(&mut self) {
        self.steps.push(Step::Close);
    }
}

impl Step {
    /// The step with every point moved by `place`.
    pub(super) fn map(self, mut place: impl FnMut(Point) -> Point) -> Self {
        match self {
            Self::Move(to) => Self::Move(place(to)),
            Self::Line(to) => Self::Line(place(to)),
            Self::Quad(via, to) => Self::Quad(place(via), place(to)),
            Self::Cubic(via1, via2, to) => Self::Cubic(place(via1), place(via2), place(to)),
            Self::Close => Self::Close,
        }
    }

    /// The ends of straight pieces that a curve from this point is close to. Nothing for steps
    /// that are no curves.
    pub(super) fn flatten(self, from: Point, mut piece: impl FnMut(Point)) {
        let mix = |(x, y): Point, (u, v): Point, t: f32| (x + (u - x) * t, y + (v - y) * t);
        // How far the control points are from where a straight line would have them.
        let bend = |a: Point, b: Point, c: Point| {
            (a.0 - 2.0 * b.0 + c.0).abs() + (a.1 - 2.0 * b.1 + c.1).abs()
        };
        let pieces = |bend: f32| (bend.sqrt() * 0.9).ceil().clamp(1.0, 32.0);
        match self {
            Self::Quad(via, to) => {
                let count = pieces(bend(from, via, to));
                for step in 1..=count as u8 {
                    let t = f32::from(step) / count;
                    piece(mix(mix(from, via, t), mix(via, to, t), t));
                }
            }
            Self::Cubic(one, two, to) => {
                let count = pieces(2.0 * (bend(from, one, two) + bend(one, two, to)));
                for step in 1..=count as u8 {
                    let t = f32::from(step) / count;
                    let (a, b, c) = (mix(from, one, t), mix(one, two, t), mix(two, to, t));
                    piece(mix(mix(a, b, t), mix(b, c, t), t));
                }
            }
            Self::Move(_) | Self::Line(_) | Self::Close => {}
        }
    }
}
