//! What pages are read as: the real page against its facts, bulletins of every construction against
//! golden files, and what holds of any text.

mod any_text;
mod golden;
mod properties;
mod real_page;
mod render;
