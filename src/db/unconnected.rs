//! Why no connection was made, in words that say what to do. No URL is repeated, for it may hold a password.

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::db::Unfit;
use crate::error::Cause;

/// What a first connection failed with, and what to do; the error itself lies under it.
pub fn unconnected(options: &PgConnectOptions, error: sqlx::Error) -> Unfit {
    let what = match &error {
        sqlx::Error::Io(error) => of_the_way(options, error.kind()),
        sqlx::Error::Tls(_) => of_tls(),
        sqlx::Error::Database(error) => {
            of_the_server(options, error.code().as_deref().unwrap_or_default())
        }
        _ => format!("no connection is made to {}", place(options)),
    };
    // Their own words once: the library's have them, and repeat them as what lies under.
    let cause = match error {
        sqlx::Error::Io(error) => error.into(),
        sqlx::Error::Database(error) => Cause::from(error.message()),
        other => other.into(),
    };
    Unfit::Unconnected { what, cause }
}

/// No answer within the time that a connection may take.
pub fn in_vain(options: &PgConnectOptions, waited: Duration) -> Unfit {
    let place = place(options);
    let what = format!("{place} does not answer: see host and port, and what lies between");
    let cause = format!("no connection within {} s", waited.as_secs());
    let cause = Cause::from(cause);
    Unfit::Unconnected { what, cause }
}

fn place(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

fn of_the_way(options: &PgConnectOptions, kind: ErrorKind) -> String {
    let place = place(options);
    match kind {
        ErrorKind::NotFound if options.get_socket().is_none() => {
            "a file that the URL names is not there: see sslrootcert, sslcert and sslkey".to_owned()
        }
        ErrorKind::ConnectionRefused | ErrorKind::NotFound => {
            format!("nothing listens on {place}: start PostgreSQL there, or name its host and port")
        }
        // A certificate that is not believed.
        ErrorKind::InvalidData => of_tls(),
        _ => format!("{place} is not reached: see host and port, and what lies between"),
    }
}

fn of_tls() -> String {
    "there is no TLS with the server as sslmode asks: switch it on there (ssl = on), and give \
     sslrootcert with the authority of its certificate"
        .to_owned()
}

fn of_the_server(options: &PgConnectOptions, code: &str) -> String {
    let role = options.get_username();
    let database = options.get_database().unwrap_or(role);
    match code {
        "28P01" => {
            format!("the server refuses role {role:?} with this password: see both in the URL")
        }
        "28000" => {
            let tls = match options.get_ssl_mode() {
                PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => {
                    ", or asks for TLS (sslmode=require)"
                }
                _ => "",
            };
            format!(
                "the server does not let in role {role:?}: it does not exist, has no LOGIN, or \
                 pg_hba.conf does not let it in from here{tls}"
            )
        }
        "3D000" => format!(
            "there is no database {database:?}: create it (createdb -T template0 -E UTF8 --locale=C.UTF-8), \
             then run `bulletin migrate`"
        ),
        "42501" => {
            format!("role {role:?} may not connect to database {database:?}: grant it CONNECT")
        }
        "53300" => "the server takes no more connections: raise its max_connections, or give all \
                    instances together fewer (--database-connections-max)"
            .to_owned(),
        "57P03" => "the server takes no connections yet, or any more: retry shortly".to_owned(),
        _ => format!("the server at {} refuses the connection", place(options)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Error;
    use std::str::FromStr as _;

    use super::*;

    #[test]
    fn what_is_missing_is_a_socket_or_a_file_of_the_url() {
        for (url, kind, said) in [
            (
                "postgres://u@localhost/d?host=%2Fno",
                ErrorKind::NotFound,
                "nothing listens on /no: ",
            ),
            (
                "postgres://u@db.example/d?sslrootcert=%2Fno",
                ErrorKind::NotFound,
                "a file that the URL names is not there: see sslrootcert",
            ),
            (
                "postgres://u@db.example/d",
                ErrorKind::InvalidData,
                "there is no TLS with the server as sslmode asks",
            ),
            (
                "postgres://u@db.example:6432/d",
                ErrorKind::ConnectionRefused,
                "nothing listens on db.example:6432: ",
            ),
            (
                "postgres://u@db.example/d",
                ErrorKind::TimedOut,
                "db.example:5432 is not reached: ",
            ),
        ] {
            let options = PgConnectOptions::from_str(url).expect("each is a URL");
            let told = unconnected(&options, Error::from(kind).into()).to_string();
            assert!(told.starts_with(said), "{told}");
        }
    }
}
