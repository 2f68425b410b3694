use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use captcha_core::gate::{HttpHead, RequestHead};
use http::request::Parts;

/// A request's head as the gate reads it. The peer is axum's [`ConnectInfo`].
///
/// For handlers that issue a challenge themselves, with
/// [`Endpoints::issue_for`](captcha_core::endpoints::Endpoints::issue_for).
#[derive(Debug, Clone, Copy)]
pub struct Head<'a>(pub &'a Parts);

impl RequestHead for Head<'_> {
    fn each_header<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        for value in self.0.headers.get_all(name) {
            visit(value.as_bytes());
        }
    }

    fn query(&self) -> Option<&str> {
        self.0.uri.query()
    }

    fn peer(&self) -> Option<IpAddr> {
        peer(self.0)
    }
}

pub(crate) fn peer(head: &Parts) -> Option<IpAddr> {
    let connected = head.extensions.get::<ConnectInfo<SocketAddr>>();
    connected
        .map(|ConnectInfo(peer)| peer.ip())
        .or_else(|| HttpHead(head).peer())
}
