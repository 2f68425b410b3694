use std::net::IpAddr;

/// What the gate reads of a request's head. Adapters implement it over their framework's request.
pub trait RequestHead {
    /// Calls `visit` with every value of the header, in the order they were sent. Header names
    /// compare without case.
    fn each_header<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8]));

    /// The query without the question mark, still encoded.
    fn query(&self) -> Option<&str>;

    /// The address of the socket's other end.
    fn peer(&self) -> Option<IpAddr>;

    /// Whether the body that will be handed to the gate is unpacked from this content coding
    /// (lower case, for example `gzip`). `identity` is never asked.
    fn unpacks(&self, coding: &str) -> bool {
        let _ = coding;
        false
    }

    /// The first value of a header.
    fn header<'a>(&'a self, name: &str) -> Option<&'a [u8]> {
        let mut first = None;
        self.each_header(name, &mut |value| {
            first.get_or_insert(value);
        });
        first
    }
}

/// The socket peer's address as an extension of an [`http::Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddr(pub IpAddr);

/// The head of an [`http::Request`], with the peer that a [`PeerAddr`] extension names.
///
/// A framework keeps the peer elsewhere: each adapter has a `Head` of its own.
#[derive(Debug, Clone, Copy)]
pub struct HttpHead<'a>(pub &'a http::request::Parts);

impl RequestHead for HttpHead<'_> {
    fn each_header<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        for value in self.0.headers.get_all(name) {
            visit(value.as_bytes());
        }
    }

    fn query(&self) -> Option<&str> {
        self.0.uri.query()
    }

    fn peer(&self) -> Option<IpAddr> {
        self.0.extensions.get::<PeerAddr>().map(|peer| peer.0)
    }
}

/// Whether whole-route protection lets this method through: GET, HEAD and OPTIONS, which change
/// nothing (RFC 9110, section 9.2.1; TRACE, which no handler serves, is not among them).
#[must_use]
pub fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}
