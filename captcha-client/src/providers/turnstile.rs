use captcha_core::verify::Pass;
use serde_json::Value;
use uuid::Uuid;

use crate::answer::shape::{Said, Shape, siteverify_class};
use crate::answer::{Answer, Class, details};
use crate::hosted::{Account, Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, Retries, endpoint};
use crate::visitor;
use crate::widget::{Place, Widget};

/// Cloudflare Turnstile.
///
/// A verification carries an idempotency key, so that a try that was lost can be repeated without
/// using the token up. Keys for tests, and answers that say that they were made with some, are
/// refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct Turnstile;

static PROFILE: Profile = Profile {
    name: "turnstile",
    api_url: Some("https://challenges.cloudflare.com"),
    path: "/turnstile/v0/siteverify",
    variables: variables!("TURNSTILE"),
    field: "cf-turnstile-response",
    client_ip_field: Some("remoteip"),
    retries: Retries::Repeatable,
    ..Profile::COMMON
};

const ANSWERS: Shape = Shape {
    class: |code, _| match code {
        "internal-error" => Some(Class::Unavailable),
        code => siteverify_class(code),
    },
    pass,
    ..Shape::SITEVERIFY
};

/// The longest token, in bytes.
/// <https://developers.cloudflare.com/turnstile/get-started/server-side-validation/>
const LONGEST_TOKEN: usize = 2048;

impl Provider for Turnstile {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn is_token(&self, _: &Account, token: &str) -> bool {
        token.len() <= LONGEST_TOKEN && visitor::is_token(token)
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        let key = Uuid::new_v4().to_string();
        let mut fields = ask.fields(&[("secret", ask.secret()), ("response", ask.token())]);
        fields.push(("idempotency_key", key.into()));
        Body::object(fields)
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        let origin = place.widget.origin().ascii_serialization();
        Widget::of_class(place, "cf-turnstile")
            .action_in("data-action")
            .script(endpoint(place.widget, "/turnstile/v0/api.js"))
            .allow(|sources| {
                sources.add_host(&origin);
            })
    }
}

fn pass(said: &Said, reading: &Reading<'_>) -> Result<Pass, Answer> {
    let metadata = said.get("metadata").and_then(Value::as_object);
    let test = metadata.and_then(|metadata| metadata.get("result_with_testing_key"));
    // Whatever it is: only its absence and a plain no mean that it is none.
    let test = test.is_some_and(|test| !matches!(test, Value::Null | Value::Bool(false)));
    reading.no_test(test)?;
    Ok(details::pass(said, reading))
}
