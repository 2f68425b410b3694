use captcha_core::verify::Pass;

use super::recaptcha;
use crate::answer::Answer;
use crate::answer::details::{self, Scale};
use crate::answer::shape::{Said, Shape};
use crate::hosted::{Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, endpoint};
use crate::widget::{Place, Widget};

/// Google reCAPTCHA v3, which nobody sees and which gives a score.
///
/// A pass only says that the token is genuine: add
/// [`MaxScore`](captcha_core::verify::rules::MaxScore) (Google suggests to begin with 0.5) and
/// [`ExpectedAction`](captcha_core::verify::rules::ExpectedAction).
#[derive(Debug, Clone, Copy, Default)]
pub struct RecaptchaV3;

static PROFILE: Profile = Profile {
    name: "recaptcha-v3",
    variables: variables!("RECAPTCHA_V3"),
    ..recaptcha::PROFILE
};

const ANSWERS: Shape = Shape {
    pass,
    ..recaptcha::ANSWERS
};

impl Provider for RecaptchaV3 {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        recaptcha::body(ask)
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        recaptcha::invisible(place, endpoint(place.widget, "/recaptcha/api.js"))
    }
}

/// An answer without a score is one to a key of another version.
fn pass(said: &Said, reading: &Reading<'_>) -> Result<Pass, Answer> {
    let pass = details::pass(said, reading).scored_by_plan();
    details::with_score(pass, said.get("score"), Scale::HumanIsOne)
}
