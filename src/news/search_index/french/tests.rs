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
    national nationale nationaux nationales
    journal journaux
    cheval chevaux
    hopital hopitaux
    animal animaux
    canal canaux
    general generale generaux generales
    social sociaux sociale
    travail travaux
    bail baux
    vitrail vitraux
    corail coraux
    email emaux emails
    soupirail soupiraux
    noyau noyaux
    tuyau tuyaux
    eau eaux
    bateau bateaux
    chateau chateaux
    jeu jeux
    feu feux
    cheveu cheveux
    lieu lieux
    bijou bijoux
    genou genoux
    chou choux
    oeil yeux
    ciel cieux
    monsieur messieurs
    an ans
    directeur directrice directeurs directrices
    agriculteur agricultrice agricultrices
    chercheur chercheuse chercheuses
    entraineur entraineuse
    acteur actrice actrices
    vendeur vendeuse
    serveur serveuse
    ambassadeur ambassadrice
    joueur joueuse joueuses
    producteur productrice
    senateur senatrice
    electeur electrice electeurs
    chanteur chanteuse
    moteur motrice
    professeur professeure
    enseignant enseignante enseignantes
    infirmier infirmiere infirmieres
    policier policiere policiers
    premier premiere
    etudiant etudiante etudiants
    avocat avocate avocates
    candidat candidate candidates
    president presidente presidents
    musicien musicienne musiciens
    europeen europeenne
    citoyen citoyenne
    champion championne championnes
    sportif sportive sportives
    veuf veuve
    berger bergere
    etranger etrangere etrangers etrangeres
    romancier romanciere
    maitre maitresse
    prince princesse princesses
    heros heroine
    empereur imperatrice
    heureux heureuse heureuses
    francais francaise francaises
    chinois chinoise
    americain americaine americaines
    allemand allemande allemands
    espagnol espagnole
    grand grande grands
    petit petite petites
    gros grosse
    blanc blanche blanches
    nouveau nouvelle nouveaux nouvelles
    vieux vieille
    officiel officielle officielles
    elu elue elus elues
    depute deputee deputes
    blesse blesses blessee blessees blesser
    mort morte morts
    parle parlent parler parlait parlaient parlera parleront
    vote votes voter votent voterait
    manger mangeait mangeaient mange
    publier publie publient publiee
    considerer considere considerait considerent
    affirmer affirme affirment
    augmenter augmente augmentent
    choisir choisit choisi choisissent choisie
    finir finit finissent
    reprendre reprend reprennent repris
    perdre perd perdent perdu perdue
    vendre vend vendu vendent
    tenir tient tiennent tenu
    devenir devient deviennent devenu
    construire construit construisent construite
    ouvrir ouvre ouvrent ouvert ouverte
    decouvrir decouvre decouverte
    recevoir recoit recoivent recu
    appeler appelle appellent
    envoyer envoie envoient envoye
    permettre permet permettent
    rejoindre rejoint rejoignent
    paris paris
    annee annees
    match matchs
    vue vus";

/// No two words of a line may match.
const DIFFERENT: &str = "
    eau taux faux
    mal mail
    acteur action actif
    directeur direction
    facteur facture factuel
    producteur production produit
    organisateur organisation organiser organe
    president presidence
    ministre ministere
    agriculteur agriculture
    ecole ecolier
    port porte portee
    poste poster postier
    univers universite universel
    marin marine marina
    police policier
    mairie maire mari
    france franc
    coup coupe
    cours cour course
    vent vente
    part parti partie parite
    point pointe
    parler parlement
    depart departement
    armee arme
    annee anne an
    coree corps
    mai mais
    fil fils
    fond fonds
    fin final finance
    tour touriste
    etranger etrange
    passager passage passe
    messager message
    conseiller conseil
    forum forme
    journal journaliste jour
    social socialiste
    commun communiste commune
    terreur terroriste terrorisme
    libere liberte liberal
    action actionnaire
    nation national nationaliste
    medecin medecine
    liberation libraire
    pari paris
    etat ete
    centre central cent
    secret secretaire
    prix prise
    russe ruse
    droit droite
    roman romain
    sort sorte sortie";

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
        "le la les des au aux avec dans l d qu jusqu lorsque etait avait ont serait".split(' ')
    {
        assert!(terms(word).is_empty(), "{word}");
    }
    for word in "avions ete est sommes mais as plus".split(' ') {
        assert_eq!(terms(word).len(), 1, "{word}");
    }
}

#[test]
fn any_string_is_accepted() {
    let long = "s".repeat(10_000);
    let words = [
        "x",
        "aux2",
        "2024",
        "voté",
        "москва",
        "日本",
        "sss",
        "eaux",
        "ee",
        &long,
    ];
    for word in words {
        assert_eq!(terms(word).len(), 1, "{word}");
    }
    assert_eq!(terms(&long), [long]);
    assert!(terms("").is_empty());
}
