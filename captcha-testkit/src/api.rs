//! A hosted provider's API on loopback that answers what a test wants, also what no HTTP server
//! would: resets, silence, half an answer, an endless one.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// The server. Stops when it is dropped.
///
/// ```
/// use captcha_testkit::api::{Answer, ScriptedApi};
///
/// # #[tokio::main] async fn main() {
/// let api = ScriptedApi::start([
///     Answer::json(503, "{}"),
///     Answer::json(200, r#"{"success":true}"#),
/// ])
/// .await;
/// // … point a client at `api.url()` …
/// assert_eq!(api.heard().len(), 0);
/// # }
/// ```
#[derive(Debug)]
pub struct ScriptedApi {
    addr: SocketAddr,
    state: Arc<State>,
    task: AbortHandle,
}

/// How one request is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A whole answer.
    Whole {
        /// The status.
        status: u16,
        /// Header lines, names and values.
        headers: Vec<(String, String)>,
        /// The body.
        body: Bytes,
    },
    /// The connection is reset once the request is there.
    Reset,
    /// Nothing is ever answered.
    Hang,
    /// An answer with this status whose connection ends in the middle of the body.
    Half(u16),
    /// An answer with this status whose body never ends.
    Endless(u16),
    /// An answer whose body comes a byte at a time, for ever.
    Drip,
    /// Bytes that are no HTTP.
    Garbage,
    /// The same answer, after a while.
    Late(Duration, Box<Self>),
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The request line, without the version.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Heard {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

/// What to answer.
enum Script {
    /// Each of these in its turn.
    Turns(VecDeque<Answer>),
    /// What this makes of a request.
    Each(Box<dyn FnMut(&Heard) -> Answer + Send>),
}

#[derive(Debug)]
struct State {
    script: Mutex<Script>,
    heard: Mutex<Vec<Heard>>,
    connections: AtomicUsize,
}

impl Answer {
    /// A whole answer in JSON.
    #[must_use]
    pub fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self::typed(status, "application/json", body)
    }

    /// A whole answer of this type.
    #[must_use]
    pub fn typed(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::Whole {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }

    /// The same with another header line, where it is a whole answer.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Whole { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

impl ScriptedApi {
    /// Answers requests in this order; the last answer is given again and again.
    pub async fn start(script: impl IntoIterator<Item = Answer>) -> Self {
        Self::serve(Script::Turns(script.into_iter().collect())).await
    }

    /// Answers each request as this function says.
    pub async fn answering(answer: impl FnMut(&Heard) -> Answer + Send + 'static) -> Self {
        Self::serve(Script::Each(Box::new(answer))).await
    }

    async fn serve(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            script: Mutex::new(script),
            heard: Mutex::new(Vec::new()),
            connections: AtomicUsize::new(0),
        });
        let accepting = Arc::clone(&state);
        let task = tokio::spawn(async move {
            // Connections end with the server.
            let mut serving = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                accepting.connections.fetch_add(1, Ordering::SeqCst);
                serving.spawn(serve(stream, Arc::clone(&accepting)));
                while serving.try_join_next().is_some() {}
            }
        });
        Self {
            addr,
            state,
            task: task.abort_handle(),
        }
    }

    /// The base URL of a provider that is gone: connections are refused.
    pub async fn gone() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        format!("http://{}", listener.local_addr().expect("an address"))
    }

    /// The base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Forgets what was heard, and answers in this order from now on.
    pub fn script(&self, script: impl IntoIterator<Item = Answer>) {
        *self.state.script.lock().unwrap() = Script::Turns(script.into_iter().collect());
        self.state.heard.lock().unwrap().clear();
    }

    /// Every request so far.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.state.heard.lock().unwrap().clone()
    }

    /// How many connections were opened so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for ScriptedApi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    fn answer(&self, heard: &Heard) -> Answer {
        let mut script = self.script.lock().unwrap();
        let turns = match &mut *script {
            Script::Each(answer) => return answer(heard),
            Script::Turns(turns) => turns,
        };
        let next = match turns.len() {
            1 => turns.front().cloned(),
            _ => turns.pop_front(),
        };
        next.unwrap_or(Answer::Hang)
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Turns(_) => "Turns(..)",
            Self::Each(_) => "Each(..)",
        })
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    let mut unread = Vec::new();
    while let Some(request) = hear(&mut stream, &mut unread).await {
        let answer = state.answer(&request);
        state.heard.lock().unwrap().push(request);
        if give(&mut stream, answer).await.is_none() {
            return;
        }
    }
}

/// Reads one request; `None` at the end of the connection.
async fn hear(stream: &mut TcpStream, unread: &mut Vec<u8>) -> Option<Heard> {
    loop {
        if let Some((heard, length)) = parse(unread) {
            unread.drain(..length);
            return Some(heard);
        }
        if stream.read_buf(unread).await.ok()? == 0 {
            return None;
        }
    }
}

/// A whole request at the start of these bytes, and how long it is.
fn parse(bytes: &[u8]) -> Option<(Heard, usize)> {
    let mut lines = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut lines);
    let httparse::Status::Complete(start) = head.parse(bytes).expect("a well-formed request")
    else {
        return None;
    };
    let mut headers = HeaderMap::new();
    for line in head.headers.iter() {
        let name = http::HeaderName::from_bytes(line.name.as_bytes()).unwrap();
        headers.append(name, http::HeaderValue::from_bytes(line.value).unwrap());
    }
    let length = headers.get("content-length");
    let length: usize = length.map_or(0, |value| value.to_str().unwrap().parse().unwrap());
    let body = bytes.get(start..start + length)?;
    let heard = Heard {
        target: format!("{} {}", head.method.unwrap(), head.path.unwrap()),
        headers,
        body: Bytes::copy_from_slice(body),
    };
    Some((heard, start + length))
}

/// Gives an answer; `None` when the connection is over.
async fn give(stream: &mut TcpStream, mut answer: Answer) -> Option<()> {
    while let Answer::Late(delay, then) = answer {
        tokio::time::sleep(delay).await;
        answer = *then;
    }
    let head = |status: u16, rest: &str| format!("HTTP/1.1 {status} Scripted\r\n{rest}\r\n");
    match answer {
        Answer::Whole {
            status,
            headers,
            body,
        } => {
            let mut rest = format!("content-length: {}\r\n", body.len());
            for (name, value) in headers {
                rest.push_str(&format!("{name}: {value}\r\n"));
            }
            let mut whole = head(status, &rest).into_bytes();
            whole.extend_from_slice(&body);
            return stream.write_all(&whole).await.ok();
        }
        Answer::Reset => stream.set_zero_linger().expect("a socket option"),
        Answer::Hang | Answer::Late(..) => std::future::pending().await,
        Answer::Half(status) => {
            let half = head(status, "content-length: 100\r\n") + "{\"success\":true";
            stream.write_all(half.as_bytes()).await.ok()?;
        }
        Answer::Endless(status) => {
            let head = head(status, "transfer-encoding: chunked\r\n");
            stream.write_all(head.as_bytes()).await.ok()?;
            let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        }
        Answer::Drip => {
            let head = head(200, "transfer-encoding: chunked\r\n");
            stream.write_all(head.as_bytes()).await.ok()?;
            while stream.write_all(b"1\r\n \r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        Answer::Garbage => stream
            .write_all(b"\x16\x03\x01 no HTTP\r\n\r\n")
            .await
            .ok()?,
    }
    None
}
