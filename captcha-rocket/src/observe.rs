use std::future::Future;

use captcha_core::gate::{FoundFields, Gate};
use rocket::form::error::ErrorKind;
use rocket::form::{DataField, Error, Errors, FromForm, Options, ValueField};
use rocket::request::local_cache;

tokio::task_local! {
    /// The gate for which a form is being observed: `FromForm` has no way to be told.
    static GATE: Gate;
}

/// Runs a form guard so that every [`Observed`] in it looks for this gate's fields.
pub(crate) async fn observing<F: Future>(gate: &Gate, guard: F) -> F::Output {
    GATE.scope(gate.clone(), guard).await
}

/// Parses a `T` and notes the captcha fields that pass by. Rocket's bodies cannot be read twice.
pub(crate) struct Observed<'v, T> {
    pub(crate) value: rocket::form::Result<'v, T>,
    pub(crate) fields: FoundFields<'static>,
    pub(crate) too_large: bool,
}

pub(crate) struct Context<'v, T: FromForm<'v>> {
    inner: T::Context,
    fields: Option<FoundFields<'static>>,
    too_large: bool,
}

#[rocket::async_trait]
impl<'v, T: FromForm<'v>> FromForm<'v> for Observed<'v, T> {
    type Context = Context<'v, T>;

    fn init(options: Options) -> Self::Context {
        Context {
            inner: T::init(options),
            fields: GATE.try_with(Gate::fields).ok(),
            too_large: false,
        }
    }

    fn push_value(context: &mut Self::Context, field: ValueField<'v>) {
        if let Some(fields) = &mut context.fields {
            let name = field.name.source().as_str();
            if fields.wants(name) {
                fields.record(name, field.value.to_owned());
            }
        }
        T::push_value(&mut context.inner, field);
    }

    /// A part with a type of its own is data to Rocket, also when it holds the token.
    async fn push_data(context: &mut Self::Context, field: DataField<'v, '_>) {
        let name = field.name.source().as_str();
        let observed = context.fields.as_mut().filter(|fields| fields.wants(name));
        let Some(fields) = observed else {
            T::push_data(&mut context.inner, field).await;
            return;
        };
        // Bounded by the stream's own limit, `data-form`.
        let limit = field.request.limits().get("data-form");
        let limit = limit.unwrap_or(rocket::data::Limits::DATA_FORM);
        match field.data.open(limit).into_string().await {
            Ok(text) if text.is_complete() => {
                let text: &'v str = local_cache!(field.request, text.into_inner());
                fields.record(name, text.to_owned());
                T::push_value(&mut context.inner, ValueField::from((name, text)));
            }
            Ok(_) => context.too_large = true,
            Err(error) => {
                fields.record_not_text(name);
                T::push_error(&mut context.inner, error.into());
            }
        }
    }

    fn push_error(context: &mut Self::Context, error: Error<'v>) {
        match error.kind {
            ErrorKind::InvalidLength { max: Some(_), .. } => context.too_large = true,
            _ => {
                if let Some(fields) = &mut context.fields {
                    fields.mark_broken();
                }
            }
        }
        T::push_error(&mut context.inner, error);
    }

    fn finalize(context: Self::Context) -> rocket::form::Result<'v, Self> {
        let Some(fields) = context.fields else {
            return Err(Errors::from(Error::from(ErrorKind::Unknown)));
        };
        Ok(Self {
            value: T::finalize(context.inner),
            fields,
            too_large: context.too_large,
        })
    }
}
