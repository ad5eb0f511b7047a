// Builds the page's one script; `--check` tells whether the committed one is what the source builds to.
import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const target = fileURLToPath(new URL("../page/page.js", import.meta.url));
const made = await build({
  entryPoints: [fileURLToPath(new URL("src/main.tsx", import.meta.url))],
  bundle: true, minify: true, write: false, format: "iife", target: "es2022", charset: "ascii", legalComments: "none",
  jsx: "automatic", jsxImportSource: "preact",
});
const text = made.outputFiles[0].text;
if (process.argv.includes("--check")) {
  const committed = await readFile(target, "utf8").catch(() => "");
  if (committed !== text) {
    console.error("page.js is not what the source builds to: npm run build");
    process.exit(1);
  }
} else {
  await writeFile(target, text);
  console.log(`${target}: ${(text.length / 1000).toFixed(1)} kB`);
}
