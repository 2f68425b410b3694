use captcha_core::ConfigError;
use captcha_core::verify::{Pass, ReasonCode, Refusal};
use http::{HeaderMap, StatusCode};
use reqwest::Url;
use serde_json::{Value, json};

use super::recaptcha;
use crate::answer::details::{self, Scale};
use crate::answer::shape::{Said, Says, Shape, flag, of_error, single};
use crate::answer::{Answer, Class, is_down, time};
use crate::hosted::{Account, Ask, Profile, Provider, Reading, Variables, variable, variables};
use crate::transport::{Body, Reply, endpoint, object_of};
use crate::visitor;
use crate::widget::{Place, Widget};

/// Google reCAPTCHA Enterprise, of one project of Google Cloud. The secret key is an API key,
/// the project is in `RECAPTCHA_ENTERPRISE_PROJECT`.
///
/// A pass only says that the token is genuine: add
/// [`MaxScore`](captcha_core::verify::rules::MaxScore) and
/// [`ExpectedAction`](captcha_core::verify::rules::ExpectedAction).
///
/// ```
/// use captcha_client::hosted::HostedClient;
/// use captcha_client::providers::RecaptchaEnterprise;
///
/// # fn main() -> Result<(), captcha_core::ConfigError> {
/// let provider = RecaptchaEnterprise::in_project("my-project");
/// let client = HostedClient::builder_of(provider, "AIzaSyExample", "6LcExample").build()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct RecaptchaEnterprise {
    project: String,
}

static PROFILE: Profile = Profile {
    name: "recaptcha-enterprise",
    api_url: Some("https://recaptchaenterprise.googleapis.com"),
    path: "/v1",
    widget_url: Some("https://www.google.com"),
    variables: variables!("RECAPTCHA_ENTERPRISE"),
    field: "g-recaptcha-response",
    client_ip_field: Some("userIpAddress"),
    ..Profile::COMMON
};

/// What the status of an error of the API is told from what is said of a token by.
const API: &str = "API: ";

const PROJECT: &str = "RECAPTCHA_ENTERPRISE_PROJECT";

const ANSWERS: Shape = Shape {
    verdict,
    codes: |said, _| codes(said),
    class,
    pass,
    always_json: false,
};

impl RecaptchaEnterprise {
    /// The project whose keys are used, by its name or number.
    #[must_use]
    pub fn in_project(project: impl Into<String>) -> Self {
        Self {
            project: project.into(),
        }
    }
}

impl Provider for RecaptchaEnterprise {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn read_env(&mut self) -> Result<(), ConfigError> {
        self.project = variable(PROJECT)?.unwrap_or_default();
        Ok(())
    }

    fn check(&self, _: &Account, names: Variables) -> Result<(), ConfigError> {
        let from_env = names.secret_key == PROFILE.variables.secret_key;
        let setting = if from_env { PROJECT } else { "project" };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-:.".contains(&byte);
        match self.project.as_str() {
            "" => Err(ConfigError::new(setting, "is not set")),
            id if id.contains("..") || !id.bytes().all(plain) => {
                Err(ConfigError::new(setting, "is not the id of a project"))
            }
            _ => Ok(()),
        }
    }

    /// Letters that JSON has nothing to escape in: the answer repeats the token, and one that grew
    /// beyond what is read would be an outage.
    fn is_token(&self, _: &Account, token: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        visitor::is_token(token) && token.bytes().all(plain)
    }

    fn url(&self, base: &Url, _: &Ask<'_>) -> Url {
        let path = format!("{}/projects/{}/assessments", PROFILE.path, self.project);
        endpoint(base, &path)
    }

    /// Not in the URL, where the API takes it as well.
    fn headers(&self, account: &Account) -> Result<HeaderMap, ConfigError> {
        let mut headers = HeaderMap::new();
        headers.insert("x-goog-api-key", account.secret_header("")?);
        Ok(headers)
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        let mut event = ask.fields(&[("token", ask.token()), ("siteKey", ask.site_key())]);
        if let Some(user_agent) = ask.user_agent() {
            event.push(("userAgent", user_agent.into()));
        }
        Body::Json(json!({ "event": object_of(event) }))
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        recaptcha::invisible(place, endpoint(place.widget, "/recaptcha/enterprise.js"))
    }
}

fn object<'a>(said: &'a Said, name: &str) -> Option<&'a Said> {
    said.get(name)?.as_object()
}

/// What is absent is false: the API leaves out what has its default value.
fn verdict(said: &Said) -> Says {
    let absent = |value: Option<&Value>| value.is_none_or(Value::is_null);
    match said.get("tokenProperties") {
        Some(Value::Object(token)) if absent(token.get("valid")) => Says::No,
        Some(Value::Object(token)) => flag(token, "valid", Says::No),
        token if absent(token) && said.contains_key("name") => Says::No,
        _ => Says::Neither("no assessment of a token"),
    }
}

/// The status of an error of the API's, or why a token is no good.
fn codes(said: &Said) -> Result<Vec<String>, &'static str> {
    let errors = of_error(said, "status")?;
    if !errors.is_empty() {
        return Ok(errors.iter().map(|code| format!("{API}{code}")).collect());
    }
    let token = object(said, "tokenProperties");
    let mut codes = single(token.and_then(|token| token.get("invalidReason")))?;
    // The name of "none", where a token is valid.
    if verdict(said) == Says::Yes {
        codes.retain(|code| code != "INVALID_REASON_UNSPECIFIED");
    }
    Ok(codes)
}

/// Whatever is said of a token refuses it, also what sounds like an outage: visitors can forge
/// `BROWSER_ERROR`.
/// <https://docs.cloud.google.com/recaptcha/docs/interpret-assessment-website>
fn class(code: &str, status: StatusCode) -> Option<Class> {
    Some(match code.starts_with(API) {
        false => Class::BadToken,
        true if is_down(status) => Class::Unavailable,
        true => Class::Misconfigured,
    })
}

fn pass(said: &Said, reading: &Reading<'_>) -> Result<Pass, Answer> {
    let refused = |reason| Err(Answer::Refused(Refusal::new(reason)));
    let asked_for = object(said, "event").and_then(|event| event.get("siteKey")?.as_str());
    if asked_for.is_some_and(|key| key != reading.ask.site_key()) {
        return refused(ReasonCode::SiteKeyMismatch);
    }
    let mut pass = Pass::new();
    if let Some(token) = object(said, "tokenProperties") {
        pass = details::pass(token, reading);
        if let Some(seconds) = token.get("createTime").and_then(time::seconds) {
            pass = pass.with_challenge_ts(seconds);
        }
    }
    let risk = object(said, "riskAnalysis");
    if risk.and_then(|risk| risk.get("challenge")?.as_str()) == Some("FAILED") {
        return refused(ReasonCode::InvalidAnswer);
    }
    let lowest = Value::from(0);
    let score = risk.and_then(|risk| risk.get("score"));
    let score = score.filter(|score| !score.is_null()).unwrap_or(&lowest);
    details::with_score(pass, Some(score), Scale::HumanIsOne)
}
