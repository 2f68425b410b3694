//! Recorded answers of providers, one JSON file each.

use std::fs;
use std::path::Path;

use captcha_core::verify::rules::{AllowedHostnames, ExpectedAction, MaxScore};
use captcha_core::verify::{FieldSet, Verifier, VerifierExt};
use serde_json::Value;

use crate::api::Answer;

/// One answer of a provider, and what has to become of it.
///
/// The file holds `provider` (the name, with underscores), `http_status`, `content_type`, `body`
/// (JSON) or `body_raw` (exact bytes), `expect` and, where the case assumes settings, `given`:
///
/// | in `expect` | |
/// |---|---|
/// | `success`, `class` | whether it passes; `ok`, `bad_token`, `misconfigured` or `unavailable` |
/// | `error_codes`, `hostname`, `action`, `score_raw` | what the verdict says, in the provider's words |
///
/// | in `given` | |
/// |---|---|
/// | `sitekey`, `api_key` or `captcha_id`; `secret` | the keys |
/// | `token`, `token_sitekey`, `lot_number` | what the visitor sends; the site key inside of it |
/// | `allow_test_keys`, `allow_dev_host` | whether keys for tests pass |
/// | `expected_hostname`, `expected_origin`, `expected_action` | rules |
/// | `max_risk` (1 is a bot), `min_human_score` (1 is a human), `max_risk_level` (1 to 5) | a rule on the score |
#[derive(Debug, Clone)]
pub struct Vector {
    /// The name of the file.
    pub name: String,
    /// Whose answer it is, as `CAPTCHA_PROVIDER` calls it.
    pub provider: String,
    /// The settings the case assumes, as an object, or null.
    pub given: Value,
    /// What is expected, as an object.
    pub expect: Value,
    /// What the provider answers.
    pub answer: Answer,
}

impl Vector {
    /// Every vector of a folder, by name.
    #[must_use]
    pub fn load_all(folder: impl AsRef<Path>) -> Vec<Self> {
        let mut vectors: Vec<Self> = fs::read_dir(folder)
            .expect("a folder of vectors")
            .map(|entry| Self::load(&entry.expect("an entry").path()))
            .collect();
        vectors.sort_by(|a, b| a.name.cmp(&b.name));
        vectors
    }

    fn load(path: &Path) -> Self {
        let name = path.file_stem().expect("a name").to_string_lossy();
        let bytes = fs::read(path).expect("a file");
        let mut vector: Value = serde_json::from_slice(&bytes).expect("JSON");
        let body = match vector["body_raw"].as_str() {
            Some(raw) => raw.to_owned(),
            None => vector["body"].to_string(),
        };
        let status = vector["http_status"].as_u64().expect("a status");
        let content_type = vector["content_type"].as_str().expect("a content type");
        let provider = vector["provider"].as_str().expect("a provider");
        Self {
            provider: provider.replace('_', "-"),
            name: name.into_owned(),
            answer: Answer::typed(status.try_into().expect("a status"), content_type, body),
            given: vector["given"].take(),
            expect: vector["expect"].take(),
        }
    }

    /// The class the answer belongs to.
    #[must_use]
    pub fn class(&self) -> &str {
        self.expect["class"].as_str().expect("a class")
    }

    /// The site key that the case assumes.
    #[must_use]
    pub fn site_key(&self) -> &str {
        let keys = ["sitekey", "api_key", "captcha_id"];
        let given = keys.iter().find_map(|key| self.given[*key].as_str());
        given.unwrap_or("5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM")
    }

    /// The secret key that the case assumes. Where it assumes none, the answer says so.
    #[must_use]
    pub fn secret(&self) -> &str {
        let given = self.given["secret"].as_str();
        let given = given.filter(|secret| !secret.is_empty());
        given.unwrap_or("secret-0123456789abcdef")
    }

    /// What a visitor sends, where the provider's proof is one token.
    #[must_use]
    pub fn token(&self) -> String {
        let site_key = self.given["token_sitekey"].as_str();
        let site_key = site_key.unwrap_or_else(|| self.site_key());
        match (self.given["token"].as_str(), self.provider.as_str()) {
            (Some(token), _) => token.to_owned(),
            (None, "cap") => format!("{site_key}:0123456789abcdef:0123456789abcdef0123456789abcd"),
            (None, "prosopo") => {
                let hex = site_key.bytes().map(|byte| format!("{byte:02x}"));
                format!("0x00{}", hex.collect::<String>())
            }
            // `{"verified":true}`
            (None, "altcha-sentinel") => "eyJ2ZXJpZmllZCI6dHJ1ZX0=".to_owned(),
            _ => "tok_0123456789abcdef".to_owned(),
        }
    }

    /// Whether what the visitor sends is not of the site, so that nobody has to be asked about it.
    #[must_use]
    pub fn has_foreign_token(&self) -> bool {
        let of_the_site = |key: &str| key.contains(self.site_key());
        let given = ["token", "token_sitekey"].map(|name| self.given[name].as_str());
        given.into_iter().flatten().any(|text| !of_the_site(text))
    }

    /// What a visitor sends in the fields of a provider, of which there may be several.
    #[must_use]
    pub fn proof(&self, verifier: &impl Verifier) -> Vec<(String, String)> {
        match verifier.field_sets().swap_remove(0) {
            FieldSet::Token(name) => vec![(name.into_owned(), self.token())],
            FieldSet::Together(names) => names
                .into_iter()
                .map(|name| {
                    let value = match name.as_ref() {
                        "lot_number" => {
                            let given = self.given["lot_number"].as_str();
                            given
                                .unwrap_or("4dc3cfc2cdff448cad8d13107198d473")
                                .to_owned()
                        }
                        "gen_time" => "1772359200".to_owned(),
                        _ => self.token(),
                    };
                    (name.into_owned(), value)
                })
                .collect(),
            _ => panic!("fields of another kind"),
        }
    }

    /// Whether the case is about keys for tests, or a developer's host, that are allowed.
    #[must_use]
    pub fn allows_test_keys(&self) -> bool {
        ["allow_test_keys", "allow_dev_host"]
            .iter()
            .any(|setting| self.given[*setting] == true)
    }

    /// Whether the case assumes rules.
    #[must_use]
    pub fn has_rules(&self) -> bool {
        let given = self.given.as_object();
        let mut names = given.into_iter().flat_map(|given| given.keys());
        let rules = ["expected_", "max_", "min_"];
        names.any(|name| rules.iter().any(|rule| name.starts_with(rule)))
    }

    /// The verifier behind the rules that the case assumes.
    #[must_use]
    pub fn ruled(&self, verifier: impl Verifier + 'static) -> Box<dyn Verifier> {
        let mut ruled: Box<dyn Verifier> = Box::new(verifier);
        let text = |name: &str| self.given[name].as_str();
        let number = |name: &str| self.given[name].as_f64();
        let origin = text("expected_origin").map(|origin| origin.trim_start_matches("https://"));
        if let Some(hostname) = text("expected_hostname").or(origin) {
            ruled = Box::new(ruled.rule(AllowedHostnames::new([hostname]).expect("a host")));
        }
        if let Some(action) = text("expected_action") {
            ruled = Box::new(ruled.rule(ExpectedAction::new(action).expect("an action")));
        }
        let risk = number("max_risk").or(number("min_human_score").map(|score| 1.0 - score));
        let risk = risk.or(number("max_risk_level").map(|level| (level - 1.0) / 4.0));
        if let Some(highest) = risk {
            ruled = Box::new(ruled.rule(MaxScore::new(highest).expect("a score")));
        }
        ruled
    }
}
