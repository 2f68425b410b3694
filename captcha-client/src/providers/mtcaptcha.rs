use captcha_core::verify::{Pass, ReasonCode, Refusal};
use serde_json::Value;

use crate::answer::shape::{Said, Shape, list};
use crate::answer::{Answer, Class, details, time};
use crate::hosted::{Account, Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, endpoint};
use crate::visitor;
use crate::widget::{Place, Widget};

/// MTCaptcha. The private key is the secret key; it is part of the URL of every request, because
/// the provider takes it nowhere else: a proxy in between may log it.
#[derive(Debug, Clone, Copy, Default)]
pub struct MtCaptcha;

static PROFILE: Profile = Profile {
    name: "mtcaptcha",
    api_url: Some("https://service.mtcaptcha.com"),
    path: "/mtcv1/api/checktoken",
    variables: variables!("MTCAPTCHA"),
    field: "mtcaptcha-verifiedtoken",
    ..Profile::COMMON
};

const ANSWERS: Shape = Shape {
    codes: |said, _| list(said, "fail_codes"),
    class: |code, _| class(code),
    pass,
    ..Shape::SITEVERIFY
};

/// The longest token, in bytes: several times as long as they are.
const LONGEST_TOKEN: usize = 2048;

/// The same widget from another host, for when the first cannot be reached.
const SECOND: &str = "https://service2.mtcaptcha.com";

impl Provider for MtCaptcha {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    /// `v1(…,…,…)`, in which an asterisk may stand, and which fits into an address.
    fn is_token(&self, _: &Account, token: &str) -> bool {
        token.len() <= LONGEST_TOKEN && visitor::is_token(&token.replace(['(', ')', '*'], "x"))
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        Body::Query(ask.fields(&[("privatekey", ask.secret()), ("token", ask.token())]))
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        Widget::of_class(place, "mtcaptcha")
            .action_in("data-action")
            .script(endpoint(place.widget, "/mtcv1/client/mtcaptcha.min.js"))
            .script(format!("{SECOND}/mtcv1/client/mtcaptcha2.min.js"))
            .glue(include_str!("glue/mtcaptcha.js"))
            .allow(|sources| {
                let first = place.widget.origin().ascii_serialization();
                for source in [&first, SECOND] {
                    sources.add_host(source).add_img(source);
                }
                sources.add_style("'unsafe-inline'");
            })
    }
}

/// <https://docs.mtcaptcha.com/dev-guide-validate-token>
fn class(code: &str) -> Option<Class> {
    Some(match code {
        // `tokeninfo` may still call such a token valid.
        "token-expired"
        | "token-duplicate-cal"
        | "missing-input-token"
        | "invalid-token"
        | "invalid-token-faildecrypt"
        | "privatekey-mismatch-token" => Class::BadToken,
        "missing-input-privatekey"
        | "invalid-privatekey"
        | "expired-sitekey-or-account"
        | "bad-request" => Class::Misconfigured,
        "network-error" | "unknown-error" => Class::Unavailable,
        _ => return None,
    })
}

fn pass(said: &Said, reading: &Reading<'_>) -> Result<Pass, Answer> {
    let Some(info) = said.get("tokeninfo").and_then(Value::as_object) else {
        return Ok(Pass::new());
    };
    // Visitors can open the page on a developer's host of their own.
    let real_host = matches!(info.get("isDevHost"), None | Some(Value::Null | Value::Bool(false)));
    if !real_host && !reading.ask.account.allow_test_keys {
        let refusal = Refusal::new(ReasonCode::HostnameMismatch);
        return Err(Answer::Refused(refusal.with_error("solved on a developer's host")));
    }
    // The token's own state. It can be a good one's under a refusal, and never the other way.
    let state = info.get("codeDesc").and_then(Value::as_str);
    if state.is_some_and(|state| state.starts_with("invalid")) {
        return Err(Answer::Refused(Refusal::new(ReasonCode::InvalidToken)));
    }
    let mut pass = details::pass(info, reading);
    if let Some(seconds) = info.get("timestampSec").and_then(time::seconds) {
        pass = pass.with_challenge_ts(seconds);
    }
    Ok(pass)
}
