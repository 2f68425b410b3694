use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use captcha_core::gate::Gate;
use captcha_core::verify::Pass;
use http::request::Parts;

use crate::admit::{cleared, note};
use crate::head::Head;
use crate::rejection::CaptchaRejection;

/// Proof that this request passed the gate, without touching the body.
///
/// Behind a [`CaptchaLayer`](crate::CaptchaLayer) with the same gate it hands out the pass of the
/// layer. Without one it verifies the token in the request's head, so that an upload of any size
/// can be streamed by the handler.
///
/// ```
/// use axum::body::Body;
/// use captcha_axum::Verified;
///
/// async fn upload(Verified(pass): Verified, body: Body) { /* … */ }
/// ```
#[derive(Debug, Clone)]
pub struct Verified(pub Pass);

impl<S> FromRequestParts<S> for Verified
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = CaptchaRejection<Infallible>;

    async fn from_request_parts(head: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let gate = Gate::from_ref(state);
        if let Some(pass) = cleared(&gate, head) {
            return Ok(Self(pass));
        }
        let pass = gate.check(&Head(head), None).await?;
        note(&gate, head, &pass);
        Ok(Self(pass))
    }
}
