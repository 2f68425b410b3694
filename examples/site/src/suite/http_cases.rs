//! Cases that need no browser.

use captcha_testkit::contract::client::{Call, Reply};
use http::Method;

use super::{ANSWER, HTML, Server, grid_site, site};
use crate::Site;

fn get(path: &str) -> Call {
    Call::new(Method::GET, path)
}

/// The value of the first attribute of this name after a marker.
fn attribute(page: &str, marker: &str, name: &str) -> String {
    let after = page
        .split_once(marker)
        .map_or_else(|| panic!("{marker} in {page}"), |p| p.1);
    let start = format!("{name}=\"");
    let value = after.split_once(&start).unwrap().1;
    value.split('"').next().unwrap().to_owned()
}

fn challenge_of(page: &Reply) -> String {
    attribute(&page.text(), "id=\"captcha_id\"", "value")
}

async fn fresh_challenge(server: &Server) -> String {
    challenge_of(&get("/").header("accept", HTML).send(server.addr).await)
}

fn solved(id: &str) -> String {
    format!("captcha_id={id}&captcha_answer={}", ANSWER.to_lowercase())
}

/// The page shows a picture that can be fetched, and may not load anything from elsewhere.
pub async fn the_page_asks_for_a_picture(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(100)).await;
    let page = get("/").header("accept", HTML).send(server.addr).await;
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    let url = attribute(&page.text(), "id=\"captcha-image\"", "src");
    let picture = get(&url).send(server.addr).await;
    assert_eq!(picture.header("content-type"), Some("image/png"));
    assert!(!page.text().contains(ANSWER));
}

/// A right answer signs up, however the form is encoded, and once only.
pub async fn sign_up_takes_forms_multipart_and_json(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(100)).await;
    let part = |name: &str, value: &str| {
        format!(
            "--XBOUNDARYX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    for encoding in ["form", "multipart", "json"] {
        let id = fresh_challenge(&server).await;
        let register = Call::post("/register");
        let call = match encoding {
            "form" => register.form(format!("username=ada&email=a%40b.c&{}", solved(&id))),
            "multipart" => register.multipart(
                [
                    part("username", "ada"),
                    part("email", "a@b.c"),
                    part("captcha_id", &id),
                    part("captcha_answer", ANSWER),
                    "--XBOUNDARYX--\r\n".to_owned(),
                ]
                .concat(),
            ),
            _ => register.json(
                serde_json::json!({
                    "username": "ada", "email": "a@b.c",
                    "captcha_id": id, "captcha_answer": ANSWER,
                })
                .to_string(),
            ),
        };
        let reply = call.clone().send(server.addr).await;
        assert_eq!(reply.status, 200, "{encoding}: {}", reply.text());
        let expected = serde_json::json!({
            "ok": true, "username": "ada", "score": null, "fail_open": false,
        });
        assert_eq!(reply.json(), expected, "{encoding}");
        let again = call.send(server.addr).await;
        assert_eq!(
            again.refusal(),
            (400, "invalid_answer".to_owned()),
            "{encoding}"
        );
    }
}

/// A refused browser gets the page again, with what it typed and a new picture: 400.
pub async fn refused_browsers_get_the_page_again(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(100)).await;
    let id = fresh_challenge(&server).await;
    for wrong in [
        format!("captcha_id={id}&captcha_answer=WRONG"),
        String::new(),
    ] {
        let call = Call::post("/register").header("accept", HTML);
        let call = call.form(format!("username=ada&email=a%40b.c&{wrong}"));
        let page = call.send(server.addr).await;
        assert_eq!(page.status, 400);
        let text = page.text();
        assert_eq!(attribute(&text, "id=\"username\"", "value"), "ada");
        assert_eq!(attribute(&text, "id=\"email\"", "value"), "a@b.c");
        assert!(text.contains("id=\"captcha-error\""), "{text}");
        let next = challenge_of(&page);
        assert_ne!(next, id);
        let call = Call::post("/register").header("accept", HTML);
        let call = call.form(format!("username=ada&email=e&{}", solved(&next)));
        let welcome = call.send(server.addr).await;
        assert_eq!(welcome.status, 200);
        assert!(welcome.text().contains("Welcome"), "{}", welcome.text());
    }
}

/// Every other client gets the problem document.
pub async fn other_clients_get_the_problem_document(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(100)).await;
    for accept in ["application/json", "*/*", ""] {
        let call = Call::post("/register").header("accept", accept);
        let reply = call.form("username=ada&email=e").send(server.addr).await;
        assert_eq!(reply.refusal(), (400, "missing_token".to_owned()));
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json")
        );
    }
}

/// "New picture" without JavaScript: the same page with another challenge.
pub async fn a_new_picture_keeps_what_was_typed(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(100)).await;
    let id = fresh_challenge(&server).await;
    let call = Call::post("/new-picture").header("accept", HTML);
    let typed = format!("username=ada&email=a%40b.c&captcha_id={id}&captcha_answer=x");
    let page = call.form(typed).send(server.addr).await;
    assert_eq!(page.status, 200);
    assert_eq!(attribute(&page.text(), "id=\"username\"", "value"), "ada");
    assert!(!page.text().contains("id=\"captcha-error\""));
    assert_ne!(challenge_of(&page), id);
}

/// A comment needs a token in the header, which the endpoint gives for an answer.
pub async fn comments_are_protected(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(100)).await;
    let comment = || Call::post("/comment").form("text=hello+there");
    let reply = comment().send(server.addr).await;
    assert_eq!(reply.refusal(), (400, "missing_token".to_owned()));
    let id = fresh_challenge(&server).await;
    let call = Call::post("/captcha/verify").form(format!("id={id}&answer={ANSWER}"));
    let token = call.send(server.addr).await.json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let reply = comment().token(&token).send(server.addr).await;
    let expected = serde_json::json!({ "ok": true, "text": "hello there" });
    assert_eq!(reply.json(), expected);
    let reply = comment().token(&token).send(server.addr).await;
    assert_eq!(reply.refusal(), (400, "invalid_token".to_owned()));
}

/// Other spellings of path and method do not reach a protected handler.
pub async fn atk_15_no_other_way_in(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(100)).await;
    for path in ["register", "comment"] {
        let capital = path.to_uppercase();
        let encoded = format!("%{:02x}{}", path.as_bytes()[0], &path[1..]);
        for spelling in [
            path.to_owned(),
            format!("{path}/"),
            format!("/{path}"),
            format!("./{path}"),
            format!("x/../{path}"),
            format!("{path};x=1"),
            format!("{path}?captchaToken=x"),
            capital,
            encoded,
        ] {
            for method in [
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ] {
                for body in [
                    "username=ada&email=e&text=hi",
                    "username=ada&email=e&text=hi&_method=POST",
                ] {
                    let call = Call::new(method.clone(), format!("/{spelling}"));
                    let call = call.header("x-http-method-override", "POST").form(body);
                    let reply = call.send(server.addr).await;
                    assert!(reply.status != 200, "{method} /{spelling} {}", reply.text());
                    assert!(
                        !reply.text().contains("\"ok\":true"),
                        "{method} /{spelling}"
                    );
                }
            }
        }
    }
}

/// Typed text never becomes markup.
pub async fn atk_42_what_was_typed_is_escaped(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(100)).await;
    let hostile = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%3C!--%27";
    for call in ["/new-picture", "/register"] {
        let call = Call::post(call).header("accept", HTML);
        let page = call
            .form(format!("username={hostile}&email={hostile}"))
            .send(server.addr)
            .await;
        assert!(!page.text().contains("<script>"), "{}", page.text());
    }
    let id = fresh_challenge(&server).await;
    let call = Call::post("/register").header("accept", HTML);
    let call = call.form(format!("username={hostile}&email=e&{}", solved(&id)));
    let welcome = call.send(server.addr).await;
    assert_eq!(welcome.status, 200);
    assert!(!welcome.text().contains("<script>"), "{}", welcome.text());
}

/// Without room for a challenge the page says so and keeps what was typed.
pub async fn a_full_storage_is_said_kindly(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(1)).await;
    let id = fresh_challenge(&server).await;
    let call = Call::post("/new-picture").header("accept", HTML);
    let page = call.form("username=ada&email=e").send(server.addr).await;
    assert_eq!(page.status, 200);
    assert!(
        page.text().contains("id=\"captcha-unavailable\""),
        "{}",
        page.text()
    );
    assert_eq!(attribute(&page.text(), "id=\"username\"", "value"), "ada");
    let call = Call::post("/register").form(format!("username=ada&email=e&{}", solved(&id)));
    assert_eq!(call.send(server.addr).await.status, 200);
}

/// Health, metrics and the files of the page.
pub async fn health_metrics_and_assets(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(100)).await;
    let health = get("/healthz").send(server.addr).await;
    assert_eq!(
        (health.status.as_u16(), health.text()),
        (200, "ok\n".to_owned())
    );
    let _ = Call::post("/register")
        .form("username=ada&email=e")
        .send(server.addr)
        .await;
    let metrics = get("/metrics").send(server.addr).await.text();
    let line = "site_requests_total{route=\"register\",outcome=\"missing_token\"}";
    assert!(metrics.contains(line), "{metrics}");
    for (name, kind) in [("site.css", "text/css"), ("site.js", "text/javascript")] {
        let file = get(&format!("/assets/{name}")).send(server.addr).await;
        assert!(
            file.header("content-type")
                .is_some_and(|found| found.starts_with(kind))
        );
    }
    for path in ["/assets/other", "/assets/..%2fsite.css", "/nothing"] {
        assert!(
            get(path).send(server.addr).await.status.is_client_error(),
            "{path}"
        );
    }
}

/// `Accept-Language` decides, also about the direction and the prompt.
pub async fn the_page_is_in_the_visitors_language(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(100)).await;
    for (languages, lang, dir, title) in [
        ("de-AT,en;q=0.5", "de", "ltr", "Konto anlegen"),
        ("ar", "ar", "rtl", "أنشئ حسابك"),
        ("xx,fr;q=0.1", "fr", "ltr", "Créer votre compte"),
        ("xx", "en", "ltr", "Create your account"),
        ("", "en", "ltr", "Create your account"),
    ] {
        let call = get("/")
            .header("accept", HTML)
            .header("accept-language", languages);
        let page = call.send(server.addr).await.text();
        assert!(
            page.contains(&format!("<html lang=\"{lang}\" dir=\"{dir}\">")),
            "{languages}"
        );
        assert!(page.contains(&format!("<h1>{title}</h1>")), "{languages}");
        let call = Call::post("/register").header("accept", HTML);
        let call = call
            .header("accept-language", languages)
            .form("username=ada&email=e");
        let refused = call.send(server.addr).await.text();
        assert!(refused.contains(&format!("lang=\"{lang}\"")), "{languages}");
    }
    let call = Call::post("/register")
        .header("accept", HTML)
        .header("accept-language", "de");
    let id = fresh_challenge(&server).await;
    let call = call.form(format!("username=ada&email=e&{}", solved(&id)));
    let welcome = call.send(server.addr).await.text();
    assert!(welcome.contains("Willkommen, <bdi>ada</bdi>"), "{welcome}");
}

/// The page offers a sound of the same challenge.
pub async fn the_challenge_can_be_heard(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(100)).await;
    let page = get("/").header("accept", HTML).send(server.addr).await;
    let id = challenge_of(&page);
    let url = attribute(&page.text(), "id=\"captcha-audio\"", "src");
    assert_eq!(url, format!("/captcha/{id}.wav"));
    let sound = get(&url).send(server.addr).await;
    assert_eq!(sound.header("content-type"), Some("audio/wav"));
    assert!(sound.body.starts_with(b"RIFF"));
}

/// A grid is answered by choosing a cell.
pub async fn a_cell_of_a_grid_is_chosen(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(grid_site(7)).await;
    let page = get("/").header("accept", HTML).send(server.addr).await;
    assert!(page.text().contains("Which cell contains \u{1f34e}?"));
    assert_eq!(page.text().matches("type=\"radio\"").count(), 9);
    for (cell, status) in [(6, 400), (7, 200)] {
        let id = fresh_challenge(&server).await;
        let body = format!("username=ada&email=e&captcha_id={id}&captcha_answer={cell}");
        let reply = Call::post("/register").form(body).send(server.addr).await;
        assert_eq!(reply.status, status, "{}", reply.text());
    }
}
