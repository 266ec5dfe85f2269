//! Where a service is and by what way it is reached: plaintext or TLS, with a certificate and a token.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

use crate::config::ServiceAddress;

/// The endpoint of an address. Files of certificates are read now, and not again.
pub fn endpoint(service: &ServiceAddress) -> anyhow::Result<Endpoint> {
    let addr = &service.addr;
    let scheme = if service.has_tls() { "https" } else { "http" };
    let endpoint = Endpoint::from_shared(format!("{scheme}://{addr}"))
        .with_context(|| format!("{addr:?} is no HOST:PORT"))?;
    if !service.has_tls() {
        return Ok(endpoint);
    }
    let mut tls = match &service.ca {
        Some(ca) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(ca)?)),
        None => ClientTlsConfig::new().with_webpki_roots(),
    };
    if let Some(name) = &service.tls_server_name {
        tls = tls.domain_name(name);
    }
    if let (Some(certificate), Some(key)) = (&service.client_certificate, &service.client_key) {
        tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    endpoint.tls_config(tls).context("TLS cannot be used")
}

/// What may help who has had no answer yet, by the words of a failure: the libraries tell it in no other way.
pub fn hint(service: &ServiceAddress, said: &str) -> &'static str {
    // A server that wants TLS says so in its way or closes the connection, whichever is seen first.
    const ENDED: [&str; 3] = ["http2 error", "transport error", "operation was canceled"];
    const UNCONNECTED: [&str; 2] = ["tcp connect error", "dns error"];
    let says = |words: &str| said.contains(words);
    match service.has_tls() {
        false if ENDED.into_iter().any(says) && !UNCONNECTED.into_iter().any(says) => {
            "; where it speaks TLS, give --ca FILE, or --tls"
        }
        true if says("InvalidContentType") => {
            "; it speaks no TLS there: leave out --ca, --tls and what goes with them"
        }
        true if says("invalid peer certificate") => {
            "; name the authority of its certificate (--ca FILE) and the name that it has \
             (--tls-server-name)"
        }
        _ => "",
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// Gives each call the token of a file, which is read each time: whoever keeps it fresh replaces it.
#[derive(Clone, Debug)]
pub struct Token(Option<Arc<PathBuf>>);

impl Token {
    /// The file must have a token now.
    pub fn of(file: Option<&PathBuf>) -> anyhow::Result<Self> {
        if let Some(file) = file {
            authorization(file)?;
        }
        Ok(Self(file.cloned().map(Arc::new)))
    }
}

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(file) = &self.0 {
            // It may be there again when the call is made again.
            let authorization =
                authorization(file).map_err(|error| Status::unavailable(format!("{error:#}")))?;
            request
                .metadata_mut()
                .insert("authorization", authorization);
        }
        Ok(request)
    }
}

fn authorization(file: &Path) -> anyhow::Result<MetadataValue<Ascii>> {
    let token =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let authorization = match token.trim() {
        "" => None,
        token => format!("Bearer {token}")
            .parse::<MetadataValue<Ascii>>()
            .ok(),
    };
    let mut authorization =
        authorization.ok_or_else(|| anyhow!("{} has no token", file.display()))?;
    authorization.set_sensitive(true);
    Ok(authorization)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_has_the_token_that_the_file_has_then() {
        let file = std::env::temp_dir().join(format!("bulletin-token-{}", std::process::id()));
        let sent = |token: &mut Token| {
            let request = token.call(Request::new(()))?;
            let authorization = request.metadata().get("authorization").cloned();
            Ok::<_, Status>(authorization.map(|text| text.to_str().unwrap().to_owned()))
        };
        let bearer = |token: &str| Some(format!("Bearer {token}"));
        fs::write(&file, "one\n").unwrap();
        let mut token = Token::of(Some(&file)).unwrap();
        assert_eq!(sent(&mut token).unwrap(), bearer("one"));
        fs::write(&file, "two").unwrap();
        assert_eq!(sent(&mut token).unwrap(), bearer("two"));
        fs::remove_file(&file).unwrap();
        let gone = sent(&mut token).unwrap_err();
        assert_eq!(gone.code(), tonic::Code::Unavailable);
        assert!(Token::of(Some(&file)).is_err());
        assert_eq!(sent(&mut Token::of(None).unwrap()).unwrap(), None);
    }
}
