//! The example site on Rocket.

use std::io::Cursor;

use captcha_rocket::{CaptchaFairing, Checked, Head, Verified};
use example_site::{Comment, Reply, SignUp, Site};
use rocket::fairing::AdHoc;
use rocket::form::Form;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::response::{self, Responder};
use rocket::serde::json::Json;
use rocket::{Build, Config, FromForm, Request, Response, Rocket, State, get, post, routes};

/// The whole site on this address.
#[must_use]
pub fn app(site: Site, config: Config) -> Rocket<Build> {
    let challenges = site.endpoints().cloned();
    let rocket = rocket::custom(config)
        .attach(CaptchaFairing::new(site.gate().clone()))
        .attach(AdHoc::on_liftoff("announce", |rocket| {
            Box::pin(async {
                let config = rocket.config();
                example_site::announce((config.address, config.port).into());
            })
        }))
        .manage(site)
        .mount(
            "/",
            routes![
                page,
                new_picture,
                register,
                register_json,
                comment,
                comment_json,
                asset,
                healthz,
                metrics
            ],
        );
    match challenges {
        Some(endpoints) => {
            let prefix = endpoints.prefix().to_owned();
            rocket.mount(prefix, captcha_rocket::routes(endpoints))
        }
        None => rocket,
    }
}

/// The forms, as Rocket derives them.
#[derive(FromForm)]
struct SignUpForm {
    username: String,
    email: String,
}

#[derive(FromForm)]
struct CommentForm {
    text: String,
}

impl From<SignUpForm> for SignUp {
    fn from(SignUpForm { username, email }: SignUpForm) -> Self {
        Self { username, email }
    }
}

#[get("/")]
async fn page(site: &State<Site>, head: RequestRef<'_>) -> Answer {
    Answer(site.page(&Head(head.0), &SignUp::default()).await)
}

#[post("/new-picture", data = "<form>")]
async fn new_picture(site: &State<Site>, head: RequestRef<'_>, form: Form<SignUpForm>) -> Answer {
    Answer(site.page(&Head(head.0), &form.into_inner().into()).await)
}

#[post("/register", data = "<checked>", rank = 2)]
async fn register(
    site: &State<Site>,
    head: RequestRef<'_>,
    checked: Checked<Form<SignUpForm>>,
) -> Answer {
    let head = Head(head.0);
    Answer(match checked.into_result() {
        Ok((pass, form)) => site.registered(&head, &pass, &form.into_inner().into()),
        Err((rejection, form)) => {
            let typed = form.into_inner().into();
            site.refused(&head, rejection, &typed).await
        }
    })
}

#[post("/register", format = "json", data = "<checked>")]
async fn register_json(
    site: &State<Site>,
    head: RequestRef<'_>,
    checked: Checked<Json<SignUp>>,
) -> Answer {
    let head = Head(head.0);
    Answer(match checked.into_result() {
        Ok((pass, form)) => site.registered(&head, &pass, &form),
        Err((rejection, form)) => site.refused(&head, rejection, &form).await,
    })
}

#[post("/comment", data = "<form>", rank = 2)]
fn comment(site: &State<Site>, _verified: Verified, form: Form<CommentForm>) -> Answer {
    Answer(site.commented(&form.text))
}

#[post("/comment", format = "json", data = "<comment>")]
fn comment_json(site: &State<Site>, _verified: Verified, comment: Json<Comment>) -> Answer {
    Answer(site.commented(&comment.text))
}

#[get("/assets/<name>")]
fn asset(site: &State<Site>, name: &str) -> Answer {
    Answer(site.asset(name))
}

#[get("/healthz")]
fn healthz(site: &State<Site>) -> Answer {
    Answer(site.healthz())
}

#[get("/metrics")]
fn metrics(site: &State<Site>) -> Answer {
    Answer(site.metrics())
}

/// The request itself, for its head.
struct RequestRef<'r>(&'r Request<'r>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for RequestRef<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self(request))
    }
}

/// A reply of the site as Rocket sends it.
struct Answer(Reply);

impl<'r> Responder<'r, 'static> for Answer {
    fn respond_to(self, _request: &'r Request<'_>) -> response::Result<'static> {
        let (head, body) = self.0.into_parts();
        let mut response = Response::build();
        response.status(Status::new(head.status.as_u16()));
        for (name, value) in &head.headers {
            // Rocket's Shield sets this one, and warns where it finds it set.
            if name.as_str() == "x-content-type-options" {
                continue;
            }
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            response.raw_header(name.as_str().to_owned(), value);
        }
        response.sized_body(body.len(), Cursor::new(body));
        response.ok()
    }
}
