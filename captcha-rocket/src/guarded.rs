use captcha_core::gate::{Gate, Rejection};
use captcha_core::verify::Pass;
use rocket::http::Status;
use rocket::{Data, Request};

/// A body that [`Captcha`](crate::Captcha) and [`Checked`](crate::Checked) can guard: Rocket's
/// `Form` and `Json`. It cannot be implemented elsewhere, since it decides what is verified.
#[rocket::async_trait]
pub trait GuardedBody<'r>: sealed::Sealed + Sized + Send {
    /// Why a body cannot be parsed.
    type Error: Send;

    /// Takes a request through the gate and parses its body.
    #[doc(hidden)]
    async fn admit(
        gate: &Gate,
        request: &'r Request<'_>,
        data: Data<'r>,
        on_refusal: OnRefusal,
    ) -> Admitted<Self, Self::Error>;
}

pub(crate) mod sealed {
    pub trait Sealed {}

    impl<T> Sealed for rocket::form::Form<T> {}

    impl<T> Sealed for rocket::serde::json::Json<T> {}
}

/// What became of a body on its way through the gate.
#[derive(Debug)]
pub enum Admitted<V, E> {
    /// It was read: the gate's outcome, and the value or why there is none.
    Read {
        /// What the gate said.
        outcome: Result<Pass, Rejection>,
        /// What the body holds.
        value: Result<V, (Status, E)>,
    },
    /// There is nothing to go on with, or nobody wants to.
    Refused(Rejection),
}

/// What a guard does with a refused request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnRefusal {
    /// Fails; the body is not parsed.
    Fail,
    /// Hands over the body all the same.
    Parse,
}
