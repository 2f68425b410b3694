//! The suite every limiter with buckets passes. Run it with
//! [`limiter_suite!`](crate::limiter_suite).

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use captcha_core::rate_limit::{RateLimitError, RateLimiter};

/// Makes limiters for the suite and moves their time.
#[async_trait]
pub trait LimiterFixture: Send + Sync {
    /// A limiter with so many permits in a full bucket and so many more each second. Two of them
    /// share their buckets, as two nodes do.
    async fn limiter(&self, capacity: u32, refill_rate: f64) -> Arc<dyn RateLimiter>;

    /// Lets time pass for the limiter: at least this long, and hardly longer.
    async fn pass(&self, time: Duration);

    /// Whether only [`pass`](Self::pass) moves time.
    fn stands_still(&self) -> bool {
        false
    }
}

/// `None` when a permit was given, otherwise when to come back.
async fn refused(limiter: &dyn RateLimiter, key: &str) -> Option<Duration> {
    match limiter.acquire(key).await {
        Ok(()) => None,
        Err(RateLimitError::Limited { retry_after }) => Some(retry_after),
        Err(error) => panic!("{error:?}"),
    }
}

/// A full bucket, then nothing until the announced moment, then one.
pub async fn a_full_bucket_and_then_the_rate(fixture: &dyn LimiterFixture) {
    let limiter = fixture.limiter(3, 0.5).await;
    let interval = Duration::from_secs(2);
    let started = Instant::now();
    for _ in 0..3 {
        assert_eq!(refused(&*limiter, "ada").await, None);
    }
    let wait = refused(&*limiter, "ada")
        .await
        .expect("the bucket is empty");
    let taken = if fixture.stands_still() {
        Duration::ZERO
    } else {
        started.elapsed()
    };
    assert!(wait <= interval, "{wait:?}");
    assert!(wait + taken >= interval, "{wait:?} after {taken:?}");
    fixture.pass(wait).await;
    assert_eq!(refused(&*limiter, "ada").await, None, "as announced");
    let wait = refused(&*limiter, "ada").await;
    assert!(wait.is_some_and(|wait| wait <= interval), "{wait:?}");
}

/// A refusal costs nothing: whoever keeps asking waits no longer.
pub async fn asking_again_does_not_delay(fixture: &dyn LimiterFixture) {
    let limiter = fixture.limiter(1, 0.5).await;
    assert_eq!(refused(&*limiter, "ada").await, None);
    let mut last = Duration::from_secs(2);
    for _ in 0..20 {
        let wait = refused(&*limiter, "ada")
            .await
            .expect("the bucket is empty");
        assert!(wait <= last, "{wait:?} after {last:?}");
        last = wait;
    }
    fixture.pass(last).await;
    assert_eq!(refused(&*limiter, "ada").await, None);
}

/// An idle bucket is full again, and not fuller.
pub async fn an_idle_bucket_is_full_and_not_fuller(fixture: &dyn LimiterFixture) {
    let limiter = fixture.limiter(3, 5.0).await;
    for key in ["ada", "bob"] {
        for _ in 0..3 {
            assert_eq!(refused(&*limiter, key).await, None);
        }
    }
    fixture.pass(Duration::from_millis(1_200)).await;
    let mut given = 0;
    let started = Instant::now();
    while refused(&*limiter, "ada").await.is_none() {
        given += 1;
    }
    // What a slow machine may get in the meantime.
    let meanwhile = if fixture.stands_still() {
        0
    } else {
        started.elapsed().as_millis() / 200 + 1
    };
    assert!((3..=3 + meanwhile).contains(&given), "{given}");
}

/// Each key has a bucket of its own, whatever it is made of.
pub async fn keys_are_counted_apart(fixture: &dyn LimiterFixture) {
    let limiter = fixture.limiter(1, 0.01).await;
    let long = "x".repeat(10_000);
    let longer = format!("{long}x");
    let odd = [
        "",
        " ",
        "a",
        "A",
        "a\0",
        "2001:db8::/64",
        "'; --",
        "%",
        "\u{1f511}",
    ];
    for key in odd.into_iter().chain([&*long, &*longer]) {
        let shown: String = key.chars().take(20).collect();
        assert_eq!(refused(&*limiter, key).await, None, "{shown:?}");
        assert!(refused(&*limiter, key).await.is_some(), "{shown:?}");
    }
}

/// Of 400 callers at once, over two nodes, as many get a permit as there are.
pub async fn atk_35_callers_at_once_get_what_there_is(fixture: &dyn LimiterFixture) {
    let nodes = [
        fixture.limiter(50, 0.01).await,
        fixture.limiter(50, 0.01).await,
    ];
    let calls: Vec<_> = (0..400)
        .map(|turn| {
            let limiter = Arc::clone(&nodes[turn % 2]);
            tokio::spawn(async move { refused(&*limiter, "ada").await.is_none() })
        })
        .collect();
    let mut given = 0;
    for call in calls {
        given += usize::from(call.await.unwrap());
    }
    assert_eq!(given, 50);
}

/// Two nodes that are asked all the time allow together what one would.
pub async fn two_nodes_allow_the_rate_together(fixture: &dyn LimiterFixture) {
    let nodes = [
        fixture.limiter(10, 20.0).await,
        fixture.limiter(10, 20.0).await,
    ];
    let (started, mut moved, mut given) = (Instant::now(), Duration::ZERO, 0_u32);
    let mut turn = 0;
    while given < 30 {
        turn += 1;
        assert!(turn < 10_000, "nothing is given any more");
        match refused(&*nodes[turn % 2], "ada").await {
            None => given += 1,
            Some(wait) => {
                fixture.pass(wait / 2).await;
                moved += wait / 2;
            }
        }
    }
    let passed = if fixture.stands_still() {
        moved + Duration::from_millis(u64::try_from(turn).unwrap())
    } else {
        started.elapsed()
    };
    let most = 10.0 + passed.as_secs_f64() * 20.0 + 1.0;
    assert!(f64::from(given) <= most, "{given} of {most}");
    assert!(passed >= Duration::from_millis(900), "{passed:?}");
}

/// Runs the suite: one test per case, on a fixture from this expression. After `=>`, the
/// expression gives an `Option`: `None` where the limiter's server is not installed.
#[macro_export]
macro_rules! limiter_suite {
    (@cases $fixture:expr; $($case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            if let Some(fixture) = $fixture {
                $crate::rate_limit::$case(&fixture).await;
            }
        }
    )*};
    (=> $fixture:expr) => {
        $crate::limiter_suite!(@cases $fixture;
            a_full_bucket_and_then_the_rate
            asking_again_does_not_delay
            an_idle_bucket_is_full_and_not_fuller
            keys_are_counted_apart
            atk_35_callers_at_once_get_what_there_is
            two_nodes_allow_the_rate_together
        );
    };
    ($fixture:expr) => {
        $crate::limiter_suite!(=> Some($fixture));
    };
}
