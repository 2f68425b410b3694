use http::StatusCode;
use reqwest::Url;

use crate::answer::shape::{Shape, single};
use crate::answer::{Answer, Class, is_down};
use crate::hosted::{Account, Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply};
use crate::visitor;
use crate::widget::{Place, Widget};

/// Cap Standalone, which everybody runs for themselves: `api_url` is required, without the site
/// key. Where browsers reach the instance under another URL, that is `widget_url`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cap;

static PROFILE: Profile = Profile {
    name: "cap",
    variables: variables!("CAP"),
    field: "cap-token",
    ..Profile::COMMON
};

const ANSWERS: Shape = Shape {
    codes: |said, _| single(said.get("error")),
    class,
    ..Shape::SITEVERIFY
};

const WIDGET: &str = "https://cdn.jsdelivr.net/npm/cap-widget@0.1.57/cap.min.js";

impl Provider for Cap {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    /// The site key and two more parts. What is sent can then only fail for the token's own sake
    /// or for the operator's: the answers to the three are the same otherwise.
    fn is_token(&self, account: &Account, token: &str) -> bool {
        let mut parts = token.split(':');
        parts.next() == Some(&account.site_key)
            && parts.clone().count() == 2
            && parts.all(|part| !part.is_empty())
            && visitor::is_token(token)
    }

    fn url(&self, base: &Url, ask: &Ask<'_>) -> Url {
        below(base, [ask.site_key(), "siteverify"])
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        Body::object(ask.fields(&[("secret", ask.secret()), ("response", ask.token())]))
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        let api = below(place.widget, [place.site_key, ""]);
        Widget::bare(place, "cap-widget")
            .attribute("data-cap-api-endpoint", api)
            .attribute("required", "")
            .script(WIDGET)
            .glue(include_str!("glue/cap.js"))
            .style_by_nonce()
            .allow(|sources| {
                sources.add_script("'wasm-unsafe-eval'");
                sources.add_connect(&place.widget.origin().ascii_serialization());
                sources.add_connect("https://cdn.jsdelivr.net");
                sources.add_worker("blob:");
            })
    }
}

fn below(base: &Url, path: [&str; 2]) -> Url {
    let mut url = base.clone();
    // Only URLs without a host have no segments.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

/// A text stands in place of a code, and one status for several things.
fn class(text: &str, status: StatusCode) -> Option<Class> {
    Some(match text {
        "Token not found" | "Token expired" => Class::BadToken,
        // The token is well-formed and of this site.
        "Invalid site key or secret" | "Missing required parameters" => Class::Misconfigured,
        _ if is_down(status) => Class::Unavailable,
        _ => return None,
    })
}
