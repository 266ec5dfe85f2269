//! What every service shares on the wire: errors as statuses, replies with their token, requests'
//! common fields, responses of record bytes.

pub mod codec;
pub mod foreign;
pub mod list;
pub mod reply;
pub mod request;
pub mod status;
pub mod weight;
pub mod wire;
