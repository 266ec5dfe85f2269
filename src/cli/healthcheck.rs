//! `bulletin healthcheck`: for probes without a client of their own.

use std::time::Duration;

use anyhow::{Context as _, bail};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::cli::endpoint::endpoint;
use crate::config::HealthcheckOptions;

const TIMEOUT: Duration = Duration::from_secs(5);

pub async fn run(options: &HealthcheckOptions) -> anyhow::Result<()> {
    let addr = &options.service.addr;
    let endpoint = endpoint(&options.service)?
        .connect_timeout(TIMEOUT)
        .timeout(TIMEOUT);
    let channel = endpoint
        .connect()
        .await
        .with_context(|| format!("cannot reach {addr}"))?;
    let response = HealthClient::new(channel)
        .check(HealthCheckRequest {
            service: String::new(),
        })
        .await
        .with_context(|| format!("{addr} does not answer"))?;
    match response.into_inner().status() {
        ServingStatus::Serving => {
            println!("{addr} is serving");
            Ok(())
        }
        status => bail!("{addr} is {}", status.as_str_name()),
    }
}
