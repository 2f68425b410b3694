//! `INTEGRATION-CONTRACT.md` says of every case what the case's own documentation says, and no
//! more.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::fs;
use std::path::Path;

/// Number, text and name of each case, in order, as the source has them.
fn cases(root: &Path) -> Vec<String> {
    let mut cases = Vec::new();
    for file in fs::read_dir(root.join("captcha-testkit/src/contract")).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        let mut text = String::new();
        for line in source.lines() {
            if let Some(documented) = line.strip_prefix("/// ") {
                text = format!("{text} {}", documented.trim());
                continue;
            }
            let name = line.strip_prefix("pub async fn c");
            if let Some((name, _)) = name.and_then(|rest| rest.split_once('(')) {
                let (number, _) = text.trim().split_once('.').unwrap();
                assert_eq!(format!("{number:0>2}"), name[..2], "c{name}");
                cases.push(format!("{} `c{name}`", text.trim()));
            }
            text.clear();
        }
    }
    cases.sort_by_key(|case| case.split('.').next().unwrap().parse::<u32>().unwrap());
    cases
}

#[test]
fn the_contract_and_its_cases_are_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let document = fs::read_to_string(root.join("INTEGRATION-CONTRACT.md")).unwrap();
    let written: Vec<_> = document
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    let cases = cases(&root);
    assert!(cases.len() > 40);
    assert_eq!(written, cases);

    let module = fs::read_to_string(root.join("captcha-testkit/src/contract/mod.rs")).unwrap();
    for case in cases {
        let name = case.rsplit('`').nth(1).unwrap();
        assert!(module.contains(&format!(": {name}\n")), "{name} is not run");
    }
}
