use std::fmt;

/// What a page needs to show a provider's widget.
///
/// ```
/// # use captcha_client::GkCaptchaClient;
/// # fn main() -> Result<(), captcha_core::ConfigError> {
/// let widget = GkCaptchaClient::new("sk_live_abc", "pk_live_abc")?.widget();
/// let form = format!(r#"<form method="post">{widget}<button>Sign up</button></form>"#);
/// let origin = widget.origin();
/// let policy = format!("script-src {origin}; connect-src {origin}; frame-src {origin}");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widget {
    pub(crate) script_url: String,
    pub(crate) origin: String,
    pub(crate) element: &'static str,
    pub(crate) class: Option<&'static str>,
    pub(crate) site_key_attribute: &'static str,
    pub(crate) site_key: String,
}

impl Widget {
    /// The address of the provider's script.
    #[must_use]
    pub fn script_url(&self) -> &str {
        &self.script_url
    }

    /// The origin that a `Content-Security-Policy` has to allow for scripts, connections and
    /// frames.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The site key, which is public.
    #[must_use]
    pub fn site_key(&self) -> &str {
        &self.site_key
    }
}

/// The script and the element, as HTML to be put inside the form.
impl fmt::Display for Widget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (element, attribute) = (self.element, self.site_key_attribute);
        let script_url = Escaped(&self.script_url);
        let site_key = Escaped(&self.site_key);
        write!(
            f,
            r#"<script src="{script_url}" async defer></script><{element}"#
        )?;
        if let Some(class) = self.class {
            write!(f, r#" class="{class}""#)?;
        }
        write!(f, r#" {attribute}="{site_key}"></{element}>"#)
    }
}

/// Text inside a double-quoted HTML attribute.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}
