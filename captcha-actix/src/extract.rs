use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use captcha_core::verify::Pass;

use crate::admit::{admit, gate_of};
use crate::rejection::CaptchaRejection;

/// Runs the extractor `T` behind the captcha gate.
///
/// The token is verified first; `T` then reads the same bytes it would read without protection,
/// under its own limits. `T` is any extractor that takes the payload: `web::Form`, `web::Json`,
/// `Multipart`, `web::Bytes`, or one's own. A refused request is answered by
/// [`CaptchaRejection`] and the handler does not run.
///
/// `Option<Captcha<T>>`, `Result<Captcha<T>, _>` and `Either<Captcha<T>, _>` make the protection
/// optional: the handler runs for refused requests too. For pages that show the form again there
/// is [`Checked`](crate::Checked).
///
/// Forms and JSON are buffered up to the gate's limit; so are multipart bodies, unless the token
/// is in the head. A second extractor of the payload finds it empty, as always in actix-web.
///
/// ```
/// use actix_web::web;
/// use captcha_actix::Captcha;
///
/// # #[derive(serde::Deserialize)] struct SignUp { username: String }
/// async fn register(captcha: Captcha<web::Json<SignUp>>) -> String {
///     let Captcha { pass, value } = captcha;
///     format!("{} {:?}", value.username, pass.score())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Captcha<T> {
    /// What the verifier said.
    pub pass: Pass,
    /// What `T` extracted.
    pub value: T,
}

impl<T: FromRequest + 'static> FromRequest for Captcha<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let gate = gate_of(&request).map_err(CaptchaRejection)?;
            let admitted = admit(&gate, &request, payload).await;
            let (mut payload, outcome) = admitted.map_err(CaptchaRejection)?;
            let pass = outcome.map_err(CaptchaRejection)?;
            let value = T::from_request(&request, &mut payload).await;
            let value = value.map_err(Into::into)?;
            Ok(Self { pass, value })
        })
    }
}
