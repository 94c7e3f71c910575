// Forwards connections to the nodes in turn, and cuts them: between frames, or in the middle of one.
import net from "node:net";

const PAGE = `<!doctype html><html lang="en"><title>Stream</title><link rel="icon" href="data:,">
<script>
  const seen = [];
  let opens = 0;
  const source = new EventSource("/v1/headlines/stream");
  source.onopen = () => { opens += 1; };
  for (const name of ["published", "updated", "withdrawn", "expired", "deleted", "left", "reset", "message"]) {
    source.addEventListener(name, ({ data, lastEventId }) => {
      seen.push({ name, lastEventId, id: JSON.parse(data).id });
    });
  }
</script>`;
const ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${Buffer.byteLength(PAGE)}\r\nConnection: close\r\n\r\n${PAGE}`;

export class Proxy {
  constructor(nodes, random) {
    Object.assign(this, { nodes, random, turn: 0, cuts: 0, in_frame: 0, streams: [], connections: new Set() });
    // Resolved when the page has a place from which it can go on.
    this.placed = new Promise((resolve) => (this.on_place = resolve));
  }

  async listen() {
    this.server = net.createServer((client) => this.accept(client));
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  accept(client) {
    client.on("error", () => client.destroy());
    client.once("data", (head) => {
      if (head.toString("latin1").startsWith("GET /page ")) client.end(ANSWER);
      else this.forward(client, head);
    });
  }

  forward(client, head) {
    const which = this.turn++ % this.nodes.length;
    const [host, port] = this.nodes[which].address.split(":");
    const node = net.connect(Number(port), host);
    const connection = { client, node, is_truncating: false, received: "" };
    const close = () => {
      client.destroy();
      node.destroy();
      this.connections.delete(connection);
    };
    this.connections.add(connection);
    node.write(head);
    node.on("data", (bytes) => this.pass(connection, bytes, which));
    client.on("data", (bytes) => node.write(bytes));
    for (const end of [client, node]) end.on("error", close).on("close", close);
    node.on("end", () => client.end());
  }

  pass(connection, bytes, which) {
    const { client } = connection;
    if (connection.is_truncating && bytes.length > 1) {
      this.in_frame += 1;
      client.end(bytes.subarray(0, 1 + Math.floor(this.random() * (bytes.length - 1))));
      connection.node.destroy();
      return;
    }
    if (connection.received === "") this.begin(bytes.toString("latin1"), which);
    connection.received = (connection.received + bytes.toString("latin1")).slice(-4000);
    client.write(bytes);
    if (/\nid: \S+\r?\n\r?\n/.test(connection.received)) this.on_place();
  }

  /** Notes the head of a response. */
  begin(text, which) {
    if (text.startsWith("HTTP/1.1 200")) this.streams.push(which);
    else this.refusal = `node ${which + 1}: ${text}`;
  }

  /** Cuts all connections: half of the times at once, otherwise within what the node sends next. */
  cut() {
    if (this.connections.size === 0) return;
    this.cuts += 1;
    const at_once = this.random() < 0.5;
    for (const connection of this.connections) {
      if (at_once || connection.is_truncating) connection.client.destroy();
      else connection.is_truncating = true;
    }
  }

  /** Cuts every half a second to two seconds. */
  start_cutting() {
    const next = () => {
      this.timer = setTimeout(() => {
        this.cut();
        next();
      }, 500 + this.random() * 1500);
    };
    next();
  }

  stop() {
    clearTimeout(this.timer);
    for (const { client } of this.connections) client.destroy();
    this.server?.close();
  }
}
