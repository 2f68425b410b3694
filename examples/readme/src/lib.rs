#![doc = include_str!("../../../README.md")]

#[doc = include_str!("../../../MIGRATING.md")]
pub mod migrating {}
