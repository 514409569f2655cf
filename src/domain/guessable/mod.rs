//! Whether a password is among the first that anybody tries.
//!
//! A password is worth what is left when common words, sequences and repetitions count for little. It is
//! compared with an embedded list (`common.txt`); nothing is asked elsewhere.

use std::collections::HashSet;

const COMMON: &str = include_str!("common.txt");
/// A common word counts as so many characters, however long it is.
const WORD: usize = 3;
const SHORTEST_WORD: usize = 4;
const LONGEST_WORD: usize = 24;
/// What must be left at least.
const ENOUGH: usize = 10;
/// The longest piece that is looked for again behind itself.
const LONGEST_PIECE: usize = 8;

/// Whether `password` is little more than common words, sequences and repetitions.
#[must_use]
pub fn is_guessable(password: &str) -> bool {
    is_made_of(&COMMON.lines().collect(), password)
}

fn is_made_of(words: &HashSet<&str>, password: &str) -> bool {
    let plain: Vec<char> = password.chars().flat_map(char::to_lowercase).collect();
    let read: Vec<char> = plain.iter().copied().map(letter).collect();
    // What is left from each place on, taken apart in the way that counts least.
    let mut left = vec![0; plain.len() + 1];
    for at in (0..plain.len()).rev() {
        let from = |place: usize| left.get(place).copied().unwrap_or_default();
        let alone = from(at + 1) + usize::from(!is_expected(&plain, at));
        let by_words = lengths(words, &plain, at).chain(lengths(words, &read, at));
        let least = by_words.map(|length| from(at + length) + WORD).fold(alone, usize::min);
        if let Some(place) = left.get_mut(at) {
            *place = least;
        }
    }
    left.first().is_none_or(|worth| *worth < ENOUGH)
}

/// The letter that a digit or sign is often written for.
const fn letter(sign: char) -> char {
    match sign {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// The lengths of the common words that begin at `at`.
fn lengths(words: &HashSet<&str>, text: &[char], at: usize) -> impl Iterator<Item = usize> {
    let mut word = String::new();
    let letters = text.iter().skip(at).take(LONGEST_WORD).enumerate();
    letters.filter_map(move |(before, letter)| {
        word.push(*letter);
        let length = before + 1;
        (length >= SHORTEST_WORD && words.contains(word.as_str())).then_some(length)
    })
}

/// Whether the character at `at` goes on with a sequence, or with a piece that was there before.
fn is_expected(text: &[char], at: usize) -> bool {
    let step = |at: usize| {
        let (before, here) = (text.get(at.checked_sub(1)?)?, text.get(at)?);
        let step = i64::from(u32::from(*here)) - i64::from(u32::from(*before));
        (-1..=1).contains(&step).then_some(step)
    };
    let goes_on = step(at).is_some() && at > 0 && step(at) == step(at - 1);
    let same = |at: usize, back: usize| {
        at.checked_sub(back).is_some_and(|before| text.get(before) == text.get(at))
    };
    let repeats = |back: usize| same(at, back) && at > 0 && same(at - 1, back);
    goes_on || (2..=LONGEST_PIECE).any(repeats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anybody_tries_first_is_guessable() {
        for common in [
            "password1234",
            "Passw0rd2024",
            "P@ssword!!!!",
            "aaaaaaaaaaaa",
            "123456789012",
            "qwertyuiopas",
            "abcdefghijkl",
            "zyxwvutsrqpo",
            "abcabcabcabc",
            "a1b2a1b2a1b2",
            "dragonmonkey",
            "iloveyou2024",
            "MonkeyDragon1",
            "sunshine!!!!",
            "1234567890-=",
            "qwerty123456",
            "letmeinletmein",
            "trustno1trustno1",
            "111111222222",
            "passwordpasswordpassword",
            "administrator1",
            "aAaAaAaAaAaAaAaA",
            "secureConnect",
            "fktrcfylhfktrcfylh",
        ] {
            assert!(is_guessable(common), "{common}");
        }
    }

    #[test]
    fn what_has_enough_of_its_own_is_not() {
        for good in [
            "correct horse battery staple",
            "vaeghohZ7aiX",
            "tükör-fúró-gép 7 és egyéb holmik",
            "quiet-lantern-over-nine-boats",
            "xK9-monkey-Qw4v",
            "Zt7!kPq2#mLw",
            "aaaaaaaaaaaa-vaeghohZ7",
            "短い夜に長い夢を見た人々",
        ] {
            assert!(!is_guessable(good), "{good}");
        }
    }

    #[test]
    fn every_word_of_the_list_is_guessable_by_itself_and_twice() {
        let words: HashSet<&str> = COMMON.lines().collect();
        assert!(words.len() > 5_000);
        for word in COMMON.lines().step_by(11) {
            assert!(is_made_of(&words, word) && is_made_of(&words, &word.repeat(2)), "{word}");
        }
    }
}
