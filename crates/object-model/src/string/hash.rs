//! Hashes of byte strings: SipHash-1-3 with the process's key, as CPython's default build.
//!
//! The key comes from `PYTHONHASHSEED` or the system's randomness; it is set before the first string is hashed.

use std::hash::Hasher;
use std::sync::OnceLock;

use siphasher::sip::SipHasher13;

static KEY: OnceLock<(u64, u64)> = OnceLock::new();

/// Sets the key, once; later calls change nothing.
pub fn set_key(k0: u64, k1: u64) {
    // Ignored on purpose: hashes that exist must stay valid.
    let _ = KEY.set((k0, k1));
}

/// The hash of bytes in memory: 0 for none, never -1.
pub fn bytes(bytes: &[u8]) -> i64 {
    if bytes.is_empty() {
        return 0;
    }
    let (k0, k1) = *KEY.get_or_init(|| (0, 0));
    let mut hasher = SipHasher13::new_with_keys(k0, k1);
    hasher.write(bytes);
    match hasher.finish() as i64 {
        -1 => -2,
        hash => hash,
    }
}
