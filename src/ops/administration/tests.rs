//! What the administrative acts promise.
