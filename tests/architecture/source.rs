//! Reads a source file just well enough to see which modules and crates it names, and where.

use std::iter::Peekable;
use std::str::CharIndices;

/// One word or sign of a source text; comments, strings, characters and lifetimes are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// What the rules need to know of a file.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Modules of the crate that are named, however they are reached.
    pub(crate) modules: Vec<Token>,
    /// All other words, but of a path only its first and the capitalised ones.
    pub(crate) words: Vec<Token>,
    /// `use` of several of the crate's paths at once, or of the crate's root.
    pub(crate) lumped: Vec<usize>,
    /// Lines that are not compiled only for tests.
    pub(crate) lines: usize,
    /// Files that are compiled only for tests: `#[cfg(test)] mod name;`.
    pub(crate) test_modules: Vec<String>,
    test_lines: Vec<std::ops::RangeInclusive<usize>>,
}

impl Source {
    /// Reads `text`, whose module lies `depth` modules below the crate's root.
    pub(crate) fn read(text: &str, depth: usize) -> Self {
        let tokens = tokens(text);
        let mut source = Self::default();
        source.find_tests(&tokens);
        source.find_paths(&tokens, depth);
        let all = text.lines().count();
        let tests: usize =
            source.test_lines.iter().map(|lines| lines.end() - lines.start() + 1).sum();
        source.lines = all - tests;
        source
    }

    /// Counts the whole file as compiled only for tests.
    pub(crate) fn is_only_for_tests(&mut self) {
        self.lines = 0;
        self.test_lines = vec![1..=usize::MAX];
    }

    /// Whether a line is compiled only for tests.
    pub(crate) fn is_test(&self, line: usize) -> bool {
        self.test_lines.iter().any(|lines| lines.contains(&line))
    }

    fn find_tests(&mut self, tokens: &[Token]) {
        let mut at = 0;
        while at < tokens.len() {
            if !starts(tokens, at, &["#", "[", "cfg", "(", "test", ")", "]"]) {
                at += 1;
                continue;
            }
            let end = end_of_item(tokens, at + 7);
            let item: Vec<&str> =
                tokens[at..=end].iter().map(|token| token.text.as_str()).collect();
            if let [.., "mod", name, ";"] = item.as_slice() {
                self.test_modules.push((*name).to_owned());
            }
            self.test_lines.push(tokens[at].line..=tokens[end].line);
            at = end + 1;
        }
    }

    fn find_paths(&mut self, tokens: &[Token], depth: usize) {
        let mut braces: Vec<bool> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).map_or("", |before| tokens[before].text.as_str());
            match token.text.as_str() {
                "{" => braces.push(opens_module(tokens, at)),
                "}" => drop(braces.pop()),
                "crate" | "countersign" if starts(tokens, at + 1, &["::"]) => {
                    self.name(tokens, at + 2);
                    if before == "use" && is_lumped(tokens, at) {
                        self.lumped.push(token.line);
                    }
                }
                "super" if !(before == "::" && tokens[at - 2].text == "super") => {
                    let mut ups = 1;
                    while starts(tokens, at + 2 * ups - 1, &["::", "super"]) {
                        ups += 1;
                    }
                    let below = depth + braces.iter().filter(|module| **module).count();
                    if ups == below && starts(tokens, at + 2 * ups - 1, &["::"]) {
                        self.name(tokens, at + 2 * ups);
                    }
                }
                text if before != "::" || text.starts_with(char::is_uppercase) => {
                    self.words.push(token.clone());
                }
                _ => {}
            }
        }
    }

    fn name(&mut self, tokens: &[Token], at: usize) {
        let is_word =
            |token: &&Token| token.text.starts_with(|c: char| c == '_' || c.is_alphabetic());
        self.modules.extend(tokens.get(at).filter(is_word).cloned());
    }
}

fn starts(tokens: &[Token], at: usize, with: &[&str]) -> bool {
    with.iter()
        .enumerate()
        .all(|(step, text)| tokens.get(at + step).is_some_and(|token| token.text == *text))
}

fn opens_module(tokens: &[Token], brace: usize) -> bool {
    brace >= 2 && tokens[brace - 2].text == "mod"
}

/// Whether a `use` that begins at `crate` names more than one path, or the root itself.
fn is_lumped(tokens: &[Token], at: usize) -> bool {
    let statement = tokens[at..].iter().take_while(|token| token.text != ";");
    let mut texts = statement.map(|token| token.text.as_str());
    let root = texts.nth(2).is_none_or(|first| first == "*");
    root || tokens[at..].iter().take_while(|token| token.text != ";").any(|token| token.text == "{")
}

/// The last token of the item that begins at `from`, attributes included.
fn end_of_item(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth -= 1,
            "}" if depth == 1 => return at,
            "}" => depth -= 1,
            ";" if depth == 0 => return at,
            _ => {}
        }
    }
    tokens.len() - 1
}

/// The words and signs of `text`.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut reader = Reader { text, chars: text.char_indices().peekable(), line: 1 };
    let mut tokens = Vec::new();
    while let Some((at, c)) = reader.next() {
        let line = reader.line;
        let found = match c {
            '/' if reader.sees("/") => reader.skip_line(),
            '/' if reader.sees("*") => reader.skip_block(),
            '"' => reader.skip_string(),
            '\'' => reader.skip_quote(),
            c if c == '_' || c.is_alphanumeric() => reader.word(at),
            ':' if reader.sees(":") => {
                reader.next();
                Some("::".to_owned())
            }
            c if c.is_whitespace() => None,
            c => Some(c.to_string()),
        };
        tokens.extend(found.map(|text| Token { text, line }));
    }
    tokens
}

struct Reader<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    line: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<(usize, char)> {
        let next = self.chars.next()?;
        self.line += usize::from(next.1 == '\n');
        Some(next)
    }

    fn rest(&mut self) -> &str {
        let at = self.chars.peek().map_or(self.text.len(), |(at, _)| *at);
        &self.text[at..]
    }

    fn sees(&mut self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    fn skip(&mut self, chars: usize) {
        for _ in 0..chars {
            self.next();
        }
    }

    fn skip_past(&mut self, end: &str) {
        while !self.sees(end) && self.next().is_some() {}
        self.skip(end.len());
    }

    fn skip_line(&mut self) -> Option<String> {
        while self.chars.peek().is_some_and(|(_, c)| *c != '\n') {
            self.next();
        }
        None
    }

    fn skip_block(&mut self) -> Option<String> {
        self.next();
        let mut depth = 1;
        while depth > 0 {
            if self.sees("/*") {
                depth += 1;
                self.skip(2);
            } else if self.sees("*/") {
                depth -= 1;
                self.skip(2);
            } else if self.next().is_none() {
                break;
            }
        }
        None
    }

    fn skip_string(&mut self) -> Option<String> {
        while let Some((_, c)) = self.next() {
            match c {
                '\\' => drop(self.next()),
                '"' => break,
                _ => {}
            }
        }
        None
    }

    /// A character, or the tick of a lifetime (whose name then reads as a word).
    fn skip_quote(&mut self) -> Option<String> {
        if self.sees("\\") {
            self.skip(2);
            self.skip_past("'");
        } else if self.rest().chars().nth(1) == Some('\'') {
            self.skip(2);
        }
        None
    }

    fn word(&mut self, from: usize) -> Option<String> {
        while self.chars.peek().is_some_and(|(_, c)| *c == '_' || c.is_alphanumeric()) {
            self.next();
        }
        let to = self.chars.peek().map_or(self.text.len(), |(at, _)| *at);
        let word = self.text[from..to].to_owned();
        if !matches!(word.as_str(), "r" | "br" | "cr") {
            return Some(word);
        }
        let hashes = self.rest().chars().take_while(|c| *c == '#').count();
        if self.rest().chars().nth(hashes) != Some('"') {
            return Some(word);
        }
        self.skip(hashes + 1);
        self.skip_past(&format!("\"{}", "#".repeat(hashes)));
        None
    }
}
