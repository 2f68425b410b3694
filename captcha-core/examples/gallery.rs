//! Writes every kind of challenge, in every theme and format, and a page that shows them:
//! `cargo run -p captcha-core --example gallery -- DIR`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use captcha_core::challenge::{
    ChallengeFactory, EmojiGridChallengeFactory, MathChallengeFactory, Operator,
    TextChallengeFactory, WordChallengeFactory,
};
use captcha_core::manager::CaptchaManager;
use captcha_core::render::{AudioRenderer, ImageRenderer, SvgRenderer, Theme};
use captcha_core::storage::MemoryStorage;

const STYLE: &str = "body { font: 1rem sans-serif; margin: 2rem; background: #ddd }
table { border-collapse: collapse } th, td { padding: .5rem; text-align: start; vertical-align: top }
img { display: block } p { margin: 0; font-size: .8rem; max-width: 16rem }";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(folder) = std::env::args().nth(1) else {
        return Err("say where to: cargo run -p captcha-core --example gallery -- DIR".into());
    };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let themes = [
        ("classic", Theme::CLASSIC),
        ("dark", Theme::DARK),
        ("pastel", Theme::PASTEL),
        ("high-contrast", Theme::HIGH_CONTRAST),
    ];
    let mut page = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Gallery</title><style>{STYLE}</style><table>"
    );
    for (kind, languages) in [
        ("text", "en"),
        ("math", "en"),
        ("word", "en"),
        ("word", "tr"),
        ("word", "ar"),
        ("grid", "de"),
    ] {
        write!(page, "<tr><th>{kind} ({languages})</th>")?;
        for (name, theme) in &themes {
            let manager = CaptchaManager::builder(MemoryStorage::new())
                .factory(factory(kind)?)
                .renderer(ImageRenderer::builder().theme(theme.clone()).build()?)
                .renderer(SvgRenderer::builder().theme(theme.clone()).build()?)
                .renderer(AudioRenderer::new())
                .build()?;
            let issued = manager.issue_undrawn("gallery", languages).await?;
            write!(page, "<td><p>{}</p>", issued.prompt())?;
            for renderer in manager.renderers() {
                let format = renderer.format();
                let rendered = manager.render(issued.id().as_str(), format).await?;
                let file = format!("{kind}-{languages}-{name}.{format}");
                fs::write(folder.join(&file), &rendered.bytes)?;
                match format.is_audio() {
                    true => write!(page, "<audio controls src=\"{file}\"></audio>")?,
                    false => write!(page, "<img src=\"{file}\" alt=\"\">")?,
                }
                write!(page, "<p>{format}, {} bytes</p>", rendered.bytes.len())?;
            }
            page.push_str("</td>");
        }
        page.push_str("</tr>");
    }
    page.push_str("</table>");
    fs::write(folder.join("index.html"), page)?;
    Ok(())
}

fn factory(kind: &str) -> Result<Box<dyn ChallengeFactory>, Box<dyn Error>> {
    Ok(match kind {
        "text" => Box::new(TextChallengeFactory::new()),
        "math" => {
            let operators = [Operator::Plus, Operator::Minus, Operator::Times];
            let builder = MathChallengeFactory::builder().operands(2..=20);
            Box::new(builder.operators(operators).build()?)
        }
        "word" => Box::new(WordChallengeFactory::new()),
        _ => Box::new(EmojiGridChallengeFactory::new()),
    })
}
