use std::any::Any;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::Duration;

use captcha_core::endpoints::Endpoints;
use captcha_core::gate::{Gate, Rejection};
use captcha_core::manager::CaptchaManager;
use captcha_core::storage::MemoryStorage;
use captcha_core::verify::Pass;
use serde_json::json;

use crate::{KnownAnswer, ManualClock, StubVerifier, YieldingStorage};

/// What a case asks an adapter to serve.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The gate that protects the routes.
    pub gate: Gate,
    /// The endpoints to serve.
    pub endpoints: Endpoints,
}

/// A running server.
pub struct Server {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Whether the framework unpacks `gzip` requests in this set-up.
    pub unpacks_gzip: bool,
    /// Whether whole-route protection looks for tokens in bodies, not in heads only.
    pub whole_route_reads_bodies: bool,
    /// Stops the server when it is dropped.
    pub guard: Box<dyn Any + Send + Sync>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("addr", &self.addr).finish()
    }
}

/// A self-hosted set-up whose answer, clock and storage a case knows.
#[derive(Debug)]
pub struct Captcha {
    /// The manager behind gate and endpoints.
    pub manager: CaptchaManager,
    /// Decides expiry.
    pub clock: ManualClock,
}

impl Setup {
    /// A gate on this stub. The endpoints are there, with a manager of their own.
    #[must_use]
    pub fn stub(stub: &StubVerifier) -> Self {
        Self::gate(Gate::new(stub.clone()))
    }

    /// This gate, with endpoints of a manager of their own.
    #[must_use]
    pub fn gate(gate: Gate) -> Self {
        let captcha = Captcha::new();
        Self {
            gate,
            endpoints: Endpoints::new(captcha.manager),
        }
    }
}

impl Captcha {
    /// The solution of every challenge.
    pub const ANSWER: &'static str = "XK7QW";

    /// A manager in memory with default limits.
    #[must_use]
    pub fn new() -> Self {
        let clock = ManualClock::new();
        let storage = MemoryStorage::builder().clock(clock.clone()).build();
        let manager = CaptchaManager::builder(YieldingStorage(storage))
            .factory(KnownAnswer(Self::ANSWER))
            .build()
            .unwrap();
        Self { manager, clock }
    }

    /// Gate and endpoints on this manager.
    #[must_use]
    pub fn setup(&self) -> Setup {
        Setup {
            gate: Gate::new(self.manager.clone()),
            endpoints: Endpoints::new(self.manager.clone()),
        }
    }

    /// The id of a fresh challenge.
    pub async fn issue(&self) -> String {
        let issued = self.manager.issue("test").await.unwrap();
        issued.id().as_str().to_owned()
    }

    /// Past the time to live of a challenge.
    pub fn expire(&self) {
        self.clock.advance(Duration::from_secs(121));
    }
}

impl Default for Captcha {
    fn default() -> Self {
        Self::new()
    }
}

/// What a handler says of one part of a multipart body: name, file name, length and a digest.
#[must_use]
pub fn describe_part(name: &str, file_name: Option<&str>, content: &[u8]) -> String {
    let mut digest = DefaultHasher::new();
    content.hash(&mut digest);
    format!(
        "{name} {file_name:?} {} {:x}",
        content.len(),
        digest.finish()
    )
}

/// What a handler says of the pass it holds.
#[must_use]
pub fn describe_pass(pass: &Pass) -> String {
    json!({ "score": pass.score(), "fail_open": pass.fail_open() }).to_string()
}

/// What a handler says of a checked body, status aside: the code of the refusal, if any, and the
/// value it holds in either case.
#[must_use]
pub fn describe_checked(rejection: Option<&Rejection>, username: &str, email: &str) -> String {
    json!({
        "refused": rejection.map(Rejection::code),
        "username": username,
        "email": email,
    })
    .to_string()
}
