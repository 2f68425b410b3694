use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

/// What the visitor sent as proof, before anybody has looked at it.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential<'a> {
    /// One string: a provider's token or a self-hosted pass token.
    Token(Cow<'a, str>),
    /// Several fields that only mean something together, as name and value.
    ///
    /// Every name of the [`FieldSet`](super::FieldSet) is present; one that was not sent is
    /// empty. Values may be long (up to the gate's body limit): check before use.
    Fields(Vec<(&'a str, Cow<'a, str>)>),
}

impl Credential<'_> {
    /// The token, where the credential is one.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Token(token) => Some(token),
            Self::Fields(_) => None,
        }
    }

    /// The value of a named field, where the credential is made of fields and has it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        match self {
            Self::Token(_) => None,
            Self::Fields(fields) => fields
                .iter()
                .find(|(field, _)| *field == name)
                .map(|(_, value)| value.as_ref()),
        }
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(..)",
            Self::Fields(_) => "Fields(..)",
        })
    }
}

/// One question to a [`Verifier`](super::Verifier).
///
/// ```
/// use captcha_core::verify::VerifyRequest;
///
/// let request = VerifyRequest::token("tok_123")
///     .with_client_ip("192.0.2.7".parse().ok())
///     .with_user_agent(Some("Mozilla/5.0"));
/// assert_eq!(request.credential().token(), Some("tok_123"));
/// ```
#[derive(Clone)]
pub struct VerifyRequest<'a> {
    credential: Credential<'a>,
    client_ip: Option<IpAddr>,
    user_agent: Option<Cow<'a, str>>,
}

impl<'a> VerifyRequest<'a> {
    /// A question about this credential.
    #[must_use]
    pub const fn new(credential: Credential<'a>) -> Self {
        Self {
            credential,
            client_ip: None,
            user_agent: None,
        }
    }

    /// A question about a single token.
    #[must_use]
    pub fn token(token: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Credential::Token(token.into()))
    }

    /// The visitor's address, never with a port.
    #[must_use]
    pub const fn with_client_ip(mut self, ip: Option<IpAddr>) -> Self {
        self.client_ip = ip;
        self
    }

    /// The visitor's `User-Agent` header.
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: Option<impl Into<Cow<'a, str>>>) -> Self {
        self.user_agent = user_agent.map(Into::into);
        self
    }

    /// What the visitor sent as proof.
    #[must_use]
    pub const fn credential(&self) -> &Credential<'a> {
        &self.credential
    }

    /// The visitor's address, where it is known.
    #[must_use]
    pub const fn client_ip(&self) -> Option<IpAddr> {
        self.client_ip
    }

    /// The visitor's `User-Agent`, where one was sent.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }
}

impl fmt::Debug for VerifyRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyRequest")
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}
