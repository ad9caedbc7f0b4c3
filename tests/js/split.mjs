// Splits texts by the bundle of tokenizers, as test_portable.py asks: a line of
// JSON for each text, its pieces and their ids.
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

const [, , bundle, given] = process.argv;
runInThisContext(
	`${readFileSync(bundle, "utf8")}\nglobalThis.Tokenizers = Tokenizers;`,
);
const { file, texts } = JSON.parse(readFileSync(given, "utf8"));
const tokenizer = new globalThis.Tokenizers.Tokenizer(file.tokenizer, {});
const lines = texts.map((/** @type {string} */ text) => {
	const options = { add_special_tokens: false };
	const { ids, tokens } = tokenizer.encode(text, options);
	return JSON.stringify([tokens, ids]);
});
process.stdout.write(`${lines.join("\n")}\n`);
