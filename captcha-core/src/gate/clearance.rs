use super::Gate;
use crate::verify::Pass;

/// A note that one request was cleared by one gate.
///
/// An adapter keeps it in the request's server-side extensions. It answers only to the gate that
/// wrote it (or a clone of it), so a weaker gate in front does not open a stricter one behind.
#[derive(Debug, Clone)]
pub struct Clearance {
    gate: usize,
    pass: Pass,
}

impl Clearance {
    pub(super) const fn new(gate: usize, pass: Pass) -> Self {
        Self { gate, pass }
    }

    /// The pass, if this gate is the one that cleared the request.
    #[must_use]
    pub fn for_gate(&self, gate: &Gate) -> Option<&Pass> {
        (std::sync::Arc::as_ptr(&gate.inner).addr() == self.gate).then_some(&self.pass)
    }
}
