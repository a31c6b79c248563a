//! A small seeded generator (xoshiro256++, seeded by splitmix64).
//!
//! It stands alone so that a seed means the same image on every machine and in every release: the standard library
//! promises no generator, and a crate's may change. It refuses to be seeded from the clock.

/// The generator; cloning it repeats the same draws.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
}

/// One step of splitmix64, also used to derive a seed from a seed and a purpose.
pub fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Random {
    /// A generator whose draws depend on `seed` only.
    pub fn new(seed: u64) -> Random {
        let mut state = [0; 4];
        let mut z = seed;
        for word in &mut state {
            *word = mix(z);
            z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
        }
        Random { state }
    }

    /// 64 uniform bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let shifted = b << 17;
        let c = c ^ a;
        let d = d ^ b;
        self.state = [a ^ d, b ^ c, c ^ shifted, d.rotate_left(45)];
        result
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 * (1.0 / (1u64 << 24) as f32)
    }

    /// Uniform in `[low, high)`.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Uniform in `low..=high`.
    pub fn count(&mut self, low: usize, high: usize) -> usize {
        low + (self.bits() % (high - low + 1) as u64) as usize
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// One of the choices, each as likely; the slice must not be empty.
    pub fn choose<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[(self.bits() % choices.len() as u64) as usize]
    }

    /// A standard normal draw: a sum of four 16-bit uniforms, which costs one draw and no logarithm. Its tails end at
    /// 3.5 standard deviations, which is enough for detector noise.
    pub fn normal(&mut self) -> f32 {
        let bits = self.bits();
        let sum = (bits & 0xFFFF) + ((bits >> 16) & 0xFFFF) + ((bits >> 32) & 0xFFFF) + (bits >> 48);
        (sum as f32 * (1.0 / 65536.0) - 2.0) * 1.732_050_8
    }

    /// A Poisson draw: exact (by products) under a mean of 24, beyond it a rounded normal.
    pub fn poisson(&mut self, mean: f32) -> f32 {
        if mean > 24.0 {
            return (mean + mean.sqrt() * self.normal()).max(0.0);
        }
        let limit = (-mean).exp();
        let mut product = 1.0;
        let mut count = 0.0;
        while count < 200.0 {
            product *= self.unit();
            if product <= limit {
                break;
            }
            count += 1.0;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xoshiro_matches_its_published_first_outputs() {
        // State {1, 2, 3, 4}: first outputs of the authors' xoshiro256plusplus.c.
        let mut random = Random { state: [1, 2, 3, 4] };
        assert_eq!([random.bits(), random.bits(), random.bits()], [41_943_041, 58_720_359, 3_588_806_011_781_223]);
    }

    #[test]
    fn draws_have_the_moments_they_claim() {
        let mut random = Random::new(1);
        for mean in [0.5_f32, 5.0, 23.0, 100.0, 10_000.0] {
            let draws: Vec<f64> = (0..20_000).map(|_| f64::from(random.poisson(mean))).collect();
            let average = draws.iter().sum::<f64>() / draws.len() as f64;
            let variance = draws.iter().map(|x| (x - average).powi(2)).sum::<f64>() / draws.len() as f64;
            let mean = f64::from(mean);
            assert!((average - mean).abs() < 5.0 * (mean / 20_000.0).sqrt(), "mean {average} for {mean}");
            assert!((variance / mean - 1.0).abs() < 0.06, "variance {variance} for {mean}");
        }
    }
}
