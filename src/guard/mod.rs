//! Who may call what, and how much of it at once.

pub mod admission;
pub mod caller;
pub mod calls;
pub mod certificate;
pub mod connection;
pub mod credentials;
pub mod deadline;
pub mod gate;
mod gathered;
pub mod http;
pub mod identify;
pub mod keys;
pub mod methods;
pub mod mounted;
pub mod origins;
pub mod policy;
pub mod tls;
pub mod token;
pub mod transport;
