//! What operators do to a service in use, done here: a restore to a point in time, and a rolling upgrade.

mod restore;
mod rollout;
