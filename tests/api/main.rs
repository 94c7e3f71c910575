//! The API as its clients meet it: over HTTP, on a real server with a database of its own for each test.

mod articles;
mod authors;
mod bytes;
mod categories;
mod conditions;
mod contract;
mod database;
mod found;
mod headlines;
mod input;
mod jwt;
mod keys;
mod keys_api;
mod lists;
mod narrowed;
mod plans;
mod process;
mod requests;
mod secrets;
mod site;
mod support;
mod tags;
mod tongues;
mod translations;
