use std::sync::LazyLock;

use bytes::Bytes;
use captcha_client::Widget;
use captcha_core::endpoints::Endpoints;
use captcha_core::gate::{Gate, Rejection, RequestHead};
use captcha_core::manager::CaptchaManager;
use captcha_core::render::Format;
use captcha_core::verify::Pass;
use http::StatusCode;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::page::{Captcha, Page, Welcome};
use crate::replies::{html, json, text};
use crate::{Reply, SignUp, assets};

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
    Here(Endpoints),
    Provider(Widget),
}

impl Site {
    /// A site that issues its own captchas, served by the framework of this name.
    #[must_use]
    pub fn self_hosted(manager: CaptchaManager, framework: &'static str) -> Self {
        let gate = Gate::new(manager.clone());
        Self::new(gate, Source::Here(Endpoints::new(manager)), framework)
    }

    /// A site with a provider's captchas, served by the framework of this name.
    #[must_use]
    pub fn hosted(gate: Gate, widget: Widget, framework: &'static str) -> Self {
        Self::new(gate, Source::Provider(widget), framework)
    }

    fn new(gate: Gate, source: Source, framework: &'static str) -> Self {
        LazyLock::force(&METRICS);
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
            Source::Here(endpoints) => Some(endpoints),
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
        html(
            StatusCode::OK,
            &Welcome {
                lang: "en",
                dir: "ltr",
                framework: self.framework,
                username: &form.username,
                answer: &answer.to_string(),
            },
            None,
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
        let (status, message) = (rejection.status(), self.explain(&rejection));
        self.page_with(head, form, status, Some(message)).await
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
        let (captcha, expires_in) = match &self.source {
            Source::Here(endpoints) => picture(endpoints, head).await,
            Source::Provider(widget) => (Captcha::Widget(widget.clone()), 0),
        };
        let widget = match &self.source {
            Source::Here(_) => None,
            Source::Provider(widget) => Some(widget),
        };
        html(
            status,
            &Page {
                lang: "en",
                dir: "ltr",
                framework: self.framework,
                username: &typed.username,
                email: &typed.email,
                error,
                expires_in,
                captcha,
            },
            widget,
        )
    }

    /// What a visitor can do about a refusal.
    fn explain(&self, rejection: &Rejection) -> &'static str {
        match (rejection.code(), &self.source) {
            ("captcha_unavailable", _) => {
                "The check could not be made. Please try again in a moment."
            }
            ("missing_token", Source::Here(_)) => "Please type the characters in the picture.",
            ("missing_token", Source::Provider(_)) => "Please complete the check first.",
            ("invalid_answer", _) => {
                "That did not match, or the picture had expired. Here is a new one."
            }
            (_, Source::Here(_)) => {
                "The check was not passed. Please try again with this new picture."
            }
            (_, Source::Provider(_)) => "The check was not passed. Please try again.",
        }
    }
}

/// A new challenge for the page, and for how many seconds it can be answered.
async fn picture(endpoints: &Endpoints, head: &(impl RequestHead + ?Sized)) -> (Captcha, u64) {
    match endpoints.issue_for(head, "").await {
        Ok(issued) => {
            let id = issued.id().to_string();
            let picture = Captcha::Picture {
                image_url: endpoints.url(&id, Format::Png),
                prompt: issued.prompt().to_owned(),
                id,
            };
            (picture, issued.expires_in().as_secs())
        }
        Err(error) => {
            tracing::warn!(%error, "no challenge for the page");
            (Captcha::Unavailable, 0)
        }
    }
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
