//! The adapter contract on axum.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::net::SocketAddr;

use axum::extract::{DefaultBodyLimit, FromRef, Multipart, State};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{any, post};
use axum::{Form, Json, Router};
use bytes::Bytes;
use captcha_axum::{Captcha, CaptchaLayer, Checked, Gate, Rejection, Verified};
use captcha_testkit::StubVerifier;
use captcha_testkit::contract::client::Call;
use captcha_testkit::contract::{
    FRAMEWORK_LIMIT, OUTSIDE_HEADER, Server, Setup, describe_checked, describe_part, describe_pass,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tower_http::decompression::RequestDecompressionLayer;

#[derive(Serialize, Deserialize)]
struct SignUp {
    username: String,
    email: String,
    note: String,
}

#[derive(Clone, FromRef)]
struct AppState {
    gate: Gate,
}

async fn parts(mut multipart: Multipart) -> String {
    let mut text = String::new();
    while let Ok(Some(field)) = multipart.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let content = field.bytes().await.unwrap();
        text += &describe_part(&name, file_name.as_deref(), &content);
        text += "\n";
    }
    text
}

async fn checked(checked: Checked<Form<SignUp>>) -> String {
    match checked.into_result() {
        Ok((_, Form(form))) => describe_checked(None, &form.username, &form.email),
        Err((rejection, Form(form))) => {
            describe_checked(Some(&rejection), &form.username, &form.email)
        }
    }
}

async fn tell_outside(mut response: Response) -> Response {
    if let Some(rejection) = response.extensions().get::<Rejection>() {
        let code = rejection.code().parse().unwrap();
        response.headers_mut().insert(OUTSIDE_HEADER, code);
    }
    response
}

fn app(setup: Setup) -> Router {
    let whole = Router::new()
        .route("/whole", any(async |body: Bytes| body))
        .route(
            "/whole/pass",
            post(async |Verified(pass): Verified| describe_pass(&pass)),
        )
        .route(
            "/whole/form",
            post(
                async |Captcha {
                           value: Form(form), ..
                       }: Captcha<Form<SignUp>>| Json(form),
            ),
        )
        .layer(CaptchaLayer::new(setup.gate.clone()));
    Router::new()
        .route(
            "/plain/form",
            post(async |Form(form): Form<SignUp>| Json(form)),
        )
        .route(
            "/plain/json",
            post(async |Json(form): Json<SignUp>| Json(form)),
        )
        .route("/plain/multipart", post(parts))
        .route(
            "/protected/form",
            post(
                async |Captcha {
                           value: Form(form), ..
                       }: Captcha<Form<SignUp>>| Json(form),
            ),
        )
        .route(
            "/protected/json",
            post(
                async |Captcha {
                           value: Json(form), ..
                       }: Captcha<Json<SignUp>>| Json(form),
            ),
        )
        .route(
            "/protected/multipart",
            post(async |captcha: Captcha<Multipart>| parts(captcha.value).await),
        )
        .route(
            "/pass",
            post(async |captcha: Captcha<Form<SignUp>>| describe_pass(&captcha.pass)),
        )
        .route("/checked", post(checked))
        .route(
            "/head",
            post(async |_: Verified, State(_): State<Gate>, body: Bytes| body),
        )
        .merge(whole)
        .merge(captcha_axum::routes(setup.endpoints))
        .layer(DefaultBodyLimit::max(FRAMEWORK_LIMIT))
        .layer(
            RequestDecompressionLayer::new()
                .gzip(true)
                .pass_through_unaccepted(true),
        )
        .layer(map_response(tell_outside))
        .with_state(AppState { gate: setup.gate })
}

struct Stop(AbortHandle);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn serve(setup: Setup) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let app = app(setup).into_make_service_with_connect_info::<SocketAddr>();
    let task = tokio::spawn(async move { axum::serve(listener, app).await });
    Server {
        addr,
        unpacks_gzip: true,
        whole_route_reads_bodies: true,
        guard: Box::new(Stop(task.abort_handle())),
    }
}

captcha_testkit::adapter_contract!(serve);

async fn listen(app: Router) -> (SocketAddr, Stop) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let task = tokio::spawn(async move { axum::serve(listener, app).await });
    (addr, Stop(task.abort_handle()))
}

/// A weaker gate in front does not open a stricter one behind, and each is asked once.
#[tokio::test]
async fn two_gates_are_each_asked_once() {
    let (outer, inner) = (StubVerifier::passes(), StubVerifier::passes());
    let (outer_gate, inner_gate) = (Gate::new(outer.clone()), Gate::new(inner.clone()));
    let app = Router::new()
        .route("/", post(async |_: Captcha<Form<SignUp>>| ()))
        .layer(CaptchaLayer::new(inner_gate))
        .layer(CaptchaLayer::new(outer_gate.clone()))
        .with_state(AppState { gate: outer_gate });
    let (addr, _stop) = listen(app).await;
    let call = Call::post("/").form("captchaToken=t&username=a&email=e&note=n");
    assert_eq!(call.send(addr).await.status, 200);
    assert_eq!((outer.asked(), inner.asked()), (1, 1));
}

/// A body past the limit is refused before the handler, declared or not.
#[tokio::test]
async fn checked_does_not_run_for_a_body_that_is_too_large() {
    let stub = StubVerifier::passes();
    let gate = Gate::builder(stub).max_body_bytes(100).build().unwrap();
    let server = serve(Setup::gate(gate)).await;
    let call = Call::post("/checked").form(format!("captchaToken=t&note={}", "n".repeat(200)));
    for call in [call.clone(), call.chunked()] {
        assert_eq!(
            call.send(server.addr).await.refusal(),
            (413, "body_too_large".to_owned())
        );
    }
}

/// The layer needs neither axum's body nor its router.
#[tokio::test]
async fn the_layer_protects_any_tower_service() {
    use http_body_util::{BodyExt, Full};
    use tower::{Layer, ServiceExt, service_fn};

    let stub = StubVerifier::passes();
    let echo = service_fn(async |request: http::Request<Full<Bytes>>| {
        Ok::<_, std::convert::Infallible>(http::Response::new(request.into_body()))
    });
    let service = CaptchaLayer::new(Gate::new(stub.clone())).layer(echo);
    let request = |body: &'static str| {
        http::Request::post("/")
            .header("content-type", "application/json")
            .body(Full::from(body))
            .unwrap()
    };
    let refused = service.clone().oneshot(request("{}")).await.unwrap();
    assert_eq!(refused.status(), 400);
    let body = r#"{"captchaToken":"t"}"#;
    let passed = service.oneshot(request(body)).await.unwrap();
    assert_eq!(passed.status(), 200);
    assert_eq!(passed.into_body().collect().await.unwrap().to_bytes(), body);
    assert_eq!(stub.asked(), 1);
}
