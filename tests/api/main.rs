//! The API as its clients meet it: over HTTP, on a real server with a database of its own for each test.

mod addresses;
mod articles;
mod authors;
mod browsers;
mod bytes;
mod categories;
mod conditions;
mod contract;
mod database;
mod found;
mod headlines;
mod input;
mod keys;
mod lists;
mod narrowed;
mod plans;
mod process;
mod requests;
mod safe_html;
mod site;
mod support;
mod tags;
mod tongues;
mod translations;
