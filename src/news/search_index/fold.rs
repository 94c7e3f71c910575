//! Folds text for comparison, letter for letter as the database's `search_fold`.

use unicode_normalization::UnicodeNormalization;

/// A text in lower case, without accents and other variants of letters.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        fold_char(c, &mut |c| folded.push(c));
    }
    folded
}

/// Folds one character to none, one or several.
fn fold_char(c: char, push: &mut impl FnMut(char)) {
    for part in std::iter::once(c).nfkd().filter(|c| !is_dropped(*c)) {
        for lower in part.to_lowercase() {
            match lower {
                'œ' => "oe".chars().for_each(&mut *push),
                'æ' => "ae".chars().for_each(&mut *push),
                'ß' => "ss".chars().for_each(&mut *push),
                other => push(representative(other)),
            }
        }
    }
}

/// Folds a character of a word that is to be indexed. The seats of the hamza stay, as the rules for Arabic unify them; what
/// isn't a letter or a digit is dropped.
pub(super) fn fold_into(c: char, word: &mut String) {
    match c {
        'a'..='z' | '0'..='9' => word.push(c),
        'A'..='Z' => word.push(c.to_ascii_lowercase()),
        'ؤ' | 'ئ' => word.push(c),
        _ => fold_char(c, &mut |c| {
            if c.is_alphanumeric() {
                word.push(c);
            }
        }),
    }
}

/// Accents, vowel marks, tatweel, and invisible characters.
pub(super) fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}' | '\u{ad}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The representative of the variants of a letter or sign.
fn representative(c: char) -> char {
    match c {
        '’' | '‘' | 'ʼ' | '‛' | '′' => '\'',
        '“' | '”' | '„' | '«' | '»' | '‹' | '›' => '"',
        '‐' | '–' | '—' | '−' => '-',
        '/' | '_' | '<' | '>' | '،' | '؛' | '؟' | '•' | '·' => ' ',
        'ø' => 'o',
        'đ' => 'd',
        'ł' => 'l',
        'ı' => 'i',
        'ħ' => 'h',
        'ŧ' => 't',
        '\u{649}' | '\u{6cc}' => '\u{64a}',
        '\u{647}' | '\u{6c1}' => '\u{629}',
        '\u{671}' => '\u{627}',
        '\u{6a9}' => '\u{643}',
        '\u{660}'..='\u{669}' => digit(c, '\u{660}'),
        '\u{6f0}'..='\u{6f9}' => digit(c, '\u{6f0}'),
        _ => c,
    }
}

fn digit(c: char, zero: char) -> char {
    char::from_digit(u32::from(c) - u32::from(zero), 10).unwrap_or(c)
}

/// The words of a text, folded: runs of letters and digits.
pub fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_of_a_text_are_folded_to_the_same() {
        for (written, folded) in [
            ("L’Économie", "l'economie"),
            ("Œuvre", "oeuvre"),
            ("« Straße »", "\" strasse \""),
            ("أُولى الإدارة ٢٠٢٦", "اولي الادارة 2026"),
            ("مدرســـه", "مدرسة"),
            ("3ᵉ ﬁn", "3e fin"),
        ] {
            assert_eq!(fold(written), folded);
        }
        assert_eq!(words("l’été, 23,6 %"), ["l", "ete", "23", "6"]);
    }
}
