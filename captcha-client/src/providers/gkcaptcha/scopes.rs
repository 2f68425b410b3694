use serde_json::{Map, Value};

use crate::answer::time;
use crate::hosted::Reading;

/// The two places where an answer says things: its top level and, in the nested dialect, `data`.
#[derive(Clone, Copy)]
pub(super) struct Scopes<'a> {
    pub(super) top: &'a Map<String, Value>,
    pub(super) data: Option<&'a Map<String, Value>>,
}

impl<'a> Scopes<'a> {
    pub(super) fn of(top: &'a Map<String, Value>) -> Self {
        let data = top.get("data").and_then(Value::as_object);
        Self { top, data }
    }

    /// `data` first, then the top level.
    pub(super) fn iter(self) -> impl Iterator<Item = &'a Map<String, Value>> {
        self.data.into_iter().chain([self.top])
    }

    /// Every value of this name. Null is no value.
    pub(super) fn values(self, name: &str) -> impl Iterator<Item = &'a Value> {
        self.iter()
            .filter_map(move |scope| scope.get(name))
            .filter(|value| !value.is_null())
    }

    /// Whether something of this name says no.
    pub(super) fn denies(self, name: &str) -> bool {
        self.values(name).any(|value| *value == Value::Bool(false))
    }

    /// The score, 0.0 (human) to 1.0 (bot): of two, the worse.
    pub(super) fn score(self) -> Result<Option<f64>, &'static str> {
        let mut worst: Option<f64> = None;
        for value in self.values("score") {
            match value.as_f64() {
                Some(score) if (0.0..=1.0).contains(&score) => {
                    worst = Some(worst.map_or(score, |worst| worst.max(score)));
                }
                _ => return Err("a score that is no number from 0 to 1"),
            }
        }
        Ok(worst)
    }

    /// A time: `None` where there is none, `Some(None)` where it cannot be read.
    pub(super) fn time(self, name: &str) -> Option<Option<i64>> {
        self.values(name).next().map(time::seconds)
    }

    /// A text, where it is one of the provider's own.
    pub(super) fn text(self, name: &str, reading: &Reading<'_>) -> Option<&'a str> {
        reading.own(self.values(name).next()?.as_str()?)
    }
}
