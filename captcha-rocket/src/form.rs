use captcha_core::gate::{BodyPlan, Gate, Rejection};
use rocket::data::{FromData, Limits};
use rocket::form::error::ErrorKind;
use rocket::form::{Error, Errors, Form, FromForm, ValueField};
use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::request::local_cache;
use rocket::{Data, Request};

use crate::admit::{buffer_and_verify, cleared, verify, verify_fields};
use crate::body::{linger, lower};
use crate::guarded::{Admitted, GuardedBody, OnRefusal};
use crate::head::Head;
use crate::observe::{Observed, observing};

#[rocket::async_trait]
impl<'r, T: FromForm<'r>> GuardedBody<'r> for Form<T> {
    type Error = Errors<'r>;

    async fn admit(
        gate: &Gate,
        request: &'r Request<'_>,
        data: Data<'r>,
        on_refusal: OnRefusal,
    ) -> Admitted<Self, Errors<'r>> {
        match request.content_type() {
            Some(kind) if kind.is_form() => urlencoded(gate, request, data, on_refusal).await,
            Some(kind) if kind.is_form_data() => multipart(gate, request, data, on_refusal).await,
            // Rocket's own `Form` forwards here. A protected one does not: the next route may be
            // one that nothing protects.
            _ => match verify(gate, request, None).await {
                Err(rejection) => Admitted::Refused(rejection),
                outcome => Admitted::Read {
                    outcome,
                    value: Err((Status::UnsupportedMediaType, ErrorKind::Unexpected.into())),
                },
            },
        }
    }
}

async fn urlencoded<'r, T: FromForm<'r>>(
    gate: &Gate,
    request: &'r Request<'_>,
    data: Data<'r>,
    on_refusal: OnRefusal,
) -> Admitted<Form<T>, Errors<'r>> {
    let limit = request.limits().get("form").unwrap_or(Limits::FORM);
    let limit = lower(gate.max_body_bytes(), limit);
    let (body, outcome) = match buffer_and_verify(gate, request, data, limit).await {
        Ok((_, Err(rejection))) if on_refusal == OnRefusal::Fail => {
            return Admitted::Refused(rejection);
        }
        Ok(read) => read,
        Err(rejection) => return Admitted::Refused(rejection),
    };
    if let Err(error) = std::str::from_utf8(&body) {
        let value = Err((Status::BadRequest, Error::from(error).into()));
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

/// Rocket streams the parts into `T`, so a token among them is verified after `T` has seen them
/// all. Files that were written meanwhile are removed when the request is refused.
async fn multipart<'r, T: FromForm<'r>>(
    gate: &Gate,
    request: &'r Request<'_>,
    data: Data<'r>,
    on_refusal: OnRefusal,
) -> Admitted<Form<T>, Errors<'r>> {
    let plan = match cleared(gate, request) {
        Some(_) => Ok(BodyPlan::Skip),
        None => gate.plan(&Head(request)),
    };
    let early = match plan {
        Ok(BodyPlan::Read { .. }) => None,
        Ok(BodyPlan::Skip) => Some(verify(gate, request, None).await),
        Err(rejection) if rejection.is_of_body() => {
            linger(data).await;
            return Admitted::Refused(rejection);
        }
        Err(rejection) => Some(Err(rejection)),
    };
    if let (Some(Err(rejection)), OnRefusal::Fail) = (&early, on_refusal) {
        return Admitted::Refused(rejection.clone());
    }
    let guard = Form::<Observed<'r, T>>::from_data(request, data);
    let observed = match observing(gate, guard).await {
        Outcome::Success(form) => form.into_inner(),
        Outcome::Forward(_) => return Admitted::Refused(Rejection::missing_token()),
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
