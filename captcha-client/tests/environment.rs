//! Keys from the environment, each case in a process of its own: the environment belongs to all
//! threads of one.

#![cfg(feature = "gkcaptcha")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::process::Command;

use captcha_client::GkCaptchaClient;

const VARIABLES: [&str; 3] = [
    "GKCAPTCHA_SECRET_KEY",
    "GKCAPTCHA_SITE_KEY",
    "GKCAPTCHA_API_URL",
];

/// What `from_env` says with these variables set.
fn said(set: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    for variable in VARIABLES {
        child.env_remove(variable);
    }
    child.envs(set.iter().copied()).env("FROM_ENV_CHILD", "1");
    let run = child
        .args(["--exact", "child", "--nocapture"])
        .output()
        .unwrap();
    let output = String::from_utf8(run.stdout).unwrap();
    let line = output.lines().find_map(|line| line.split_once("SAID "));
    line.unwrap_or_else(|| panic!("{output}")).1.to_owned()
}

/// Not a test by itself: says what `from_env` makes of the environment.
#[test]
fn child() {
    if std::env::var_os("FROM_ENV_CHILD").is_some() {
        match GkCaptchaClient::from_env() {
            Ok(client) => println!("SAID {client:?}"),
            Err(error) => println!("SAID {}: {error}", error.code()),
        }
    }
}

#[test]
fn atk_16_a_missing_or_blank_key_is_named() {
    let keys = [
        ("GKCAPTCHA_SECRET_KEY", "sk_live_abc"),
        ("GKCAPTCHA_SITE_KEY", "pk_live_abc"),
    ];
    for missing in 0..2 {
        let (name, _) = keys[missing];
        let other = keys[1 - missing];
        let expected = format!("INVALID_CONFIG: {name} is not set");
        assert_eq!(said(&[other]), expected);
        for blank in ["", " ", "\n"] {
            assert_eq!(said(&[other, (name, blank)]), expected);
        }
        let placeholder = said(&[other, (name, "your_key_here")]);
        assert_eq!(
            placeholder,
            format!("INVALID_CONFIG: {name} is a placeholder, not a key")
        );
    }
}

#[test]
fn the_rest_of_the_environment_is_optional() {
    let keys = [
        ("GKCAPTCHA_SECRET_KEY", "sk_live_abc\n"),
        ("GKCAPTCHA_SITE_KEY", "pk_live_abc"),
    ];
    let default = said(&keys);
    assert!(
        default.contains("https://gkcaptcha.gatekeeper.sa"),
        "{default}"
    );
    assert!(!default.contains("sk_live_abc"), "{default}");
    for (url, expected) in [
        ("", "https://gkcaptcha.gatekeeper.sa"),
        (
            "https://captcha.example/base/",
            "https://captcha.example/base/",
        ),
        (
            "http://captcha.example",
            "INVALID_CONFIG: GKCAPTCHA_API_URL is plain http",
        ),
    ] {
        let said = said(&[keys[0], keys[1], ("GKCAPTCHA_API_URL", url)]);
        assert!(said.contains(expected), "{url}: {said}");
    }
}
