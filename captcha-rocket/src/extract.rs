use captcha_core::verify::Pass;
use rocket::data::{FromData, Outcome};
use rocket::{Data, Ignite, Request, Rocket, Sentinel};

use crate::admit::gate_of;
use crate::fairing;
use crate::guarded::{Admitted, GuardedBody, OnRefusal};
use crate::rejection::{CaptchaRejection, refuse};

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

#[rocket::async_trait]
impl<'r, T: GuardedBody<'r>> FromData<'r> for Captcha<T> {
    type Error = CaptchaRejection<T::Error>;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self, Self::Error> {
        let gate = match gate_of(request) {
            Ok(gate) => gate,
            Err(rejection) => return Outcome::Error(refuse(request, rejection)),
        };
        match T::admit(gate, request, data, OnRefusal::Fail).await {
            Admitted::Read {
                outcome: Ok(pass),
                value: Ok(value),
            } => Outcome::Success(Self { pass, value }),
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

impl<T> Sentinel for Captcha<T> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        fairing::is_missing(rocket)
    }
}
