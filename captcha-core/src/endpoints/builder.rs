use std::sync::Arc;

use super::{Endpoints, Inner};
use crate::ConfigError;
use crate::gate::{ClientAddress, FieldNames};
use crate::manager::CaptchaManager;
use crate::verify::FieldSet;

/// Sets up [`Endpoints`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct EndpointsBuilder {
    manager: CaptchaManager,
    prefix: String,
    address: ClientAddress,
}

impl EndpointsBuilder {
    pub(super) fn new(manager: CaptchaManager) -> Self {
        Self {
            manager,
            prefix: "/captcha".to_owned(),
            address: ClientAddress::peer(),
        }
    }

    /// The path under which the endpoints are served, as browsers see it. Default `/captcha`.
    /// Starts with a slash, does not end with one, and holds `[A-Za-z0-9/_-]` only.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How to tell the address that rate limits count, usually the gate's
    /// [`client_address`](crate::gate::Gate::client_address).
    pub fn client_address(mut self, address: ClientAddress) -> Self {
        self.address = address;
        self
    }

    /// Checks the settings and makes the endpoints.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting that cannot work.
    pub fn build(self) -> Result<Endpoints, ConfigError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-');
        let prefix = self.prefix.as_str();
        if !prefix.starts_with('/') || prefix.ends_with('/') || prefix.contains("//") {
            let problem = "must start with a slash and not end with one";
            return Err(ConfigError::new("prefix", problem));
        }
        if !prefix.bytes().all(plain) {
            let problem = "may hold letters, digits, '/', '_' and '-' only";
            return Err(ConfigError::new("prefix", problem));
        }
        Ok(self.assemble())
    }

    pub(super) fn assemble(self) -> Endpoints {
        let fields = ["id", "answer"].map(FieldSet::token).to_vec();
        Endpoints {
            inner: Arc::new(Inner {
                manager: self.manager,
                prefix: self.prefix,
                address: self.address,
                answer_fields: Arc::new(FieldNames::of_sets(fields)),
            }),
        }
    }
}
