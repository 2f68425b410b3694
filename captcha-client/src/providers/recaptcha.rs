//! What the versions of reCAPTCHA have in common.

use reqwest::Url;

use crate::answer::Class;
use crate::answer::shape::{Shape, siteverify_class};
use crate::hosted::{Ask, Profile};
use crate::transport::Body;
use crate::widget::{Place, Widget};

/// What is the same for versions 2 and 3, to be completed.
#[cfg(any(feature = "recaptcha-v2", feature = "recaptcha-v3"))]
pub(super) const PROFILE: Profile = Profile {
    api_url: Some("https://www.google.com"),
    path: "/recaptcha/api/siteverify",
    field: "g-recaptcha-response",
    client_ip_field: Some("remoteip"),
    ..Profile::COMMON
};

#[cfg(any(feature = "recaptcha-v2", feature = "recaptcha-v3"))]
pub(super) const ANSWERS: Shape = Shape {
    class: |code, _| class(code),
    ..Shape::SITEVERIFY
};

/// The documented codes, and two that are only seen in the wild.
/// <https://developers.google.com/recaptcha/docs/verify>
#[cfg(any(feature = "recaptcha-v2", feature = "recaptcha-v3"))]
fn class(code: &str) -> Option<Class> {
    Some(match code {
        "incorrect-captcha-sol" | "browser-error" => Class::BadToken,
        "invalid-keys" => Class::Misconfigured,
        _ => return siteverify_class(code),
    })
}

#[cfg(any(feature = "recaptcha-v2", feature = "recaptcha-v3"))]
pub(super) fn body<'a>(ask: &Ask<'a>) -> Body<'a> {
    Body::Form(ask.fields(&[("secret", ask.secret()), ("response", ask.token())]))
}

/// Allows what the widgets load.
/// <https://developers.google.com/recaptcha/docs/faq#im-using-content-security-policy-csp-on-my-website.-how-can-i-configure-it-to-work-with-recaptcha>
pub(super) fn allow(widget: Widget, place: &Place<'_>) -> Widget {
    let own = format!("{}/recaptcha/", place.widget.origin().ascii_serialization());
    widget.allow(|sources| {
        sources
            .add_script(&own)
            .add_script("https://www.gstatic.com/recaptcha/");
        sources.add_frame(&own).add_connect(&own);
        sources.add_frame("https://recaptcha.google.com/recaptcha/");
    })
}

/// A widget without anything to see, which asks when the form is sent.
#[cfg(any(feature = "recaptcha-v3", feature = "recaptcha-enterprise"))]
pub(super) fn invisible(place: &Place<'_>, mut script: Url) -> Widget {
    script
        .query_pairs_mut()
        .append_pair("render", place.site_key);
    let widget = Widget::element(place, "div", "data-sitekey")
        .action_in("data-action")
        .script(script)
        .field("g-recaptcha-response")
        .glue(include_str!("glue/recaptcha.js"));
    allow(widget, place)
}
