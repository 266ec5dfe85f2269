//! The proof that an article may be written: every rule of a valid article, all violations at once.

use crate::articles::places::{Before, Origin, anchor};
use crate::articles::station_references;
use crate::dates::check_date;
use crate::error::{Result, Violation};
use crate::mask::check_inferred;
use crate::names::{ArticleName, StationName};
use crate::page::Page;
use crate::pb::{self, byline, continuation, honour, paragraph, person, quotation};
use crate::record::{check_length, clear_header, etag, etag_matches};
use crate::rules::Check;

pub const HEADLINE_LENGTH_MAX: usize = 500;
pub const PARAGRAPHS_MAX: usize = 5_000;
pub const PARAGRAPH_LENGTH_MAX: usize = 50_000;
pub const MENTIONS_MAX: usize = 2_000;

pub const BYLINES_MAX: usize = 50;
pub const CAPTIONS_MAX: usize = 100;
pub const PEOPLE_MAX: usize = 500;
pub const OFFICES_MAX: usize = 20;
pub const QUOTATIONS_MAX: usize = 500;
pub const HONOURS_MAX: usize = 200;
const RECIPIENTS_MAX: usize = 500;
pub const EVENTS_MAX: usize = 200;
const ORGANIZERS_MAX: usize = 50;
pub const WORKS_MAX: usize = 200;
const NAME_LENGTH_MAX: usize = 100;
const LABEL_LENGTH_MAX: usize = 200;
const WORD_LENGTH_MAX: usize = 50;
const CAPTION_LENGTH_MAX: usize = 2_000;
const LANGUAGE_LENGTH_MAX: usize = 35;

/// An article that keeps every rule, spans proven against its page.
///
/// What the service alone sets (header, state, corrections, retraction) is cleared; `source` is set.
#[derive(Clone, Debug)]
pub struct ArticleDraft {
    article: pb::Article,
}

impl ArticleDraft {
    /// `field` is the path of the article in the request. Spans and paragraphs that `before` has too
    /// are carried over: kept on the same page, found again on a new one. All others are proven.
    pub fn prove(
        field: &str,
        article: pb::Article,
        page: Option<&Page>,
        before: Option<Before<'_>>,
    ) -> Result<Self> {
        Self::prove_as(field, article, page, Origin::Call(before))
    }

    /// The same of an article that was kept elsewhere. What a correction of its page moved or lost there
    /// stays so; a paragraph that was lost can only be told by an etag that is of the whole content.
    pub fn prove_imported(field: &str, article: pb::Article, page: Option<&Page>) -> Result<Self> {
        let has_lost = article
            .paragraphs
            .iter()
            .any(|part| part.fragments.is_empty());
        let is_kept = has_lost && etag_matches(&article.etag, &etag(&article));
        Self::prove_as(field, article, page, Origin::Import { is_kept })
    }

    fn prove_as(
        field: &str,
        mut article: pb::Article,
        page: Option<&Page>,
        origin: Origin<'_>,
    ) -> Result<Self> {
        let mut check = Check::default();
        clear_header(&mut article);
        article.state = 0;
        article.corrections.clear();
        article.retraction = None;
        article.source_text.clear();
        article.source = page.map(Page::source);
        check_basic(&mut check, field, &article);
        check_full(&mut check, field, &article);
        check_references(&mut check, field, &article);
        anchor(&mut check, field, &mut article, page, origin);
        check_length(&mut check, field, &article);
        check.finish()?;
        Ok(Self { article })
    }

    pub fn into_article(self) -> pb::Article {
        self.article
    }
}

fn check_basic(check: &mut Check, field: &str, article: &pb::Article) {
    let at = |name: &str| format!("{field}.{name}");
    check.required_line(&at("headline"), &article.headline, HEADLINE_LENGTH_MAX);
    check.line(&at("kicker"), &article.kicker, HEADLINE_LENGTH_MAX);
    check.line(&at("deck"), &article.deck, HEADLINE_LENGTH_MAX);
    check_inferred::<pb::Article>(check, field, &article.inferred);
    check_language(check, &at("language_code"), &article.language_code);
    check.optional_enum::<pb::article::Completeness>(&at("completeness"), article.completeness);
    if let Some(publication) = &article.publication {
        check_publication(check, &at("publication"), publication);
    }
    check.count(&at("bylines"), article.bylines.len(), BYLINES_MAX);
    for (index, byline) in article.bylines.iter().take(BYLINES_MAX).enumerate() {
        let at = |name: &str| format!("{field}.bylines[{index}].{name}");
        check.required_enum::<byline::Role>(&at("role"), byline.role);
        check.line(&at("role_text"), &byline.role_text, WORD_LENGTH_MAX);
        check.required_line(&at("display_name"), &byline.display_name, NAME_LENGTH_MAX);
        check_person(check, &at("person"), &byline.person, &article.people);
    }
    if let Some(jump) = &article.continuation {
        let at = |name: &str| format!("{field}.continuation.{name}");
        check.required_enum::<continuation::Direction>(&at("direction"), jump.direction);
        check.line(&at("page"), &jump.page, WORD_LENGTH_MAX);
        if !jump.article.is_empty() {
            check.take(ArticleName::parse(&at("article"), &jump.article));
        }
    }
}

/// Checks what is said of the print; `field` is its path in the request.
pub fn check_publication(check: &mut Check, field: &str, publication: &pb::Publication) {
    let at = |name: &str| format!("{field}.{name}");
    check.line(&at("newspaper"), &publication.newspaper, LABEL_LENGTH_MAX);
    check.line(&at("edition"), &publication.edition, LABEL_LENGTH_MAX);
    check.line(&at("page"), &publication.page, WORD_LENGTH_MAX);
    check.line(&at("section"), &publication.section, LABEL_LENGTH_MAX);
    if let Some(date) = &publication.publish_date {
        check.take(check_date(&at("publish_date"), date));
    }
}

fn check_language(check: &mut Check, field: &str, code: &str) {
    let subtags_fit = code.split('-').all(|subtag| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    let fits = code.len() <= LANGUAGE_LENGTH_MAX
        && code.starts_with(|c: char| c.is_ascii_alphabetic())
        && subtags_fit;
    if !code.is_empty() && !fits {
        let got = Violation::shown(code);
        check.refuse(
            field,
            format!("must be a BCP 47 tag such as \"zh-Hans-CN\", got {got}"),
        );
    }
}

fn check_person(check: &mut Check, field: &str, id: &str, people: &[pb::Person]) {
    // Those above the bound are refused, and not looked through.
    let mut people = people.iter().take(PEOPLE_MAX);
    if !id.is_empty() && !people.any(|person| person.id == id) {
        let got = Violation::shown(id);
        check.refuse(
            field,
            format!("must be the id of one of the article's people, got {got}"),
        );
    }
}

fn check_full(check: &mut Check, field: &str, article: &pb::Article) {
    check_people(check, field, article);
    check_honours(check, field, article);
    let at = |name: &str| format!("{field}.{name}");
    check.count(&at("captions"), article.captions.len(), CAPTIONS_MAX);
    for (index, caption) in article.captions.iter().take(CAPTIONS_MAX).enumerate() {
        let at = |name: &str| format!("{field}.captions[{index}].{name}");
        check.required_line(&at("text"), &caption.text, CAPTION_LENGTH_MAX);
        check.line(&at("credit"), &caption.credit, LABEL_LENGTH_MAX);
        let count = article.paragraphs.len();
        if usize::try_from(caption.after_paragraph).map_or(true, |after| after > count) {
            let got = caption.after_paragraph;
            check.refuse(
                &at("after_paragraph"),
                format!("must be 0 to {count}, got {got}"),
            );
        }
    }
    check.count(&at("events"), article.events.len(), EVENTS_MAX);
    for (index, event) in article.events.iter().take(EVENTS_MAX).enumerate() {
        let at = |name: &str| format!("{field}.events[{index}].{name}");
        check.required_line(&at("display_name"), &event.display_name, LABEL_LENGTH_MAX);
        check.lines(
            &at("organizers"),
            &event.organizers,
            ORGANIZERS_MAX,
            LABEL_LENGTH_MAX,
        );
        check.count(
            &at("organizer_stations"),
            event.organizer_stations.len(),
            ORGANIZERS_MAX,
        );
        if let Some(date) = &event.date {
            check.take(check_date(&at("date"), date));
        }
    }
    check.count(&at("works"), article.works.len(), WORKS_MAX);
    for (index, work) in article.works.iter().take(WORKS_MAX).enumerate() {
        let at = |name: &str| format!("{field}.works[{index}].{name}");
        check.required_line(&at("title"), &work.title, LABEL_LENGTH_MAX);
        check.line(&at("issuer"), &work.issuer, LABEL_LENGTH_MAX);
    }
    check.count(&at("mentions"), article.mentions.len(), MENTIONS_MAX);
    for (index, mention) in article.mentions.iter().take(MENTIONS_MAX).enumerate() {
        let at = |name: &str| format!("{field}.mentions[{index}].{name}");
        check.required_line(&at("surface"), &mention.surface, LABEL_LENGTH_MAX);
        if mention.station.is_empty() {
            check.take(StationName::parse(&at("station"), &mention.station));
        }
    }
    check.count(&at("paragraphs"), article.paragraphs.len(), PARAGRAPHS_MAX);
    for (index, paragraph) in article.paragraphs.iter().take(PARAGRAPHS_MAX).enumerate() {
        let at = |name: &str| format!("{field}.paragraphs[{index}].{name}");
        check.required_enum::<paragraph::Kind>(&at("kind"), paragraph.kind);
        check_paragraph_text(check, &at("text"), &paragraph.text);
    }
}

fn check_paragraph_text(check: &mut Check, field: &str, text: &str) {
    if text.trim().is_empty() {
        let allowed = format!("must have 1 to {PARAGRAPH_LENGTH_MAX} code points, got none");
        return check.refuse(field, allowed);
    }
    check.page_text(field, text, PARAGRAPH_LENGTH_MAX);
    if text.contains(['\n', '\r']) {
        check.refuse(
            field,
            "must have no line break: a paragraph is joined across page breaks",
        );
    }
}

fn check_people(check: &mut Check, field: &str, article: &pb::Article) {
    let at = |name: &str| format!("{field}.{name}");
    check.count(&at("people"), article.people.len(), PEOPLE_MAX);
    check.distinct(
        &at("people"),
        article.people.iter().map(|person| person.id.as_str()),
    );
    for (index, person) in article.people.iter().take(PEOPLE_MAX).enumerate() {
        let at = |name: &str| format!("{field}.people[{index}].{name}");
        check.inner_id(&at("id"), &person.id);
        check.required_line(&at("display_name"), &person.display_name, NAME_LENGTH_MAX);
        check.count(&at("offices"), person.offices.len(), OFFICES_MAX);
        for (office_index, office) in person.offices.iter().take(OFFICES_MAX).enumerate() {
            let at = |name: &str| format!("{field}.people[{index}].offices[{office_index}].{name}");
            check.required_line(&at("title"), &office.title, LABEL_LENGTH_MAX);
            check.line(&at("organization"), &office.organization, LABEL_LENGTH_MAX);
        }
        check.distinct_enums::<person::Role>(&at("roles"), &person.roles);
    }
    check.count(&at("quotations"), article.quotations.len(), QUOTATIONS_MAX);
    for (index, quotation) in article.quotations.iter().take(QUOTATIONS_MAX).enumerate() {
        let at = |name: &str| format!("{field}.quotations[{index}].{name}");
        check.required_enum::<quotation::Mode>(&at("mode"), quotation.mode);
        check.line(&at("verb"), &quotation.verb, WORD_LENGTH_MAX);
        check_person(check, &at("person"), &quotation.person, &article.people);
        if quotation.span.is_none() {
            check.refuse(
                &at("span"),
                "must be set: a quotation is the words of its span",
            );
        }
    }
}

fn check_honours(check: &mut Check, field: &str, article: &pb::Article) {
    let at = format!("{field}.honours");
    check.count(&at, article.honours.len(), HONOURS_MAX);
    check.distinct(&at, article.honours.iter().map(|honour| honour.id.as_str()));
    for (index, honour) in article.honours.iter().take(HONOURS_MAX).enumerate() {
        let at = |name: &str| format!("{field}.honours[{index}].{name}");
        check.inner_id(&at("id"), &honour.id);
        check.required_line(&at("title"), &honour.title, LABEL_LENGTH_MAX);
        check.line(&at("verb"), &honour.verb, WORD_LENGTH_MAX);
        check.optional_enum::<honour::Level>(&at("level"), honour.level);
        check.required_enum::<honour::State>(&at("state"), honour.state);
        check.line(
            &at("awarding_body"),
            &honour.awarding_body,
            LABEL_LENGTH_MAX,
        );
        check.count(&at("recipients"), honour.recipients.len(), RECIPIENTS_MAX);
        check.distinct(
            &at("recipients"),
            honour.recipients.iter().map(String::as_str),
        );
        let others = &honour.other_recipients;
        check.lines(
            &at("other_recipients"),
            others,
            RECIPIENTS_MAX,
            LABEL_LENGTH_MAX,
        );
        check_recipient_count(check, field, index, honour);
    }
}

fn check_recipient_count(check: &mut Check, field: &str, index: usize, honour: &pb::Honour) {
    let at = |name: &str| format!("{field}.honours[{index}].{name}");
    let named = honour.recipients.len() + honour.other_recipients.len();
    let stated = honour.recipient_count;
    let Ok(count) = usize::try_from(stated) else {
        return check.refuse(
            &at("recipient_count"),
            format!("must not be negative, got {stated}"),
        );
    };
    if count != 0 && count < named {
        let allowed = format!("must be 0 or at least the {named} recipients named, got {stated}");
        check.refuse(&at("recipient_count"), allowed);
    }
    if honour.recipients_complete && count > named {
        let allowed = format!("must be false when {named} of {stated} recipients are named");
        check.refuse(&at("recipients_complete"), allowed);
    }
}

/// Names of stations must be well-formed; whether they exist is known only under the lock.
fn check_references(check: &mut Check, field: &str, article: &pb::Article) {
    for (path, name) in station_references(article) {
        if check.is_full() {
            return;
        }
        check.take(StationName::parse(&format!("{field}.{path}"), name));
    }
}
