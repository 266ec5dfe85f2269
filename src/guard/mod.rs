//! Who may call what, and how much of it at once.

pub mod caller;
pub mod identify;
pub mod methods;
