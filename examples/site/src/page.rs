use askama::Template;
use captcha_client::Widget;

/// The sign-up page.
#[derive(Template)]
#[template(path = "page.html")]
pub(crate) struct Page<'a> {
    pub(crate) lang: &'a str,
    pub(crate) dir: &'a str,
    pub(crate) framework: &'a str,
    pub(crate) username: &'a str,
    pub(crate) email: &'a str,
    pub(crate) error: Option<&'a str>,
    pub(crate) expires_in: u64,
    pub(crate) captcha: Captcha,
}

/// What the page asks for.
pub(crate) enum Captcha {
    /// A picture to be typed.
    Picture {
        id: String,
        image_url: String,
        prompt: String,
    },
    /// A hosted provider's widget, which asks by itself.
    Widget(Widget),
    /// Nothing can be asked at the moment.
    Unavailable,
}

/// What a browser sees after it signed up.
#[derive(Template)]
#[template(path = "welcome.html")]
pub(crate) struct Welcome<'a> {
    pub(crate) lang: &'a str,
    pub(crate) dir: &'a str,
    pub(crate) framework: &'a str,
    pub(crate) username: &'a str,
    pub(crate) answer: &'a str,
}
