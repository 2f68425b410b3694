use std::time::Duration;

use captcha_client::GkCaptchaClient;
use captcha_client::hosted::HostedClientBuilder;
use captcha_testkit::api::ScriptedApi;

use super::{SECRET, SITE_KEY};

/// A client of this API that does not wait long for anything.
pub(crate) fn builder(url: &str) -> HostedClientBuilder<GkCaptchaClient> {
    GkCaptchaClient::builder(SECRET, SITE_KEY)
        .api_url(url)
        .retry_delay(Duration::from_millis(10))
        .max_retries(0)
}

pub(crate) fn client(api: &ScriptedApi) -> GkCaptchaClient {
    builder(&api.url()).build().unwrap()
}
