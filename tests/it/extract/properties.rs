//! What holds of any text: nothing panics, every span cuts the page, every record may be written.

use bulletin::articles::draft::ArticleDraft;
use bulletin::extract::extract;
use bulletin::page::Page;
use bulletin::pb::Article;
use bulletin::rules::Check;
use bulletin::stations::draft::StationDraft;
use bulletin::statistics::draft::StatisticDraft;

/// Fails when something that is read of the text could not be written.
pub fn hold(text: &str) {
    // What no page may have is refused before it is read.
    let mut check = Check::default();
    check.source_text("text", text);
    if check.finish().is_err() {
        return;
    }
    let page = Page::new(text);
    let read = extract(&page);
    for station in &read.stations {
        let proven = StationDraft::prove("station", station.clone());
        proven.unwrap_or_else(|error| panic!("{text:?}: {error}"));
    }
    for records in &read.articles {
        let proven = ArticleDraft::prove("article", records.article.clone(), Some(&page), None);
        let article = proven
            .unwrap_or_else(|error| panic!("{text:?}: {error}"))
            .into_article();
        let article = Article {
            name: records.article.name.clone(),
            ..article
        };
        for statistic in &records.statistics {
            let proven =
                StatisticDraft::prove("statistic", statistic.clone(), &article, Some(&page), None);
            proven.unwrap_or_else(|error| panic!("{text:?}: {error}\n{statistic:?}"));
        }
    }
    for warning in &read.warnings {
        let span = warning.span.as_ref().unwrap();
        assert_eq!(
            page.cut_all(&span.fragments).as_deref(),
            Some(span.quote.as_str())
        );
    }
}
