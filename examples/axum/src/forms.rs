use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use serde::de::DeserializeOwned;

/// A form as urlencoded, multipart or JSON, whichever the client sends.
pub(crate) struct AnyForm<T>(pub(crate) T);

impl<S, T> FromRequest<S> for AnyForm<T>
where
    S: Send + Sync,
    T: DeserializeOwned + 'static,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.map_or(&b""[..], |value| value.as_bytes());
        if content_type.starts_with(b"application/json") {
            let Json(form) = Json::from_request(request, state)
                .await
                .map_err(IntoResponse::into_response)?;
            Ok(Self(form))
        } else if content_type.starts_with(b"multipart/form-data") {
            let multipart = Multipart::from_request(request, state)
                .await
                .map_err(IntoResponse::into_response)?;
            let form = example_site::from_fields(text_fields(multipart).await?);
            let unprocessable = |error| (StatusCode::UNPROCESSABLE_ENTITY, error).into_response();
            Ok(Self(form.map_err(unprocessable)?))
        } else {
            let Form(form) = Form::from_request(request, state)
                .await
                .map_err(IntoResponse::into_response)?;
            Ok(Self(form))
        }
    }
}

async fn text_fields(mut multipart: Multipart) -> Result<Vec<(String, String)>, Response> {
    let mut fields = Vec::new();
    while let Some(field) = multipart
        .next_field()
        .await
        .map_err(IntoResponse::into_response)?
    {
        if let (Some(name), None) = (field.name().map(str::to_owned), field.file_name()) {
            let text = field.text().await.map_err(IntoResponse::into_response)?;
            fields.push((name, text));
        }
    }
    Ok(fields)
}
