//! `bulletin healthcheck`: for probes without a client of their own.

use std::time::Duration;

use anyhow::bail;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::cli::endpoint::{endpoint, hint};
use crate::config::{HealthcheckOptions, ServiceAddress};

const TIMEOUT: Duration = Duration::from_secs(5);

pub async fn run(options: &HealthcheckOptions) -> anyhow::Result<()> {
    let service = &options.service;
    let addr = &service.addr;
    let endpoint = endpoint(service)?.connect_timeout(TIMEOUT).timeout(TIMEOUT);
    let channel = endpoint
        .connect()
        .await
        .map_err(|error| failed(service, format!("cannot reach {addr}"), error))?;
    let response = HealthClient::new(channel)
        .check(HealthCheckRequest {
            service: String::new(),
        })
        .await
        .map_err(|error| failed(service, format!("{addr} does not answer"), error))?;
    match response.into_inner().status() {
        ServingStatus::Serving => {
            println!("{addr} is serving");
            Ok(())
        }
        status => bail!("{addr} is {}", status.as_str_name()),
    }
}

fn failed(
    service: &ServiceAddress,
    what: String,
    error: impl std::error::Error + Send + Sync + 'static,
) -> anyhow::Error {
    let error = anyhow::Error::new(error);
    let hint = hint(service, &format!("{error:#}"));
    error.context(format!("{what}{hint}"))
}
