//! Pages that are none, and what is said of them.

use bulletin::pb::{Date, IngestBulletinRequest, Publication};

use super::case::Case;

pub fn cases() -> Vec<Case> {
    let page = |text: &str| IngestBulletinRequest {
        text: text.to_owned(),
        ..Default::default()
    };
    let of = |publication| IngestBulletinRequest {
        publication: Some(publication),
        ..page("海州市公安局查处违法行为3起。")
    };
    let text = |name, text: &str| Case::invalid(name, page(text), &["text"]);
    vec![
        text("no page", ""),
        text("a blank page", " \n\u{3000}\n"),
        text(
            "a page of more than 1 MiB",
            &"海".repeat(1024 * 1024 / 3 + 1),
        ),
        text("a page with a NUL", "海州\0"),
        Case::invalid(
            "a newspaper of 201 code points in month 13",
            of(Publication {
                newspaper: "海".repeat(201),
                publish_date: Some(Date {
                    year: 2021,
                    month: 13,
                    day: 1,
                }),
                ..Default::default()
            }),
            &["publication.newspaper", "publication.publish_date"],
        ),
        Case::invalid(
            "a page number of two lines",
            of(Publication {
                page: "A02\nA03".to_owned(),
                ..Default::default()
            }),
            &["publication.page"],
        ),
    ]
}
