//! The private server, started for real: what it keeps, whom it refuses, and what it survives.

mod owner;

use std::fs::{self, Permissions};
use std::io::{Read, stdin};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, process};

use bulletin::embedded::{Error, Options};
use rustix::process::{Signal, geteuid};

use self::owner::*;

#[test]
fn data_is_kept_from_one_start_to_the_next() {
    let scratch = Scratch::new();
    let first = start(&scratch.options());
    assert!(first.is_fresh());
    query(&first, "create table kept (word text)");
    query(&first, "insert into kept values ('镇海')");
    stop(first);

    let second = start(&scratch.options());
    assert!(!second.is_fresh());
    assert_eq!(query(&second, "select word from kept"), "镇海");
    stop(second);
}

#[test]
fn the_server_is_private_durable_and_of_one_locale() {
    let scratch = Scratch::new();
    let postgres = start(&scratch.options());
    assert_eq!(query(&postgres, "show listen_addresses"), "");
    assert_eq!(query(&postgres, "show fsync"), "on");
    assert_eq!(query(&postgres, "show server_encoding"), "UTF8");
    let locale = "select datcollate || ' ' || datctype from pg_database where datname = 'bulletin'";
    assert_eq!(query(&postgres, locale), "C.UTF-8 C.UTF-8");
    for directory in ["data", "socket"] {
        let metadata = fs::metadata(scratch.state().join(directory)).expect("start made it");
        assert_eq!(metadata.mode() & 0o777, 0o700, "{directory}");
    }
    stop(postgres);
}

#[test]
#[cfg(target_os = "linux")]
fn an_interrupt_from_the_terminal_does_not_reach_the_server() {
    let scratch = Scratch::new();
    let postgres = start(&scratch.options());
    let status = fs::read_to_string(format!("/proc/{}/stat", postgres.process_id()))
        .expect("the server runs");
    // after the name in parentheses: state, parent, process group
    let (_, fields) = status
        .rsplit_once(") ")
        .expect("the name is in parentheses");
    let group = fields
        .split(' ')
        .nth(2)
        .expect("the third field is the process group");
    assert_eq!(group, postgres.process_id().to_string());
    stop(postgres);
}

#[test]
fn an_ephemeral_server_leaves_nothing_however_it_is_let_go() {
    let options = Options {
        ephemeral: true,
        ..Options::default()
    };
    for let_go in [stop, drop] {
        let postgres = start(&options);
        assert!(postgres.is_fresh());
        let directory = socket_directory(&postgres.database_url());
        let directory = directory
            .parent()
            .expect("the socket has a directory")
            .to_owned();
        assert!(
            directory.starts_with(env::temp_dir()) && directory.is_dir(),
            "{directory:?}"
        );
        let process_id = postgres.process_id();
        let_go(postgres);
        assert!(!directory.exists(), "{directory:?}");
        assert!(!is_running(process_id));
    }
}

#[test]
fn a_second_owner_is_refused_and_told_who_the_first_is() {
    let scratch = Scratch::new();
    let first = start(&scratch.options());
    let error = refused(&scratch.options());
    let owner = format!(
        "{} is in use by process {}:",
        scratch.state().display(),
        process::id()
    );
    assert!(error.to_string().contains(&owner), "{error}");
    assert_eq!(query(&first, "select 1"), "1");
    stop(first);
    stop(start(&scratch.options()));
}

#[test]
fn a_server_that_ends_by_itself_is_noticed() {
    let scratch = Scratch::new();
    let postgres = start(&scratch.options());
    assert!(exited(&postgres).is_none());
    send(postgres.process_id(), Signal::INT);
    wait_until("the end is noticed", || exited(&postgres).is_some());
    assert!(exited(&postgres).is_some_and(|status| status.success()));
    stop(postgres);
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_owner_takes_its_server_along() {
    let scratch = Scratch::new();
    let owner = Owner::spawn(&scratch, User::Same);
    query_url(&owner.url, "create table kept (word text)");
    let process_id = owner.server_id;
    owner.kill();
    wait_until("the server has ended", || !is_running(process_id));

    let next = start(&scratch.options());
    assert_eq!(query(&next, "select count(*) from kept"), "0");
    stop(next);
}

#[test]
fn a_start_right_after_the_owner_was_killed_succeeds() {
    let scratch = Scratch::new();
    let owner = Owner::spawn(&scratch, User::Same);
    query_url(&owner.url, "create table kept (word text)");
    owner.kill();

    let next = start(&scratch.options());
    assert_eq!(query(&next, "select count(*) from kept"), "0");
    stop(next);
}

#[test]
fn an_owner_killed_while_it_creates_the_cluster_leaves_nothing_half_made() {
    let scratch = Scratch::new();
    let mut owner = Owner::command(&scratch, User::Same)
        .spawn()
        .expect("this program runs");
    let incomplete = format!("data.incomplete-{}", owner.id());
    let incomplete = scratch.state().join(incomplete);
    wait_until("the cluster is being created", || {
        incomplete.join("base").exists()
    });
    owner.kill().expect("it is this test's child");
    owner.wait().expect("it is this test's child");
    assert!(!scratch.state().join("data").exists());

    let next = start(&scratch.options());
    assert!(next.is_fresh());
    assert_eq!(query(&next, "select current_database()"), "bulletin");
    assert!(!incomplete.exists());
    stop(next);
}

#[test]
fn a_pid_file_of_an_ended_process_does_not_prevent_a_start() {
    let scratch = Scratch::new();
    stop(start(&scratch.options()));
    let mut ended = Command::new("true").spawn().expect("true is installed");
    ended.wait().expect("it is this test's child");
    write_pid_files(&scratch.state(), ended.id());
    stop(start(&scratch.options()));
}

#[test]
fn a_pid_file_of_another_program_does_not_prevent_a_start_nor_harm_that_program() {
    let scratch = Scratch::new();
    stop(start(&scratch.options()));
    // of the same user, for PostgreSQL itself disregards processes of others
    let mut other = as_data_owner(Command::new("sleep").arg("600"), &scratch.state())
        .spawn()
        .expect("sleep is installed");
    write_pid_files(&scratch.state(), other.id());

    let postgres = start(&scratch.options());
    assert!(other.try_wait().expect("it is this test's child").is_none());
    stop(postgres);
    other.kill().expect("it still runs");
    other.wait().expect("it is this test's child");
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_without_an_owner_is_ended_first() {
    let scratch = Scratch::new();
    let first = start(&scratch.options());
    let program = fs::read_link(format!("/proc/{}/exe", first.process_id())).expect("it runs");
    stop(first);
    let data = scratch.state().join("data");
    let mut orphan = as_data_owner(
        Command::new(program)
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses="])
            .arg("-k"),
        &scratch.state(),
    )
    .arg(scratch.state().join("socket"))
    .stderr(Stdio::null())
    .spawn()
    .expect("it ran before");
    wait_until("the orphan is ready", || {
        fs::read_to_string(data.join("postmaster.pid")).is_ok_and(|text| text.contains("\nready"))
    });

    let postgres = start(&scratch.options());
    let status = orphan.wait().expect("it is this test's child");
    assert!(status.success(), "it was not shut down in order: {status}");
    stop(postgres);
}

#[test]
#[cfg(target_os = "linux")]
fn a_backend_that_outlived_its_server_does_not_prevent_a_start() {
    let scratch = Scratch::new();
    let first = start(&scratch.options());
    let endless = "do $$ begin loop null; end loop; end $$";
    let mut client = psql(&first.database_url(), endless)
        .spawn()
        .expect("psql is installed");
    let busy = "select pid from pg_stat_activity where query like 'do %' and state = 'active'";
    let mut backend = String::new();
    wait_until("the backend is busy", || {
        backend = query(&first, busy);
        !backend.is_empty()
    });
    let backend = backend.parse().expect("it is a process id");
    send(first.process_id(), Signal::KILL);
    wait_until("the end is noticed", || exited(&first).is_some());
    assert!(is_running(backend));
    stop(first);

    let second = start(&scratch.options());
    wait_until("the backend is gone", || !is_running(backend));
    stop(second);
    client.wait().expect("it is this test's child");
}

#[test]
fn a_parent_directory_closed_to_the_servers_user_is_named() {
    if !geteuid().is_root() {
        return; // the server runs as the same user then, and enters what this test can
    }
    let scratch = Scratch::new();
    let closed = scratch.path.join("closed");
    fs::create_dir(&closed).expect("the scratch directory is ours");
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).expect("it is ours");
    let state_dir = closed.join("state");
    let error = refused(&Options {
        state_dir: Some(state_dir.clone()),
        ..Options::default()
    });
    assert!(matches!(&error, Error::Untraversable { directory, .. } if *directory == closed));
    assert!(
        error.to_string().contains("choose another --state-dir"),
        "{error}"
    );

    fs::set_permissions(&closed, Permissions::from_mode(0o711)).expect("it is ours");
    stop(start(&Options {
        state_dir: Some(state_dir),
        ..Options::default()
    }));
}

#[test]
fn an_empty_state_directory_that_is_closed_to_others_is_used() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.state()).expect("the scratch directory is ours");
    fs::set_permissions(scratch.state(), Permissions::from_mode(0o700)).expect("it is ours");
    stop(start(&scratch.options()));
}

#[test]
fn a_state_directory_of_another_user_is_refused_to_root() {
    if !geteuid().is_root() {
        return;
    }
    let scratch = Scratch::new();
    fs::create_dir(scratch.state()).expect("the scratch directory is ours");
    chown(scratch.state(), Some(ORDINARY_USER_ID), None).expect("root may");
    let error = refused(&scratch.options());
    assert!(matches!(
        error,
        Error::StateDirectoryForeign {
            owner_id: ORDINARY_USER_ID,
            ..
        }
    ));
}

#[test]
fn a_state_directory_too_long_for_a_socket_is_refused() {
    let scratch = Scratch::new();
    let state_dir = scratch.path.join("x".repeat(100));
    let error = refused(&Options {
        state_dir: Some(state_dir),
        ..Options::default()
    });
    assert!(
        error.to_string().contains("choose a shorter --state-dir"),
        "{error}"
    );
}

#[test]
fn a_state_directory_may_hold_characters_that_lists_and_urls_give_meaning_to() {
    let scratch = Scratch::new();
    let state_dir = scratch.path.join("a \"b\" & c?d=%e#镇");
    let postgres = start(&Options {
        state_dir: Some(state_dir),
        ..Options::default()
    });
    assert_eq!(query(&postgres, "select 1"), "1");
    stop(postgres);
}

#[test]
fn binaries_that_are_missing_too_old_or_of_another_version_are_refused() {
    let scratch = Scratch::new();
    let options = |directory: &Path| Options {
        postgres_bin_dir: Some(directory.to_owned()),
        ..scratch.options()
    };
    let none = refused(&options(&scratch.path)).to_string();
    assert!(
        none.contains("does not hold the programs postgres and initdb"),
        "{none}"
    );

    let old = fake_binaries(&scratch.path.join("old"), "13.4");
    let error = refused(&options(&old)).to_string();
    assert!(
        error.contains(&format!("found only 13 in {}", old.display())),
        "{error}"
    );

    stop(start(&scratch.options()));
    let newer = fake_binaries(&scratch.path.join("newer"), "99.1");
    let error = refused(&options(&newer)).to_string();
    let found = format!("found only 99 in {}: install PostgreSQL", newer.display());
    assert!(error.contains(&found), "{error}");
}

#[test]
fn a_failed_start_quotes_the_log_and_lets_the_directory_go() {
    let scratch = Scratch::new();
    stop(start(&scratch.options()));
    let configuration = scratch.state().join("data/postgresql.auto.conf");
    let before = fs::read(&configuration).expect("initdb made it");
    fs::write(&configuration, "no_such_setting = 1\n").expect("it is ours or root's");
    let error = refused(&scratch.options());
    assert!(matches!(error, Error::EndedWhileStarting { .. }), "{error}");
    assert!(error.to_string().contains("no_such_setting"), "{error}");

    fs::write(&configuration, before).expect("it is ours or root's");
    stop(start(&scratch.options()));
}

#[test]
fn the_log_is_bounded_and_holds_nothing_of_statements() {
    let scratch = Scratch::new();
    stop(start(&scratch.options()));
    let log = scratch.state().join("postgres.log");
    fs::write(&log, vec![b'\n'; 2 << 20]).expect("the log is ours");

    let postgres = start(&scratch.options());
    assert!(scratch.state().join("postgres.log.1").exists());
    let failing = psql(
        &postgres.database_url(),
        "select 'confidential'::integer from confidential",
    )
    .output()
    .expect("psql is installed");
    assert!(!failing.status.success());
    stop(postgres);
    let text = fs::read_to_string(&log).expect("the log is ours");
    assert!(text.contains("database system is ready"), "{text}");
    assert!(!text.contains("confidential"), "{text}");
}

#[test]
fn an_ordinary_user_has_a_server_in_the_directory_for_state() {
    let scratch = Scratch::new();
    let state_home = scratch.path.join("home");
    fs::create_dir(&state_home).expect("the scratch directory is ours");
    if geteuid().is_root() {
        chown(&state_home, Some(ORDINARY_USER_ID), None).expect("root may");
    }
    for fresh in [true, false] {
        let owner = Owner::spawn(&scratch, User::Ordinary);
        assert_eq!(owner.is_fresh, fresh);
        let socket = state_home.join("bulletin/socket");
        assert_eq!(
            socket_directory(&owner.url),
            socket.canonicalize().expect("it exists")
        );
        assert_eq!(
            query_url(&owner.url, "select current_database()"),
            "bulletin"
        );
        let process_id = owner.server_id;
        assert!(owner.stop().success());
        assert!(!is_running(process_id));
    }
    let state = fs::metadata(state_home.join("bulletin")).expect("start made it");
    let home = fs::metadata(&state_home).expect("this test made it");
    assert_eq!((state.uid(), state.mode() & 0o777), (home.uid(), 0o700));
}

/// Not a test of its own: what the tests above run as another process, or as another user.
#[test]
fn owner_process() {
    if env::var_os("BULLETIN_TEST_OWNER").is_none() {
        return;
    }
    let state_dir = env::var_os("BULLETIN_TEST_STATE_DIR").map(PathBuf::from);
    let postgres = start(&Options {
        state_dir,
        ..Options::default()
    });
    let (fresh, process_id) = (postgres.is_fresh(), postgres.process_id());
    // on a line of its own, whatever the test harness has written before
    println!("\nready {fresh} {process_id} {}", postgres.database_url());
    stdin()
        .read_to_end(&mut Vec::new())
        .expect("the test closes it");
    stop(postgres);
}
