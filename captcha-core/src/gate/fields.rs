use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::verify::FieldSet;

/// The body fields to look for, and which of them belong together.
pub(crate) struct FieldNames {
    names: Vec<Cow<'static, str>>,
    tokens: Vec<usize>,
    together: Vec<Vec<usize>>,
    /// Tokens that are handed over among others, with their names.
    named_tokens: Vec<usize>,
}

impl FieldNames {
    pub(crate) fn of_sets(sets: Vec<FieldSet>) -> Self {
        let mut this = Self {
            names: Vec::new(),
            tokens: Vec::new(),
            together: Vec::new(),
            named_tokens: Vec::new(),
        };
        for set in sets {
            match set {
                FieldSet::Token(name) => {
                    let index = this.intern(name);
                    this.tokens.push(index);
                }
                FieldSet::Together(members) => {
                    let set = members.into_iter().map(|name| this.intern(name)).collect();
                    this.together.push(set);
                }
                FieldSet::Named(_) => {
                    let mut all = |names: Vec<&str>| -> Vec<usize> {
                        let names = names.into_iter().map(str::to_owned);
                        names.map(|name| this.intern(name.into())).collect()
                    };
                    let (set, tokens) = (all(set.names()), all(set.token_names()));
                    this.together.push(set);
                    this.named_tokens.extend(tokens);
                }
            }
        }
        this
    }

    fn intern(&mut self, name: Cow<'static, str>) -> usize {
        self.index(&name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        })
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Whether this raw, still encoded name is one of ours spelled plainly.
    pub(super) fn is_plain(&self, raw: &[u8]) -> bool {
        self.names.iter().any(|known| known.as_bytes() == raw)
    }
}

/// What a single field holds.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Slot<'a> {
    Absent,
    Text(Cow<'a, str>),
    NotText,
}

/// The values of the fields a gate looks for, gathered while a body is read.
///
/// It keeps what decides later: a field given twice with different values, and a body that turned
/// out to be broken, are remembered and refused by [`Gate::submit`](super::Gate::submit).
pub struct FoundFields<'a> {
    names: Arc<FieldNames>,
    slots: Vec<Slot<'a>>,
    recorded: usize,
    conflict: bool,
    broken: bool,
}

/// No honest body repeats its captcha fields this often.
const MAX_RECORDED: usize = 32;

/// Fields that belong together, as name and value.
type Together<'n, 'a> = Vec<(&'n str, Cow<'a, str>)>;

impl<'a> FoundFields<'a> {
    pub(crate) fn new(names: Arc<FieldNames>) -> Self {
        let slots = vec![Slot::Absent; names.names.len()];
        Self {
            names,
            slots,
            recorded: 0,
            conflict: false,
            broken: false,
        }
    }

    /// Whether a field of this name is looked for.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.names.index(name).is_some()
    }

    /// Records a field's text. Names that are not looked for are ignored.
    pub fn record(&mut self, name: &str, value: impl Into<Cow<'a, str>>) {
        self.put(name, Slot::Text(value.into()));
    }

    /// Records that a field was sent with something that is not text.
    pub fn record_not_text(&mut self, name: &str) {
        self.put(name, Slot::NotText);
    }

    /// Records that the body cannot be read to its end, so that nothing in it counts.
    pub fn mark_broken(&mut self) {
        self.broken = true;
    }

    fn put(&mut self, name: &str, value: Slot<'a>) {
        let Some(slot) = self.names.index(name).and_then(|i| self.slots.get_mut(i)) else {
            return;
        };
        self.recorded += 1;
        match slot {
            Slot::Absent => *slot = value,
            same if *same == value && self.recorded <= MAX_RECORDED => {}
            _ => self.conflict = true,
        }
    }

    /// Whether a field was sent twice with different values, so that the rest does not matter.
    pub(crate) const fn has_conflict(&self) -> bool {
        self.conflict
    }

    pub(super) fn names(&self) -> &FieldNames {
        &self.names
    }

    pub(crate) const fn is_broken(&self) -> bool {
        self.broken
    }

    pub(super) fn tokens(&self) -> impl Iterator<Item = &Slot<'a>> {
        let slot = |index: &usize| self.slots.get(*index);
        self.names.tokens.iter().filter_map(slot)
    }

    /// Tokens among fields that are handed over with their names.
    pub(super) fn named_tokens(&self) -> impl Iterator<Item = &Slot<'a>> {
        let slot = |index: &usize| self.slots.get(*index);
        self.names.named_tokens.iter().filter_map(slot)
    }

    pub(super) fn take_token(&mut self) -> Option<Cow<'a, str>> {
        let names = Arc::clone(&self.names);
        names.tokens.iter().find_map(|index| {
            let text = self.take(*index);
            text.filter(|text| !text.is_empty())
        })
    }

    /// The first set of which anything was sent, with absent members as empty text.
    pub(super) fn take_together<'n>(&mut self, names: &'n FieldNames) -> Option<Together<'n, 'a>> {
        let was_sent = |index: &usize| {
            let slot = self.slots.get(*index);
            slot.is_some_and(|slot| *slot != Slot::Absent)
        };
        let set = names.together.iter().find(|set| set.iter().any(was_sent))?;
        let member = |index: &usize| {
            let name = names.names.get(*index).map_or("", |name| name.as_ref());
            (name, self.take(*index).unwrap_or_default())
        };
        Some(set.iter().map(member).collect())
    }

    /// The text of one field, where it was sent and is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.slots.get(self.names.index(name)?)? {
            Slot::Text(text) => Some(text),
            Slot::Absent | Slot::NotText => None,
        }
    }

    fn take(&mut self, index: usize) -> Option<Cow<'a, str>> {
        let slot = self.slots.get_mut(index)?;
        match std::mem::replace(slot, Slot::Absent) {
            Slot::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Debug for FoundFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FoundFields").finish_non_exhaustive()
    }
}
