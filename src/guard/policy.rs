//! The rules that give callers their roles, from a file of JSON. Knows what credentials say, not how they are
//! proven.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::guard::caller::Role;

const ROLES: [Role; 3] = [Role::Reader, Role::Editor, Role::Admin];

/// Which role whom is given. Of several rules that fit, the greatest role counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy(Vec<Rule>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    who: Who,
    role: Role,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    Subject(Pattern),
    Claim { path: String, value: String },
    Certificate(Pattern),
}

/// A text, or with `*` at its end all that begin so.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    text: String,
    is_beginning: bool,
}

impl Policy {
    /// Says what is wrong, and where.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let file: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let file = object("the file", &file)?;
        only("the file", file, &["rules"])?;
        let Some(Value::Array(rules)) = file.get("rules") else {
            return Err("rules must be a list".to_owned());
        };
        if rules.is_empty() {
            return Err("rules is empty, so nobody could call".to_owned());
        }
        let rules = rules.iter().enumerate();
        let rules = rules.map(|(place, rule)| Rule::parse(&format!("rules[{place}]"), rule));
        rules.collect::<Result<_, _>>().map(Self)
    }

    /// The role of whom a token names.
    pub fn of_token(&self, subject: &str, claims: &Value) -> Option<Role> {
        self.greatest(|who| match who {
            Who::Subject(pattern) => pattern.fits(subject),
            Who::Claim { path, value } => claims_value(claims, path, value),
            Who::Certificate(_) => false,
        })
    }

    /// The role of whom a certificate names.
    pub fn of_names(&self, names: &[Arc<str>]) -> Option<Role> {
        self.greatest(|who| match who {
            Who::Certificate(pattern) => names.iter().any(|name| pattern.fits(name)),
            Who::Subject(_) | Who::Claim { .. } => false,
        })
    }

    fn greatest(&self, fits: impl Fn(&Who) -> bool) -> Option<Role> {
        let fitting = self.0.iter().filter(|rule| fits(&rule.who));
        fitting.map(|rule| rule.role).max()
    }
}

impl Rule {
    fn parse(at: &str, rule: &Value) -> Result<Self, String> {
        let fields = object(at, rule)?;
        only(
            at,
            fields,
            &["subject", "claim", "value", "certificate", "role"],
        )?;
        let text = |field: &str| text(at, fields, field);
        let who = match (
            text("subject")?,
            text("claim")?,
            text("value")?,
            text("certificate")?,
        ) {
            (Some(subject), None, None, None) => {
                Who::Subject(Pattern::parse(at, "subject", subject)?)
            }
            (None, Some(path), Some(value), None) => Who::Claim {
                path: path.to_owned(),
                value: value.to_owned(),
            },
            (None, None, None, Some(name)) => {
                Who::Certificate(Pattern::parse(at, "certificate", &canonical(name))?)
            }
            _ => {
                return Err(format!(
                    "{at} must have one of subject, claim with value, and certificate"
                ));
            }
        };
        let named = text("role")?.ok_or_else(|| format!("{at} has no role"))?;
        let role = ROLES.into_iter().find(|role| role.as_str() == named);
        let role = role
            .ok_or_else(|| format!("{at}.role must be reader, editor or admin, got {named:?}"))?;
        Ok(Self { who, role })
    }
}

impl Pattern {
    /// Nobody would be meant by a `*` elsewhere, though more than one seems to be.
    fn parse(at: &str, field: &str, text: &str) -> Result<Self, String> {
        let beginning = text.strip_suffix('*');
        let literal = beginning.unwrap_or(text);
        if literal.contains('*') {
            return Err(format!(
                "{at}.{field} may have one *, at its end, for all that begin so; got {text:?}"
            ));
        }
        Ok(Self {
            text: literal.to_owned(),
            is_beginning: beginning.is_some(),
        })
    }

    fn fits(&self, name: &str) -> bool {
        match self.is_beginning {
            true => name.starts_with(&self.text),
            false => name == self.text,
        }
    }
}

/// A certificate's name as it is compared: DNS names have no case.
pub fn canonical(name: &str) -> String {
    match name.contains("://") {
        true => name.to_owned(),
        false => name.to_ascii_lowercase(),
    }
}

/// Whether a claim is this text, or a list with it.
fn claims_value(claims: &Value, path: &str, value: &str) -> bool {
    let is_it = |found: &Value| match found {
        Value::String(text) => text == value,
        Value::Array(list) => list.iter().any(|item| item.as_str() == Some(value)),
        _ => false,
    };
    let Some(fields) = claims.as_object() else {
        return false;
    };
    // A claim's own name may have dots, as those that are addresses do.
    let has_whole = fields.get(path).is_some_and(is_it);
    let mut dots = path.match_indices('.');
    has_whole
        || dots.any(|(dot, _)| {
            let inner = fields.get(&path[..dot]);
            inner.is_some_and(|inner| claims_value(inner, &path[dot + 1..], value))
        })
}

fn object<'a>(at: &str, value: &'a Value) -> Result<&'a Map<String, Value>, String> {
    let object = value.as_object();
    object.ok_or_else(|| format!("{at} must be an object"))
}

/// Refuses misspelt fields: a rule that says less than was meant must not count.
fn only(at: &str, fields: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(other) => Err(format!(
            "{at} has an unknown field {other:?}; known are {}",
            known.join(", ")
        )),
        None => Ok(()),
    }
}

fn text<'a>(
    at: &str,
    fields: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a str>, String> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(other) => Err(format!(
            "{at}.{name} must be a text that is not empty, got {other}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(rules: Value) -> Policy {
        Policy::parse(json!({ "rules": rules }).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_greatest_role_that_fits_counts() {
        let policy = policy(json!([
            {"subject": "system:serviceaccount:city:desk", "role": "editor"},
            {"subject": "system:serviceaccount:city:*", "role": "reader"},
            {"claim": "groups", "value": "owners", "role": "admin"},
            {"claim": "realm.roles", "value": "write", "role": "editor"},
            {"claim": "https://city.example/role", "value": "write", "role": "editor"},
            {"certificate": "spiffe://city.example/*", "role": "reader"},
            {"certificate": "Desk.City.Example", "role": "editor"},
        ]));
        let none = json!({});
        for (subject, claims, role) in [
            ("system:serviceaccount:city:desk", &none, Some(Role::Editor)),
            (
                "system:serviceaccount:city:other",
                &none,
                Some(Role::Reader),
            ),
            ("system:serviceaccount:citys:desk", &none, None),
            ("desk.city.example", &none, None),
            ("spiffe://city.example/desk", &none, None),
            ("a", &json!({"groups": "owners"}), Some(Role::Admin)),
            ("a", &json!({"groups": ["x", "owners"]}), Some(Role::Admin)),
            ("a", &json!({"groups": "owners of all"}), None),
            ("a", &json!({"groups": {"owners": "owners"}}), None),
            ("a", &json!({"groups": [["owners"]]}), None),
            (
                "a",
                &json!({"realm": {"roles": ["write"]}}),
                Some(Role::Editor),
            ),
            ("a", &json!({"realm.roles": "write"}), Some(Role::Editor)),
            ("a", &json!({"realm": "write", "roles": "write"}), None),
            (
                "a",
                &json!({"https://city.example/role": "write"}),
                Some(Role::Editor),
            ),
        ] {
            assert_eq!(policy.of_token(subject, claims), role, "{subject} {claims}");
        }
        for (name, role) in [
            ("spiffe://city.example/desk", Some(Role::Reader)),
            ("spiffe://city.example.org/desk", None),
            ("desk.city.example", Some(Role::Editor)),
            ("system:serviceaccount:city:desk", None),
        ] {
            assert_eq!(policy.of_names(&[name.into()]), role, "{name}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (file, fault) in [
            ("", "EOF while parsing"),
            ("[]", "the file must be an object"),
            (r#"{"rule": []}"#, r#"the file has an unknown field "rule""#),
            ("{}", "rules must be a list"),
            (r#"{"rules": []}"#, "rules is empty"),
            (r#"{"rules": [1]}"#, "rules[0] must be an object"),
            (r#"{"rules": [{"subject": "a"}]}"#, "rules[0] has no role"),
            (
                r#"{"rules": [{"subject": "a", "role": "Admin"}]}"#,
                r#"rules[0].role must be reader, editor or admin, got "Admin""#,
            ),
            (
                r#"{"rules": [{"subject": "", "role": "admin"}]}"#,
                "rules[0].subject must be a text that is not empty",
            ),
            (
                r#"{"rules": [{"subject": "*", "role": "reader"}, {"subject": "a*b", "role": "admin"}]}"#,
                r#"rules[1].subject may have one *, at its end, for all that begin so; got "a*b""#,
            ),
            (
                r#"{"rules": [{"subject": "a**", "role": "reader"}]}"#,
                "rules[0].subject may have one *",
            ),
            (
                r#"{"rules": [{"certificate": "*.city.example", "role": "reader"}]}"#,
                "rules[0].certificate may have one *, at its end",
            ),
            (
                r#"{"rules": [{"subject": "a", "role": "reader"}, {"subjct": "a", "role": "admin"}]}"#,
                r#"rules[1] has an unknown field "subjct""#,
            ),
            (
                r#"{"rules": [{"role": "admin"}]}"#,
                "rules[0] must have one of subject, claim with value, and certificate",
            ),
            (
                r#"{"rules": [{"claim": "groups", "role": "admin"}]}"#,
                "rules[0] must have one of",
            ),
            (
                r#"{"rules": [{"subject": "a", "claim": "b", "value": "c", "role": "admin"}]}"#,
                "rules[0] must have one of",
            ),
        ] {
            let said = Policy::parse(file.as_bytes()).unwrap_err();
            assert!(said.contains(fault), "{file}: {said}");
        }
    }
}
