//! What each provider's page gets: the element, the field, the scripts, and what a policy allows.

#![cfg(feature = "all-providers")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use captcha_client::providers::{FriendlyCaptchaV1, FriendlyCaptchaV2, PrivateCaptcha, Siteverify};
use captcha_client::{
    AnyClient, FriendlyCaptchaV1Client, FriendlyCaptchaV2Client, HostedClient,
    PrivateCaptchaClient, Widget, providers,
};
use support::provider;

const SECRET: &str = "secret-0123456789abcdef";
const SITE_KEY: &str = "site-fed&cba";

/// The widget of a provider that stands where it usually does, or on this host.
fn widget(name: &str) -> Widget {
    let builder = AnyClient::builder_of_any(provider(name), SECRET, SITE_KEY);
    let own = ["cap", "mcaptcha", "altcha-sentinel", "siteverify"].contains(&name);
    let builder = match own {
        true => builder.api_url("https://captcha.example.org/base/"),
        false => builder,
    };
    builder.build().unwrap().widget()
}

#[test]
fn every_widget_has_its_element_and_script() {
    let expected = [
        (
            "gkcaptcha",
            r#"<gk-captcha sitekey="SITE">"#,
            "https://gkcaptcha.gatekeeper.sa/widget/gk-captcha.js",
        ),
        (
            "turnstile",
            r#"<div data-sitekey="SITE" class="cf-turnstile">"#,
            "https://challenges.cloudflare.com/turnstile/v0/api.js",
        ),
        (
            "hcaptcha",
            r#"<div data-sitekey="SITE" class="h-captcha">"#,
            "https://js.hcaptcha.com/1/api.js?recaptchacompat=off",
        ),
        (
            "recaptcha-v2",
            r#"<div data-sitekey="SITE" class="g-recaptcha">"#,
            "https://www.google.com/recaptcha/api.js",
        ),
        (
            "recaptcha-v3",
            r#"<div data-sitekey="SITE"><input type="hidden" name="g-recaptcha-response" autocomplete="off"></div>"#,
            "https://www.google.com/recaptcha/api.js?render=site-fed%26cba",
        ),
        (
            "recaptcha-enterprise",
            r#"<div data-sitekey="SITE"><input type="hidden" name="g-recaptcha-response" autocomplete="off"></div>"#,
            "https://www.google.com/recaptcha/enterprise.js?render=site-fed%26cba",
        ),
        (
            "friendlycaptcha-v1",
            r#"<div data-sitekey="SITE" class="frc-captcha">"#,
            "https://cdn.jsdelivr.net/npm/friendly-challenge@0.9.20/widget.module.min.js",
        ),
        (
            "friendlycaptcha-v2",
            r#"<div data-sitekey="SITE" class="frc-captcha">"#,
            "https://cdn.jsdelivr.net/npm/@friendlycaptcha/sdk@1.0.2/site.min.js",
        ),
        (
            "cap",
            r#"<cap-widget data-cap-api-endpoint="https://captcha.example.org/base/SITE/" required>"#,
            "https://cdn.jsdelivr.net/npm/cap-widget@0.1.57/cap.min.js",
        ),
        (
            "mcaptcha",
            r#"<label data-mcaptcha_url="https://captcha.example.org/base/widget/?sitekey=site-fed%26cba" for="#,
            "https://unpkg.com/@mcaptcha/vanilla-glue@0.1.0-rc2/dist/index.js",
        ),
        (
            "prosopo",
            r#"<div data-sitekey="SITE" class="procaptcha">"#,
            "https://js.prosopo.io/js/procaptcha.bundle.js",
        ),
        (
            "captchafox",
            r#"<div data-sitekey="SITE" class="captchafox">"#,
            "https://cdn.captchafox.com/api.js",
        ),
        (
            "mtcaptcha",
            r#"<div data-sitekey="SITE" class="mtcaptcha">"#,
            "https://service.mtcaptcha.com/mtcv1/client/mtcaptcha.min.js",
        ),
        (
            "yandex-smartcaptcha",
            r#"<div data-sitekey="SITE" class="smart-captcha">"#,
            "https://smartcaptcha.cloud.yandex.ru/captcha.js",
        ),
        (
            "geetest-v4",
            r#"<div data-captcha-id="SITE" id="geetest-v4"><input type="hidden" name="lot_number" autocomplete="off">"#,
            "https://static.geetest.com/v4/gt4.js",
        ),
        (
            "private-captcha",
            r#"<div data-sitekey="SITE" class="private-captcha">"#,
            "https://cdn.privatecaptcha.com/widget/js/privatecaptcha.js",
        ),
        (
            "altcha-sentinel",
            r#"<altcha-widget challenge="https://captcha.example.org/base/v1/challenge?apiKey=site-fed%26cba">"#,
            "https://cdn.jsdelivr.net/npm/altcha@3.2.2/dist/main/altcha.min.js",
        ),
        ("siteverify", r#"<div data-sitekey="SITE">"#, ""),
    ];
    for (name, element, script) in expected {
        let widget = widget(name);
        let html = widget.to_string();
        let element = element.replace("SITE", "site-fed&amp;cba");
        assert!(html.contains(&element), "{name}: {html}");
        let expected = Some(script).filter(|script| !script.is_empty());
        assert_eq!(widget.script_url(), expected, "{name}");
        assert_eq!(widget.site_key(), SITE_KEY);
        if !script.is_empty() {
            assert!(
                html.contains(&format!(r#"src="{}""#, script.replace('&', "&amp;"))),
                "{html}"
            );
            let path = script.split('?').next().unwrap();
            let allows = |source: &String| path.starts_with(source.as_str());
            assert!(widget.script_src().iter().any(allows), "{name}");
        }
    }
    for name in providers::names() {
        let known = expected.iter().any(|(known, ..)| *known == name);
        assert!(known, "{name} has no row in `expected`");
    }
}

#[test]
fn javascript_on_the_page_carries_the_nonce() {
    for name in providers::names() {
        let widget = widget(name);
        let html = widget.snippet(Some("n\"once")).to_string();
        let inline = html.matches("<script nonce=\"n&quot;once\">").count();
        assert_eq!(inline, usize::from(widget.needs_nonce()), "{name}: {html}");
        assert!(!html.contains("<script>"), "{name}");
        assert_eq!(
            html.matches("<script").count(),
            html.matches("</script>").count()
        );
        let plain = widget.to_string();
        assert_eq!(plain.contains("<script>"), widget.needs_nonce(), "{name}");
    }
}

/// A source can neither end a directive nor allow everything.
#[test]
fn sources_are_what_a_policy_takes() {
    for name in providers::names() {
        let widget = widget(name);
        let all = [
            widget.script_src(),
            widget.frame_src(),
            widget.connect_src(),
            widget.style_src(),
            widget.img_src(),
            widget.worker_src(),
        ];
        for source in all.into_iter().flatten() {
            let keyword = ["'unsafe-inline'", "'wasm-unsafe-eval'", "blob:", "data:"];
            let plain = source.starts_with("https://") && !source.contains([';', ',', ' ']);
            assert!(
                plain || keyword.contains(&source.as_str()),
                "{name} {source}"
            );
        }
        let script = widget.script_src();
        for all in [
            "https://cdn.jsdelivr.net",
            "https://unpkg.com",
            "https://www.google.com",
        ] {
            assert!(
                !script.iter().any(|source| source == all),
                "{name} allows all of {all}"
            );
        }
        assert!(
            !script.iter().any(|source| source == "'unsafe-inline'"),
            "{name}"
        );
        // Beside a nonce, browsers do not look at it.
        let inline = widget
            .style_src()
            .iter()
            .any(|source| source == "'unsafe-inline'");
        assert!(!(inline && widget.needs_style_nonce()), "{name}");
    }
}

#[test]
fn other_regions_are_told_to_the_browser() {
    let html = |widget: Widget| widget.to_string();
    let v1 = FriendlyCaptchaV1Client::builder(SECRET, SITE_KEY).api_url(FriendlyCaptchaV1::EU);
    let v1 = html(v1.build().unwrap().widget());
    let puzzle = r#"data-puzzle-endpoint="https://eu-api.friendlycaptcha.eu/api/v1/puzzle""#;
    assert!(v1.contains(puzzle), "{v1}");
    let v2 = FriendlyCaptchaV2Client::builder(SECRET, SITE_KEY).api_url(FriendlyCaptchaV2::EU);
    let v2 = v2.build().unwrap().widget();
    assert!(
        v2.to_string()
            .contains(r#"data-api-endpoint="https://eu.frcapi.com""#),
        "{v2}"
    );
    assert!(v2.frame_src().contains(&"https://eu.frcapi.com".to_owned()));
    let private = PrivateCaptchaClient::builder(SECRET, SITE_KEY).api_url(PrivateCaptcha::EU);
    let private = html(private.build().unwrap().widget());
    let puzzle = r#"data-puzzle-endpoint="https://api.eu.privatecaptcha.com/puzzle""#;
    assert!(private.contains(puzzle), "{private}");
    for name in [
        "friendlycaptcha-v1",
        "friendlycaptcha-v2",
        "private-captcha",
    ] {
        assert!(!html(widget(name)).contains("endpoint"), "{name}");
    }
    // A way out for servers is none for browsers.
    for name in [
        "friendlycaptcha-v1",
        "friendlycaptcha-v2",
        "private-captcha",
    ] {
        let builder = AnyClient::builder_of_any(provider(name), SECRET, SITE_KEY);
        let inner = builder
            .api_url("http://127.0.0.1:8080")
            .build()
            .unwrap()
            .widget();
        let shown = format!("{inner} {inner:?}");
        assert!(
            !shown.contains("127.0.0.1") && !shown.contains("endpoint=\""),
            "{shown}"
        );
    }
    // Where Google cannot be reached.
    let google = AnyClient::builder_of_any(provider("recaptcha-v2"), SECRET, SITE_KEY);
    let google = google
        .api_url("https://www.recaptcha.net")
        .build()
        .unwrap()
        .widget();
    assert_eq!(
        google.script_url(),
        Some("https://www.recaptcha.net/recaptcha/api.js")
    );
    assert!(
        google
            .frame_src()
            .contains(&"https://www.recaptcha.net/recaptcha/".to_owned())
    );
}

#[test]
fn an_action_is_named_where_the_widget_takes_one() {
    for name in providers::names() {
        let widget = widget(name).with_action("old").with_action("sign_up");
        let named = widget.to_string().contains(r#"data-action="sign_up""#);
        let takes = [
            "turnstile",
            "recaptcha-v3",
            "recaptcha-enterprise",
            "mtcaptcha",
        ]
        .contains(&name);
        assert_eq!(named, takes, "{name}");
        assert!(!widget.to_string().contains("old"), "{name}");
    }
}

#[test]
fn a_custom_endpoint_brings_its_own_widget() {
    let script = "https://cdn.example.net/own.js".parse().unwrap();
    let provider = Siteverify::in_field("own-response").with_widget("own", script);
    let client = HostedClient::builder_of(provider, SECRET, "site-abc")
        .api_url("https://captcha.example.org/siteverify");
    let widget = client.build().unwrap().widget();
    let html = widget.to_string();
    assert!(
        html.contains(r#"<div data-sitekey="site-abc" class="own">"#),
        "{html}"
    );
    assert_eq!(widget.script_url(), Some("https://cdn.example.net/own.js"));
    assert_eq!(widget.frame_src(), ["https://cdn.example.net"]);
}

#[test]
fn an_address_that_is_no_script_is_refused() {
    for script in [
        "data:text/javascript,1",
        "https://a;b.example/x.js",
        "file:///x.js",
    ] {
        let Ok(script) = script.parse() else { continue };
        let provider = Siteverify::in_field("own-response").with_widget("own", script);
        let client = HostedClient::builder_of(provider, SECRET, "site-abc")
            .api_url("https://captcha.example.org/siteverify");
        assert_eq!(client.build().unwrap_err().setting(), "with_widget");
    }
}
