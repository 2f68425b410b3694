//! Checks on what a visitor chose, before any of it is sent to a provider.
//!
//! A provider's firewall that dislikes a string resets the connection or answers with a page of
//! its own. That looks like an outage, and a visitor who can cause one at will passes wherever
//! outages fail open. So strings that no token and no browser's name consists of stay here. What is
//! left can still be a firewall's dislike: fail-open trusts the provider not to have one in front.

/// Longer than any known provider's tokens (Friendly Captcha: 16 KB), in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Longer than any browser's name, in bytes.
const MAX_USER_AGENT_BYTES: usize = 1024;

/// Characters of base64 in both alphabets, of JSON web tokens, and what joins their parts.
pub(crate) fn is_token(token: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~+/=:|,".contains(&byte);
    // Addresses and ways up a tree are what firewalls look for, and what no token has.
    let path = ["://", "../", "/.."]
        .iter()
        .any(|part| token.contains(part));
    !token.is_empty() && token.len() <= MAX_TOKEN_BYTES && token.bytes().all(plain) && !path
}

/// Characters of browsers' names.
pub(crate) fn is_user_agent(user_agent: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" -_./():;,+=@&!#*[]~".contains(&byte);
    !user_agent.is_empty()
        && user_agent.len() <= MAX_USER_AGENT_BYTES
        && user_agent.bytes().all(plain)
        && !user_agent.contains("..")
        && !user_agent.contains("/*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_from_attacks_on_a_firewall() {
        for good in [
            "tok_123",
            "eyJh.eyJz.sig-_",
            "0.abc|def:1,2",
            "a+b//c==",
            "h..iv.ct.tag",
            "a~b",
        ] {
            assert!(is_token(good), "{good}");
        }
        let long = "x".repeat(MAX_TOKEN_BYTES + 1);
        let bad = [
            "",
            " ",
            "a b",
            "a\n",
            "<script>",
            "' OR 1=1",
            "$(id)",
            "${jndi:ldap}",
            "{\"a\":1}",
            "caf\u{e9}",
            "a\0",
            "%3Cscript%3E",
            "a;b",
            "1/**/union",
            "a&b",
            "a?b",
            "http://169.254.169.254/latest/meta-data/",
            "../../etc/passwd",
            "a/..",
            "#a",
            "*",
            &long,
        ];
        for bad in bad {
            assert!(!is_token(bad), "{bad}");
        }
        assert!(is_token(&"x".repeat(MAX_TOKEN_BYTES)));
    }

    #[test]
    fn browsers_are_told_from_attacks_on_a_firewall() {
        let browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)";
        assert!(is_user_agent(browser));
        assert!(is_user_agent(
            "Mozilla/5.0 [FBAN/FBIOS;FBDV/iPhone14,5;FBLC/de_DE]"
        ));
        for bad in [
            "",
            "${jndi:ldap://x}",
            "<script>",
            "a\r\nb",
            "caf\u{e9}",
            "../../etc/passwd",
            "a|b",
            "a/**/b",
            "%27",
        ] {
            assert!(!is_user_agent(bad), "{bad}");
        }
        assert!(!is_user_agent(&"x".repeat(MAX_USER_AGENT_BYTES + 1)));
    }
}
