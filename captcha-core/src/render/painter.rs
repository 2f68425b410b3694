use super::RenderError;
use super::canvas::MAX_INKS;
use super::font::{Font, Point, Step};
use super::theme::{Rgb, Theme};
use super::{grid, line};
use crate::ConfigError;
use crate::challenge::{Challenge, Subject};
use crate::random::SecureRng;

/// What all renderers of pictures share: how a challenge is laid out and distorted. They differ in
/// what they make of the shapes.
#[derive(Debug, Clone)]
pub struct Painter {
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) theme: Theme,
    font: Font,
    emoji: Font,
}

/// Shapes on a ground, in the order in which they are drawn.
pub(super) struct Picture {
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) background: Rgb,
    pub(super) shapes: Vec<Shape>,
}

/// One shape of one colour.
pub(super) struct Shape {
    pub(super) steps: Vec<Step>,
    pub(super) colour: Rgb,
    /// The width of a line; `None` for what is filled.
    pub(super) line: Option<f32>,
}

/// What randomness of its own is for, beside the picture as a whole.
const CELL: u8 = 1;
pub(super) const CUTS: u8 = 2;

impl Painter {
    pub(super) fn new(width: u32, height: u32, theme: Theme) -> Result<Self, ConfigError> {
        if !(60..=1000).contains(&width) || !(24..=400).contains(&height) {
            let problem = "must be 60 to 1000 by 24 to 400 pixels";
            return Err(ConfigError::new("size", problem));
        }
        if theme.palette.len() > MAX_INKS {
            return Err(ConfigError::new("theme", "must have 16 colours at most"));
        }
        let unparsed = ConfigError::new("font", "cannot be parsed");
        let font = theme.font.clone().or_else(Font::bundled);
        Ok(Self {
            width: width as f32,
            height: height as f32,
            theme,
            font: font.ok_or_else(|| unparsed.clone())?,
            emoji: Font::emoji().ok_or(unparsed)?,
        })
    }

    pub(super) fn check(&self, challenge: &Challenge) -> Result<(), RenderError> {
        let missing = match challenge.subject() {
            Subject::Text(text) => self.font.missing(text),
            // Cells are numbered in the font of the text.
            Subject::Grid(cells) => (cells.iter())
                .find_map(|cell| self.emoji.missing(cell))
                .or_else(|| self.font.missing("0123456789")),
        };
        missing.map_or(Ok(()), |c| Err(RenderError::MissingGlyph(c)))
    }

    pub(super) fn paint(&self, challenge: &Challenge) -> Result<Picture, RenderError> {
        let mut rng = challenge.drawing_rng();
        match challenge.subject() {
            Subject::Text(text) => line::paint(self, &self.font, text, &mut rng),
            Subject::Grid(cells) => grid::paint(self, (&self.font, &self.emoji), cells, &mut rng),
        }
    }

    /// One cell of a grid, numbered from 1, as a picture of its own.
    pub(super) fn paint_cell(
        &self,
        challenge: &Challenge,
        number: usize,
    ) -> Result<Picture, RenderError> {
        let Subject::Grid(cells) = challenge.subject() else {
            return Err(RenderError::UnsupportedSubject);
        };
        let place = number.checked_sub(1);
        let cell = place.and_then(|place| cells.get(place));
        let cell = cell.ok_or(RenderError::NoSuchCell(number))?;
        // Randomness of its own for each, so that equal emoji do not look alike.
        let mut rng = challenge.rng_for(CELL, u8::try_from(number).unwrap_or_default());
        let side = grid::side(self, cells.len());
        let mut picture = self.empty(side, side);
        let shape = grid::emoji(self, &self.emoji, cell, (0.0, 0.0), side, &mut rng)?;
        picture.shapes.push(shape);
        Ok(picture)
    }

    pub(super) fn empty(&self, width: f32, height: f32) -> Picture {
        Picture {
            width,
            height,
            background: self.theme.background,
            shapes: Vec::new(),
        }
    }

    pub(super) fn colour(&self, rng: &mut SecureRng) -> Rgb {
        rng.pick(&self.theme.palette).copied().unwrap_or_default()
    }

    /// A curve from the left to the right.
    pub(super) fn noise(&self, rng: &mut SecureRng, (width, height): Point, line: f32) -> Shape {
        let mut point = |from: f32, to: f32| {
            let x = rng.between(from, to) * width;
            (x, rng.between(0.1, 0.9) * height)
        };
        let start = point(-0.05, 0.1);
        let via = (point(0.2, 0.5), point(0.5, 0.8));
        let end = point(0.9, 1.05);
        Shape {
            steps: vec![Step::Move(start), Step::Cubic(via.0, via.1, end)],
            colour: self.colour(rng),
            line: Some(line),
        }
    }
}
