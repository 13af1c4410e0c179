#!/bin/sh
# Runs every loom model. Arguments go to `cargo test`: `loom-tests/run.sh --test merge_queue`.
# LOOM_MAX_PREEMPTIONS (2 if unset) bounds how often a model may switch away from a thread that could go on.
set -eu
cd "$(dirname "$0")/.."
export RUSTFLAGS="--cfg amphis_loom ${RUSTFLAGS:-}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/loom"
export LOOM_MAX_PREEMPTIONS="${LOOM_MAX_PREEMPTIONS:-2}"
exec cargo test -p loom-tests --features model --release --config profile.release.lto=false \
    --config profile.release.debug-assertions=true --config profile.release.codegen-units=16 "$@"
