//! The messages and services of `proto/`, generated.

#![expect(clippy::all, reason = "generated code")]

include!(concat!(env!("OUT_DIR"), "/all.rs"));

// From here, for a test of the documentation knows the crate itself by the same name.
pub use self::bulletin::v1::*;
pub use self::google::r#type::{Date, Decimal};

use std::sync::LazyLock;

use prost_reflect::DescriptorPool;

/// Every file of the API and what it imports, encoded as a `FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The same, decoded once: for update masks and the JSON form.
pub static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(DESCRIPTORS).expect("the build script wrote a valid descriptor set")
});
