use captcha_core::gate::{BodyPlan, Gate, Rejection};
use rocket::data::{FromData, Limits};
use rocket::form::{Errors, Form, FromForm, ValueField};
use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::request::local_cache;
use rocket::{Data, Request};

use crate::admit::{Admitted, buffer_and_verify, cleared, verify, verify_fields};
use crate::body::lower;
use crate::head::Head;
use crate::observe::{Observed, observing};

/// Takes a form through the gate and parses it.
pub(crate) async fn admit<'r, T: FromForm<'r>>(
    gate: &Gate,
    request: &'r Request<'_>,
    data: Data<'r>,
) -> Admitted<'r, Form<T>, Errors<'r>> {
    match request.content_type() {
        Some(kind) if kind.is_form() => urlencoded(gate, request, data).await,
        Some(kind) if kind.is_form_data() => multipart(gate, request, data).await,
        // Only a token in the head can have come along; without one this is a refusal, not a
        // forward.
        _ => match gate.locate(&Head(request), None) {
            Ok(_) => Admitted::Forward(Box::new(data), Status::UnsupportedMediaType),
            Err(rejection) => Admitted::Refused(rejection),
        },
    }
}

async fn urlencoded<'r, T: FromForm<'r>>(
    gate: &Gate,
    request: &'r Request<'_>,
    data: Data<'r>,
) -> Admitted<'r, Form<T>, Errors<'r>> {
    let limit = request.limits().get("form").unwrap_or(Limits::FORM);
    let limit = lower(gate.max_body_bytes(), limit);
    let (body, outcome) = match buffer_and_verify(gate, request, data, limit).await {
        Ok(read) => read,
        Err(rejection) => return Admitted::Refused(rejection),
    };
    if let Err(error) = std::str::from_utf8(&body) {
        let errors = Errors::from(rocket::form::Error::from(error));
        let value = Err((Status::BadRequest, errors));
        return Admitted::Read { outcome, value };
    }
    let pairs: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let pairs: &'r [(String, String)] = local_cache!(request, pairs);
    let fields = pairs
        .iter()
        .map(|(name, value)| ValueField::from((name.as_str(), value.as_str())));
    let value = Form::<T>::parse_iter(fields).map(Form::from);
    let value = value.map_err(|errors| (errors.status(), errors));
    Admitted::Read { outcome, value }
}

/// Rocket streams the parts into `T`, so the token is verified after `T` has seen them all. Files
/// that were written meanwhile are removed when the request is refused.
async fn multipart<'r, T: FromForm<'r>>(
    gate: &Gate,
    request: &'r Request<'_>,
    data: Data<'r>,
) -> Admitted<'r, Form<T>, Errors<'r>> {
    let skip_body = match cleared(gate, request) {
        Some(_) => true,
        None => match gate.plan(&Head(request)) {
            Ok(plan) => plan == BodyPlan::Skip,
            Err(rejection) => return Admitted::Refused(rejection),
        },
    };
    let early = if skip_body {
        Some(verify(gate, request, None).await)
    } else {
        None
    };
    let guard = Form::<Observed<'r, T>>::from_data(request, data);
    let observed = match observing(gate, guard).await {
        Outcome::Success(form) => form.into_inner(),
        Outcome::Forward((data, status)) => return Admitted::Forward(Box::new(data), status),
        Outcome::Error((_, error)) => {
            tracing::debug!(%error, "the form cannot be read");
            return Admitted::Refused(Rejection::missing_token());
        }
    };
    if observed.too_large {
        return Admitted::Refused(Rejection::body_too_large());
    }
    let outcome = match early {
        Some(outcome) => outcome,
        None => verify_fields(gate, request, observed.fields).await,
    };
    let value = observed.value.map(Form::from);
    let value = value.map_err(|errors| (errors.status(), errors));
    Admitted::Read { outcome, value }
}
