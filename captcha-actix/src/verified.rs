use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use captcha_core::verify::Pass;

use crate::admit::{admit_head, gate_of};
use crate::rejection::CaptchaRejection;

/// Proof that this request passed the gate, without touching the body.
///
/// Behind a [`CaptchaMiddleware`](crate::CaptchaMiddleware) with the same gate it hands out the
/// pass of the middleware. Without one it verifies the token in the request's head, so that an
/// upload of any size can be streamed by the handler.
///
/// ```
/// use actix_web::web;
/// use captcha_actix::Verified;
///
/// async fn upload(Verified(pass): Verified, body: web::Payload) { /* … */ }
/// ```
#[derive(Debug, Clone)]
pub struct Verified(pub Pass);

impl FromRequest for Verified {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let gate = gate_of(&request).map_err(CaptchaRejection)?;
            let pass = admit_head(&gate, &request)
                .await
                .map_err(CaptchaRejection)?;
            Ok(Self(pass))
        })
    }
}
