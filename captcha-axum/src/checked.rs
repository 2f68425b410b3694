use axum::extract::{FromRef, FromRequest, Request};
use captcha_core::gate::{Gate, Rejection};
use captcha_core::verify::Pass;

use crate::admit::admit;
use crate::body::default_limit;
use crate::rejection::CaptchaRejection;

/// The parsed body together with the captcha's outcome, for handlers that show a refused form
/// again with what was typed.
///
/// The value can only be had with the outcome in hand:
///
/// ```
/// use axum::Form;
/// use axum::response::{IntoResponse, Response};
/// use captcha_axum::Checked;
///
/// # #[derive(serde::Deserialize)] struct SignUp { username: String }
/// async fn register(checked: Checked<Form<SignUp>>) -> Response {
///     match checked.into_result() {
///         Ok((_pass, Form(form))) => format!("Welcome, {}", form.username).into_response(),
///         Err((rejection, Form(form))) => {
///             (rejection.status(), format!("Once more, {}", form.username)).into_response()
///         }
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

impl<S, T> FromRequest<S> for Checked<T>
where
    S: Send + Sync,
    Gate: FromRef<S>,
    T: FromRequest<S>,
{
    type Rejection = CaptchaRejection<T::Rejection>;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let gate = Gate::from_ref(state);
        let most = default_limit(&mut request);
        let (request, outcome) = admit(&gate, request, most).await?;
        match T::from_request(request, state).await {
            Ok(value) => Ok(Self { outcome, value }),
            Err(inner) => Err(outcome.map_or_else(Into::into, |_| CaptchaRejection::Inner(inner))),
        }
    }
}
