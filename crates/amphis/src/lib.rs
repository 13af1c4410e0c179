//! amphis
