use crate::answer::Answer;
use crate::answer::shape::Shape;
use crate::hosted::{Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, Retries, endpoint};
use crate::widget::{Place, Widget};

/// CaptchaFox. A secret is good for every site of an organisation: the site key goes along.
#[derive(Debug, Clone, Copy, Default)]
pub struct CaptchaFox;

static PROFILE: Profile = Profile {
    name: "captchafox",
    api_url: Some("https://api.captchafox.com"),
    widget_url: Some("https://cdn.captchafox.com"),
    variables: variables!("CAPTCHAFOX"),
    field: "cf-captcha-response",
    client_ip_field: Some("remoteIp"),
    retries: Retries::AsItsSdk,
    secret_prefix: Some("ok_"),
    site_prefix: Some("sk_"),
    ..Profile::COMMON
};

impl Provider for CaptchaFox {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        Body::Form(ask.fields(&[
            ("secret", ask.secret()),
            ("sitekey", ask.site_key()),
            ("response", ask.token()),
        ]))
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        Shape::SITEVERIFY.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        Widget::of_class(place, "captchafox")
            .script(endpoint(place.widget, "/api.js"))
            .allow(|sources| {
                let all = "https://*.captchafox.com";
                sources.add_script(all).add_script("blob:");
                sources.add_connect(all).add_style(all).add_img(all);
                sources.add_worker("blob:");
            })
    }
}
