use axum::extract::{FromRef, FromRequest, Request};
use captcha_core::gate::Gate;
use captcha_core::verify::Pass;

use crate::admit::admit;
use crate::body::default_limit;
use crate::rejection::CaptchaRejection;

/// Runs the extractor `T` behind the captcha gate.
///
/// The token is verified first; `T` then reads the same bytes it would read without protection.
/// `T` is any extractor that takes the body: `Form`, `Json`, `Multipart`, `Bytes`, or one's own.
/// A refused request is answered by [`CaptchaRejection`] and the handler does not run.
///
/// `Result<Captcha<T>, _>` as an argument makes the protection optional: the handler runs for
/// refused requests too. For pages that show the form again there is [`Checked`](crate::Checked).
///
/// Forms and JSON are buffered up to the gate's limit or the route's `DefaultBodyLimit`,
/// whichever is lower, and trailers are lost; so are multipart bodies, unless the token is in
/// the head. It has to be the last argument of a handler, as every extractor of the body.
///
/// ```
/// use axum::Json;
/// use captcha_axum::Captcha;
///
/// # #[derive(serde::Deserialize)] struct SignUp { username: String }
/// async fn register(captcha: Captcha<Json<SignUp>>) -> String {
///     let Captcha { pass, value: Json(form) } = captcha;
///     format!("{} {:?}", form.username, pass.score())
/// }
/// ```
///
/// A state without a gate does not compile:
///
/// ```compile_fail
/// use axum::{Json, Router, routing::post};
/// use captcha_axum::Captcha;
///
/// async fn register(_: Captcha<Json<u32>>) {}
/// let app: Router = Router::new().route("/", post(register)).with_state(());
/// ```
#[derive(Debug, Clone)]
pub struct Captcha<T> {
    /// What the verifier said.
    pub pass: Pass,
    /// What `T` extracted.
    pub value: T,
}

impl<S, T> FromRequest<S> for Captcha<T>
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
        let pass = outcome?;
        match T::from_request(request, state).await {
            Ok(value) => Ok(Self { pass, value }),
            Err(rejection) => Err(CaptchaRejection::Inner(rejection)),
        }
    }
}
