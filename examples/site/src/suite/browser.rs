use std::io;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

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
        let wait = self.client.wait().at_most(Duration::from_secs(20));
        wait.for_element(Locator::Id(id)).await.unwrap()
    }

    pub(super) async fn has(&self, id: &str) -> bool {
        !self
            .client
            .find_all(Locator::Id(id))
            .await
            .unwrap()
            .is_empty()
    }

    pub(super) async fn type_into(&self, id: &str, text: &str) {
        let element = self.element(id).await;
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    pub(super) async fn press(&self, id: &str) {
        self.element(id).await.click().await.unwrap();
    }

    pub(super) async fn value(&self, id: &str) -> String {
        self.property(id, "value").await
    }

    /// The property of an element, as text.
    pub(super) async fn property(&self, id: &str, property: &str) -> String {
        self.until(id, property, |_| true).await
    }

    /// Waits until the property of an element is something else.
    pub(super) async fn changed(&self, id: &str, property: &str, old: &str) -> String {
        self.until(id, property, |now| now != old).await
    }

    /// Reads a property until it fits. The element can be replaced between finding and reading
    /// it, and a page can be half there.
    async fn until(&self, id: &str, property: &str, fits: impl Fn(&str) -> bool) -> String {
        let mut last = None;
        for _ in 0..400 {
            if let Ok(element) = self.client.find(Locator::Id(id)).await
                && let Ok(value) = element.prop(property).await
            {
                let now = value.unwrap_or_default();
                if fits(&now) {
                    return now;
                }
                last = Some(now);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{property} of {id} stayed {last:?}");
    }

    /// Whether the picture has arrived and can be shown.
    pub(super) async fn shows_picture(&self) -> bool {
        let script = "return document.getElementById('captcha-image').naturalWidth === 220";
        let shown = self.client.execute(script, Vec::new()).await.unwrap();
        shown == serde_json::Value::Bool(true)
    }

    /// The element with the keyboard focus, by its id.
    pub(super) async fn focused(&self) -> String {
        let element = self.client.active_element().await.unwrap();
        element.attr("id").await.unwrap().unwrap_or_default()
    }

    pub(super) async fn text(&self) -> String {
        let body = self.client.find(Locator::Css("body")).await.unwrap();
        body.text().await.unwrap()
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
