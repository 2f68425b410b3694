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
    Site::new(manager.build().unwrap(), "the suite")
}

/// Runs the suite: one test per case, on sites from this async function of
/// [`Site`](crate::Site) to [`Server`](crate::suite::Server), and on this binary.
#[macro_export]
macro_rules! site_suite {
    ($serve:expr, $binary:expr) => {
        $crate::site_suite!(@processes $binary;
            it_says_where_it_listens
            settings_that_cannot_work_are_named
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
