use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::{Answer, Heard, ScriptedApi};

/// A hosted provider on loopback, so that a protected service can be tested without a network.
///
/// It is asked and answers as reCAPTCHA's `siteverify`, which is what Turnstile, hCaptcha,
/// reCAPTCHA v2 and v3, CaptchaFox, gkCAPTCHA and the client `Siteverify` speak: give one of
/// their clients its [`url`](Self::url). Any secret is right. A question that carries an idempotency
/// key can be repeated, as with Turnstile. Stops when it is dropped.
///
/// ```
/// use captcha_testkit::{Behaviour, SiteverifyServer};
///
/// # #[tokio::main] async fn main() {
/// let provider = SiteverifyServer::start().await;
/// // let client = TurnstileClient::builder("secret-for-tests", "site-for-tests")
/// //     .api_url(provider.url())
/// //     .build()?;
///
/// let token = provider.token(); // passes once; sent again, it is spent
/// // … send your service the form with this token …
///
/// provider.behave(Behaviour::Down); // … and see what it does in an outage
/// assert_eq!(provider.asked(), 0);
/// # }
/// ```
#[derive(Debug)]
pub struct SiteverifyServer {
    api: ScriptedApi,
    state: Arc<Mutex<State>>,
}

/// How a [`SiteverifyServer`] treats questions from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Behaviour {
    /// Each of its own tokens passes once; the others never.
    Verifies,
    /// No token passes.
    Refuses,
    /// It says that the secret is wrong.
    RejectsSecret,
    /// It verifies, after this while.
    Slow(Duration),
    /// It answers 503.
    Down,
}

#[derive(Debug)]
struct State {
    behaviour: Behaviour,
    issued: usize,
    unspent: BTreeSet<String>,
    /// Spent tokens, and the idempotency key of the question that spent each.
    spent: BTreeMap<String, Option<String>>,
    details: BTreeMap<String, Value>,
}

impl SiteverifyServer {
    /// Starts a provider that verifies.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            behaviour: Behaviour::Verifies,
            issued: 0,
            unspent: BTreeSet::new(),
            spent: BTreeMap::new(),
            details: BTreeMap::new(),
        }));
        let answering = Arc::clone(&state);
        let api = ScriptedApi::answering(move |heard| answering.lock().unwrap().answer(heard));
        Self {
            api: api.await,
            state,
        }
    }

    /// The base URL, for a client's `api_url`.
    #[must_use]
    pub fn url(&self) -> String {
        self.api.url()
    }

    /// A new token, as a visitor gets one for a solved captcha.
    #[must_use]
    pub fn token(&self) -> String {
        let mut state = self.state();
        state.issued += 1;
        let token = format!("token-for-tests-{:08}", state.issued);
        state.unspent.insert(token.clone());
        token
    }

    /// Treats questions like this from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.state().behaviour = behaviour;
    }

    /// Says this of every token that passes from now on, for example `hostname`, `action` or
    /// `score`.
    pub fn say(&self, name: &str, value: impl Into<Value>) {
        self.state().details.insert(name.to_owned(), value.into());
    }

    /// How many questions there were.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.api.heard().len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn answer(&mut self, heard: &Heard) -> Answer {
        let refusal = |code: &str| json!({ "success": false, "error-codes": [code] });
        match self.behaviour {
            Behaviour::Down => Answer::typed(503, "text/html", "<html>Service unavailable"),
            Behaviour::Refuses => Answer::json(200, refusal("invalid-input-response").to_string()),
            Behaviour::RejectsSecret => {
                Answer::json(200, refusal("invalid-input-secret").to_string())
            }
            Behaviour::Slow(delay) => Answer::Late(delay, Box::new(self.verdict(heard))),
            Behaviour::Verifies => self.verdict(heard),
        }
    }

    fn verdict(&mut self, heard: &Heard) -> Answer {
        let refusal = |code: &str| json!({ "success": false, "error-codes": [code] });
        let key = said(heard, "idempotency_key");
        let token = said(heard, "response").or_else(|| said(heard, "token"));
        let answer = match token {
            None => refusal("missing-input-response"),
            Some(token) if self.unspent.remove(&token) => {
                self.spent.insert(token, key);
                self.pass()
            }
            Some(token) => match self.spent.get(&token) {
                Some(Some(by)) if key.as_ref() == Some(by) => self.pass(),
                Some(_) => refusal("timeout-or-duplicate"),
                None => refusal("invalid-input-response"),
            },
        };
        Answer::json(200, answer.to_string())
    }

    fn pass(&self) -> Value {
        let mut pass = json!({ "success": true, "challenge_ts": now() });
        for (name, value) in &self.details {
            pass[name] = value.clone();
        }
        pass
    }
}

/// A field of a question, in a form or in JSON.
fn said(heard: &Heard, name: &str) -> Option<String> {
    let json: Option<Value> = serde_json::from_slice(&heard.body).ok();
    if let Some(json) = json {
        return json[name].as_str().map(str::to_owned);
    }
    let mut fields = form_urlencoded::parse(&heard.body);
    fields
        .find(|(field, _)| field == name)
        .map(|(_, value)| value.into_owned())
}

fn now() -> String {
    let now = Timestamp::now().as_second();
    Timestamp::from_second(now).map_or_else(|_| String::new(), |now| now.to_string())
}
