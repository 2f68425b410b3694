//! A captcha gate for Rust web services, whatever the framework and wherever the captcha comes
//! from.
//!
//! This crate holds everything that thinks; `captcha-axum`, `captcha-actix` and
//! `captcha-rocket` are thin layers over it.
//!
//! * [`verify`]: the [`Verifier`](verify::Verifier) trait and what it answers.
//! * [`gate`]: finds the token in a request, asks a verifier, refuses with the right status.
//! * [`manager`]: self-hosted captchas, made of a [`challenge`] factory, [`render`]ers and a
//!   [`storage`].
//! * [`endpoints`]: the HTTP endpoints that serve self-hosted captchas.
//!
//! ```
//! use captcha_core::gate::Gate;
//! use captcha_core::manager::CaptchaManager;
//! use captcha_core::storage::MemoryStorage;
//!
//! # #[cfg(feature = "image")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let manager = CaptchaManager::builder(MemoryStorage::new()).build()?;
//! let gate = Gate::new(manager.clone());
//! # Ok(()) }
//! # #[cfg(not(feature = "image"))]
//! # fn main() {}
//! ```
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `metrics` | no | [`metrics::MetricsFacade`]: counters on the `metrics` facade |
//! | `postgres` | no | [`storage::PostgresStorage`] and [`rate_limit::PostgresTokenBucket`]; needs Rust 1.94 |
//! | `redis` | no | [`storage::RedisStorage`] and [`rate_limit::RedisTokenBucket`] |
//! | `redis-sentinel` | no | [`redis::SharedConnection::to_master`], for both behind Redis Sentinel |
//! | `image` | yes | [`render::ImageRenderer`]: PNG pictures and the font they are drawn with |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod challenge;
pub mod clock;
pub mod endpoints;
mod error;
pub mod gate;
pub mod i18n;
pub mod manager;
pub mod metrics;
#[cfg(doctest)]
mod misuse;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod random;
pub mod rate_limit;
#[cfg(feature = "redis")]
pub mod redis;
pub mod render;
pub mod storage;
pub mod verify;

pub use error::ConfigError;
