use captcha_core::gate::Rejection;
use captcha_core::verify::Pass;
use rocket::data::{FromData, Outcome};
use rocket::{Data, Ignite, Request, Rocket, Sentinel};

use crate::admit::gate_of;
use crate::fairing;
use crate::guarded::{Admitted, GuardedBody, OnRefusal};
use crate::rejection::{CaptchaRejection, refuse};

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
/// A body that `T` cannot parse fails with the refusal or, if the captcha was solved, with the
/// error of `T`; one past the limit is answered 413.
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

#[rocket::async_trait]
impl<'r, T: GuardedBody<'r>> FromData<'r> for Checked<T> {
    type Error = CaptchaRejection<T::Error>;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self, Self::Error> {
        let gate = match gate_of(request) {
            Ok(gate) => gate,
            Err(rejection) => return Outcome::Error(refuse(request, rejection)),
        };
        match T::admit(gate, request, data, OnRefusal::Parse).await {
            Admitted::Read {
                outcome,
                value: Ok(value),
            } => Outcome::Success(Self { outcome, value }),
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
}

impl<T> Sentinel for Checked<T> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        fairing::is_missing(rocket)
    }
}
