//! What a provider makes of an answer, without a network in between.

use std::borrow::Cow;

use bytes::Bytes;
use captcha_core::verify::{Credential, VerifyRequest};
use http::StatusCode;
use secrecy::SecretString;

use crate::answer::Answer;
use crate::hosted::{Account, Ask, Provider, Reading};
use crate::transport::Reply;

/// The site key in questions of the tests.
pub(super) const SITE_KEY: &str = "KEY";

/// The answer to a question with this site key, and with `lot_number` "lot" where it has one.
pub(super) fn read(provider: &dyn Provider, status: u16, body: impl Into<Bytes>) -> Answer {
    let reply = Reply {
        status: StatusCode::from_u16(status).unwrap_or_default(),
        body: Ok(body.into()),
        retry_after: None,
    };
    let account = Account {
        secret: SecretString::from("secret"),
        site_key: SITE_KEY.to_owned(),
        client_ip_field: None,
        allow_test_keys: false,
    };
    let fields = Credential::Fields(vec![("lot_number", Cow::Borrowed("lot"))]);
    let reading = Reading {
        ask: Ask {
            account: &account,
            request: &VerifyRequest::new(fields),
        },
        scrub: &str::to_owned,
    };
    provider.read(&reply, &reading)
}

pub(super) fn passes(provider: &dyn Provider, status: u16, body: impl Into<Bytes>) -> bool {
    matches!(read(provider, status, body), Answer::Passed(_))
}
