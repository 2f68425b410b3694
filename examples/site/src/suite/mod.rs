//! What every example site shows, over a real socket and in a real browser.
