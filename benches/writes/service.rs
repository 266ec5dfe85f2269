//! Creates through the service, in this process, over gRPC.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use bulletin::cache::BYTES_MAX as CACHE_BYTES_MAX;
use bulletin::pb::station_service_client::StationServiceClient;
use bulletin::pb::{CreateStationRequest, Station, station};
use bulletin::server::{Bulletin, bind};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

use crate::CLIENTS;
use crate::database::Database;

/// HTTP/2 serialises what goes over one connection.
const CHANNELS: usize = 4;

/// Ids that were used.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// The service while it is measured: another that follows the log would take its share of the CPU.
pub struct Service {
    channels: Vec<Channel>,
    stop: oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Service {
    pub async fn start(database: &Database, group_requests_max: Option<usize>) -> Result<Self> {
        let db = database.open().await?;
        let bulletin = match group_requests_max {
            None => Bulletin::start(db).await?,
            Some(requests_max) => {
                Bulletin::start_in_groups_of(db, requests_max, CACHE_BYTES_MAX).await?
            }
        };
        let listener = bind("127.0.0.1:0".parse()?).await?;
        let endpoint = Endpoint::from_shared(format!("http://{}", listener.local_addr()?))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move {
            // Dropped or sent, it is a stop.
            let _ = stopped.await;
        };
        let serving = tokio::spawn(bulletin.serve(listener, stopped, Duration::from_secs(5)));
        let mut channels = Vec::new();
        for _ in 0..CHANNELS {
            channels.push(endpoint.clone().tcp_nodelay(true).connect().await?);
        }
        Ok(Self {
            channels,
            stop,
            serving,
        })
    }

    /// Creates stations from all clients for this long; returns how many a second.
    pub async fn run(&self, time: Duration) -> Result<f64> {
        let started = Instant::now();
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let channel = self.channels[client % CHANNELS].clone();
            clients.spawn(async move {
                let mut client = StationServiceClient::new(channel);
                let mut count = 0_u64;
                while started.elapsed() < time {
                    client.create_station(request()).await?;
                    count += 1;
                }
                Ok::<u64, tonic::Status>(count)
            });
        }
        let mut count = 0;
        for counted in clients.join_all().await {
            count += counted?;
        }
        Ok(count as f64 / started.elapsed().as_secs_f64())
    }

    pub async fn stop(self) -> Result<()> {
        drop(self.channels);
        self.stop.send(()).map_err(|()| anyhow!("it has ended"))?;
        self.serving.await??;
        Ok(())
    }
}

fn request() -> CreateStationRequest {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let station = Station {
        display_name: format!("第{number}派出所"),
        kind: station::Kind::PoliceStation.into(),
        ..Station::default()
    };
    CreateStationRequest {
        station_id: format!("bench-{number}"),
        station: Some(station),
        validate_only: false,
    }
}
