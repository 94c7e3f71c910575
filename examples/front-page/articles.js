import { currentSlug, getArticles } from "./api.js";
import { el, inLanguage, picture, timeElement, urlOf } from "./dom.js";

/** @import {CategoryNode, ListedArticle} from "./api.js" */
/** @import {Context, View} from "./main.js" */

/** A lead story, and the others below it. */
const FIRST_PAGE = 13;
const NEXT_PAGES = 12;
/** How many of the others have a picture. */
const WITH_PICTURE = 3;

/**
 * The newest articles of all sections.
 *
 * @param {Context} context
 * @param {AbortSignal} signal
 * @returns {Promise<View>}
 */
export async function showFront(context, signal) {
  const { messages } = context;
  const list = await articleList(context, undefined, signal);
  return { title: messages.front, content: [el("h1", { class: "label" }, messages.front), ...list] };
}

/**
 * The newest articles of a section and of those below it.
 *
 * @param {Context} context
 * @param {string} slug
 * @param {AbortSignal} signal
 * @returns {Promise<View | null>}
 */
export async function showSection(context, slug, signal) {
  const { categories } = context.site;
  const found = findSection(categories, slug);
  const path = found.length > 0 ? found : findSection(categories, await currentSlug(slug, signal));
  const section = path.at(-1);
  if (!section) return null;
  const list = await articleList(context, section.slug, signal);
  const parents = path.slice(0, -1).map(({ slug, name }) => el("a", { href: urlOf("section", slug) }, name));
  const children = section.children.map(({ slug, name }) => el("li", {}, el("a", { href: urlOf("section", slug) }, name)));
  return {
    title: section.name,
    section: path[0]?.slug,
    content: [
      el("header", { class: "section" },
        parents.length > 0 && el("p", { class: "kicker" }, ...parents),
        el("h1", {}, section.name),
        children.length > 0 && el("ul", { class: "inline" }, ...children)),
      ...list,
    ],
  };
}

/**
 * A section and those above it, from the top; empty if there is none of this name.
 *
 * @param {CategoryNode[]} tree
 * @param {string} slug
 * @returns {CategoryNode[]}
 */
export function findSection(tree, slug) {
  for (const category of tree) {
    if (category.slug === slug) return [category];
    const below = findSection(category.children, slug);
    if (below.length > 0) return [category, ...below];
  }
  return [];
}

/**
 * @param {Context} context
 * @param {string | undefined} category
 * @param {AbortSignal} signal
 */
async function articleList(context, category, signal) {
  const { language, messages } = context;
  const { items, page } = await getArticles({ language, category, limit: FIRST_PAGE }, signal);
  const [lead, ...others] = items;
  if (!lead) return [el("p", {}, messages.nothing)];
  const grid = el("div", { class: "grid" }, ...others.map((article, place) => teaser(context, article, place < WITH_PICTURE)));
  const leadElement = teaser(context, lead, true);
  leadElement.classList.add("lead");
  const more = moreButton(messages.more, page.next, async (cursor) => {
    const next = await getArticles({ language, category, limit: NEXT_PAGES, cursor });
    return { next: next.page.next, nodes: next.items.map((article) => teaser(context, article, false)) };
  }, grid);
  return [leadElement, grid, more];
}

/**
 * An article in a list.
 *
 * @param {Context} context
 * @param {ListedArticle} article
 * @param {boolean} hasPicture
 */
export function teaser({ clock, messages }, article, hasPicture) {
  const { slug, title, kicker, lede, image, category, authors, published_at } = article;
  const kind = kindOf(article, messages.kinds);
  const names = authors.map(({ name }) => name).join(", ");
  const content = inLanguage(article);
  return el("article", { class: "teaser" },
    hasPicture && image && el("div", { class: "picture" }, picture(image)),
    el("div", { class: "text" },
      el("p", { class: "kicker", ...content }, kind && el("strong", { class: "kind" }, kind), kicker ?? category?.name),
      el("h2", content, el("a", { href: urlOf("article", slug) }, title)),
      lede && el("p", { class: "lede", ...content }, lede),
      el("p", { class: "meta" }, names && el("bdi", {}, names), timeElement(clock, published_at))));
}

/**
 * The word for the kind of an article; undefined for news.
 *
 * @param {ListedArticle} article
 * @param {Record<string, string>} kinds
 */
export function kindOf({ kind }, kinds) {
  return kinds[kind];
}

/**
 * A button that appends the next page to a list, and goes away after the last one.
 *
 * @param {string} label
 * @param {string | null} first the cursor of the next page
 * @param {(cursor: string) => Promise<{next: string | null, nodes: HTMLElement[]}>} load
 * @param {HTMLElement} list
 */
export function moreButton(label, first, load, list) {
  let cursor = first;
  const button = el("button", { class: "more" }, label);
  button.hidden = cursor === null;
  button.addEventListener("click", async () => {
    if (cursor === null || button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    try {
      const { next, nodes } = await load(cursor);
      cursor = next;
      list.append(...nodes);
      nodes[0]?.querySelector("a")?.focus();
      button.hidden = cursor === null;
    } catch {
      // It can be pressed again.
    } finally {
      button.ariaDisabled = "false";
    }
  });
  return button;
}
