//! What a certificate says: the names that a client may be known by, which the handshake has proven before, and
//! until when it is good.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use webpki::EndEntityCert;

use crate::guard::policy::canonical;

const SPIFFE: &str = "spiffe://";

/// Longest name; it is kept with what its owner writes.
const NAME_BYTES_MAX: usize = 255;

/// The SPIFFE id first, then DNS names. A certificate with several URIs has no SPIFFE id, as that standard
/// says, and a DNS name that stands for several hosts is nobody's.
pub fn names(certificate: &CertificateDer<'_>) -> Vec<Arc<str>> {
    let Ok(certificate) = EndEntityCert::try_from(certificate) else {
        return Vec::new();
    };
    let mut uris = certificate.valid_uri_names();
    let only = uris.next().filter(|_| uris.next().is_none());
    let spiffe = only.filter(|uri| uri.starts_with(SPIFFE));
    let hosts = certificate.valid_dns_names();
    let hosts = hosts.filter(|name| !name.contains('*'));
    let names = spiffe.into_iter().chain(hosts);
    names
        .filter(|name| name.len() <= NAME_BYTES_MAX && !name.chars().any(char::is_control))
        .map(|name| canonical(name).into())
        .collect()
}

/// When the first certificate of a chain ends: clients believe none of it from then on.
pub fn good_until(chain: &[CertificateDer<'_>]) -> Option<OffsetDateTime> {
    let ends = chain.iter().filter_map(|certificate| {
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
        Some(parsed.validity().not_after.to_datetime())
    });
    ends.min()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    fn uri(text: &str) -> SanType {
        SanType::URI(text.try_into().unwrap())
    }

    fn dns(text: &str) -> SanType {
        SanType::DnsName(text.try_into().unwrap())
    }

    #[track_caller]
    fn check(alternatives: Vec<SanType>, expected: &[&str]) {
        let mut params = CertificateParams::default();
        params.subject_alt_names = alternatives;
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let names = names(certificate.der());
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn a_certificate_is_known_by_its_spiffe_id_and_its_dns_names() {
        let id = "spiffe://city.example/ns/desk/sa/writer";
        check(vec![uri(id)], &[id]);
        check(
            vec![dns("Desk.City.example"), uri(id)],
            &[id, "desk.city.example"],
        );
        check(
            vec![dns("a.example"), dns("b.example")],
            &["a.example", "b.example"],
        );
    }

    #[test]
    fn a_chain_is_good_until_its_first_certificate_ends() {
        let of = |year| {
            let mut params = CertificateParams::default();
            params.not_after = rcgen::date_time_ymd(year, 5, 6);
            let key = KeyPair::generate().unwrap();
            params.self_signed(&key).unwrap().der().clone()
        };
        let end = good_until(&[of(2031), of(2029)]).unwrap();
        assert_eq!(end, rcgen::date_time_ymd(2029, 5, 6));
        assert_eq!(good_until(&[CertificateDer::from(vec![1, 2, 3])]), None);
    }

    #[test]
    fn other_names_are_nobodys() {
        check(Vec::new(), &[]);
        check(vec![uri("https://city.example/desk")], &[]);
        check(
            vec![uri("spiffe://a.example/x"), uri("spiffe://b.example/x")],
            &[],
        );
        check(vec![dns("*.city.example")], &[]);
        check(vec![SanType::IpAddress([127, 0, 0, 1].into())], &[]);
        let long = format!("spiffe://city.example/{}", "a".repeat(NAME_BYTES_MAX));
        check(vec![uri(&long)], &[]);
        assert!(names(&CertificateDer::from(vec![1, 2, 3])).is_empty());
    }
}
