//! Clients that are known by their certificates.

use serde_json::json;

use super::issuer::{Signer, claims, key_set};
use super::{Mount, by_tls, import, is_unauthenticated, needs, read, rules, write};
use crate::support::Service;
use crate::support::certificates::Authority;

const DESK: &str = "spiffe://city.example/ns/desk/sa/writer";

struct City {
    service: Service,
    server: Authority,
    clients: Authority,
    signer: Signer,
    _mount: Mount,
}

impl City {
    async fn start(client_required: bool) -> Self {
        let (server, clients, signer) = (Authority::new(), Authority::new(), Signer::edwards("d"));
        let rules = rules(&[
            json!({"certificate": "spiffe://city.example/ns/desk/*", "role": "editor"}),
            json!({"certificate": "loader.city.example", "role": "admin"}),
            json!({"subject": "reader", "role": "reader"}),
        ]);
        let mount = Mount::new();
        mount.put(&[
            ("ca.crt", &clients.pem()),
            ("jwks", &key_set(&[&signer])),
            ("policy", &rules),
        ]);
        let transport = by_tls(&mount, &server, Some(client_required));
        let service = Service::guarded(transport, mount.credentials(true)).await;
        Self {
            service,
            server,
            clients,
            signer,
            _mount: mount,
        }
    }

    /// Calls as who has a certificate of these names.
    fn as_client(&self, names: &[&str]) -> tonic::transport::Channel {
        let shown = self.clients.issue(names);
        let endpoint = self.server.endpoint(&self.service, Some(&shown));
        endpoint.connect_lazy()
    }
}

#[tokio::test]
async fn a_client_is_known_by_the_spiffe_id_or_the_host_of_its_certificate() {
    let city = City::start(false).await;
    let desk = city.as_client(&[DESK]);
    read(&desk, &[]).await.unwrap();
    write(&desk, "a", &[]).await.unwrap();
    needs(import(&desk, &[]).await, "admin");
    import(&city.as_client(&["Loader.city.example"]), &[])
        .await
        .unwrap();
    // Of several names each counts.
    import(&city.as_client(&[DESK, "loader.city.example"]), &[])
        .await
        .unwrap();
    needs(
        read(
            &city.as_client(&["spiffe://city.example/ns/other/sa/writer"]),
            &[],
        )
        .await,
        "reader",
    );
    needs(read(&city.as_client(&["reader"]), &[]).await, "reader");
    let nobody = city.as_client(&["https://city.example/", "*.city.example"]);
    is_unauthenticated(
        read(&nobody, &[]).await,
        "a certificate without a name that counts",
    );
    let none = city.server.endpoint(&city.service, None).connect_lazy();
    is_unauthenticated(read(&none, &[]).await, "no certificate");
}

#[tokio::test]
async fn a_token_says_who_calls_whoever_the_connection_is_of() {
    let city = City::start(false).await;
    let loader = city.as_client(&["loader.city.example"]);
    let reader = format!("Bearer {}", city.signer.token(&claims("reader")));
    read(&loader, &[&reader]).await.unwrap();
    needs(write(&loader, "a", &[&reader]).await, "editor");
    is_unauthenticated(read(&loader, &["Bearer garbage"]).await, "a bad token");
    write(&loader, "a", &[]).await.unwrap();
    let none = city.server.endpoint(&city.service, None).connect_lazy();
    read(&none, &[&reader]).await.unwrap();
}

#[tokio::test]
async fn a_certificate_of_another_authority_opens_no_connection() {
    let city = City::start(false).await;
    let forged = Authority::new().issue(&[DESK]);
    let endpoint = city.server.endpoint(&city.service, Some(&forged));
    let refusal = read(&endpoint.connect_lazy(), &[]).await.unwrap_err();
    assert_eq!(refusal.reason, "", "no service answered: {refusal:?}");
    read(&city.as_client(&[DESK]), &[]).await.unwrap();
}

#[tokio::test]
async fn who_shows_no_certificate_is_turned_away_where_one_is_required() {
    let city = City::start(true).await;
    let reader = format!("Bearer {}", city.signer.token(&claims("reader")));
    let none = city.server.endpoint(&city.service, None).connect_lazy();
    let refusal = read(&none, &[&reader]).await.unwrap_err();
    assert_eq!(refusal.reason, "", "no service answered: {refusal:?}");
    read(&city.as_client(&["unknown.example"]), &[&reader])
        .await
        .unwrap();
}
