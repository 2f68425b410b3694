//! Cases that run a site as its own process, as an operator does.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use captcha_testkit::contract::client::{Call, send_endless, send_raw};
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
    let mut site = command(binary).spawn().unwrap();
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
    for (variable, value) in [
        ("ADDR", "nowhere"),
        ("CAPTCHA_VERIFIER", "no-such-provider"),
        ("CAPTCHA_STORAGE", "clay"),
        ("CAPTCHA_CHALLENGE", "riddle"),
        ("CAPTCHA_FAIL_MODE", "ajar"),
        ("CAPTCHA_TTL_SECS", "0"),
        ("CAPTCHA_TTL_SECS", "soon"),
        ("CAPTCHA_MAX_ATTEMPTS", "0"),
        ("CAPTCHA_MAX_ATTEMPTS", "-1"),
    ] {
        let run = command(binary).env(variable, value).output();
        let run = tokio::time::timeout(Duration::from_secs(20), run).await;
        let run = run.expect("it stops").unwrap();
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(!run.status.success(), "{variable}={value}");
        assert!(
            said.starts_with(&format!("{variable}: ")),
            "{variable}={value}: {said}"
        );
        assert!(run.stdout.is_empty(), "nothing listens: {variable}={value}");
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
    site.kill().await.unwrap();
    let mut said = String::new();
    let mut errors = site.stderr.take().unwrap();
    errors.read_to_string(&mut said).await.unwrap();
    assert!(!said.contains("panicked"), "{said}");
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
