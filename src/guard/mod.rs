//! Who may call what, and how much of it at once.

pub mod admission;
pub mod caller;
pub mod calls;
pub mod deadline;
pub mod gate;
pub mod identify;
pub mod methods;
