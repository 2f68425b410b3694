//! One client for every hosted provider. What is particular about a provider is a
//! [`Provider`]; everything else, from connections to the fail mode, is here once.

mod account;
pub(crate) mod any;
mod ask;
mod builder;
mod client;
mod env;
mod provider;

pub(crate) use account::Account;
pub use any::{AnyClient, AnyProvider};
pub(crate) use ask::{Ask, Reading};
#[cfg(feature = "blocking")]
pub(crate) use builder::sealed as from_async;
pub use builder::{Build, HostedClientBuilder};
pub use client::HostedClient;
pub(crate) use env::variable;
pub use provider::Provider;
pub(crate) use provider::{Listed, Profile, Variables, variables};
