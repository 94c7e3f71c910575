//! The rules by which Arabic words become index terms.
//!
//! A word is first looked up, with and without its prefixes and endings, in a lexicon of news
//! vocabulary that knows the broken plurals and the words that only seem to have a prefix or an
//! ending. Words that the lexicon lacks are shortened by a few careful rules; where a rule may be
//! wrong, the unshortened word is kept as a second term.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Words of more letters are indexed as they are.
const MAX_LETTERS: usize = 32;

/// The article with the particles that may precede it, the longest first.
const ARTICLES: [&str; 11] = [
    "وبال", "وكال", "فبال", "وال", "فال", "بال", "كال", "ولل", "فلل", "لل", "ال",
];

/// Pronouns of the third person, in folded spelling.
const PRONOUNS: [&str; 4] = ["ةما", "ةا", "ةم", "ةن"];

/// Other endings of a whole word: rarer pronouns, the plural of the past tense, the accusative.
const OUTER_ENDINGS: [&str; 4] = ["نا", "كم", "وا", "ا"];

/// Endings of number and gender, which may stand before a pronoun. The last is also a pronoun.
const INNER_ENDINGS: [&str; 5] = ["ات", "ين", "ون", "ان", "ة"];

/// The endings that may follow a stem of two letters.
const SHORT_STEMS: [&str; 3] = ["ةا", "ةم", "ات"];

/// Words that give no term.
const STOP_WORDS: &str = "
من في عن مع الى ومن وفي وعن ومع والى ان وان او ما وما لا ولا لم ولم لن ولن قد وقد لقد هو وهو هي وهي هذا هذه وهذا وهذه ذلك تلك الذي التي الذين كان كانت وكان وكانت كما لكن ولكن ثم حتى اذا منذ عند لدى بين و يا فيه فيها منه منها عنه عنها به بها له لها لهم عليه عليها عليهم اليه اليها";

/// Groups of forms of one word, parted by slashes or line ends: the word, then its irregular
/// forms. A form that stands in two groups gives the terms of both.
const NOUNS: &str = include_str!("nouns.txt");

/// Words that stay themselves: they only seem to have a prefix or an ending, or they would meet
/// another word without it.
const PLAIN: &str = include_str!("plain.txt");

/// Verbs, parted by slashes or line ends: the past tense and the stem of the present.
const VERBS: &str = include_str!("verbs.txt");

/// The stop words in the spelling of [`unify`].
static STOPS: LazyLock<HashSet<String>> =
    LazyLock::new(|| STOP_WORDS.split_whitespace().map(unify).collect());

/// Forms of known words, with their terms parted by spaces.
static LEXICON: LazyLock<HashMap<String, String>> = LazyLock::new(build_lexicon);

/// Appends the terms of a word, by which documents are indexed and queries search; none for a stop word.
/// A query finds a document if any of the terms of its word is among the document's.
pub fn add_terms(word: &str, terms: &mut Vec<String>) {
    if !word.chars().all(is_arabic) || letters(word) > MAX_LETTERS {
        terms.push(word.to_owned());
        return;
    }
    let mut forms = Vec::new();
    let word = unify(word);
    if !STOPS.contains(&word) {
        add_forms(&word, &mut forms);
    }
    for form in &mut forms {
        form.retain(|letter| letter != 'ء');
    }
    forms.retain(|form| !form.is_empty());
    forms.dedup();
    terms.append(&mut forms);
}

/// Adds the forms of a word without its prefixes and endings.
fn add_forms(word: &str, forms: &mut Vec<String>) {
    let bare = without_article(word);
    let joined = cut_front(word, &['و'], 3);
    let rest = joined.unwrap_or(word);
    let noun = cut_front(rest, &['ب', 'ل'], 3).or_else(|| cut_front(rest, &['ف', 'ك'], 4));
    let parts = [bare, Some(word), joined, noun];
    let known = LEXICON.get(word).map(String::as_str);
    if let Some(known) = known.or_else(|| parts.iter().flatten().find_map(|part| look_up(part, 0)))
    {
        forms.extend(known.split(' ').map(str::to_owned));
    } else if let Some(bare) = bare {
        shorten(bare, forms);
    } else {
        let rest = joined.or_else(|| cut_front(word, &['ب', 'ل'], 4));
        rest.iter()
            .chain([&word])
            .for_each(|part| shorten(part, forms));
    }
}

/// The word without the article and what precedes it. After the preposition ل the article is
/// written as a second ل, or not at all if the word begins with that letter.
fn without_article(word: &str) -> Option<&str> {
    let (article, rest) = ARTICLES
        .iter()
        .filter_map(|&article| Some((article, word.strip_prefix(article)?)))
        .find(|(_, rest)| letters(rest) >= 2)?;
    let particle = article
        .strip_suffix('ل')
        .filter(|particle| particle.ends_with('ل'));
    let longer = particle.and_then(|particle| word.strip_prefix(particle));
    let known = longer.filter(|longer| look_up(longer, 0).is_some());
    known.or(Some(rest))
}

/// The part after any of the letters, if it has at least so many letters.
fn cut_front<'a>(word: &'a str, particles: &[char], least: usize) -> Option<&'a str> {
    word.strip_prefix(particles)
        .filter(|rest| letters(rest) >= least)
}

/// The terms of a word if the lexicon has it, with or without its endings; `depth` counts the
/// endings already cut off.
fn look_up(word: &str, depth: usize) -> Option<&'static str> {
    if let Some(known) = LEXICON.get(word) {
        return Some(known);
    }
    let outer = PRONOUNS.iter().chain(&OUTER_ENDINGS).filter(|_| depth == 0);
    let mut endings = outer.chain(&INNER_ENDINGS).filter(|_| depth < 3);
    endings.find_map(|&ending| {
        let least = if SHORT_STEMS.contains(&ending) { 2 } else { 3 };
        look_up_stem(cut(word, &[ending], least)?, ending, depth + 1)
    })
}

/// The terms of a known word of which an ending has been cut off.
fn look_up_stem(stem: &str, ending: &str, depth: usize) -> Option<&'static str> {
    if ending == "ات" {
        let feminine = LEXICON.get(&format!("{stem}ة")).map(String::as_str);
        return feminine.or_else(|| look_up(stem, depth).filter(|_| letters(stem) >= 3));
    }
    look_up(stem, depth).or_else(|| match stem.strip_suffix("اي") {
        Some(open) => LEXICON.get(&format!("{open}اء")).map(String::as_str),
        None => look_up(&format!("{}ة", stem.strip_suffix('ت')?), depth),
    })
}

/// Adds the forms of a word that the lexicon lacks, without its pronoun.
fn shorten(word: &str, forms: &mut Vec<String>) {
    let Some(bare) = cut(word, &PRONOUNS, 3) else {
        return cut_ending(word, forms);
    };
    if let Some(stem) = bare.strip_suffix("اي") {
        forms.push(format!("{stem}اء"));
    } else if let Some(stem) = cut(bare, &["ت"], 3).filter(|stem| !stem.ends_with('ا')) {
        forms.extend([feminine(stem), bare.to_owned()]);
    } else {
        cut_ending(bare, forms);
    }
}

/// Adds the forms of a word that the lexicon lacks, without its endings of number and gender.
fn cut_ending(word: &str, forms: &mut Vec<String>) {
    if let Some(stem) = cut(word, &["يات", "ية"], 2) {
        forms.push(format!("{stem}ي"));
    } else if let Some(stem) = cut(word, &["ات"], 2) {
        let other = if letters(stem) == 2 { word } else { stem };
        forms.extend([feminine(stem), other.to_owned()]);
    } else if let Some(stem) = cut(word, &["تين", "تان"], 3) {
        forms.extend([feminine(stem), word.to_owned()]);
    } else if let Some(stem) = cut(word, &["تة"], 3) {
        forms.push(feminine(stem));
    } else if let Some(stem) = cut(word, &["ة"], 4).or_else(|| cut(word, &["وا"], 3)) {
        forms.push(stem.to_owned());
    } else {
        let stem = cut(word, &["ين", "ون", "ان", "نا", "ا", "ت"], 4);
        forms.extend(stem.into_iter().chain([word]).map(str::to_owned));
    }
}

/// The part before any of the endings, if it has at least so many letters.
fn cut<'a>(word: &'a str, endings: &[&str], least: usize) -> Option<&'a str> {
    let stem = endings.iter().find_map(|ending| word.strip_suffix(ending));
    stem.filter(|stem| letters(stem) >= least)
}

/// The feminine of a stem: a short stem keeps its ending, a long one does not.
fn feminine(stem: &str) -> String {
    let ending = if letters(stem) < 4 { "ة" } else { "" };
    format!("{stem}{ending}")
}

/// Writes the letters that have several spellings, the seats of the hamza above all, in one way.
fn unify(word: &str) -> String {
    let mut unified = String::with_capacity(word.len());
    let mut letters = word.chars().peekable();
    while let Some(letter) = letters.next() {
        unified.push(match letter {
            'ؤ' if unified.ends_with('ا') => 'ء',
            'ئ' if letters.peek() == Some(&'و') => 'و',
            'ؤ' => 'و',
            'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
            'ئ' | 'ى' | 'ی' => 'ي',
            'ه' | 'ہ' => 'ة',
            'ک' | 'گ' | 'ڭ' => 'ك',
            'پ' => 'ب',
            'ڤ' => 'ف',
            other => other,
        });
    }
    unified
}

fn is_arabic(letter: char) -> bool {
    matches!(letter, '\u{621}'..='\u{63A}' | '\u{641}'..='\u{64A}' | '\u{671}'..='\u{6D3}')
}

fn letters(word: &str) -> usize {
    word.chars().count()
}

fn build_lexicon() -> HashMap<String, String> {
    let mut lexicon: HashMap<String, String> = HashMap::new();
    for group in NOUNS.trim().split(['/', '\n']) {
        let mut forms = group.split_whitespace().map(unify).peekable();
        let term = forms.peek().cloned().unwrap_or_default();
        for form in forms {
            let known = lexicon.entry(form).or_default();
            let parted = if known.is_empty() { "" } else { " " };
            known.extend([parted, &term]);
        }
    }
    for word in PLAIN.split_whitespace().map(unify) {
        lexicon.entry(word.clone()).or_insert(word);
    }
    for verb in VERBS.trim().split(['/', '\n']) {
        add_verb(verb, &mut lexicon);
    }
    let mut known: Vec<_> = lexicon.clone().into_iter().collect();
    known.sort();
    for (form, term) in known {
        if letters(&form) > 4 {
            lexicon.entry(form.replace('ء', "")).or_insert(term);
        }
    }
    lexicon
}

/// Adds the forms of the third person of a verb, where no noun has the same form.
fn add_verb(verb: &str, lexicon: &mut HashMap<String, String>) {
    let mut parts = verb.split_whitespace();
    let past = parts.next().unwrap_or_default();
    let stem = parts.next().unwrap_or_default();
    let past_forms = ["", "ت", "وا"].map(|ending| format!("{past}{ending}"));
    let present = ["ي", "ت", "سي", "ست"].map(|person| format!("{person}{stem}"));
    let plural = ["ون", "وا"].map(|ending| format!("ي{stem}{ending}"));
    for form in past_forms.iter().chain(&present).chain(&plural) {
        lexicon.entry(unify(form)).or_insert_with(|| unify(past));
    }
}

#[cfg(test)]
mod tests;
