//! What every example site shows, over a real socket and in a real browser.
//!
//! An example's tests start their site for a [`Site`] and hand it to
//! `site_suite!`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "suites fail by panicking"
)]

mod browser;
pub mod hosted;
pub mod http_cases;
pub mod pages;
pub mod process;
pub mod widgets;

use std::any::Any;
use std::net::SocketAddr;

use captcha_core::challenge::{ChallengeContext, ChallengeFactory, ChallengeSpec, FactoryError};
use captcha_core::endpoints::Endpoints;
use captcha_core::gate::Gate;
use captcha_core::manager::CaptchaManager;
use captcha_core::random::SecureRng;
use captcha_core::render::{AudioRenderer, ImageRenderer};
use captcha_core::storage::MemoryStorage;
use captcha_testkit::KnownAnswer;

use crate::{Challenge, Site};

/// The solution of every challenge in the suite.
pub const ANSWER: &str = "XK7QW";

/// What a browser accepts.
const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// A running site.
pub struct Server {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Stops the site when it is dropped.
    pub guard: Box<dyn Any + Send + Sync>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("addr", &self.addr).finish()
    }
}

/// A site whose answers are known, with room for this many challenges.
fn site(capacity: usize) -> Site {
    let storage = MemoryStorage::builder().capacity(capacity).build();
    let manager = CaptchaManager::builder(storage)
        .factory(KnownAnswer(ANSWER))
        .renderer(ImageRenderer::new())
        .renderer(AudioRenderer::new());
    self_hosted(manager.build().unwrap(), Challenge::Text)
}

/// A site whose challenge is a grid with the target in this cell.
fn grid_site(cell: usize) -> Site {
    let manager = CaptchaManager::builder(MemoryStorage::new()).factory(KnownGrid(cell));
    self_hosted(manager.build().unwrap(), Challenge::Grid)
}

fn self_hosted(manager: CaptchaManager, challenge: Challenge) -> Site {
    let gate = Gate::new(manager.clone());
    Site::self_hosted(gate, Endpoints::new(manager), challenge, "the suite")
}

/// A grid whose answer is known.
struct KnownGrid(usize);

impl ChallengeFactory for KnownGrid {
    fn create(
        &self,
        context: &ChallengeContext<'_>,
        _: &mut SecureRng,
    ) -> Result<ChallengeSpec, FactoryError> {
        let prompt = context.prompt("grid.pick", &[("emoji", "\u{1f34e}")])?;
        let cells = (1..=9).map(|cell| match cell == self.0 {
            true => "\u{1f34e}".to_owned(),
            false => "\u{1f354}".to_owned(),
        });
        Ok(ChallengeSpec::grid(
            prompt,
            cells.collect(),
            self.0.to_string(),
        ))
    }
}

/// Runs the suite: one test per case, on sites from this async function of
/// [`Site`](crate::Site) to [`Server`](crate::suite::Server), and on this binary.
#[macro_export]
macro_rules! site_suite {
    ($serve:expr, $binary:expr) => {
        $crate::site_suite!(@processes $binary;
            it_says_where_it_listens
            settings_that_cannot_work_are_named
            requests_for_challenges_are_limited
            visitors_behind_a_trusted_proxy_are_told_apart
            two_processes_share_a_redis
            two_processes_share_a_postgres
            a_mistake_in_the_keys_is_one_error_in_the_log
            atk_16_without_keys_it_does_not_start
            atk_24_public_test_keys_do_not_start_it
            atk_41_it_stays_up_and_small
        );
        $crate::site_suite!(@cases $serve;
            http_cases: the_page_asks_for_a_picture
            http_cases: sign_up_takes_forms_multipart_and_json
            http_cases: refused_browsers_get_the_page_again
            http_cases: other_clients_get_the_problem_document
            http_cases: a_new_picture_keeps_what_was_typed
            http_cases: comments_are_protected
            http_cases: atk_15_no_other_way_in
            http_cases: atk_42_what_was_typed_is_escaped
            http_cases: a_full_storage_is_said_kindly
            http_cases: health_metrics_and_assets
            http_cases: the_page_is_in_the_visitors_language
            http_cases: the_challenge_can_be_heard
            http_cases: a_cell_of_a_grid_is_chosen
            hosted: every_vector_ends_as_its_class_says
            hosted: a_provider_that_is_gone
            hosted: what_is_no_outage_answers_503_in_both_modes
            hosted: broken_connections_are_outages
            hosted: atk_17_a_visitor_cannot_cause_an_outage
            hosted: atk_18_only_an_allowed_host_passes
            hosted: atk_19_only_the_expected_action_passes
            hosted: atk_20_a_missing_or_odd_score_never_passes
            hosted: atk_21_only_the_exact_pass_shape_passes
            widgets: the_page_shows_the_widget
            widgets: every_widget_is_on_the_page
            widgets: sign_up_with_a_widget
            widgets: a_widget_that_does_not_load_is_said
            widgets: javascript_on_the_page_fills_the_fields
            widgets: a_page_can_send_its_form_again_and_again
            widgets: one_sign_up_has_one_token
            widgets: a_form_whose_script_is_gone_can_be_sent
            pages: sign_up_with_javascript
            pages: sign_up_without_javascript
            pages: a_cell_is_chosen_with_the_keyboard
        );
    };
    (@processes $binary:expr; $($case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::suite::process::$case($binary).await;
        }
    )*};
    (@cases $serve:expr; $($module:ident: $case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::suite::$module::$case(&$serve).await;
        }
    )*};
}
