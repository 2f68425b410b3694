//! Keys from the environment, each case in a process of its own: the environment belongs to all
//! threads of one.

#![cfg(feature = "all-providers")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::process::Command;

use captcha_client::{GkCaptchaClient, providers};

/// What `from_env` says with these variables set.
fn said(set: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .env_clear()
        .envs(set.iter().copied())
        .env("FROM_ENV_CHILD", "1");
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
        let said = |outcome: Result<String, captcha_core::ConfigError>| match outcome {
            Ok(client) => println!("SAID {client}"),
            Err(error) => println!("SAID {}: {error}", error.code()),
        };
        match std::env::var("FROM_ENV_ANY").as_deref() {
            #[cfg(feature = "blocking")]
            Ok("blocking") => {
                let client = captcha_client::blocking::AnyClient::from_env();
                said(client.map(|client| format!("{client:?}")));
            }
            Ok(_) => said(captcha_client::from_env().map(|client| format!("{client:?}"))),
            Err(_) => said(GkCaptchaClient::from_env().map(|client| format!("{client:?}"))),
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

/// What `captcha_client::from_env` says with these variables set.
fn said_of_any(set: &[(&str, &str)]) -> String {
    let mut all = vec![("FROM_ENV_ANY", "1")];
    all.extend(set);
    said(&all)
}

#[test]
fn the_environment_chooses_among_the_providers() {
    let own = ["cap", "mcaptcha", "altcha-sentinel", "siteverify"];
    for name in providers::names() {
        let prefix = name.to_uppercase().replace('-', "_");
        let variable = |what: &str| format!("{prefix}_{what}");
        let (secret, site_key) = (variable("SECRET_KEY"), variable("SITE_KEY"));
        let (url, project, field) = (variable("API_URL"), variable("PROJECT"), variable("FIELD"));
        let mut set = vec![
            ("CAPTCHA_PROVIDER", name),
            (&secret, "secret-abc123"),
            (&site_key, "site-abc123"),
            (&url, "https://captcha.example.org/base"),
            (&project, "my-project"),
            (&field, "my-field"),
        ];
        let client = said_of_any(&set);
        assert!(
            client.contains(&format!("provider: {name:?}")),
            "{name}: {client}"
        );
        assert!(
            client.contains("captcha.example.org/base"),
            "{name}: {client}"
        );
        assert!(!client.contains("secret-abc123"), "{client}");
        // What is missing is named.
        for missing in [&secret, &site_key, &url, &project, &field] {
            let rest: Vec<_> = set
                .iter()
                .copied()
                .filter(|(name, _)| name != missing)
                .collect();
            let client = said_of_any(&rest);
            let needed = missing == &secret
                || missing == &site_key
                || missing == &url && own.contains(&name)
                || missing == &project && name == "recaptcha-enterprise"
                || missing == &field && name == "siteverify";
            let named = client.starts_with(&format!("INVALID_CONFIG: {missing} is "));
            assert_eq!(named, needed, "{name} without {missing}: {client}");
        }
        #[cfg(feature = "blocking")]
        {
            let mut waiting = vec![("FROM_ENV_ANY", "blocking")];
            waiting.extend(&set);
            assert_eq!(said(&waiting), client);
        }
        let spelled = prefix.clone();
        set[0].1 = &spelled;
        assert!(said_of_any(&set).contains(&format!("provider: {name:?}")));
    }
    for (set, expected) in [
        (&[][..], "INVALID_CONFIG: CAPTCHA_PROVIDER is not set"),
        (
            &[("CAPTCHA_PROVIDER", "other")],
            "INVALID_CONFIG: CAPTCHA_PROVIDER names no provider",
        ),
    ] {
        assert!(said_of_any(set).starts_with(expected));
    }
}

#[test]
fn atk_24_published_keys_in_the_environment_are_refused() {
    for (name, secret, site_key) in [
        (
            "turnstile",
            "1x0000000000000000000000000000000AA",
            "0x4AAAsite",
        ),
        ("turnstile", "0x4AAAsecret", "1x00000000000000000000AA"),
        (
            "hcaptcha",
            "0x0000000000000000000000000000000000000000",
            "abc-site",
        ),
        ("hcaptcha", "ES_abc", "10000000-ffff-ffff-ffff-000000000001"),
        (
            "recaptcha-v2",
            "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe",
            "6Labc",
        ),
        (
            "captchafox",
            "ok_11111111000000001111111100000000",
            "sk_abc",
        ),
        (
            "prosopo",
            "secret",
            "5EARALUe4HXQwKo5KanZSGGKqJV4VTaytpezFwv8ZHbZewmh",
        ),
        (
            "private-captcha",
            "pc_abc",
            "aaaaaaaabbbbccccddddeeeeeeeeeeee",
        ),
        ("geetest-v4", "b09a7aafbfd83f73b35a9b530d0337bf", "abcdef"),
    ] {
        let prefix = name.to_uppercase().replace('-', "_");
        let said = said_of_any(&[
            ("CAPTCHA_PROVIDER", name),
            (&format!("{prefix}_SECRET_KEY"), secret),
            (&format!("{prefix}_SITE_KEY"), site_key),
        ]);
        assert!(
            said.ends_with("_KEY is a provider's public test key"),
            "{name}: {said}"
        );
    }
}

#[test]
fn swapped_keys_are_noticed_where_they_can_be_told_apart() {
    for (name, secret, site_key) in [
        ("gkcaptcha", "sk_live_abc", "pk_live_abc"),
        ("captchafox", "ok_abc123", "sk_abc123"),
        ("private-captcha", "pc_abc123", "abcdef0123"),
        ("altcha-sentinel", "sec_abc123", "key_abc123"),
        ("hcaptcha", "ES_abc123", "10a-abc-123"),
    ] {
        let prefix = name.to_uppercase().replace('-', "_");
        let said = |secret: &str, site_key: &str| {
            said_of_any(&[
                ("CAPTCHA_PROVIDER", name),
                (&format!("{prefix}_SECRET_KEY"), secret),
                (&format!("{prefix}_SITE_KEY"), site_key),
                (&format!("{prefix}_API_URL"), "https://captcha.example.org"),
            ])
        };
        assert!(said(secret, site_key).contains("provider"), "{name}");
        assert!(said(site_key, secret).contains("swapped?"), "{name}");
        // What pages would show is looked at first.
        let shown = said(secret, secret);
        assert!(shown.contains("pages would show it"), "{name}: {shown}");
    }
}
