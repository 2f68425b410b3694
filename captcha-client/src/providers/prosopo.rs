use captcha_core::verify::Pass;
use http::StatusCode;

use crate::answer::details::{self, Scale};
use crate::answer::shape::{Said, Says, Shape, flag, of_error};
use crate::answer::{Answer, Class, is_down};
use crate::hosted::{Account, Ask, Profile, Provider, Reading, variables};
use crate::keys::PROSOPO_TEST_SITES;
use crate::transport::{Body, Reply, endpoint};
use crate::visitor;
use crate::widget::{Place, Widget};

/// Prosopo Procaptcha. Paid accounts get a score.
///
/// # Deployment caveat
///
/// While the provider is under maintenance it vouches for everybody, and its answers do not say so.
#[derive(Debug, Clone, Copy, Default)]
pub struct Prosopo;

static PROFILE: Profile = Profile {
    name: "prosopo",
    api_url: Some("https://api.prosopo.io"),
    widget_url: Some("https://js.prosopo.io"),
    variables: variables!("PROSOPO"),
    field: "procaptcha-response",
    client_ip_field: Some("ip"),
    ..Profile::COMMON
};

const ANSWERS: Shape = Shape {
    verdict: |said| flag(said, "verified", Says::No),
    // The text beside the verdict is in the visitor's language.
    codes: |said, _| of_error(said, "key"),
    class,
    pass,
    ..Shape::SITEVERIFY
};

impl Provider for Prosopo {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    /// Hexadecimal that holds the site key, and not one of the provider's for tests: for those the
    /// provider vouches without looking, whoever asks. Only a sieve: what else is in a token, and
    /// whether it is signed, is for the provider to say.
    fn is_token(&self, account: &Account, token: &str) -> bool {
        let bytes = token.strip_prefix("0x").and_then(|hex| hex::decode(hex).ok());
        let holds = |bytes: &[u8], key: &str| {
            let key = key.as_bytes();
            bytes.windows(key.len()).any(|window| window == key)
        };
        let own = account.site_key.as_str();
        let of_a_test = |bytes: &[u8]| {
            let mut sites = PROSOPO_TEST_SITES.iter().filter(|site| **site != own);
            sites.any(|site| holds(bytes, site))
        };
        visitor::is_token(token)
            && bytes.is_some_and(|bytes| match of_a_test(&bytes) {
                true => account.allow_test_keys,
                false => holds(&bytes, own),
            })
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        Body::object(ask.fields(&[("secret", ask.secret()), ("token", ask.token())]))
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        Widget::of_class(place, "procaptcha")
            .module(endpoint(place.widget, "/js/procaptcha.bundle.js"))
            .allow(|sources| {
                let all = "https://*.prosopo.io";
                sources.add_host(all);
                sources.add_style("'unsafe-inline'");
                sources.add_worker("blob:");
            })
    }
}

/// Visitors cause most of these, some of them under a 500.
fn class(key: &str, status: StatusCode) -> Option<Class> {
    Some(match key {
        "API.SITE_KEY_NOT_REGISTERED" => Class::Misconfigured,
        "API.BAD_REQUEST" => Class::BadToken,
        key if key.starts_with("CAPTCHA.") => Class::BadToken,
        _ if is_down(status) => Class::Unavailable,
        _ => return None,
    })
}

fn pass(said: &Said, _: &Reading<'_>) -> Result<Pass, Answer> {
    let pass = Pass::new().scored_by_plan();
    details::with_score(pass, said.get("score"), Scale::BotIsOne)
}
