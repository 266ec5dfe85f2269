//! IngestBulletin over gRPC, and the command: what is written, once, and under which names.

mod command;
mod registry;
mod writes;

use bulletin::pb::{IngestBulletinRequest, IngestBulletinResponse};

use crate::support::Service;

/// Two articles: one with a unit of a chain, one without units.
const PAGE: &str = "海州公安通报上半年工作\n\n今年上半年，海州市公安局云台分局南城派出所共查处违法行为1.2万余起，同比下降8.5%。\n\n记者 李明\n\n海州新增停车位三百一十六个\n\n本报讯 昨天，海州新增停车位三百一十六个。\n";

fn request(text: &str) -> IngestBulletinRequest {
    IngestBulletinRequest {
        text: text.to_owned(),
        ..Default::default()
    }
}

async fn ingest(service: &Service, text: &str) -> IngestBulletinResponse {
    service.ask(request(text)).await.unwrap()
}
