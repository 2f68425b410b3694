//! The example site on actix-web.

mod forms;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use captcha_actix::{CaptchaMiddleware, Checked, Head};
use example_site::{Comment, Reply, SignUp, Site};
use forms::AnyForm;

/// The whole site, for [`App::configure`](actix_web::App::configure).
pub fn configure(config: &mut web::ServiceConfig, site: &Site) {
    config
        .app_data(site.gate().clone())
        .app_data(web::Data::new(site.clone()))
        .route("/", web::get().to(page))
        .route("/new-picture", web::post().to(new_picture))
        .route("/register", web::post().to(register))
        .service(
            web::resource("/comment")
                .wrap(CaptchaMiddleware::new(site.gate().clone()))
                .route(web::post().to(comment)),
        )
        .route("/assets/{name}", web::get().to(asset))
        .route("/healthz", web::get().to(healthz))
        .route("/metrics", web::get().to(metrics));
    if let Some(endpoints) = site.endpoints() {
        config.service(captcha_actix::routes(endpoints.clone()));
    }
}

async fn page(site: web::Data<Site>, request: HttpRequest) -> HttpResponse {
    respond(site.page(&Head(&request), &SignUp::default()).await)
}

async fn new_picture(
    site: web::Data<Site>,
    request: HttpRequest,
    typed: AnyForm<SignUp>,
) -> HttpResponse {
    respond(site.page(&Head(&request), &typed.0).await)
}

async fn register(
    site: web::Data<Site>,
    request: HttpRequest,
    checked: Checked<AnyForm<SignUp>>,
) -> HttpResponse {
    let head = Head(&request);
    respond(match checked.into_result() {
        Ok((pass, form)) => site.registered(&head, &pass, &form.0),
        Err((rejection, form)) => site.refused(&head, rejection, &form.0).await,
    })
}

async fn comment(site: web::Data<Site>, comment: AnyForm<Comment>) -> HttpResponse {
    respond(site.commented(&comment.0.text))
}

async fn asset(site: web::Data<Site>, name: web::Path<String>) -> HttpResponse {
    respond(site.asset(&name))
}

async fn healthz(site: web::Data<Site>) -> HttpResponse {
    respond(site.healthz())
}

async fn metrics(site: web::Data<Site>) -> HttpResponse {
    respond(site.metrics())
}

fn respond(reply: Reply) -> HttpResponse {
    let (head, body) = reply.into_parts();
    let status = StatusCode::from_u16(head.status.as_u16());
    let mut response = HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    for (name, value) in &head.headers {
        response.insert_header((name.as_str(), value.as_bytes()));
    }
    response.body(body)
}
