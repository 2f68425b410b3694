use std::borrow::Cow;
use std::fmt;

use super::fields::Slot;
use super::{FoundFields, Inner, Rejection, RequestHead};
use crate::verify::{Credential, VerifyRequest};

/// A located credential and its sender, ready to be verified.
pub struct Submission<'a> {
    request: VerifyRequest<'a>,
}

impl<'a> Submission<'a> {
    /// Decides which of everything that was sent is the credential.
    pub(super) fn resolve(
        inner: &'a Inner,
        head: &'a (impl RequestHead + ?Sized),
        mut fields: FoundFields<'a>,
    ) -> Result<Self, Rejection> {
        let mut token = head_token(inner, head)?;
        if fields.has_conflict() {
            return Err(Rejection::duplicate_token());
        }
        if fields.is_broken() && token.is_none() {
            tracing::debug!("captcha token not looked for: the body cannot be read to its end");
            return Err(Rejection::missing_token());
        }
        check_tokens(token.as_deref(), &fields)?;
        if token.is_none() {
            token = fields.take_token();
        }
        let credential = if let Some(token) = token {
            check_shape(&token, inner.max_token_bytes)?;
            Credential::Token(token)
        } else {
            for token in fields.named_tokens() {
                match token {
                    Slot::Absent => {}
                    Slot::Text(token) => check_shape(token, inner.max_token_bytes)?,
                    Slot::NotText => return Err(Rejection::invalid_token()),
                }
            }
            let together = fields.take_together(&inner.names);
            Credential::Fields(together.ok_or(Rejection::missing_token())?)
        };
        let user_agent = head
            .header("user-agent")
            .and_then(|value| std::str::from_utf8(value).ok());
        let request = VerifyRequest::new(credential)
            .with_client_ip(inner.address.resolve(head))
            .with_user_agent(user_agent);
        Ok(Self { request })
    }

    pub(super) const fn request(&self) -> &VerifyRequest<'a> {
        &self.request
    }
}

impl fmt::Debug for Submission<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}

/// The token in the header or, where that is switched on, the query.
pub(super) fn head_token<'a>(
    inner: &Inner,
    head: &'a (impl RequestHead + ?Sized),
) -> Result<Option<Cow<'a, str>>, Rejection> {
    let mut token: Option<Cow<'a, str>> = None;
    let mut conflict = false;
    let mut malformed = false;
    let mut offer = |value: Cow<'a, str>| match &token {
        _ if value.is_empty() => {}
        Some(known) => conflict |= *known != value,
        None => token = Some(value),
    };
    head.each_header(
        &inner.header,
        &mut |value| match std::str::from_utf8(value) {
            Ok(text) => offer(Cow::Borrowed(text)),
            Err(_) => malformed = true,
        },
    );
    if inner.query
        && let Some(query) = head.query()
    {
        form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == crate::verify::TOKEN_FIELD)
            .for_each(|(_, value)| offer(value));
    }
    if conflict {
        return Err(Rejection::duplicate_token());
    }
    if malformed {
        return Err(Rejection::invalid_token());
    }
    if let Some(token) = &token {
        check_shape(token, inner.max_token_bytes)?;
    }
    Ok(token)
}

/// Every name for the token has to agree, with each other and with the head.
fn check_tokens(head: Option<&str>, fields: &FoundFields<'_>) -> Result<(), Rejection> {
    let mut seen = head;
    let mut not_text = false;
    for slot in fields.tokens() {
        match slot {
            Slot::Absent => {}
            Slot::NotText => not_text = true,
            Slot::Text(text) if text.is_empty() => {}
            Slot::Text(text) if seen.is_some_and(|known| known != text) => {
                return Err(Rejection::duplicate_token());
            }
            Slot::Text(text) => seen = Some(text),
        }
    }
    if not_text {
        return Err(Rejection::invalid_token());
    }
    Ok(())
}

/// Tokens of every known provider are visible ASCII. Anything else is refused before it costs a
/// round trip, and before it can confuse a header, a log or a provider's firewall.
fn check_shape(token: &str, max_bytes: usize) -> Result<(), Rejection> {
    if token.len() > max_bytes {
        return Err(Rejection::token_too_long());
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Rejection::invalid_token());
    }
    Ok(())
}
