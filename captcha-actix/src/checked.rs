use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use captcha_core::gate::Rejection;
use captcha_core::verify::Pass;

use crate::admit::{admit, gate_of};
use crate::rejection::CaptchaRejection;

/// The parsed body together with the captcha's outcome, for handlers that show a refused form
/// again with what was typed.
///
/// The value can only be had with the outcome in hand:
///
/// ```
/// use actix_web::{HttpResponse, web};
/// use captcha_actix::{Checked, respond};
///
/// # #[derive(serde::Deserialize)] struct SignUp { username: String }
/// async fn register(checked: Checked<web::Form<SignUp>>) -> HttpResponse {
///     match checked.into_result() {
///         Ok((_pass, form)) => HttpResponse::Ok().body(format!("Welcome, {}", form.username)),
///         Err((_, form)) if form.username.is_empty() => HttpResponse::BadRequest().finish(),
///         Err((rejection, _)) => respond(rejection),
///     }
/// }
/// ```
///
/// A body that `T` cannot parse is answered with the refusal or, if the captcha was solved, by `T`;
/// one past the limit is answered 413.
#[derive(Debug)]
#[must_use = "the handler runs for refused requests too"]
pub struct Checked<T> {
    outcome: Result<Pass, Rejection>,
    value: T,
}

impl<T> Checked<T> {
    /// A body with this outcome, for tests that call a handler themselves.
    pub const fn new(outcome: Result<Pass, Rejection>, value: T) -> Self {
        Self { outcome, value }
    }

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

impl<T: FromRequest + 'static> FromRequest for Checked<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let gate = gate_of(&request).map_err(CaptchaRejection)?;
            let admitted = admit(&gate, &request, payload).await;
            let (mut payload, outcome) = admitted.map_err(CaptchaRejection)?;
            match (T::from_request(&request, &mut payload).await, outcome) {
                (Ok(value), outcome) => Ok(Self { outcome, value }),
                (Err(_), Err(rejection)) => Err(CaptchaRejection(rejection).into()),
                (Err(error), Ok(_)) => Err(error.into()),
            }
        })
    }
}
