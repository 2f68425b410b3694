use std::fmt;

use crate::ConfigError;

/// The longest name: what Postgres cuts off is 63 bytes, with the longest suffix.
const LONGEST: usize = 63 - INDEX.len();

/// What the name of the index on expiry ends with.
const INDEX: &str = "_expires_at";

/// The table records are in. It becomes part of statements, so only names of plain lowercase
/// letters, digits and underscores are let through.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    schema: Option<Box<str>>,
    name: Box<str>,
}

impl Table {
    /// `name` or `schema.name`.
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let (schema, name) = match text.split_once('.') {
            Some((schema, name)) => (Some(schema), name),
            None => (None, text),
        };
        if !is_name(name) || !schema.is_none_or(is_name) {
            return Err(ConfigError::new(
                "table",
                "must be a name of up to 52 letters a to z, digits and underscores, \
                 or two of those with a dot between",
            ));
        }
        Ok(Self {
            schema: schema.map(Into::into),
            name: name.into(),
        })
    }

    /// The name of the index on expiry, which is in the schema of the table.
    pub(super) fn index(&self) -> String {
        format!("\"{}{INDEX}\"", self.name)
    }
}

impl Default for Table {
    fn default() -> Self {
        Self {
            schema: None,
            name: "captcha_records".into(),
        }
    }
}

/// As it stands in a statement. Quoted: it may be a word that SQL has a use for.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "\"{schema}\".")?;
        }
        write!(f, "\"{}\"", self.name)
    }
}

fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    text.len() <= LONGEST
        && text.chars().all(inner)
        && text.starts_with(|c: char| !c.is_ascii_digit())
}
