use std::sync::LazyLock;

use bytes::Bytes;
use captcha_client::Widget;
use captcha_core::endpoints::Endpoints;
use captcha_core::gate::{Gate, Rejection, RequestHead};
use captcha_core::render::Format;
use captcha_core::verify::Pass;
use http::StatusCode;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::challenge::Challenge;
use crate::page::{Captcha, Page, Welcome};
use crate::replies::{html, json, text};
use crate::words::{Words, languages};
use crate::{Reply, SignUp, assets, policy};

/// Everything a site answers, whichever framework serves it.
#[derive(Debug, Clone)]
pub struct Site {
    gate: Gate,
    source: Source,
    framework: &'static str,
}

/// Where the captchas on the page come from.
#[derive(Debug, Clone)]
enum Source {
    Here(Endpoints, Challenge),
    Provider(Box<Widget>),
}

impl Site {
    /// A site that issues its own captchas, of this kind, served by the framework of this name.
    #[must_use]
    pub fn self_hosted(
        gate: Gate,
        endpoints: Endpoints,
        challenge: Challenge,
        framework: &'static str,
    ) -> Self {
        Self::new(gate, Source::Here(endpoints, challenge), framework)
    }

    /// A site with a provider's captchas, served by the framework of this name.
    #[must_use]
    pub fn hosted(gate: Gate, widget: Widget, framework: &'static str) -> Self {
        Self::new(gate, Source::Provider(Box::new(widget)), framework)
    }

    fn new(gate: Gate, source: Source, framework: &'static str) -> Self {
        install_metrics();
        Self {
            gate,
            source,
            framework,
        }
    }

    /// What protects the routes.
    #[must_use]
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// What serves the challenges, where the site issues them.
    #[must_use]
    pub const fn endpoints(&self) -> Option<&Endpoints> {
        match &self.source {
            Source::Here(endpoints, _) => Some(endpoints),
            Source::Provider(_) => None,
        }
    }

    /// `GET /`: the page, empty. `POST /new-picture`: with what was typed and a new picture.
    pub async fn page(&self, head: &(impl RequestHead + ?Sized), typed: &SignUp) -> Reply {
        self.page_with(head, typed, StatusCode::OK, None).await
    }

    /// `POST /register`, passed.
    #[must_use]
    pub fn registered(
        &self,
        head: &(impl RequestHead + ?Sized),
        pass: &Pass,
        form: &SignUp,
    ) -> Reply {
        count("register", "ok");
        let answer = serde_json::json!({
            "ok": true,
            "username": form.username,
            "score": pass.score(),
            "fail_open": pass.fail_open(),
        });
        if !wants_html(head) {
            return json(&answer);
        }
        let words = Words::of(head);
        // The name stands by itself, whichever way it is written.
        let greeting = words.with("welcome", &[("name", "\0")]);
        let (before, after) = greeting.split_once('\0').unwrap_or_default();
        html(
            StatusCode::OK,
            &Welcome {
                words,
                framework: self.framework,
                greeting: (before.to_owned(), after.to_owned()),
                username: &form.username,
                answer: &answer.to_string(),
            },
            &policy::own(),
        )
    }

    /// `POST /register`, refused. A browser gets the page again with what was typed, every other
    /// client the problem document.
    pub async fn refused(
        &self,
        head: &(impl RequestHead + ?Sized),
        rejection: Rejection,
        form: &SignUp,
    ) -> Reply {
        count("register", rejection.code());
        if !wants_html(head) {
            return rejection.into_response::<String>().map(Bytes::from);
        }
        let message = Words::of(head).get(self.explain(&rejection));
        self.page_with(head, form, rejection.status(), Some(&message))
            .await
    }

    /// `POST /comment`, passed.
    #[must_use]
    pub fn commented(&self, comment: &str) -> Reply {
        count("comment", "ok");
        json(&serde_json::json!({ "ok": true, "text": comment }))
    }

    /// `GET /assets/{name}`.
    #[must_use]
    pub fn asset(&self, name: &str) -> Reply {
        assets::asset(name).unwrap_or_else(|| text(StatusCode::NOT_FOUND, "not found\n"))
    }

    /// `GET /healthz`.
    #[must_use]
    pub fn healthz(&self) -> Reply {
        text(StatusCode::OK, "ok\n")
    }

    /// `GET /metrics`.
    #[must_use]
    pub fn metrics(&self) -> Reply {
        text(StatusCode::OK, METRICS.render())
    }

    async fn page_with(
        &self,
        head: &(impl RequestHead + ?Sized),
        typed: &SignUp,
        status: StatusCode,
        error: Option<&str>,
    ) -> Reply {
        let (captcha, expires_in, policy) = match &self.source {
            Source::Here(endpoints, challenge) => {
                let (captcha, expires_in) = asked(endpoints, *challenge, head).await;
                (captcha, expires_in, policy::own())
            }
            Source::Provider(widget) => {
                let nonce = policy::nonce();
                let snippet = widget.snippet(Some(&nonce)).to_string();
                (
                    Captcha::Widget(snippet),
                    0,
                    policy::with_widget(widget, &nonce),
                )
            }
        };
        html(
            status,
            &Page {
                words: Words::of(head),
                framework: self.framework,
                username: &typed.username,
                email: &typed.email,
                error,
                expires_in,
                capitals: matches!(self.source, Source::Here(_, Challenge::Text)),
                captcha,
            },
            &policy,
        )
    }

    /// What a visitor can do about a refusal, by the name of its words.
    fn explain(&self, rejection: &Rejection) -> &'static str {
        match (rejection.code(), &self.source) {
            ("captcha_unavailable", _) => "failed",
            ("missing_token", _) => "missing",
            (_, Source::Here(..)) => "wrong",
            (_, Source::Provider(_)) => "refused",
        }
    }
}

/// A new challenge for the page, and for how many seconds it can be answered.
async fn asked(
    endpoints: &Endpoints,
    challenge: Challenge,
    head: &(impl RequestHead + ?Sized),
) -> (Captcha, u64) {
    match endpoints.issue_for(head, languages(head)).await {
        Ok(issued) => {
            let id = issued.id().to_string();
            let prompt = issued.prompt().to_owned();
            let image_url = endpoints.url(&id, Format::Png);
            let captcha = match challenge {
                Challenge::Grid => Captcha::Grid {
                    id,
                    image_url,
                    prompt,
                },
                _ => Captcha::Picture {
                    audio_url: Some(endpoints.url(&id, Format::Wav)),
                    image_url,
                    prompt,
                    id,
                },
            };
            (captcha, issued.expires_in().as_secs())
        }
        Err(error) => {
            tracing::warn!(%error, "no challenge for the page");
            (Captcha::Unavailable, 0)
        }
    }
}

/// Makes `/metrics` show what is counted from here on.
pub(crate) fn install_metrics() {
    LazyLock::force(&METRICS);
}

static METRICS: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("another metrics recorder is installed; /metrics stays empty");
    }
    metrics::describe_counter!("site_requests_total", "Protected requests by outcome");
    handle
});

fn count(route: &'static str, outcome: &str) {
    let outcome = outcome.to_owned();
    metrics::counter!("site_requests_total", "route" => route, "outcome" => outcome).increment(1);
}

fn wants_html(head: &(impl RequestHead + ?Sized)) -> bool {
    let accept = head.header("accept").unwrap_or_default();
    String::from_utf8_lossy(accept).contains("text/html")
}
