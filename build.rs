//! Compiles `proto/` without a protoc binary, and keeps the descriptor set for reflection, update
//! masks and JSON.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

const SERVICES: [&str; 6] = [
    "bulletin/v1/article_service.proto",
    "bulletin/v1/station_service.proto",
    "bulletin/v1/statistic_service.proto",
    "bulletin/v1/change_service.proto",
    "bulletin/v1/transfer_service.proto",
    "bulletin/v1/ingest_service.proto",
];

/// Responses, and the types of `edge/wire.rs` that write them.
const WRITTEN: [(&str, &str); 11] = [
    ("Article", "Record"),
    ("Station", "Record"),
    ("Statistic", "Record"),
    ("ListArticlesResponse", "ListResponse"),
    ("ListStationsResponse", "ListResponse"),
    ("ListStatisticsResponse", "ListResponse"),
    ("BatchGetArticlesResponse", "BatchGetResponse"),
    ("BatchGetStationsResponse", "BatchGetResponse"),
    ("BatchGetStatisticsResponse", "BatchGetResponse"),
    ("WatchChangesResponse", "WatchChangesResponse"),
    ("ExportRecordsResponse", "ExportRecordsResponse"),
];

/// The commit that is built: as BULLETIN_COMMIT says, else as Git does of a release. A build for
/// development is not made anew for each commit.
fn commit() -> String {
    println!("cargo:rerun-if-env-changed=BULLETIN_COMMIT");
    if let Ok(commit) = env::var("BULLETIN_COMMIT") {
        return commit;
    }
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let asked = is_release.then(|| Command::new("git").args(["rev-parse", "HEAD"]).output());
    match asked {
        Some(Ok(output)) if output.status.success() => {
            rerun_when_committed();
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "unknown".to_owned(),
    }
}

fn rerun_when_committed() {
    let asked = Command::new("git")
        .args(["rev-parse", "--git-path", "logs/HEAD"])
        .output();
    if let Ok(output) = asked {
        let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        // One that is not there would have the build made anew each time.
        if fs::exists(&path).unwrap_or(false) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rustc-env=BULLETIN_COMMIT={}", commit());
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=migrations");

    let mut compiler = protox::Compiler::new(["proto", "proto/vendor"])?;
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(SERVICES.iter().chain(&["bulletin/v1/error.proto"]))?;

    // The compiler's own set keeps custom options, which reflection clients want to see.
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(
        out.join("descriptors.bin"),
        compiler.encode_file_descriptor_set(),
    )?;

    let mut prost = tonic_prost_build::Config::new();
    prost
        .include_file("all.rs")
        .disable_comments(["google"])
        .enable_type_names();
    tonic_prost_build::configure()
        .build_transport(false)
        .build_server(false)
        .compile_fds_with_config(compiler.file_descriptor_set(), prost)?;

    // The servers, over responses that carry records as bytes.
    let servers = out.join("servers");
    fs::create_dir_all(&servers)?;
    let mut prost = tonic_prost_build::Config::new();
    prost.include_file("all.rs");
    let mut services = tonic_prost_build::configure()
        .build_transport(false)
        .build_client(false)
        .codec_path("crate::edge::codec::SizedCodec")
        .out_dir(servers)
        .extern_path(".bulletin.v1", "crate::pb")
        .extern_path(".google", "crate::pb::google");
    for (message, written) in WRITTEN {
        let written = format!("crate::edge::wire::{written}");
        services = services.extern_path(format!(".bulletin.v1.{message}"), written);
    }
    services.compile_fds_with_config(compiler.file_descriptor_set(), prost)?;
    Ok(())
}
