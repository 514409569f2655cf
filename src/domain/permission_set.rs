//! Sets of a catalogue's permissions, by their numbers: what the gate reckons with at every use.

/// A set of small numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionSet(Vec<u64>);

impl PermissionSet {
    /// Adds a number.
    pub fn insert(&mut self, number: usize) {
        let (word, bit) = place(number);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= bit;
        }
    }

    /// Whether a number is in it.
    #[must_use]
    pub fn contains(&self, number: usize) -> bool {
        let (word, bit) = place(number);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (bits, more) in self.0.iter_mut().zip(&other.0) {
            *bits |= more;
        }
    }

    /// Keeps what is in `other` too.
    pub fn retain(&mut self, other: &Self) {
        let theirs = other.0.iter().copied().chain(std::iter::repeat(0));
        for (bits, both) in self.0.iter_mut().zip(theirs) {
            *bits &= both;
        }
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|bits| *bits == 0)
    }

    /// The numbers in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(word, bits)| {
            let mut left = *bits;
            std::iter::from_fn(move || {
                let lowest = left.trailing_zeros() as usize;
                left &= left.checked_sub(1)?;
                Some(word * 64 + lowest)
            })
        })
    }
}

impl FromIterator<usize> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        let mut set = Self::default();
        numbers.into_iter().for_each(|number| set.insert(number));
        set
    }
}

const fn place(number: usize) -> (usize, u64) {
    (number / 64, 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[usize]) -> PermissionSet {
        numbers.iter().copied().collect()
    }

    #[test]
    fn numbers_come_back_in_order() {
        let numbers: Vec<usize> = set(&[200, 3, 63, 64, 0, 3]).iter().collect();
        assert_eq!(numbers, [0, 3, 63, 64, 200]);
        assert!(set(&[64]).contains(64) && !set(&[64]).contains(0) && !set(&[]).contains(700));
    }

    #[test]
    fn sets_of_any_two_sizes_meet() {
        let mut both = set(&[1, 2, 130]);
        both.retain(&set(&[2, 3]));
        assert_eq!(both.iter().collect::<Vec<_>>(), [2]);
        both.retain(&set(&[]));
        assert!(both.is_empty());
        both.extend(&set(&[130]));
        assert!(!both.is_empty() && both.contains(130));
    }
}
