use std::fmt::Debug;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A page is looked at so many times, this long apart, before it is too late.
const TRIES: usize = 400;
const PAUSE: Duration = Duration::from_millis(50);

/// A headless Chromium, driven through ChromeDriver.
pub(super) struct Browser {
    client: Client,
    _driver: Child,
}

impl Browser {
    /// Starts one, or says in one line why the case is left out. With `CAPTCHA_BROWSER_TESTS`
    /// set, being left out is a failure.
    pub(super) async fn start(javascript: bool) -> Option<Self> {
        let (driver, port) = match driver().await {
            Ok(started) => started,
            Err(error) => {
                let required = std::env::var_os("CAPTCHA_BROWSER_TESTS").is_some();
                assert!(!required, "chromedriver: {error}");
                eprintln!("left out: no chromedriver here ({error}); scripts/test.sh installs it");
                return None;
            }
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let setting = if javascript { 1 } else { 2 };
        let capabilities = serde_json::json!({
            "goog:chromeOptions": {
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
                    "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
                    "--disable-background-networking", "--disable-component-update",
                ],
                "prefs": { "profile.managed_default_content_settings.javascript": setting },
            }
        });
        let serde_json::Value::Object(capabilities) = capabilities else {
            unreachable!("the literal is an object");
        };
        let url = format!("http://127.0.0.1:{port}");
        let client = builder
            .capabilities(capabilities)
            .connect(&url)
            .await
            .unwrap();
        Some(Self {
            client,
            _driver: driver,
        })
    }

    pub(super) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// The element of this id, once it is there.
    pub(super) async fn element(&self, id: &str) -> Element {
        let find = async || self.client.find(Locator::Id(id)).await;
        self.until(id, find, |_| true).await
    }

    pub(super) async fn has(&self, id: &str) -> bool {
        let find = async || self.client.find_all(Locator::Id(id)).await;
        !self.until(id, find, |_| true).await.is_empty()
    }

    pub(super) async fn type_into(&self, id: &str, text: &str) {
        let element = self.element(id).await;
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    pub(super) async fn press(&self, id: &str) {
        if let Err(error) = self.element(id).await.click().await {
            // Pressed it is, and the page is on its way out.
            let left = error.to_string().contains("aborted by navigation");
            assert!(left, "pressing {id}: {error}");
        }
    }

    pub(super) async fn value(&self, id: &str) -> String {
        self.property(id, "value").await
    }

    /// The property of an element, as text.
    pub(super) async fn property(&self, id: &str, property: &str) -> String {
        self.property_that(id, property, |_| true).await
    }

    /// Waits until the property of an element is something else.
    pub(super) async fn changed(&self, id: &str, property: &str, old: &str) -> String {
        self.property_that(id, property, |now| now != old).await
    }

    async fn property_that(&self, id: &str, name: &str, fits: impl Fn(&str) -> bool) -> String {
        let read = async || {
            let element = self.client.find(Locator::Id(id)).await?;
            Ok(element.prop(name).await?.unwrap_or_default())
        };
        let what = format!("{name} of {id}");
        self.until(&what, read, |now: &String| fits(now)).await
    }

    /// Waits until the picture has arrived and is shown.
    pub(super) async fn shows_picture(&self) {
        let script = "return document.getElementById('captcha-image').naturalWidth === 220";
        let ask = async || self.client.execute(script, Vec::new()).await;
        self.until("the picture", ask, |shown| *shown == true).await;
    }

    /// Waits until the element of this id has the keyboard focus.
    pub(super) async fn focuses(&self, id: &str) {
        let ask = async || self.client.active_element().await?.attr("id").await;
        self.until("the focus", ask, |now| now.as_deref() == Some(id))
            .await;
    }

    /// Waits until the page says so.
    pub(super) async fn says(&self, text: &str) {
        let read = async || {
            let body = self.client.find(Locator::Css("body")).await?;
            body.text().await
        };
        self.until("the text", read, |now: &String| now.contains(text))
            .await;
    }

    /// Looks until it fits. A page that is being left, or is half there, has no answer.
    async fn until<T: Debug>(
        &self,
        what: &str,
        look: impl AsyncFn() -> Result<T, CmdError>,
        fits: impl Fn(&T) -> bool,
    ) -> T {
        let mut last = None;
        for _ in 0..TRIES {
            match look().await {
                Ok(now) if fits(&now) => return now,
                now => last = Some(now),
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("{what} stayed {last:?}");
    }

    pub(super) async fn close(self) {
        self.client.close().await.unwrap();
    }
}

/// Starts a ChromeDriver, and again where it gives up its port: it takes a free one of `::1`, and
/// ends when another process has the same one of `127.0.0.1`.
async fn driver() -> io::Result<(Child, u16)> {
    let mut said = String::new();
    for _ in 0..20 {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        said.clear();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some((_, port)) = line.rsplit_once("started successfully on port ") {
                let port = port.trim_end_matches('.').parse().unwrap();
                return Ok((driver, port));
            }
            said.push_str(&line);
            said.push('\n');
        }
        if !said.contains("port not available") {
            break;
        }
    }
    panic!("chromedriver did not say its port, but:\n{said}");
}
