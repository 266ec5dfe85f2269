//! How much of what is taken at once, and how long it may take.

use std::time::Duration;

use clap::Args;

use crate::guard::admission::Limits;

#[derive(Args, Clone, Debug)]
pub struct BoundsOptions {
    /// Most calls at once that are no streams; others wait a little
    #[arg(long, env = "BULLETIN_CALLS_MAX", default_value_t = 512, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub calls_max: u32,

    /// Most calls that wait for others to end; further ones are refused
    #[arg(long, env = "BULLETIN_CALLS_QUEUED_MAX", default_value_t = 512, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub calls_queued_max: u32,

    /// How long a call waits for others to end, before it is refused
    #[arg(
        long,
        env = "BULLETIN_CALLS_QUEUE_WAIT_MS",
        default_value_t = 100,
        value_name = "MS"
    )]
    pub calls_queue_wait_ms: u64,

    /// How long a call may take that is no stream, whatever its client says
    #[arg(long, env = "BULLETIN_CALL_TIMEOUT_MS", default_value_t = 30_000, value_name = "MS",
          value_parser = clap::value_parser!(u64).range(1..))]
    pub call_timeout_ms: u64,

    /// Most watches at once
    #[arg(long, env = "BULLETIN_WATCHES_MAX", default_value_t = 4_096, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub watches_max: u32,

    /// Most exports and imports at once
    #[arg(long, env = "BULLETIN_EXPORTS_MAX", default_value_t = 16, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub exports_max: u32,
}

impl BoundsOptions {
    pub fn limits(&self) -> Limits {
        let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        Limits {
            calls_max: count(self.calls_max),
            queued_max: count(self.calls_queued_max),
            queue_wait_max: Duration::from_millis(self.calls_queue_wait_ms),
            watches_max: count(self.watches_max),
            transfers_max: count(self.exports_max),
        }
    }

    pub fn call_timeout(&self) -> Duration {
        Duration::from_millis(self.call_timeout_ms)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        bounds: BoundsOptions,
    }

    #[test]
    fn the_defaults_are_those_of_the_layer() {
        let bounds = Alone::parse_from(["alone"]).bounds;
        assert_eq!(bounds.limits(), Limits::default());
    }
}
