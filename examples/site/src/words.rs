use std::sync::{Arc, LazyLock};

use captcha_core::gate::RequestHead;
use captcha_core::i18n::{DefaultTranslator, PromptTranslator, is_right_to_left};

/// The prompts of the challenges and the words of the page.
static TRANSLATOR: LazyLock<Arc<DefaultTranslator>> = LazyLock::new(|| {
    let mut builder = DefaultTranslator::builder();
    for (locale, words) in [
        ("en", include_str!("../locales/en.ftl")),
        ("tr", include_str!("../locales/tr.ftl")),
        ("de", include_str!("../locales/de.ftl")),
        ("es", include_str!("../locales/es.ftl")),
        ("fr", include_str!("../locales/fr.ftl")),
        ("ar", include_str!("../locales/ar.ftl")),
    ] {
        builder = builder.catalogue(locale, words);
    }
    Arc::new(builder.build().unwrap_or_else(|error| {
        tracing::error!(%error, "the words of the page cannot be read");
        DefaultTranslator::new()
    }))
});

/// What the manager translates its prompts with.
pub(crate) fn translator() -> Arc<DefaultTranslator> {
    Arc::clone(&TRANSLATOR)
}

/// The words of one visitor's page.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    locale: &'static str,
}

impl Words {
    /// In the language that the visitor wants most.
    pub(crate) fn of(head: &(impl RequestHead + ?Sized)) -> Self {
        Self {
            locale: TRANSLATOR.negotiate(languages(head)),
        }
    }

    pub(crate) const fn lang(self) -> &'static str {
        self.locale
    }

    pub(crate) fn dir(self) -> &'static str {
        match is_right_to_left(self.locale) {
            true => "rtl",
            false => "ltr",
        }
    }

    pub(crate) fn get(self, name: &str) -> String {
        self.with(name, &[])
    }

    pub(crate) fn served(self, framework: &str) -> String {
        self.with("served", &[("framework", framework)])
    }

    pub(crate) fn with(self, name: &str, parameters: &[(&str, &str)]) -> String {
        let words = TRANSLATOR.translate(&format!("page.{name}"), self.locale, parameters);
        words.unwrap_or_else(|error| {
            tracing::error!(%error, "a word of the page is missing");
            String::new()
        })
    }
}

/// What the visitor's `Accept-Language` says.
pub(crate) fn languages(head: &(impl RequestHead + ?Sized)) -> &str {
    let value = head.header("accept-language").unwrap_or_default();
    std::str::from_utf8(value).unwrap_or_default()
}
