use std::time::Duration;

use captcha_client::GkCaptchaClient;
use captcha_client::gkcaptcha::GkCaptchaClientBuilder;
use captcha_testkit::Vector;
use captcha_testkit::api::ScriptedApi;

use super::{SECRET, SITE_KEY};

/// A client of this API that does not wait long for anything.
pub(crate) fn builder(url: &str) -> GkCaptchaClientBuilder {
    GkCaptchaClient::builder(SECRET, SITE_KEY)
        .api_url(url)
        .retry_delay(Duration::from_millis(10))
        .max_retries(0)
}

pub(crate) fn client(api: &ScriptedApi) -> GkCaptchaClient {
    builder(&api.url()).build().unwrap()
}

/// Every vector of the provider's.
pub(crate) fn vectors() -> Vec<Vector> {
    Vector::load_all(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/gkcaptcha"
    ))
}
