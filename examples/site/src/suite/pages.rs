//! Cases in a real browser, with and without JavaScript.

use super::browser::Browser;
use super::{ANSWER, Server, grid_site, site};
use crate::Site;

/// A wrong answer, a new picture without leaving the page, and a right answer.
pub async fn sign_up_with_javascript(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(100)).await;
    let Some(browser) = Browser::start(true).await else {
        return;
    };
    wrong_answer_first(&browser, &server).await;

    let id = browser.value("captcha_id").await;
    let picture = browser.property("captcha-image", "src").await;
    browser.press("new-picture").await;
    browser.changed("captcha_id", "value", &id).await;
    browser.changed("captcha-image", "src", &picture).await;
    browser.changed("captcha-status", "textContent", "").await;
    kept(&browser).await;
    assert!(!browser.has("captcha-error").await);
    browser.focuses("captcha_answer").await;
    browser.shows_picture().await;

    right_answer(&browser).await;
    browser.close().await;
}

/// The same with JavaScript switched off.
pub async fn sign_up_without_javascript(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(site(100)).await;
    let Some(browser) = Browser::start(false).await else {
        return;
    };
    wrong_answer_first(&browser, &server).await;

    let id = browser.value("captcha_id").await;
    browser.press("new-picture").await;
    browser.changed("captcha_id", "value", &id).await;
    kept(&browser).await;
    assert!(!browser.has("captcha-error").await);
    assert_eq!(browser.property("captcha-status", "textContent").await, "");
    browser.shows_picture().await;

    right_answer(&browser).await;
    browser.close().await;
}

async fn wrong_answer_first(browser: &Browser, server: &Server) {
    browser.open(&format!("http://{}/", server.addr)).await;
    browser.type_into("username", "ada").await;
    browser.type_into("email", "ada@example.org").await;
    browser.type_into("captcha_answer", "WRONG").await;
    browser.press("create").await;
    browser.element("captcha-error").await;
    kept(browser).await;
    browser.focuses("captcha_answer").await;
}

/// Enter in the answer's field signs up; it does not ask for another picture.
async fn right_answer(browser: &Browser) {
    let answer = format!("{}\n", ANSWER.to_lowercase());
    browser.type_into("captcha_answer", &answer).await;
    browser.element("welcome").await;
    browser.says("Welcome, ada").await;
}

async fn kept(browser: &Browser) {
    assert_eq!(browser.value("username").await, "ada");
    assert_eq!(browser.value("email").await, "ada@example.org");
}

/// The cells are radio buttons: arrows choose, Enter signs up. Without JavaScript.
pub async fn a_cell_is_chosen_with_the_keyboard(serve: &impl AsyncFn(Site) -> Server) {
    let server = serve(grid_site(3)).await;
    let Some(browser) = Browser::start(false).await else {
        return;
    };
    browser.open(&format!("http://{}/", server.addr)).await;
    browser.type_into("username", "ada").await;
    // Tab to the email address and to the cells; the space chooses the first, arrows the third.
    let (tab, right) = ('\u{e004}', '\u{e014}');
    let typed = format!("ada@example.org{tab} {right}{right}\n");
    browser.type_into("email", &typed).await;
    browser.element("welcome").await;
    browser.close().await;
}
