use bytes::Bytes;
use captcha_core::verify::VerifyRequest;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use crate::hosted::Account;
use crate::visitor;

/// The body of a verification. Everything in it but the token is optional for one dialect or the
/// other; together they satisfy both.
pub(super) fn body(account: &Account, token: &str, request: &VerifyRequest<'_>) -> Bytes {
    let mut fields = Map::new();
    let mut field = |name: &str, value: String| fields.insert(name.to_owned(), value.into());
    if let Some(ip) = request.client_ip() {
        field(&account.client_ip_field, ip.to_canonical().to_string());
    }
    if let Some(user_agent) = request.user_agent().filter(|ua| visitor::is_user_agent(ua)) {
        field("userAgent", user_agent.to_owned());
    }
    field("siteKey", account.site_key.clone());
    field("secret", account.secret.expose_secret().to_owned());
    field("token", token.to_owned());
    Bytes::from(Value::Object(fields).to_string())
}
