//! Pages of the binary and its libraries that only one phase looks at (start-up, the program): they are unmapped before
//! the next, so that a process has what it uses. What is used after all comes back from the file, which the system keeps in
//! memory.
//!
//! Pages that somebody has changed (a debugger's or a tracer's breakpoints) are never given up: such a segment stays.
//!
//! Not here: memory that was allocated.

/// Gives up those pages. Only speed and memory tell the difference.
#[cfg(target_os = "linux")]
pub(super) fn release() {
    for (start, len) in linux::read_only_segments() {
        if linux::is_untouched(start, len) {
            // SAFETY: the pages are mapped from a file for reading only, and none was changed: what is read again is what
            // was there.
            unsafe { libc::madvise(start as *mut _, len, libc::MADV_DONTNEED) };
        }
    }
}

/// Gives up those pages: nothing is known of them here.
#[cfg(not(target_os = "linux"))]
pub(super) fn release() {}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    /// The size that `/proc/self/pagemap` counts in.
    fn page_size() -> usize {
        // SAFETY: `sysconf` has no preconditions.
        usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
    }

    /// Where the segments lie that cannot be written to, and how long they are: whole pages.
    pub(super) fn read_only_segments() -> Vec<(usize, usize)> {
        unsafe extern "C" fn add(
            info: *mut libc::dl_phdr_info,
            _size: usize,
            found: *mut libc::c_void,
        ) -> libc::c_int {
            // SAFETY: the caller's vector, which nobody else uses meanwhile.
            let found = unsafe { &mut *found.cast::<Vec<(usize, usize)>>() };
            // SAFETY: valid during the call.
            let info = unsafe { &*info };
            // SAFETY: so many headers lie there, for as long as the object is mapped.
            let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
            let page = page_size();
            for header in headers {
                if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0 {
                    let start = info.dlpi_addr as usize + header.p_vaddr as usize;
                    let end = start + header.p_memsz as usize;
                    // The last page may be another segment's as well, mapped elsewhere.
                    found.push((start / page * page, end.next_multiple_of(page) - start / page * page));
                }
            }
            // Not zero would end the iteration.
            0
        }
        let mut found: Vec<(usize, usize)> = Vec::new();
        // SAFETY: the function and its argument fit together.
        unsafe { libc::dl_iterate_phdr(Some(add), (&raw mut found).cast()) };
        found
    }

    /// True if no page there is anything but the file's.
    pub(super) fn is_untouched(start: usize, len: usize) -> bool {
        const PRESENT: u64 = 1 << 63;
        const SWAPPED: u64 = 1 << 62;
        const OF_FILE: u64 = 1 << 61;
        let page = page_size();
        let mut entries = vec![0; len / page * 8];
        let read = File::open("/proc/self/pagemap")
            .and_then(|map| map.read_exact_at(&mut entries, (start / page * 8) as u64));
        read.is_ok()
            && entries.as_chunks().0.iter().all(|entry| {
                let entry = u64::from_ne_bytes(*entry);
                entry & SWAPPED == 0 && (entry & PRESENT == 0 || entry & OF_FILE != 0)
            })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn code_survives_its_release() {
        let segments = super::linux::read_only_segments();
        assert!(!segments.is_empty());
        super::release();
        assert_eq!(segments, super::linux::read_only_segments());
    }
}
