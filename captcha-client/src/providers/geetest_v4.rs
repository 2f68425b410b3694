use captcha_core::verify::{Credential, FieldSet, Pass, ReasonCode, Refusal};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use serde_json::Value;
use sha2::Sha256;

use crate::answer::shape::{Said, Says, Shape, single};
use crate::answer::{Answer, Class, details};
use crate::hosted::{Account, Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, endpoint};
use crate::visitor;
use crate::widget::{Place, Widget};

/// GeeTest v4. The site key is the provider's "captcha id", the secret key its "captcha key". The
/// proof is four fields, which the page's own JavaScript fills: the widget's snippet has it. One
/// widget a page.
///
/// The host name comes from the visitor's browser, and only with a `Referrer-Policy` that sends it.
#[derive(Debug, Clone, Copy, Default)]
pub struct GeeTestV4;

static PROFILE: Profile = Profile {
    name: "geetest-v4",
    api_url: Some("https://gcaptcha4.geetest.com"),
    path: "/validate",
    widget_url: Some("https://static.geetest.com"),
    variables: variables!("GEETEST_V4"),
    field: "lot_number",
    ..Profile::COMMON
};

const ANSWERS: Shape = Shape {
    verdict,
    codes: |said, _| codes(said),
    class: |code, _| class(code),
    pass,
    always_json: false,
};

const FIELDS: [&str; 4] = ["lot_number", "captcha_output", "pass_token", "gen_time"];

impl Provider for GeeTestV4 {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn field_sets(&self) -> Vec<FieldSet> {
        vec![FieldSet::together(FIELDS)]
    }

    /// What is of another form makes the provider answer with an error, as if it were the
    /// operator's.
    fn objection(&self, _: &Account, credential: &Credential<'_>) -> Option<ReasonCode> {
        let values = FIELDS.map(|name| credential.field(name).unwrap_or_default());
        if values.contains(&"") {
            return Some(ReasonCode::MissingToken);
        }
        let [lot_number, output, pass_token, gen_time] = values;
        let hex = |byte: u8| byte.is_ascii_hexdigit();
        let good = lot_number.len() == 32
            && lot_number.bytes().all(hex)
            && visitor::is_token(output)
            && visitor::is_token(pass_token)
            && gen_time.len() <= 20
            && gen_time.bytes().all(|byte| byte.is_ascii_digit());
        (!good).then_some(ReasonCode::InvalidToken)
    }

    fn url(&self, base: &Url, ask: &Ask<'_>) -> Url {
        let mut url = endpoint(base, PROFILE.path);
        url.query_pairs_mut().append_pair("captcha_id", ask.site_key());
        url
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        let credential = ask.request.credential();
        let sent = FIELDS.map(|name| (name, credential.field(name).unwrap_or_default()));
        let mut fields = ask.fields(&sent);
        let signed = credential.field("lot_number").unwrap_or_default();
        fields.push(("sign_token", sign(ask.secret(), signed).into()));
        Body::Form(fields)
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        let mut widget = Widget::element(place, "div", "data-captcha-id")
            .attribute("id", "geetest-v4")
            .script(endpoint(place.widget, "/v4/gt4.js"))
            .glue(include_str!("glue/geetest_v4.js"));
        for name in FIELDS {
            widget = widget.field(name);
        }
        widget.allow(|sources| {
            // What is asked of these comes back as scripts.
            for host in ["geetest.com", "geevisit.com", "gsensebot.com"] {
                let api = format!("https://gcaptcha4.{host}");
                sources.add_script(&api).add_connect(&api);
            }
            sources.add_script("https://monitor.geetest.com");
            for source in ["https://static.geetest.com", "https://static.geevisit.com"] {
                sources.add_script(source).add_style(source).add_img(source);
            }
            sources.add_style("'unsafe-inline'");
            sources.add_img("data:").add_img("blob:");
        })
    }
}

/// Hexadecimal of HMAC-SHA256.
/// <https://docs.geetest.com/BehaviorVerification/apirefer/api/server>
fn sign(key: &str, lot_number: &str) -> String {
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return String::new();
    };
    mac.update(lot_number.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// `result` is the verdict; `status` is about the request, and some answers do without it.
fn verdict(said: &Said) -> Says {
    let text = |name: &str| match said.get(name) {
        None | Some(Value::Null) => Some(""),
        Some(value) => value.as_str(),
    };
    match (text("status"), text("result")) {
        (Some("" | "success"), Some("success")) => Says::Yes,
        // Visitors can bring an error about.
        (_, Some("fail")) | (Some("error"), Some("")) => Says::No,
        _ => Says::Neither("`status` and `result` are no verdict"),
    }
}

/// The code of an error; the reason of a refusal is a text.
fn codes(said: &Said) -> Result<Vec<String>, &'static str> {
    let codes = single(said.get("code"))?;
    match verdict(said) {
        Says::No if codes.is_empty() => single(said.get("reason")),
        _ => Ok(codes),
    }
}

/// <https://docs.geetest.com/gt4/apirefer/errorcode/server>
fn class(code: &str) -> Option<Class> {
    Some(match code {
        "-50000" => Class::Unavailable,
        "-50001" | "-50101" | "-50102" | "-50103" | "-50104" | "-50105" => Class::Misconfigured,
        // The others are about the four fields, which are a visitor's, or nobody knows them.
        _ => Class::BadToken,
    })
}

fn pass(said: &Said, reading: &Reading<'_>) -> Result<Pass, Answer> {
    let Some(args) = said.get("captcha_args").and_then(Value::as_object) else {
        return Ok(Pass::new());
    };
    let asked_for = reading.ask.request.credential().field("lot_number");
    let lot_number = args.get("lot_number").and_then(Value::as_str);
    if lot_number.is_some_and(|lot_number| Some(lot_number) != asked_for) {
        return Err(Answer::Refused(Refusal::new(ReasonCode::BindingMismatch)));
    }
    Ok(match details::host_of(args.get("referer"), reading) {
        Some(host) => Pass::new().with_hostname(host),
        None => Pass::new(),
    })
}
