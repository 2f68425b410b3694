/// What a `Content-Security-Policy` has to allow, for each directive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    pub(super) script: Vec<String>,
    pub(super) frame: Vec<String>,
    pub(super) connect: Vec<String>,
    pub(super) style: Vec<String>,
    pub(super) img: Vec<String>,
    pub(super) worker: Vec<String>,
}

macro_rules! directives {
    ($($add:ident $directive:ident)*) => {
        impl Sources {
            $(pub(crate) fn $add(&mut self, source: &str) -> &mut Self {
                add(&mut self.$directive, source);
                self
            })*
        }
    };
}

directives! {
    add_script script
    add_frame frame
    add_connect connect
    add_style style
    add_img img
    add_worker worker
}

impl Sources {
    /// Allows scripts, frames and connections.
    pub(crate) fn add_host(&mut self, source: &str) -> &mut Self {
        self.add_script(source)
            .add_frame(source)
            .add_connect(source)
    }
}

/// Adds a source that is not allowed yet, in place of those that it includes.
fn add(sources: &mut Vec<String>, source: &str) {
    if !sources.iter().any(|known| includes(known, source)) {
        sources.retain(|known| !includes(source, known));
        sources.push(source.to_owned());
    }
}

/// Whether a source allows everything that another one does. An origin allows all of its paths, a
/// path with a slash at its end all below it, and any other itself.
fn includes(source: &str, other: &str) -> bool {
    let rest = other.strip_prefix(source);
    let is_origin = source.split('/').count() == 3;
    rest.is_some_and(|rest| match rest {
        "" => true,
        rest => source.ends_with('/') || is_origin && rest.starts_with('/'),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_included_is_said_once() {
        for (source, other, expected) in [
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "https://a.example/x.js", true),
            ("https://a.example", "https://a.example.org", false),
            ("https://a.example/x/", "https://a.example/x/y.js", true),
            ("https://a.example/x", "https://a.example/x/y.js", false),
            ("https://a.example/x.js", "https://a.example", false),
            ("'unsafe-inline'", "'unsafe-inline'", true),
            ("blob:", "data:", false),
        ] {
            assert_eq!(includes(source, other), expected, "{source} {other}");
        }
        let mut sources = Vec::new();
        for source in [
            "https://a.example/x.js",
            "blob:",
            "https://a.example",
            "https://a.example/y",
        ] {
            add(&mut sources, source);
        }
        assert_eq!(sources, ["blob:", "https://a.example"]);
    }
}
