use std::fmt;
use std::net::IpAddr;

use captcha_core::verify::VerifyRequest;

/// What is known about the visitor beside the token. Everything is optional.
///
/// ```
/// use captcha_client::VerifyOptions;
///
/// let options = VerifyOptions {
///     client_ip: "192.0.2.7".parse().ok(),
///     user_agent: Some("Mozilla/5.0".to_owned()),
/// };
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// The visitor's address.
    pub client_ip: Option<IpAddr>,
    /// The visitor's `User-Agent` header.
    pub user_agent: Option<String>,
}

impl VerifyOptions {
    pub(crate) fn request<'a>(&'a self, token: &'a str) -> VerifyRequest<'a> {
        VerifyRequest::token(token)
            .with_client_ip(self.client_ip)
            .with_user_agent(self.user_agent.as_deref())
    }
}

impl fmt::Debug for VerifyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Both are personal data.
        f.debug_struct("VerifyOptions").finish_non_exhaustive()
    }
}
