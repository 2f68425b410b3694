use crate::words::Words;
use askama::Template;

/// The sign-up page.
#[derive(Template)]
#[template(path = "page.html")]
pub(crate) struct Page<'a> {
    pub(crate) words: Words,
    pub(crate) framework: &'a str,
    pub(crate) username: &'a str,
    pub(crate) email: &'a str,
    pub(crate) error: Option<&'a str>,
    pub(crate) expires_in: u64,
    /// Whether what is typed is drawn in capitals.
    pub(crate) capitals: bool,
    pub(crate) captcha: Captcha,
}

/// What the page asks for.
pub(crate) enum Captcha {
    /// A picture to be typed.
    Picture {
        id: String,
        image_url: String,
        audio_url: Option<String>,
        prompt: String,
    },
    /// A cell to be chosen.
    Grid {
        id: String,
        image_url: String,
        prompt: String,
    },
    /// The HTML of a hosted provider's widget, which asks by itself.
    Widget(String),
    /// Nothing can be asked at the moment.
    Unavailable,
}

impl Captcha {
    /// Whether the site itself asks, and can ask something else.
    const fn is_ours(&self) -> bool {
        matches!(self, Self::Picture { .. } | Self::Grid { .. })
    }
}

/// What a browser sees after it signed up.
#[derive(Template)]
#[template(path = "welcome.html")]
pub(crate) struct Welcome<'a> {
    pub(crate) words: Words,
    pub(crate) framework: &'a str,
    /// What stands before and after the name.
    pub(crate) greeting: (String, String),
    pub(crate) username: &'a str,
    pub(crate) answer: &'a str,
}
