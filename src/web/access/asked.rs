//! What a list is asked for, from the query of its address.

use crate::http::parameters::Parameters;
use crate::ops::access::AccessFilter;
use crate::ops::access::Kind;
use crate::ops::access::List;
use crate::ops::access::Word;
use crate::view::pages::connect::list::Filter;
use crate::view::pages::connect::list::StatusWord;
use crate::view::pages::parts::access_row::AccessKind;

/// Letters of a name that are looked for.
const LONGEST: usize = 60;

const KINDS: [(&str, Kind, AccessKind); 4] = [
    ("api_credentials", Kind::ApiCredentials, AccessKind::ApiCredentials),
    ("oauth_connection", Kind::OauthConnection, AccessKind::OauthConnection),
    ("api_token", Kind::ApiToken, AccessKind::ApiToken),
    ("oauth_app", Kind::OauthApp, AccessKind::OauthApp),
];

const WORDS: [(&str, Word, StatusWord); 8] = [
    ("active", Word::Active, StatusWord::Active),
    ("idle", Word::Idle, StatusWord::Idle),
    ("expiring", Word::Expiring, StatusWord::Expiring),
    ("expired", Word::Expired, StatusWord::Expired),
    ("rotating", Word::Rotating, StatusWord::Rotating),
    ("revoked", Word::Revoked, StatusWord::Revoked),
    ("needs_reconnecting", Word::NeedsReconnecting, StatusWord::NeedsReconnecting),
    ("review_due", Word::ReviewDue, StatusWord::ReviewDue),
];

/// A query, read: what it does not know means anything.
pub(super) struct Asked {
    /// For the operation.
    pub filter: AccessFilter,
    /// For the page.
    pub shown: Filter,
    /// Where the page lies.
    pub cursor: Option<String>,
    kind: Option<&'static str>,
    status: Option<&'static str>,
}

impl Asked {
    pub(super) fn read(list: List, query: Option<&str>) -> Self {
        let sent = Parameters::of_query(query);
        let list = match list {
            List::ApiCredentials if sent.first("deleted") == "yes" => List::Deleted,
            list => list,
        };
        let text: String = sent.first("q").trim().chars().take(LONGEST).collect();
        let (kind, status) = (sent.first("kind"), sent.first("status"));
        let kind = KINDS.iter().find(|one| list == List::Overview && one.0 == kind);
        let status = WORDS.iter().find(|one| list != List::Deleted && one.0 == status);
        Self {
            filter: AccessFilter {
                list,
                query: text.clone(),
                kind: kind.map(|one| one.1),
                status: status.map(|one| one.1),
            },
            shown: Filter {
                query: text,
                kind: kind.map(|one| one.2),
                status: status.map(|one| one.2),
            },
            cursor: Some(sent.first("cursor")).filter(|text| !text.is_empty()).map(str::to_owned),
            kind: kind.map(|one| one.0),
            status: status.map(|one| one.0),
        }
    }

    /// The same list at `cursor`.
    pub(super) fn at(&self, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if self.filter.list == List::Deleted {
            query.append_pair("deleted", "yes");
        }
        let given =
            [("q", Some(self.shown.query.as_str())), ("kind", self.kind), ("status", self.status)];
        for (name, value) in given {
            query.extend_pairs(value.filter(|value| !value.is_empty()).map(|value| (name, value)));
        }
        query.append_pair("cursor", cursor);
        format!("?{}", query.finish())
    }
}
