//! The example site on axum.

mod forms;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use captcha_axum::{CaptchaLayer, Checked, Gate, Head};
use example_site::{Comment, Reply, SignUp, Site};
use forms::AnyForm;

/// What the handlers share. The gate is taken from it by every protected extractor.
#[derive(Clone, FromRef)]
struct AppState {
    site: Site,
    gate: Gate,
}

/// The whole site.
pub fn app(site: Site) -> Router {
    let protected = Router::new()
        .route("/comment", post(comment))
        .layer(CaptchaLayer::new(site.gate().clone()));
    let challenges = site.endpoints().cloned().map(captcha_axum::routes);
    Router::new()
        .route("/", get(page))
        .route("/new-picture", post(new_picture))
        .route("/register", post(register))
        .merge(protected)
        .merge(challenges.unwrap_or_default())
        .route("/assets/{name}", get(asset))
        .route(
            "/healthz",
            get(async |State(site): State<Site>| respond(site.healthz())),
        )
        .route(
            "/metrics",
            get(async |State(site): State<Site>| respond(site.metrics())),
        )
        .with_state(AppState {
            gate: site.gate().clone(),
            site,
        })
}

async fn page(State(site): State<Site>, head: axum::http::request::Parts) -> Response {
    respond(site.page(&Head(&head), &SignUp::default()).await)
}

async fn new_picture(
    State(site): State<Site>,
    head: axum::http::request::Parts,
    AnyForm(typed): AnyForm<SignUp>,
) -> Response {
    respond(site.page(&Head(&head), &typed).await)
}

async fn register(
    State(site): State<Site>,
    head: axum::http::request::Parts,
    checked: Checked<AnyForm<SignUp>>,
) -> Response {
    let head = Head(&head);
    respond(match checked.into_result() {
        Ok((pass, AnyForm(form))) => site.registered(&head, &pass, &form),
        Err((rejection, AnyForm(form))) => site.refused(&head, rejection, &form).await,
    })
}

async fn comment(State(site): State<Site>, AnyForm(comment): AnyForm<Comment>) -> Response {
    respond(site.commented(&comment.text))
}

async fn asset(State(site): State<Site>, Path(name): Path<String>) -> Response {
    respond(site.asset(&name))
}

fn respond(reply: Reply) -> Response {
    reply.map(Body::from)
}
