// Opens the documentation in a real browser, and reports what its readers would stumble over.
//
//     node check.mjs URL KEY CHROMIUM [FOLDER FOR SCREENSHOTS]
import { readFile } from "node:fs/promises";
import axe from "axe-core";
import { chromium } from "playwright-core";

const [url, key, executablePath, screenshots] = process.argv.slice(2);
const contract = await (await fetch(`${url}/openapi.json`)).json();
const guides = await (await fetch(`${url}/docs/guides`)).text();
const pages = ["/docs/", "/docs/guides", "/problems", "/problems/invalid"].concat(
  [...guides.matchAll(/<h2><a href="([^"]+)"/g)].map((match) => match[1]),
);
const faults = [];
const fault = (...text) => {
  faults.push(text.join(" "));
  console.log("FAULT", ...text);
};

async function open(browser, width, colorScheme = "light") {
  const page = await browser.newPage({ viewport: { width, height: width > 600 ? 900 : 740 }, colorScheme });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) fault(page.url(), "console:", message.text());
  });
  page.on("pageerror", (error) => fault(page.url(), "error:", error.message));
  page.on("request", (request) => {
    const target = request.url();
    if (!/^(data|blob):/.test(target) && new URL(target).origin !== url) fault(page.url(), "other host:", target);
  });
  return page;
}

async function look(browser, width, colorScheme) {
  const page = await open(browser, width, colorScheme);
  for (const path of pages) {
    const response = await page.goto(url + path);
    if (response.status() !== 200) fault(path, "status", response.status());
    if (path === "/docs/") await page.getByRole("heading", { name: "List headlines" }).first().waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) fault(path, `${width} px: scrolls sideways by ${wide} px`);
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() =>
      axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }),
    );
    for (const { id, help, nodes } of violations) {
      fault(path, `${width} px, ${colorScheme}: ${id}: ${help}:`, nodes.slice(0, 3).map((node) => `${node.html.slice(0, 120)} ${node.any[0]?.message.slice(0, 140)}`).join(" | "), `(${nodes.length})`);
    }
    if (screenshots && ["/docs/", "/docs/reading"].includes(path)) {
      await page.screenshot({ path: `${screenshots}/${path.split("/")[2] || "reference"}-${width}-${colorScheme}.png` });
    }
  }
  await page.close();
}

// Sends the request of an operation as the reader would: one click opens it, one sends it.
async function send(page, tag, method, path) {
  await page.goto(`${url}/docs/#tag/${tag.toLowerCase()}/${method}${path}`);
  await page.reload(); // Otherwise only the fragment changes.
  const section = page.locator(`[id$="tag/${tag.toLowerCase()}/${method}${path}"]`).first();
  await section.getByRole("button", { name: /Test Request/ }).first().click();
  const sent = page.waitForResponse((response) => response.request().method() === method && new URL(response.url()).pathname !== "/openapi.json");
  await page.getByRole("button", { name: /Send/ }).first().click();
  const response = await sent;
  const what = `${method} ${new URL(response.url()).pathname}`;
  if (response.ok()) console.log(what, response.status());
  else fault(what, response.status(), await response.text());
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
for (const width of [1280, 360]) for (const scheme of ["light", "dark"]) await look(browser, width, scheme);
// A stream has no end.
const isStream = ({ responses }) => "text/event-stream" in (responses[200]?.content ?? {});
const operations = Object.entries(contract.paths).flatMap(([path, operations]) =>
  Object.entries(operations)
    .filter(([, operation]) => !isStream(operation))
    .map(([method, { tags }]) => ({ path, method: method.toUpperCase(), tag: tags?.[0] })),
);
const page = await open(browser, 1280);
for (const { path, method, tag } of operations) {
  const is_public = !/keys|audit|\/me$/.test(path);
  if (tag && method === "GET" && is_public) await send(page, tag, method, path);
}
console.log("with the key");
await page.goto(`${url}/docs/`);
const field = page.getByPlaceholder("Token").first();
await field.fill(key);
await field.blur();
await page.waitForFunction((key) => Object.values(localStorage).some((value) => value.includes(key)), key);
for (const { path, method, tag } of operations) {
  if (tag && ["GET", "POST"].includes(method)) await send(page, tag, method, path);
}
await browser.close();
if (faults.length > 0) {
  console.log(`${faults.length} faults`);
  process.exit(1);
}
console.log("the documentation is well");
