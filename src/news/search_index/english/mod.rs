//! Index terms of English words.
//!
//! A full stemmer also undoes derivation and so merges `university` and `universal`, `organ` and
//! `organization` or `import` and `important`. The rules here only undo inflection (plurals, `-ed`,
//! `-ing`), with the conditions of the first and last steps of the Porter 2 stemmer, and British
//! spelling. Irregular forms come from tables.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Words longer than this (bytes) are terms as they are.
const LONGEST_WORD: usize = 64;

/// Words that give no term. `who`, `us`, `will` and `may` are also names, so they are not here.
const STOP_WORDS: &str = "
    a about again aint also am an and are arent as at be been being but by can cannot cant could
    couldnt did didnt do does doesnt doing dont for from had hadnt has hasnt have havent having he
    her here hers herself hes him himself his how i if im in into is isnt it itll its itself ive
    just me must my myself no nor not of on or our ours ourselves shall she shes should shouldnt so
    some such than that thats the their theirs them themselves then there theres these they theyd
    theyll theyre theyve this those to too very was wasnt we were werent weve what whats when wheres
    where which whom whos whose why with wont would wouldnt you youd youll your youre yours yourself
    youve";

/// Groups of forms that no rule connects: the word whose term they have, then the forms.
const IRREGULAR: &str = "
    mouse mice; foot feet; tooth teeth; goose geese; sue sued suing; wolf wolves; thief thieves;
    knife knives; wife wives; loaf loaves; crisis crises; hypothesis hypotheses;
    diagnosis diagnoses; criterion criteria; phenomenon phenomena; medium media; datum data;
    index indices; bus buses busses; taxi taxis; saudi saudis; iraqi iraqis; israeli israelis;
    nazi nazis; ati atis; mp mps; tv tvs; ad ads; pm pms; win won; rise risen; fall fell fallen;
    buy bought; sell sold; say said; meet met; build built; lead led; strike struck stricken;
    steal stole stolen; begin began begun; break broke broken; write wrote written;
    rewrite rewrote rewritten; speak spoke spoken; choose chose chosen; go goes went gone;
    hold held; lose lost; pay paid; teach taught; catch caught; grow grew grown; fly flew flown;
    drive drove driven; sing sang sung; swim swam swum; run ran; give gave given; take took taken;
    make made; see seen; come came; become became; overcome overcame; get got gotten;
    know knew known; think thought; bring brought; fight fought; seek sought; send sent;
    spend spent; lend lent; keep kept; sleep slept; tell told; hear heard; deal dealt; mean meant;
    feel felt; learn learnt; sit sat; stand stood; understand understood;
    withdraw withdrew withdrawn; draw drew drawn; throw threw thrown; blow blew blown;
    wear wore worn; swear swore sworn; freeze froze frozen; shake shook shaken;
    forget forgot forgotten; forbid forbade forbidden; eat ate eaten; drink drank drunk;
    sink sank sunk; ring rang rung; arise arose arisen; hide hid hidden; beat beaten; flee fled;
    speed sped; show shown; prove proven; light lit; rebuild rebuilt; uphold upheld; tie tying;
    lie lying; die dying; free freed; center centre centred centring; theater theatre; meter metre;
    fiber fibre; kilometer kilometre; program programme; aging ageing; judgment judgement;
    math maths; advisor adviser; draft draught; jewelry jewellery";

/// Forms of two words: the form, then the words whose terms it has.
const AMBIGUOUS: &str = "
    leaves leaf leave; lives life live; found find found; rose rise rose; saw see saw;
    shot shot shoot; analyses analysis analyse; bases base basis; axes axe axis";

/// Words that the rules must leave alone: they would become another word.
const PLAIN: &str = "
    news series species paris james texas adams williams roberts edwards phillips stevens richards
    peters evans thomas lucas carlos jones jennings manning hastings rogers wales mars laos arms
    goods customs means thanks headquarters politics economics united marketing housing training
    hearing banking parking building boxing during morning evening wedding nothing something
    anything everything ceiling outing sacred hundred succeed proceed exceed need add egg boycott
    inn err bias quite suite premiere marie anne maine angeles julie louise clarke hughes barnes
    grande willing france heroine vigilante silicone clause denise simone coupe omen yemen specimen
    abdomen regimen bremen ahmed past paste cast caste moral morale local locale human humane
    rational rationale tens tense corps corpse course offspring shipping fishing clothing clothes
    cloth emir use dutch";

/// Beginnings of words in British spelling and the American spelling.
const BRITISH: &str = "
    defenc defens; offenc offens; licenc licens; pretenc pretens; practis practic;
    catalogue catalog; dialogue dialog; cancell cancel; travell travel; labell label; modell model;
    fuell fuel; counsell counsel; councillor councilor; sceptic skeptic; mould mold; paed ped;
    anaem anem; anaesth anesth; haem hem; foet fet; archaeo archeo; orthopaed orthoped;
    manoeuvr maneuver; plough plow; aluminium aluminum; aeroplane airplane; install instal;
    enroll enrol; fulfill fulfil; skillful skilful; artefact artifact; grey gray; enquir inquir";

/// What comes before `-our` in words that have `-or` in American spelling.
const BRITISH_OUR: &str = "
    col lab harb hon hum fav flav neighb rum behavi arm vap tum sav od rig vig val parl cand ferv
    glam endeav splend savi ard clam enam demean misdemean discol dishon disfav unfav";

/// The tables above, split for look-up.
struct Tables {
    stop: HashSet<&'static str>,
    /// The terms of irregular forms and of plain words.
    known: HashMap<&'static str, String>,
    ambiguous: HashMap<&'static str, Vec<String>>,
    /// British beginnings of words and the American ones.
    british: Vec<(String, String)>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

impl Tables {
    fn new() -> Self {
        let mut tables = Self {
            stop: STOP_WORDS.split_whitespace().collect(),
            known: PLAIN
                .split_whitespace()
                .map(|word| (word, word.to_owned()))
                .collect(),
            ambiguous: HashMap::new(),
            british: Vec::new(),
        };
        let others = BRITISH.split(';').filter_map(pair);
        tables
            .british
            .extend(others.map(|(from, to)| (from.to_owned(), to.to_owned())));
        let in_our = BRITISH_OUR.split_whitespace();
        tables
            .british
            .extend(in_our.map(|stem| (format!("{stem}our"), format!("{stem}or"))));
        for (word, forms) in IRREGULAR.split(';').filter_map(pair) {
            let term = tables.term(word);
            tables
                .known
                .extend(forms.split_whitespace().map(|form| (form, term.clone())));
        }
        for (form, words) in AMBIGUOUS.split(';').filter_map(pair) {
            let terms = words
                .split_whitespace()
                .map(|word| tables.term(word))
                .collect();
            tables.ambiguous.insert(form, terms);
        }
        tables
    }

    /// The term of a word of ASCII letters.
    fn term(&self, word: &str) -> String {
        if let Some(term) = self.known.get(word) {
            return term.clone();
        }
        let singular = singular(&self.american(word));
        if let Some(term) = self.known.get(singular.as_str()) {
            return term.clone();
        }
        let Some(stem) = verb_stem(&singular) else {
            return without_ending(singular);
        };
        let plain = self
            .known
            .get(stem.as_str())
            .is_some_and(|term| *term == stem);
        if plain {
            stem
        } else {
            without_ending(restored(stem))
        }
    }

    /// A word in one spelling: American but for `-ise`.
    fn american(&self, word: &str) -> String {
        for (british, american) in &self.british {
            if let Some(rest) = word.strip_prefix(british.as_str()) {
                return [american, rest].concat();
            }
        }
        // `-ize`, `-izing`, `-ization`, `-yze`: few other words have a `z` there.
        let verb = word.rsplit_once('z').filter(|(before, rest)| {
            before.len() > 3 && before.ends_with(['i', 'y']) && rest.starts_with(['e', 'i', 'a'])
        });
        verb.map_or_else(
            || word.to_owned(),
            |(before, rest)| [before, "s", rest].concat(),
        )
    }
}

/// Splits a table row at its first space.
fn pair(row: &'static str) -> Option<(&'static str, &'static str)> {
    row.trim().split_once(' ')
}

/// Appends the terms of a word, by which documents are indexed and queries search; none for a stop
/// word. A query finds a document if any of the terms of its word is among the document's.
pub fn add_terms(word: &str, terms: &mut Vec<String>) {
    if word.is_empty() || TABLES.stop.contains(word) {
        return;
    }
    let has_rules = word.len() <= LONGEST_WORD && word.bytes().all(|b| b.is_ascii_lowercase());
    match TABLES.ambiguous.get(word) {
        Some(both) => terms.extend_from_slice(both),
        None => terms.push(if has_rules {
            TABLES.term(word)
        } else {
            word.to_owned()
        }),
    }
}

/// The singular of a word, which may be one already.
fn singular(word: &str) -> String {
    for (plural, singular) in [("children", "child"), ("women", "woman"), ("men", "man")] {
        if let Some(stem) = word.strip_suffix(plural) {
            return [stem, singular].concat();
        }
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| !stem.is_empty()) {
        return [stem, if stem.len() > 1 { "y" } else { "ie" }].concat();
    }
    let noun = word
        .strip_suffix('s')
        .filter(|noun| noun.len() > 2 && !noun.ends_with(['s', 'u', 'i']));
    noun.unwrap_or(word).to_owned()
}

/// What remains of a word before `-ed` or `-ing`; nothing if the word has no such ending.
fn verb_stem(word: &str) -> Option<String> {
    if let Some(stem) = word.strip_suffix("ied").filter(|stem| !stem.is_empty()) {
        return Some([stem, if stem.len() > 1 { "y" } else { "ie" }].concat());
    }
    if let Some(stem) = word.strip_suffix("eed") {
        return (region(word, 0) <= stem.len()).then(|| [stem, "ee"].concat());
    }
    let stem = word
        .strip_suffix("ed")
        .or_else(|| word.strip_suffix("ing"))?;
    (0..stem.len())
        .any(|place| is_vowel(stem, place))
        .then(|| stem.to_owned())
}

/// The verb of a stem with a doubled consonant (`winn`) or without its `-e` (`hop` of `hoping`).
fn restored(mut stem: String) -> String {
    let mut letters = stem.bytes().rev();
    let last = letters.next();
    if last == letters.next() && last.is_some_and(|last| b"bdgmnprt".contains(&last)) {
        stem.pop();
    } else if region(&stem, 0) == stem.len() && ends_in_short_syllable(&stem) {
        stem.push('e');
    }
    stem
}

/// The word with `-ie` as `-y` and `-ll` as `-l`, and without `-e` unless it is like `hope`.
fn without_ending(mut word: String) -> String {
    let first = region(&word, 0);
    if let Some(stem) = word.strip_suffix("ie").filter(|stem| stem.len() > 1) {
        return [stem, "y"].concat();
    }
    if word.ends_with("ll") {
        if (first..word.len()).any(|place| is_vowel(&word, place)) {
            word.pop();
        }
    } else if let Some(stem) = word.strip_suffix('e') {
        let second = region(&word, first);
        if second <= stem.len() || first <= stem.len() && !ends_in_short_syllable(stem) {
            word.pop();
        }
    }
    word
}

/// Whether the letter at a place is a vowel; `y` is one after a consonant.
fn is_vowel(word: &str, place: usize) -> bool {
    match word.as_bytes().get(place) {
        Some(b'a' | b'e' | b'i' | b'o' | b'u') => true,
        Some(b'y') => place
            .checked_sub(1)
            .is_some_and(|before| !is_vowel(word, before)),
        _ => false,
    }
}

/// The place after the first consonant that follows a vowel, from a place on, or the end.
fn region(word: &str, from: usize) -> usize {
    let pair = (from + 1..word.len()).find(|&i| is_vowel(word, i - 1) && !is_vowel(word, i));
    pair.map_or(word.len(), |consonant| consonant + 1)
}

/// Whether a word ends in consonant, vowel, consonant, or is a vowel and a consonant.
fn ends_in_short_syllable(word: &str) -> bool {
    let Some(last) = word.len().checked_sub(1) else {
        return false;
    };
    let closed = !is_vowel(word, last) && !word.ends_with(['w', 'x', 'y']);
    let vowel = last.checked_sub(1).filter(|&vowel| is_vowel(word, vowel));
    let open = vowel.is_some_and(|vowel| vowel == 0 || !is_vowel(word, vowel - 1));
    closed && open
}

#[cfg(test)]
mod tests;
