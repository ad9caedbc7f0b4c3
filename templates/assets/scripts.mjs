// Bundle each entry of the theme for pages to load as one classic script: a
// module script is always fetched with CORS, which a sandboxed frame's origin
// gets from few hosts. Arguments: the theme, the folder for the bundles, and a
// stamp of this recipe. Beside the bundles goes a list of the sources of each.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as esbuild from "esbuild";

const [, , theme, out, recipe] = process.argv;
const folders = readdirSync(theme, { withFileTypes: true })
	.filter((entry) => entry.isDirectory())
	.map((folder) => folder.name);
const entries = folders
	.flatMap((folder) =>
		readdirSync(join(theme, folder)).map((name) => `${folder}/${name}`),
	)
	.filter((path) => path.endsWith(".js") && path !== "assets/frame.js");
mkdirSync(out, { recursive: true });
const list = {};
for (const entry of entries) {
	const { outputFiles, metafile } = await esbuild.build({
		absWorkingDir: theme,
		entryPoints: [entry],
		bundle: true,
		minify: true,
		write: false,
		metafile: true,
		format: "iife",
		target: "es2022",
		charset: "utf8",
		legalComments: "none",
	});
	const sources = Object.keys(metafile.inputs).sort();
	const digest = createHash("sha256");
	for (const source of sources) {
		digest.update(`${source}\0`);
		digest.update(readFileSync(join(theme, source))).update("\0");
	}
	const stamp = digest.digest("hex").slice(0, 16);
	const name = basename(entry, ".js");
	const bundle = `/* atlas ${stamp} ${recipe} */\n${outputFiles[0].text}`;
	writeFileSync(join(out, `${name}.js`), bundle);
	list[name] = sources;
}
writeFileSync(join(out, "list.json"), `${JSON.stringify(list)}\n`);
