//! WatchChanges: what a watch is sent, from where, and that nothing of it is lost.

mod behind;
mod checker;
mod checks;
mod command;
mod filters;
pub mod histories;
pub mod recording;
mod starts;
mod truth;
pub mod workload;
