//! Who may call: tokens, certificates, the files they are held to, and the connections they come by.

mod certificates;
mod commands;
mod connections;
pub mod issuer;
mod pages;
mod rotation;
mod tokens;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bulletin::guard::credentials::{Credentials, Tokens, load_policy};
use bulletin::guard::tls::{self, Tls, TlsFiles};
use bulletin::guard::token::Expected;
use bulletin::guard::transport::Transport;
use bulletin::pb;
use bulletin::pb::station_service_client::StationServiceClient;
use bulletin::pb::transfer_service_client::TransferServiceClient;
use serde_json::{Value, json};
use tonic::transport::Channel;
use tonic::{Code, Request};

use self::issuer::{AUDIENCE, ISSUER};
use crate::support::Refusal;
use crate::support::certificates::{Authority, Issued};

/// So often are files looked at here.
const INTERVAL: Duration = Duration::from_millis(10);

/// A folder of mounted files, gone when dropped.
pub struct Mount(PathBuf);

impl Mount {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let place = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("bulletin-mount-{}-{place}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn name(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Writes files as a Kubernetes secret is: in a folder of their own, to which a link is moved.
    pub fn put(&self, files: &[(&str, &str)]) {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let version = format!("..{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = self.path(&version);
        std::fs::create_dir(&folder).unwrap();
        let data = self.path("..data");
        // What this does not name stays as it is.
        for old in std::fs::read_dir(&data).into_iter().flatten() {
            let old = old.unwrap();
            std::fs::copy(old.path(), folder.join(old.file_name())).unwrap();
        }
        for (name, contents) in files {
            std::fs::write(folder.join(name), contents).unwrap();
            let link = self.path(name);
            if !link.is_symlink() {
                std::os::unix::fs::symlink(Path::new("..data").join(name), link).unwrap();
            }
        }
        let link = self.path("..data_tmp");
        std::os::unix::fs::symlink(&version, &link).unwrap();
        let before = std::fs::read_link(&data).ok();
        std::fs::rename(link, &data).unwrap();
        if let Some(before) = before {
            std::fs::remove_dir_all(self.path(before.to_str().unwrap())).unwrap();
        }
    }

    pub fn put_certificate(&self, issued: &Issued) {
        self.put(&[("tls.crt", &issued.certificate), ("tls.key", &issued.key)]);
    }

    fn tls(&self, client_required: Option<bool>) -> Tls {
        let files = TlsFiles {
            certificate: self.path("tls.crt"),
            key: self.path("tls.key"),
            client_ca: client_required.map(|_| self.path("ca.crt")),
            client_required: client_required == Some(true),
        };
        tls::load(files, INTERVAL).unwrap()
    }

    /// By the files `jwks`, if there are keys for tokens, and `policy`.
    fn credentials(&self, has_tokens: bool) -> Arc<Credentials> {
        let expected = Expected {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            leeway_s: 30,
        };
        let tokens = has_tokens.then(|| Tokens::load(self.path("jwks"), expected, INTERVAL));
        Arc::new(Credentials {
            policy: load_policy(self.path("policy"), INTERVAL).unwrap(),
            tokens: tokens.transpose().unwrap(),
        })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Readers, editors and admins by subject, one of each name.
pub fn policy() -> String {
    let rule = |role: &str| json!({"subject": role, "role": role});
    rules(&["reader", "editor", "admin"].map(rule))
}

fn rules(rules: &[Value]) -> String {
    json!({ "rules": rules }).to_string()
}

/// By TLS, with a certificate for localhost.
fn by_tls(mount: &Mount, authority: &Authority, client_required: Option<bool>) -> Transport {
    mount.put_certificate(&authority.issue(&["localhost"]));
    Transport {
        tls: Some(mount.tls(client_required)),
        ..Transport::default()
    }
}

pub fn request<T>(message: T, authorizations: &[&str]) -> Request<T> {
    let mut request = Request::new(message);
    for authorization in authorizations {
        let value = authorization.parse().unwrap();
        request.metadata_mut().append("authorization", value);
    }
    request
}

/// A call for which the role reader does.
async fn read(channel: &Channel, authorizations: &[&str]) -> Result<(), Refusal> {
    let request = request(pb::ListStationsRequest::default(), authorizations);
    let mut client = StationServiceClient::new(channel.clone());
    Refusal::or(client.list_stations(request).await).map(|_| ())
}

/// A call that needs the role editor.
async fn write(channel: &Channel, id: &str, authorizations: &[&str]) -> Result<(), Refusal> {
    let station = pb::Station {
        display_name: format!("{id}派出所"),
        kind: pb::station::Kind::PoliceStation.into(),
        ..Default::default()
    };
    let message = pb::CreateStationRequest {
        station_id: format!("station-{id}"),
        station: Some(station),
        validate_only: false,
    };
    let mut client = StationServiceClient::new(channel.clone());
    let created = client
        .create_station(request(message, authorizations))
        .await;
    Refusal::or(created).map(|_| ())
}

/// A call that needs the role admin.
async fn import(channel: &Channel, authorizations: &[&str]) -> Result<(), Refusal> {
    let nothing = tokio_stream::iter(Vec::<pb::ImportRecordsRequest>::new());
    let mut client = TransferServiceClient::new(channel.clone());
    let imported = client
        .import_records(request(nothing, authorizations))
        .await;
    Refusal::or(imported).map(|_| ())
}

/// The refusal of whoever is not known: nothing in it tells why.
#[track_caller]
fn is_unauthenticated(outcome: Result<(), Refusal>, what: &str) {
    let refusal = outcome.expect_err(what);
    assert_eq!(refusal.code, Code::Unauthenticated, "{what}: {refusal:?}");
    assert_eq!(refusal.reason, "UNAUTHENTICATED", "{what}");
    let sentence = "the call carries no credentials that are accepted";
    assert_eq!(refusal.message, sentence, "{what}");
    assert!(
        refusal.metadata.is_empty() && refusal.violations.is_empty(),
        "{what}"
    );
}

/// The refusal of whoever is known, and may not.
#[track_caller]
fn needs(outcome: Result<(), Refusal>, role: &str) {
    let refusal = outcome.expect_err(role);
    refusal.is(Code::PermissionDenied, "PERMISSION_DENIED");
    assert_eq!(refusal.metadata["role"], role, "{refusal:?}");
    assert!(
        refusal.message.ends_with(&format!("needs the role {role}")),
        "{refusal:?}"
    );
}
