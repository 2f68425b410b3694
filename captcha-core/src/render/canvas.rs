use super::RenderError;
use super::coverage::{Coverage, Shares};
use super::painter::{Picture, Shape};
use super::theme::Rgb;

/// An opaque picture of few colours: the ground, and some shades of each ink on it.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    /// The place of each pixel's colour in the palette; 0 is the ground.
    pixels: Vec<u8>,
    background: Rgb,
    inks: Vec<Rgb>,
    /// How many shades of an ink there are, the full one included.
    shades: u8,
    /// Which of its ink's shades a place in the palette is; 0 for the ground.
    strength: [u8; 256],
}

impl Canvas {
    pub(super) fn draw(picture: &Picture) -> Self {
        // Sizes are checked when a renderer is built.
        let (width, height) = (
            picture.width.ceil() as usize,
            picture.height.ceil() as usize,
        );
        let mut inks: Vec<Rgb> = Vec::new();
        for shape in &picture.shapes {
            if !inks.contains(&shape.colour) && inks.len() < 85 {
                inks.push(shape.colour);
            }
        }
        // Sixteen colours fit into four bits a pixel.
        let shades = if inks.len() <= 5 {
            3
        } else {
            255 / u8::try_from(inks.len()).unwrap_or(85)
        };
        let shades = shades.min(7);
        let mut strength = [0; 256];
        for (place, strength) in strength.iter_mut().enumerate().skip(1) {
            *strength = u8::try_from((place - 1) % usize::from(shades) + 1).unwrap_or_default();
        }
        let mut canvas = Self {
            width,
            height,
            pixels: vec![0; width * height],
            background: picture.background,
            inks,
            shades,
            strength,
        };
        let mut coverage = Coverage::new(width, height);
        for shape in &picture.shapes {
            canvas.add(shape, &mut coverage);
        }
        canvas
    }

    fn add(&mut self, shape: &Shape, coverage: &mut Coverage) {
        match shape.line {
            None => coverage.fill(&shape.steps),
            Some(thickness) => coverage.stroke(&shape.steps, thickness),
        }
        let ink = self.inks.iter().position(|ink| *ink == shape.colour);
        let ink = u8::try_from(ink.unwrap_or_default()).unwrap_or_default();
        let (shades, width) = (self.shades, self.width);
        let pixels = &mut self.pixels;
        let shade_of = |share: f32| (share.min(1.0) * f32::from(shades) + 0.5) as u8;
        let strength = &self.strength;
        let mark = |pixel: &mut u8, shade: u8| {
            // A thin edge does not cover a stronger shade of another ink.
            let below = strength
                .get(usize::from(*pixel))
                .copied()
                .unwrap_or_default();
            if shade > 0 && shade >= below {
                *pixel = ink * shades + shade;
            }
        };
        coverage.drain(|row, column, shares| {
            let rest = pixels.get_mut(row * width + column..(row + 1) * width);
            let rest = rest.unwrap_or_default();
            match shares {
                Shares::Same(share, count) => {
                    let shade = shade_of(share);
                    if shade > 0 {
                        rest.iter_mut()
                            .take(count)
                            .for_each(|pixel| mark(pixel, shade));
                    }
                }
                Shares::Each(shares) => {
                    for (pixel, share) in rest.iter_mut().zip(shares) {
                        mark(pixel, shade_of(*share));
                    }
                }
            }
        });
    }

    fn palette(&self) -> Vec<u8> {
        let mut palette = self.background.to_vec();
        for ink in &self.inks {
            for shade in 1..=self.shades {
                let share = f32::from(shade) / f32::from(self.shades);
                for (ground, ink) in self.background.iter().zip(ink) {
                    let (ground, ink) = (f32::from(*ground), f32::from(*ink));
                    palette.push((ground + (ink - ground) * share).round() as u8);
                }
            }
        }
        palette
    }

    /// The picture as PNG, without metadata.
    pub(super) fn encode(&self) -> Result<Vec<u8>, RenderError> {
        let palette = self.palette();
        let (depth, data) = match palette.len() <= 3 * 16 {
            true => (png::BitDepth::Four, self.packed()),
            false => (png::BitDepth::Eight, self.pixels.clone()),
        };
        let size = |side: usize| u32::try_from(side).map_err(|_| RenderError::Draw);
        let mut file = Vec::with_capacity(data.len() / 2 + 256);
        let mut encoder = png::Encoder::new(&mut file, size(self.width)?, size(self.height)?);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(depth);
        encoder.set_palette(palette);
        encoder.set_compression(png::Compression::Fast);
        encoder.set_filter(png::Filter::NoFilter);
        encoder
            .write_header()
            .and_then(|mut writer| {
                writer.write_image_data(&data)?;
                writer.finish()
            })
            .map_err(|_| RenderError::Draw)?;
        Ok(file)
    }

    /// Two pixels a byte; each row begins a new one.
    fn packed(&self) -> Vec<u8> {
        let mut packed = Vec::with_capacity(self.height * self.width.div_ceil(2));
        for row in self.pixels.chunks_exact(self.width.max(1)) {
            packed.extend(row.chunks(2).map(|pair| match *pair {
                [left, right] => left << 4 | right,
                [left] => left << 4,
                _ => 0,
            }));
        }
        packed
    }
}
