//! Words that find each other, and words that do not.

use super::*;

/// Lines of words of which each must find the first, and the first each.
const ALIKE: &str = "
    مدرسة مدارس المدارس والمدارس للمدارس بالمدارس مدرستهم مدارسنا ومدرسة
    مسؤول مسئول مسوول المسؤولين مسئولون ومسؤولة
    شؤون شئون شوون الشئون لشؤون
    رئيس رييس الرؤساء ورئيس رئيسها رئيسا
    قراءة قراة القراءات قراءتها
    سؤال أسئلة الأسئلة وأسئلته
    مهندس مهندسون مهندسين المهندسين مهندسي المهندسات
    انتخابات انتخاب انتخابة الانتخابات للانتخابات بالانتخابات وانتخابات
    شركة شركات الشركات لشركة شركتين وشركته
    مدينة مدينتين مدن المدن بمدينة مدينتنا
    لاعب لاعبان لاعبين اللاعبون للاعبين لاعبو لاعبيه
    مغربي مغربية المغربيات مغاربة المغاربة مغربيين
    قرار قراراتها قرارات القرار بقرار
    كتاب كتابنا كتب الكتب وكتبه
    حزب أحزاب الأحزاب حزبين
    وزير وزراء الوزراء وزرائها وزراؤه للوزراء وزيرة
    قرية قرى القرى قريتين
    دولة دول الدولتين والدول
    سعر أسعار الأسعار بسعر
    طريق طرق الطرقات بالطريق
    طريقة طرق
    شارع شوارع
    مطار مطارات بمطار
    مصنع مصانع المصانع
    ميناء موانئ الموانئ بميناء
    جسر جسور
    قطار قطارات القطارات
    مطر أمطار الأمطار
    سد سدود السد السدود
    ماء مياه المياه بالمياه والماء
    حقل حقول
    مزرعة مزارع المزارع
    فلاح فلاحون الفلاحين
    عامل عمال العمال
    طالب طلاب طلبة طالبات الطلبة
    تلميذ تلاميذ
    أستاذ أساتذة
    طبيب أطباء طبيبة
    مستشفى مستشفيات بمستشفى
    دواء أدوية الدواء
    مرض أمراض
    حريق حرائق الحرائق
    فيضان فيضانات الفيضانات
    زلزال زلازل
    قانون قوانين القانون
    محكمة محاكم
    قاضي قضاة قاض القاضي
    نائب نواب
    برنامج برامج
    مشروع مشاريع مشروعات
    بنك بنوك البنك وبنك
    عملة عملات
    ضريبة ضرائب
    أجر أجور
    مباراة مباريات
    نجم نجوم
    فيلم أفلام
    أغنية أغاني أغان
    شاعر شعراء
    صورة صور
    سمك سمكة أسماك
    شجرة أشجار
    حدود حد حدودها
    جندي جنود
    ضحية ضحايا
    قتيل قتلى
    امرأة نساء المرأة
    طفل أطفال أطفالهم
    شاب شباب
    رجل رجال
    بيت بيوت بيتها
    حي أحياء الحي
    ساكن سكان
    عمل أعمال الأعمال
    علم علوم
    عالم علماء
    أعلن يعلن أعلنت تعلن وأعلن سيعلن أعلنوا
    أضاف يضيف وأضافت
    لاجئ لاجئون اللاجئين
    لجنة للجنة اللجنة لجان
    لغة للغة اللغات
    لقاء لقاءات لقائه لقاؤها اللقاء
    جديد جديدة الجديدة جدد جديدا
    رسمي رسميا رسمية الرسميون
    هيئة هيأة الهيئات
    حق حقوق حقهم
    الحب بالحب والحب
    بدمشق دمشق ودمشق
    برلمان البرلمان برلمانات
    الله لله والله
    سياسي سياسية السياسيين
    سيارة سيارتهم سيارات
    فلسطين الفلسطين وفلسطين
    مخيم مخيمات المخيمين
    باكستان باكستان وباكستان لباكستان";

/// Pairs of words that must not find each other.
const UNLIKE: &str = "
    علم عالم / علم عمل / علم عامل / علم معلم / عالم عامل / عالم معلم / عمل عامل / عمل معلم / عامل معلم
    حزب حرب / مدرسة مدرس / المدارس المدرسين / كتاب مكتب / كتاب كاتب / مكتب كاتب / مكتب مكتبة / سعر شعر
    شعر شاعر / جهة جيهة / قطر قطار / قطار أقطار / بحر بحار / دولة دولي / دول دولار / دولة دولار / دولي دولار
    الجزائر جزار / جزر جزار / عملة عمل / عملية عمل / عملاء عمل / أمراء أمر / سفراء سفر / فقراء فقر / غرباء غرب
    سجناء سجن / طاقة بطاقة / بيرة كبيرة / طالبان طالب / البحرين بحر / السودان سود / شعبان شعب / جامعة جامع
    مدني مدينة / رئيسي رئيس / تجارة تاجر / المهم الألم / سلام سلامة / الرياض الرياضة / فرنسا فرنسي / لبنان لبن
    ألعاب عاب / والدة دة / لجنة جنة / ملك ملكة / حكم حكمة / شرط شرطة / فريق فرقة / محكمة محاكمة / جنسية جنسي
    بيان بنايات / نفط نقط / بيروت بيرو / صورة سورة / صحف صحة / أخبار خبرة / تذكرة ذكر / قوات قوت / كلية كلي";

/// A word as it arrives, but for the folding of marks.
fn terms(word: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let folded = word
        .replace(['أ', 'إ', 'آ'], "ا")
        .replace('ى', "ي")
        .replace('ه', "ة");
    add_terms(&folded, &mut terms);
    terms
}

fn alike(one: &str, other: &str) -> bool {
    let others = terms(other);
    terms(one).iter().any(|term| others.contains(term))
}

#[test]
fn forms_of_a_word_find_each_other() {
    let mut pairs = 0;
    let mut failures = Vec::new();
    for line in ALIKE.lines() {
        let first = line.split_whitespace().next().unwrap_or_default();
        for other in line.split_whitespace().skip(1) {
            pairs += 1;
            if !alike(first, other) {
                failures.push((first, terms(first), other, terms(other)));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(pairs >= 120, "{pairs}");
}

#[test]
fn other_words_do_not_find_each_other() {
    let pairs = UNLIKE
        .split(['/', '\n'])
        .filter_map(|pair| pair.trim().split_once(' '));
    assert!(pairs.clone().count() >= 25);
    let failures: Vec<_> = pairs.filter(|(one, other)| alike(one, other)).collect();
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn every_listed_form_finds_its_word() {
    let mut failures = Vec::new();
    for group in NOUNS.trim().split(['/', '\n']) {
        let head = group.split_whitespace().next().unwrap_or_default();
        let forms = group
            .split_whitespace()
            .flat_map(|form| [form.to_owned(), format!("وال{form}")]);
        failures.extend(forms.filter(|form| !alike(head, form)));
    }
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn few_forms_belong_to_two_words() {
    let mut shared: Vec<_> = LEXICON
        .iter()
        .filter(|(_, terms)| terms.contains(' '))
        .collect();
    shared.sort();
    let forms: Vec<&str> = shared.into_iter().map(|(form, _)| form.as_str()).collect();
    assert_eq!(
        forms,
        [
            "اسود",
            "الام",
            "سورية",
            "طرق",
            "فرق",
            "قوي",
            "مزارع",
            "معارض",
            "والدين"
        ]
    );
}

#[test]
fn stop_words_give_no_term() {
    for word in STOP_WORDS.split_whitespace() {
        assert!(terms(word).is_empty(), "{word}");
    }
    assert_eq!(terms("علي"), ["علي"]);
}

#[test]
fn words_of_other_letters_stay() {
    for word in ["paris", "2024", "covid19", "кремль", "g20و", "日本"] {
        assert_eq!(terms(word), [word]);
    }
    assert!(terms("").is_empty());
}

#[test]
fn terms_are_appended_and_distinct() {
    let mut terms = vec!["مدرسة".to_owned()];
    add_terms("والمدارس", &mut terms);
    assert_eq!(terms, ["مدرسة", "مدرسة"]);
}

/// Words of every letter and affix, up to very long ones: no panic, one to four terms.
#[test]
fn any_word_gives_one_to_four_distinct_terms() {
    let parts = [
        "", "و", "ف", "ب", "ل", "ال", "لل", "ة", "ةا", "ت", "ات", "ين", "ي", "ئ", "ء", "ا",
    ];
    for (one, two) in parts.iter().flat_map(|one| parts.map(|two| (one, two))) {
        for (three, four) in parts
            .iter()
            .flat_map(|three| parts.map(|four| (three, four)))
        {
            let word = format!("{one}{two}ق{three}{four}");
            let mut found = terms(&word);
            assert!((1..=4).contains(&found.len()), "{word} {found:?}");
            found.sort();
            let count = found.len();
            found.dedup();
            assert_eq!(found.len(), count, "{word} {found:?}");
        }
    }
    let long = "وال".repeat(10_000);
    assert_eq!(terms(&long), [long]);
    for letter in '\0'..='\u{FFFF}' {
        assert!(terms(&format!("ال{letter}و{letter}")).len() <= 4);
    }
}
