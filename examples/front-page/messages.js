/**
 * The words of the interface. Each language has the same keys; TypeScript compares them with French.
 *
 * @typedef {typeof french} Messages
 */

const french = {
  /** The language's own name, on its button. */
  itself: "Français",
  skip: "Aller au contenu",
  language: "Langue",
  sections: "Rubriques",
  front: "À la une",
  search: "Rechercher",
  ticker: "Le fil",
  all_lines: "Tout le fil",
  fewer_lines: "Réduire le fil",
  no_lines: "Aucune dépêche pour le moment.",
  breaking: "Urgent",
  flash: "Flash",
  more: "Plus d’articles",
  more_results: "Plus de résultats",
  nothing: "Aucun article pour le moment.",
  translations: "Dans d’autres langues :",
  related: "À lire ensuite",
  original: "Publication originale",
  credit: "Photo",
  corrections: "Modification",
  play: "Ouvrir le contenu",
  not_found: "Cette page n’existe pas",
  withdrawn: "Cet article a été retiré",
  failed: "La page n’a pas pu être chargée",
  not_kept: "Cette page n’a pas été enregistrée pour la lecture hors connexion",
  to_front: "Retour à la une",
  kinds: { opinion: "Opinion", analysis: "Analyse", interview: "Entretien", live: "Direct", sponsored: "Contenu sponsorisé" },
  /** @param {string} names */
  by: (names) => `Par ${names}`,
  /** @param {string} source */
  source: (source) => `Source : ${source}`,
  /** @param {number} minutes */
  reading: (minutes) => `${minutes} min de lecture`,
  /** @param {string} time */
  published: (time) => `Publié le ${time}`,
  /** @param {string} time */
  changed: (time) => `Dernière modification le ${time}.`,
  /** @param {string} words */
  results: (words) => `Recherche : « ${words} »`,
  /** @param {string} words */
  no_results: (words) => `Aucun résultat pour « ${words} ».`,
  suggestion: "Essayez avec cette orthographe :",
  /** @param {number} count */
  new_lines: (count) => `${count} nouvelles dépêches`,
  /** @param {string} time */
  offline: (time) => `Hors connexion depuis ${time}. Vous lisez ce qui a été enregistré jusque-là.`,
};

/** @type {Messages} */
const arabic = {
  itself: "العربية",
  skip: "انتقل إلى المحتوى",
  language: "اللغة",
  sections: "الأقسام",
  front: "الصفحة الأولى",
  search: "بحث",
  ticker: "شريط الأخبار",
  all_lines: "كل الأخبار",
  fewer_lines: "تقليص الشريط",
  no_lines: "لا أخبار حاليا.",
  breaking: "عاجل",
  flash: "عاجل جدا",
  more: "مقالات أخرى",
  more_results: "نتائج أخرى",
  nothing: "لا مقالات حاليا.",
  translations: "بلغات أخرى:",
  related: "اقرأ أيضا",
  original: "النشر الأصلي",
  credit: "الصورة",
  corrections: "تعديل",
  play: "افتح المحتوى",
  not_found: "هذه الصفحة غير موجودة",
  withdrawn: "سُحب هذا المقال",
  failed: "تعذر تحميل الصفحة",
  not_kept: "لم تُحفظ هذه الصفحة للقراءة دون اتصال",
  to_front: "العودة إلى الصفحة الأولى",
  kinds: { opinion: "رأي", analysis: "تحليل", interview: "حوار", live: "مباشر", sponsored: "محتوى مدفوع" },
  by: (names) => `بقلم ${names}`,
  source: (source) => `المصدر: ${source}`,
  reading: (minutes) => `مدة القراءة: ${minutes} د`,
  published: (time) => `نُشر في ${time}`,
  changed: (time) => `آخر تعديل في ${time}.`,
  results: (words) => `بحث: «${words}»`,
  no_results: (words) => `لا نتائج عن «${words}».`,
  suggestion: "جرب هذه الكتابة:",
  new_lines: (count) => `أخبار جديدة: ${count}`,
  offline: (time) => `لا اتصال منذ ${time}. تقرأ ما حُفظ إلى ذلك الحين.`,
};

/** @type {Messages} */
const english = {
  itself: "English",
  skip: "Skip to content",
  language: "Language",
  sections: "Sections",
  front: "Front page",
  search: "Search",
  ticker: "Latest",
  all_lines: "All headlines",
  fewer_lines: "Fewer headlines",
  no_lines: "No headlines yet.",
  breaking: "Breaking",
  flash: "Flash",
  more: "More articles",
  more_results: "More results",
  nothing: "No articles yet.",
  translations: "In other languages:",
  related: "Read next",
  original: "Original publication",
  credit: "Photo",
  corrections: "Change",
  play: "Open the media",
  not_found: "This page does not exist",
  withdrawn: "This article has been withdrawn",
  failed: "The page could not be loaded",
  not_kept: "This page was not saved for reading offline",
  to_front: "Back to the front page",
  kinds: { opinion: "Opinion", analysis: "Analysis", interview: "Interview", live: "Live", sponsored: "Sponsored content" },
  by: (names) => `By ${names}`,
  source: (source) => `Source: ${source}`,
  reading: (minutes) => `${minutes} min read`,
  published: (time) => `Published ${time}`,
  changed: (time) => `Last changed on ${time}.`,
  results: (words) => `Search: “${words}”`,
  no_results: (words) => `No results for “${words}”.`,
  suggestion: "Try this spelling:",
  new_lines: (count) => `${count} new headlines`,
  offline: (time) => `Offline since ${time}. You are reading what was saved until then.`,
};

/** @type {Record<string, Messages>} */
const all = { fr: french, ar: arabic, en: english };

/** The languages that have messages. */
export const LANGUAGES = Object.keys(all);

/**
 * The messages for a language tag, such as `fr` or `ar-MA`; undefined if there are none.
 *
 * @param {string} language
 * @returns {Messages | undefined}
 */
export function messagesFor(language) {
  const [primary = ""] = language.toLowerCase().split("-");
  return Object.hasOwn(all, primary) ? all[primary] : undefined;
}

/**
 * The text direction of the interface in a language.
 *
 * @param {string} language
 */
export function directionOf(language) {
  return messagesFor(language) === arabic ? "rtl" : "ltr";
}
