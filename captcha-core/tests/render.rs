//! Pictures and sounds of challenges.

#![cfg(feature = "image")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::collections::{HashMap, HashSet};

use captcha_core::challenge::{
    ChallengeContext, ChallengeFactory, ChallengeSpec, EmojiGridChallengeFactory, FactoryError,
    MathChallengeFactory, Operator, TextChallengeFactory, WordChallengeFactory,
};
use captcha_core::manager::{CaptchaError, CaptchaManager, CaptchaManagerBuilder};
use captcha_core::random::SecureRng;
use captcha_core::render::{AudioRenderer, Format, ImageRenderer, RenderError, SvgRenderer, Theme};
use captcha_core::storage::MemoryStorage;

fn builder(factory: impl ChallengeFactory + 'static) -> CaptchaManagerBuilder {
    CaptchaManager::builder(MemoryStorage::new())
        .factory(factory)
        .renderer(ImageRenderer::new())
        .renderer(SvgRenderer::new())
        .renderer(AudioRenderer::new())
        .max_renders(1_000)
}

/// Always the same text.
struct Always(&'static str);

impl ChallengeFactory for Always {
    fn create(
        &self,
        _: &ChallengeContext<'_>,
        _: &mut SecureRng,
    ) -> Result<ChallengeSpec, FactoryError> {
        Ok(ChallengeSpec::text("Type it", self.0, self.0))
    }
}

async fn drawn(manager: &CaptchaManager, languages: &str, format: Format) -> Vec<u8> {
    let issued = manager.issue_undrawn("key", languages).await.unwrap();
    manager
        .render(issued.id().as_str(), format)
        .await
        .unwrap()
        .bytes
}

#[tokio::test]
async fn picture_and_sound_of_one_challenge() {
    let manager = builder(TextChallengeFactory::new()).build().unwrap();
    let issued = manager.issue_undrawn("key", "").await.unwrap();
    let id = issued.id().as_str();
    for (format, start) in [
        (Format::Png, &b"\x89PNG"[..]),
        (Format::Svg, &b"<svg "[..]),
        (Format::Wav, &b"RIFF"[..]),
    ] {
        let once = manager.render(id, format).await.unwrap().bytes;
        assert!(once.starts_with(start), "{format}");
        let twice = manager.render(id, format).await.unwrap().bytes;
        assert_eq!(once, twice, "the same each time: {format}");
    }
}

/// Every challenge of every bundled locale can be drawn: no empty box reaches anybody.
#[tokio::test]
async fn every_bundled_challenge_has_glyphs() {
    let sums = MathChallengeFactory::builder().operands(1..=99).operators([
        Operator::Plus,
        Operator::Minus,
        Operator::Times,
    ]);
    for factory in [
        Box::new(TextChallengeFactory::new()) as Box<dyn ChallengeFactory>,
        Box::new(sums.build().unwrap()),
        Box::new(WordChallengeFactory::new()),
        Box::new(
            EmojiGridChallengeFactory::builder()
                .cells(25)
                .build()
                .unwrap(),
        ),
    ] {
        let manager = builder(factory).build().unwrap();
        for languages in ["en", "tr", "de", "es", "fr", "ar"] {
            for _ in 0..200 {
                // A missing glyph would be an error here.
                let _ = manager.issue_undrawn("key", languages).await.unwrap();
            }
            for format in [Format::Png, Format::Svg] {
                assert!(!drawn(&manager, languages, format).await.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn a_character_without_a_glyph_is_an_error_at_issue() {
    for (text, missing) in [("AB\u{10ffff}", '\u{10ffff}'), ("\u{1f34e}", '\u{1f34e}')] {
        let manager = builder(Always(text)).build().unwrap();
        let error = manager.issue_undrawn("key", "").await.unwrap_err();
        let CaptchaError::Render(RenderError::MissingGlyph(found)) = error else {
            panic!("{error}");
        };
        assert_eq!(found, missing);
    }
    let pool = ["\u{1f34e}", "\u{1f34c}", "\u{1f347}", "\u{10fffe}"];
    let grid = EmojiGridChallengeFactory::builder()
        .pool(pool)
        .cells(25)
        .build()
        .unwrap();
    assert!(
        builder(grid)
            .build()
            .unwrap()
            .issue_undrawn("key", "")
            .await
            .is_err()
    );
}

/// The digits and the commands of every path, which is all the markup there is.
#[tokio::test]
async fn atk_30_atk_32_there_is_no_text_in_an_svg() {
    for factory in [
        Box::new(TextChallengeFactory::new()) as Box<dyn ChallengeFactory>,
        Box::new(WordChallengeFactory::new()),
        Box::new(EmojiGridChallengeFactory::new()),
    ] {
        let manager = builder(factory).build().unwrap();
        for _ in 0..50 {
            let svg = String::from_utf8(drawn(&manager, "en", Format::Svg).await).unwrap();
            let mut names: HashSet<&str> = HashSet::new();
            for element in svg.split('<').skip(1) {
                names.insert(element.split([' ', '>']).next().unwrap());
            }
            assert_eq!(names, HashSet::from(["svg", "path", "/svg"]));
            for path in svg.split(" d=\"").skip(1) {
                let data = path.split('"').next().unwrap();
                assert!(
                    data.chars()
                        .all(|c| c.is_ascii_digit() || "MHVl -".contains(c)),
                    "{data}"
                );
            }
        }
    }
}

/// The markup of the same letter is never the same twice, nor are its contours told apart by how
/// many points they have.
#[tokio::test]
async fn atk_32_path_data_does_not_name_a_letter() {
    let shapes = async |text: &'static str| {
        let theme = Theme::HIGH_CONTRAST;
        let manager = CaptchaManager::builder(MemoryStorage::new())
            .factory(Always(text))
            .renderer(SvgRenderer::builder().theme(theme).build().unwrap())
            .build()
            .unwrap();
        let mut counts: Vec<usize> = Vec::new();
        let mut contours = HashSet::new();
        for _ in 0..1_000 {
            let svg = String::from_utf8(drawn(&manager, "", Format::Svg).await).unwrap();
            let path = svg.rsplit(" d=\"").next().unwrap();
            let data = path.split('"').next().unwrap();
            for contour in data.split('M').skip(1) {
                let relative = contour.split_once('l').unwrap().1;
                counts.push(relative.split_whitespace().count() / 2);
                assert!(contours.insert(relative.to_owned()), "a contour came twice");
            }
        }
        counts
    };
    // One contour each, so that the counts are comparable.
    let (one, other) = (shapes("C").await, shapes("S").await);
    let range = |counts: &[usize]| (*counts.iter().min().unwrap(), *counts.iter().max().unwrap());
    let ((a, b), (c, d)) = (range(&one), range(&other));
    assert!(a < d && c < b, "the counts overlap: {a}..{b} and {c}..{d}");
    let distinct: HashSet<usize> = one.iter().copied().collect();
    assert!(distinct.len() >= 5, "{distinct:?}");
}

#[tokio::test]
async fn atk_27_no_two_files_are_the_same() {
    let manager = builder(Always("AB34C")).build().unwrap();
    for format in [Format::Png, Format::Svg] {
        let mut seen = HashSet::new();
        for _ in 0..500 {
            assert!(seen.insert(drawn(&manager, "", format).await), "{format}");
        }
    }
}

/// Nothing in a file but the picture: no text chunk, no time, no name.
#[tokio::test]
async fn atk_30_files_have_no_metadata() {
    let manager = builder(TextChallengeFactory::new()).build().unwrap();
    let png = drawn(&manager, "", Format::Png).await;
    let mut chunks: HashMap<String, usize> = HashMap::new();
    let mut rest = &png[8..];
    while rest.len() >= 12 {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        *chunks
            .entry(String::from_utf8_lossy(&rest[4..8]).into_owned())
            .or_default() += 1;
        rest = &rest[12 + length..];
    }
    let mut names: Vec<&str> = chunks.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["IDAT", "IEND", "IHDR", "PLTE"]);
    let wav = drawn(&manager, "", Format::Wav).await;
    assert_eq!(&wav[36..40], b"data", "nothing before the samples");
}

#[tokio::test]
async fn the_cells_of_a_grid_one_by_one() {
    use captcha_core::challenge::Challenge;
    use captcha_core::render::{Rendered, Renderer};
    use std::sync::{Arc, Mutex};

    /// Takes the cells of what it is shown.
    #[derive(Clone, Default)]
    struct Cells(Arc<Mutex<Vec<Vec<Rendered>>>>);

    impl Renderer for Cells {
        fn format(&self) -> Format {
            Format::Png
        }

        fn check(&self, challenge: &Challenge) -> Result<(), RenderError> {
            let png = ImageRenderer::new().render_cells(challenge)?;
            let svg = SvgRenderer::new().render_cells(challenge)?;
            self.0.lock().unwrap().extend([png, svg]);
            Ok(())
        }

        fn render(&self, _: &Challenge) -> Result<Rendered, RenderError> {
            Err(RenderError::UnsupportedSubject)
        }
    }

    let cells = Cells::default();
    let manager = |factory: Box<dyn ChallengeFactory>| {
        let builder = CaptchaManager::builder(MemoryStorage::new()).factory(factory);
        builder.renderer(cells.clone()).build().unwrap()
    };
    let grid = manager(Box::new(EmojiGridChallengeFactory::new()));
    let _ = grid.issue_undrawn("key", "").await.unwrap();
    for formats in cells.0.lock().unwrap().iter() {
        assert_eq!(formats.len(), 9);
        let files: HashSet<&[u8]> = formats.iter().map(|cell| &cell.bytes[..]).collect();
        assert_eq!(files.len(), 9, "also equal emoji are turned differently");
    }
    let text = manager(Box::new(TextChallengeFactory::new()));
    let error = text.issue_undrawn("key", "").await.unwrap_err();
    assert!(matches!(
        error,
        CaptchaError::Render(RenderError::UnsupportedSubject)
    ));
}

/// WCAG 2: at least 3 to 1 for large text, at least 4.5 to 1 in high contrast.
#[test]
fn themes_have_enough_contrast() {
    let luminance = |[r, g, b]: [u8; 3]| {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    };
    for (theme, least) in [
        (Theme::CLASSIC, 4.5),
        (Theme::DARK, 4.5),
        (Theme::PASTEL, 3.0),
        (Theme::HIGH_CONTRAST, 7.0),
    ] {
        let ground = luminance(theme.background());
        for ink in theme.palette() {
            let ink = luminance(*ink);
            let contrast = (ground.max(ink) + 0.05) / (ground.min(ink) + 0.05);
            assert!(contrast >= least, "{theme:?}: {contrast}");
        }
    }
    assert_eq!(Theme::HIGH_CONTRAST.noise(), 0);
}

#[test]
fn fonts_and_sizes_that_cannot_work_are_named() {
    let error = Theme::CLASSIC.font(b"no font").unwrap_err();
    assert_eq!(error.setting(), "font");
    assert_eq!(
        SvgRenderer::builder()
            .size(10, 10)
            .build()
            .unwrap_err()
            .setting(),
        "size"
    );
    let own = Theme::CLASSIC
        .font(epaint_default_fonts::UBUNTU_LIGHT)
        .unwrap();
    assert!(ImageRenderer::builder().theme(own).build().is_ok());
}
