//! Cases of a page with a provider's widget.

use captcha_client::AnyClient;
use captcha_core::gate::Gate;
use captcha_core::verify::{FailMode, Verifier};
use captcha_testkit::api::{Answer, ScriptedApi};
use captcha_testkit::contract::client::Call;
use http::Method;
use serde_json::json;

use super::browser::Browser;
use super::hosted::{ANY_SECRET, PASS, SECRET, SITE_KEY, plain, provider, refusal};
use super::{HTML, Server};
use crate::Site;

/// The page shows the provider's widget and lets the browser load it, and nothing else.
pub async fn the_page_shows_the_widget(serve: &impl AsyncFn(Site) -> Server) {
    let api = ScriptedApi::start([Answer::json(200, PASS)]).await;
    let server = plain(serve, &api.url(), FailMode::Open).await;
    let page = Call::new(Method::GET, "/")
        .header("accept", HTML)
        .send(server.addr)
        .await;
    assert_eq!(page.status, 200);
    let text = page.text();
    let script = format!(
        r#"<script src="{}/widget/gk-captcha.js" async defer></script>"#,
        api.url()
    );
    assert!(text.contains(&script), "{text}");
    assert!(
        text.contains(&format!(r#"<gk-captcha sitekey="{SITE_KEY}">"#)),
        "{text}"
    );
    assert!(
        text.contains("<noscript>") && !text.contains("captcha_answer"),
        "{text}"
    );
    assert!(!text.contains(SECRET));
    let policy = page.header("content-security-policy").unwrap();
    for source in ["script-src", "connect-src"] {
        assert!(
            policy.contains(&format!("{source} 'self' {};", api.url())),
            "{policy}"
        );
    }
    // Nobody issues challenges here.
    let new = Call::post("/captcha/new").send(server.addr).await;
    assert_eq!(new.status, 404);
    // A browser that is refused gets the page again, with what it typed.
    let call = Call::post("/register").header("accept", HTML);
    let page = call.form("username=ada&email=e").send(server.addr).await;
    assert_eq!(page.status, 400);
    let text = page.text();
    assert!(text.contains("Please answer the check first."), "{text}");
    assert!(
        text.contains(r#"value="ada""#) && text.contains("<gk-captcha"),
        "{text}"
    );
    let other = Call::post("/register").form("username=ada&email=e");
    assert_eq!(
        refusal(&other.send(server.addr).await),
        (400, "missing_token".to_owned())
    );
}

/// What the provider's script would do, in a few lines.
const WIDGET: &str = "customElements.define('gk-captcha', class extends HTMLElement {
  connectedCallback() {
    this.innerHTML = '<label><input type=\"checkbox\" id=\"human\" required> I am human</label>';
    this.querySelector('#human').addEventListener('change', () => {
      const field = document.createElement('input');
      field.type = 'hidden';
      field.name = 'captchaToken';
      field.value = 'tok_' + this.getAttribute('sitekey');
      this.append(field);
    });
  }
});";

/// A visitor solves the widget's check: refused first, then passed.
pub async fn sign_up_with_a_widget(serve: &impl AsyncFn(Site) -> Server) {
    let script = Answer::typed(200, "text/javascript", WIDGET).header("cache-control", "no-store");
    let refused = json!({ "success": false, "reasonCode": "token_expired" }).to_string();
    let api = ScriptedApi::start([
        script.clone(),
        Answer::json(200, refused),
        script,
        Answer::json(200, PASS),
    ])
    .await;
    let server = plain(serve, &api.url(), FailMode::Open).await;
    let Some(browser) = Browser::start(true).await else {
        return;
    };
    browser.open(&format!("http://{}/", server.addr)).await;
    browser.type_into("username", "ada").await;
    browser.type_into("email", "ada@example.org").await;
    browser.press("human").await;
    browser.press("create").await;
    browser.element("captcha-error").await;
    browser.focuses("captcha-error").await;
    assert_eq!(browser.value("username").await, "ada");
    browser.press("human").await;
    browser.press("create").await;
    browser.element("welcome").await;
    browser.close().await;
    let heard = api.heard();
    assert_eq!(heard.len(), 4);
    assert_eq!(heard[1].json()["token"], format!("tok_{SITE_KEY}"));
    assert!(
        heard[1].json()["userAgent"]
            .as_str()
            .unwrap()
            .contains("Chrome")
    );
    assert_eq!(heard[1].json()["clientIP"], "127.0.0.1");
}

/// A script that does not come is said, instead of a form that cannot be sent.
pub async fn a_widget_that_does_not_load_is_said(serve: &impl AsyncFn(Site) -> Server) {
    let server = plain(serve, &ScriptedApi::gone().await, FailMode::Open).await;
    let Some(browser) = Browser::start(true).await else {
        return;
    };
    browser.open(&format!("http://{}/", server.addr)).await;
    let said = browser.changed("captcha-status", "textContent", "").await;
    assert!(said.contains("could not be loaded"), "{said}");
    browser.close().await;
}

/// What the scripts of reCAPTCHA and GeeTest offer a page, in a few lines.
const SCRIPTS: [(&str, &str); 3] = [
    (
        "recaptcha-v3",
        "globalThis.grecaptcha = {
  ready: (then) => then(),
  execute: (key, { action }) => {
    if (!/^[A-Za-z/_]+$/.test(action)) throw new Error('invalid action name');
    return Promise.resolve(`tok_${key}_${action}`);
  },
};",
    ),
    (
        "recaptcha-enterprise",
        "globalThis.grecaptcha = { enterprise: {
  ready: (then) => then(),
  execute: async (key, { action }) => `tok_${key}_${action}`,
} };",
    ),
    (
        "geetest-v4",
        "globalThis.initGeetest4 = ({ captchaId }, then) => {
  let solved;
  then({
    appendTo: (place) => {
      const human = document.createElement('button');
      human.type = 'button';
      human.id = 'human';
      human.textContent = 'I am human';
      human.addEventListener('click', () => solved());
      document.querySelector(place).append(human);
    },
    onSuccess: (then) => { solved = then; },
    reset: () => {},
    getValidate: () => ({
      lot_number: '4dc3cfc2cdff448cad8d13107198d473',
      captcha_output: `tok_${captchaId}`,
      pass_token: 'abc',
      gen_time: '1772359200',
    }),
  });
};",
    ),
];

/// What the page adds to a provider's script fills the fields, under the page's own policy.
pub async fn javascript_on_the_page_fills_the_fields(serve: &impl AsyncFn(Site) -> Server) {
    let passes = [
        r#"{"success":true,"score":0.9,"action":"sign_up"}"#,
        r#"{"tokenProperties":{"valid":true,"action":"sign_up"},"riskAnalysis":{"score":0.9}}"#,
        r#"{"result":"success"}"#,
    ];
    let Some(browser) = Browser::start(true).await else {
        return;
    };
    for ((name, script), pass) in SCRIPTS.into_iter().zip(passes) {
        let script =
            Answer::typed(200, "text/javascript", script).header("cache-control", "no-store");
        let api = ScriptedApi::start([script, Answer::json(200, pass)]).await;
        let client = AnyClient::builder_of_any(provider(name), ANY_SECRET, SITE_KEY)
            .api_url(api.url())
            .widget_url(api.url())
            .build()
            .unwrap();
        let widget = client.widget().with_action("sign_up");
        let server = serve(Site::hosted(Gate::new(client), widget, "the suite")).await;
        browser.open(&format!("http://{}/", server.addr)).await;
        browser.type_into("username", "ada").await;
        browser.type_into("email", "ada@example.org").await;
        if name == "geetest-v4" {
            browser.press("human").await;
        }
        browser.press("create").await;
        browser.element("welcome").await;
        let heard = api.heard();
        assert_eq!(heard.len(), 2, "{name}");
        let sent = String::from_utf8_lossy(&heard[1].body).into_owned();
        let token = match name {
            "geetest-v4" => format!("tok_{SITE_KEY}"),
            _ => format!("tok_{SITE_KEY}_sign_up"),
        };
        assert!(sent.contains(&token), "{name}: {sent}");
    }
    browser.close().await;
}

/// A page that sends its form by itself, as applications do, and what happens to it in a quarter of
/// a minute.
const SCENARIO: &str = "
const byId = (id) => document.getElementById(id);
const wait = (millis) => new Promise((then) => setTimeout(then, millis));
const log = [];
let calls = 0, delay = 100, broken = false;
globalThis.grecaptcha = {
  ready: (then) => then(),
  execute: () => {
    calls += 1;
    if (broken) throw new Error('no');
    return new Promise((then) => setTimeout(then, delay, `tok${calls}`));
  },
};
byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  log.push(new FormData(event.target).get('g-recaptcha-response') || 'none');
});
(async () => {
  byId('create').click();
  byId('create').click();
  await wait(7000);
  delay = 1500;
  byId('create').click();
  await wait(2500);
  broken = true;
  byId('create').click();
  await wait(500);
  broken = false;
  delay = 300;
  byId('create').click();
  byId('name').value = '';
  await wait(800);
  byId('name').value = 'ada';
  byId('create').click();
  await wait(800);
  byId('other').click();
  byId('other').remove();
  await wait(800);
  byId('log').textContent = log.join(' ');
})();";

/// Every submission has a token of its own: two clicks are one, the timer of one does not end the
/// next, a form that cannot be sent uses nothing up, and a button may go away.
pub async fn a_page_can_send_its_form_again_and_again(_: &impl AsyncFn(Site) -> Server) {
    let client = AnyClient::builder_of_any(provider("recaptcha-v3"), ANY_SECRET, SITE_KEY);
    let snippet = client.build().unwrap().widget().to_string();
    let (snippet, _) = snippet.split_once("<script src").unwrap();
    let page = format!(
        r#"<!doctype html><form id="form"><input id="name" value="ada" required>{snippet}
        <button id="create">Create</button><button id="other">Other</button></form>
        <p id="log"></p><script>{SCENARIO}</script>"#
    );
    let api = ScriptedApi::start([Answer::typed(200, "text/html", page)]).await;
    let Some(browser) = Browser::start(true).await else {
        return;
    };
    browser.open(&api.url()).await;
    let sent = browser.changed("log", "textContent", "").await;
    assert_eq!(sent, "tok1 tok2 none tok5 tok6");
    browser.close().await;
}

/// A second click while the answer is on its way sends the same token, and the same snippet twice in
/// one form is one.
pub async fn one_sign_up_has_one_token(_: &impl AsyncFn(Site) -> Server) {
    let client = AnyClient::builder_of_any(provider("recaptcha-v3"), SECRET, SITE_KEY);
    let snippet = client.build().unwrap().widget().to_string();
    let (snippet, _) = snippet.split_once("<script src").unwrap();
    let page = format!(
        r#"<!doctype html><form method="post" action="/register">{snippet}{snippet}
        <button id="create">Create</button></form><script>
        let calls = 0;
        globalThis.grecaptcha = {{
          ready: (then) => then(),
          execute: () => new Promise((then) => setTimeout(then, 50, `tok${{++calls}}`)),
        }};
        const click = () => document.getElementById('create').click();
        setTimeout(click, 100);
        setTimeout(click, 600);
        </script>"#
    );
    let done = Answer::typed(200, "text/html", r#"<p id="welcome">Welcome"#);
    let late = Answer::Late(std::time::Duration::from_millis(1500), Box::new(done));
    let api = ScriptedApi::start([Answer::typed(200, "text/html", page), late]).await;
    let Some(browser) = Browser::start(true).await else {
        return;
    };
    browser.open(&api.url()).await;
    browser.element("welcome").await;
    browser.close().await;
    let sent: Vec<String> = api
        .heard()
        .iter()
        .filter(|heard| heard.target.starts_with("POST"))
        .map(|heard| String::from_utf8_lossy(&heard.body).into_owned())
        .collect();
    assert!(!sent.is_empty());
    assert!(
        sent.iter().all(|body| body == "g-recaptcha-response=tok1"),
        "{sent:?}"
    );
}

/// Where the provider's script does not come, the form can still be sent, and the server says what
/// is missing.
pub async fn a_form_whose_script_is_gone_can_be_sent(serve: &impl AsyncFn(Site) -> Server) {
    let gone = ScriptedApi::gone().await;
    let client = AnyClient::builder_of_any(provider("recaptcha-v3"), ANY_SECRET, SITE_KEY);
    let client = client.api_url(&gone).widget_url(&gone).build().unwrap();
    let widget = client.widget();
    let server = serve(Site::hosted(Gate::new(client), widget, "the suite")).await;
    let Some(browser) = Browser::start(true).await else {
        return;
    };
    browser.open(&format!("http://{}/", server.addr)).await;
    browser.type_into("username", "ada").await;
    browser.type_into("email", "ada@example.org").await;
    browser.press("create").await;
    browser.element("captcha-error").await;
    browser.says("Please answer the check first.").await;
    browser.close().await;
}

/// A page for each provider: its snippet, a nonce that is another on each page, and a policy that
/// allows what the widget needs.
pub async fn every_widget_is_on_the_page(serve: &impl AsyncFn(Site) -> Server) {
    for name in captcha_client::providers::names() {
        let client = AnyClient::builder_of_any(provider(name), ANY_SECRET, SITE_KEY);
        let client = client
            .api_url("https://captcha.example.org")
            .build()
            .unwrap();
        let widget = client.widget();
        let field = format!("{:?}", client.field_sets());
        let server = serve(Site::hosted(Gate::new(client), widget.clone(), "the suite")).await;
        let page = async || {
            let call = Call::new(Method::GET, "/").header("accept", HTML);
            let page = call.send(server.addr).await;
            (
                page.text(),
                page.header("content-security-policy").unwrap().to_owned(),
            )
        };
        let (text, policy) = page().await;
        assert!(!text.contains(ANY_SECRET), "{name} {field}");
        let directive = |name: &str| {
            let mut all = policy.split("; ");
            all.find(|directive| directive.starts_with(name))
                .unwrap_or_default()
                .to_owned()
        };
        for (name, sources) in [
            ("script-src", widget.script_src()),
            ("connect-src", widget.connect_src()),
            ("frame-src", widget.frame_src()),
            ("style-src", widget.style_src()),
            ("worker-src", widget.worker_src()),
        ] {
            for source in sources {
                assert!(directive(name).contains(source), "{policy}");
            }
        }
        let nonce = directive("script-src")
            .split_once("'nonce-")
            .map(|(_, rest)| rest.split_once('\'').unwrap().0.to_owned());
        assert_eq!(nonce.is_some(), widget.needs_nonce(), "{name}");
        if let Some(nonce) = nonce {
            assert!(
                text.contains(&format!(r#"<script nonce="{nonce}">"#)),
                "{text}"
            );
            assert!(!page().await.0.contains(&nonce), "{name}");
        }
        assert!(
            !directive("script-src").contains("unsafe-inline"),
            "{policy}"
        );
    }
}
