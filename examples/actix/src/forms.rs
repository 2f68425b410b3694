use std::future::Future;
use std::pin::Pin;

use actix_multipart::Multipart;
use actix_web::dev::Payload;
use actix_web::error::{ErrorBadRequest, ErrorUnprocessableEntity};
use actix_web::http::header;
use actix_web::{Error, FromRequest, HttpRequest, web};
use futures_util::TryStreamExt;
use serde::de::DeserializeOwned;

/// A form as urlencoded, multipart or JSON, whichever the client sends.
pub(crate) struct AnyForm<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for AnyForm<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let content_type = request.headers().get(header::CONTENT_TYPE);
            let content_type = content_type.map_or(&b""[..], |value| value.as_bytes());
            if content_type.starts_with(b"application/json") {
                let form = web::Json::<T>::from_request(&request, &mut payload).await?;
                Ok(Self(form.into_inner()))
            } else if content_type.starts_with(b"multipart/form-data") {
                let multipart = Multipart::from_request(&request, &mut payload).await?;
                let form = example_site::from_fields(text_fields(multipart).await?);
                Ok(Self(form.map_err(ErrorUnprocessableEntity)?))
            } else {
                let form = web::Form::<T>::from_request(&request, &mut payload).await?;
                Ok(Self(form.into_inner()))
            }
        })
    }
}

async fn text_fields(mut multipart: Multipart) -> Result<Vec<(String, String)>, Error> {
    let mut fields = Vec::new();
    while let Some(mut field) = multipart.try_next().await? {
        let disposition = field.content_disposition();
        let is_file = disposition.is_some_and(|d| d.get_filename().is_some());
        let name = field.name().map(str::to_owned);
        let mut content = Vec::new();
        while let Some(piece) = field.try_next().await? {
            if !is_file {
                content.extend_from_slice(&piece);
            }
        }
        if let (Some(name), false) = (name, is_file) {
            let text = String::from_utf8(content).map_err(ErrorBadRequest)?;
            fields.push((name, text));
        }
    }
    Ok(fields)
}
