//! What was read, one fact a line: only what is set, so that a golden file can be read and written by
//! hand.

use std::fmt::Write as _;

use bulletin::extract::Extract;
use bulletin::extract::records::Records;
use bulletin::pb::{self, Span, Station, Statistic};

pub fn render(read: &Extract) -> String {
    let mut out = String::new();
    for station in &read.stations {
        out.push_str(&unit(station));
    }
    for records in &read.articles {
        article(&mut out, records);
    }
    for warning in &read.warnings {
        writeln!(
            out,
            "warning {} {}",
            warning.code().as_str_name(),
            quote(&warning.span)
        )
        .unwrap();
    }
    out
}

/// A line of words, the empty ones left out.
fn line(out: &mut String, indent: usize, words: &[String]) {
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !word.is_empty())
        .collect();
    writeln!(out, "{:indent$}{}", "", words.join(" ")).unwrap();
}

fn labelled(label: &str, text: &str) -> String {
    match text {
        "" => String::new(),
        _ => format!("{label}={text}"),
    }
}

fn list(label: &str, texts: &[String]) -> String {
    labelled(label, &texts.join("|"))
}

fn short(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

fn shorts(names: &[String]) -> Vec<String> {
    names.iter().map(|name| short(name)).collect()
}

/// `‹words› 12..15+17..20`
fn quote(span: &Option<Span>) -> String {
    let Some(span) = span else {
        return String::new();
    };
    let fragments: Vec<String> = span
        .fragments
        .iter()
        .map(|part| format!("{}..{}", part.start, part.end))
        .collect();
    format!(
        "‹{}› {}",
        span.quote.replace('\n', "⏎"),
        fragments.join("+")
    )
}

fn date(date: &Option<pb::Date>) -> String {
    date.as_ref().map_or_else(String::new, |date| {
        format!("{}-{}-{}", date.year, date.month, date.day)
    })
}

fn unit(station: &Station) -> String {
    let mut out = String::new();
    line(
        &mut out,
        0,
        &[
            "unit".into(),
            short(&station.name),
            station.kind().as_str_name().into(),
            station.display_name.clone(),
            labelled("full", &station.full_name),
            labelled("parent", &short(&station.parent)),
            list("aliases", &station.aliases),
            list("inferred", &station.inferred),
        ],
    );
    out
}

fn article(out: &mut String, records: &Records) {
    let article = &records.article;
    let number = article.name.rsplit('-').next().unwrap_or_default();
    let publication = article.publication.clone().unwrap_or_default();
    line(
        out,
        0,
        &[
            format!("article {number}"),
            article.completeness().as_str_name().into(),
            article.language_code.clone(),
            list("inferred", &article.inferred),
            labelled("newspaper", &publication.newspaper),
            labelled("date", &date(&publication.publish_date)),
            labelled("page", &publication.page),
        ],
    );
    for (label, span) in [
        ("kicker", &article.kicker_span),
        ("headline", &article.headline_span),
        ("deck", &article.deck_span),
    ] {
        if span.is_some() {
            line(out, 2, &[label.into(), quote(span)]);
        }
    }
    for byline in &article.bylines {
        line(
            out,
            2,
            &[
                "byline".into(),
                byline.role().as_str_name().into(),
                byline.role_text.clone(),
                byline.display_name.clone(),
                labelled("person", &byline.person),
                quote(&byline.span),
            ],
        );
    }
    if let Some(jump) = &article.continuation {
        line(
            out,
            2,
            &[
                "jump".into(),
                jump.direction().as_str_name().into(),
                jump.page.clone(),
                quote(&jump.span),
            ],
        );
    }
    for paragraph in &article.paragraphs {
        let span = Some(Span {
            quote: paragraph.text.clone(),
            fragments: paragraph.fragments.clone(),
            ..Span::default()
        });
        line(
            out,
            2,
            &[paragraph.kind().as_str_name().to_lowercase(), quote(&span)],
        );
    }
    for caption in &article.captions {
        let after = format!("after={}", caption.after_paragraph);
        line(
            out,
            2,
            &[
                "caption".into(),
                quote(&caption.span),
                labelled("credit", &caption.credit),
                after,
            ],
        );
    }
    named(out, article);
    for statistic in &records.statistics {
        figure(out, statistic);
    }
}

fn named(out: &mut String, article: &pb::Article) {
    for mention in &article.mentions {
        line(
            out,
            2,
            &[
                "mention".into(),
                short(&mention.station),
                quote(&mention.span),
            ],
        );
    }
    for person in &article.people {
        let roles: Vec<&str> = person.roles().map(|role| role.as_str_name()).collect();
        line(
            out,
            2,
            &[
                "person".into(),
                person.id.clone(),
                person.display_name.clone(),
                roles.join("|"),
                quote(&person.span),
            ],
        );
        for office in &person.offices {
            line(
                out,
                4,
                &[
                    "office".into(),
                    office.title.clone(),
                    labelled("of", &office.organization),
                    labelled("unit", &short(&office.station)),
                ],
            );
        }
    }
    for quotation in &article.quotations {
        line(
            out,
            2,
            &[
                "quotation".into(),
                quotation.mode().as_str_name().into(),
                labelled("person", &quotation.person),
                labelled("verb", &quotation.verb),
                quote(&quotation.span),
            ],
        );
    }
    for honour in &article.honours {
        let count = match honour.recipient_count {
            0 => String::new(),
            count => count.to_string(),
        };
        line(
            out,
            2,
            &[
                "honour".into(),
                honour.id.clone(),
                honour.state().as_str_name().into(),
                honour.title.clone(),
                labelled("verb", &honour.verb),
                match honour.level {
                    0 => String::new(),
                    _ => honour.level().as_str_name().into(),
                },
                labelled("by", &honour.awarding_body),
                labelled("by-unit", &short(&honour.awarding_station)),
                list("to", &shorts(&honour.recipients)),
                list("to-others", &honour.other_recipients),
                labelled("count", &count),
                if honour.recipients_complete {
                    "complete".into()
                } else {
                    String::new()
                },
                quote(&honour.span),
            ],
        );
    }
    for event in &article.events {
        line(
            out,
            2,
            &[
                "event".into(),
                event.display_name.clone(),
                labelled("date", &date(&event.date)),
                list("by", &event.organizers),
                list("by-units", &shorts(&event.organizer_stations)),
                quote(&event.span),
            ],
        );
    }
    for work in &article.works {
        line(
            out,
            2,
            &[
                "work".into(),
                work.title.clone(),
                labelled("issuer", &work.issuer),
                quote(&work.span),
            ],
        );
    }
}

fn figure(out: &mut String, statistic: &Statistic) {
    let quantity = statistic.quantity.clone().unwrap_or_default();
    let decimal = |decimal: &Option<pb::Decimal>| {
        decimal
            .as_ref()
            .map_or_else(String::new, |decimal| decimal.value.clone())
    };
    let digits = match quantity.significant_digits {
        0 => String::new(),
        digits => digits.to_string(),
    };
    let value = decimal(&quantity.value);
    line(
        out,
        2,
        &[
            short(&statistic.name),
            if value.is_empty() {
                "–".into()
            } else {
                value
            },
            labelled("max", &decimal(&quantity.value_max)),
            quantity.unit.clone(),
            labelled("unit-text", &quantity.unit_text),
            list("per", &quantity.per),
            statistic.qualifier().as_str_name().into(),
            statistic.qualifier_text.clone(),
            match statistic.approximation {
                0 => String::new(),
                _ => statistic.approximation().as_str_name().into(),
            },
            statistic.assertion().as_str_name().into(),
            match statistic.target_kind {
                0 => String::new(),
                _ => statistic.target_kind().as_str_name().into(),
            },
            labelled("written", &quantity.as_written),
            labelled("digits", &digits),
            quote(&statistic.span),
        ],
    );
    line(
        out,
        6,
        &[
            labelled("metric", &statistic.metric),
            labelled("subject", &statistic.subject),
            labelled("place", &statistic.place),
            list("categories", &statistic.categories),
            list("items", &statistic.items),
            list("stations", &shorts(&statistic.stations)),
            labelled("speaker", &statistic.speaker),
            labelled("honour", &statistic.honour),
            labelled("parent", &short(&statistic.parent_statistic)),
            labelled("hedge", &statistic.hedge),
            labelled("trend", &statistic.trend_text),
            list("inferred", &statistic.inferred),
        ],
    );
    if let Some(change) = &statistic.change {
        line(
            out,
            6,
            &[
                "change".into(),
                change.direction().as_str_name().into(),
                format!("{}{}", decimal(&change.delta), change.delta_unit),
                labelled("from", &decimal(&change.previous_value)),
                match change.qualifier {
                    0 => String::new(),
                    _ => change.qualifier().as_str_name().into(),
                },
                if change.delta_computed {
                    "computed".into()
                } else {
                    String::new()
                },
                labelled("basis", &change.basis),
            ],
        );
    }
    if let Some(period) = &statistic.period {
        line(
            out,
            6,
            &[
                "period".into(),
                period.text.clone(),
                labelled("start", &date(&period.start)),
                labelled("end", &date(&period.end)),
                labelled("end-text", &period.end_text),
                period.duration.clone(),
                labelled("every", &period.recurrence),
                if period.approximate {
                    "approximate".into()
                } else {
                    String::new()
                },
            ],
        );
    }
}
