//! Numbers drawn from a seed: the same seed, stream and index, the same numbers.

/// splitmix64.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// Each kind of record has a stream of its own, each record an index in it.
    pub fn new(seed: u64, stream: u64, index: u64) -> Self {
        let mut draw = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ stream.rotate_left(56));
        let start = draw.next().wrapping_add(index);
        Self(Self(start).next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of `count` numbers, each as likely.
    pub fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    pub fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `count` numbers, small ones more likely: the first comes up once in √count draws, the
    /// last once in 2·count.
    pub fn rank(&mut self, count: usize) -> usize {
        let unit = self.unit();
        ((count as f64 * unit * unit) as usize).min(count.saturating_sub(1))
    }

    /// One of `count` numbers, as likely as its rank is low: Zipf's law, as words follow it.
    pub fn zipf(&mut self, count: usize) -> usize {
        let unit = self.unit();
        (((count + 1) as f64).powf(unit) as usize - 1).min(count.saturating_sub(1))
    }

    pub fn of<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
}

/// The place of an index in a shuffled order of `count`, so that exactly `n` of them come before `n`.
pub fn shuffled(seed: u64, stream: u64, index: usize, count: usize) -> usize {
    let mut draw = Draw::new(seed, stream, u64::MAX);
    let offset = draw.below(count);
    let mut step = draw.below(count).max(1);
    while common_divisor(step, count) != 1 {
        step += 1;
    }
    ((index as u128 * step as u128 + offset as u128) % count as u128) as usize
}

fn common_divisor(mut left: usize, mut right: usize) -> usize {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}
