//! What a page needs to show a provider's widget: HTML to be put inside the form, and what its
//! `Content-Security-Policy` has to allow.

mod html;
mod sources;

pub use html::Snippet;
pub(crate) use html::escaped;
use reqwest::Url;
use sources::Sources;

/// What a page needs to show a provider's widget.
///
#[cfg_attr(feature = "gkcaptcha", doc = "```")]
#[cfg_attr(not(feature = "gkcaptcha"), doc = "```ignore")]
/// # use captcha_client::GkCaptchaClient;
/// # fn main() -> Result<(), captcha_core::ConfigError> {
/// let widget = GkCaptchaClient::new("sk_live_abc", "pk_live_abc")?.widget();
/// let form = format!(r#"<form method="post">{widget}<button>Sign up</button></form>"#);
/// let policy = format!(
///     "script-src {}; connect-src {}; frame-src {}",
///     widget.script_src().join(" "),
///     widget.connect_src().join(" "),
///     widget.frame_src().join(" "),
/// );
/// # Ok(()) }
/// ```
///
/// Some providers' widgets need a few lines of JavaScript on the page, which a policy without
/// `'unsafe-inline'` allows by a nonce: [`snippet`](Self::snippet) takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widget {
    scripts: Vec<Script>,
    tag: &'static str,
    attributes: Vec<(&'static str, String)>,
    before: String,
    fields: Vec<&'static str>,
    glue: Option<&'static str>,
    action_attribute: Option<&'static str>,
    site_key: String,
    sources: Sources,
    style_by_nonce: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Script {
    url: String,
    module: bool,
}

/// Where a client is, and whose.
#[expect(missing_debug_implementations, reason = "nobody can have one")]
pub struct Place<'a> {
    /// The base URL of the API, for browsers.
    pub(crate) api: &'a Url,
    /// Whether that is another than the provider's own.
    pub(crate) moved: bool,
    /// The base URL that browsers load the widget from.
    pub(crate) widget: &'a Url,
    pub(crate) site_key: &'a str,
}

impl Widget {
    /// The address of the provider's script; of two, the first. A [`Siteverify`] has none unless
    /// it is given one.
    ///
    /// [`Siteverify`]: crate::providers::Siteverify
    #[must_use]
    pub fn script_url(&self) -> Option<&str> {
        self.scripts.first().map(|script| script.url.as_str())
    }

    /// The site key, which is public.
    #[must_use]
    pub fn site_key(&self) -> &str {
        &self.site_key
    }

    /// What `script-src` has to allow, beside a [nonce](Self::needs_nonce).
    #[must_use]
    pub fn script_src(&self) -> &[String] {
        &self.sources.script
    }

    /// What `frame-src` has to allow.
    #[must_use]
    pub fn frame_src(&self) -> &[String] {
        &self.sources.frame
    }

    /// What `connect-src` has to allow.
    #[must_use]
    pub fn connect_src(&self) -> &[String] {
        &self.sources.connect
    }

    /// What `style-src` has to allow.
    #[must_use]
    pub fn style_src(&self) -> &[String] {
        &self.sources.style
    }

    /// What `img-src` has to allow.
    #[must_use]
    pub fn img_src(&self) -> &[String] {
        &self.sources.img
    }

    /// What `worker-src` has to allow.
    #[must_use]
    pub fn worker_src(&self) -> &[String] {
        &self.sources.worker
    }

    /// Whether the snippet has JavaScript in it, for which a policy needs a nonce.
    #[must_use]
    pub const fn needs_nonce(&self) -> bool {
        self.glue.is_some()
    }

    /// Whether the widget gives its own styles the nonce of the snippet: `style-src` then needs
    /// the nonce, too.
    #[must_use]
    pub const fn needs_style_nonce(&self) -> bool {
        self.style_by_nonce
    }

    /// Names the action that is protected, where the widget takes one: Turnstile, reCAPTCHA v3 and
    /// Enterprise, MTCaptcha. [`ExpectedAction`](captcha_core::verify::rules::ExpectedAction) then
    /// tells a token from one for another form.
    ///
    /// reCAPTCHA gives no token for an action with anything but letters, `/` and `_` in it; the
    /// others also take digits and `-`.
    #[must_use]
    pub fn with_action(mut self, action: impl Into<String>) -> Self {
        if let Some(name) = self.action_attribute {
            self.attributes.retain(|(other, _)| *other != name);
            self.attributes.push((name, action.into()));
        }
        self
    }

    /// The HTML to be put inside the form. JavaScript in it carries the nonce.
    #[must_use]
    pub const fn snippet<'a>(&'a self, nonce: Option<&'a str>) -> Snippet<'a> {
        Snippet {
            widget: self,
            nonce,
        }
    }
}

/// How providers describe theirs.
impl Widget {
    /// An element of this class with the site key.
    pub(crate) fn of_class(place: &Place<'_>, class: &str) -> Self {
        Self::element(place, "div", "data-sitekey").attribute("class", class)
    }

    /// This element, with the site key in this attribute.
    pub(crate) fn element(
        place: &Place<'_>,
        tag: &'static str,
        site_key_attribute: &'static str,
    ) -> Self {
        Self::bare(place, tag).attribute(site_key_attribute, place.site_key)
    }

    /// This element, without the site key: the address of the challenge has it.
    pub(crate) fn bare(place: &Place<'_>, tag: &'static str) -> Self {
        Self {
            scripts: Vec::new(),
            tag,
            attributes: Vec::new(),
            before: String::new(),
            fields: Vec::new(),
            glue: None,
            action_attribute: None,
            site_key: place.site_key.to_owned(),
            sources: Sources::default(),
            style_by_nonce: false,
        }
    }

    /// HTML in front of the element.
    pub(crate) fn before(mut self, html: String) -> Self {
        self.before = html;
        self
    }

    pub(crate) fn attribute(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// The attribute that names the action.
    pub(crate) fn action_in(mut self, attribute: &'static str) -> Self {
        self.action_attribute = Some(attribute);
        self
    }

    /// Loads a script, and allows it. What it loads itself has to be allowed beside.
    pub(crate) fn script(self, url: impl Into<String>) -> Self {
        self.load(url.into(), false)
    }

    /// Loads a module, and allows it.
    pub(crate) fn module(self, url: impl Into<String>) -> Self {
        self.load(url.into(), true)
    }

    fn load(mut self, url: String, module: bool) -> Self {
        if let Ok(mut address) = Url::parse(&url) {
            address.set_query(None);
            self.sources.add_script(address.as_str());
        }
        self.scripts.push(Script { url, module });
        self
    }

    /// A hidden field in the element, for the page's own JavaScript to fill.
    pub(crate) fn field(mut self, name: &'static str) -> Self {
        self.fields.push(name);
        self
    }

    /// JavaScript behind the element, which it finds as
    /// `document.currentScript.previousElementSibling`. It runs before the scripts do.
    pub(crate) fn glue(mut self, script: &'static str) -> Self {
        self.glue = Some(script);
        self
    }

    /// The widget gives its styles the nonce of the snippet.
    pub(crate) fn style_by_nonce(mut self) -> Self {
        self.style_by_nonce = true;
        self
    }

    /// Allows more than the origin of the scripts.
    pub(crate) fn allow(mut self, allow: impl FnOnce(&mut Sources)) -> Self {
        allow(&mut self.sources);
        self
    }
}
