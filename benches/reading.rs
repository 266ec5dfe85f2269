//! Measures how fast pages are read, alone and through the command. `cargo bench --bench reading -- --help`

#[path = "queries/service.rs"]
mod service;

use std::fs;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bulletin::changes::reindex::migrate;
use bulletin::db::{Db, Settings};
use bulletin::embedded::{Options as PostgresOptions, PrivatePostgres};
use bulletin::extract::extract;
use bulletin::fold::fold;
use bulletin::page::{PAGE_BYTES_MAX, Page};
use bulletin::server::TABLES;
use clap::Parser;

use self::service::Service;

/// Measures the reading of bulletin pages.
#[derive(Clone, Debug, Parser)]
#[command(name = "reading")]
struct Options {
    /// A folder of *.txt to read, beside the bulletins of the tests
    #[arg(long)]
    texts: Option<PathBuf>,

    /// How long each round reads, in seconds
    #[arg(long, default_value_t = 3)]
    round_s: u64,

    /// Pages that the command sends
    #[arg(long, default_value_t = 10_000)]
    pages: usize,

    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

const ROUNDS: usize = 3;

/// Parts of the run through the command that are compared.
const PARTS: usize = 10;

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let texts = texts(options.texts.as_deref())?;
    let before_mib = peak_mib("self")?;
    let start = Instant::now();
    black_box(extract(&Page::new(&texts[0])));
    println!(
        "tables made and a first page read in {:.0} ms",
        start.elapsed().as_secs_f64() * 1e3
    );
    alone(&texts, Duration::from_secs(options.round_s))?;
    long(&texts);
    println!(
        "memory above the start, at its peak: {:.0} MiB",
        peak_mib("self")? - before_mib
    );
    through_the_command(&texts, options.pages).await
}

/// The bulletins of the tests and the real page, and those of a folder.
fn texts(folder: Option<&Path>) -> Result<Vec<String>> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut files = vec![own.join("bulletin-page.txt")];
    for folder in [Some(own.join("bulletins").as_path()), folder]
        .into_iter()
        .flatten()
    {
        let entries =
            fs::read_dir(folder).with_context(|| format!("no folder {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "txt") {
                files.push(path);
            }
        }
    }
    files.sort();
    let texts = files.iter().map(fs::read_to_string);
    Ok(texts.collect::<Result<_, _>>()?)
}

/// How fast texts are read, in MB a second.
#[derive(Clone, Copy)]
struct Rate {
    /// By the processor's time of this thread: what others do on the machine counts nothing.
    processor: f64,
    clock: f64,
}

fn rate(texts: &[String], time: Duration, read: impl Fn(&str)) -> Result<Rate> {
    let (start, processor_start) = (Instant::now(), processor_time()?);
    let mut bytes = 0;
    while start.elapsed() < time {
        for text in texts {
            read(text);
            bytes += text.len();
        }
    }
    let megabytes = bytes as f64 / 1e6;
    Ok(Rate {
        processor: megabytes / (processor_time()? - processor_start).as_secs_f64(),
        clock: megabytes / start.elapsed().as_secs_f64(),
    })
}

/// How long this thread has run on a processor.
fn processor_time() -> Result<Duration> {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = statistics.split_whitespace().next();
    let nanoseconds = nanoseconds.context("the kernel counts no processor time")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

fn alone(texts: &[String], time: Duration) -> Result<()> {
    let (mut reads, mut folds) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        reads.push(rate(texts, time, |text| {
            black_box(extract(&Page::new(text)));
        })?);
        folds.push(rate(texts, time, |text| {
            black_box(fold(text));
        })?);
    }
    let middle = |mut rates: Vec<Rate>| {
        rates.sort_by(|one, other| one.processor.total_cmp(&other.processor));
        rates[ROUNDS / 2]
    };
    let (read, folded) = (middle(reads), middle(folds));
    println!(
        "{} texts on one core: {:.1} MB/s, {:.0} ms of the processor a MB; by the clock {:.1} MB/s",
        texts.len(),
        read.processor,
        1e3 / read.processor,
        read.clock
    );
    println!(
        "only folded: {:.1} MB/s, ratio {:.3}",
        folded.processor,
        read.processor / folded.processor
    );
    println!(
        "{}  at least 5 MB/s",
        if read.processor >= 5.0 {
            "PASS"
        } else {
            "FAIL"
        }
    );
    Ok(())
}

/// A page as long as one may be: the rate must not fall with the length.
fn long(texts: &[String]) {
    let mut page = String::new();
    for text in texts.iter().cycle() {
        if page.len() + text.len() > PAGE_BYTES_MAX {
            break;
        }
        page.push_str(text);
        page.push_str("\n\n");
    }
    let line = page.replace('\n', "");
    for (what, page) in [("as printed", page), ("on one line", line)] {
        let start = Instant::now();
        black_box(extract(&Page::new(&page)));
        let rate = page.len() as f64 / start.elapsed().as_secs_f64() / 1e6;
        println!("a page of {} bytes, {what}: {rate:.1} MB/s", page.len());
    }
}

/// Most memory that a process ever had, in MiB.
fn peak_mib(process: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.context("no VmHWM")?.trim().trim_end_matches(" kB");
    Ok(kib.parse::<f64>()? / 1024.0)
}

async fn through_the_command(texts: &[String], count: usize) -> Result<()> {
    let postgres = PrivatePostgres::start(&PostgresOptions {
        ephemeral: true,
        ..PostgresOptions::default()
    })?;
    let url = postgres.database_url();
    let db = Db::connect(&Settings::direct(url.clone(), 2)).await?;
    migrate(&db, &TABLES).await?;
    db.close().await;
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let service = Service::start(&url, &tmp.join("reading.log"))?;
    let folder = tmp.join("pages");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    for (number, text) in (0..count).zip(texts.iter().cycle()) {
        // Each is another page.
        fs::write(
            folder.join(format!("{number:05}.txt")),
            format!("{text}\n\n第{number}页"),
        )?;
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_bulletin"))
        .args([
            "ingest",
            "--addr",
            &service.address.to_string(),
            "--output",
            "json",
        ])
        .arg(&folder)
        .stdout(Stdio::piped())
        .spawn()?;
    let output = command.stdout.take().context("it has an output")?;
    let part = count.div_ceil(PARTS).max(1);
    let start = Instant::now();
    let mut times = vec![Duration::ZERO];
    let mut answered = 0;
    for line in BufReader::new(output).lines() {
        line?;
        answered += 1;
        if answered % part == 0 {
            times.push(start.elapsed());
        }
    }
    if !command.wait()?.success() || answered != count {
        bail!("{answered} of {count} pages were answered");
    }
    let rates: Vec<f64> = times
        .windows(2)
        .map(|pair| part as f64 / (pair[1] - pair[0]).as_secs_f64())
        .collect();
    let shown: Vec<String> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
    println!(
        "{count} pages through the command, pages a second by tenths: {}",
        shown.join(" ")
    );
    // The first tenth still finds its stations new.
    let (early, late) = (
        rates.get(1).copied().unwrap_or_default(),
        rates.last().copied().unwrap_or_default(),
    );
    println!(
        "{}  the last tenth is no slower than the second, ratio {:.2}",
        if late >= 0.9 * early { "PASS" } else { "FAIL" },
        late / early
    );
    let peak = peak_mib(&service.process_id().to_string())?;
    println!("memory of the service at its peak: {peak:.0} MiB");
    fs::remove_dir_all(&folder)?;
    Ok(())
}
