//! Reads the tables of `rules/`: a row a line, columns divided by tabs, `#` begins a comment line.

/// The rows of a table, each with its columns; a column that is left out is empty.
pub fn rows<const COLUMNS: usize>(
    table: &'static str,
) -> impl Iterator<Item = [&'static str; COLUMNS]> {
    let lines = table.lines().map(str::trim_end);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let mut columns = line.split('\t').map(str::trim);
        std::array::from_fn(|_| columns.next().unwrap_or_default())
    })
}
