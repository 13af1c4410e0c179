//! Expansions of small examples: the facts that matter, and the refusals.
