// Two servers on one database: the first runs the embedded Postgres, the second connects to its socket.
import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const OPTIONS = "--no-demo --workers 2 --pool-size 3 --shutdown-delay 0 --rate-reads off --rate-writes off --rate-reads-without-key off".split(" ");
const SECOND = "streams-second";

function find_psql() {
  const folders = process.env.PATH.split(":");
  const debian = "/usr/lib/postgresql";
  if (existsSync(debian)) folders.push(...readdirSync(debian).map((version) => join(debian, version, "bin")));
  const found = folders.map((folder) => join(folder, "psql")).find((path) => existsSync(path));
  if (!found) throw new Error("there is no psql");
  return found;
}

export class Node {
  constructor(program, folder, environment = {}) {
    Object.assign(this, { program, folder, environment, address: "127.0.0.1:0", log: "" });
  }

  /** Starts the server, on the same port as before. */
  async start() {
    const words = ["serve", "--data-dir", this.folder, "--listen", this.address, ...OPTIONS];
    const { DATABASE_URL, DATABASE_URL_FILE, ...inherited } = process.env;
    this.process = spawn(this.program, words, { env: { ...inherited, ...this.environment }, stdio: ["ignore", "pipe", "pipe"] });
    this.ended = new Promise((resolve) => this.process.once("exit", (code, signal) => resolve(code ?? signal)));
    this.process.stderr.on("data", (text) => (this.log = (this.log + text).slice(-4000)));
    let output = "";
    const listening = new Promise((resolve) => {
      this.process.stdout.on("data", (text) => {
        const found = /Listening\s+(\S+)\n/.exec((output += text));
        if (found) resolve(found[1]);
      });
    });
    const address = await Promise.race([listening, this.ended.then(() => null)]);
    if (!address) throw new Error(`the server did not start: ${this.log}`);
    this.address = address;
  }

  /** Stops the server in order, as Ctrl-C does. */
  async stop() {
    this.process.kill("SIGINT");
    const status = await this.ended;
    if (status !== 0) throw new Error(`the server stopped with ${status}: ${this.log}`);
  }

  get key() {
    return readFileSync(join(this.folder, "key"), "utf8").trim();
  }
}

export function pair(program, folder) {
  const sockets = join(folder, "first", "postgres");
  const url = `postgres://manchette@/manchette?host=${sockets}&application_name=${SECOND}`;
  const first = new Node(program, join(folder, "first"));
  return { first, second: new Node(program, join(folder, "second"), { DATABASE_URL: url }), sockets };
}

/** Closes the connections of the first node to Postgres; returns how many they were. */
export async function cut_database(sockets) {
  const sql = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = 'manchette' AND pid <> pg_backend_pid() AND application_name = 'manchette'`;
  const { stdout } = await promisify(execFile)(find_psql(), ["-h", sockets, "-U", "manchette", "-XqAtc", sql, "manchette"]);
  return Number(stdout);
}
