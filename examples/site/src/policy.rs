//! What a page may load: nothing from elsewhere but what a widget needs. Nobody may frame the page.

use captcha_client::Widget;

const FORMS: &str = "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of a page without a widget.
pub(crate) fn own() -> String {
    format!(
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; \
         script-src 'self'; connect-src 'self'; {FORMS}"
    )
}

/// The policy of a page with this widget, whose JavaScript carries the nonce.
pub(crate) fn with_widget(widget: &Widget, nonce: &str) -> String {
    let nonce_if = |needed: bool| match needed {
        true => format!(" 'nonce-{nonce}'"),
        false => String::new(),
    };
    let own = |directive: &str, sources: &[String], nonce: &str| {
        let sources: String = sources.iter().map(|source| format!(" {source}")).collect();
        format!("{directive} 'self'{sources}{nonce}; ")
    };
    let foreign = |directive: &str, sources: &[String]| match sources {
        [] => format!("{directive} 'none'; "),
        sources => format!("{directive} {}; ", sources.join(" ")),
    };
    [
        "default-src 'none'; ",
        &own(
            "script-src",
            widget.script_src(),
            &nonce_if(widget.needs_nonce()),
        ),
        &own(
            "style-src",
            widget.style_src(),
            &nonce_if(widget.needs_style_nonce()),
        ),
        &own("connect-src", widget.connect_src(), ""),
        &own("img-src", widget.img_src(), ""),
        &own("media-src", widget.img_src(), ""),
        &foreign("frame-src", widget.frame_src()),
        &foreign("worker-src", widget.worker_src()),
        FORMS,
    ]
    .concat()
}

/// A new nonce for each page.
pub(crate) fn nonce() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
