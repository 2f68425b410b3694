use captcha_core::gate::Rejection;
use captcha_core::verify::Pass;
use rocket::data::{FromData, Outcome};
use rocket::form::{Errors, Form, FromForm};
use rocket::serde::Deserialize;
use rocket::serde::json::{Error as JsonError, Json};
use rocket::{Data, Ignite, Request, Rocket, Sentinel};

use crate::admit::{Admitted, OnRefusal, gate_of};
use crate::rejection::{CaptchaRejection, refuse};
use crate::{fairing, form, json};

/// The parsed body together with the captcha's outcome, for handlers that show a refused form
/// again with what was typed.
///
/// The value can only be had with the outcome in hand:
///
/// ```
/// # #[macro_use] extern crate rocket;
/// use captcha_rocket::Checked;
/// use rocket::form::Form;
///
/// # #[derive(FromForm)] struct SignUp { username: String }
/// #[post("/register", data = "<checked>")]
/// fn register(checked: Checked<Form<SignUp>>) -> String {
///     match checked.into_result() {
///         Ok((_pass, form)) => format!("Welcome, {}", form.username),
///         Err((rejection, form)) => format!("{rejection} Once more, {}", form.username),
///     }
/// }
/// # fn main() {}
/// ```
///
/// A body that `T` cannot parse is an error of `T`; one past the limit is answered 413.
#[derive(Debug)]
#[must_use = "the handler runs for refused requests too"]
pub struct Checked<T> {
    outcome: Result<Pass, Rejection>,
    value: T,
}

impl<T> Checked<T> {
    /// The value, with the pass or with the refusal.
    ///
    /// # Errors
    ///
    /// The refusal and the value, when the captcha was not solved.
    pub fn into_result(self) -> Result<(Pass, T), (Rejection, T)> {
        match self.outcome {
            Ok(pass) => Ok((pass, self.value)),
            Err(rejection) => Err((rejection, self.value)),
        }
    }
}

fn checked<'r, V, E>(
    request: &'r Request<'_>,
    admitted: Admitted<V, E>,
) -> Outcome<'r, Checked<V>, CaptchaRejection<E>> {
    match admitted {
        Admitted::Read {
            outcome,
            value: Ok(value),
        } => Outcome::Success(Checked { outcome, value }),
        Admitted::Read {
            value: Err((status, error)),
            ..
        } => Outcome::Error((status, CaptchaRejection::Inner(error))),
        Admitted::Refused(rejection) => Outcome::Error(refuse(request, rejection)),
    }
}

#[rocket::async_trait]
impl<'r, T: FromForm<'r>> FromData<'r> for Checked<Form<T>> {
    type Error = CaptchaRejection<Errors<'r>>;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self, Self::Error> {
        match gate_of(request) {
            Ok(gate) => checked(
                request,
                form::admit(gate, request, data, OnRefusal::Parse).await,
            ),
            Err(rejection) => Outcome::Error(refuse(request, rejection)),
        }
    }
}

#[rocket::async_trait]
impl<'r, T: Deserialize<'r>> FromData<'r> for Checked<Json<T>> {
    type Error = CaptchaRejection<JsonError<'r>>;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self, Self::Error> {
        match gate_of(request) {
            Ok(gate) => checked(
                request,
                json::admit(gate, request, data, OnRefusal::Parse).await,
            ),
            Err(rejection) => Outcome::Error(refuse(request, rejection)),
        }
    }
}

impl<T> Sentinel for Checked<T> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        fairing::is_missing(rocket)
    }
}
