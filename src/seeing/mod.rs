//! What is seen of each call: counted, timed, traced, and said in the log when it failed or was slow.

pub mod calls;
pub mod current;
mod layer;
mod lines;
pub mod trace;

pub use self::layer::{Seeing, Seen, SeenBody, SeenCall};
