import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { fold } from "../../templates/maps/map/source/fold.js";
import { Texts, termsOf } from "../../templates/words/words/texts.js";
import { fetched } from "./golden.js";

const root = process.env.ATLAS_GOLDEN ?? "";
const skip = root ? false : "pytest writes the pages";

beforeEach(() => {
	fetched.length = 0;
});

/**
 * @param {string} language
 * @param {string} name
 */
const json = (language, name) =>
	JSON.parse(readFileSync(join(root, "search", language, name), "utf8"));

/** @param {string} language */
const open = (language) => new Texts(`${join(root, "search", language)}/`);

for (const language of ["en", "ja"]) {
	test(`terms are those of the index: ${language}`, { skip }, () => {
		/** @type {[string, string[]][]} */
		const told = Object.entries(json(language, "terms.json"));
		for (const [text, terms] of told) {
			const own = new Set(termsOf(fold(text)));
			const more = terms.filter((term) => !own.delete(term));
			assert.deepEqual([...own], [], text);
			const parts = new Set(fold(text).split(/[^\p{L}\p{N}]+/u));
			assert.deepEqual(
				more.filter((term) => !parts.has(term)),
				[],
				text,
			);
		}
	});

	test(`a page is found by its title: ${language}`, { skip }, async () => {
		const texts = open(language);
		const rows = json(language, "rows.json");
		const titles = new Map(
			rows.map((/** @type {string[]} */ row) => [row[0], row[2]]),
		);
		assert.ok(titles.size > 10);
		for (const [url, title] of titles) {
			const { hits } = await texts.hits(fold(title));
			const urls = hits.map(({ section }) => rows[section][0]);
			assert.ok(urls.includes(url), `${title}: ${urls}`);
			if (urls.length > 8) continue; // parts of one list, which are called alike
			const found = (await texts.find(title, 8)).map((one) => one.title);
			assert.ok(found.includes(title), `${title}: ${found}`);
		}
	});

	test(`and by any two signs of it: ${language}`, { skip }, async () => {
		const texts = open(language);
		const rows = json(language, "rows.json");
		for (const [i, row] of rows.entries()) {
			const [url, , title] = row;
			if (i && rows[i - 1][0] === url) continue;
			for (const part of partsOf(fold(title))) {
				const { hits } = await texts.hits(part);
				const urls = hits.map(({ section }) => rows[section][0]);
				assert.ok(urls.includes(url), `${part} of ${title}`);
			}
		}
	});
}

test("a text is found with what stands around it, in few bytes", {
	skip,
}, async () => {
	const rows = json("ja", "rows.json");
	const row = rows.find((/** @type {string[]} */ one) => one[4].length > 300);
	const wanted = row[4].slice(200, 208).trim();
	const found = await open("ja").find(wanted, 5);
	const texts = found.map((one) => one.before + one.match + one.after);
	assert.ok(
		texts.some((text) => text.includes(wanted)),
		`${wanted}: ${texts}`,
	);
	const bytes = fetched.map((url) => readFileSync(url).length);
	assert.ok(bytes.reduce((a, b) => a + b) < 180_000, `${bytes}`); // not yet packed
});

test("what no page says finds none", { skip }, async () => {
	for (const query of [
		"qqqqzzzz",
		"龘龘",
		"",
		" ",
		"!?",
		"vocabularies qqqqzzzz",
	]) {
		assert.deepEqual(await open("en").find(query, 5), [], query);
	}
});

/**
 * Beginnings of words, and any two signs of a text without spaces.
 * @param {string} title folded
 */
function partsOf(title) {
	return termsOf(title).flatMap((term) => {
		const signs = Array.from(term);
		return signs.length < 3 ? [term] : [signs.slice(0, 2).join(""), term];
	});
}
