//! Mistakes that have to stay compile errors. Each block fails for the line that is marked, and
//! compiles without it.

/// A verdict is no `bool`.
///
/// ```compile_fail,E0308
/// let verdict = captcha_core::verify::Verdict::Passed(captcha_core::verify::Pass::new());
/// if verdict {} // no `bool`
/// ```
///
/// Nor is the outcome of an answer.
///
/// ```compile_fail,E0308
/// let outcome = captcha_core::manager::AnswerOutcome::Wrong { attempts_left: 2 };
/// if outcome {} // no `bool`
/// ```
pub struct Atk13NoOutcomeIsABool;

/// A verdict cannot be ignored where warnings are errors.
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// use captcha_core::verify::{Pass, Verdict};
///
/// fn verdict() -> Verdict {
///     Verdict::Passed(Pass::new())
/// }
/// verdict(); // ignored
/// ```
///
/// ```
/// #![deny(unused_must_use)]
/// use captcha_core::verify::{Pass, Verdict};
///
/// fn verdict() -> Verdict {
///     Verdict::Passed(Pass::new())
/// }
/// ```
pub struct Atk13NoOutcomeIsIgnored;
