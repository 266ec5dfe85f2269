//! A tail that was kept from the log, and has to take large revisions once it reads on.

use std::time::Duration;

use bulletin::pb::WatchChangesRequest;
use bulletin::pb::record::Kind;

use crate::hostile::{ended, memory_kib};
use crate::support::program::Program;
use crate::support::proxy::{Fault, Proxy};
use crate::support::{Database, Service};

const PAGES: usize = 40;
const PAGE_BYTES: usize = 1_000_000;

/// All pages together would take more than a poll may, and one takes less by far.
const SLOW: Duration = Duration::from_millis(5);

/// Less than the pages take, once.
const MEMORY_KIB_MAX: u64 = 40 * 1024;

#[tokio::test]
async fn it_takes_what_is_large_bit_by_bit() {
    let database = Database::create().await;
    let writer = Service::on(database.clone()).await;
    writer.create_station("s1").await.unwrap();
    let (proxy, proxied) = Proxy::before(&database);
    let program = Program::serve(&[
        "--database-url",
        &proxied.url,
        "--watch-buffer-mib",
        "1",
        "--cache-mib",
        "1",
    ])
    .await;
    let service = program.service(&database);
    let request = WatchChangesRequest {
        kinds: vec![Kind::Article.into(), Kind::Source.into()],
        ..WatchChangesRequest::default()
    };
    let mut watch = service.changes().watch_changes(request).await.unwrap();
    let watch = watch.get_mut();
    watch.message().await.unwrap();
    proxy.set(Fault::Down);
    for place in 10..10 + PAGES {
        let page = place.to_string().repeat(PAGE_BYTES / 2);
        let written = writer.create_article(&format!("a{place}"), &page).await;
        written.unwrap();
    }
    let before = memory_kib(program.process_id(), "VmHWM");
    proxy.set(Fault::Slow(SLOW));
    let read = async {
        let mut articles = 0;
        while articles < PAGES {
            let message = watch.message().await.unwrap().unwrap();
            let changes = message.changes.iter();
            let found = changes.filter(|change| change.kind() == Kind::Article);
            articles += found.count();
        }
    };
    ended(read).await;
    let more = memory_kib(program.process_id(), "VmHWM").saturating_sub(before);
    assert!(more < MEMORY_KIB_MAX, "{more} KiB more");
}
