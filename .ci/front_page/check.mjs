// Uses the front page in a real browser: what is published arrives, what is withdrawn leaves, without a reload; without a
// connection it shows what it had; in Arabic it reads from right to left; at all widths, light and dark, axe-core finds nothing.
//
//     node check.mjs URL KEY CHROMIUM NODE_MODULES_FOLDER [FOLDER FOR SCREENSHOTS]
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { join, resolve } from "node:path";

const [url, key, executablePath, modules, screenshots] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "package.json"));
const { chromium } = require("playwright-core");
const axe = require("axe-core");
const DESKTOP = { width: 1280, height: 1000 };
const PHONE = { width: 360, height: 740 };
// Further away than anything that a slow machine delays.
const PATIENCE = 30_000;
const MISSING = "/#/article/none";

const faults = [];
const fault = (...text) => {
  faults.push(text.join(" "));
  console.log("FAULT", ...text);
};

/** The way to the server, which can be cut. */
class Link {
  #sockets = new Set();

  async open(port = 0) {
    const { hostname, port: target } = new URL(url);
    this.server = createServer((client) => {
      const server = connect(target, hostname);
      for (const [from, to] of [[client, server], [server, client]]) {
        this.#sockets.add(from);
        from.pipe(to);
        from.on("error", () => {});
        from.on("close", () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
    await new Promise((listening) => this.server.listen(port, "127.0.0.1", listening));
    this.port = this.server.address().port;
    this.origin = `http://127.0.0.1:${this.port}`;
    this.is_cut = false;
  }

  async cut() {
    this.is_cut = true;
    const closed = new Promise((closed) => this.server.close(closed));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

async function write(method, path, body) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", "if-match": "*" };
  if (method === "POST") delete headers["if-match"];
  const answer = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
  const document = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(document)}`);
  return document;
}

const publish = (title, language = "fr") => write("POST", "/v1/headlines", { title, language, status: "published" });
const withdraw = ({ id }) => write("PATCH", `/v1/headlines/${id}`, { status: "withdrawn" });

async function open(browser, link, { viewport = DESKTOP, colorScheme = "light", locale = "fr" } = {}) {
  const context = await browser.newContext({ viewport, colorScheme, locale });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => {
    // The browser itself reports each request that had no connection, and what isn't there.
    const is_gone = message.text().includes("410") || (message.text().includes("404") && page.url().endsWith(MISSING));
    const is_expected = is_gone || (link.is_cut && message.text().includes("net::ERR_"));
    if (["error", "warning"].includes(message.type()) && !is_expected) fault(page.url(), "console:", message.text());
  });
  page.on("pageerror", (error) => fault(page.url(), "error:", error.message));
  context.on("request", (request) => {
    const target = request.url();
    if (!target.startsWith("data:") && new URL(target).origin !== link.origin) fault(page.url(), "other host:", target);
  });
  return page;
}

async function look(page, what) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) fault(`${what}: scrolls sideways by ${wide} px`);
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => axe.run(document));
  for (const { id, help, nodes } of violations) {
    fault(`${what}: ${id}: ${help}:`, nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(" | "));
  }
}

/** A screenshot once all pictures and fonts are there. */
async function shoot(page, name) {
  if (screenshots) await page.screenshot({ path: `${screenshots}/${name}.png` });
}

const line = (page, title) => page.locator("#ticker-lines li", { hasText: title });
const shown = async (page) => {
  await page.locator("#content h1").first().waitFor();
  await page.locator("#ticker-lines li").first().waitFor();
};

/** Every view, at a width and in a colour scheme. */
async function look_at_views(browser, link, viewport, colorScheme) {
  const page = await open(browser, link, { viewport, colorScheme });
  await page.goto(link.origin);
  await shown(page);
  const what = (view) => `${view}, ${viewport.width} px, ${colorScheme}`;
  await look(page, what("front"));
  await shoot(page, `${viewport === PHONE ? "phone" : "desktop"}${colorScheme === "dark" ? "-dark" : ""}`);
  const title = await page.locator("#content h2 a").first().innerText();
  await page.locator("#content h2 a").first().click();
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
  await page.locator(".article .byline").waitFor();
  await look(page, what("article"));
  await page.locator("#sections a").nth(1).click();
  await page.locator("#content header.section h1").waitFor();
  await look(page, what("section"));
  await page.locator("#query").fill("Larache");
  await page.keyboard.press("Enter");
  await page.locator(".results li").first().waitFor();
  await look(page, what("search"));
  await page.goto(link.origin + MISSING);
  await page.locator("#content header.section h1").waitFor();
  await look(page, what("missing"));
  await page.context().close();
}

async function see_news_arrive_and_leave(page) {
  const loads = await page.evaluate(() => performance.getEntriesByType("navigation")[0].startTime + performance.timeOrigin);
  const title = `Essai du fil ${Date.now()}`;
  const headline = await publish(title);
  await line(page, title).waitFor();
  if ((await page.locator("#ticker-lines li").first().innerText()).includes(title) === false) fault("the newest line is not the first");
  const other = await publish(`${title}, en anglais`, "en");
  await withdraw(headline);
  await line(page, title).waitFor({ state: "detached" });
  await withdraw(other);
  const now = await page.evaluate(() => performance.getEntriesByType("navigation")[0].startTime + performance.timeOrigin);
  if (now !== loads) fault("the page was loaded again");
}

async function go_back(page) {
  await page.locator("#content .teaser").last().locator("a").first().scrollIntoViewIfNeeded();
  const top = await page.evaluate(() => scrollY);
  await page.locator("#content .teaser").last().locator("a").first().click();
  await page.locator(".article").waitFor();
  await page.goBack();
  await page.locator("#content .lead").waitFor();
  await page.waitForFunction((top) => Math.abs(scrollY - top) < 5, top);
}

/** Nothing that is stored in the browser keeps the page from being shown. */
async function survive_garbage(page, link) {
  for (const garbage of ["null", "{", "[null]", '[{"id": "1", "title": "x", "published_at": "never"}]', "%%%"]) {
    await page.evaluate((garbage) => ["ticker.fr", "language", "last-seen"].forEach((name) => localStorage.setItem(`front-page.${name}`, garbage)), garbage);
    await page.reload();
    await shown(page);
  }
  await page.evaluate(() => localStorage.clear());
  await page.goto(link.origin);
  await page.reload();
  await shown(page);
}

async function go_offline_and_back(page, link) {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  const title = await page.locator("#content h2 a").first().innerText();
  await page.locator("#content h2 a").first().click();
  const heading = page.getByRole("heading", { level: 1, name: title });
  await heading.waitFor();
  const taken_back = await write("POST", "/v1/articles", { title: `Retiré ${Date.now()}`, language: "fr", status: "published", body: "<p>Un mot.</p>" });
  const path = `${link.origin}/#/article/${taken_back.slug}`;
  await page.goto(path);
  await page.getByRole("heading", { level: 1, name: taken_back.title }).waitFor();
  await write("PATCH", `/v1/articles/${taken_back.id}`, { status: "withdrawn" });
  await until_forgotten(page, `/v1/articles/${taken_back.slug}`);
  await page.goto(link.origin);
  await shown(page);
  await link.cut();
  const notice = page.locator("#offline", { hasText: /\S/ });
  await notice.waitFor();
  await page.reload();
  await shown(page);
  await notice.waitFor();
  await look(page, "offline");
  await shoot(page, "offline");
  await page.locator("#content h2 a", { hasText: title }).click();
  await heading.waitFor();
  const missed = `Pendant la coupure ${Date.now()}`;
  const headline = await publish(missed);
  await link.open(link.port);
  await notice.waitFor({ state: "detached" });
  await line(page, missed).waitFor();
  await withdraw(headline);
  await line(page, missed).waitFor({ state: "detached" });
}

async function read_arabic(browser, link) {
  const page = await open(browser, link);
  await page.goto(link.origin);
  await shown(page);
  const side = await side_of_ticker(page);
  await page.locator("#languages button", { hasText: "العربية" }).click();
  await page.waitForFunction(() => document.documentElement.lang === "ar" && document.documentElement.dir === "rtl");
  await shown(page);
  if ((await side_of_ticker(page)) === side) fault("Arabic is not mirrored");
  await look(page, "Arabic");
  await shoot(page, "arabic");
  await page.context().close();
}

/** Asks past the browser's own cache until the server says that it is gone. */
async function until_forgotten(page, path) {
  await page.evaluate(async (path) => fetch(path, { cache: "reload" }), path);
  await page.waitForFunction(async (path) => !(await caches.match(path)), path);
}

function side_of_ticker(page) {
  return page.evaluate(() => {
    const [ticker, content] = ["ticker", "content"].map((id) => document.getElementById(id).getBoundingClientRect());
    return ticker.left < content.left ? "left" : "right";
  });
}

const link = new Link();
await link.open();
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
for (const viewport of [DESKTOP, PHONE]) for (const scheme of ["light", "dark"]) await look_at_views(browser, link, viewport, scheme);
await read_arabic(browser, link);
const page = await open(browser, link);
await page.goto(link.origin);
await shown(page);
await see_news_arrive_and_leave(page);
await go_back(page);
await survive_garbage(page, link);
await go_offline_and_back(page, link);
await browser.close();
link.server.close();
if (faults.length > 0) {
  console.log(`${faults.length} faults`);
  process.exit(1);
}
console.log("the front page is well: views at two widths, light and dark; Arabic; news arrived and left; offline and back");
process.exit(0);
