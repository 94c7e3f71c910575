import { getArticle, getRelated } from "./api.js";
import { findSection, kindOf, teaser } from "./articles.js";
import { bodyOf } from "./body.js";
import { el, inLanguage, picture, urlOf } from "./dom.js";
import { messagesFor } from "./messages.js";

/** @import {Article} from "./api.js" */
/** @import {Context, View} from "./main.js" */

/** A change within this time belongs to the publication. In milliseconds. */
const TOLERANCE = 60_000;

/**
 * One article, and what to read after it.
 *
 * @param {Context} context
 * @param {string} slug
 * @param {AbortSignal} signal
 * @returns {Promise<View>}
 */
export async function showArticle(context, slug, signal) {
  const { messages } = context;
  // Without the related articles, the article is still worth reading.
  const [article, related] = await Promise.all([getArticle(slug, signal), getRelated(slug, signal).catch(() => [])]);
  const element = el("article", { class: "article", ...inLanguage(article) },
    heading(context, article),
    lead(context, article),
    corrections(context, article),
    bodyOf(article, messages),
    ending(context, article));
  const next = related.slice(0, 3).map((other) => teaser(context, other, false));
  const section = article.category ? findSection(context.site.categories, article.category.slug)[0]?.slug : undefined;
  return {
    title: article.title,
    section,
    translations: Object.fromEntries(article.translations.map(({ language, slug }) => [language, urlOf("article", slug)])),
    language: article.language,
    content: [
      element,
      next.length > 0 && el("section", { class: "related", "aria-labelledby": "related-title" },
        el("h2", { id: "related-title", class: "label" }, messages.related),
        el("div", { class: "grid" }, ...next)),
    ],
  };
}

/**
 * Kicker, title, lede and byline.
 *
 * @param {Context} context
 * @param {Article} article
 */
function heading(context, article) {
  const { messages } = context;
  const { category, kicker, title, lede } = article;
  const kind = kindOf(article, messages.kinds);
  return el("header", {},
    el("p", { class: "kicker" },
      kind && el("strong", { class: "kind", ...interfaceLanguage(context) }, kind),
      category && el("a", { href: urlOf("section", category.slug) }, category.name),
      kicker && el("span", {}, kicker)),
    el("h1", {}, title),
    lede && el("p", { class: "lede" }, lede),
    byline(context, article),
    translations(context, article));
}

/**
 * Authors, dateline, time of publication and reading time, in the language of the interface.
 *
 * @param {Context} context
 * @param {Article} article
 */
function byline(context, { authors, dateline, published_at, source, reading_minutes }) {
  const { clock, language, messages } = context;
  const names = new Intl.ListFormat(language).format(authors.map(({ name }) => name));
  const time = published_at ? messages.published(clock.full.format(new Date(published_at))) : "";
  return el("div", { class: "byline", ...interfaceLanguage(context) },
    names && el("p", { class: "authors" }, messages.by(names)),
    el("p", { class: "meta" },
      dateline && el("bdi", {}, dateline),
      published_at && el("time", { datetime: published_at }, time),
      source && el("span", {}, messages.source(source)),
      el("span", {}, messages.reading(reading_minutes))));
}

/**
 * Links to the same story in other languages, each in its own language.
 *
 * @param {Context} context
 * @param {Article} article
 */
function translations(context, article) {
  if (article.translations.length === 0) return null;
  const links = article.translations.map(({ language, slug, title }) => {
    const name = messagesFor(language)?.itself ?? language;
    return el("a", { href: urlOf("article", slug), lang: language, hreflang: language, title }, name);
  });
  return el("p", { class: "translations", ...interfaceLanguage(context) }, `${context.messages.translations} `, ...links);
}

/**
 * The lead picture with its caption and credit.
 *
 * @param {Context} context
 * @param {Article} article
 */
function lead(context, { image }) {
  if (!image) return null;
  const { caption, credit } = image;
  return el("figure", { class: "picture" },
    picture(image),
    (caption || credit) && el("figcaption", {},
      caption && el("span", {}, caption),
      credit && el("small", interfaceLanguage(context), `${context.messages.credit}\u00a0: `, el("bdi", {}, credit))));
}

/**
 * Says when the article was changed after its first publication.
 *
 * @param {Context} context
 * @param {Article} article
 */
function corrections(context, { version, created_at, first_published_at, updated_at }) {
  const { clock, messages } = context;
  const changed = new Date(updated_at);
  const published = Math.max(Date.parse(first_published_at ?? updated_at), Date.parse(created_at));
  if (version === 1 || changed.getTime() - published < TOLERANCE) return null;
  return el("aside", { class: "corrections", "aria-label": messages.corrections, ...interfaceLanguage(context) },
    el("p", {}, messages.changed(clock.full.format(changed))));
}

/**
 * What belongs to the end of an article: the place of its original publication.
 *
 * @param {Context} context
 * @param {Article} article
 */
function ending(context, { canonical_url }) {
  if (!canonical_url) return null;
  const link = el("a", { href: canonical_url, rel: "noopener" }, context.messages.original);
  return el("p", { class: "meta", ...interfaceLanguage(context) }, link);
}

/**
 * The attributes of words of the interface within an article, which may be in another language.
 *
 * @param {Context} context
 */
function interfaceLanguage({ language, direction }) {
  return inLanguage({ language, dir: direction });
}
