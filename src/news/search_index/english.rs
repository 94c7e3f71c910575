//! English.

use rust_stemmers::{Algorithm, Stemmer};

pub fn add_terms(word: &str, terms: &mut Vec<String>) {
    const STOP: &str = "|a|an|the|of|in|on|at|to|for|and|or|is|dont|";
    if word.len() < 8 && STOP.contains(&format!("|{word}|")) {
        return;
    }
    terms.push(Stemmer::create(Algorithm::English).stem(word).into_owned());
}
