//! WatchChanges: what a watch is sent, from where, and that nothing of it is lost.

mod checker;
mod checks;
mod histories;
mod recording;
mod truth;
mod workload;
