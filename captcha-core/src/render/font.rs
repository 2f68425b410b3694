use ttf_parser::{Face, OutlineBuilder};

use super::RenderError;

/// DejaVu Sans Bold: an open font whose capitals and digits stay apart when bent.
#[derive(Clone)]
pub(super) struct Font {
    face: Face<'static>,
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

/// A glyph's outline, scaled to an em of 1.
pub(super) struct Glyph {
    pub(super) steps: Vec<Step>,
    pub(super) advance: f32,
}

impl Font {
    pub(super) fn bundled() -> Option<Self> {
        let face = Face::parse(dejavu::sans::bold(), 0).ok()?;
        Some(Self { face })
    }

    pub(super) fn has(&self, c: char) -> bool {
        self.face.glyph_index(c).is_some()
    }

    pub(super) fn glyph(&self, c: char) -> Result<Glyph, RenderError> {
        let id = self
            .face
            .glyph_index(c)
            .ok_or(RenderError::MissingGlyph(c))?;
        let scale = 1.0 / f32::from(self.face.units_per_em());
        let mut outline = Outline {
            steps: Vec::with_capacity(48),
            scale,
        };
        // A blank glyph has no outline, which is fine.
        let _ = self.face.outline_glyph(id, &mut outline);
        let advance = self.face.glyph_hor_advance(id).unwrap_or_default();
        Ok(Glyph {
            steps: outline.steps,
            advance: f32::from(advance) * scale,
        })
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
    pub(super) fn map(self, place: impl Fn(Point) -> Point) -> Self {
        match self {
            Self::Move(to) => Self::Move(place(to)),
            Self::Line(to) => Self::Line(place(to)),
            Self::Quad(via, to) => Self::Quad(place(via), place(to)),
            Self::Cubic(via1, via2, to) => Self::Cubic(place(via1), place(via2), place(to)),
            Self::Close => Self::Close,
        }
    }
}
