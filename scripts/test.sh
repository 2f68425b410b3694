#!/usr/bin/env bash
# Everything that has to hold before a change lands. Installs what is missing on a Debian machine
# that has Rust: rustfmt, clippy and cargo-hack, Chromium with its driver for the browser tests,
# Redis, Postgres, and faketime for processes whose clocks differ.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

if ! command -v cargo >/dev/null && [ -f "$HOME/.cargo/env" ]; then
    . "$HOME/.cargo/env"
fi

for component in rustfmt clippy; do
    if ! cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1; then
        say "installing $component"
        rustup component add "$component"
    fi
done

if ! command -v cargo-hack >/dev/null; then
    say "installing cargo-hack"
    cargo install cargo-hack --locked --quiet
fi

missing=()
command -v cc >/dev/null || missing+=(gcc libc6-dev)
command -v chromedriver >/dev/null || missing+=(chromium chromium-driver)
command -v redis-server >/dev/null || missing+=(redis-server)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || missing+=(faketime)
if [ "${#missing[@]}" -gt 0 ]; then
    say "installing ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
fi

say "format"
cargo fmt --all -- --check
cargo fmt --manifest-path benches/Cargo.toml -- --check

say "documents"
for document in ./*.md; do
    twice="$(grep -E '^##+ ' "$document" | sort | uniq -d)"
    # A changelog says "Added" for each version.
    if [ "$document" != ./CHANGELOG.md ] && [ -n "$twice" ]; then
        printf '%s has headings twice:\n%s\n' "$document" "$twice"
        exit 1
    fi
done

say "clippy"
cargo clippy --workspace --all-targets --all-features -- -D warnings

say "features one by one"
for crate in captcha-core captcha-client captcha-actix; do
    cargo hack clippy -q -p "$crate" --each-feature -- -D warnings
done
cargo clippy -q -p captcha-client --no-default-features --features gkcaptcha,blocking -- -D warnings

say "tests"
# With this set, a browser test that finds no browser fails instead of being left out.
export CAPTCHA_BROWSER_TESTS=1
# The same for tests against servers, which start them on free ports and stop them.
export CAPTCHA_SERVER_TESTS=1
cargo test --workspace --all-features
# Any crate of an application can switch this on, and it changes how numbers are read.
cargo test -p captcha-client --all-features --features serde_json/arbitrary_precision --lib --test attacks --test vectors
# Each provider stands alone.
cargo hack test -q -p captcha-client --each-feature --features rustls --lib --test vectors

say "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps --quiet

say "all green"
