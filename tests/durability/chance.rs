//! Chance that can be repeated: everything random in an episode comes from its seed.

use std::sync::Mutex;

use countersign::base::entropy::Entropy;

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    pub const fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// Another one, whose draws do not depend on how many this one makes.
    pub fn branch(&mut self) -> Self {
        Self(self.next())
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    pub fn percent(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        (!from.is_empty()).then(|| &from[self.below(from.len())])
    }
}

/// Chance where the server draws its random bytes.
pub struct Drawn(Mutex<Chance>);

impl Drawn {
    pub const fn from(chance: Chance) -> Self {
        Self(Mutex::new(chance))
    }
}

impl Entropy for Drawn {
    fn fill(&self, out: &mut [u8]) {
        let mut chance = self.0.lock().unwrap();
        for part in out.chunks_mut(8) {
            part.copy_from_slice(&chance.next().to_le_bytes()[..part.len()]);
        }
    }
}
