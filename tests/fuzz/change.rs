//! Samples, changed: bits, bytes, pieces and numbers, and words that parsers look for.

const WORDS: [&[u8]; 24] = [
    b"\0",
    b"\xff",
    b"\xc0\xaf",
    b"\r\n",
    b"\r\n\r\n",
    b"--",
    b"%00",
    b"%2f",
    b"%",
    b"&",
    b"=",
    b"\"",
    b"\\u0000",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"-1",
    b"18446744073709551616",
    b"1e999",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
];

/// An endless row of changed samples, the same for the same seed.
pub struct Changes<'s> {
    samples: &'s [Vec<u8>],
    state: u64,
}

impl<'s> Changes<'s> {
    pub fn new(seed: u64, samples: &'s [Vec<u8>]) -> Self {
        assert!(!samples.is_empty());
        Self { samples, state: seed | 1 }
    }

    /// A number below `end` (xorshift64*).
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let mixed = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(mixed).unwrap() % end.max(1)
    }

    pub fn next(&mut self) -> Vec<u8> {
        let sample = self.below(self.samples.len());
        let mut input = self.samples.get(sample).unwrap().clone();
        for _ in 0..=self.below(6) {
            self.change(&mut input);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let upto = at + self.below((input.len() - at).min(64) + 1);
        match self.below(7) {
            0 => {
                let bit = self.below(8);
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            1 => drop(input.drain(at..upto)),
            2 => {
                let piece = input.get(at..upto).unwrap().to_vec();
                let times = 1 + self.below(if piece.len() < 4 { 200 } else { 3 });
                input.splice(at..at, piece.repeat(times));
            }
            3 => {
                let word = WORDS.get(self.below(WORDS.len())).unwrap();
                input.splice(at..upto.min(at + word.len()), word.iter().copied());
            }
            4 => {
                let byte = u8::try_from(self.below(256)).unwrap();
                input.insert(at, byte);
            }
            5 => {
                let other = self.below(self.samples.len());
                let other = self.samples.get(other).unwrap().clone();
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(other.get(from..).unwrap());
            }
            _ => input.truncate(at),
        }
    }
}
