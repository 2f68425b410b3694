use captcha_core::gate::Gate;
use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::http::{ContentType, Status};
use rocket::{Build, Catcher, Ignite, Request, Response, Rocket, catcher};
use std::io::Cursor;

use crate::rejection::{rejection, response};

pub(crate) const MISSING: &str = "no captcha gate is configured: add \
    `.attach(captcha_rocket::CaptchaFairing::new(gate))` to the Rocket instance";

/// The statuses with which a gate refuses.
const STATUSES: [u16; 4] = [400, 413, 415, 503];

/// Brings a gate into a Rocket application and checks the set-up at launch.
///
/// It manages the gate for the guards, refuses to launch with two gates, and registers catchers
/// at `/` that answer refusals with their problem document. Where the application has a catcher of
/// its own for one of the codes, or a default catcher, at `/`, that one answers instead; it finds
/// the refusal with [`rejection`].
#[derive(Debug, Clone)]
pub struct CaptchaFairing {
    gate: Gate,
}

impl CaptchaFairing {
    /// A fairing that protects with this gate.
    #[must_use]
    pub const fn new(gate: Gate) -> Self {
        Self { gate }
    }
}

#[rocket::async_trait]
impl Fairing for CaptchaFairing {
    fn info(&self) -> Info {
        Info {
            name: "Captcha",
            kind: Kind::Ignite,
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        if rocket.state::<Gate>().is_some() {
            rocket::error!("a captcha gate is managed already: attach one CaptchaFairing only");
            return Err(rocket);
        }
        let own: Vec<Option<u16>> = rocket
            .catchers()
            .filter(|catcher| catcher.base.path().as_str() == "/")
            .map(|catcher| catcher.code)
            .collect();
        let free = |status: &u16| !own.contains(&None) && !own.contains(&Some(*status));
        let catchers: Vec<Catcher> = STATUSES
            .into_iter()
            .filter(free)
            .map(|status| Catcher::new(status, answer))
            .collect();
        Ok(rocket.manage(self.gate.clone()).register("/", catchers))
    }
}

/// What a guard's sentinel asks at launch.
pub(crate) fn is_missing(rocket: &Rocket<Ignite>) -> bool {
    let missing = rocket.state::<Gate>().is_none();
    if missing {
        rocket::error!("{MISSING}");
    }
    missing
}

/// Answers a refusal; any other error of these codes as Rocket's default catcher would.
fn answer<'r>(status: Status, request: &'r Request<'_>) -> catcher::BoxFuture<'r> {
    let refused = rejection(request).filter(|rejection| rejection.status() == status.code);
    let response = refused.map_or_else(|| plain(status, request), response);
    Box::pin(async move { Ok(response) })
}

fn plain(status: Status, request: &Request<'_>) -> Response<'static> {
    let reason = status.reason_lossy();
    let wants_json = request
        .accept()
        .is_some_and(|accept| accept.preferred().is_json());
    let (kind, body) = if wants_json {
        let error = serde_json::json!({ "code": status.code, "reason": reason });
        let body = serde_json::json!({ "error": error });
        (ContentType::JSON, body.to_string())
    } else {
        let title = format!("{} {reason}", status.code);
        let body = format!("<!doctype html><title>{title}</title><h1>{title}</h1>");
        (ContentType::HTML, body)
    };
    let mut response = Response::build();
    response.status(status).header(kind);
    response.sized_body(body.len(), Cursor::new(body));
    response.finalize()
}
