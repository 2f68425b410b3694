//! Conformance suites and test doubles for everything built on `captcha-core`.
//!
//! * [`StubVerifier`] passes, refuses, fails or hangs, and counts how often it was asked.
//! * [`ManualClock`] moves when it is told to.
//! * [`YieldingStorage`] makes races visible that memory hides.
//! * [`KnownAnswer`] makes challenges whose solution a test knows.
//! * [`SiteverifyServer`] is a hosted provider on loopback, for tests of what it protects.
//! * [`api::ScriptedApi`] stands in for a hosted provider, [`Vector`] is one of its answers.
//! * [`storage_suite!`](crate::storage_suite) checks an implementation of `Storage`.
//! * [`limiter_suite!`](crate::limiter_suite) checks an implementation of `RateLimiter`.
//! * [`nodes_suite!`](crate::nodes_suite) checks what several nodes keep on one server, also while
//!   it is killed or stands still.
//! * [`servers`] are real ones, for tests that need them.
//! * [`adapter_contract!`](crate::adapter_contract) drives a framework adapter over a real
//!   socket through every numbered line of the integration contract.
//!
//! Suites are test code: their functions panic where an expectation is not met.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "suites fail by panicking"
)]

pub mod api;
mod clock;
pub mod contract;
mod factory;
mod limiter;
pub mod nodes;
pub mod rate_limit;
pub mod servers;
mod siteverify;
mod slow;
pub mod storage;
mod stub;
mod traffic;
mod vector;

pub use clock::ManualClock;
pub use factory::KnownAnswer;
pub use limiter::StubLimiter;
pub use siteverify::{Behaviour, SiteverifyServer};
pub use slow::YieldingStorage;
pub use stub::{Seen, StubVerifier};
pub use vector::Vector;
