//! The adapter contract on Rocket.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use captcha_rocket::{Captcha, CaptchaFairing, Checked, Verified};
use captcha_testkit::contract::client::Call;
use captcha_testkit::contract::{
    FRAMEWORK_LIMIT, OUTSIDE_HEADER, Server, Setup, describe_checked, describe_part, describe_pass,
};
use rocket::data::{ByteUnit, Limits};
use rocket::fairing::AdHoc;
use rocket::form::{DataField, Form, FromForm, Options, ValueField};
use rocket::serde::json::Json;
use rocket::serde::{Deserialize, Serialize};
use rocket::{
    Build, Config, Data, Rocket, Shutdown, delete, get, options, patch, post, put, routes,
};
use tokio::sync::oneshot;

#[derive(FromForm, Serialize, Deserialize)]
#[serde(crate = "rocket::serde")]
struct SignUp {
    username: String,
    email: String,
    note: String,
}

/// Every part of a multipart form, in order.
struct Parts(String);

#[rocket::async_trait]
impl<'r> FromForm<'r> for Parts {
    type Context = String;

    fn init(_: Options) -> String {
        String::new()
    }

    fn push_value(text: &mut String, field: ValueField<'r>) {
        let name = field.name.source().as_str();
        *text += &describe_part(name, None, field.value.as_bytes());
        *text += "\n";
    }

    async fn push_data(text: &mut String, field: DataField<'r, '_>) {
        let name = field.name.source().as_str().to_owned();
        let file_name = field
            .file_name
            .map(|name| name.dangerous_unsafe_unsanitized_raw());
        let file_name = file_name.map(|name| name.as_str().to_owned());
        let content = field.data.open(ByteUnit::Byte(FRAMEWORK_LIMIT as u64));
        let content = content.into_bytes().await.unwrap();
        *text += &describe_part(&name, file_name.as_deref(), &content);
        *text += "\n";
    }

    fn finalize(text: String) -> rocket::form::Result<'r, Self> {
        Ok(Self(text))
    }
}

#[post("/plain/form", data = "<form>")]
fn plain_form(form: Form<SignUp>) -> Json<SignUp> {
    Json(form.into_inner())
}

#[post("/plain/json", data = "<form>")]
fn plain_json(form: Json<SignUp>) -> Json<SignUp> {
    form
}

#[post("/plain/multipart", data = "<form>")]
fn plain_multipart(form: Form<Parts>) -> String {
    form.into_inner().0
}

#[post("/protected/form", data = "<captcha>")]
fn protected_form(captcha: Captcha<Form<SignUp>>) -> Json<SignUp> {
    Json(captcha.value.into_inner())
}

#[post("/protected/json", data = "<captcha>")]
fn protected_json(captcha: Captcha<Json<SignUp>>) -> Json<SignUp> {
    captcha.value
}

#[post("/protected/multipart", data = "<captcha>")]
fn protected_multipart(captcha: Captcha<Form<Parts>>) -> String {
    captcha.value.into_inner().0
}

#[post("/pass", data = "<captcha>")]
fn pass(captcha: Captcha<Form<SignUp>>) -> String {
    describe_pass(&captcha.pass)
}

#[post("/checked", data = "<checked>")]
fn checked(checked: Checked<Form<SignUp>>) -> String {
    match checked.into_result() {
        Ok((_, form)) => describe_checked(None, &form.username, &form.email),
        Err((rejection, form)) => describe_checked(Some(&rejection), &form.username, &form.email),
    }
}

async fn bytes(data: Data<'_>) -> Vec<u8> {
    let data = data.open(ByteUnit::Byte(FRAMEWORK_LIMIT as u64));
    data.into_bytes().await.unwrap().into_inner()
}

#[post("/head", data = "<data>")]
async fn head(_verified: Verified, data: Data<'_>) -> Vec<u8> {
    bytes(data).await
}

#[post("/whole", data = "<data>")]
async fn whole(_verified: Verified, data: Data<'_>) -> Vec<u8> {
    bytes(data).await
}

#[put("/whole")]
fn whole_put(_verified: Verified) {}

#[patch("/whole")]
fn whole_patch(_verified: Verified) {}

#[delete("/whole")]
fn whole_delete(_verified: Verified) {}

#[get("/whole")]
fn whole_get() {}

#[options("/whole")]
fn whole_options() {}

#[post("/whole/pass")]
fn whole_pass(_whole: Verified, verified: Verified) -> String {
    describe_pass(&verified.0)
}

#[post("/whole/form", data = "<captcha>")]
fn whole_form(_whole: Verified, captcha: Captcha<Form<SignUp>>) -> Json<SignUp> {
    Json(captcha.value.into_inner())
}

fn app(setup: Setup) -> Rocket<Build> {
    let limit = ByteUnit::Byte(FRAMEWORK_LIMIT as u64);
    let limits = ["form", "data-form", "json"]
        .into_iter()
        .fold(Limits::default(), |limits, name| limits.limit(name, limit));
    let config = Config {
        port: 0,
        log_level: rocket::config::LogLevel::Off,
        limits,
        workers: 2,
        shutdown: rocket::config::Shutdown {
            ctrlc: false,
            grace: 0,
            mercy: 0,
            ..Default::default()
        },
        ..Config::debug_default()
    };
    let tell_outside = AdHoc::on_response("outside", |request, response| {
        Box::pin(async move {
            if let Some(rejection) = captcha_rocket::rejection(request) {
                response.set_raw_header(OUTSIDE_HEADER, rejection.code().to_owned());
            }
        })
    });
    let prefix = setup.endpoints.prefix().to_owned();
    rocket::custom(config)
        .attach(CaptchaFairing::new(setup.gate))
        .attach(tell_outside)
        .mount(prefix, captcha_rocket::routes(setup.endpoints))
        .mount(
            "/",
            routes![
                plain_form,
                plain_json,
                plain_multipart,
                protected_form,
                protected_json,
                protected_multipart,
                pass,
                checked,
                head,
                whole,
                whole_put,
                whole_patch,
                whole_delete,
                whole_get,
                whole_options,
                whole_pass,
                whole_form,
            ],
        )
}

struct Stop(Shutdown);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.clone().notify();
    }
}

async fn serve(setup: Setup) -> Server {
    launch(app(setup)).await
}

async fn launch(rocket: Rocket<Build>) -> Server {
    let (tell, told) = oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let rocket = rocket.attach(AdHoc::on_liftoff("port", move |rocket| {
        let tell = tell.lock().unwrap().take();
        let config = rocket.config();
        let _ = tell.unwrap().send((config.address, config.port).into());
        Box::pin(async {})
    }));
    let rocket = rocket.ignite().await.unwrap();
    let shutdown = rocket.shutdown();
    tokio::spawn(rocket.launch());
    Server {
        addr: told.await.unwrap(),
        unpacks_gzip: false,
        whole_route_reads_bodies: false,
        guard: Box::new(Stop(shutdown)),
    }
}

captcha_testkit::adapter_contract!(serve);

/// Rocket itself takes the method of a form from its field `_method`. The handler it then chooses
/// has its own guards.
#[tokio::test]
async fn a_method_override_meets_the_guard_of_the_other_handler() {
    let stub = captcha_testkit::StubVerifier::passes();
    let server = serve(Setup::stub(&stub)).await;
    for method in ["put", "patch", "delete"] {
        let call = Call::post("/whole").form(format!("_method={method}"));
        let reply = call.send(server.addr).await;
        assert_eq!(
            reply.refusal(),
            (400, "missing_token".to_owned()),
            "{method}"
        );
    }
    assert_eq!(stub.asked(), 0);
}

#[tokio::test]
async fn a_guard_without_the_fairing_aborts_the_launch() {
    let config = Config {
        log_level: rocket::config::LogLevel::Off,
        ..Config::debug_default()
    };
    for routes in [
        routes![protected_form],
        routes![checked],
        routes![whole_put],
    ] {
        let rocket = rocket::custom(&config).mount("/", routes).ignite().await;
        let error = rocket.map(drop).unwrap_err();
        let aborted = matches!(error.kind(), rocket::error::ErrorKind::SentinelAborts(_));
        assert!(aborted, "{error:?}");
    }
}

/// Own catchers are left in place, and find the refusal.
#[tokio::test]
async fn own_catchers_answer_instead() {
    #[rocket::catch(400)]
    fn bad_request(request: &rocket::Request<'_>) -> String {
        let refused = captcha_rocket::rejection(request);
        format!(
            "own catcher: {:?}",
            refused.map(|refused| refused.code().to_owned())
        )
    }
    let stub = captcha_testkit::StubVerifier::passes();
    let setup = Setup::stub(&stub);
    let server = launch(app(setup).register("/", rocket::catchers![bad_request])).await;
    let reply = Call::post("/protected/form")
        .form("a=b")
        .send(server.addr)
        .await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.text(), r#"own catcher: Some("missing_token")"#);
    let reply = Call::post("/plain/json").json("{").send(server.addr).await;
    assert_eq!(reply.text(), "own catcher: None");
}

/// Errors of the same status that have nothing to do with the captcha stay what they were.
#[tokio::test]
async fn other_errors_are_not_dressed_up_as_refusals() {
    let stub = captcha_testkit::StubVerifier::passes();
    let server = serve(Setup::stub(&stub)).await;
    let reply = Call::post("/plain/json").json("{").send(server.addr).await;
    assert_eq!(reply.status, 400);
    assert!(
        reply
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
    );
    let call = Call::post("/plain/json")
        .json("{")
        .header("accept", "application/json");
    let reply = call.send(server.addr).await;
    assert_eq!(reply.json()["error"]["code"], 400);
}

#[tokio::test]
async fn a_second_gate_stops_the_launch() {
    let fairing = || {
        let stub = captcha_testkit::StubVerifier::passes();
        CaptchaFairing::new(captcha_rocket::Gate::new(stub))
    };
    let config = Config {
        log_level: rocket::config::LogLevel::Off,
        ..Config::debug_default()
    };
    let rocket = rocket::custom(config).attach(fairing()).attach(fairing());
    let error = rocket.ignite().await.map(drop).unwrap_err();
    let failed = matches!(error.kind(), rocket::error::ErrorKind::FailedFairings(_));
    assert!(failed, "{error:?}");
}

/// A body of another type is an error, with or without a token: the next route in rank may be one
/// that nothing protects.
#[tokio::test]
async fn nothing_is_forwarded_to_an_unprotected_route() {
    #[post("/protected/form", data = "<_data>", rank = 99)]
    fn unprotected(_data: Data<'_>) -> &'static str {
        "unprotected"
    }
    for stub in [
        captcha_testkit::StubVerifier::passes(),
        captcha_testkit::StubVerifier::refuses("token_expired"),
    ] {
        let rocket = app(Setup::stub(&stub)).mount("/", routes![unprotected]);
        let server = launch(rocket).await;
        for token in ["", "t"] {
            let call = Call::post("/protected/form")
                .token(token)
                .body("text/plain", "x");
            let reply = call.send(server.addr).await;
            assert!(
                reply.status.is_client_error(),
                "{} {}",
                reply.status,
                reply.text()
            );
        }
    }
}

/// Rocket logs a failed guard's `Debug`.
#[test]
fn the_debug_of_a_failed_guard_holds_nothing_of_the_body() {
    let secret = rocket::serde::json::serde_json::from_str::<u32>("\"hunter2\"").unwrap_err();
    let error = captcha_rocket::CaptchaRejection::Inner(secret);
    assert_eq!(format!("{error:?}"), "Inner(..)");
}
