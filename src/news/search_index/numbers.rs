//! Numbers as they are written in several languages: `1 250 000`, `1.250.000` and `1,250,000` are 1250000; `2,5`, `2.5` and
//! `٢٫٥` are 2.5.

use super::words::Word;

/// A number that begins at some word of a text.
pub(super) struct Number {
    /// How many words it takes.
    pub width: usize,
    pub value: String,
    /// Whether its parts may be numbers of their own, as in `12 250`.
    pub is_ambiguous: bool,
}

/// The number that begins with the first of these words.
///
/// Two or more groups of three digits are thousands, whatever single sign or space separates them; one group is thousands too.
/// A comma or point before any other number of digits is a decimal sign. Chains such as dates (`12.05.2026`) are no numbers.
pub(super) fn number(text: &str, words: &[Word]) -> Option<Number> {
    let first = words.first().filter(|word| is_digits(&word.folded))?;
    let gap = |n: usize| -> Option<char> {
        let (before, word) = (words.get(n - 1)?, words.get(n)?);
        let mut between = text.get(before.range.end..word.range.start)?.chars();
        let sign = between.next()?;
        (between.next().is_none() && is_digits(&word.folded)).then_some(sign)
    };
    let mut width = 1;
    let mut value = first.folded.clone();
    let can_be_grouped = value.len() <= 3 && !value.starts_with('0');
    let group_sign = gap(1).filter(|sign| can_be_grouped && separates_groups(*sign));
    while let Some(sign) = gap(width).filter(|sign| group_sign.is_some_and(|own| alike(own, *sign)))
    {
        match words.get(width).filter(|word| word.folded.len() == 3) {
            Some(word) => value.push_str(&word.folded),
            // Digits in other groups: no thousands, unless this is the decimal part behind a space.
            None if sign.is_whitespace() => break,
            None if width == 1 => break,
            None => return None,
        }
        width += 1;
    }
    let groups = width - 1;
    if let Some(sign) = gap(width).filter(|sign| is_decimal(*sign)) {
        let own = group_sign.filter(|_| groups > 0);
        if own.is_some_and(|own| alike(own, sign)) || gap(width + 1).is_some_and(is_decimal) {
            return None;
        }
        let decimals = words.get(width)?.folded.trim_end_matches('0');
        if !decimals.is_empty() {
            value.push('.');
            value.push_str(decimals);
        }
        width += 1;
    }
    let is_ambiguous = width == 2 && groups == 1 && group_sign.is_some_and(char::is_whitespace);
    (width > 1).then_some(Number {
        width,
        value,
        is_ambiguous,
    })
}

/// How many of these words make a chain of digits that is no number, such as a date.
pub(super) fn chain(words: &[Word]) -> usize {
    let joined = |word: &&Word| word.sign.is_some() && is_digits(&word.folded);
    1 + words.iter().skip(1).take_while(joined).count()
}

pub(super) fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn separates_groups(sign: char) -> bool {
    sign.is_whitespace() || matches!(sign, '.' | ',' | '\'' | '’' | '٬')
}

fn is_decimal(sign: char) -> bool {
    matches!(sign, '.' | ',' | '٫')
}

/// Whether two signs are the same; all spaces are.
fn alike(a: char, b: char) -> bool {
    a == b || (a.is_whitespace() && b.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    fn value(text: &str) -> Option<(String, usize)> {
        number(text, &words(text)).map(|number| (number.value, number.width))
    }

    #[test]
    fn numbers_have_one_value_however_they_are_written() {
        for (text, expected, width) in [
            ("1 250 000", "1250000", 3),
            ("1\u{202f}250\u{a0}000 tonnes", "1250000", 3),
            ("1.250.000", "1250000", 3),
            ("1,250,000", "1250000", 3),
            ("1’250’000", "1250000", 3),
            ("١٬٢٥٠٬٠٠٠", "1250000", 3),
            ("1.250", "1250", 2),
            ("2,5 %", "2.5", 2),
            ("2.50", "2.5", 2),
            ("٢٫٥", "2.5", 2),
            ("1 250,75", "1250.75", 3),
            ("1.250,00", "1250", 3),
            ("0,125", "0.125", 2),
            ("12 250 habitants", "12250", 2),
        ] {
            assert_eq!(value(text), Some((expected.to_owned(), width)), "{text}");
        }
        for text in [
            "2026",
            "12.05.2026",
            "1.2.3",
            "2026 100",
            "12, 250",
            "05 22",
            "10:30",
            "a",
            "1.250.00",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
        assert_eq!(chain(&words("12.05.2026 fin")), 3);
    }
}
