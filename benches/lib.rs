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
