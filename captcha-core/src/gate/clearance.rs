use std::fmt;
use std::sync::Arc;

use super::{Gate, Inner};
use crate::verify::Pass;

/// Notes of which gates cleared one request, and with which pass.
///
/// An adapter keeps it in the request's server-side extensions, so that a request that meets a
/// gate twice spends its token once. A pass answers only for the gate that gave it (or a clone of
/// it): a weaker gate in front does not open a stricter one behind.
#[derive(Clone, Default)]
pub struct Clearances(Vec<(Arc<Inner>, Pass)>);

impl Clearances {
    /// The pass that this gate gave, if it did.
    #[must_use]
    pub fn of(&self, gate: &Gate) -> Option<&Pass> {
        let of_gate = |(inner, _): &&(Arc<Inner>, Pass)| Arc::ptr_eq(inner, &gate.inner);
        self.0.iter().find(of_gate).map(|(_, pass)| pass)
    }

    /// Notes that this gate gave a pass.
    pub fn note(&mut self, gate: &Gate, pass: Pass) {
        self.0.push((Arc::clone(&gate.inner), pass));
    }
}

impl fmt::Debug for Clearances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passes = self.0.iter().map(|(_, pass)| pass);
        f.debug_list().entries(passes).finish()
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::verify::{FailMode, Verdict, Verifier, VerifyError, VerifyRequest};

    struct Anyone;

    #[async_trait]
    impl Verifier for Anyone {
        async fn verify(&self, _: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
            Ok(Verdict::Passed(Pass::new()))
        }

        fn fail_mode(&self) -> FailMode {
            FailMode::Closed
        }
    }

    #[test]
    fn a_pass_answers_for_its_own_gate_only() {
        let (weak, strict) = (Gate::new(Anyone), Gate::new(Anyone));
        let mut clearances = Clearances::default();
        clearances.note(&weak, Pass::new());
        assert!(clearances.of(&weak.clone()).is_some());
        assert!(clearances.of(&strict).is_none());
        clearances.note(&strict, Pass::new());
        assert!(clearances.of(&weak).is_some() && clearances.of(&strict).is_some());
    }
}
