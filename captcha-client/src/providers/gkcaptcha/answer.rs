use captcha_core::verify::Pass;
use serde_json::Value;

use super::failures::{Denied, Failures};
use super::scopes::Scopes;
use crate::answer::Answer;
use crate::hosted::Reading;
use crate::transport::Reply;

/// Reads an answer in either dialect.
///
/// A pass needs a 2xx, `success` exactly `true`, `data.verified` exactly `true` where there is
/// `data`, and nothing anywhere that names a failure. Everything else is sorted by what it
/// names, then by what it denies, then by its status.
pub(super) fn read(reply: &Reply, reading: &Reading<'_>) -> Answer {
    let status = reply.status;
    let top = match reply.object() {
        Ok(top) => top,
        Err(why) => return Answer::unreadable(status, why),
    };
    let said = Scopes::of(&top);
    let failures = Failures::of(said);
    if let Some(answer) = failures.answer(status, denied(said), reading.scrub) {
        return with_details(answer, said);
    }
    if !status.is_success() {
        return Answer::unreadable(status, "no code that is known");
    }
    match contradiction(said, &failures) {
        None => {
            pass(said, reading).map_or_else(|why| Answer::unreadable(status, why), Answer::Passed)
        }
        Some(why) => Answer::unreadable(status, why),
    }
}

/// What a boolean says no to.
fn denied(said: Scopes<'_>) -> Option<Denied> {
    if said.denies("verified") {
        Some(Denied::Token)
    } else {
        said.denies("success").then_some(Denied::Request)
    }
}

/// Adds to a refusal what else the provider says about the token.
fn with_details(answer: Answer, said: Scopes<'_>) -> Answer {
    let Answer::Refused(mut refusal) = answer else {
        return answer;
    };
    if let Ok(Some(score)) = said.score() {
        refusal = refusal.with_score(score);
    }
    if let Some(Some(seconds)) = said.time("timestamp") {
        refusal = refusal.with_timestamp(seconds);
    }
    Answer::Refused(refusal)
}

/// Why an answer that denies nothing and names no failure is no pass either.
fn contradiction(said: Scopes<'_>, failures: &Failures<'_>) -> Option<&'static str> {
    let yes = Value::Bool(true);
    if said.top.get("success") != Some(&yes) {
        return Some("`success` is not true");
    }
    if said.top.contains_key("data") && said.data.is_none() {
        return Some("`data` is no object");
    }
    if said
        .data
        .is_some_and(|data| data.get("verified") != Some(&yes))
    {
        return Some("`data.verified` is not true");
    }
    // Optional in the other places; where they are, they have to agree.
    if ["success", "verified"]
        .iter()
        .any(|name| said.values(name).any(|value| *value != yes))
    {
        return Some("a verdict that is no boolean");
    }
    // Only a client can say this about itself.
    if said
        .values("failOpen")
        .any(|value| *value != Value::Bool(false))
    {
        return Some("`failOpen` on the wire");
    }
    failures
        .unreadable
        .then_some("a pass with a failure code that cannot be read")
}

fn pass(said: Scopes<'_>, reading: &Reading<'_>) -> Result<Pass, &'static str> {
    let mut pass = Pass::new();
    if let Some(score) = said.score()? {
        pass = pass.with_score(score, score);
    }
    let challenge = said.time("challenge_ts");
    if let Some(Some(seconds)) = challenge {
        pass = pass.with_challenge_ts(seconds);
    }
    // The time of the verification must not stand in for one that cannot be read.
    if let (Some(Some(seconds)), None | Some(Some(_))) = (said.time("timestamp"), challenge) {
        pass = pass.with_timestamp(seconds);
    }
    if let Some(hostname) = said.text("hostname", reading) {
        pass = pass.with_hostname(hostname);
    }
    if let Some(action) = said.text("action", reading) {
        pass = pass.with_action(action);
    }
    Ok(pass)
}
