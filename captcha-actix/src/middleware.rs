use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use captcha_core::gate::{Gate, is_safe};

use crate::admit::admit;
use crate::rejection::respond;

/// Protects everything inside it: requests reach the inner service only through the gate.
///
/// GET, HEAD and OPTIONS pass untouched. Handlers read the pass with
/// [`Verified`](crate::Verified).
///
/// Forms, JSON and multipart bodies are buffered up to the gate's limit, whatever `PayloadConfig`
/// says further inside; a token in the head leaves a multipart or binary body unread, so that it
/// can be streamed.
///
/// ```
/// use actix_web::{App, web};
/// use captcha_actix::{CaptchaMiddleware, Gate};
///
/// fn configure(config: &mut web::ServiceConfig, gate: Gate) {
///     config.service(
///         web::resource("/comment")
///             .wrap(CaptchaMiddleware::new(gate))
///             .route(web::post().to(|| async { "thank you" })),
///     );
/// }
/// ```
#[derive(Debug, Clone)]
pub struct CaptchaMiddleware {
    gate: Gate,
}

impl CaptchaMiddleware {
    /// A middleware that lets requests through this gate.
    #[must_use]
    pub const fn new(gate: Gate) -> Self {
        Self { gate }
    }
}

impl<S, B> Transform<S, ServiceRequest> for CaptchaMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = CaptchaMiddlewareService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(CaptchaMiddlewareService {
            service: Rc::new(service),
            gate: self.gate.clone(),
        }))
    }
}

/// The service that a [`CaptchaMiddleware`] makes.
#[derive(Debug)]
pub struct CaptchaMiddlewareService<S> {
    service: Rc<S>,
    gate: Gate,
}

impl<S, B> Service<ServiceRequest> for CaptchaMiddlewareService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let service = Rc::clone(&self.service);
        if is_safe(request.method().as_str()) {
            return Box::pin(async move {
                let response = service.call(request).await?;
                Ok(response.map_into_left_body())
            });
        }
        let gate = self.gate.clone();
        Box::pin(async move {
            let (request, payload) = request.into_parts();
            match admit(&gate, &request, payload).await {
                Ok((payload, Ok(_))) => {
                    let request = ServiceRequest::from_parts(request, payload);
                    let response = service.call(request).await?;
                    Ok(response.map_into_left_body())
                }
                // A response rather than an error, so that outer middleware sees one.
                Ok((_, Err(rejection))) | Err(rejection) => {
                    let response = ServiceResponse::new(request, respond(rejection));
                    Ok(response.map_into_right_body())
                }
            }
        })
    }
}
