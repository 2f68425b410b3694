//! One client for every hosted provider. What is particular about a provider is a
//! [`Provider`]; everything else, from connections to the fail mode, is here once.

mod builder;
mod client;
mod provider;

#[cfg(feature = "blocking")]
pub(crate) use builder::sealed as from_async;
pub use builder::{Build, HostedClientBuilder};
pub use client::HostedClient;
pub use provider::Provider;
pub(crate) use provider::{Account, Protocol, Reading, Variables};
