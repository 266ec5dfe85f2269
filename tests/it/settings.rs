//! Options, their environment variables, and the example file say the same.

use bulletin::config::Cli;
use clap::CommandFactory as _;

const EXAMPLE: &str = include_str!("../../deploy/bulletin.env.example");

/// Option, variable and default of each option of `serve`.
fn options() -> Vec<(String, String, Option<String>)> {
    let mut cli = Cli::command();
    cli.build();
    let serve = cli.find_subcommand("serve").unwrap();
    let options = serve
        .get_arguments()
        .filter(|option| option.get_long() != Some("help"));
    options
        .map(|option| {
            let long = option.get_long().unwrap().to_owned();
            let variable = option
                .get_env()
                .unwrap_or_else(|| panic!("--{long} has no variable"));
            let defaults = option.get_default_values();
            let default = defaults
                .first()
                .map(|value| value.to_str().unwrap().to_owned());
            (long, variable.to_str().unwrap().to_owned(), default)
        })
        .collect()
}

#[test]
fn every_option_is_in_the_example_file_with_its_default() {
    let options = options();
    assert!(options.len() >= 8, "{options:?}");
    for (long, variable, default) in &options {
        let expected = match variable.as_str() {
            "DATABASE_URL" | "DATABASE_REPLICA_URLS" => long.to_uppercase().replace('-', "_"),
            _ => format!("BULLETIN_{}", long.to_uppercase().replace('-', "_")),
        };
        assert_eq!(variable, &expected, "--{long}");
        assert!(
            EXAMPLE.contains(&format!("(--{long})")),
            "--{long} is not explained"
        );
        let line = format!("#{variable}={}", default.as_deref().unwrap_or_default());
        assert!(EXAMPLE.contains(&line), "{line} is not in the example");
    }
}

#[test]
fn the_example_file_has_no_variable_that_does_not_exist() {
    let known: Vec<String> = options()
        .into_iter()
        .map(|(_, variable, _)| variable)
        .collect();
    let named = EXAMPLE
        .lines()
        .filter_map(|line| line.strip_prefix('#')?.split_once('='));
    for (variable, _) in named.filter(|(name, _)| !name.contains(' ') && *name != "RUST_LOG") {
        assert!(
            known.iter().any(|known| known == variable),
            "{variable} is no option"
        );
    }
}
