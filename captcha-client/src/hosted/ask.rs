use std::borrow::Cow;

use captcha_core::verify::{Credential, VerifyRequest};
use secrecy::ExposeSecret;

use super::Account;
use crate::answer::Answer;
use crate::transport::Fields;
use crate::visitor;

/// One question to a provider.
#[expect(missing_debug_implementations, reason = "nobody can have one")]
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    pub(crate) account: &'a Account,
    pub(crate) request: &'a VerifyRequest<'a>,
}

impl<'a> Ask<'a> {
    pub(crate) fn secret(self) -> &'a str {
        self.account.secret.expose_secret()
    }

    pub(crate) fn site_key(self) -> &'a str {
        &self.account.site_key
    }

    /// The token, where the proof is one.
    pub(crate) fn token(self) -> &'a str {
        self.request.credential().token().unwrap_or_default()
    }

    /// The visitor's address, without a port and never as an IPv4 address inside an IPv6 one.
    pub(crate) fn client_ip(self) -> Option<String> {
        let ip = self.request.client_ip()?;
        Some(ip.to_canonical().to_string())
    }

    /// The visitor's browser, unless no browser is called so.
    pub(crate) fn user_agent(self) -> Option<&'a str> {
        let user_agent = self.request.user_agent();
        user_agent.filter(|user_agent| visitor::is_user_agent(user_agent))
    }

    /// These fields and, under the name that is set, the visitor's address.
    pub(crate) fn fields(self, fields: &[(&'a str, &'a str)]) -> Fields<'a> {
        let borrowed = |(name, value): &(&'a str, &'a str)| (*name, Cow::Borrowed(*value));
        let mut fields: Fields<'a> = fields.iter().map(borrowed).collect();
        if let (Some(name), Some(ip)) = (&self.account.client_ip_field, self.client_ip()) {
            fields.push((name, ip.into()));
        }
        fields
    }

    /// Everything the visitor sent as proof.
    pub(crate) fn proof(self) -> Vec<&'a str> {
        match self.request.credential() {
            Credential::Token(token) => vec![token],
            Credential::Fields(fields) => fields.iter().map(|(_, value)| value.as_ref()).collect(),
        }
    }
}

/// How an answer is read.
#[expect(missing_debug_implementations, reason = "nobody can have one")]
pub struct Reading<'a> {
    /// What was asked.
    pub(crate) ask: Ask<'a>,
    /// Removes secrets from the provider's text.
    pub(crate) scrub: &'a (dyn Fn(&str) -> String + Sync),
}

impl Reading<'_> {
    /// Nothing, unless an answer says that it was made with keys for tests.
    ///
    /// # Errors
    ///
    /// The operator's mistake.
    pub(crate) fn no_test(&self, says_so: bool) -> Result<(), Answer> {
        match says_so && !self.ask.account.allow_test_keys {
            true => Err(Answer::Misconfigured(
                "the provider's keys for tests are in use".to_owned(),
            )),
            false => Ok(()),
        }
    }

    /// A text of the provider's, unless it is longer than such texts are or holds what no text
    /// may repeat.
    pub(crate) fn own<'t>(&self, text: &'t str) -> Option<&'t str> {
        /// Longer than any host name (253) and any sensible action, in bytes.
        const LONGEST_TEXT: usize = 255;
        let own = text.len() <= LONGEST_TEXT && (self.scrub)(text) == text;
        own.then_some(text)
    }
}
