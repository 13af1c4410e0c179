//! `_random`: the Mersenne Twister MT19937 of Matsumoto and Nishimura, seeded as CPython seeds it.
//!
//! Not here: distributions (`random` in the Python library).

use object_model::number::int::ByteOrder;
use object_model::number::{Int as Number, IntRef};
use vm::builtins::int::as_int;
use vm::prelude::*;

/// Words of state.
const N: usize = 624;
/// Distance of the words that are mixed.
const M: usize = 397;

/// The generator.
pub struct Twister {
    words: [u32; N],
    /// The next word to give out; N: all are used up.
    next: usize,
}

impl Twister {
    /// A generator seeded with one word.
    pub fn from_word(seed: u32) -> Twister {
        let mut words = [0; N];
        words[0] = seed;
        for i in 1..N {
            let last: u32 = words[i - 1];
            words[i] = 1_812_433_253u32.wrapping_mul(last ^ last >> 30).wrapping_add(i as u32);
        }
        Twister { words, next: N }
    }

    /// A generator seeded with some words, at least one.
    pub fn from_words(key: &[u32]) -> Twister {
        let mut twister = Twister::from_word(19_650_218);
        let words = &mut twister.words;
        let (mut i, mut j) = (1, 0);
        let step = |words: &mut [u32; N], i: &mut usize, factor: u32, change: &dyn Fn(u32) -> u32| {
            let last = words[*i - 1];
            words[*i] = change(words[*i] ^ (last ^ last >> 30).wrapping_mul(factor));
            *i += 1;
            if *i == N {
                words[0] = words[N - 1];
                *i = 1;
            }
        };
        for _ in 0..N.max(key.len()) {
            step(words, &mut i, 1_664_525, &|x| x.wrapping_add(key[j]).wrapping_add(j as u32));
            j = (j + 1) % key.len();
        }
        for _ in 1..N {
            let number = i as u32;
            step(words, &mut i, 1_566_083_941, &|x| x.wrapping_sub(number));
        }
        words[0] = 1 << 31;
        twister
    }

    fn refill(&mut self) {
        for i in 0..N {
            let y = self.words[i] & 1 << 31 | self.words[(i + 1) % N] & (u32::MAX >> 1);
            let mixed = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[i] = self.words[(i + M) % N] ^ y >> 1 ^ mixed;
        }
        self.next = 0;
    }

    /// The next 32 bits.
    pub fn next_word(&mut self) -> u32 {
        if self.next >= N {
            self.refill();
        }
        let mut y = self.words[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    /// The next float in [0, 1), of 53 bits.
    pub fn next_float(&mut self) -> f64 {
        let (a, b) = (self.next_word() >> 5, self.next_word() >> 6);
        (f64::from(a) * 67_108_864.0 + f64::from(b)) * (1.0 / 9_007_199_254_740_992.0)
    }
}

/// A generator seeded by the system, or by the time if that fails.
fn from_system() -> Twister {
    let mut key = [0u32; N];
    let size = size_of_val(&key);
    // SAFETY: the buffer is ours and as large as said.
    let got = unsafe { libc::getrandom(key.as_mut_ptr().cast(), size, libc::GRND_NONBLOCK) };
    if got == size as isize {
        return Twister::from_words(&key);
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    Twister::from_words(&[now as u32, (now >> 32) as u32, (now >> 64) as u32, std::process::id()])
}

/// The words of a number's absolute value, least significant first; at least one.
fn key_of(th: &mut Thread, number: IntRef<'_>) -> PyResult<Vec<u32>> {
    let size = (number.bit_length().div_ceil(32) as usize).max(1);
    let bytes = th.check(number.abs().as_ref().to_bytes(size * 4, ByteOrder::Little, false))?;
    Ok(bytes.chunks_exact(4).map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]])).collect())
}

/// A generator seeded by a value: None is the system, an int its absolute value, anything else its hash.
fn seeded(th: &mut Thread, seed: Option<&Value>) -> PyResult<Twister> {
    let Some(seed) = seed.filter(|s| !s.is_none()) else { return Ok(from_system()) };
    let key = match as_int(seed) {
        Some(number) => key_of(th, number)?,
        None => {
            let hash = th.hash(seed)? as u64;
            let number = Number::from(hash);
            key_of(th, number.as_ref())?
        }
    };
    Ok(Twister::from_words(&key))
}

#[pymodule(name = "_random", doc = "The Mersenne Twister random number generator.")]
pub mod module {
    use super::*;

    /// A random number generator with a state of its own.
    #[pyclass(name = "Random", subclassable)]
    pub struct Random {
        #[no_trace]
        state: Guarded<Twister>,
    }

    #[pymethods]
    impl Random {
        #[new]
        #[signature("(*args, **kwargs)")]
        fn new(args: &[Value], kwargs: KwArgs<'_>) -> Random {
            // Whoever makes an instance seeds it in `__init__`, which looks at the arguments.
            let _ = (args, kwargs);
            Random { state: Guarded::new(Twister::from_word(5489)) }
        }

        #[signature("(seed=<unrepresentable>, /)")]
        fn __init__(&self, th: &mut Thread, seed: Option<&Value>) -> PyResult<()> {
            let twister = seeded(th, seed)?;
            *self.state.lock(th) = twister;
            Ok(())
        }

        /// The next random number in the interval [0, 1).
        fn random(&self, th: &mut Thread) -> f64 {
            self.state.lock(th).next_float()
        }

        /// Starts anew from a number, a hash, or the system's randomness.
        #[signature("(n=None, /)")]
        fn seed(&self, th: &mut Thread, n: Option<&Value>) -> PyResult<()> {
            let twister = seeded(th, n)?;
            *self.state.lock(th) = twister;
            Ok(())
        }

        /// The state as a tuple of ints.
        fn getstate(&self, th: &mut Thread) -> Value {
            let state = self.state.lock(th);
            let numbers: Vec<i64> =
                state.words.iter().map(|w| i64::from(*w)).chain([state.next as i64]).collect();
            drop(state);
            let items = numbers.into_iter().map(|n| th.int(n)).collect();
            th.tuple(items)
        }

        /// Goes back to a state that getstate() gave.
        fn setstate(&self, th: &mut Thread, state: &Value) -> PyResult<()> {
            let Some(tuple) = th.downcast::<Tuple>(state) else {
                return Err(th.type_error("state vector must be a tuple"));
            };
            if tuple.len() != N + 1 {
                return Err(th.value_error("state vector is the wrong size"));
            }
            let mut words = [0u32; N];
            for (word, item) in words.iter_mut().zip(tuple.items()) {
                let Some(number) = as_int(item) else {
                    return Err(th.type_error("an integer is required"));
                };
                if number.is_negative() {
                    return Err(th.overflow_error("can't convert negative value to unsigned int"));
                }
                let Some(number) = number.to_u64() else {
                    return Err(th.overflow_error("Python int too large to convert to C unsigned long"));
                };
                *word = number as u32;
            }
            let next = th.index(&tuple.items()[N])?;
            let Some(next) = usize::try_from(next).ok().filter(|n| *n <= N) else {
                return Err(th.value_error("invalid state"));
            };
            *self.state.lock(th) = Twister { words, next };
            Ok(())
        }

        /// An int of k random bits.
        fn getrandbits(&self, th: &mut Thread, k: u64) -> PyResult {
            if k <= 32 {
                let bits = if k == 0 { 0 } else { self.state.lock(th).next_word() >> (32 - k) };
                return Ok(th.int(bits.into()));
            }
            let count = usize::try_from(k.div_ceil(32)).ok().filter(|c| *c < isize::MAX as usize / 4);
            let mut bytes = Vec::new();
            let Some(count) = count.filter(|c| bytes.try_reserve_exact(c * 4).is_ok()) else {
                return Err(th.memory_error());
            };
            let mut state = self.state.lock(th);
            for number in 0..count {
                let left = k - 32 * number as u64;
                let word = state.next_word();
                bytes.extend((if left < 32 { word >> (32 - left) } else { word }).to_le_bytes());
            }
            drop(state);
            let number = Number::from_bytes(&bytes, ByteOrder::Little, false);
            Ok(th.int_value(number))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_numbers_come_out() {
        // The output of the authors' own program for the key {0x123, 0x234, 0x345, 0x456}.
        let mut twister = Twister::from_words(&[0x123, 0x234, 0x345, 0x456]);
        let first: Vec<u32> = (0..5).map(|_| twister.next_word()).collect();
        assert_eq!(first, [1_067_595_299, 955_945_823, 477_289_528, 4_107_218_783, 4_228_976_476]);
    }

    #[test]
    fn the_default_seed_gives_the_standard_number() {
        let mut twister = Twister::from_word(5489);
        let last = (0..10_000).map(|_| twister.next_word()).last();
        assert_eq!(last, Some(4_123_659_995));
    }
}
