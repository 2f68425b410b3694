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
use captcha_core::manager::{
    AnswerOutcome, CaptchaError, CaptchaManager, CaptchaManagerBuilder, Exchange,
};
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

/// No picture is kept by the process that issued it: another one on the same storage, with
/// renderers of its own, shows the same.
#[tokio::test]
async fn another_node_draws_the_same() {
    let storage = MemoryStorage::new();
    let node = || {
        let builder = CaptchaManager::builder(storage.clone());
        let builder = builder.renderer(ImageRenderer::new());
        let builder = builder.renderer(SvgRenderer::new());
        builder.renderer(AudioRenderer::new()).build().unwrap()
    };
    let (one, other) = (node(), node());
    let issued = one.issue("key").await.unwrap();
    let id = issued.id().as_str();
    assert_eq!(
        issued.picture(),
        other.render(id, Format::Png).await.ok().as_ref()
    );
    for format in [Format::Svg, Format::Wav] {
        let here = one.render(id, format).await.unwrap();
        assert_eq!(here, other.render(id, format).await.unwrap());
    }
    drop(one);
    assert!(other.render(id, Format::Png).await.is_ok());
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
    for format in [Format::Png, Format::Svg, Format::Wav] {
        let mut seen = HashSet::new();
        for _ in 0..500 {
            assert!(seen.insert(drawn(&manager, "", format).await), "{format}");
        }
    }
}

/// What a visitor is sent says nothing of the answer but what it shows: two challenges of one
/// answer have nothing in common that could be looked up or tried offline.
#[tokio::test]
async fn atk_31_nothing_sent_is_derived_from_the_answer_alone() {
    let manager = builder(Always("AB34C")).build().unwrap();
    let mut seen = HashSet::new();
    for _ in 0..50 {
        let issued = manager.issue_undrawn("key", "").await.unwrap();
        let id = issued.id().as_str();
        assert!(seen.insert(id.as_bytes().to_vec()));
        for format in [Format::Png, Format::Svg, Format::Wav] {
            assert!(seen.insert(manager.render(id, format).await.unwrap().bytes));
        }
        let Exchange::Token(token) = manager.exchange(id, "AB34C").await.unwrap() else {
            panic!("the answer is right");
        };
        assert!(seen.insert(token.as_str().as_bytes().to_vec()));
    }
}

/// How many of a thousand sounds a program reads that knows nothing but the table of tones. The
/// documentation says what comes of it: sound is another way in, not another lock.
#[tokio::test]
async fn atk_33_what_a_program_hears() {
    const SAMPLES: usize = 400;
    // For each letter a wave of its tone, as sine and cosine.
    let waves = ('A'..='Z').enumerate().map(|(place, letter)| {
        let step = std::f64::consts::TAU * (300.0 + 36.0 * place as f64) / 16_000.0;
        let wave: Vec<(f64, f64)> = (0..SAMPLES).map(|n| (step * n as f64).sin_cos()).collect();
        (letter, wave)
    });
    let waves: Vec<(char, Vec<(f64, f64)>)> = waves.collect();
    let loudness = |tone: &[i16], wave: &[(f64, f64)]| {
        let (mut sine, mut cosine) = (0.0, 0.0);
        for (sample, (sin, cos)) in tone.iter().zip(wave) {
            sine += f64::from(*sample) * sin;
            cosine += f64::from(*sample) * cos;
        }
        sine.hypot(cosine)
    };
    let charset: String = ('A'..='Z').collect();
    let factory = TextChallengeFactory::builder().charset(charset).build();
    let manager = builder(factory.unwrap()).build().unwrap();
    let mut read = 0;
    for _ in 0..1_000 {
        let issued = manager.issue_undrawn("key", "").await.unwrap();
        let id = issued.id().as_str();
        let wav = manager.render(id, Format::Wav).await.unwrap().bytes;
        let (samples, _) = wav[44..].as_chunks::<2>();
        let samples: Vec<i16> = samples.iter().map(|s| i16::from_le_bytes(*s)).collect();
        let heard: String = samples[3_200..]
            .chunks_exact(10_400)
            .map(|part| {
                let tone = &part[3_000..3_000 + SAMPLES];
                let heard = waves
                    .iter()
                    .map(|(letter, wave)| (letter, loudness(tone, wave)));
                *heard.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0
            })
            .collect();
        read += usize::from(
            manager
                .verify(id, &heard)
                .await
                .is_ok_and(|o| o == AnswerOutcome::Right),
        );
    }
    let said = include_str!("../../SECURITY.md");
    let rate = format!("reads {read} of 1,000");
    assert!(
        said.contains(&rate.replace("1000 of", "1,000 of")),
        "{rate}"
    );
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
    let grid = builder(EmojiGridChallengeFactory::new()).build().unwrap();
    let issued = grid.issue_undrawn("key", "").await.unwrap();
    assert_eq!(issued.cells(), 9);
    let id = issued.id().as_str();
    for format in [Format::Png, Format::Svg] {
        let mut files = HashSet::new();
        for cell in 1..=9 {
            let rendered = grid.render_cell(id, format, cell).await.unwrap();
            assert_eq!(rendered.format, format);
            let again = grid.render_cell(id, format, cell).await.unwrap();
            assert_eq!(rendered, again, "a cell always looks the same");
            files.insert(rendered.bytes);
        }
        assert_eq!(files.len(), 9, "also equal emoji are turned differently");
        for cell in [0, 10, usize::MAX] {
            let error = grid.render_cell(id, format, cell).await.unwrap_err();
            assert!(matches!(error, CaptchaError::Render(RenderError::NoSuchCell(c)) if c == cell));
        }
    }
    let sound = grid.render_cell(id, Format::Wav, 1).await.unwrap_err();
    let unsupported = |error: &CaptchaError| {
        matches!(error, CaptchaError::Render(RenderError::UnsupportedSubject))
    };
    assert!(unsupported(&sound));
    let text = builder(TextChallengeFactory::new()).build().unwrap();
    let issued = text.issue_undrawn("key", "").await.unwrap();
    assert_eq!(issued.cells(), 0);
    let error = text.render_cell(issued.id().as_str(), Format::Png, 1).await;
    assert!(unsupported(&error.unwrap_err()));
}

#[tokio::test]
async fn a_grid_is_drawn_as_often_as_its_cells_need() {
    let manager = builder(EmojiGridChallengeFactory::new()).max_renders(2);
    let manager = manager.build().unwrap();
    let issued = manager.issue_undrawn("key", "").await.unwrap();
    let id = issued.id().as_str();
    for cell in (1..=9).chain(1..=9) {
        assert!(manager.render_cell(id, Format::Png, cell).await.is_ok());
    }
    let issued = manager.issue_undrawn("key", "").await.unwrap();
    let other = issued.id().as_str();
    for drawn in [true, true, false] {
        let whole = manager.render(other, Format::Png).await;
        assert_eq!(whole.is_ok(), drawn, "the whole as often as any other");
    }
    assert!(manager.render_cell(other, Format::Png, 1).await.is_ok());
    let error = manager.render_cell(id, Format::Png, 1).await.unwrap_err();
    let expected = captcha_core::manager::ChallengeError::TooManyRenders;
    assert!(matches!(error, CaptchaError::Challenge(error) if error == expected));
    assert!(manager.render(id, Format::Svg).await.is_err());
}

/// A browser that draws buttons finds each cell by the URL it is told.
#[tokio::test]
async fn endpoints_serve_cells() {
    use captcha_core::endpoints::Endpoints;
    let get = |url: &str| http::Request::get(url).body(bytes::Bytes::new()).unwrap();
    let fresh = async |endpoints: &Endpoints| {
        let request = http::Request::post("/captcha/new").body(bytes::Bytes::new());
        let response = endpoints.handle(request.unwrap()).await;
        serde_json::from_slice::<serde_json::Value>(response.body()).unwrap()
    };
    let grid = Endpoints::new(builder(EmojiGridChallengeFactory::new()).build().unwrap());
    let issued = fresh(&grid).await;
    let urls = issued["cell_urls"].as_array().unwrap();
    assert_eq!(urls.len(), 9);
    for url in urls {
        let response = grid.handle(get(url.as_str().unwrap())).await;
        assert_eq!(response.status(), 200, "{url}");
        assert_eq!(response.headers()["content-type"], "image/png");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    let id = issued["id"].as_str().unwrap();
    for cell in ["0", "10", "", "x", "-1", "1.1", "99999999999999999999"] {
        let response = grid.handle(get(&format!("/captcha/{id}.{cell}.png"))).await;
        assert_eq!(response.status(), 404, "{cell}");
    }
    let text = Endpoints::new(builder(TextChallengeFactory::new()).build().unwrap());
    let issued = fresh(&text).await;
    assert_eq!(issued["cell_urls"], serde_json::json!([]));
    let id = issued["id"].as_str().unwrap();
    let response = text.handle(get(&format!("/captcha/{id}.1.png"))).await;
    assert_eq!(response.status(), 404);
}

/// Lines across are outlines among those of the letters, of which none shows where it began.
#[tokio::test]
async fn atk_32_lines_cannot_be_told_from_letters_by_their_markup() {
    let manager = builder(TextChallengeFactory::new()).build().unwrap();
    for _ in 0..50 {
        let svg = String::from_utf8(drawn(&manager, "", Format::Svg).await).unwrap();
        assert!(!svg.contains("stroke"), "{svg}");
        for contour in svg.split('l').skip(1) {
            let contour = contour.split(['M', '"']).next().unwrap();
            let contour = contour.replace('-', " -");
            let numbers: Vec<&str> = contour.split_whitespace().collect();
            let still = numbers.chunks(2).any(|step| step == ["0", "0"]);
            assert!(!still, "{svg}");
        }
        let colours: Vec<&str> = svg
            .split("fill=\"")
            .skip(1)
            .map(|part| &part[..7])
            .collect();
        let different: HashSet<&&str> = colours.iter().collect();
        assert_eq!(colours.len(), different.len(), "a path for each colour");
    }
}

#[tokio::test]
async fn a_font_without_digits_draws_no_grid() {
    // Noto Emoji has pictures and few letters.
    let theme = Theme::CLASSIC
        .font(epaint_default_fonts::EMOJI_ICON)
        .unwrap();
    let renderer = ImageRenderer::builder().theme(theme).build().unwrap();
    let manager = CaptchaManager::builder(MemoryStorage::new()).renderer(renderer);
    let manager = manager
        .factory(EmojiGridChallengeFactory::new())
        .build()
        .unwrap();
    let error = manager.issue_undrawn("key", "").await.unwrap_err();
    assert!(matches!(
        error,
        CaptchaError::Render(RenderError::MissingGlyph('0'..='9'))
    ));
}

#[tokio::test]
async fn what_is_checked_can_be_drawn() {
    for text in ["AB\tCD", "A\u{2003}B", "\u{642}\t\u{645}", " "] {
        let manager = builder(Always(text)).build().unwrap();
        assert!(manager.issue("key").await.is_ok(), "{text:?}");
    }
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
