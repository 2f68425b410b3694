//! What one verification by gkCAPTCHA costs over loopback, beside the provider's Python SDK.
//!
//! The SDK is measured where `PYTHON` names an interpreter that has it
//! (`pip install gkcaptcha==0.1.0`). Everything runs against one server in this process.

use std::process::Command;
use std::time::{Duration, Instant};

use captcha_client::{GkCaptchaClient, VerifyOptions, blocking};
use captcha_core::verify::{Verifier, VerifierExt, VerifyRequest};
use captcha_testkit::api::{Answer, ScriptedApi};
use tokio::runtime::Runtime;

const TOKEN: &str = "tok_0123456789abcdef";
const ROUNDS: usize = 5_000;

/// The same loop with the SDK: prints the median in microseconds.
const PYTHON_LOOP: &str = r#"
import statistics, sys, time
from gkcaptcha import GkCaptchaClient
client = GkCaptchaClient("sk_live_abc", "pk_live_abc", api_url=sys.argv[1])
def once():
    started = time.perf_counter()
    assert client.verify_token("tok_0123456789abcdef").success
    return (time.perf_counter() - started) * 1e6
for _ in range(10): once()
print(statistics.median(once() for _ in range(200)))
"#;

fn main() {
    // A server of its own, as another process would be.
    let serving = Runtime::new().expect("a runtime");
    let pass = r#"{"success":true,"score":0.15,"timestamp":1700000000}"#;
    let api = serving.block_on(ScriptedApi::start([Answer::json(200, pass)]));
    let gone = serving.block_on(ScriptedApi::gone());

    let runtime = Runtime::new().expect("a runtime");
    let client = GkCaptchaClient::builder("sk_live_abc", "pk_live_abc");
    let client = client.api_url(api.url()).build().expect("a client");
    let asynchronous = runtime.block_on(async {
        let mut times = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let verdict = client.verify_token(TOKEN, VerifyOptions::default()).await;
            times.push(started.elapsed());
            assert!(verdict.is_ok_and(|verdict| verdict.success() && !verdict.fail_open()));
        }
        median(times)
    });
    row("GkCaptchaClient", asynchronous);

    let client = blocking::GkCaptchaClient::builder("sk_live_abc", "pk_live_abc");
    let client = client.api_url(api.url()).build().expect("a client");
    let times = (0..ROUNDS).map(|_| {
        let started = Instant::now();
        let verdict = client.verify_token(TOKEN, VerifyOptions::default());
        let time = started.elapsed();
        assert!(verdict.is_ok_and(|verdict| verdict.success()));
        time
    });
    row("blocking::GkCaptchaClient", median(times.collect()));

    let client = GkCaptchaClient::builder("sk_live_abc", "pk_live_abc").api_url(gone);
    let client = client.max_retries(0).build().expect("a client");
    let open = runtime.block_on(async {
        let breaker = client.circuit_breaker();
        let request = VerifyRequest::token(TOKEN);
        for _ in 0..5 {
            let _ = breaker.verify(&request).await;
        }
        let mut times = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let outcome = breaker.fail_mode().apply(breaker.verify(&request).await);
            times.push(started.elapsed());
            assert!(outcome.is_ok_and(|verdict| verdict.fail_open()));
        }
        median(times)
    });
    row("API gone, breaker open", open);

    let Some(python) = std::env::var_os("PYTHON") else {
        println!("Python SDK: not measured, PYTHON names no interpreter");
        return;
    };
    let run = Command::new(python)
        .args(["-c", PYTHON_LOOP, &api.url()])
        .output();
    let run = run.expect("an interpreter");
    let said = String::from_utf8_lossy(&run.stdout);
    let micros: f64 = said.trim().parse().unwrap_or_else(|_| {
        panic!("{}", String::from_utf8_lossy(&run.stderr));
    });
    let sdk = Duration::from_secs_f64(micros / 1e6);
    row("Python SDK (gkcaptcha 0.1.0)", sdk);
    let times = sdk.as_secs_f64() / asynchronous.as_secs_f64();
    println!("GkCaptchaClient is {times:.0} times as fast as the SDK");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn row(name: &str, median: Duration) {
    println!("{name:32} {:>10.1} µs", median.as_secs_f64() * 1e6);
}
