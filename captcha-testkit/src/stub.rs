use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use captcha_core::verify::{
    Credential, FailMode, FieldSet, Pass, ReasonCode, Refusal, Verdict, Verifier, VerifyError,
    VerifyErrorKind, VerifyRequest,
};

/// A verifier that does as it is told and remembers what it was asked. Clones are one verifier.
///
/// Put it behind the gate of the service you test, and send any token:
///
/// ```
/// use captcha_core::gate::Gate;
/// use captcha_testkit::StubVerifier;
///
/// let stub = StubVerifier::passes();
/// let gate = Gate::new(stub.clone());
/// // … send your service a form with `captchaToken=anything` …
/// assert_eq!(stub.asked(), 0);
/// ```
///
/// It reads `captchaToken` only. For a form that sends an id and an answer, name its fields, or
/// use a manager whose answer you know:
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use captcha_core::manager::{ANSWER_FIELD, CaptchaManager, ID_FIELD};
/// use captcha_core::storage::MemoryStorage;
/// use captcha_core::verify::FieldSet;
/// use captcha_testkit::{KnownAnswer, StubVerifier};
///
/// let fields = FieldSet::together([ID_FIELD, ANSWER_FIELD]);
/// let stub = StubVerifier::passes().with_fields([fields]);
///
/// let manager = CaptchaManager::builder(MemoryStorage::new())
///     .factory(KnownAnswer("SESAME"))
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct StubVerifier {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    behaviour: Behaviour,
    fail_mode: FailMode,
    fields: Vec<FieldSet>,
    asked: AtomicUsize,
    seen: Mutex<Option<Seen>>,
}

#[derive(Debug, Clone)]
enum Behaviour {
    Pass(Pass),
    Refuse(ReasonCode),
    Fail(VerifyErrorKind, String),
    Hang,
}

/// One request as the stub saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The token, or the values of the fields that were sent together.
    pub credential: Vec<String>,
    /// The visitor's address.
    pub client_ip: Option<IpAddr>,
    /// The visitor's user agent.
    pub user_agent: Option<String>,
}

impl StubVerifier {
    fn new(behaviour: Behaviour) -> Self {
        Self {
            inner: Arc::new(Inner {
                behaviour,
                fail_mode: FailMode::Closed,
                fields: vec![FieldSet::token("captchaToken")],
                asked: AtomicUsize::new(0),
                seen: Mutex::new(None),
            }),
        }
    }

    /// Passes every credential, with a score of 0.1.
    #[must_use]
    pub fn passes() -> Self {
        Self::new(Behaviour::Pass(Pass::new().with_score(0.1, 0.1)))
    }

    /// Refuses every credential for this reason.
    #[must_use]
    pub fn refuses(reason: impl Into<ReasonCode>) -> Self {
        Self::new(Behaviour::Refuse(reason.into()))
    }

    /// Never reaches a verdict; `cause` is the error's source.
    #[must_use]
    pub fn fails(kind: VerifyErrorKind, cause: impl Into<String>) -> Self {
        Self::new(Behaviour::Fail(kind, cause.into()))
    }

    /// Never answers.
    #[must_use]
    pub fn hangs() -> Self {
        Self::new(Behaviour::Hang)
    }

    /// The same, in fail-open mode. The count starts anew.
    #[must_use]
    pub fn fail_open(self) -> Self {
        self.rebuilt(|inner| inner.fail_mode = FailMode::Open)
    }

    /// The same, reading these body fields. The count starts anew.
    #[must_use]
    pub fn with_fields(self, fields: impl IntoIterator<Item = FieldSet>) -> Self {
        self.rebuilt(|inner| inner.fields = fields.into_iter().collect())
    }

    fn rebuilt(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner {
            behaviour: self.inner.behaviour.clone(),
            fail_mode: self.inner.fail_mode,
            fields: self.inner.fields.clone(),
            asked: AtomicUsize::new(0),
            seen: Mutex::new(None),
        };
        change(&mut inner);
        Self {
            inner: Arc::new(inner),
        }
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.inner.asked.load(Ordering::SeqCst)
    }

    /// The last request it saw.
    #[must_use]
    pub fn seen(&self) -> Option<Seen> {
        self.inner.seen.lock().unwrap().clone()
    }
}

#[async_trait]
impl Verifier for StubVerifier {
    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
        self.inner.asked.fetch_add(1, Ordering::SeqCst);
        let credential = match request.credential() {
            Credential::Token(token) => vec![token.to_string()],
            Credential::Fields(fields) => fields.iter().map(|(_, v)| v.to_string()).collect(),
        };
        *self.inner.seen.lock().unwrap() = Some(Seen {
            credential,
            client_ip: request.client_ip(),
            user_agent: request.user_agent().map(str::to_owned),
        });
        match &self.inner.behaviour {
            Behaviour::Pass(pass) => Ok(Verdict::Passed(pass.clone())),
            Behaviour::Refuse(reason) => Ok(Verdict::Refused(
                Refusal::new(reason.clone()).with_error("said the stub, in words of its own"),
            )),
            Behaviour::Fail(kind, cause) => {
                Err(VerifyError::new(*kind).with_source(cause.as_str()))
            }
            Behaviour::Hang => std::future::pending().await,
        }
    }

    fn fail_mode(&self) -> FailMode {
        self.inner.fail_mode
    }

    fn field_sets(&self) -> Vec<FieldSet> {
        self.inner.fields.clone()
    }
}
