//! Lists in pages: `limit` (1 to 100, 20 without it) and `cursor`.

use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

const USUAL: usize = 20;
const MOST: usize = 100;

/// The part of a list that a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    limit: usize,
    from: usize,
}

/// `limit` or `cursor` cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAPage;

impl Page {
    /// Everything up to the longest page, from the beginning.
    pub(super) const FIRST: Self = Self { limit: MOST, from: 0 };

    /// What a tool's arguments ask for; what else stands in them is ignored.
    pub(super) fn of_arguments(arguments: &Map<String, Value>) -> Result<Self, NotAPage> {
        let limit = match arguments.get("limit") {
            None => USUAL,
            Some(limit) => {
                let limit = limit.as_u64().ok_or(NotAPage)?;
                usize::try_from(limit).map_err(|_| NotAPage)?
            }
        };
        let from = match arguments.get("cursor") {
            None => 0,
            Some(cursor) => cursor.as_str().and_then(position).ok_or(NotAPage)?,
        };
        Self { limit, from }.checked()
    }

    /// Reads the query; what else stands in it is ignored.
    pub(super) fn read(query: Option<&str>) -> Result<Self, NotAPage> {
        let mut page = Self { limit: USUAL, from: 0 };
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match key.as_ref() {
                "limit" => page.limit = value.parse().map_err(|_| NotAPage)?,
                "cursor" => page.from = position(&value).ok_or(NotAPage)?,
                _ => {}
            }
        }
        page.checked()
    }

    fn checked(self) -> Result<Self, NotAPage> {
        if (1..=MOST).contains(&self.limit) { Ok(self) } else { Err(NotAPage) }
    }

    /// That part of `all`, with where it goes on.
    pub(super) fn of<T: Serialize>(self, all: &[T]) -> Value {
        let items: Vec<&T> = all.iter().skip(self.from).take(self.limit).collect();
        let next = self.from.saturating_add(self.limit);
        let has_more = next < all.len();
        let next_cursor = has_more.then(|| format!("c{next}"));
        json!({ "items": items, "has_more": has_more, "next_cursor": next_cursor })
    }
}

fn position(cursor: &str) -> Option<usize> {
    cursor.strip_prefix('c')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn following_the_cursor_shows_everything_once() {
        let all: Vec<u32> = (0..7).collect();
        let mut seen = Vec::new();
        let mut query = "limit=3".to_owned();
        loop {
            let page = Page::read(Some(&query)).unwrap().of(&all);
            seen.extend(page["items"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()));
            assert_eq!(page["has_more"].as_bool().unwrap(), page["next_cursor"].is_string());
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("limit=3&cursor={cursor}");
        }
        assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_limit_or_cursor_out_of_bounds_is_refused() {
        for query in ["limit=0", "limit=101", "limit=x", "limit=", "cursor=3", "cursor=c-1"] {
            assert_eq!(Page::read(Some(query)), Err(NotAPage), "{query}");
        }
        let far = Page::read(Some(&format!("cursor=c{}", usize::MAX))).unwrap().of(&[1]);
        assert_eq!(far["items"].as_array().unwrap().len(), 0);
        assert_eq!(far["has_more"], false);
    }
}
