use captcha_core::verify::Pass;
use rocket::data::{FromData, Outcome};
use rocket::form::{Errors, Form, FromForm};
use rocket::serde::Deserialize;
use rocket::serde::json::{Error as JsonError, Json};
use rocket::{Data, Ignite, Request, Rocket, Sentinel};

use crate::admit::{Admitted, OnRefusal, gate_of};
use crate::rejection::{CaptchaRejection, refuse};
use crate::{fairing, form, json};

/// Runs the data guard `T` behind the captcha gate, where `T` is a `Form` or a `Json`.
///
/// A urlencoded form or JSON is parsed after its token was verified, a multipart form while it
/// comes in: Rocket cannot read a body twice. `T` receives the fields and files it would receive
/// without protection, the token among them, so a `Strict` form has to declare it.
///
/// A refused request is an error with the status of its [`Rejection`](crate::Rejection), and so is
/// a body of another type: nothing is forwarded. Tell routes for forms and for JSON apart by
/// `format`.
///
/// ```
/// # #[macro_use] extern crate rocket;
/// use captcha_rocket::Captcha;
/// use rocket::serde::{Deserialize, json::Json};
///
/// # #[derive(Deserialize)] #[serde(crate = "rocket::serde")] struct SignUp { username: String }
/// #[post("/register", format = "json", data = "<captcha>")]
/// fn register(captcha: Captcha<Json<SignUp>>) -> String {
///     format!("{} {:?}", captcha.value.username, captcha.pass.score())
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct Captcha<T> {
    /// What the verifier said.
    pub pass: Pass,
    /// What `T` parsed.
    pub value: T,
}

fn captcha<'r, V, E>(
    request: &'r Request<'_>,
    admitted: Admitted<V, E>,
) -> Outcome<'r, Captcha<V>, CaptchaRejection<E>> {
    match admitted {
        Admitted::Read {
            outcome: Ok(pass),
            value: Ok(value),
        } => Outcome::Success(Captcha { pass, value }),
        Admitted::Read {
            outcome: Ok(_),
            value: Err((status, error)),
        } => Outcome::Error((status, CaptchaRejection::Inner(error))),
        Admitted::Read {
            outcome: Err(rejection),
            ..
        }
        | Admitted::Refused(rejection) => Outcome::Error(refuse(request, rejection)),
    }
}

#[rocket::async_trait]
impl<'r, T: FromForm<'r>> FromData<'r> for Captcha<Form<T>> {
    type Error = CaptchaRejection<Errors<'r>>;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self, Self::Error> {
        match gate_of(request) {
            Ok(gate) => captcha(
                request,
                form::admit(gate, request, data, OnRefusal::Fail).await,
            ),
            Err(rejection) => Outcome::Error(refuse(request, rejection)),
        }
    }
}

#[rocket::async_trait]
impl<'r, T: Deserialize<'r>> FromData<'r> for Captcha<Json<T>> {
    type Error = CaptchaRejection<JsonError<'r>>;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self, Self::Error> {
        match gate_of(request) {
            Ok(gate) => captcha(
                request,
                json::admit(gate, request, data, OnRefusal::Fail).await,
            ),
            Err(rejection) => Outcome::Error(refuse(request, rejection)),
        }
    }
}

impl<T> Sentinel for Captcha<T> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        fairing::is_missing(rocket)
    }
}
