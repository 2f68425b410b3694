//! Recorded answers of providers, one JSON file each.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::api::Answer;

/// One answer of a provider, and what has to become of it.
///
/// The file holds `http_status`, `content_type`, `body` (JSON) or `body_raw` (exact bytes),
/// `expect` (`class` is `ok`, `bad_token`, `misconfigured` or `unavailable`) and, where the case
/// assumes settings of the client's, `given`.
#[derive(Debug, Clone)]
pub struct Vector {
    /// The name of the file.
    pub name: String,
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
        Self {
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
}
