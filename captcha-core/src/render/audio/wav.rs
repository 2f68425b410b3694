use std::f64::consts::TAU;

/// How long a tone takes to come and to go, in seconds, so that it does not crackle.
const FADE: f64 = 0.005;

/// A WAV file of one channel and 16 bits a sample, in the making.
pub(super) struct Wav {
    sample_rate: f64,
    bytes: Vec<u8>,
}

impl Wav {
    /// The head of a file with this many samples (RIFF, `fmt ` and `data` chunks).
    pub(super) fn new(sample_rate: u32, samples: usize) -> Self {
        let size = u32::try_from(samples * 2).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(44 + samples * 2);
        bytes.extend_from_slice(b"RIFF");
        bytes.extend_from_slice(&(36 + size).to_le_bytes());
        bytes.extend_from_slice(b"WAVEfmt ");
        bytes.extend_from_slice(&16_u32.to_le_bytes());
        // PCM, one channel.
        bytes.extend_from_slice(&1_u16.to_le_bytes());
        bytes.extend_from_slice(&1_u16.to_le_bytes());
        bytes.extend_from_slice(&sample_rate.to_le_bytes());
        bytes.extend_from_slice(&(sample_rate * 2).to_le_bytes());
        bytes.extend_from_slice(&2_u16.to_le_bytes());
        bytes.extend_from_slice(&16_u16.to_le_bytes());
        bytes.extend_from_slice(b"data");
        bytes.extend_from_slice(&size.to_le_bytes());
        Self {
            sample_rate: f64::from(sample_rate),
            bytes,
        }
    }

    pub(super) fn silence(&mut self, samples: usize) {
        self.bytes.resize(self.bytes.len() + samples * 2, 0);
    }

    /// A sine that begins at this phase and swings up to `peak`, which has to fit a sample.
    ///
    /// It is computed from the samples before instead of one by one: `sin(x + 8d)` is
    /// `2 cos(8d) sin(x) - sin(x - 8d)`. Eight of them side by side keep a processor busy.
    pub(super) fn tone(&mut self, frequency: f64, phase: f64, peak: f64, samples: usize) {
        const LANES: usize = 8;
        let step = TAU * frequency / self.sample_rate;
        let factor = 2.0 * (step * LANES as f64).cos();
        let sine = |sample: f64| peak * (step * sample + phase).sin();
        let mut before: [f64; LANES] = std::array::from_fn(|lane| sine(lane as f64 - LANES as f64));
        let mut now: [f64; LANES] = std::array::from_fn(|lane| sine(lane as f64));
        let start = self.bytes.len();
        let mut left = samples;
        while left > 0 {
            let mut bytes = [0; 2 * LANES];
            for (pair, sample) in bytes.chunks_exact_mut(2).zip(now) {
                pair.copy_from_slice(&(sample as i16).to_le_bytes());
            }
            let taken = left.min(LANES);
            self.bytes
                .extend_from_slice(bytes.get(..taken * 2).unwrap_or_default());
            left -= taken;
            let next = std::array::from_fn(|lane| match (now.get(lane), before.get(lane)) {
                (Some(now), Some(before)) => factor * now - before,
                _ => 0.0,
            });
            before = now;
            now = next;
        }
        let fade = (FADE * self.sample_rate) as usize;
        let tone = self.bytes.get_mut(start..).unwrap_or_default();
        soften(tone.chunks_exact_mut(2), fade);
        soften(tone.chunks_exact_mut(2).rev(), fade);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Lets the first samples grow from nothing.
fn soften<'a>(samples: impl Iterator<Item = &'a mut [u8]>, fade: usize) {
    for (place, sample) in samples.take(fade).enumerate() {
        if let [low, high] = sample {
            let value = f64::from(i16::from_le_bytes([*low, *high]));
            let softer = value * place as f64 / fade as f64;
            [*low, *high] = (softer as i16).to_le_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_stays_true_to_its_end() {
        let mut wav = Wav::new(48_000, 96_000);
        wav.tone(523.3, 1.5, 11_468.0, 96_000);
        let bytes = wav.into_bytes();
        let samples = bytes[44..]
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| i16::from_le_bytes(*pair));
        for (n, sample) in samples.enumerate().skip(300).take(95_400) {
            let angle = TAU * 523.3 / 48_000.0 * n as f64 + 1.5;
            let expected = 11_468.0 * angle.sin();
            assert!((f64::from(sample) - expected).abs() < 2.0, "{n}");
        }
    }
}
