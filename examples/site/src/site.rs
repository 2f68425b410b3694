use std::sync::LazyLock;

use bytes::Bytes;
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
    endpoints: Endpoints,
    framework: &'static str,
}

impl Site {
    /// A site on this manager, served by the framework of this name.
    #[must_use]
    pub fn new(manager: CaptchaManager, framework: &'static str) -> Self {
        LazyLock::force(&METRICS);
        Self {
            gate: Gate::new(manager.clone()),
            endpoints: Endpoints::new(manager),
            framework,
        }
    }

    /// What protects the routes.
    #[must_use]
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// What serves the challenges.
    #[must_use]
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
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
        let (status, message) = (rejection.status(), explain(&rejection));
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
        let issued = self.endpoints.issue_for(head, "").await;
        let (captcha, expires_in) = match issued {
            Ok(issued) => {
                let id = issued.id().to_string();
                let picture = Captcha::Picture {
                    image_url: self.endpoints.url(&id, Format::Png),
                    prompt: issued.prompt().to_owned(),
                    id,
                };
                (picture, issued.expires_in().as_secs())
            }
            Err(error) => {
                tracing::warn!(%error, "no challenge for the page");
                (Captcha::Unavailable, 0)
            }
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
        )
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

/// What a visitor can do about a refusal.
fn explain(rejection: &Rejection) -> &'static str {
    match rejection.code() {
        "invalid_answer" => "That did not match, or the picture had expired. Here is a new one.",
        "missing_token" => "Please type the characters in the picture.",
        "captcha_unavailable" => "The check could not be made. Please try again in a moment.",
        _ => "The check was not passed. Please try again with this new picture.",
    }
}
