//! Primaries and standbys of a test's own: real servers that stream, and that can be killed, promoted
//! and turned to another primary.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU32, Ordering};

use bulletin::changes::reindex;
use bulletin::db::Db;
use bulletin::embedded::{Options, PrivatePostgres};
use bulletin::server::TABLES;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::private::kill_with_children;
use super::{Database, until};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A server with a directory of its own. Stopped, and the directory removed, when dropped.
pub struct Node {
    directory: PathBuf,
    postgres: Option<PrivatePostgres>,
}

impl Node {
    /// A primary with an empty, migrated database.
    pub async fn primary() -> Self {
        Self::new().with_database().await
    }

    /// The same, which keeps its data in a folder of that one.
    pub async fn primary_at(parent: &Path) -> Self {
        Self::at(parent.join("node")).with_database().await
    }

    async fn with_database(self) -> Self {
        let mut node = self;
        node.start().await;
        let db = Db::connect(&node.database().settings()).await.unwrap();
        reindex::migrate(&db, &TABLES).await.unwrap();
        db.close().await;
        node
    }

    /// A standby that streams from a primary, or from another standby.
    pub async fn standby_of(primary: &Self) -> Self {
        Self::standby_of_server(primary.server(), &primary.database()).await
    }

    /// The same of any private server.
    pub async fn standby_of_server(postgres: &PrivatePostgres, database: &Database) -> Self {
        let mut node = Self::copy_of(postgres, database, &["--write-recovery-conf"]).await;
        node.start().await;
        node
    }

    /// A base backup, to be restored.
    pub async fn backup_of(primary: &Self) -> Self {
        Self::copy_of(primary.server(), &primary.database(), &[]).await
    }

    async fn copy_of(postgres: &PrivatePostgres, database: &Database, more: &[&str]) -> Self {
        let node = Self::new();
        let data = node.data();
        let (program, socket) = (program(postgres, "pg_basebackup"), socket_of(database));
        let owner = fs::metadata(&socket).unwrap();
        fs::create_dir(&data).unwrap();
        fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
        chown(&data, Some(owner.uid()), Some(owner.gid())).unwrap();
        let mut command = Command::new(program);
        command.arg("--pgdata").arg(&data).args(more).args([
            "--checkpoint=fast",
            "--no-sync",
            "--wal-method=stream",
        ]);
        command
            .args(["--username=postgres", "--port=5432", "--host"])
            .arg(&socket);
        if rustix::process::geteuid().is_root() {
            command.uid(owner.uid()).gid(owner.gid());
        }
        command.current_dir(&data);
        let copied = tokio::task::spawn_blocking(move || command.output().unwrap());
        let copied = copied.await.unwrap();
        let said = String::from_utf8_lossy(&copied.stderr).into_owned();
        assert!(copied.status.success(), "{said}");
        node
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Keeps its log in a folder beside its data, from a restart on.
    pub async fn archive(&mut self) {
        let owner = fs::metadata(self.data()).unwrap();
        let archive = self.directory.join("archive");
        fs::create_dir(&archive).unwrap();
        chown(&archive, Some(owner.uid()), Some(owner.gid())).unwrap();
        self.execute("alter system set archive_mode = on").await;
        let keep = format!("cp %p {}/%f", archive.display());
        let sql = format!("alter system set archive_command = '{keep}'");
        self.execute(&sql).await;
        self.stop().await;
        self.start().await;
    }

    /// Names this point in time.
    pub async fn mark(&self, point: &str) {
        let sql = format!("select pg_create_restore_point('{point}')");
        self.execute(&sql).await;
    }

    /// Returns once all that was written up to now is kept.
    pub async fn finish_archiving(&self) {
        let file: String = self.ask("select pg_walfile_name(pg_switch_wal())").await;
        let kept = self.directory.join("archive").join(file);
        until("the log is kept", async || kept.exists()).await;
    }

    /// A base backup, with the kept log of its primary up to a point, as the new primary.
    pub async fn restored_to(mut self, point: &str, primary: &Self) -> Self {
        let data = self.data();
        let owner = fs::metadata(&data).unwrap();
        let settings = data.join("postgresql.auto.conf");
        let mut text = fs::read_to_string(&settings).unwrap();
        let archive = primary.directory.join("archive");
        text.push_str(&format!(
            "restore_command = 'cp {}/%f %p'\nrecovery_target_name = '{point}'\n\
             recovery_target_action = 'promote'\narchive_mode = off\n",
            archive.display()
        ));
        fs::write(&settings, text).unwrap();
        let signal = data.join("recovery.signal");
        fs::write(&signal, "").unwrap();
        chown(&signal, Some(owner.uid()), Some(owner.gid())).unwrap();
        self.start().await;
        until("it is restored", async || {
            self.ask::<bool>("select not pg_is_in_recovery()").await
        })
        .await;
        self
    }

    fn new() -> Self {
        let place = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("bulletin-node-{}-{place}", std::process::id());
        Self::at(std::env::temp_dir().join(name))
    }

    fn at(directory: PathBuf) -> Self {
        fs::create_dir(&directory).unwrap();
        // Root keeps it, and lets the account pass through that the server runs as.
        fs::set_permissions(&directory, Permissions::from_mode(0o711)).unwrap();
        Self {
            directory,
            postgres: None,
        }
    }

    fn server(&self) -> &PrivatePostgres {
        self.postgres.as_ref().expect("the server was killed")
    }

    /// Starts it, the first time or after it was killed.
    pub async fn start(&mut self) {
        let options = Options {
            state_dir: Some(self.directory.clone()),
            ..Options::default()
        };
        let start = move || PrivatePostgres::start(&options).unwrap();
        self.postgres = Some(tokio::task::spawn_blocking(start).await.unwrap());
    }

    /// Ends it as a crash of its machine would.
    pub async fn kill(&mut self) {
        let postgres = self.postgres.take().expect("it runs");
        kill_with_children(postgres.process_id());
        until("the server is dead", async || {
            postgres.exited().unwrap().is_some()
        })
        .await;
        let gone = tokio::task::spawn_blocking(move || drop(postgres));
        gone.await.unwrap();
    }

    /// Shuts it down, whoever is connected.
    pub async fn stop(&mut self) {
        let postgres = self.postgres.take().expect("it runs");
        super::private::stop(postgres).await;
    }

    pub fn process_id(&self) -> u32 {
        self.server().process_id()
    }

    /// Whether it has ended without being asked to.
    pub fn has_ended(&self) -> bool {
        self.server().exited().unwrap().is_some()
    }

    /// Its database, which streams with everything else.
    pub fn database(&self) -> Database {
        Database {
            url: self.server().database_url(),
            name: "bulletin".to_owned(),
        }
    }

    pub async fn execute(&self, sql: &str) {
        let mut connection = self.database().connect().await;
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    pub async fn ask<T>(&self, sql: &str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        let mut connection = self.database().connect().await;
        ask_on(&mut connection, sql).await
    }

    /// From here on it shows the same, whatever the primary does.
    pub async fn pause_replay(&self) {
        self.execute("select pg_wal_replay_pause()").await;
        until("replay is paused", async || {
            self.ask::<String>("select pg_get_wal_replay_pause_state()")
                .await
                == "paused"
        })
        .await;
    }

    pub async fn resume_replay(&self) {
        self.execute("select pg_wal_replay_resume()").await;
    }

    /// Makes a standby the primary, and returns once it takes writes.
    pub async fn promote(&self) {
        assert!(
            self.ask::<bool>("select pg_promote(true, 30)").await,
            "it was not promoted in time"
        );
    }

    /// Streams no more: what the primary commits from here on is not received.
    pub async fn cut_off(&self) {
        self.execute("alter system set primary_conninfo = ''").await;
        self.execute("select pg_reload_conf()").await;
        until("nothing is streamed", async || {
            let sql = "select not exists (select from pg_stat_wal_receiver)";
            self.ask::<bool>(sql).await
        })
        .await;
    }

    /// Commits wait until the standbys show them.
    pub async fn wait_for_standbys(&self) {
        let sql = "alter system set synchronous_commit = remote_apply";
        self.execute(sql).await;
        self.execute("alter system set synchronous_standby_names = '*'")
            .await;
        self.execute("select pg_reload_conf()").await;
        until("a standby is synchronous", async || {
            let sql = "select exists (select from pg_stat_replication where sync_state <> 'async')";
            self.ask::<bool>(sql).await
        })
        .await;
    }

    /// Commits wait for nobody.
    pub async fn wait_for_nobody(&self) {
        self.execute("alter system reset synchronous_standby_names")
            .await;
        self.execute("select pg_reload_conf()").await;
    }

    /// Returns once a standby shows all that its primary has committed by now.
    pub async fn catch_up_with(&self, primary: &Self) {
        let newest = "select max(revision) from revisions";
        let goal: i64 = primary.ask(newest).await;
        until("the standby has caught up", async || {
            self.ask::<i64>(newest).await >= goal
        })
        .await;
    }

    /// How many transactions it has committed, reads counted, and made known.
    pub async fn transactions(&self) -> i64 {
        let sql =
            "select pg_stat_get_db_xact_commit(oid) from pg_database where datname = 'bulletin'";
        self.ask(sql).await
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(postgres) = self.postgres.take()
            && postgres.exited().is_ok_and(|status| status.is_none())
        {
            // A standby that waits, or a primary whose standby is gone, is not waited for.
            kill_with_children(postgres.process_id());
        }
        // Nobody is left to tell.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

pub async fn ask_on<T>(connection: &mut PgConnection, sql: &str) -> T
where
    T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_one(connection)
        .await
        .unwrap()
}

/// Where a database's server listens.
pub fn socket_of(database: &Database) -> PathBuf {
    let options = PgConnectOptions::from_str(&database.url).unwrap();
    options.get_socket().unwrap().clone()
}

/// A program of the installation that a server runs from.
fn program(postgres: &PrivatePostgres, name: &str) -> PathBuf {
    let server = format!("/proc/{}/exe", postgres.process_id());
    let server = fs::read_link(Path::new(&server)).unwrap();
    server.with_file_name(name)
}
