// Bundle what splits text in the browser as the tokenizers of models do.
// Arguments: a stamp of this recipe, and the folder for the bundle.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const [, , stamp, out] = process.argv;
const entry = fileURLToPath(import.meta.resolve("@huggingface/tokenizers"));
const folder = dirname(dirname(entry));
const { version, license } = JSON.parse(
	readFileSync(join(folder, "package.json"), "utf8"),
);

await esbuild.build({
	stdin: {
		contents: `export { Tokenizer } from "@huggingface/tokenizers"`,
		resolveDir: import.meta.dirname,
	},
	outfile: `${out}/tokenizers.min.js`,
	bundle: true,
	minify: true,
	format: "iife",
	globalName: "Tokenizers",
	target: "es2022",
	charset: "utf8",
	legalComments: "none",
	banner: {
		js: `/*! @huggingface/tokenizers ${version}, ${license} licence; atlas ${stamp} */`,
	},
});
writeFileSync(
	`${out}/tokenizers.LICENSE.txt`,
	readFileSync(join(folder, "LICENSE")),
);
