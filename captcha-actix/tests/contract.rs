//! The adapter contract on actix-web.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::net::SocketAddr;

use actix_multipart::Multipart;
use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, Service, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{App, HttpServer, web};
use captcha_actix::{Captcha, CaptchaMiddleware, Checked, Gate, Rejection, Verified};
use captcha_testkit::StubVerifier;
use captcha_testkit::contract::client::Call;
use captcha_testkit::contract::{
    FRAMEWORK_LIMIT, OUTSIDE_HEADER, Server, Setup, describe_checked, describe_part, describe_pass,
};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct SignUp {
    username: String,
    email: String,
    note: String,
}

async fn form(form: web::Form<SignUp>) -> web::Json<SignUp> {
    web::Json(form.into_inner())
}

async fn protected_form(captcha: Captcha<web::Form<SignUp>>) -> web::Json<SignUp> {
    web::Json(captcha.value.into_inner())
}

async fn parts(mut multipart: Multipart) -> String {
    let mut text = String::new();
    while let Some(Ok(mut field)) = multipart.next().await {
        let mut content = Vec::new();
        while let Some(Ok(piece)) = field.next().await {
            content.extend_from_slice(&piece);
        }
        let file_name = field.content_disposition().and_then(|d| d.get_filename());
        text += &describe_part(field.name().unwrap_or_default(), file_name, &content);
        text += "\n";
    }
    text
}

async fn checked(checked: Checked<web::Form<SignUp>>) -> String {
    match checked.into_result() {
        Ok((_, form)) => describe_checked(None, &form.username, &form.email),
        Err((rejection, form)) => describe_checked(Some(&rejection), &form.username, &form.email),
    }
}

fn tell_outside<B: MessageBody>(mut response: ServiceResponse<B>) -> ServiceResponse<B> {
    let code = {
        let extensions = response.response().extensions();
        extensions
            .get::<Rejection>()
            .map(|rejection| rejection.code().to_owned())
    };
    if let Some(code) = code {
        let name = HeaderName::from_static(OUTSIDE_HEADER);
        let value = HeaderValue::from_str(&code).unwrap();
        response.headers_mut().insert(name, value);
    }
    response
}

fn configure(config: &mut web::ServiceConfig, setup: &Setup) {
    let whole = || CaptchaMiddleware::new(setup.gate.clone());
    config
        .app_data(setup.gate.clone())
        .app_data(web::PayloadConfig::new(FRAMEWORK_LIMIT))
        .app_data(web::FormConfig::default().limit(FRAMEWORK_LIMIT))
        .app_data(web::JsonConfig::default().limit(FRAMEWORK_LIMIT))
        .route("/plain/form", web::post().to(form))
        .route(
            "/plain/json",
            web::post().to(async |form: web::Json<SignUp>| form),
        )
        .route("/plain/multipart", web::post().to(parts))
        .route("/protected/form", web::post().to(protected_form))
        .route(
            "/protected/json",
            web::post().to(async |captcha: Captcha<web::Json<SignUp>>| captcha.value),
        )
        .route(
            "/protected/multipart",
            web::post().to(async |captcha: Captcha<Multipart>| parts(captcha.value).await),
        )
        .route(
            "/pass",
            web::post().to(async |c: Captcha<web::Form<SignUp>>| describe_pass(&c.pass)),
        )
        .route("/checked", web::post().to(checked))
        .route(
            "/head",
            web::post().to(async |_: Verified, body: web::Bytes| body),
        )
        .service(
            web::resource("/whole/pass")
                .wrap(whole())
                .route(web::post().to(async |pass: Verified| describe_pass(&pass.0))),
        )
        .service(
            web::resource("/whole/form")
                .wrap(whole())
                .route(web::post().to(protected_form)),
        )
        .service(
            web::resource("/whole")
                .wrap(whole())
                .to(async |body: web::Bytes| body),
        )
        .service(captcha_actix::routes(setup.endpoints.clone()));
}

struct Stop(ServerHandle);

impl Drop for Stop {
    fn drop(&mut self) {
        // The command is sent at once; nobody has to wait for it.
        drop(self.0.stop(false));
    }
}

fn run(server: actix_web::dev::Server) -> Stop {
    let stop = Stop(server.handle());
    std::thread::spawn(move || actix_web::rt::System::new().block_on(server));
    stop
}

async fn serve(setup: Setup) -> Server {
    let server = HttpServer::new(move || {
        let app = App::new().wrap_fn(|request, service| {
            let response = service.call(request);
            async move { Ok(tell_outside(response.await?)) }
        });
        app.configure(|config| configure(config, &setup))
    });
    let server = server
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
    let addr = server.addrs()[0];
    Server {
        addr,
        unpacks_gzip: true,
        whole_route_reads_bodies: true,
        guard: Box::new(run(server.run())),
    }
}

captcha_testkit::adapter_contract!(serve);

/// Listens with one route, `POST /`, set up by this function.
fn listen(
    configure: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> (SocketAddr, Stop) {
    let server = HttpServer::new(move || App::new().configure(configure.clone()));
    let server = server
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
    let addr = server.addrs()[0];
    (addr, run(server.run()))
}

const SOLVED: &str = "captchaToken=t&username=a&email=e&note=n";

/// actix-web polls the extractors of a handler together; the token is spent once all the same.
#[tokio::test]
async fn two_guards_of_one_handler_spend_one_token() {
    let captcha = captcha_testkit::contract::Captcha::new();
    let setup = captcha.setup();
    let gate = setup.gate.clone();
    let (addr, _stop) = listen(move |config| {
        let guarded = async |_: Verified, _: Captcha<web::Form<SignUp>>, _: Verified| "in";
        config
            .app_data(gate.clone())
            .route("/", web::post().to(guarded));
    });
    let id = captcha.issue().await;
    let answer = captcha_testkit::contract::Captcha::ANSWER;
    let exchanged = captcha.manager.exchange(&id, answer).await.unwrap();
    let captcha_core::manager::Exchange::Token(token) = exchanged else {
        panic!("wrong");
    };
    let call = Call::post("/").token(token.as_str());
    let reply = call.form("username=a&email=e&note=n").send(addr).await;
    assert_eq!(
        (reply.status.as_u16(), reply.text()),
        (200, "in".to_owned())
    );
}

/// The gate of the innermost scope is asked.
#[tokio::test]
async fn the_nearest_gate_is_asked() {
    let (far, near) = (
        StubVerifier::passes(),
        StubVerifier::refuses("token_expired"),
    );
    let (far_gate, near_gate) = (Gate::new(far.clone()), Gate::new(near.clone()));
    let (addr, _stop) = listen(move |config| {
        let admin = web::scope("/admin")
            .app_data(near_gate.clone())
            .route("", web::post().to(protected_form));
        config.app_data(far_gate.clone()).service(admin);
    });
    let reply = Call::post("/admin").form(SOLVED).send(addr).await;
    assert_eq!(reply.refusal(), (400, "token_expired".to_owned()));
    assert_eq!((far.asked(), near.asked()), (0, 1));
}

/// A gate that is missing, or added in a way that leaves open which one counts, lets nobody in.
#[tokio::test]
async fn a_gate_that_is_not_there_lets_nobody_in() {
    let stub = StubVerifier::passes();
    let gate = Gate::new(stub.clone());
    let (addr, _stop) = listen(move |config| {
        let wrapped = web::scope("/wrapped")
            .app_data(web::Data::new(gate.clone()))
            .route("", web::post().to(protected_form));
        config
            .service(wrapped)
            .route("/none", web::post().to(protected_form));
    });
    for path in ["/none", "/wrapped"] {
        let reply = Call::post(path).form(SOLVED).send(addr).await;
        assert_eq!(
            reply.refusal(),
            (503, "captcha_unavailable".to_owned()),
            "{path}"
        );
    }
    assert_eq!(stub.asked(), 0);
}
