//! A plain HTTP/1.1 client: one connection a request, nothing added but `Host`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Nothing in a suite takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request to be sent.
#[derive(Debug, Clone)]
pub struct Call {
    method: Method,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
    chunked: bool,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Call {
    /// A request without headers or body.
    #[must_use]
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            chunked: false,
        }
    }

    /// A `POST` without headers or body.
    #[must_use]
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    /// The same request to another path.
    #[must_use]
    pub fn to(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Adds a header line.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers
            .push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Adds the token header.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("x-captcha-token", token)
    }

    /// Sets the body and its type.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        let mut this = self.header("content-type", content_type);
        this.body = body.into();
        this
    }

    /// Sets a urlencoded body.
    #[must_use]
    pub fn form(self, body: impl Into<Bytes>) -> Self {
        self.body("application/x-www-form-urlencoded", body)
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: impl Into<Bytes>) -> Self {
        self.body("application/json", body)
    }

    /// Sets a multipart body with the boundary `XBOUNDARYX`.
    #[must_use]
    pub fn multipart(self, body: impl Into<Bytes>) -> Self {
        self.body("multipart/form-data; boundary=XBOUNDARYX", body)
    }

    /// Sends the body in chunks, without `Content-Length`.
    #[must_use]
    pub const fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Sends it and reads the whole answer.
    pub async fn send(self, addr: SocketAddr) -> Reply {
        tokio::time::timeout(PATIENCE, self.exchange(addr))
            .await
            .expect("an answer in time")
    }

    async fn exchange(self, addr: SocketAddr) -> Reply {
        let stream = TcpStream::connect(addr).await.expect("the server accepts");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("a connection");
        let driver = tokio::spawn(connection);
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .header("host", addr.to_string());
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let body: BoxBody<Bytes, Infallible> = if self.chunked {
            StreamBody::new(Chunks(self.body)).boxed()
        } else {
            Full::new(self.body).boxed()
        };
        let request = request.body(body).expect("a well-formed request");
        let response = sender.send_request(request).await.expect("an answer");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole answer").to_bytes();
        driver.abort();
        Reply {
            status: head.status,
            headers: head.headers,
            body,
        }
    }
}

/// A body cut into pieces of 16 KiB.
struct Chunks(Bytes);

impl Stream for Chunks {
    type Item = Result<Frame<Bytes>, Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let piece = self.0.len().min(16 * 1024);
        let next = (piece > 0).then(|| Ok(Frame::data(self.0.split_to(piece))));
        std::task::Poll::Ready(next)
    }
}

impl Reply {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {} {:?}", self.status, self.text());
        })
    }

    /// The `code` of a problem document, or what was answered instead.
    #[must_use]
    pub fn code(&self) -> String {
        let problem: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        problem
            .and_then(|problem| problem["code"].as_str().map(str::to_owned))
            .unwrap_or_else(|| format!("no problem document: {:?}", self.text()))
    }

    /// Status and problem code, to be compared in one go.
    #[must_use]
    pub fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.code())
    }

    /// One header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Sends bytes as they are and returns the status of the answer; `None` when the server closed
/// the connection without one.
pub async fn send_raw(addr: SocketAddr, bytes: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(addr).await.expect("the server accepts");
    // A server may answer and close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("the server answers or closes in time");
    let line = answer.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    line.split(' ').nth(1)?.parse().ok()
}

/// Sends a head and then chunks of a body that never ends, until the server answers or closes.
/// Returns how many bytes it took.
pub async fn send_endless(addr: SocketAddr, head: &str) -> usize {
    const MOST: usize = 256 * 1024 * 1024;
    let mut stream = TcpStream::connect(addr).await.expect("the server accepts");
    stream
        .write_all(head.as_bytes())
        .await
        .expect("the head is taken");
    let mut chunk = b"4000\r\n".to_vec();
    chunk.extend(std::iter::repeat_n(b'n', 0x4000));
    chunk.extend(b"\r\n");
    let (mut read, mut write) = stream.split();
    let mut answer = [0; 16];
    let mut sent = 0;
    let writing = async {
        while sent < MOST && write.write_all(&chunk).await.is_ok() {
            sent += chunk.len();
        }
    };
    tokio::select! {
        _ = read.read(&mut answer) => {}
        () = writing => {}
        () = tokio::time::sleep(PATIENCE) => panic!("the server neither answers nor closes"),
    }
    sent
}
