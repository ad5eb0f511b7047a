// Builds the scripts of the page and of the live page; `--check` tells whether the committed ones are what the source builds to.
import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const ENTRIES = { "page.js": "src/main.tsx", "live.js": "src/live/main.tsx" };

for (const [name, entry] of Object.entries(ENTRIES)) {
  const target = fileURLToPath(new URL(`../page/${name}`, import.meta.url));
  const made = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true, minify: true, write: false, format: "iife", target: "es2022", charset: "ascii", legalComments: "none",
    jsx: "automatic", jsxImportSource: "preact",
  });
  const text = made.outputFiles[0].text;
  if (process.argv.includes("--check")) {
    const committed = await readFile(target, "utf8").catch(() => "");
    if (committed !== text) {
      console.error(`${name} is not what the source builds to: npm run build`);
      process.exit(1);
    }
  } else {
    await writeFile(target, text);
    console.log(`${target}: ${(text.length / 1000).toFixed(1)} kB`);
  }
}
