//! Authorities and certificates of a test's own, and clients that believe them.

use std::sync::Arc;

use bulletin::guard::tls::install_provider;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::Service;

/// Signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate, and the key it is of.
pub struct Issued {
    pub certificate: String,
    pub key: String,
    pub der: Vec<u8>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let name = &mut params.distinguished_name;
        name.push(DnType::CommonName, "an authority of a test");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap());
        Self(issuer.unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate with these names: URIs, and hosts.
    pub fn issue(&self, names: &[&str]) -> Issued {
        self.issue_until(4096, names)
    }

    /// The same, good until a year begins.
    pub fn issue_until(&self, year: i32, names: &[&str]) -> Issued {
        let mut params = CertificateParams::default();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let name = |name: &&str| match name.contains("://") {
            true => SanType::URI((*name).try_into().unwrap()),
            false => SanType::DnsName((*name).try_into().unwrap()),
        };
        params.subject_alt_names = names.iter().map(name).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Issued {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            der: certificate.der().to_vec(),
        }
    }

    /// An endpoint of a service that has a certificate for localhost of this authority.
    pub fn endpoint(&self, service: &Service, shown: Option<&Issued>) -> Endpoint {
        let mut tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(self.pem()))
            .domain_name("localhost");
        if let Some(shown) = shown {
            tls = tls.identity(Identity::from_pem(&shown.certificate, &shown.key));
        }
        let endpoint = Endpoint::from_shared(format!("https://{}", service.address));
        endpoint.unwrap().tls_config(tls).unwrap()
    }

    /// A bare TLS connection that speaks this protocol.
    pub async fn connect(&self, service: &Service, protocol: &str) -> TlsStream<TcpStream> {
        install_provider();
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_slice(self.pem().as_bytes());
        roots.add(authority.unwrap()).unwrap();
        let mut config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let stream = TcpStream::connect(service.address).await.unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let host = "localhost".try_into().unwrap();
        connector.connect(host, stream).await.unwrap()
    }

    /// The certificate that a service shows a client who connects now.
    pub async fn shown_by(&self, service: &Service) -> Vec<u8> {
        let stream = self.connect(service, "h2").await;
        let shown = stream.get_ref().1.peer_certificates().unwrap();
        shown[0].to_vec()
    }
}
