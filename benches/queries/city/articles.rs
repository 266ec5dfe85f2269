//! Pages and the articles on them.

use bulletin::page::Page;
use bulletin::pb::{
    Article, Byline, Date, Honour, Mention, Person, Publication, Source, SourceText, Span,
    Statistic, article, byline, honour, person,
};

use super::draw::{Draw, shuffled};
use super::page::Writer;
use super::stations::display_name;
use super::words::{MARKED, NEWSPAPERS, PHRASE, PHRASE_PER_100_000, WORDS};
use super::{
    City, PEOPLE, Stream, article_name, newspaper, person as person_name, station_name, statistics,
};

pub struct Bulletin {
    pub source: SourceText,
    pub article: Article,
    pub statistics: Vec<Statistic>,
}

pub fn bulletin(city: &City, index: usize) -> Bulletin {
    let draw = &mut city.draw(Stream::Article, index);
    let name = article_name(index);
    let date = publish_date(draw);
    let mut page = Writer::default();
    let headline: String = (0..draw.between(4, 7)).map(|_| word(draw)).collect();
    let headline_span = page.span(&headline);
    let mut article = Article {
        name: name.clone(),
        headline,
        headline_span: Some(headline_span),
        language_code: "zh".to_owned(),
        state: state(city, index).into(),
        publication: Some(Publication {
            newspaper: newspaper(draw.rank(NEWSPAPERS)),
            edition: String::new(),
            publish_date: date,
            page: format!("A{}", draw.between(1, 16)),
            section: "要闻".to_owned(),
        }),
        ..Article::default()
    };
    let mut statistics = Vec::new();
    let count = city.statistics_of(index);
    let paragraphs = draw.between(2, 5);
    for at in 0..paragraphs {
        page.begin_paragraph();
        for _ in 0..draw.between(2, 6) {
            sentence(draw, &mut page);
        }
        if at == 0 {
            name_people(city, draw, &mut page, &mut article);
        }
        while statistics.len() < count * (at + 1) / paragraphs {
            let number = statistics.len();
            let found = statistics::statistic(city, draw, &mut page, &name, number, date);
            statistics.push(found);
        }
        if at + 1 == paragraphs {
            marked_words(city, &mut page, index);
        }
        page.write("有关工作仍在进行。");
        article.paragraphs.extend(page.end_paragraph());
    }
    let source = Page::new(&page.text);
    article.source = Some(Source {
        sha256: source.sha256().to_owned(),
        ..Source::default()
    });
    Bulletin {
        source: SourceText {
            sha256: source.sha256().to_owned(),
            text: page.text,
        },
        article,
        statistics,
    }
}

fn word(draw: &mut Draw) -> &'static str {
    WORDS[draw.zipf(WORDS.len())]
}

fn sentence(draw: &mut Draw, page: &mut Writer) {
    let clauses = draw.between(2, 4);
    for clause in 1..=clauses {
        for _ in 0..draw.between(2, 5) {
            page.write(word(draw));
        }
        page.write(if clause == clauses { "。" } else { "，" });
    }
}

/// Nine of ten are published; so is each that has the rarest word.
fn state(city: &City, index: usize) -> article::State {
    let is_rarest = has_marked(city, index, MARKED.len() - 1);
    let place = shuffled(city.seed, Stream::Draft as u64, index, city.articles);
    if place < city.articles / 10 && !is_rarest {
        article::State::Draft
    } else {
        article::State::Published
    }
}

/// Days of ten years; one in ten is not printed, one in twenty without its year.
fn publish_date(draw: &mut Draw) -> Option<Date> {
    let kind = draw.below(100);
    let of = |least, most, draw: &mut Draw| i32::try_from(draw.between(least, most)).unwrap_or(1);
    let (year, month, day) = (of(2016, 2025, draw), of(1, 12, draw), of(1, 28, draw));
    match kind {
        ..10 => None,
        10..15 => Some(Date {
            year: 0,
            month,
            day,
        }),
        _ => Some(Date { year, month, day }),
    }
}

/// Who wrote it, whom it names and whom it honours.
fn name_people(city: &City, draw: &mut Draw, page: &mut Writer, article: &mut Article) {
    for _ in 0..draw.between(1, 3) {
        let station = draw.rank(city.stations);
        let surface = display_name(station);
        article.mentions.push(Mention {
            station: station_name(station),
            span: Some(page.span(&surface)),
            surface,
        });
        page.write("、");
    }
    let display_name = person_name(draw.rank(PEOPLE));
    article.people.push(Person {
        id: "p1".to_owned(),
        offices: Vec::new(),
        roles: vec![person::Role::Spoke.into()],
        span: Some(page.span(&display_name)),
        display_name,
    });
    page.write("介绍，");
    if draw.chance(20) {
        article.honours.push(honour(city, draw, page));
    }
    article.bylines.push(Byline {
        role: byline::Role::Reporter.into(),
        role_text: "记者".to_owned(),
        display_name: person_name(draw.rank(2_000)),
        ..Byline::default()
    });
}

fn honour(city: &City, draw: &mut Draw, page: &mut Writer) -> Honour {
    let title = draw.of(&[
        "全市枫桥式公安派出所",
        "集体二等功",
        "先进集体",
        "优秀公安局",
        "平安单位",
    ]);
    let span: Span = page.span(title);
    page.write("，");
    Honour {
        id: "h1".to_owned(),
        title: title.to_owned(),
        level: honour::Level::Municipal.into(),
        recipients: vec![station_name(draw.rank(city.stations))],
        state: honour::State::Awarded.into(),
        span: Some(span),
        ..Honour::default()
    }
}

fn has_marked(city: &City, index: usize, which: usize) -> bool {
    let stream = Stream::Marked as u64 + which as u64;
    shuffled(city.seed, stream, index, city.articles) < MARKED[which].articles(city.articles)
}

fn marked_words(city: &City, page: &mut Writer, index: usize) {
    for (which, marked) in MARKED.iter().enumerate() {
        if has_marked(city, index, which) {
            page.write(&format!("展板以{}为题，", marked.word));
        }
    }
    let place = shuffled(city.seed, Stream::Phrase as u64, index, city.articles);
    let share = (city.articles * PHRASE_PER_100_000).div_ceil(100_000);
    let [first, second] = PHRASE;
    if place < share {
        page.write(&format!("展板以{first}{second}为题，"));
    } else if place < 2 * share {
        page.write(&format!("展板以{second}为题，另有一块以{first}为题，"));
    }
}
