//! Arabic.

use rust_stemmers::{Algorithm, Stemmer};

pub fn add_terms(word: &str, terms: &mut Vec<String>) {
    const STOP: &str = "|من|في|عن|مع|الي|";
    if word.len() < 12 && STOP.contains(&format!("|{word}|")) {
        return;
    }
    terms.push(Stemmer::create(Algorithm::Arabic).stem(word).into_owned());
    for prefix in ["وال", "ال", "لل"] {
        if let Some(bare) = word.strip_prefix(prefix).filter(|bare| bare.len() >= 6) {
            terms.push(Stemmer::create(Algorithm::Arabic).stem(bare).into_owned());
            break;
        }
    }
}
