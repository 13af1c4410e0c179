//! Which block size serves which request.
//!
//! # Invariants
//! - C1: block sizes are multiples of 8 and rise with the class.
//! - C2: a class wastes at most 7 bytes up to 128 bytes, 15 up to 256, and at most an eighth up to 8 KiB.
//! - C3: above 8 KiB a class is a page divided into 7, 6, … 1 blocks; what a block does not use there is
//!   mostly whole pages of the operating system that are never touched.
//!
//! Not here: requests above [`MAX_BLOCK`], which get a span of their own (`large.rs`).

use crate::block::{GRAIN, HEADER};
use crate::page::SLICE;

/// The number of size classes.
pub const CLASSES: usize = FINEST + FINE + COARSE + DIVIDED.len();

/// Requests up to here find their class in a table.
pub const MAX_TABLED: usize = 8 * 1024;

/// The largest request that shares a page with others (or fills one).
pub const MAX_BLOCK: usize = SLICE;

/// Classes in steps of 8 bytes, up to 128.
const FINEST: usize = (MAX_FINEST - HEADER) / GRAIN + 1;
const MAX_FINEST: usize = 128;
/// Classes in steps of 16 bytes, up to 256.
const FINE: usize = (MAX_FINE - MAX_FINEST) / 16;
const MAX_FINE: usize = 256;
/// Eight classes for each doubling from 256 to 8 KiB.
const COARSE: usize = 5 * 8;
/// Into how many blocks a page is divided, for blocks above 8 KiB.
const DIVIDED: [usize; 7] = [7, 6, 5, 4, 3, 2, 1];

/// The block size of each class, in bytes.
pub const BLOCK_SIZES: [u32; CLASSES] = block_sizes();

const fn block_sizes() -> [u32; CLASSES] {
    let mut sizes = [0; CLASSES];
    let mut class = 0;
    while class < FINEST {
        sizes[class] = (HEADER + class * GRAIN) as u32;
        class += 1;
    }
    while class < FINEST + FINE {
        sizes[class] = (MAX_FINEST + (class + 1 - FINEST) * 16) as u32;
        class += 1;
    }
    let mut start = MAX_FINE;
    while start < MAX_TABLED {
        let mut step = 1;
        while step <= 8 {
            sizes[class] = (start + step * start / 8) as u32;
            class += 1;
            step += 1;
        }
        start *= 2;
    }
    let mut i = 0;
    while i < DIVIDED.len() {
        sizes[class] = (SLICE / DIVIDED[i] / GRAIN * GRAIN) as u32;
        class += 1;
        i += 1;
    }
    sizes
}

/// The class of a request, by the request's size in grains of 8 bytes, rounded up.
static BY_GRAINS: [u8; MAX_TABLED / GRAIN + 1] = by_grains();

const fn by_grains() -> [u8; MAX_TABLED / GRAIN + 1] {
    let mut table = [0; MAX_TABLED / GRAIN + 1];
    let mut grains = 0;
    while grains < table.len() {
        table[grains] = of_constant(grains * GRAIN) as u8;
        grains += 1;
    }
    table
}

/// The class of a request of `size` bytes, at most [`MAX_TABLED`].
#[inline(always)]
pub fn of_tabled(size: usize) -> usize {
    debug_assert!(size <= MAX_TABLED);
    BY_GRAINS[size.div_ceil(GRAIN)] as usize
}

/// The class of a request of `size` bytes, at most [`MAX_BLOCK`]: the smallest whose blocks hold it. For
/// sizes known to the compiler, and for those above [`MAX_TABLED`].
pub const fn of_constant(size: usize) -> usize {
    assert!(size <= MAX_BLOCK);
    let mut class = 0;
    while (BLOCK_SIZES[class] as usize) < size {
        class += 1;
    }
    class
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_rise_in_grains() {
        assert_eq!(BLOCK_SIZES[0] as usize, HEADER);
        assert_eq!(BLOCK_SIZES[FINEST - 1] as usize, MAX_FINEST);
        assert_eq!(BLOCK_SIZES[FINEST + FINE - 1] as usize, MAX_FINE);
        assert_eq!(BLOCK_SIZES[CLASSES - 1] as usize, MAX_BLOCK);
        assert!(BLOCK_SIZES.iter().all(|size| (*size as usize).is_multiple_of(GRAIN)));
        assert!(BLOCK_SIZES.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn every_request_gets_the_smallest_class_that_holds_it() {
        for size in 0..=MAX_TABLED {
            let class = of_tabled(size);
            assert_eq!(class, of_constant(size), "{size}");
            assert!(BLOCK_SIZES[class] as usize >= size);
            assert!(class == 0 || (BLOCK_SIZES[class - 1] as usize) < size);
        }
        assert_eq!(of_constant(MAX_BLOCK), CLASSES - 1);
    }

    #[test]
    fn waste_is_bounded() {
        for size in 1..=MAX_TABLED {
            let waste = BLOCK_SIZES[of_tabled(size)] as usize - size;
            let fine = if size <= MAX_FINEST { 8 } else { 16 };
            assert!(
                waste < fine || size > MAX_FINE && waste * 8 <= size || size < HEADER,
                "{size} wastes {waste}"
            );
        }
    }
}
