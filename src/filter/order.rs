//! Orders of a list (AIP-132): an allow-list, each order backed by an index.

use crate::error::{Reason, Violation};

/// An order that a list may ask for. Every order ends in `name`.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// As in the proto: `publication.publish_date`.
    pub path: &'static str,
    /// The columns before `name`, none of them ever null.
    pub keys: &'static [Key],
}

/// A column that orders, with its type.
#[derive(Clone, Copy, Debug)]
pub enum Key {
    Text(&'static str),
    Number(&'static str),
    Date(&'static str),
    Time(&'static str),
}

impl Key {
    pub fn column(self) -> &'static str {
        match self {
            Self::Text(column) | Self::Number(column) | Self::Date(column) | Self::Time(column) => {
                column
            }
        }
    }

    /// The type that its text is read as, in SQL.
    pub fn cast(self) -> &'static str {
        match self {
            Self::Text(_) => "text collate \"C\"",
            Self::Number(_) => "numeric",
            Self::Date(_) => "date",
            Self::Time(_) => "timestamptz",
        }
    }
}

/// An order as it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct AskedOrder {
    pub order: &'static Order,
    pub is_descending: bool,
}

impl AskedOrder {
    /// One form for every way of asking for the same order.
    pub fn canonical(&self) -> String {
        format!(
            "{}{}",
            self.order.path,
            if self.is_descending { " desc" } else { "" }
        )
    }
}

/// Reads `order_by`: a path, and `asc` or `desc`. Empty: the first of the orders.
pub fn parse(orders: &'static [Order], order_by: &str) -> Result<AskedOrder, Violation> {
    let mut words = order_by.split_whitespace();
    let path = words.next().unwrap_or("name");
    let direction = words.next();
    let found = orders.iter().find(|order| order.path == path);
    let is_descending = match direction {
        None | Some("asc") => Some(false),
        Some("desc") => Some(true),
        Some(_) => None,
    };
    match (found, is_descending, words.next()) {
        (Some(order), Some(is_descending), None) => Ok(AskedOrder {
            order,
            is_descending,
        }),
        _ => {
            let allowed: Vec<_> = orders.iter().map(|order| order.path).collect();
            let (got, allowed) = (Violation::shown(order_by), allowed.join(", "));
            let description = format!("must be one of {allowed}, with asc or desc, got {got}");
            Err(Violation::new(
                Reason::OrderInvalid,
                "order_by",
                description,
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: &[Order] = &[
        Order {
            path: "name",
            keys: &[],
        },
        Order {
            path: "create_time",
            keys: &[Key::Time("create_time")],
        },
    ];

    #[test]
    fn orders_are_of_the_list_and_have_one_form() {
        let canonical = |order_by| parse(ORDERS, order_by).map(|asked| asked.canonical()).ok();
        assert_eq!(canonical("").as_deref(), Some("name"));
        assert_eq!(
            canonical(" create_time  asc ").as_deref(),
            Some("create_time")
        );
        assert_eq!(
            canonical("create_time desc").as_deref(),
            Some("create_time desc")
        );
        for bad in [
            "headline",
            "name DESC",
            "name desc desc",
            "name, create_time",
            "name,",
        ] {
            assert_eq!(canonical(bad), None, "{bad}");
        }
    }
}
