use http::StatusCode;

use crate::answer::shape::{Says, Shape, flag, single};
use crate::answer::{Answer, Class, is_down};
use crate::hosted::{Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, endpoint};
use crate::widget::{Place, Widget, escaped};

/// mCaptcha, which everybody runs for themselves: `api_url` is required. Where browsers reach the
/// instance under another URL, that is `widget_url`. The secret is that of the account. One widget
/// a page.
#[derive(Debug, Clone, Copy, Default)]
pub struct MCaptcha;

static PROFILE: Profile = Profile {
    name: "mcaptcha",
    path: "/api/v1/pow/siteverify",
    variables: variables!("MCAPTCHA"),
    field: "mcaptcha__token",
    ..Profile::COMMON
};

const ANSWERS: Shape = Shape {
    verdict: |said| flag(said, "valid", Says::No),
    codes: |said, _| single(said.get("error")),
    class,
    ..Shape::SITEVERIFY
};

const WIDGET: &str = "https://unpkg.com/@mcaptcha/vanilla-glue@0.1.0-rc2/dist/index.js";

impl Provider for MCaptcha {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        Body::object(ask.fields(&[
            ("secret", ask.secret()),
            ("key", ask.site_key()),
            ("token", ask.token()),
        ]))
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        let mut frame = endpoint(place.widget, "/widget/");
        frame.query_pairs_mut().append_pair("sitekey", place.site_key);
        let frame = escaped(frame.as_str());
        Widget::bare(place, "div")
            .attribute("id", "mcaptcha__widget-container")
            .before(format!(
                r#"<label data-mcaptcha_url="{frame}" for="mcaptcha__token" id="mcaptcha__token-label">mCaptcha <input type="text" name="mcaptcha__token" id="mcaptcha__token" autocomplete="off"></label>"#
            ))
            .script(WIDGET)
            .allow(|sources| {
                sources.add_frame(&place.widget.origin().ascii_serialization());
            })
    }
}

/// Errors are texts: 401 for the secret, 404 for the site key, 400 for the request. Of the token
/// `valid` says yes or no.
fn class(text: &str, status: StatusCode) -> Option<Class> {
    Some(match (text, status) {
        ("Wrong password" | "Account not found", _)
        | (_, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND) => {
            Class::Misconfigured
        }
        (_, status) if is_down(status) => Class::Unavailable,
        _ => return None,
    })
}
