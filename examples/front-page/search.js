import { search } from "./api.js";
import { moreButton } from "./articles.js";
import { el, highlighted, inLanguage, searchUrl, timeElement, urlOf } from "./dom.js";

/** @import {SearchHit} from "./api.js" */
/** @import {Context, View} from "./main.js" */

const LIMIT = 20;

/**
 * What a search finds in the language of the page.
 *
 * @param {Context} context
 * @param {string} words
 * @param {AbortSignal} signal
 * @returns {Promise<View>}
 */
export async function showSearch(context, words, signal) {
  const { language, messages } = context;
  const title = messages.results(words);
  const query = { q: words, language, limit: LIMIT };
  const { items, page, suggestion } = await search(query, signal);
  const list = el("ol", { class: "results" }, ...items.map((hit) => result(context, hit)));
  const more = moreButton(messages.more_results, page.next, async (cursor) => {
    const next = await search({ ...query, cursor });
    return { next: next.page.next, nodes: next.items.map((hit) => result(context, hit)) };
  }, list);
  return {
    title,
    content: [
      el("header", { class: "section" }, el("h1", {}, title)),
      items.length > 0 ? list : el("p", {}, messages.no_results(words)),
      suggestion && el("p", {}, `${messages.suggestion} `, el("a", { href: searchUrl(suggestion) }, suggestion)),
      more,
    ],
  };
}

/**
 * @param {Context} context
 * @param {SearchHit} hit
 */
function result({ clock }, hit) {
  const isArticle = hit.type === "article";
  const found = isArticle ? hit.article : hit.headline;
  const url = isArticle ? urlOf("article", hit.article.slug) : linkOf(hit.headline);
  const title = el("a", { href: url }, highlighted(hit.title_highlighted));
  return el("li", {},
    el("p", { class: "meta" }, timeElement(clock, found.published_at), found.category && el("bdi", {}, found.category.name)),
    el("h2", inLanguage(found), title),
    isArticle && hit.snippet && el("p", inLanguage(found), highlighted(hit.snippet)));
}

/**
 * Where a headline leads: to its article, to another page, or nowhere.
 *
 * @param {import("./api.js").Headline} headline
 */
export function linkOf({ article, url }) {
  return article ? urlOf("article", article.slug) : url;
}
