//! Variables of the environment that look like options and are none.

use std::collections::BTreeSet;

use clap::CommandFactory as _;

use crate::config::Cli;
use crate::filter::suggest::nearest;

const PREFIX: &str = "BULLETIN_";

/// What builds, scripts and tests are told by.
const OTHERS: [&str; 4] = ["COMMIT", "TOOLS_DIR", "BLESS", "CHROMIUM"];
const OTHER_BEGINNINGS: [&str; 2] = ["IT_", "TEST_"];

/// A variable that nothing reads.
#[derive(Debug, PartialEq, Eq)]
pub struct Stranger {
    pub name: String,
    /// The options' variables that it may be meant as.
    pub meant: Vec<String>,
}

/// Those among the names, in order.
pub fn strangers(names: impl Iterator<Item = String>) -> Vec<Stranger> {
    let known = variables();
    let parts = known.iter().filter_map(|name| name.strip_prefix(PREFIX));
    let parts: Vec<&str> = parts.collect();
    let mut found: Vec<Stranger> = names
        .filter_map(|name| {
            let part = name.strip_prefix(PREFIX)?;
            let is_known = parts.contains(&part) || is_other(part) || is_service_link(part);
            let meant = || nearest(parts.iter().copied(), part).into_iter();
            (!is_known).then(|| Stranger {
                meant: meant().map(|near| format!("{PREFIX}{near}")).collect(),
                name: name.clone(),
            })
        })
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// The variables of all commands' options.
fn variables() -> Vec<String> {
    let cli = Cli::command();
    let options = cli
        .get_subcommands()
        .flat_map(|command| command.get_arguments());
    let variables = options.filter_map(|option| option.get_env()?.to_str());
    // Several commands have some.
    let variables: BTreeSet<&str> = variables.collect();
    variables.into_iter().map(str::to_owned).collect()
}

fn is_other(part: &str) -> bool {
    OTHERS.contains(&part)
        || OTHER_BEGINNINGS
            .iter()
            .any(|beginning| part.starts_with(beginning))
}

/// Kubernetes tells every container of services called `bulletin` or `bulletin-…`: SERVICE_HOST,
/// SERVICE_PORT_GRPC, PORT, PORT_50051_TCP_ADDR.
fn is_service_link(part: &str) -> bool {
    let words: Vec<&str> = part.split('_').collect();
    (0..words.len()).any(|at| match &words[at..] {
        ["SERVICE", "HOST"] | ["PORT"] | ["SERVICE", "PORT", ..] => true,
        ["PORT", number, "TCP" | "UDP" | "SCTP", rest @ ..] => {
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
            is_number && matches!(rest, [] | ["PROTO" | "PORT" | "ADDR"])
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Vec<(String, Vec<String>)> {
        let names = names.iter().map(|name| (*name).to_owned());
        let found = strangers(names).into_iter();
        found
            .map(|stranger| (stranger.name, stranger.meant))
            .collect()
    }

    #[test]
    fn what_is_mistyped_is_told_with_what_may_be_meant() {
        let (listen, nothing) = ("BULLETIN_LISTEN".to_owned(), Vec::new());
        for (name, meant) in [
            ("BULLETIN_LISTN", vec![listen]),
            ("BULLETIN_TLS_CERT", vec!["BULLETIN_TLS_KEY".to_owned()]),
            ("BULLETIN_SOMETHING_ELSE_ALTOGETHER", nothing),
        ] {
            assert_eq!(found(&[name]), [(name.to_owned(), meant)]);
        }
    }

    #[test]
    fn options_and_what_is_of_others_are_not_told() {
        for name in [
            "BULLETIN_LISTEN",
            "BULLETIN_ADDR",
            "BULLETIN_GRANT_TO",
            "BULLETIN_COMMIT",
            "BULLETIN_IT_DATABASE",
            "BULLETIN_SERVICE_HOST",
            "BULLETIN_SERVICE_PORT",
            "BULLETIN_SERVICE_PORT_GRPC",
            "BULLETIN_PORT",
            "BULLETIN_PORT_50051_TCP",
            "BULLETIN_PORT_50051_TCP_ADDR",
            "BULLETIN_OPS_SERVICE_HOST",
            "BULLETIN_DB_RW_PORT_5432_TCP_PROTO",
            "BULLETINS_LISTN",
            "LISTEN",
            "DATABASE_URL",
        ] {
            assert_eq!(found(&[name]), [], "{name}");
        }
    }

    #[test]
    fn no_option_is_taken_for_what_kubernetes_tells() {
        let variables = variables();
        assert!(variables.len() > 40, "{variables:?}");
        for name in variables {
            let part = name.strip_prefix(PREFIX).unwrap_or_default();
            assert!(!is_service_link(part) && !is_other(part), "{name}");
        }
    }
}
