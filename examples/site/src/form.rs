use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a visitor types to sign up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUp {
    /// The name to be shown to others.
    pub username: String,
    /// Where to write to.
    pub email: String,
}

/// What a visitor types to comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// The comment.
    pub text: String,
}

/// Makes a form of the text fields of a multipart body.
///
/// # Errors
///
/// A sentence for the client, when a field is missing.
pub fn from_fields<T: DeserializeOwned>(fields: Vec<(String, String)>) -> Result<T, String> {
    let fields = fields
        .into_iter()
        .map(|(name, value)| (name, serde_json::Value::String(value)))
        .collect();
    let fields = serde_json::Value::Object(fields);
    serde_json::from_value(fields).map_err(|error| error.to_string())
}
