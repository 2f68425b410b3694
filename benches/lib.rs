//! What the benchmarks share.

/// A runtime like the one a web framework brings, on one thread.
///
/// # Panics
///
/// When the operating system gives no runtime.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
}

/// What captchakit says of itself in a process of its own, with these arguments; `None`, and a line
/// that says so, where the environment variable `PYTHON` names no interpreter that has it.
///
/// # Panics
///
/// When it fails.
#[must_use]
pub fn captchakit(arguments: &[&str]) -> Option<String> {
    let Some(python) = std::env::var_os("PYTHON") else {
        println!("captchakit: not measured, PYTHON names no interpreter");
        return None;
    };
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../scripts/bench_captchakit.py"
    );
    let run = std::process::Command::new(python)
        .arg(script)
        .args(arguments)
        .output()
        .expect("an interpreter");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    Some(String::from_utf8_lossy(&run.stdout).trim().to_owned())
}
