// The whole client, with what it needs, as a browser gets it: at most 10 KB in gzip.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: ["dist/index.js"],
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  write: false,
});
const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
console.log(`${bytes} bytes in gzip`);
if (bytes > 10_000) process.exit(1);
