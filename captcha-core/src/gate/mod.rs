//! The gate an adapter calls: finds the credential in a request, asks the verifier, and turns
//! the outcome into a [`Pass`] or a [`Rejection`].
//!
//! It knows no framework. An adapter
//!
//! 1. asks [`Gate::plan`] with the request's head, which refuses early or says how much body to
//!    read,
//! 2. buffers that much, answering [`Rejection::body_too_large`] past the limit,
//! 3. calls [`Gate::check`] and hands the same bytes on to the handler.
//!
//! # Deployment caveat
//!
//! The client address is the socket peer until [`GateBuilder::trust_proxies`] lists the proxies
//! in front. List only addresses whose forwarding header you control: whoever may set that
//! header chooses the address that verifiers and rate limits see.

mod body;
mod buffer;
mod builder;
mod clearance;
mod client_address;
mod fields;
mod head;
mod json;
mod multipart;
mod rejection;
mod submission;
mod urlencoded;

pub use body::BodyPlan;
pub use buffer::{BodyBuffer, Linger};
pub use builder::GateBuilder;
pub use clearance::Clearances;
pub use client_address::{ClientAddress, ForwardingHeader};
pub use fields::FoundFields;
pub use head::{HttpHead, PeerAddr, RequestHead, is_safe};
pub use rejection::Rejection;
pub use submission::Submission;

pub(crate) use body::scan;
pub(crate) use client_address::rate_limit_key;
pub(crate) use fields::FieldNames;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::verify::{Pass, Verdict, Verifier, VerifyError, VerifyErrorKind};

/// A verifier together with everything that decides which requests reach it, and how.
///
/// Cheap to clone: clones share one verifier and are the same gate to
/// [`Clearances::of`].
///
/// ```
/// use captcha_core::gate::Gate;
/// # use captcha_core::verify::*;
/// # fn gate(verifier: impl Verifier + 'static) -> Result<(), Box<dyn std::error::Error>> {
/// let gate = Gate::builder(verifier)
///     .max_body_bytes(64 * 1024)
///     .trust_proxies(["10.0.0.0/8".parse()?])
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

struct Inner {
    verifier: Arc<dyn Verifier>,
    names: Arc<FieldNames>,
    address: ClientAddress,
    header: String,
    query: bool,
    max_body_bytes: usize,
    max_token_bytes: usize,
    deadline: Duration,
    retry_after: Duration,
}

impl Gate {
    /// How much of a refused, too large body an adapter still reads and throws away, in bytes.
    ///
    /// A connection closed over unread data is reset, and the client may lose the answer that
    /// says why. Past this much it has to take that.
    pub const LINGER_BYTES: usize = 4 * 1024 * 1024;

    /// A gate with the default limits in front of this verifier.
    #[must_use]
    pub fn new(verifier: impl Verifier + 'static) -> Self {
        GateBuilder::new(verifier).assemble()
    }

    /// A gate whose limits, proxies and token locations are set one by one.
    pub fn builder(verifier: impl Verifier + 'static) -> GateBuilder {
        GateBuilder::new(verifier)
    }

    /// Decides on the head alone whether the body has to be read, and up to which size.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] that needs no body: no token possible, a malformed or doubled token in the
    /// head, a declared length above the limit, an encoding the adapter cannot unpack.
    pub fn plan(&self, head: &(impl RequestHead + ?Sized)) -> Result<BodyPlan, Rejection> {
        let token = submission::head_token(&self.inner, head)?;
        body::plan(head, token.is_some(), self.inner.max_body_bytes)
    }

    /// Finds the credential in head and body and asks the verifier about it.
    ///
    /// `body` is the decoded body that [`plan`](Self::plan) asked for, or `None` where it said
    /// [`BodyPlan::Skip`].
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to answer with.
    pub fn check<'a, H: RequestHead + ?Sized>(
        &'a self,
        head: &'a H,
        body: Option<&'a Bytes>,
    ) -> impl Future<Output = Result<Pass, Rejection>> + Send + use<'a, H> {
        let submission = self.locate(head, body);
        async move { self.verify(&submission?).await }
    }

    /// The first half of [`check`](Self::check): finds the credential, asks nobody.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] when there is no credential, or none that can be asked about.
    pub fn locate<'a>(
        &'a self,
        head: &'a (impl RequestHead + ?Sized),
        body: Option<&'a Bytes>,
    ) -> Result<Submission<'a>, Rejection> {
        let mut found = self.fields();
        if let Some(body) = body {
            scan(head, body, &mut found);
        }
        self.submit(head, found)
    }

    /// An empty collection for the body fields this gate looks for.
    ///
    /// For adapters whose framework streams fields one by one and cannot hand over the body;
    /// pass it to [`submit`](Self::submit) once filled.
    #[must_use]
    pub fn fields<'a>(&self) -> FoundFields<'a> {
        FoundFields::new(Arc::clone(&self.inner.names))
    }

    /// Joins the head's token with fields that were collected from the body.
    ///
    /// # Errors
    ///
    /// As [`locate`](Self::locate).
    pub fn submit<'a>(
        &'a self,
        head: &'a (impl RequestHead + ?Sized),
        fields: FoundFields<'a>,
    ) -> Result<Submission<'a>, Rejection> {
        Submission::resolve(&self.inner, head, fields)
    }

    /// The second half of [`check`](Self::check): asks the verifier, within the deadline, and
    /// applies its fail mode.
    ///
    /// Needs a Tokio runtime with time enabled, which axum, actix-web and Rocket bring.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to answer with.
    pub async fn verify(&self, submission: &Submission<'_>) -> Result<Pass, Rejection> {
        let inner = &*self.inner;
        let asked = inner.verifier.verify(submission.request());
        let outcome = tokio::time::timeout(inner.deadline, asked)
            .await
            .unwrap_or_else(|_| {
                let waited = format!("no verdict within {:?}", inner.deadline);
                Err(VerifyError::new(VerifyErrorKind::Timeout).with_source(waited))
            });
        match inner.verifier.fail_mode().apply(outcome) {
            Ok(Verdict::Passed(pass)) => Ok(pass),
            Ok(Verdict::Refused(refusal)) => {
                let reason_code = refusal.reason_code().public();
                tracing::debug!(%reason_code, detail = refusal.error(), "captcha refused");
                Err(Rejection::refused(&refusal))
            }
            Err(error) => {
                let (code, cause) = (error.code(), error.source_text());
                if error.kind() == VerifyErrorKind::InvalidConfig {
                    tracing::error!(code, cause, "captcha verifier is misconfigured");
                } else {
                    tracing::warn!(code, cause, "captcha verifier gave no verdict");
                }
                Err(Rejection::unavailable(inner.retry_after))
            }
        }
    }

    /// Where a request's client address comes from.
    #[must_use]
    pub fn client_address(&self) -> &ClientAddress {
        &self.inner.address
    }

    /// The largest body the gate reads, in bytes.
    #[must_use]
    pub fn max_body_bytes(&self) -> usize {
        self.inner.max_body_bytes
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("max_body_bytes", &self.inner.max_body_bytes)
            .field("max_token_bytes", &self.inner.max_token_bytes)
            .field("deadline", &self.inner.deadline)
            .finish_non_exhaustive()
    }
}
