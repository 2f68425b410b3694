use std::borrow::Cow;

use captcha_core::ConfigError;
use captcha_core::verify::{FieldSet, Pass};
use reqwest::Url;

use crate::answer::Answer;
use crate::answer::details::{self, Scale};
use crate::answer::shape::{Said, Shape};
use crate::hosted::{Account, Ask, Profile, Provider, Reading, Variables, variable, variables};
use crate::transport::{Body, Reply};
use crate::widget::{Place, Widget};

/// Any endpoint that is asked and answers as reCAPTCHA's: fields `secret`, `response` and
/// `remoteip`; `success`, `error-codes`, `challenge_ts`, `hostname`, `action` and `score`.
///
/// `api_url` is the whole URL of the endpoint. The environment has it in `SITEVERIFY_API_URL`, and
/// the form field in `SITEVERIFY_FIELD`.
///
/// ```
/// use captcha_client::hosted::HostedClient;
/// use captcha_client::providers::Siteverify;
///
/// # fn main() -> Result<(), captcha_core::ConfigError> {
/// let provider = Siteverify::in_field("my-captcha-response").json();
/// let client = HostedClient::builder_of(provider, "secret-abc", "site-abc")
///     .api_url("https://captcha.example.org/api/siteverify")
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Siteverify {
    field: Cow<'static, str>,
    json: bool,
    bots_score_high: bool,
    class: Cow<'static, str>,
    script_url: Option<Url>,
}

static PROFILE: Profile = Profile {
    name: "siteverify",
    path: "",
    variables: variables!("SITEVERIFY"),
    client_ip_field: Some("remoteip"),
    ..Profile::COMMON
};

const FIELD: &str = "SITEVERIFY_FIELD";

impl Siteverify {
    /// An endpoint whose widget fills this form field.
    #[must_use]
    pub fn in_field(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: name.into(),
            ..Self::default()
        }
    }

    /// Asks in JSON. Default: as a form.
    #[must_use]
    pub const fn json(mut self) -> Self {
        self.json = true;
        self
    }

    /// A score of 1.0 is a bot. Default: a human, as with reCAPTCHA v3.
    #[must_use]
    pub const fn bots_score_high(mut self) -> Self {
        self.bots_score_high = true;
        self
    }

    /// The page shows a `div` of this class, with the site key in `data-sitekey`, and loads this
    /// script. Default: no class and no script.
    #[must_use]
    pub fn with_widget(mut self, class: impl Into<Cow<'static, str>>, script_url: Url) -> Self {
        self.class = class.into();
        self.script_url = Some(script_url);
        self
    }
}

impl Provider for Siteverify {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn read_env(&mut self) -> Result<(), ConfigError> {
        self.field = variable(FIELD)?.unwrap_or_default().into();
        Ok(())
    }

    fn check(&self, _: &Account, names: Variables) -> Result<(), ConfigError> {
        let from_env = names.secret_key == PROFILE.variables.secret_key;
        // What ends a directive of a content security policy is in no address of a script.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
        let plain = |url: &Url| url.host_str().is_some_and(|host| host.bytes().all(plain));
        let web = |url: &Url| matches!(url.scheme(), "https" | "http") && plain(url);
        match self.field.is_empty() {
            true if from_env => Err(ConfigError::new(FIELD, "is not set")),
            true => Err(ConfigError::new("in_field", "is empty")),
            false if !self.script_url.iter().all(web) => {
                Err(ConfigError::new("with_widget", "is no address of a script"))
            }
            false => Ok(()),
        }
    }

    fn field_sets(&self) -> Vec<FieldSet> {
        vec![FieldSet::token(self.field.clone())]
    }

    fn url(&self, base: &Url, _: &Ask<'_>) -> Url {
        base.clone()
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        let fields = ask.fields(&[("secret", ask.secret()), ("response", ask.token())]);
        match self.json {
            true => Body::object(fields),
            false => Body::Form(fields),
        }
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        let answers = Shape {
            pass: match self.bots_score_high {
                true => |said, reading| pass(said, reading, Scale::BotIsOne),
                false => |said, reading| pass(said, reading, Scale::HumanIsOne),
            },
            ..Shape::SITEVERIFY
        };
        answers.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        let widget = match self.class.as_ref() {
            "" => Widget::element(place, "div", "data-sitekey"),
            class => Widget::of_class(place, class),
        };
        match &self.script_url {
            None => widget,
            Some(url) => {
                let origin = url.origin().ascii_serialization();
                widget.script(url.as_str()).allow(|sources| {
                    sources.add_host(&origin);
                })
            }
        }
    }
}

fn pass(said: &Said, reading: &Reading<'_>, scale: Scale) -> Result<Pass, Answer> {
    details::with_score(details::pass(said, reading), said.get("score"), scale)
}
