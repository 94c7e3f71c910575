//! For the tests of the languages: words that find each other, and words that do not.

/// The rules of a language.
type AddTerms = fn(&str, &mut Vec<String>);

fn terms(add_terms: AddTerms, word: &str) -> Vec<String> {
    let mut terms = Vec::new();
    add_terms(word, &mut terms);
    terms
}

fn matches(add_terms: AddTerms, left: &str, right: &str) -> bool {
    let others = terms(add_terms, right);
    terms(add_terms, left)
        .iter()
        .any(|term| others.contains(term))
}

/// Of each line, the first word finds each other one. There are at least so many pairs.
pub fn assert_same(add_terms: AddTerms, lines: &str, least: usize) {
    let mut pairs = 0;
    for line in lines.lines() {
        let mut words = line.split_whitespace();
        let Some(first) = words.next() else { continue };
        for word in words {
            assert!(
                matches(add_terms, first, word),
                "{first} {word}: {:?} {:?}",
                terms(add_terms, first),
                terms(add_terms, word)
            );
            pairs += 1;
        }
    }
    assert!(pairs >= least, "{pairs} pairs");
}

/// Of each line, no word finds another. There are at least so many pairs.
pub fn assert_different(add_terms: AddTerms, lines: &str, least: usize) {
    let mut pairs = 0;
    for line in lines.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        for (place, left) in words.iter().enumerate() {
            for right in words.iter().skip(place + 1) {
                assert!(
                    !matches(add_terms, left, right),
                    "{left} {right}: {:?}",
                    terms(add_terms, left)
                );
                pairs += 1;
            }
        }
    }
    assert!(pairs >= least, "{pairs} pairs");
}
