use super::{Pass, Refusal, Rule};
use crate::ConfigError;
use crate::verify::ReasonCode;

/// The hosts on which the captcha may have been solved.
///
/// Without this rule, a token solved on any site that shares the key passes. The provider's
/// answer has to name one of the hosts exactly: no subdomain, no port, no trailing dot. Of
/// providers that name an origin or a host with a port, the host counts, as browsers read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHostnames {
    hostnames: Vec<String>,
}

impl AllowedHostnames {
    /// Passes these hosts. Upper case is folded, as browsers do.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when there is none, or one that no answer can name: empty, with a scheme,
    /// port, path or trailing dot, or not in ASCII (write `xn--…` for such names).
    pub fn new<H: Into<String>>(
        hostnames: impl IntoIterator<Item = H>,
    ) -> Result<Self, ConfigError> {
        let mut hostnames: Vec<String> = hostnames.into_iter().map(Into::into).collect();
        if hostnames.is_empty() {
            return Err(ConfigError::new("allowed_hostnames", "names no host"));
        }
        for hostname in &mut hostnames {
            hostname.make_ascii_lowercase();
            if !is_hostname(hostname) {
                let problem = "must be host names without scheme, port or trailing dot, in ASCII";
                return Err(ConfigError::new("allowed_hostnames", problem));
            }
        }
        Ok(Self { hostnames })
    }
}

/// Labels of letters, digits and hyphens, or an IPv6 address in brackets, as a browser's
/// `location.hostname` has it.
fn is_hostname(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(plain);
    let bracketed = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
    match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => name.split('.').all(is_label),
    }
}

impl Rule for AllowedHostnames {
    fn check(&self, pass: &Pass) -> Result<(), Refusal> {
        let refused = |text: &str| Refusal::new(ReasonCode::HostnameMismatch).with_error(text);
        match pass.hostname() {
            None | Some("") => Err(refused("a host name is required and the answer names none")),
            Some(hostname) if self.hostnames.iter().any(|allowed| allowed == hostname) => Ok(()),
            Some(_) => Err(refused("solved on a host that is not allowed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_answer_can_have_are_refused() {
        let good = [
            "example.org",
            "EXAMPLE.org",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "xn--bcher-kva.example",
        ];
        for name in good {
            assert!(AllowedHostnames::new([name]).is_ok(), "{name}");
        }
        let bad = [
            "",
            "https://example.org",
            "example.org:8080",
            "example.org.",
            "example.org/",
            "*.example.org",
            "b\u{fc}cher.example",
            "a b",
            "[::g]",
            "a..b",
        ];
        for name in bad {
            assert!(AllowedHostnames::new([name]).is_err(), "{name}");
        }
        assert!(AllowedHostnames::new(Vec::<String>::new()).is_err());
    }
}
