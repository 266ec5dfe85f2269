//! Draws from a seed: the same seed, the same draws on every machine.

/// `SplitMix64`.
pub struct Random(u64);

impl Random {
    /// One of many sequences of a seed.
    pub fn new(seed: u64, sequence: usize) -> Self {
        let mut random = Self(seed);
        let start = random.next() ^ u64::try_from(sequence).unwrap();
        Self(start)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 1).unwrap() % bound
    }

    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub fn of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    /// Up to so many different items, in their order.
    pub fn some<T: Clone>(&mut self, items: &[T], count_max: usize) -> Vec<T> {
        let count = self.below(count_max + 1);
        let mut chosen: Vec<usize> = (0..count).map(|_| self.below(items.len())).collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen.into_iter().map(|at| items[at].clone()).collect()
    }
}
