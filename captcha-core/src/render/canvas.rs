use super::RenderError;
use super::coverage::{Coverage, STRIP, WHOLE};
use super::painter::{Picture, Shape};
use super::theme::Rgb;

/// How many inks a picture can have: as many as fit into four bits.
pub(super) const MAX_INKS: usize = 16;

/// An opaque picture of few colours: the ground, and some shades of each ink on it.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    /// Strip by strip, each row by row: the shade of each pixel in the upper four bits, its ink in
    /// the lower. 0 is the ground.
    pixels: Vec<[u8; STRIP]>,
    background: Rgb,
    inks: Vec<Rgb>,
    /// How many shades of an ink there are, the full one included.
    shades: u8,
}

impl Canvas {
    pub(super) fn draw(picture: &Picture) -> Self {
        // Sizes are checked when a renderer is built.
        let (width, height) = (
            picture.width.ceil() as usize,
            picture.height.ceil() as usize,
        );
        let mut inks: Vec<Rgb> = Vec::with_capacity(MAX_INKS);
        for shape in &picture.shapes {
            if !inks.contains(&shape.colour) && inks.len() < MAX_INKS {
                inks.push(shape.colour);
            }
        }
        let mut canvas = Self {
            width,
            height,
            pixels: vec![[0; STRIP]; width.div_ceil(STRIP) * height],
            background: picture.background,
            // Sixteen colours fit into four bits a pixel.
            shades: if inks.len() <= 5 { 3 } else { 7 },
            inks,
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
        let (height, shades, pixels) = (self.height, self.shades, &mut self.pixels);
        coverage.drain(|strip, row, shares| {
            let pixels = pixels.get_mut(strip * height + row..(strip + 1) * height);
            let pixels = pixels.unwrap_or_default().as_flattened_mut();
            mark(pixels, shares, ink, shades);
        });
    }

    /// The ground and the inks, the faintest shade of each first.
    fn palette(&self) -> Vec<u8> {
        let mut palette = Vec::with_capacity(3 * (1 + self.inks.len() * usize::from(self.shades)));
        palette.extend(self.background);
        for shade in 1..=self.shades {
            let share = f32::from(shade) / f32::from(self.shades);
            for ink in &self.inks {
                for (ground, ink) in self.background.iter().zip(ink) {
                    let (ground, ink) = (f32::from(*ground), f32::from(*ink));
                    palette.push((ground + (ink - ground) * share).round() as u8);
                }
            }
        }
        palette
    }

    /// Replaces what stands in the pixels by the places of their colours in the palette.
    fn look_up(&mut self) {
        let inks = u8::try_from(self.inks.len().max(1)).unwrap_or(1);
        for pixel in self.pixels.as_flattened_mut() {
            let place = (*pixel >> 4) * inks + (*pixel & 15);
            *pixel = place.saturating_sub(inks - 1);
        }
    }

    /// The picture as PNG, without metadata.
    pub(super) fn encode(mut self) -> Result<Vec<u8>, RenderError> {
        let palette = self.palette();
        self.look_up();
        let (depth, data) = match palette.len() <= 3 * 16 {
            true => (png::BitDepth::Four, self.rows(pair)),
            false => (png::BitDepth::Eight, self.rows(|pixels| pixels)),
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

    /// The picture row by row, with so many bytes for eight pixels.
    fn rows<const BYTES: usize>(&self, pack: impl Fn([u8; STRIP]) -> [u8; BYTES]) -> Vec<u8> {
        let width = (self.width * BYTES).div_ceil(STRIP);
        let packed: Vec<_> = self.pixels.iter().map(|pixels| pack(*pixels)).collect();
        let mut rows = vec![0; width * self.height];
        for (strip, packed) in packed.chunks_exact(self.height.max(1)).enumerate() {
            for (row, packed) in rows.chunks_exact_mut(width.max(1)).zip(packed) {
                let rest = row.get_mut(strip * BYTES..).unwrap_or_default();
                match rest.first_chunk_mut::<BYTES>() {
                    Some(bytes) => *bytes = *packed,
                    None => rest
                        .iter_mut()
                        .zip(packed)
                        .for_each(|(to, byte)| *to = *byte),
                }
            }
        }
        rows
    }
}

/// Two pixels a byte.
fn pair(pixels: [u8; STRIP]) -> [u8; STRIP / 2] {
    let pixels = u64::from_le_bytes(pixels);
    let bytes = pixels << 4 & 0x00f0_00f0_00f0_00f0 | pixels >> 8 & 0x000f_000f_000f_000f;
    let bytes = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    let [first, second, third, fourth, ..] = (bytes | bytes >> 16).to_le_bytes();
    [first, second, third, fourth]
}

/// Puts ink on pixels where it covers them and no stronger shade is there.
fn mark(pixels: &mut [u8], shares: &[i16], ink: u8, shades: u8) {
    let shades = u16::from(shades);
    for (pixel, share) in pixels.iter_mut().zip(shares) {
        let share = share.unsigned_abs().min(WHOLE.unsigned_abs());
        let shade = ((share * shades + WHOLE.unsigned_abs() / 2) >> WHOLE.ilog2()) as u8;
        let mark = if shade > 0 { shade << 4 | ink } else { 0 };
        *pixel = if mark >= *pixel & 0xf0 { mark } else { *pixel };
    }
}
