//! Who may call what, and how much of it at once.

pub mod caller;
pub mod certificate;
pub mod connection;
pub mod credentials;
pub mod identify;
pub mod keys;
pub mod methods;
pub mod mounted;
pub mod policy;
pub mod tls;
pub mod token;
pub mod transport;
