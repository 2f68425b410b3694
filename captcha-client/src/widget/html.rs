use std::fmt;

use super::Widget;

/// The HTML of a [`Widget`], by [`Widget::snippet`].
#[derive(Debug, Clone, Copy)]
pub struct Snippet<'a> {
    pub(super) widget: &'a Widget,
    pub(super) nonce: Option<&'a str>,
}

impl fmt::Display for Snippet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widget = self.widget;
        write!(f, "{}<{}", widget.before, widget.tag)?;
        for (name, value) in &widget.attributes {
            match value.as_str() {
                "" => write!(f, " {name}")?,
                value => write!(f, r#" {name}="{}""#, Escaped(value))?,
            }
        }
        f.write_str(">")?;
        for field in &widget.fields {
            write!(
                f,
                r#"<input type="hidden" name="{field}" autocomplete="off">"#
            )?;
        }
        write!(f, "</{}>", widget.tag)?;
        if let Some(glue) = widget.glue {
            match self.nonce {
                Some(nonce) => write!(f, r#"<script nonce="{}">"#, Escaped(nonce))?,
                None => f.write_str("<script>")?,
            }
            write!(f, "{glue}</script>")?;
        }
        for script in &widget.scripts {
            let url = Escaped(&script.url);
            match script.module {
                true => write!(f, r#"<script type="module" src="{url}" async></script>"#)?,
                false => write!(f, r#"<script src="{url}" async defer></script>"#)?,
            }
        }
        Ok(())
    }
}

/// Text as it can stand in a double-quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    Escaped(text).to_string()
}

/// The element and the script, as HTML to be put inside the form. Without a nonce: see
/// [`needs_nonce`](Widget::needs_nonce).
impl fmt::Display for Widget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snippet(None).fmt(f)
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
