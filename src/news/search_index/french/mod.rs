//! Index terms of French words.
//!
//! The words come without accents, so `marche` is also `marché`: suffixes that a stemmer for
//! accented French looks for (`-é`, `-ère`, `-èrent`) are not there, and cutting the final `-e`
//! would merge `franc` and `france`, `port` and `porte`, `coup` and `coupe`. The rules here
//! therefore only undo inflection, never derivation. A noun or adjective becomes its masculine
//! singular; a regular verb becomes its form in `-e` (`voter`, `votent`, `votait`: `vote`); an
//! irregular verb is known by its stem. Known forms come before the rules at each step.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Words longer than this (bytes) are terms as they are.
const LONGEST_WORD: usize = 64;

/// Words that give no term.
const STOP_WORDS: &str = "
    a ai aie aient aies ait au aura aurai auraient aurais aurait auras aurez auriez aurions aurons
    auront aux avaient avais avait avec avez aviez avons ayant ayez ayons c ca ce ceci cela celle
    celles celui cet cette ceux ces d dans de des dont du elle elles en et etaient etais etait etant
    eu eue eues eurent eus eut eux fumes furent fus fut il ils j je jusqu jusque l la le les leur
    leurs lorsqu lorsque lui m ma me meme memes mes moi mon n ne ni nos notre nous on ont ou par pas
    pour puisqu puisque qu que qui quoi s sa se sera serai seraient serais serait seras serez seriez
    serions serons seront ses si sois soit son sont soyez soyons suis sur t ta te tes toi ton tu un
    une vos votre vous y soient";

/// Groups of forms that no rule connects: the term, then other words that become it.
const IRREGULAR: &str = "
    an ans; oeil yeux; ciel cieux; monsieur messieurs; madame mesdames; mal maux; faux fausse;
    vieux vieil vieille; nouveau nouvel nouvelle; beau bel belle; fou fol folle; mou molle;
    jumeau jumelle; doux douce; roux rousse; jaloux jalouse; epoux epouse; sec seche; blanc blanche;
    franc franche; long longue; ami amie; ennemi ennemie; frais fraiche; public publique;
    grec grecque; turc turque; favori favorite; neuf neuve; veuf veuve; bref breve; vif vive;
    ideal ideaux; egal egaux; vu vus vue; lu lus; heros heroine; duc duchesse; dieu deesse dieux;
    chef cheffe; docteur doctoresse; empereur imperatrice; copain copine; tout toute tous;
    avocat avocate; detenu detenue; ingenieux ingenieuse; senti sent sente;
    ressenti ressent ressente; sorti sortent sortait sortaient;
    servi sert servent servait servaient; partir partent partait partaient partira partiront;
    surviv survit survecu; viv vecu vecue; suiv suit suivi suivie;
    poursuiv poursuit poursuivi poursuivie; convainc convaincre convaincu convaincue;
    mour meurt meurent mourir mourait mourra; fait faire faise font fera feront ferait faite;
    dit dise dira; voit voient voir verra; interdit interdite interdire interdise;
    prevu prevue prevoit prevoir prevoie; conclu conclue conclut conclure; batt bat;
    enverra enverront";

/// Words that look like an inflected form or would become another word; none has a form in `-e`.
const PLAIN: &str = "
    paris cours fois mois mais bois bras cas bas fils fonds sous vers sans apres pres mars mans sens
    lens plus bus os univers temps corps pays avis permis refus taux chaux prix moins jamais repos
    jesus gens acces succes exces vent cent dent souvent couvent vincent laurent florent lait trait
    retrait portrait souhait extrait attrait refait opera camera poster rocher clocher verger
    potager foyer loyer peter roger oliver williams angers francois francoise pascale emmanuelle
    gabrielle danielle fabienne adrienne alger niger hier greffier dejeuner diner annee armee lignee
    contree fumee puree entree journee soiree idee duree portee allee vallee musee lycee trophee
    fusee coree guinee assemblee mediterranee rentree tournee donnee poignee cheminee epee maree
    chaussee mosquee randonnee tranchee fee cree revenu contenu avenir matrice malaise chez assez
    nez suez rendez perez event elysee poupee denis remis demeure";

/// Masculine words whose feminine adds `-e`, in some (`grosse`) after a doubled consonant.
const GENDERED: &str = "
    president accident incident precedent occident evident resident prudent confident dissident
    ardent independent argent agent urgent intelligent sergent exigent indigent negligent divergent
    emergent recent innocent accent adolescent decent violent talent excellent insolent lent
    equivalent ambivalent turbulent parent apparent concurrent torrent different coherent incoherent
    inherent adherent transparent referent recurrent belligerent indifferent absent present content
    mecontent competent incompetent penitent patent intermittent consequent frequent eloquent
    delinquent affluent influent client patient orient ingredient inconvenient conscient inconscient
    recipient quotient coefficient efficient impatient continent eminent permanent pertinent
    imminent etranger berger boulanger boucher passager messager horloger leger cher amer menager
    archer gaucher conseiller petit gratuit inedit interdit fortuit bandit candidat laureat delicat
    adequat ingrat soldat magistrat idiot expert vert mort fort court lourd sourd bavard montagnard
    savoyard grand allemand normand marchand flamand gourmand blond profond vagabond voisin cousin
    feminin masculin argentin latin divin clandestin philippin gamin benjamin maghrebin brun
    opportun persan catalan afghan ottoman musulman partisan artisan paysan gros epais gras soumis
    promis acquis conquis assis precis gris admis commis exclus inclus confus diffus divers clos
    champion patron breton baron bon mignon pieton wallon letton espion complet inquiet secret
    discret concret cadet muet net violet direct exact intact strict correct suspect saint atteint
    contraint restreint eteint conjoint adjoint peint serein seul filleul civil gentil subtil viril
    nul cruel mortel espagnol dur pur obscur futur noir joli poli hardi uni egal satisfait parfait
    haut chaud froid etroit laid quel tel aucun immediat pareil clair sain vain cheri geant formel
    plat sot usager reel universel vrai";

/// Inflections of listed words only: the stems, the endings, and the ending of the term. A final
/// `-s` need not be among the endings. The last rows are the verbs in `-ier`, `-érer` and `-mer`.
const INFLECTIONS: &str = "
    noyau tuyau joyau boyau etau materiau jeu feu lieu cheveu neveu enjeu milieu aveu voeu adieu
    pieu essieu hebreu bijou caillou chou genou hibou joujou pou : x :;
    trav b vitr cor em soupir vant : aux : ail;
    princ maitr comt hot poet pretr mair suiss tigr : esse : e;
    accueill recueill cueill : e ent ir ait i it ie ira : i;
    appel rappel renouvel jet rejet projet : le lent lera te tent tera : e;
    envo renvo emplo deplo netto pa essa appu : ie ient iera ieront : ye;
    chois fin ag reag reuss invest etabl retabl fourn rempl pun reun grand agrand garant ralent
    demol envah trah sub sais enrich elarg convert avert defin guer nourr bat applaud atterr franch
    accompl affaibl aneant about blanch durc englout flech reflech grav obe per pourr rajeun rav
    rebond refroid retent surg un vieill abol assain bann brand divert eblou sort ressort serv
    dement sent ressent rafraich roug alourd : ir it i ie ira irai irait iraient iront issent issait
    issaient issant isse issez : i;
    ouv couv decouv recouv off souff : rir re rent rait rirait rira riront rit ert erte : ri;
    perd vend rend attend entend defend descend repond tend etend pretend depend suspend repand
    confond correspond mord detend revend batt abatt combatt debatt romp interromp corromp viv
    surviv suiv poursuiv : re ent ait aient ra ront rait raient u ue :;
    p rep comp app surp entrep : rendre rend rennent renait renaient rendra rendront rendrait ris :
    rend;
    m perm prom adm comm transm soum rem em : ettre et ettent ettait ettaient ettra ettrait : ett;
    v rev dev parv interv prev conv souv surv prov t ret cont sout maint obt det appart entret :
    enir ient iennent enu enue enait enaient iendra iendront iendrait int : en;
    prod reprod cond constr reconstr detr red trad introd instr sed ded : uire uit uite uisent
    uisait uisaient uisant uira uiront uirait : uit;
    cra pe depe atte contra ete pla jo rejo restre fe : indre int ignent ignait ignaient indra
    indront indrait : int;
    ecr decr inscr prescr souscr transcr : ire it ite ivent ivait ivaient ira iront irait : it;
    rec dec perc conc aperc : evoir oit oivent evait evaient evra evront evrait u ue : oit;
    conn reconn par appar dispar compar : aitre ait aissent aissait aissaient aitra aitront aitrait
    u ue : ait;
    publi etudi negoci remerci oubli mari remari cri benefici licenci copi pli repli pri li ni tri
    vari appreci associ multipli reli ralli alli humili reconcili concili expedi remedi initi
    incendi pari rapatri depli dissoci photocopi privilegi envi devi sci renvi expropri appropri
    contrari pali congedi : er : e;
    consider esper desesper oper cooper liber prefer gener acceler recuper toler exager sugger moder
    inser adher refer differ confer remuner deliber transfer diger reper prosper prolifer exasper
    ger alter degener regener incarcer integer : a ait aient ent : e;
    estim affirm reaffirm confirm form aim nomm renomm consomm exprim reclam proclam assum inform
    transform reform deform arm desarm anim supprim imprim enferm ferm film resum fum allum perform
    programm victim dorm endorm : ent : e";

/// Endings of regular verbs, the longest first.
const VERB_ENDINGS: [&str; 13] = [
    "eraient", "erait", "eaient", "eront", "erent", "aient", "eait", "era", "ait", "ent", "er",
    "ez", "ee",
];

/// Feminine endings, their masculine, and `-` for each letter that must come before.
const FEMININE_ENDINGS: &str = "
    --trice teur; ----drice deur; --euse eur; ---eure eur; -iere ier; --ienne ien; --eenne een;
    --yenne yen; --ielle iel; --uelle uel; ---nelle nel; --urelle urel; ---orelle orel;
    --ive if; --ale al; ---ante ant; ---aine ain; ---aise ai; ---oise oi";

/// The tables above, split for look-up.
struct Tables {
    stop: HashSet<&'static str>,
    known: HashMap<String, String>,
    /// Ending, masculine ending and the length of the shortest word.
    feminine: Vec<(&'static str, &'static str, usize)>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
    stop: STOP_WORDS.split_whitespace().collect(),
    known: known_forms(),
    feminine: FEMININE_ENDINGS
        .split(';')
        .filter_map(feminine_ending)
        .collect(),
});

fn feminine_ending(row: &'static str) -> Option<(&'static str, &'static str, usize)> {
    let (pattern, masculine) = row.trim().split_once(' ')?;
    Some((pattern.trim_start_matches('-'), masculine, pattern.len()))
}

/// The forms in the tables and their terms; a later table overrides an earlier one.
fn known_forms() -> HashMap<String, String> {
    let mut known = HashMap::new();
    for (stems, rest) in INFLECTIONS.split(';').filter_map(|row| row.split_once(':')) {
        let (endings, term) = rest.split_once(':').unwrap_or((rest, ""));
        for stem in stems.split_whitespace() {
            let term = [stem, term.trim()].concat();
            let forms = endings
                .split_whitespace()
                .map(|ending| [stem, ending].concat());
            known.extend(forms.map(|form| (form, term.clone())));
            known.insert(term.clone(), term);
        }
    }
    for word in GENDERED.split_whitespace() {
        let doubled = word
            .chars()
            .next_back()
            .filter(|last| "lnst".contains(*last));
        known.extend(doubled.map(|last| (format!("{word}{last}e"), word.to_owned())));
        known.insert([word, "e"].concat(), word.to_owned());
        known.insert(word.to_owned(), word.to_owned());
    }
    known.extend(
        PLAIN
            .split_whitespace()
            .map(|word| (word.to_owned(), word.to_owned())),
    );
    for group in IRREGULAR.split(';') {
        let term = group.split_whitespace().next().unwrap_or_default();
        known.extend(
            group
                .split_whitespace()
                .map(|form| (form.to_owned(), term.to_owned())),
        );
    }
    known
}

/// Appends the terms of a word, by which documents are indexed and queries search; none for a stop
/// word. A query finds a document if any of the terms of its word is among the document's.
pub fn add_terms(word: &str, terms: &mut Vec<String>) {
    if word.is_empty() || TABLES.stop.contains(word) {
        return;
    }
    let has_rules = word.len() <= LONGEST_WORD && word.bytes().all(|b| b.is_ascii_lowercase());
    terms.push(if has_rules {
        term(word)
    } else {
        word.to_owned()
    });
}

/// The term of a word of ASCII letters.
fn term(word: &str) -> String {
    if let Some(term) = TABLES.known.get(word) {
        return term.clone();
    }
    let singular = singular(word);
    if let Some(term) = TABLES.known.get(&singular) {
        return term.clone();
    }
    let base = verb_base(&singular).unwrap_or(singular);
    if let Some(term) = TABLES.known.get(&base) {
        return term.clone();
    }
    masculine(&base).unwrap_or(base)
}

/// The singular of a word, which may be one already.
fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("eaux") {
        return [stem, "eau"].concat();
    }
    if let Some(stem) = word.strip_suffix("aux").filter(|stem| stem.len() > 1) {
        return [stem, "al"].concat();
    }
    // An adjective in `-eux` has the feminine `-euse`, as has a noun in `-eur`.
    if let Some(stem) = word.strip_suffix("eux").filter(|stem| stem.len() > 1) {
        return [stem, "eur"].concat();
    }
    let noun = word
        .strip_suffix('s')
        .filter(|noun| noun.len() > 2 && !noun.ends_with('s'));
    noun.unwrap_or(word).to_owned()
}

/// The form in `-e` of a word that ends like a form of a regular verb.
fn verb_base(word: &str) -> Option<String> {
    // Other words in `-ier` and `-ment` are nouns, or listed as verbs.
    if word.ends_with("ment") || word.ends_with("ier") && !word.ends_with("ifier") {
        return None;
    }
    VERB_ENDINGS.iter().find_map(|&ending| {
        let stem = word.strip_suffix(ending)?;
        let shortest = if ending == "erent" { 3 } else { 2 };
        (stem.len() >= shortest).then(|| [stem, "e"].concat())
    })
}

/// The masculine of a word that ends like a feminine.
fn masculine(word: &str) -> Option<String> {
    for &(feminine, masculine, shortest) in &TABLES.feminine {
        if let Some(root) = word
            .strip_suffix(feminine)
            .filter(|_| word.len() >= shortest)
        {
            return Some([root, masculine].concat());
        }
    }
    let stem = word
        .strip_suffix('e')
        .filter(|stem| stem.len() > 1 && stem.ends_with('u'))?;
    (!stem.ends_with("gu") && !stem.ends_with("qu")).then(|| stem.to_owned())
}

#[cfg(test)]
mod tests;
