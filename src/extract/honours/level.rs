//! Who bestows an honour, from its title and from its giver.

use std::sync::LazyLock;

use crate::extract::table::rows;
use crate::extract::units::Unit;
use crate::extract::vocabulary::Vocabulary;
use crate::pb::honour::Level;
use crate::pb::station::Kind;

struct Words {
    /// Each with its place in the table.
    title: Vocabulary<'static, (usize, Level)>,
    body: Vec<(Level, &'static str)>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let of = |wanted: &str| {
        let rows = rows::<3>(include_str!("../rules/levels.tsv"));
        let rows = rows.filter(|[_, place, _]| *place == wanted);
        let words = rows.flat_map(|[level, _, list]| {
            let level = Level::from_str_name(level).unwrap_or_default();
            list.split_whitespace().map(move |word| (level, word))
        });
        words.collect::<Vec<(Level, &'static str)>>()
    };
    let title = of("title").into_iter().enumerate();
    Words {
        title: Vocabulary::of_starts(title.map(|(row, (level, word))| (word, (row, level)))),
        body: of("body"),
    }
});

/// The level a title tells: its first word of a level, or the place it begins with.
pub fn of_title(title: &str) -> Level {
    let first = WORDS.title.next_in(title, 0).and_then(|(at, _)| {
        let words = WORDS.title.all_at(&title[at..]);
        words.map(|entry| entry.known).min_by_key(|(row, _)| *row)
    });
    first.map_or_else(|| of_place(title), |(_, level)| level)
}

/// The level of the place a title begins with: 江州市青年文明号.
fn of_place(title: &str) -> Level {
    let mut level = Level::Unspecified;
    let mut since = 0;
    let mut before = None;
    let mut chars = title.chars().take(12).peekable();
    while let Some(char) = chars.next() {
        // 市民 and 区域 name no place.
        let is_common = matches!(chars.peek(), Some('民' | '域' | '场' | '容' | '政'));
        let found = match char {
            '省' => Level::Provincial,
            '市' | '州' => Level::Municipal,
            '县' | '区' => Level::County,
            _ => Level::Unspecified,
        };
        let is_word = matches!(
            before,
            Some(
                '城' | '都'
                    | '社'
                    | '示'
                    | '辖'
                    | '范'
                    | '小'
                    | '园'
                    | '街'
                    | '景'
                    | '校'
                    | '军'
                    | '地'
            )
        );
        let is_place = since > 0 || before.is_none();
        if found != Level::Unspecified && is_place && !is_word && !is_common {
            level = found;
            since = 0;
        } else {
            since += 1;
        }
        if since > 4 {
            break;
        }
        before = Some(char);
    }
    level
}

/// The level of a giver that is a unit.
pub fn of_unit(unit: &Unit) -> Level {
    match unit.kind {
        Kind::Ministry => Level::National,
        Kind::ProvincialDepartment => Level::Provincial,
        Kind::MunicipalBureau => Level::Municipal,
        Kind::BranchBureau | Kind::CountyBureau => Level::County,
        Kind::Unspecified => of_body(&unit.display_name),
        _ => Level::Unit,
    }
}

/// The level of a giver by its name: of the lowest place it names.
pub fn of_body(name: &str) -> Level {
    let all = ["全国", "公安部", "国务院", "中央", "自治区"];
    let found = WORDS.body.iter().filter(|(_, word)| match *word {
        // 自治区 is no 区, 地区 neither.
        "区" => name
            .replace("自治区", "")
            .replace("地区", "")
            .contains('区'),
        word => name.contains(word),
    });
    let lowest = found
        .map(|(level, _)| *level)
        .max_by_key(|level| *level as i32);
    match lowest {
        Some(level) => level,
        None if all.iter().any(|word| name.contains(word)) => Level::National,
        None => Level::Unspecified,
    }
}
