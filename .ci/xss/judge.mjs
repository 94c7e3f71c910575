// Has every vector of tests/xss/vectors.json written as an article's body, in both formats, to a running server, and
// judges what the server made of it as a browser would read it: DOMPurify must find nothing to remove, nothing may run,
// and reading what was read must change nothing.
//
//   node judge.mjs BASE KEY VECTORS

import fs from "node:fs";
import createDOMPurify from "dompurify";
import { JSDOM, VirtualConsole } from "jsdom";

const [base, key, file] = process.argv.slice(2);
const { vectors, families } = JSON.parse(fs.readFileSync(file, "utf8"));
for (const { form, ...lists } of families) {
  let made = [form];
  for (const [name, words] of Object.entries(lists)) {
    made = made.flatMap((text) => words.map((word) => text.replaceAll(`{${name}}`, () => word)));
  }
  vectors.push(...made);
}

async function ask(method, path, body) {
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(base + path, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (![429, 503].includes(answer.status) || tries > 20) return answer;
    await answer.arrayBuffer();
    const seconds = Number(answer.headers.get("retry-after") ?? 1);
    await new Promise((done) => setTimeout(done, seconds * 1000));
  }
}

const quiet = new VirtualConsole();
const window = new JSDOM("", { virtualConsole: quiet }).window;
const DOMPurify = createDOMPurify(window);
const config = {
  ADD_TAGS: ["iframe"],
  ADD_ATTR: ["allowfullscreen", "referrerpolicy", "sandbox"],
  ALLOWED_URI_REGEXP: /^(?:https?:|[^a-z]|[a-z+.-]+(?:[^a-z+.:-]|$))/i,
  FORBID_ATTR: ["style", "name"],
  FORBID_TAGS: ["style", "form", "input", "button", "select", "textarea", "svg", "math", "template"],
};

// What a quotation of a post may have, and nothing else.
const POSTS = /^(twitter-(tweet|video)|(instagram|text-post)-media|(tiktok|bluesky|mastodon)-embed|reddit-embed-bq)$/;
const DATA =
  /^data-(align|bluesky-(cid|embed-color-mode|uri)|cards|conversation|dnt|embed-(height|url)|instgrm-(captioned|permalink|version)|lang|media-max-width|text-post-(permalink|version)|theme|video-id|width)$/;

/** What is wrong with this HTML; nothing, if all is well. */
function faults(html) {
  const found = [];
  DOMPurify.sanitize(html, config);
  for (const { element, attribute } of DOMPurify.removed) {
    found.push(`DOMPurify takes away ${attribute ? `the attribute ${attribute.name}` : element?.nodeName}`);
  }
  const holder = window.document.createElement("div");
  holder.innerHTML = html;
  // The first line end of a `pre` goes each time a browser writes and reads it: the standard has it so.
  const read = () => holder.innerHTML.replace(/(<pre[^>]*>)\n+/g, "$1");
  const once = read();
  holder.innerHTML = once;
  if (read() !== once) found.push("read again, it says something else");
  for (const element of holder.querySelectorAll("*")) {
    if (element.namespaceURI !== "http://www.w3.org/1999/xhtml") found.push(`<${element.nodeName}> is no HTML`);
    for (const { name, value } of element.attributes) {
      const post = element.nodeName === "BLOCKQUOTE" && element.classList.length > 0;
      if (name === "class" && !(post && [...element.classList].every((it) => POSTS.test(it)))) found.push(`class is ${value}`);
      if (name.startsWith("data-") && !(post && DATA.test(name) && /^[^\s"'<>`\\]*$/.test(value))) found.push(`${name} is ${value}`);
      const address = ["href", "src", "cite", "poster", "data-embed-url", "data-instgrm-permalink", "data-text-post-permalink"].includes(name);
      if (address && !/^(https?:\/\/[^/]|#fn(ref)?-)/i.test(value)) found.push(`${name} leads to ${value}`);
      if (name.startsWith("on")) found.push(`${name} handles an event`);
      if (/^\W*(java|live|vb)script|^\W*data:/i.test(value) && !["title", "alt", "abbr", "label"].includes(name)) {
        found.push(`${name} is ${value}`);
      }
    }
  }
  // As a page of its own, where scripts run.
  const page = new JSDOM(`<!doctype html><body>${html}</body>`, {
    runScripts: "dangerously",
    virtualConsole: quiet,
    beforeParse(own) {
      own.alert = () => found.push("a script ran");
    },
  });
  for (const element of page.window.document.querySelectorAll("body *")) {
    for (const kind of ["click", "error", "load", "focus", "toggle", "mouseover"]) {
      element.dispatchEvent(new page.window.Event(kind));
    }
  }
  page.window.close();
  return found;
}

// The judge is awake.
for (const bad of ["<p class=x>x</p>", "<blockquote data-x=y>x</blockquote>", "<script>alert(1)</script>", "<p onclick=alert(1)>x</p>", "<a href='javascript:alert(1)'>x</a>", "<svg></svg>"]) {
  if (faults(bad).length === 0) throw new Error(`nothing was found in ${bad}`);
}

// Relative addresses are kept where the site's own is known; they lead nowhere else.
const site = "https://site.example/fr/";
const known = await ask("PATCH", "/v1/site", { url: site });
if (known.status !== 200) throw new Error(`the site has no address: ${known.status} ${await known.text()}`);

let judged = 0;
let wrong = 0;
const queue = vectors.flatMap((vector, n) => ["html", "markdown"].map((format) => ({ vector, format, n })));

async function work() {
  const created = await ask("POST", "/v1/articles", { title: "Judged", language: "fr" });
  if (created.status !== 201) throw new Error(`no article: ${created.status} ${await created.text()}`);
  const { id } = await created.json();
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { vector, format, n } = next;
    const answer = await ask("PATCH", `/v1/articles/${id}`, { body: `${n}\n\n${vector}`, body_format: format });
    const article = await answer.json();
    // NUL and its kind are refused before anything is made of them.
    if (answer.status === 422 && article.errors.every((fault) => fault.code === "control_character")) continue;
    if (answer.status !== 200) throw new Error(`${answer.status} for ${JSON.stringify(vector)}: ${JSON.stringify(article)}`);
    judged += 1;
    const found = faults(article.body_html);
    if (found.length > 0) {
      wrong += 1;
      console.error(`${format} ${JSON.stringify(vector)}\n  gave ${JSON.stringify(article.body_html)}\n  ${found.join("; ")}`);
    }
  }
  await ask("DELETE", `/v1/articles/${id}`);
}

await Promise.all(Array.from({ length: 4 }, work));
console.log(`${judged} bodies of ${vectors.length} vectors judged, ${wrong} wrong`);
process.exit(wrong > 0 || judged < 2000 ? 1 : 0);
