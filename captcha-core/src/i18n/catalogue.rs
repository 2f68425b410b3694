use std::collections::HashMap;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// The prompts of one locale.
pub(super) struct Catalogue {
    pub(super) locale: String,
    bundle: FluentBundle<FluentResource>,
    /// Prompts without parameters, put together once.
    fixed: HashMap<String, String>,
}

/// What came of looking a prompt up.
pub(super) enum Found {
    Prompt(String),
    Incomplete,
    Missing,
}

impl Catalogue {
    /// A catalogue without prompts; `None` unless the locale is a language tag.
    pub(super) fn new(locale: &str) -> Option<Self> {
        let language: LanguageIdentifier = locale.parse().ok()?;
        let mut bundle = FluentBundle::new_concurrent(vec![language.clone()]);
        // Marks around parameters would be read out and typed.
        bundle.set_use_isolating(false);
        Some(Self {
            locale: language.to_string(),
            bundle,
            fixed: HashMap::new(),
        })
    }

    /// Adds prompts in Fluent's syntax, in place of those of the same name. `false` when they
    /// cannot be read.
    pub(super) fn add(&mut self, prompts: &str) -> bool {
        let Ok(resource) = FluentResource::try_new(prompts.to_owned()) else {
            return false;
        };
        let names: Vec<String> = resource
            .entries()
            .filter_map(|entry| match entry {
                fluent_syntax::ast::Entry::Message(message) => Some(message),
                _ => None,
            })
            .flat_map(|message| {
                let id = message.id.name;
                let attributes = message.attributes.iter();
                let attributes = attributes.map(move |a| format!("{id}.{}", a.id.name));
                message
                    .value
                    .iter()
                    .map(move |_| id.to_owned())
                    .chain(attributes)
            })
            .collect();
        self.bundle.add_resource_overriding(resource);
        for name in names {
            match self.format(&name, &[]) {
                Found::Prompt(prompt) => self.fixed.insert(name, prompt),
                _ => self.fixed.remove(&name),
            };
        }
        true
    }

    pub(super) fn prompt(&self, key: &str, parameters: &[(&str, &str)]) -> Found {
        match self.fixed.get(key) {
            Some(prompt) => Found::Prompt(prompt.clone()),
            None => self.format(key, parameters),
        }
    }

    /// `grid.pick` is the attribute `pick` of the message `grid`.
    fn format(&self, key: &str, parameters: &[(&str, &str)]) -> Found {
        let (id, attribute) = match key.split_once('.') {
            Some((id, attribute)) => (id, Some(attribute)),
            None => (key, None),
        };
        let message = self.bundle.get_message(id);
        let pattern = message.and_then(|message| match attribute {
            Some(attribute) => message.get_attribute(attribute).map(|a| a.value()),
            None => message.value(),
        });
        let Some(pattern) = pattern else {
            return Found::Missing;
        };
        let mut arguments = FluentArgs::new();
        for (name, value) in parameters {
            arguments.set(*name, FluentValue::from(*value));
        }
        let mut errors = Vec::new();
        let prompt = self
            .bundle
            .format_pattern(pattern, Some(&arguments), &mut errors);
        match errors.is_empty() {
            true => Found::Prompt(prompt.into_owned()),
            false => Found::Incomplete,
        }
    }
}
