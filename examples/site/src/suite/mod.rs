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

use std::any::Any;
use std::net::SocketAddr;

use captcha_core::manager::CaptchaManager;
use captcha_core::storage::MemoryStorage;
use captcha_testkit::KnownAnswer;

use crate::Site;

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
    let manager = CaptchaManager::builder(storage).factory(KnownAnswer(ANSWER));
    Site::self_hosted(manager.build().unwrap(), "the suite")
}

/// Runs the suite: one test per case, on sites from this async function of
/// [`Site`](crate::Site) to [`Server`](crate::suite::Server), and on this binary.
#[macro_export]
macro_rules! site_suite {
    ($serve:expr, $binary:expr) => {
        $crate::site_suite!(@processes $binary;
            it_says_where_it_listens
            settings_that_cannot_work_are_named
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
            hosted: every_vector_ends_as_its_class_says
            hosted: a_provider_that_is_gone
            hosted: what_is_no_outage_answers_503_in_both_modes
            hosted: broken_connections_are_outages
            hosted: atk_17_a_visitor_cannot_cause_an_outage
            hosted: atk_18_only_an_allowed_host_passes
            hosted: atk_19_only_the_expected_action_passes
            hosted: atk_20_a_missing_or_odd_score_never_passes
            hosted: atk_21_only_the_exact_pass_shape_passes
            hosted: the_page_shows_the_widget
            hosted: sign_up_with_a_widget
            hosted: a_widget_that_does_not_load_is_said
            pages: sign_up_with_javascript
            pages: sign_up_without_javascript
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
