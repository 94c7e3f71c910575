"use strict";

// Code samples in the languages that people of this API use: curl, JavaScript and TypeScript, Python, Kotlin, Swift.
const hiddenClients = {
  js: ["axios", "jquery", "ofetch", "xhr"],
  node: ["axios", "ofetch", "undici"],
  python: ["aiohttp", "httpx_async", "python3"],
  shell: ["httpie", "wget"],
};
for (const language of "c clojure csharp dart fsharp go http java objc ocaml php powershell r ruby rust".split(" ")) {
  hiddenClients[language] = true;
}

Scalar.createApiReference("#reference", {
  url: "/openapi.json",
  favicon: "/docs/assets/icon.svg",
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  hiddenClients,
  authentication: { preferredSecurityScheme: "key" },
  persistAuth: true,
  // Without a key, a request goes without `Authorization`, not with an empty or sample one.
  onRequestBuilt: ({ request }) => {
    const token = request.headers.get("Authorization")?.replace(/^Bearer */, "");
    if (!token) {
      request.headers.delete("Authorization");
    }
  },
  orderSchemaPropertiesBy: "preserve",
  documentDownloadType: "direct",
  hideClientButton: true,
  showDeveloperTools: "never",
  // Nothing from other hosts, and nothing to them.
  telemetry: false,
  withDefaultFonts: false,
  agent: { disabled: true },
  mcp: { disabled: true },
});
