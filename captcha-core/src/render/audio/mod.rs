mod wav;

use std::collections::HashMap;
use std::f64::consts::TAU;

use super::{Format, RenderError, Rendered, Renderer};
use crate::ConfigError;
use crate::challenge::Challenge;
use crate::random::SecureRng;
use wav::Wav;

/// The tones of 0 to 9, in Hz.
const DIGITS: [f64; 10] = [
    261.6, 293.7, 329.6, 349.2, 392.0, 440.0, 493.9, 523.3, 587.3, 659.3,
];

/// The tones of A and Z, in Hz; the other letters lie between, evenly.
const LETTERS: (f64, f64) = (300.0, 1200.0);

/// The tone of every other character, in Hz.
const FALLBACK: f64 = 440.0;

/// More characters are not spoken: a sound has to end.
const LONGEST: usize = 32;

/// Speaks a solution as one tone for each character: a mono WAV with 16 bits a sample.
///
/// Tones are an alternative for people who can tell them apart, not for most who cannot see a
/// picture, and a machine tells them apart at once. Add a renderer that speaks, where you have a
/// voice, and limit the rate of what it protects.
///
/// ```
/// use captcha_core::render::AudioRenderer;
///
/// # fn main() -> Result<(), captcha_core::ConfigError> {
/// let slow = AudioRenderer::builder().tone_millis(700).gap_millis(400).build()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct AudioRenderer {
    sample_rate: u32,
    tone: usize,
    gap: usize,
    amplitude: f64,
    own: HashMap<char, f64>,
}

/// Sets up an [`AudioRenderer`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct AudioRendererBuilder {
    sample_rate: u32,
    tone_millis: u32,
    gap_millis: u32,
    amplitude: f64,
    own: HashMap<char, f64>,
}

impl AudioRenderer {
    /// Tones of 450 ms with 200 ms between, at 16 kHz.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().assemble()
    }

    /// A renderer whose options are set one by one.
    pub fn builder() -> AudioRendererBuilder {
        AudioRendererBuilder {
            sample_rate: 16_000,
            tone_millis: 450,
            gap_millis: 200,
            amplitude: 0.35,
            own: HashMap::new(),
        }
    }

    /// The tone of a character, in Hz. Upper and lower case sound alike.
    #[must_use]
    pub fn frequency(&self, character: char) -> f64 {
        let lower = character.to_lowercase().next().unwrap_or(character);
        if let Some(own) = self.own.get(&lower) {
            return *own;
        }
        if let Some(digit) = lower.to_digit(10) {
            let tone = usize::try_from(digit)
                .ok()
                .and_then(|digit| DIGITS.get(digit));
            return tone.copied().unwrap_or(FALLBACK);
        }
        if lower.is_ascii_lowercase() {
            let place = f64::from(u32::from(lower) - u32::from('a'));
            return LETTERS.0 + (LETTERS.1 - LETTERS.0) * place / 25.0;
        }
        FALLBACK
    }

    fn speak(&self, text: &str, rng: &mut SecureRng) -> Vec<u8> {
        let characters: Vec<char> = text.chars().take(LONGEST).collect();
        let samples = self.gap + characters.len() * (self.tone + self.gap);
        let mut wav = Wav::new(self.sample_rate, samples);
        wav.silence(self.gap);
        for character in characters {
            // Heard by nobody, but no two files of one answer are the same.
            let phase = f64::from(rng.between(0.0, 1.0)) * TAU;
            let peak = self.amplitude * f64::from(i16::MAX);
            wav.tone(self.frequency(character), phase, peak, self.tone);
            wav.silence(self.gap);
        }
        wav.into_bytes()
    }
}

impl Default for AudioRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl AudioRendererBuilder {
    /// Samples a second, 8,000 to 48,000. Default 16,000.
    pub const fn sample_rate(mut self, hertz: u32) -> Self {
        self.sample_rate = hertz;
        self
    }

    /// How long each tone lasts, 50 to 2,000 milliseconds. Default 450.
    pub const fn tone_millis(mut self, millis: u32) -> Self {
        self.tone_millis = millis;
        self
    }

    /// How long the silence before, between and after is, 0 to 2,000 milliseconds. Default 200.
    pub const fn gap_millis(mut self, millis: u32) -> Self {
        self.gap_millis = millis;
        self
    }

    /// How loud, above 0.0 and up to 1.0. Default 0.35.
    pub const fn amplitude(mut self, amplitude: f64) -> Self {
        self.amplitude = amplitude;
        self
    }

    /// The tone of a character, in Hz, in place of its own: 20 to 4,000.
    pub fn tone(mut self, character: char, hertz: f64) -> Self {
        self.own
            .extend(character.to_lowercase().map(|c| (c, hertz)));
        self
    }

    /// Checks the options and makes the renderer.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the option that cannot work.
    pub fn build(self) -> Result<AudioRenderer, ConfigError> {
        if !(8_000..=48_000).contains(&self.sample_rate) {
            return Err(ConfigError::new("sample_rate", "must be 8000 to 48000"));
        }
        if !(50..=2_000).contains(&self.tone_millis) {
            return Err(ConfigError::new("tone_millis", "must be 50 to 2000"));
        }
        if self.gap_millis > 2_000 {
            return Err(ConfigError::new("gap_millis", "must be at most 2000"));
        }
        if !(self.amplitude > 0.0 && self.amplitude <= 1.0) {
            let problem = "must be above 0.0 and at most 1.0";
            return Err(ConfigError::new("amplitude", problem));
        }
        let heard = |hertz: &f64| (20.0..=4_000.0).contains(hertz);
        if !self.own.values().all(heard) {
            return Err(ConfigError::new("tone", "must be 20 to 4000 Hz"));
        }
        Ok(self.assemble())
    }

    fn assemble(self) -> AudioRenderer {
        let samples = |millis: u32| {
            let samples = u64::from(self.sample_rate) * u64::from(millis) / 1000;
            usize::try_from(samples).unwrap_or_default()
        };
        AudioRenderer {
            tone: samples(self.tone_millis),
            gap: samples(self.gap_millis),
            sample_rate: self.sample_rate,
            amplitude: self.amplitude,
            own: self.own,
        }
    }
}

impl Renderer for AudioRenderer {
    fn format(&self) -> Format {
        Format::Wav
    }

    fn check(&self, _: &Challenge) -> Result<(), RenderError> {
        Ok(())
    }

    fn render(&self, challenge: &Challenge) -> Result<Rendered, RenderError> {
        Ok(Rendered {
            bytes: self.speak(challenge.solution(), &mut challenge.drawing_rng()),
            format: Format::Wav,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl AudioRenderer {
        fn say(&self, text: &str) -> Vec<u8> {
            self.speak(text, &mut SecureRng::from_seed([7; 32]))
        }
    }

    fn samples(wav: &[u8]) -> Vec<i16> {
        wav[44..]
            .chunks_exact(2)
            .map(|b| i16::from_le_bytes([b[0], b[1]]))
            .collect()
    }

    /// How strongly a frequency sounds in these samples.
    fn strength(samples: &[i16], hertz: f64, rate: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let angle = TAU * hertz * n as f64 / rate;
            re += f64::from(*sample) * angle.cos();
            im += f64::from(*sample) * angle.sin();
        }
        2.0 * re.hypot(im) / samples.len() as f64
    }

    #[test]
    fn a_file_is_a_wav_of_the_right_length() {
        let wav = AudioRenderer::new().say("A1?");
        let word = |at: usize| u32::from_le_bytes(wav[at..at + 4].try_into().unwrap());
        assert_eq!(
            (&wav[..4], &wav[8..16], &wav[36..40]),
            (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..])
        );
        assert_eq!(
            (word(24), word(28)),
            (16_000, 32_000),
            "rate, bytes a second"
        );
        assert_eq!(u16::from_le_bytes([wav[22], wav[23]]), 1, "mono");
        assert_eq!(u16::from_le_bytes([wav[34], wav[35]]), 16, "bits");
        // A gap, and three times a tone and a gap.
        let expected = 3_200 + 3 * (7_200 + 3_200);
        assert_eq!(samples(&wav).len(), expected);
        assert_eq!(word(40) as usize, expected * 2);
        assert_eq!(word(4) as usize, wav.len() - 8);
    }

    #[test]
    fn each_character_sounds_as_it_should() {
        let renderer = AudioRenderer::builder().tone('!', 1000.0).build().unwrap();
        for (text, hertz) in [
            ("0", 261.6),
            ("9", 659.3),
            ("a", 300.0),
            ("A", 300.0),
            ("m", 732.0),
            ("Z", 1200.0),
            ("?", 440.0),
            ("\u{642}", 440.0),
            ("!", 1000.0),
        ] {
            let all = samples(&renderer.say(text));
            let (before, rest) = all.split_at(3_200);
            let (tone, after) = rest.split_at(7_200);
            assert!(
                before.iter().chain(after).all(|sample| *sample == 0),
                "{text}"
            );
            let loud = strength(tone, hertz, 16_000.0) / f64::from(i16::MAX);
            assert!((0.33..0.36).contains(&loud), "{text}: {loud}");
            assert!(strength(tone, hertz * 1.1, 16_000.0) < 600.0, "{text}");
            let peak = tone
                .iter()
                .map(|sample| sample.unsigned_abs())
                .max()
                .unwrap();
            assert!(peak <= 11_470, "{text}: {peak}");
            // It comes and goes softly.
            assert!(
                tone[0] == 0 && tone[7_199] == 0 && tone[10].unsigned_abs() < 1_600,
                "{text}"
            );
        }
    }

    #[test]
    fn atk_34_lengths_are_capped() {
        let short = AudioRenderer::new().say(&"x".repeat(10_000)).len();
        assert_eq!(short, AudioRenderer::new().say(&"x".repeat(32)).len());
        let builder = AudioRenderer::builder;
        for (built, setting) in [
            (builder().sample_rate(7_999).build(), "sample_rate"),
            (builder().sample_rate(u32::MAX).build(), "sample_rate"),
            (builder().tone_millis(0).build(), "tone_millis"),
            (builder().tone_millis(2_001).build(), "tone_millis"),
            (builder().gap_millis(2_001).build(), "gap_millis"),
            (builder().amplitude(0.0).build(), "amplitude"),
            (builder().amplitude(1.01).build(), "amplitude"),
            (builder().amplitude(f64::NAN).build(), "amplitude"),
            (builder().tone('x', 19.0).build(), "tone"),
            (builder().tone('x', f64::NAN).build(), "tone"),
        ] {
            assert_eq!(built.unwrap_err().setting(), setting);
        }
    }
}
