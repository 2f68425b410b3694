//! The adapter contract: what every framework adapter shows over a real socket.
//!
//! An adapter's tests start a server for a [`Setup`] and hand it to
//! [`adapter_contract!`](crate::adapter_contract), which runs every numbered case. The server
//! answers these routes; `SignUp` stands for the three text fields `username`, `email` and
//! `note`, and is answered back as a JSON object of them in this order.
//!
//! | route | protection | answers |
//! |---|---|---|
//! | `POST /plain/form`, `/plain/json` | none | the received `SignUp` |
//! | `POST /plain/multipart` | none | what [`describe_part`] says of each part, one a line |
//! | `POST /protected/form`, `/protected/json`, `/protected/multipart` | `Captcha<…>` around the same | the same |
//! | `POST /pass` | `Captcha<Form<SignUp>>` | [`describe_pass`] |
//! | `POST /checked` | `Checked<Form<SignUp>>` | [`describe_checked`] |
//! | `POST /head` | `Verified` | the body's bytes |
//! | `ANY /whole` | whole-route protection | the body's bytes |
//! | `POST /whole/pass` | whole-route protection and `Verified` | [`describe_pass`] |
//! | `POST /whole/form` | whole-route protection and `Captcha<Form<SignUp>>` | the received `SignUp` |
//! | `/captcha/*` | | the endpoints |
//!
//! Body limits of the framework are at least [`FRAMEWORK_LIMIT`]. A layer (or fairing) outside
//! copies the code of a `Rejection` that it finds on a response into the header
//! [`OUTSIDE_HEADER`].

pub mod bodies;
pub mod client;
pub mod hostile;
pub mod limits;
pub mod locations;
pub mod outcomes;
pub mod self_hosted;
mod setup;
pub mod whole_route;

pub use setup::{Captcha, Server, Setup, describe_checked, describe_part, describe_pass};

/// The body limit, in bytes, that the framework under test is set to at least.
pub const FRAMEWORK_LIMIT: usize = 4 * 1024 * 1024;

/// The header in which the outer layer says which rejection it saw.
pub const OUTSIDE_HEADER: &str = "x-outside-saw";

/// Runs the adapter contract: one test per numbered line, on servers from this async function
/// of [`Setup`](crate::contract::Setup) to [`Server`](crate::contract::Server).
#[macro_export]
macro_rules! adapter_contract {
    ($serve:expr) => {
        $crate::adapter_contract!(@cases $serve;
            locations: c01_token_in_the_header
            locations: c02_token_in_a_form
            locations: c03_token_in_json
            locations: c04_token_in_multipart
            locations: c05_token_in_the_query_only_where_trusted
            locations: c06_fields_the_verifier_names
            locations: c07_atk_14_missing_token
            locations: c08_malformed_token
            locations: c09_token_too_long
            locations: c10_token_given_twice
            locations: c11_other_bodies_are_not_searched
            locations: c12_broken_bodies_are_not_verified
            bodies: c13_forms_arrive_unchanged
            bodies: c14_json_arrives_unchanged
            bodies: c15_multipart_arrives_unchanged
            bodies: c16_compressed_bodies
            bodies: c17_errors_of_the_inner_extractor_stay_its_own
            bodies: c18_uploads_stream_past_a_token_in_the_head
            limits: c19_body_too_large
            limits: c20_unsupported_encoding
            limits: c21_decompression_bombs
            outcomes: c22_refused
            outcomes: c23_outage_fail_closed
            outcomes: c24_outage_fail_open
            outcomes: c25_no_verdict_in_time
            outcomes: c26_misconfigured
            outcomes: c27_nothing_leaks
            outcomes: c28_problem_documents
            outcomes: c29_rejections_are_visible_outside
            outcomes: c30_atk_37_client_address_and_user_agent
            whole_route: c31_the_handler_reads_the_same_bytes
            whole_route: c32_safe_methods_pass_untouched
            whole_route: c33_atk_15_every_other_method_is_protected
            whole_route: c34_one_request_spends_one_token
            whole_route: c35_verified_reads_the_head
            whole_route: c36_checked_keeps_what_was_typed
            self_hosted: c37_atk_01_an_answer_passes_once
            self_hosted: c38_atk_01_a_pass_token_passes_once
            self_hosted: c39_atk_02_concurrent_right_answers
            self_hosted: c40_atk_25_concurrent_wrong_answers
            self_hosted: c41_atk_12_atk_44_whatever_is_not_the_answer
            self_hosted: c42_endpoints_serve_a_challenge
            self_hosted: c43_atk_34_endpoints_refuse
            self_hosted: c44_rate_limited
            self_hosted: c45_atk_47_nothing_is_cached
            self_hosted: c46_atk_30_the_solution_stays_on_the_server
            self_hosted: c47_atk_03_full_storage
            hostile: c48_atk_41_hostile_requests
            hostile: c49_atk_41_random_requests
        );
    };
    (@cases $serve:expr; $($module:ident: $case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::contract::$module::$case(&$serve).await;
        }
    )*};
}
