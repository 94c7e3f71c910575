// A browser reads a stream across two nodes, while connections are cut and a node is stopped, and misses nothing.
//
//     [SEED=1] node check.mjs PROGRAM CHROMIUM NODE_MODULES_FOLDER
import { randomInt, randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cut_database, pair } from "./nodes.mjs";
import { Proxy } from "./proxy.mjs";

const HEADLINES = 200;
const WITHDRAWN = 10; // Every tenth.
const CUT_DATABASE = [40, 170]; // Before these, the first node loses its connections to Postgres.
const STOP_SECOND = 80;
const START_SECOND = 130;
const PAUSE = 60; // Milliseconds between two headlines, on average, so that cuts fall between and into them.
const DEADLINE = 120_000;

const [program, executablePath, modules] = process.argv.slice(2);
const { chromium } = createRequire(join(resolve(modules), "package.json"))("playwright-core");
const seed = Number(process.env.SEED ?? randomInt(1, 2 ** 31));
console.log(`SEED=${seed}`);

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
function generator(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The first difference between what was written and what the page has; undefined if there is none so far. */
function difference(seen, created, withdrawn, is_over) {
  const number = (id) => `headline ${created.indexOf(id) + 1} (${id})`;
  const published = [];
  const gone = new Set();
  for (const [place, { name, id, lastEventId }] of seen.entries()) {
    const what = `event ${place + 1}: ${name} of ${number(id)}`;
    if (!lastEventId) return `${what} has no id`;
    if (name === "published") {
      if (published.includes(id)) return `${what} comes twice`;
      if (id !== created[published.length]) return `${what}, instead of ${number(created[published.length])}`;
      published.push(id);
    } else if (name === "withdrawn") {
      if (!published.includes(id)) return `${what} comes before its published`;
      if (gone.has(id)) return `${what} comes twice`;
      if (!withdrawn.includes(id)) return `${what}, which was not withdrawn`;
      gone.add(id);
    } else return what;
  }
  if (!is_over) return undefined;
  if (published.length < created.length) return `published of ${number(created[published.length])} is missing`;
  const lost = withdrawn.find((id) => !gone.has(id));
  return lost && `withdrawn of ${number(lost)} is missing`;
}

class Check {
  constructor(folder) {
    this.random = generator(seed);
    Object.assign(this, pair(resolve(program), folder), { created: [], withdrawn: [], seen: [], opens: 0, database_cuts: 0 });
    this.running = [this.first, this.second];
    this.proxy = new Proxy([this.first, this.second], this.random);
  }

  /** Sends a write to the nodes that run, in turn, until one has done it. */
  async write(method, path, body, headers = {}) {
    const all = { authorization: `Bearer ${this.key}`, "content-type": "application/json", "idempotency-key": randomUUID(), ...headers };
    for (let turn = this.created.length; ; turn += 1) {
      const node = this.running[turn % this.running.length];
      const answer = await fetch(`http://${node.address}${path}`, { method, headers: all, body: JSON.stringify(body) });
      const document = await answer.json();
      if (answer.ok) return document;
      if (![409, 503].includes(answer.status)) throw new Error(`${method} ${path} answers ${answer.status}: ${JSON.stringify(document)}`);
      await sleep(50);
    }
  }

  async create() {
    const title = `Headline ${this.created.length + 1}`;
    const { id } = await this.write("POST", "/v1/headlines", { title, language: "en", status: "published" });
    this.created.push(id);
  }

  /** Withdraws every tenth headline that the page has. */
  async withdraw() {
    const shown = new Set(this.seen.map(({ id }) => id));
    const due = this.created.filter((id, place) => (place + 1) % WITHDRAWN === 0 && shown.has(id) && !this.withdrawn.includes(id));
    for (const id of due) {
      // Before the request, as the event may be faster than its response.
      this.withdrawn.push(id);
      await this.write("PATCH", `/v1/headlines/${id}`, { status: "withdrawn" }, { "if-match": "*" });
    }
  }

  async poll() {
    const state = await this.page.evaluate("({ seen, opens, is_closed: source.readyState === EventSource.CLOSED })");
    Object.assign(this, { seen: state.seen, opens: state.opens });
    const fault = difference(this.seen, this.created, this.withdrawn, false);
    if (fault) throw new Error(fault);
    if (state.is_closed) throw new Error(`the browser has given up, before headline ${this.created.length + 1}: ${this.proxy.refusal}`);
  }

  async until(is_reached) {
    for (; !is_reached(); await sleep(50)) {
      await this.poll();
      await this.withdraw();
    }
  }

  async change_nodes(place) {
    if (CUT_DATABASE.includes(place)) this.database_cuts += await cut_database(this.sockets);
    if (place === STOP_SECOND) {
      this.running = [this.first];
      await this.second.stop();
    }
    if (place === START_SECOND) {
      await this.second.start();
      this.running = [this.first, this.second];
    }
  }

  async open(browser) {
    await this.first.start();
    this.key = this.first.key;
    await this.second.start();
    const origin = await this.proxy.listen();
    this.page = await browser.newPage();
    await this.page.goto(`${origin}/page`);
    await this.proxy.placed;
    this.proxy.start_cutting();
  }

  async run(browser) {
    await this.open(browser);
    for (let place = 0; place < HEADLINES; place += 1) {
      await this.change_nodes(place);
      await this.create();
      await this.poll();
      await this.withdraw();
      await sleep(this.random() * 2 * PAUSE);
    }
    const whole = HEADLINES + HEADLINES / WITHDRAWN;
    await this.until(() => this.seen.length >= whole);
    // After one more reconnection, and one more headline, anything repeated would have come too.
    const opens = this.opens;
    await this.until(() => this.opens > opens);
    await this.create();
    await this.until(() => this.seen.length > whole);
    const fault = difference(this.seen, this.created, this.withdrawn, true);
    if (fault) throw new Error(fault);
    const { cuts, in_frame, streams } = this.proxy;
    const by_node = [0, 1].map((which) => streams.filter((node) => node === which).length);
    if (Math.min(...by_node) < 2 || cuts < 3 || this.database_cuts === 0) throw new Error(`too little was cut: ${cuts} cuts, ${by_node} streams`);
    return `${this.seen.length} events, ${cuts} cuts (${in_frame} within a frame), ${this.opens - 1} reconnects, streams of the nodes: ${by_node.join(" and ")}`;
  }

  stop() {
    this.proxy.stop();
    this.second.process?.kill("SIGKILL");
  }
}

const folder = mkdtempSync(join(tmpdir(), "manchette-streams-"));
chmodSync(folder, 0o755); // Postgres may run as another user.
const check = new Check(folder);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const hang = sleep(DEADLINE, null, { ref: false }).then(() => {
  const fault = difference(check.seen, check.created, check.withdrawn, true);
  throw new Error(`not done after ${DEADLINE / 1000} s: ${fault ?? "all that was written has arrived"}`);
});
const begun = performance.now();
try {
  console.log(await Promise.race([check.run(browser), hang]), `in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
} catch (error) {
  console.error(`FAULT ${error.message} (SEED=${seed})`);
  for (const { log } of [check.first, check.second]) console.error(log.split("\n").filter((line) => / (WARN|ERROR) |panic/.test(line)).slice(-15).join("\n"));
  process.exitCode = 1;
} finally {
  check.stop();
  await browser.close();
  if (check.first.process) await check.first.stop().catch((error) => console.error(error.message));
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
