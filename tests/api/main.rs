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
mod keys;
mod limits;
mod lists;
mod narrowed;
mod plans;
mod process;
mod requests;
mod saturation;
mod site;
mod sizes;
mod support;
mod tags;
mod tongues;
mod translations;
