//! Cases that run a site as its own process, as an operator does.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use captcha_testkit::api::{Answer, ScriptedApi};
use captcha_testkit::contract::client::{Call, send_endless, send_raw};
use captcha_testkit::servers::{PostgresServer, RedisServer, clock_library};
use http::Method;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

/// What a site may take at its peak under hostile requests, in KiB. Idle, each is below 20 MiB.
const PEAK_KIB: u64 = 96 * 1024;

fn command(binary: &str) -> Command {
    let mut command = Command::new(binary);
    command
        .env_clear()
        .env("ADDR", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn start(binary: &str) -> (Child, SocketAddr) {
    listening(command(binary)).await
}

async fn listening(mut command: Command) -> (Child, SocketAddr) {
    let mut site = command.spawn().unwrap();
    let mut lines = BufReader::new(site.stdout.take().unwrap()).lines();
    let first = lines.next_line().await.unwrap().unwrap();
    let addr = first.strip_prefix("listening on http://");
    (
        site,
        addr.unwrap_or_else(|| panic!("{first}")).parse().unwrap(),
    )
}

/// The first line says where it listens, and the page is there.
pub async fn it_says_where_it_listens(binary: &str) {
    let (_site, addr) = start(binary).await;
    let page = Call::new(Method::GET, "/").send(addr).await;
    assert_eq!(page.status, 200);
}

/// A setting that cannot be used stops it with a sentence that names the variable.
pub async fn settings_that_cannot_work_are_named(binary: &str) {
    let hosted = [
        ("CAPTCHA_VERIFIER", "gkcaptcha"),
        ("GKCAPTCHA_SECRET_KEY", "sk_live_abc"),
        ("GKCAPTCHA_SITE_KEY", "pk_live_abc"),
    ];
    for (variable, value) in [
        ("GKCAPTCHA_API_URL", "http://captcha.example"),
        ("CAPTCHA_TIMEOUT_MS", "0"),
        ("CAPTCHA_TIMEOUT_MS", "soon"),
        ("CAPTCHA_DEADLINE_MS", "0"),
        ("CAPTCHA_MAX_RETRIES", "11"),
        ("CAPTCHA_MAX_RETRIES", "-1"),
        ("CAPTCHA_RETRY_DELAY_MS", "1s"),
        ("CAPTCHA_BREAKER", "ajar"),
        ("CAPTCHA_MAX_SCORE", "1.5"),
        ("CAPTCHA_HOSTNAMES", "example.com,"),
        ("CAPTCHA_MAX_AGE_SECS", "0"),
    ] {
        stops_over(
            binary,
            &[&hosted[..], &[(variable, value)]].concat(),
            variable,
        )
        .await;
    }
    for (variable, value) in [
        ("ADDR", "nowhere"),
        ("CAPTCHA_VERIFIER", "no-such-provider"),
        ("CAPTCHA_STORAGE", "clay"),
        ("CAPTCHA_STORAGE", "redis://["),
        ("CAPTCHA_STORAGE", "postgres://["),
        ("CAPTCHA_STORAGE", "postgres://captcha@127.0.0.1:1/captcha"),
        ("CAPTCHA_CHALLENGE", "riddle"),
        ("CAPTCHA_TRUSTED_PROXIES", "nginx"),
        ("CAPTCHA_RATE_LIMIT", "often"),
        ("CAPTCHA_RATE_LIMIT", "0/1"),
        ("CAPTCHA_RATE_LIMIT", "1/0"),
        ("CAPTCHA_FAIL_MODE", "ajar"),
        ("CAPTCHA_TTL_SECS", "0"),
        ("CAPTCHA_TTL_SECS", "soon"),
        ("CAPTCHA_MAX_ATTEMPTS", "0"),
        ("CAPTCHA_MAX_ATTEMPTS", "-1"),
    ] {
        stops_over(binary, &[(variable, value)], variable).await;
    }
}

/// With these variables the site does not listen, and says that it is because of this one.
async fn stops_over(binary: &str, set: &[(&str, &str)], variable: &str) {
    let run = command(binary).envs(set.iter().copied()).output();
    let run = tokio::time::timeout(Duration::from_secs(20), run).await;
    let run = run.expect("it stops").unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(!run.status.success(), "{set:?}");
    assert!(
        said.starts_with(&format!("{variable}: ")),
        "{set:?}: {said}"
    );
    assert!(run.stdout.is_empty(), "nothing listens: {set:?}");
}

/// One address gets as many challenges as it is allowed, then 429 with a time to come back.
pub async fn requests_for_challenges_are_limited(binary: &str) {
    let mut command = command(binary);
    command.env("CAPTCHA_RATE_LIMIT", "3/0.01");
    let (_site, addr) = listening(command).await;
    let ask = async || Call::post("/captcha/new").send(addr).await;
    for _ in 0..3 {
        assert_eq!(ask().await.status, 200);
    }
    let limited = ask().await;
    assert_eq!(limited.refusal(), (429, "rate_limited".to_owned()));
    let wait: u64 = limited.header("retry-after").unwrap().parse().unwrap();
    assert!((90..=100).contains(&wait), "{wait}");
    let metrics = Call::new(Method::GET, "/metrics").send(addr).await.text();
    for line in [
        "captcha_challenges_issued_total 3",
        "captcha_rate_limited_total 1",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
}

/// Behind a proxy that is trusted, each visitor has an allowance; otherwise the proxy has one.
pub async fn visitors_behind_a_trusted_proxy_are_told_apart(binary: &str) {
    for (trusted, expected) in [("10.0.0.0/8, 127.0.0.1", 200), ("10.0.0.0/8", 429)] {
        let mut command = command(binary);
        command.env("CAPTCHA_RATE_LIMIT", "1/0.01");
        command.env("CAPTCHA_TRUSTED_PROXIES", trusted);
        let (_site, addr) = listening(command).await;
        let ask = async |visitor: &str| {
            let call = Call::post("/captcha/new").header("x-forwarded-for", visitor);
            call.send(addr).await.status
        };
        assert_eq!(ask("192.0.2.1").await, 200);
        assert_eq!(ask("192.0.2.1").await, 429);
        assert_eq!(ask("192.0.2.2").await, expected, "{trusted}");
    }
}

/// Two processes on one Redis are one site.
pub async fn two_processes_share_a_redis(binary: &str) {
    let Some(redis) = RedisServer::start() else {
        return;
    };
    let record =
        |id: &str| redis.command(&["--raw", "HGET", &format!("captcha:challenge:{id}"), "p"]);
    two_processes_are_one_site(binary, &redis.url(), record).await;
}

/// Two processes on one Postgres are one site.
pub async fn two_processes_share_a_postgres(binary: &str) {
    let Some(postgres) = PostgresServer::start() else {
        return;
    };
    let record = |id: &str| {
        let payload = "SELECT encode(payload, 'hex') FROM captcha_records WHERE key =";
        let hex = postgres.sql(&format!("{payload} 'challenge:{id}'"));
        let bytes = hex.as_bytes().chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair).unwrap();
            char::from(u8::from_str_radix(pair, 16).unwrap())
        });
        bytes.collect()
    };
    two_processes_are_one_site(binary, &postgres.url(), record).await;
}

/// What one issues the other draws, an answer passes once at either, and an address has one
/// allowance for both; also while the clock of one is an hour ahead.
async fn two_processes_are_one_site(binary: &str, storage: &str, record: impl Fn(&str) -> String) {
    let node = async |ahead: bool| {
        let mut command = command(binary);
        if let Some(library) = ahead.then(clock_library).flatten() {
            command.env("LD_PRELOAD", library).env("FAKETIME", "+1h");
        }
        command.env("CAPTCHA_STORAGE", storage);
        command.env("CAPTCHA_RATE_LIMIT", "21/0.01");
        listening(command).await
    };
    let (one, other) = (node(false).await, node(true).await);
    let nodes = [one.1, other.1];
    let ask = async |turn: usize| Call::post("/captcha/new").send(nodes[turn % 2]).await;
    for turn in 0..20 {
        let issued = ask(turn).await.json();
        let id = issued["id"].as_str().unwrap();
        let picture = async |node: usize| {
            let url = issued["image_url"].as_str().unwrap();
            let reply = Call::new(Method::GET, url).send(nodes[node]).await;
            assert_eq!(reply.status, 200);
            reply.body
        };
        assert_eq!(picture(0).await, picture(1).await);
        // The answer, as only the storage knows it.
        let record = record(id);
        let known = |run: &&str| run.len() == 5;
        let mut runs = record.split(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit());
        let answer = runs.find(known).unwrap();
        let body = format!("id={id}&answer={answer}");
        let answers: Vec<_> = (0..500)
            .map(|turn| {
                let (body, node) = (body.clone(), nodes[turn % 2]);
                tokio::spawn(async move {
                    let call = Call::post("/captcha/verify").form(body);
                    call.send(node).await.status
                })
            })
            .collect();
        let mut passed = 0;
        for answer in answers {
            passed += usize::from(answer.await.unwrap() == 200);
        }
        assert_eq!(passed, 1);
    }
    assert_eq!(ask(0).await.status, 200);
    for turn in 0..2 {
        assert_eq!(ask(turn).await.status, 429, "one allowance for both");
    }
}

/// Without a key that can be one, nothing is served: no form is left unprotected.
pub async fn atk_16_without_keys_it_does_not_start(binary: &str) {
    let verifier = ("CAPTCHA_VERIFIER", "gkcaptcha");
    let secret = "GKCAPTCHA_SECRET_KEY";
    let site = "GKCAPTCHA_SITE_KEY";
    for (secret_key, site_key, blamed) in [
        (None, None, secret),
        (None, Some("pk_live_abc"), secret),
        (Some("sk_live_abc"), None, site),
        (Some(""), Some("pk_live_abc"), secret),
        (Some("  "), Some("pk_live_abc"), secret),
        (Some("your_secret_key"), Some("pk_live_abc"), secret),
        (Some("sk_live_..."), Some("pk_live_abc"), secret),
        (Some("sk_live_abc"), Some("\t"), site),
        (Some("sk_live_abc"), Some("sk_live_abc"), site),
    ] {
        let mut set = vec![verifier];
        set.extend(secret_key.map(|key| (secret, key)));
        set.extend(site_key.map(|key| (site, key)));
        stops_over(binary, &set, blamed).await;
    }
}

/// Keys that providers publish for tests are no keys.
pub async fn atk_24_public_test_keys_do_not_start_it(binary: &str) {
    for secret in [
        "1x0000000000000000000000000000000AA",
        "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe",
        "0x0000000000000000000000000000000000000000",
    ] {
        let set = [
            ("CAPTCHA_VERIFIER", "gkcaptcha"),
            ("GKCAPTCHA_SECRET_KEY", secret),
            ("GKCAPTCHA_SITE_KEY", "pk_live_abc"),
        ];
        stops_over(binary, &set, "GKCAPTCHA_SECRET_KEY").await;
    }
}

/// A bad secret is one line at level error for each request it turns away, with the cause in it
/// and the secret not.
pub async fn a_mistake_in_the_keys_is_one_error_in_the_log(binary: &str) {
    let refusal =
        r#"{"success":false,"error":"no sk_live_abc here","reasonCode":"invalid_secret"}"#;
    let api = ScriptedApi::start([Answer::json(200, refusal)]).await;
    for mode in ["open", "closed"] {
        let mut command = command(binary);
        command
            .env("CAPTCHA_VERIFIER", "gkcaptcha")
            .env("CAPTCHA_FAIL_MODE", mode)
            .env("GKCAPTCHA_SECRET_KEY", "sk_live_abc")
            .env("GKCAPTCHA_SITE_KEY", "pk_live_abc")
            .env("GKCAPTCHA_API_URL", api.url());
        let (mut site, addr) = listening(command).await;
        let call = Call::post("/register").form("username=ada&email=e&captchaToken=tok_12345678");
        assert_eq!(
            call.send(addr).await.refusal(),
            (503, "captcha_unavailable".to_owned())
        );
        let said = stopped(&mut site).await;
        let errors: Vec<&str> = said.lines().filter(|line| line.contains("ERROR")).collect();
        assert_eq!(errors.len(), 1, "{said}");
        assert!(errors[0].contains("invalid_secret"), "{said}");
        for hidden in ["sk_live_abc", "tok_12345678"] {
            assert!(!said.contains(hidden), "{said}");
        }
    }
}

/// Hostile requests leave the process up and small.
pub async fn atk_41_it_stays_up_and_small(binary: &str) {
    let (mut site, addr) = start(binary).await;
    let idle = peak_kib(&site);
    let mebibyte = 1024 * 1024;
    let deep = "[".repeat(mebibyte);
    for _ in 0..8 {
        for call in [
            Call::post("/register").json(deep.clone()),
            Call::post("/register").json(format!("{{\"captchaToken\":{deep}")),
            Call::post("/register").form("captcha_id=a&".repeat(80_000)),
            Call::post("/register")
                .form("x".repeat(3 * mebibyte))
                .chunked(),
            Call::post("/register").multipart("--XBOUNDARYX\r\na:\r\n\r\n\r\n".repeat(40_000)),
            Call::post("/register").multipart(vec![0; mebibyte]),
            Call::post("/comment").json(deep.clone()),
            Call::post("/captcha/verify").json(deep.clone()),
        ] {
            let reply = call.send(addr).await;
            assert!(reply.status.is_client_error(), "{}", reply.status);
        }
        let head = "POST /register HTTP/1.1\r\nhost: x\r\n";
        let header = format!("{head}x-captcha-token: {}\r\n\r\n", "x".repeat(mebibyte));
        let status = send_raw(addr, header.as_bytes()).await;
        assert!(status.is_none_or(|status| (400..500).contains(&status)));
        let kind = "content-type: application/x-www-form-urlencoded\r\n";
        send_endless(
            addr,
            &format!("{head}{kind}transfer-encoding: chunked\r\n\r\n"),
        )
        .await;
    }
    let page = Call::new(Method::GET, "/").send(addr).await;
    assert_eq!(page.status, 200);
    let peak = peak_kib(&site);
    assert!(
        peak < PEAK_KIB,
        "{idle} KiB at first, {peak} KiB at its peak"
    );
    let said = stopped(&mut site).await;
    assert!(!said.contains("panicked"), "{said}");
}

/// Stops a site and returns what it wrote to standard error.
async fn stopped(site: &mut Child) -> String {
    site.kill().await.unwrap();
    let mut said = String::new();
    let mut errors = site.stderr.take().unwrap();
    errors.read_to_string(&mut said).await.unwrap();
    said
}

/// The most memory the process had resident, as Linux counts it.
fn peak_kib(site: &Child) -> u64 {
    let id = site.id().expect("it runs");
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
