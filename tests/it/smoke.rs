//! The service as a new user meets it: seeded, described, answering with its token.

use bulletin::pb;

use crate::support::Service;

#[tokio::test]
async fn a_response_carries_the_token_of_a_snapshot_that_has_its_records() {
    let service = Service::seeded().await;
    let response = service
        .articles()
        .list_articles(pb::ListArticlesRequest::default())
        .await;
    let response = response.unwrap();
    let header = response
        .metadata()
        .get("bulletin-token")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let page = response.into_inner();
    assert_eq!(page.articles.len(), 2);
    assert_eq!(page.token, header);
    assert_eq!(page.token, service.head().await.token);
    assert_eq!(service.fault().await, None);
}
