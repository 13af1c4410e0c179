#!/usr/bin/env bash
# Builds the free-threaded interpreter for a sanitizer, and runs tests under it.
#
#   sanitizers/run.sh address                  build, unit tests of the lower crates, the programs
#   sanitizers/run.sh thread
#   sanitizers/run.sh address build            only build; prints the binary's path
#   sanitizers/run.sh thread units             only the unit tests
#   sanitizers/run.sh thread programs [FILE…]  only the programs: all of tests/python and sanitizers/programs, or these
#
# Needs a nightly toolchain with rust-src; installs it through rustup if it is missing. The standard library is built for
# the sanitizer as well. What is watched, and what is not: CONTRIBUTING.md.
set -euo pipefail
cd "$(dirname "$0")/.."

sanitizer=${1:?address or thread}
what=${2:-all}
shift $(($# < 2 ? $# : 2))
toolchain=${SANITIZER_TOOLCHAIN:-nightly}
target=$(rustc -vV | sed -n 's/^host: //p')
profile=sanitizer

case $sanitizer in
    address | thread) ;;
    *) echo "sanitizers/run.sh: address or thread, not $sanitizer" >&2; exit 2 ;;
esac

rustup toolchain list | grep -q "^$toolchain" || rustup toolchain install "$toolchain" --profile minimal
rustup component add rust-src --toolchain "$toolchain" 2>/dev/null

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/$sanitizer-sanitizer"
# Frame pointers: the sanitizers take their stacks by them.
export RUSTFLAGS="-Zsanitizer=$sanitizer --cfg amphis_${sanitizer}_sanitizer -Cforce-frame-pointers=yes ${RUSTFLAGS:-}"
here=$PWD/sanitizers
# Heaps and immortal objects live as long as the process, so leaks are not looked for.
export ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=0:allocator_may_return_null=1:halt_on_error=1:${ASAN_OPTIONS:-}"
# A child of a fork may start threads: it is no different from any other process here.
export TSAN_OPTIONS="suppressions=$here/thread-suppressions.txt:halt_on_error=0:exitcode=66:second_deadlock_stack=1:history_size=4:die_after_fork=0:allocator_may_return_null=1:${TSAN_OPTIONS:-}"

free_threaded=(--no-default-features --features free-threaded)

cargo_with() { # `cargo COMMAND` for the sanitizer; `--target` keeps build scripts and macros out of it
    local command=$1
    shift
    cargo "+$toolchain" "$command" -Zbuild-std --target "$target" --profile "$profile" "$@"
}

binary=$CARGO_TARGET_DIR/$target/$profile/amphis

build() {
    cargo_with build -p amphis "${free_threaded[@]}"
    echo "$binary"
}

units() {
    for crate in refcount allocator object-model; do
        cargo_with test -p "$crate" --lib "${free_threaded[@]}"
    done
}

programs() {
    local files=("$@") failed=0
    if [ ${#files[@]} = 0 ]; then
        files=(sanitizers/programs/*.py tests/python/*.py)
    fi
    for file in "${files[@]}"; do
        if [ "$sanitizer/${file##*/}" = thread/forking_threads.py ]; then
            # Its list of threads is left as it was in the middle of a change: it crashes in the child's new threads.
            echo "skip  $file: ThreadSanitizer does not survive forks among threads that start"
            continue
        fi
        local status=0 began=$SECONDS
        PYTHONDONTWRITEBYTECODE=1 timeout -k 5 600 "$binary" "$file" >"$CARGO_TARGET_DIR/output.txt" 2>&1 || status=$?
        if [ "$status" = 0 ] && ! grep -q "WARNING: ThreadSanitizer\|ERROR: AddressSanitizer" "$CARGO_TARGET_DIR/output.txt"; then
            echo "ok    $file ($((SECONDS - began)) s)"
        else
            echo "FAIL  $file (status $status, $((SECONDS - began)) s)"
            # The beginning says what happened, the end what became of it.
            head -n "${SANITIZER_LINES:-120}" "$CARGO_TARGET_DIR/output.txt"
            tail -n 5 "$CARGO_TARGET_DIR/output.txt"
            failed=1
        fi
    done
    return $failed
}

case $what in
    all) build; units; programs ;;
    build) build ;;
    units) units ;;
    programs) programs "$@" ;;
    *) echo "sanitizers/run.sh: build, units or programs, not $what" >&2; exit 2 ;;
esac
