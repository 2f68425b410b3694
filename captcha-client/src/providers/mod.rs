//! The providers, one a file. Each says how its provider is asked and how its answers are read;
//! connections, retries, deadlines and the fail mode are [`hosted`](crate::hosted)'s.
//!
//! Everything here is a value for
//! [`HostedClient::builder_of`](crate::HostedClient::builder_of), or behind a
//! client such as [`TurnstileClient`](crate::TurnstileClient).

#[cfg(test)]
mod asked;
#[cfg(any(feature = "friendlycaptcha-v1", feature = "friendlycaptcha-v2"))]
mod friendlycaptcha;
#[cfg(all(test, feature = "all-providers"))]
mod languages;
#[cfg(all(test, feature = "all-providers"))]
mod properties;
#[cfg(any(
    feature = "recaptcha-v2",
    feature = "recaptcha-v3",
    feature = "recaptcha-enterprise"
))]
mod recaptcha;

#[cfg(all(test, feature = "all-providers"))]
mod visitors;

use crate::hosted::{Listed, Provider};

/// For each provider its feature, file, type and client, and what the client asks.
macro_rules! providers {
    ($($feature:literal $file:ident $provider:ident $client:ident $title:literal;)*) => {
        $(
            #[cfg(feature = $feature)]
            mod $file;
            #[cfg(feature = $feature)]
            pub use $file::$provider;
            #[cfg(feature = $feature)]
            impl Listed for $provider {}
        )*

        pub(crate) mod clients {
            $(
                #[cfg(feature = $feature)]
                #[doc = concat!("Asks ", $title, " whether a token is good.")]
                pub type $client = crate::HostedClient<super::$provider>;
            )*
        }

        #[cfg(feature = "blocking")]
        pub(crate) mod blocking_clients {
            $(
                #[cfg(feature = $feature)]
                #[doc = concat!("Asks ", $title, " whether a token is good, and waits for the answer.")]
                pub type $client = crate::blocking::HostedClient<super::$provider>;
            )*
        }

        /// Every provider that is compiled in.
        #[allow(unused_mut, clippy::vec_init_then_push, reason = "features decide")]
        pub(crate) fn all() -> Vec<Box<dyn Provider>> {
            let mut all: Vec<Box<dyn Provider>> = Vec::new();
            $(
                #[cfg(feature = $feature)]
                all.push(Box::new($provider::default()));
            )*
            all
        }
    };
}

providers! {
    "gkcaptcha" gkcaptcha GkCaptcha GkCaptchaClient "gkCAPTCHA";
    "turnstile" turnstile Turnstile TurnstileClient "Cloudflare Turnstile";
    "hcaptcha" hcaptcha HCaptcha HCaptchaClient "hCaptcha";
    "recaptcha-v2" recaptcha_v2 RecaptchaV2 RecaptchaV2Client "Google reCAPTCHA v2";
    "recaptcha-v3" recaptcha_v3 RecaptchaV3 RecaptchaV3Client "Google reCAPTCHA v3";
    "recaptcha-enterprise" recaptcha_enterprise RecaptchaEnterprise RecaptchaEnterpriseClient "Google reCAPTCHA Enterprise";
    "friendlycaptcha-v1" friendlycaptcha_v1 FriendlyCaptchaV1 FriendlyCaptchaV1Client "Friendly Captcha v1";
    "friendlycaptcha-v2" friendlycaptcha_v2 FriendlyCaptchaV2 FriendlyCaptchaV2Client "Friendly Captcha v2";
    "cap" cap Cap CapClient "Cap Standalone";
    "mcaptcha" mcaptcha MCaptcha MCaptchaClient "mCaptcha";
    "prosopo" prosopo Prosopo ProsopoClient "Prosopo Procaptcha";
    "captchafox" captchafox CaptchaFox CaptchaFoxClient "CaptchaFox";
    "mtcaptcha" mtcaptcha MtCaptcha MtCaptchaClient "MTCaptcha";
    "yandex-smartcaptcha" yandex_smartcaptcha YandexSmartCaptcha YandexSmartCaptchaClient "Yandex SmartCaptcha";
    "geetest-v4" geetest_v4 GeeTestV4 GeeTestV4Client "GeeTest v4";
    "private-captcha" private_captcha PrivateCaptcha PrivateCaptchaClient "Private Captcha";
    "altcha-sentinel" altcha_sentinel AltchaSentinel AltchaSentinelClient "ALTCHA Sentinel";
    "siteverify" siteverify Siteverify SiteverifyClient "an endpoint that answers as reCAPTCHA's";
}

/// The provider of this name, if it is compiled in. The name may be written with underscores and
/// in capitals.
#[must_use]
pub fn named(name: &str) -> Option<Box<dyn Provider>> {
    let name = name.trim().to_ascii_lowercase().replace('_', "-");
    all()
        .into_iter()
        .find(|provider| provider.profile().name == name)
}

/// The names of the providers that are compiled in, as `CAPTCHA_PROVIDER` takes them.
#[must_use]
pub fn names() -> Vec<&'static str> {
    all()
        .iter()
        .map(|provider| provider.profile().name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A profile is named as its feature, and its variables begin with that name.
    #[test]
    fn names_are_those_of_the_features() {
        let features = include_str!("../../Cargo.toml");
        for provider in all() {
            let profile = provider.profile();
            let name = profile.name;
            assert!(
                features.contains(&format!("\n{name} = [")),
                "{name} is no feature"
            );
            let prefix = name.to_uppercase().replace('-', "_");
            assert_eq!(profile.variables.secret_key, format!("{prefix}_SECRET_KEY"));
            assert!(named(&prefix).is_some(), "{name}");
        }
    }
}
