//! Rules: what a key accepts, and how a value becomes the type that the program works with.

use figment::value::Value;
use toml::de::DeValue;

use crate::config::fault::Wrong;
use crate::config::value::from_toml;
use crate::config::value::shown;
use crate::config::value::whole;

/// What a key accepts.
pub(super) trait Rule {
    /// What an accepted value becomes.
    type Output;

    /// How text from the environment or a flag is to be read.
    fn shape(&self) -> Shape;

    /// The bounds, in words for the documentation.
    fn bounds(&self) -> Option<String> {
        None
    }

    /// Reads a value.
    fn read(&self, value: &Value) -> Result<Self::Output, Vec<Wrong>>;
}

/// The TOML type of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Whole,
    Switch,
    List,
}

impl Shape {
    /// The value that a text from the environment or a flag stands for. What does not fit stays
    /// text, which the rule then refuses with its own words.
    pub(super) fn value(self, text: &str) -> Value {
        let as_text = || Value::from(text);
        match self {
            Self::Text => as_text(),
            Self::Whole => text.trim().parse::<i64>().map_or_else(|_| as_text(), Value::from),
            Self::Switch => text.trim().parse::<bool>().map_or_else(|_| as_text(), Value::from),
            Self::List => Self::list(text),
        }
    }

    /// A list as in TOML, or else its items with commas between. (`[::1]:8443` is an item.)
    fn list(text: &str) -> Value {
        let as_toml = DeValue::parse(text.trim()).ok().filter(|value| value.get_ref().is_array());
        if let Some(list) = as_toml {
            return from_toml(list.get_ref());
        }
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        Value::from(items.map(Value::from).collect::<Vec<_>>())
    }
}

/// A whole number within bounds.
pub(super) struct Count<T> {
    least: u32,
    most: u32,
    into: std::marker::PhantomData<T>,
}

/// A whole number from `least` to `most`, both included.
pub(super) fn count<T>(least: u32, most: u32) -> Count<T> {
    Count { least, most, into: std::marker::PhantomData }
}

impl<T: TryFrom<i128>> Rule for Count<T> {
    type Output = T;

    fn shape(&self) -> Shape {
        Shape::Whole
    }

    fn bounds(&self) -> Option<String> {
        Some(format!("{} to {}", self.least, self.most))
    }

    fn read(&self, value: &Value) -> Result<T, Vec<Wrong>> {
        let fix = format!("give {} to {}", self.least, self.most);
        let Some(number) = whole(value) else {
            return Err(vec![Wrong::new(format!("{} is not a whole number", shown(value)), fix)]);
        };
        if (i128::from(self.least)..=i128::from(self.most)).contains(&number)
            && let Ok(number) = number.try_into()
        {
            return Ok(number);
        }
        let side = if number < i128::from(self.least) { "small" } else { "large" };
        Err(vec![Wrong::new(format!("{number} is too {side}"), fix)])
    }
}

/// `true` or `false`.
pub(super) struct Switch;

impl Rule for Switch {
    type Output = bool;

    fn shape(&self) -> Shape {
        Shape::Switch
    }

    fn read(&self, value: &Value) -> Result<bool, Vec<Wrong>> {
        match value {
            Value::Bool(_, on) => Ok(*on),
            _ => {
                let problem = format!("{} is neither true nor false", shown(value));
                Err(vec![Wrong::new(problem, "write true or false without quotes")])
            }
        }
    }
}

/// One of a few words.
pub(super) struct Choice<T: 'static>(pub(super) &'static [(&'static str, T)]);

impl<T: Copy> Rule for Choice<T> {
    type Output = T;

    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn bounds(&self) -> Option<String> {
        Some(self.words())
    }

    fn read(&self, value: &Value) -> Result<T, Vec<Wrong>> {
        let chosen = value.as_str().and_then(|word| self.0.iter().find(|(name, _)| *name == word));
        chosen.map(|(_, choice)| *choice).ok_or_else(|| {
            let problem = format!("{} is no choice here", shown(value));
            vec![Wrong::new(problem, format!("write {}", self.words()))]
        })
    }
}

impl<T> Choice<T> {
    fn words(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        match words.split_last() {
            Some((last, first)) if !first.is_empty() => format!("{} or {last}", first.join(", ")),
            _ => words.concat(),
        }
    }
}

/// Text that is read by a function.
pub(super) struct Text<T>(pub(super) fn(&str) -> Result<T, Wrong>);

impl<T> Rule for Text<T> {
    type Output = T;

    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn read(&self, value: &Value) -> Result<T, Vec<Wrong>> {
        match value.as_str() {
            Some(text) => self.0(text).map_err(|wrong| vec![wrong]),
            None => {
                Err(vec![Wrong::new(format!("{} is not text", shown(value)), "put it in quotes")])
            }
        }
    }
}

/// A list, each item by the same rule; no item stands twice.
pub(super) struct List<R>(pub(super) R);

impl<R: Rule> Rule for List<R> {
    type Output = Vec<R::Output>;

    fn shape(&self) -> Shape {
        Shape::List
    }

    fn bounds(&self) -> Option<String> {
        self.0.bounds()
    }

    fn read(&self, value: &Value) -> Result<Self::Output, Vec<Wrong>> {
        let Value::Array(_, items) = value else {
            let problem = format!("{} is not a list", shown(value));
            return Err(vec![Wrong::new(problem, format!("write [{}]", shown(value)))]);
        };
        let mut read = Vec::new();
        let mut wrongs = Vec::new();
        for (at, item) in items.iter().enumerate() {
            match self.0.read(item) {
                Ok(output) => read.push(output),
                Err(wrong) => wrongs.extend(wrong),
            }
            if items.iter().take(at).any(|earlier| earlier == item) {
                wrongs.push(Wrong::new(format!("{} stands twice", shown(item)), "keep one"));
            }
        }
        if wrongs.is_empty() { Ok(read) } else { Err(wrongs) }
    }
}

/// A list with at least one item.
pub(super) struct OneOrMore<R>(pub(super) R);

impl<R: Rule> Rule for OneOrMore<R> {
    type Output = Vec<R::Output>;

    fn shape(&self) -> Shape {
        Shape::List
    }

    fn bounds(&self) -> Option<String> {
        self.0.bounds()
    }

    fn read(&self, value: &Value) -> Result<Self::Output, Vec<Wrong>> {
        match value {
            Value::Array(_, items) if items.is_empty() => {
                Err(vec![Wrong::new("the list is empty", "give at least one")])
            }
            _ => List(&self.0).read(value),
        }
    }
}

impl<R: Rule> Rule for &R {
    type Output = R::Output;

    fn shape(&self) -> Shape {
        (*self).shape()
    }

    fn bounds(&self) -> Option<String> {
        (*self).bounds()
    }

    fn read(&self, value: &Value) -> Result<Self::Output, Vec<Wrong>> {
        (*self).read(value)
    }
}
