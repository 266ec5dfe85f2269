//! A row of the table, and how all rows are run and judged.

use std::pin::Pin;

use tonic::{Code, Status};

use crate::support::{Call, Refusal, Service};

type Outcome<'a> = Pin<Box<dyn Future<Output = Result<(), Status>> + Send + 'a>>;
pub type Sending = Box<dyn for<'a> FnOnce(&'a Service) -> Outcome<'a> + Send>;

pub struct Case {
    name: String,
    send: Sending,
    code: Code,
    reason: &'static str,
    fields: Vec<String>,
    says: &'static str,
}

impl Case {
    pub fn new<C: Call>(
        name: impl Into<String>,
        call: C,
        code: Code,
        reason: &'static str,
        fields: &[&str],
    ) -> Self {
        let send: Sending =
            Box::new(move |service| Box::pin(async move { call.call(service).await.map(drop) }));
        Self::sending(name, send, code, reason, fields)
    }

    pub fn sending(
        name: impl Into<String>,
        send: Sending,
        code: Code,
        reason: &'static str,
        fields: &[&str],
    ) -> Self {
        Self {
            name: name.into(),
            send,
            code,
            reason,
            fields: fields.iter().map(ToString::to_string).collect(),
            says: "",
        }
    }

    /// What the sentence, or one of the violations, must say beside.
    pub fn saying(mut self, says: &'static str) -> Self {
        self.says = says;
        self
    }

    /// A request with fields that break their rules.
    pub fn invalid<C: Call>(name: impl Into<String>, call: C, fields: &[&str]) -> Self {
        Self::new(name, call, Code::InvalidArgument, "FIELD_INVALID", fields)
    }

    async fn fault(self, service: &Service) -> Option<String> {
        let Self {
            name,
            send,
            code,
            reason,
            fields,
            says,
        } = self;
        let refusal = match send(service).await {
            Ok(()) => return Some(format!("{name}: accepted")),
            Err(status) => Refusal::of(&status),
        };
        if let Some(fault) = check_wording(&refusal) {
            return Some(format!("{name}: {fault}: {refusal:?}"));
        }
        let texts = refusal.violations.iter().map(|(_, text)| text);
        let is_said = texts
            .chain([&refusal.message])
            .any(|text| text.contains(says));
        let is_expected = refusal.code == code && refusal.reason == reason && is_said;
        (!is_expected || refusal.fields() != fields).then(|| {
            format!("{name}: expected {code:?} {reason} {fields:?} {says:?}, got {refusal:?}")
        })
    }
}

/// Runs every case, and fails with all that went wrong.
pub async fn run(service: &Service, cases: Vec<Case>) {
    let mut faults = Vec::new();
    for case in cases {
        faults.extend(case.fault(service).await);
    }
    assert!(faults.is_empty(), "{} faults: {faults:#?}", faults.len());
}

/// What no caller should read: statements, paths, traces, the names of libraries.
const BARRED: [&str; 14] = [
    "select ",
    "insert ",
    "update ",
    "delete from",
    "sqlx",
    "relation",
    "constraint",
    "panicked",
    "backtrace",
    "tonic",
    "prost",
    "/src/",
    "/home/",
    "/tmp/",
];

/// Every answer has a reason, and says no more than a caller should know.
pub fn check_wording(refusal: &Refusal) -> Option<String> {
    if refusal.reason.is_empty() {
        return Some("no ErrorInfo".to_owned());
    }
    if refusal.message.is_empty() {
        return Some("no message".to_owned());
    }
    let texts = refusal
        .violations
        .iter()
        .flat_map(|(field, text)| [field, text]);
    for text in texts
        .chain([&refusal.message])
        .chain(refusal.metadata.values())
    {
        let text = text.to_lowercase();
        if let Some(barred) = BARRED.iter().find(|barred| text.contains(**barred)) {
            return Some(format!("says {barred:?}"));
        }
    }
    None
}
