//! What somebody meant who wrote a name that does not exist.

use crate::config::fault::Wrong;

const ALIKE: f64 = 0.6;

/// A key that once had another name.
pub(super) struct Renamed {
    pub(super) old: &'static str,
    pub(super) new: &'static str,
}

/// Keys that were renamed, newest first. None so far.
pub(super) const RENAMED: &[Renamed] = &[];

/// The fault for a name that is none of `known`; `spell` writes a suggestion the way it is
/// given (a variable is suggested as a variable).
pub(super) fn unknown<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str>,
    renamed: &[Renamed],
    spell: impl Fn(&str) -> String,
) -> Wrong {
    if let Some(renamed) = renamed.iter().find(|renamed| renamed.old == name) {
        let fix = format!("write {}", spell(renamed.new));
        return Wrong::new(format!("it is called {} now", renamed.new), fix);
    }
    let fix = match closest(name, known) {
        Some(meant) => format!("did you mean {}?", spell(meant)),
        None => "remove it; config.toml.example shows every key".to_owned(),
    };
    Wrong::new("there is no such key", fix)
}

/// The most similar of `known`, if any is similar: in all, or in its last part.
pub(super) fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let score = |candidate: &str| {
        let whole = strsim::normalized_damerau_levenshtein(name, candidate);
        let end = strsim::normalized_damerau_levenshtein(&last(name), &last(candidate));
        // The last part decides little by itself, and the whole decides between equal ends.
        whole.max(0.8 * end + 0.2 * whole)
    };
    known
        .map(|candidate| (score(candidate), candidate))
        .filter(|(score, _)| *score >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["server.listen", "tls.mode", "log.level", "tokens.refresh"];

    fn fix(name: &str) -> String {
        unknown(name, KNOWN.into_iter(), RENAMED, str::to_owned).fix
    }

    #[test]
    fn a_misspelt_or_misplaced_key_is_recognised() {
        assert_eq!(fix("server.lisen"), "did you mean server.listen?");
        assert_eq!(fix("servr.listen"), "did you mean server.listen?");
        assert_eq!(fix("listen"), "did you mean server.listen?");
        assert_eq!(fix("logging.level"), "did you mean log.level?");
    }

    #[test]
    fn nothing_is_suggested_for_a_key_like_no_other() {
        assert_eq!(fix("colour"), "remove it; config.toml.example shows every key");
    }

    #[test]
    fn a_renamed_key_explains_itself() {
        let renamed = [Renamed { old: "server.bind", new: "server.listen" }];
        let wrong = unknown("server.bind", KNOWN.into_iter(), &renamed, str::to_owned);
        let told = Wrong::new("it is called server.listen now", "write server.listen");
        assert_eq!(wrong, told);
    }
}
