//! French.

use rust_stemmers::{Algorithm, Stemmer};

pub fn add_terms(word: &str, terms: &mut Vec<String>) {
    const STOP: &str = "|au|aux|avec|ce|ces|cet|cette|ceci|cela|celui|celle|ceux|celles|ca|dans|de|des|dont|du|elle|elles|en|et|eux|il|ils|je|la|le|les|leur|leurs|lui|ma|me|meme|memes|mes|moi|mon|ne|ni|nos|notre|nous|on|ou|par|pas|pour|qu|que|qui|quoi|sa|se|ses|si|son|sur|ta|te|tes|toi|ton|tu|un|une|vos|votre|vous|a|c|d|j|l|m|n|s|t|y|";
    if word.len() < 8 && STOP.contains(&format!("|{word}|")) {
        return;
    }
    terms.push(Stemmer::create(Algorithm::French).stem(word).into_owned());
}
