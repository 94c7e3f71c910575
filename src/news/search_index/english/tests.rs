//! Words that find each other, and words that do not.

use super::add_terms;
use crate::news::search_index::word_pairs::{assert_different, assert_same};

fn terms(word: &str) -> Vec<String> {
    let mut terms = Vec::new();
    add_terms(word, &mut terms);
    terms
}

/// All words of a line must match the first.
const SAME: &str = "
    child children
    grandchild grandchildren
    woman women
    man men
    policeman policemen
    mouse mice
    foot feet
    leaf leaves
    life lives
    wolf wolves
    knife knives
    crisis crises
    analysis analyses
    criterion criteria
    medium media
    datum data
    policy policies
    movie movies
    hero heroes
    church churches
    box boxes
    virus viruses
    bus buses
    mp mps
    win winning won wins
    rise rose risen rising
    fall fell fallen
    buy bought buying
    sell sold
    say said
    meet met
    build built builds
    lead led
    leave leaves leaving
    strike struck
    steal stole stolen
    begin began begun beginning
    break broke broken
    write wrote written writing
    speak spoke spoken
    choose chose chosen choosing
    go went gone going
    hold held
    lose lost losing
    pay paid
    teach taught
    catch caught
    grow grew grown
    fly flew flies
    drive drove driven
    sing sang sung
    swim swam swimming
    run ran running
    give gave given
    take took taken
    make made making
    find found
    see saw seen
    shoot shot shooting
    think thought
    flee fled fleeing
    hope hoped hoping
    arrive arrived arriving
    stop stopped stopping
    carry carried carries
    agree agreed agreeing
    die died dying
    play played playing
    use used using
    boycott boycotted boycotting
    colour color colours colored
    labour labor
    harbour harbor
    favourite favorite
    neighbourhood neighborhood
    behaviour behavior
    centre center centres
    theatre theater theatres
    kilometre kilometer kilometres
    organise organize organised organizing
    organisation organization organisations
    realise realizes
    analyse analyze analysing
    programme program programmes
    defence defense
    offence offense
    licence license licensed
    travelling traveling travelled
    traveller traveler travellers
    cancelled canceled
    enrol enroll
    fulfil fulfill
    grey gray
    archaeology archeology
    paediatric pediatric
    aluminium aluminum
    judgement judgment
    morocco moroccos
    james james
    paris paris
    texas texas";

/// No two words of a line may match.
const DIFFERENT: &str = "
    universe university universal
    organ organization organic
    news new
    general generate generous
    generally generals
    international internal intern
    policy police
    market marketing
    arsenal arsenic
    animal animate
    import important
    nation national nationality
    election electric elector
    government govern governor
    past paste
    moral morale
    local locale
    human humane
    plan plane
    hop hope
    tap tape
    win wine
    us use
    who whole
    man manning
    paris pari
    james jam
    mars mar
    wales whale wale
    good goods
    arm arms
    united unit
    house housing
    hear hearing
    even evening
    custom customs
    mean means
    suit suite
    quit quite
    sunni sunny
    messi messy
    tonne ton
    tyre tire
    adam adams
    william williams
    corps corpse
    cast caste
    species specie
    sing single
    ring range
    need knee";

#[test]
fn forms_of_a_word_match() {
    assert_same(add_terms, SAME, 80);
}

#[test]
fn unrelated_words_do_not_match() {
    assert_different(add_terms, DIFFERENT, 40);
}

#[test]
fn stop_words_give_no_term() {
    for word in
        "the a and it its dont doesnt didnt cant wont isnt wasnt arent im ive youre theyre were"
            .split(' ')
    {
        assert!(terms(word).is_empty(), "{word}");
    }
    for word in
        "who us will may well ill id shell hell wed lets off over under after before".split(' ')
    {
        assert_eq!(terms(word).len(), 1, "{word}");
    }
}

#[test]
fn any_string_is_accepted() {
    let long = "s".repeat(10_000);
    let words = [
        "x",
        "y4",
        "2024",
        "naïve",
        "москва",
        "日本",
        "ing",
        "ed",
        "yyy",
        &long,
    ];
    for word in words {
        assert_eq!(terms(word).len(), 1, "{word}");
    }
    assert_eq!(terms(&long), [long]);
    assert!(terms("").is_empty());
}
