//! Certificate, key and client authorities from mounted files, as a configuration that new handshakes take.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use time::OffsetDateTime;
use tracing::warn;

use crate::guard::certificate;
use crate::guard::mounted::{Contents, Mounted, Unusable};

/// gRPC, and HTTP/1.1 for gRPC-Web.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// How long before its end a certificate should be replaced by now.
pub const ENDS_SOON: time::Duration = time::Duration::days(7);

pub type Tls = Mounted<Served>;

/// What clients are shown.
#[derive(Debug)]
pub struct Served {
    pub config: Arc<ServerConfig>,
    /// When clients cease to believe it.
    pub good_until: Option<OffsetDateTime>,
}

#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate, and those between it and its authority.
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Whose certificates clients may show.
    pub client_ca: Option<PathBuf>,
    /// Whether a client that shows none is turned away.
    pub client_required: bool,
}

/// The one provider of cryptography; rustls asks for it where it is told of none.
pub fn install_provider() {
    // It is the same one where somebody else was first.
    let _ = aws_lc_rs::default_provider().install_default();
}

pub fn load(files: TlsFiles, interval: Duration) -> Result<Tls, Unusable> {
    let TlsFiles {
        certificate,
        key,
        client_ca,
        client_required,
    } = files;
    let paths = [certificate, key].into_iter().chain(client_ca).collect();
    Mounted::load("the TLS certificate", paths, interval, move |files| {
        let [certificate, key, client_ca @ ..] = files else {
            unreachable!("two files at least were asked for");
        };
        let config = config(certificate, key, client_ca.first(), client_required)?;
        let good_until = good_until(certificate.bytes());
        if let Some(end) = good_until {
            warn_of_end(end);
        }
        Ok(Served {
            config: Arc::new(config),
            good_until,
        })
    })
}

/// It is served all the same: nobody gains by its place being empty.
fn warn_of_end(end: OffsetDateTime) {
    #[expect(
        clippy::disallowed_methods,
        reason = "clients hold certificates to clocks such as this machine's"
    )]
    let now = OffsetDateTime::now_utc();
    if end < now + ENDS_SOON {
        warn!(%end, has_ended = end < now, "the TLS certificate ends; clients believe none that has ended");
    }
}

fn config(
    certificate: &Contents,
    key: &Contents,
    client_ca: Option<&Contents>,
    client_required: bool,
) -> Result<ServerConfig, Unusable> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let chain = certificates(certificate)?;
    let private = PrivateKeyDer::from_pem_slice(key.bytes())
        .map_err(|error| key.unusable(format_args!("has no private key in PEM: {error}")))?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| certificate.unusable(error))?;
    let builder = match client_ca {
        Some(file) => builder.with_client_cert_verifier(verifier(file, client_required, provider)?),
        None => builder.with_no_client_auth(),
    };
    let config = builder.with_single_cert(chain, private);
    let mut config = config
        .map_err(|error| certificate.unusable(format_args!("does not go with its key: {error}")))?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(config)
}

fn verifier(
    file: &Contents,
    client_required: bool,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Unusable> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(file)? {
        let added = roots.add(authority);
        added.map_err(|error| file.unusable(format_args!("has a bad certificate: {error}")))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = match client_required {
        true => builder,
        false => builder.allow_unauthenticated(),
    };
    let verifier = builder.build();
    let verifier = verifier.map_err(|error| file.unusable(error))?;
    Ok(verifier)
}

/// When the chain in a file of certificates ends, where it has one that can be read.
pub fn good_until(pem: &[u8]) -> Option<OffsetDateTime> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .ok()?;
    certificate::good_until(&chain)
}

fn certificates(file: &Contents) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(file.bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| file.unusable(format_args!("is no PEM: {error}")))?;
    match certificates.is_empty() {
        true => Err(file.unusable("has no certificate in PEM")),
        false => Ok(certificates),
    }
}
