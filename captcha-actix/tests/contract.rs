//! The adapter contract on actix-web.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use actix_multipart::Multipart;
use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, Service, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{App, HttpServer, web};
use captcha_actix::{Captcha, CaptchaMiddleware, Checked, Rejection, Verified};
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
    let server = server.run();
    let handle = server.handle();
    std::thread::spawn(move || actix_web::rt::System::new().block_on(server));
    Server {
        addr,
        unpacks_gzip: true,
        whole_route_reads_bodies: true,
        guard: Box::new(Stop(handle)),
    }
}

captcha_testkit::adapter_contract!(serve);
