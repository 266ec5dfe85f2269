//! Compiles `proto/` without a protoc binary, and keeps the descriptor set for reflection, update
//! masks and JSON.

use std::path::PathBuf;
use std::{env, fs};

const SERVICES: [&str; 6] = [
    "bulletin/v1/article_service.proto",
    "bulletin/v1/station_service.proto",
    "bulletin/v1/statistic_service.proto",
    "bulletin/v1/change_service.proto",
    "bulletin/v1/transfer_service.proto",
    "bulletin/v1/ingest_service.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
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
    prost.include_file("all.rs").disable_comments(["google"]);
    tonic_prost_build::configure()
        .build_transport(false)
        .compile_fds_with_config(compiler.file_descriptor_set(), prost)?;
    Ok(())
}
