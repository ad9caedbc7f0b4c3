import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { fold } from "../../templates/maps/map/source/fold.js";
import { Answers } from "../../templates/words/words/answers.js";
import { boundOf, fileOf } from "../../templates/words/words/files.js";
import { keyOf, stemOf, twins } from "../../templates/words/words/forms.js";
import { sharedNeighbors } from "../../templates/words/words/shared.js";
import {
	fileFor,
	Suggestions,
} from "../../templates/words/words/suggestions.js";

const root = process.env.ATLAS_GOLDEN ?? "";
const skip = root ? false : "pytest writes the words";
const folder = join(root, "words");
/** @type {string[]} */
let asked = [];

beforeEach(() => {
	asked = [];
	globalThis.fetch = async (url) => {
		asked.push(String(url));
		return new Response(await readFile(String(url)));
	};
});

/** @param {string} name */
const json = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));

const open = () => new Suggestions(`${join(folder, "suggest")}/`);

/**
 * @param {string} query
 * @param {Suggestions} [from]
 */
async function texts(query, from = open()) {
	return (await from.find(query, 10)).map(([text]) => text);
}

test("a word is found by any part, reading, case and width", {
	skip,
}, async () => {
	for (const query of [
		"優勝",
		"ゆうしょう",
		"ユウショウ",
		"yuushou",
		"yūshō",
		"ﾕｳｼｮｳ",
		"YUUSHOU",
	]) {
		assert.ok((await texts(query)).includes("優勝"), query);
	}
	for (const query of ["victory", "Victory", "ｖｉｃｔｏｒｙ", "VICTORY"]) {
		assert.equal((await texts(query))[0], "victory", query);
	}
	for (const query of ["ictory", "ctor", "tory"]) {
		const found = await open().find(query, 1000);
		assert.ok(
			found.some(([text]) => text === "victory"),
			query,
		);
	}
	assert.equal((await texts("優勝"))[0], "優勝");
	assert.deepEqual(await texts("  "), []);
	assert.deepEqual(await texts("qzqzqz"), []);
});

test("a letter costs one request, and fits are the best of all", {
	skip,
}, async () => {
	const index = json("suggest/index.json");
	/** @type {Map<string, [string, string, number[]]>} */
	const all = new Map();
	const pages = index.pages.map(fileOf);
	const tops = index.tops.map(
		(/** @type {string} */ top) => `top-${fileOf(top)}`,
	);
	for (const name of [...pages, ...tops]) {
		for (const word of json(`suggest/${name}`).words) all.set(word[0], word);
	}
	assert.ok(all.size > 39_000);
	const every = [...all.values()].map(([text, reading]) => [
		text,
		fold(text),
		fold(reading),
	]);
	const typed = [...all.keys()].filter((_, i) => i % 1201 === 0);
	const from = open();
	for (const word of typed) {
		const signs = Array.from(fold(word));
		for (let end = 1; end <= Math.min(signs.length, 5); end++) {
			const query = signs.slice(0, end).join("");
			const before = asked.filter((url) => !url.endsWith("index.json")).length;
			const found = await texts(query, from);
			const now = asked.filter((url) => !url.endsWith("index.json")).length;
			const sounds = /^[a-z'-]{3,}$/.test(query);
			assert.ok(now - before <= (sounds ? 2 : 1), query);
			const begun = every.filter(
				([, text, reading]) =>
					text.startsWith(query) || reading.startsWith(query),
			);
			const held = every.filter(
				([, text, reading]) => text.includes(query) || reading.includes(query),
			);
			assert.ok(found.length >= Math.min(held.length, 10), query);
			const first = found.slice(0, Math.min(begun.length, 10));
			assert.ok(
				first.every((text) => begun.some(([own]) => own === text)),
				query,
			);
		}
	}
});

test("keys are those that the answers are filed under", { skip }, () => {
	const keys = json("keys.json");
	assert.ok(Object.keys(keys).length > 40_000);
	for (const [text, key] of Object.entries(keys))
		assert.equal(keyOf(text), key);
	/** @type {[string, string][]} */
	const letters = Object.entries(json("letters.json"));
	for (const [text, key] of letters) assert.equal(keyOf(text), key, text);
	const { shards } = json("index.json");
	for (const key of Object.values(keys).filter((_, i) => i % 97 === 0)) {
		const bound = boundOf(shards, key) ?? "";
		assert.equal(
			bound,
			shards
				.filter(
					(/** @type {string} */ one) =>
						Buffer.compare(Buffer.from(one), Buffer.from(key)) <= 0,
				)
				.at(-1),
		);
		const { words } = json(fileOf(bound));
		assert.ok(Object.hasOwn(words, key), key);
	}
});

test("an answer of a packed file is that of the word's own file", {
	skip,
}, async () => {
	const from = new Answers(`${folder}/`);
	const names = readdirSync(join(folder, "pages"));
	assert.ok(names.length > 50);
	for (const name of names) {
		const { word, models } = json(join("pages", name));
		const whole = models.map(
			(/** @type {{ answer: unknown }} */ one) => one.answer,
		);
		assert.deepEqual(await from.of(word), whole, word);
	}
	assert.equal(await from.of("qqqqqqqq"), null);
});

test("bounds are in the order of code points", () => {
	const bounds = ["", "a", "z", "優", "ﬁ", "😀"];
	assert.equal(boundOf(bounds, "ｚ"), "ﬁ"); // after it as UTF-16, before 😀
	assert.equal(boundOf(bounds, "𠮷"), "😀");
	assert.equal(boundOf(bounds, "優勝"), "優");
	assert.equal(fileOf(""), "_.json");
	assert.equal(fileOf("優"), "e584aa.json");
	assert.equal(
		fileFor({ models: [], pages: ["a", "b"], tops: [] }, "A"),
		"61.json",
	);
});

test("near-duplicates have one stem", () => {
	for (const [one, other] of [
		["victory", "victories"],
		["##ing", "ing"],
		["Win", "win"],
		["house", "houses"],
		["box", "boxes"],
		["ヨーグルト", "ﾖｰｸﾞﾙﾄ"],
		["␣the", "The"],
	]) {
		assert.equal(stemOf(one), stemOf(other));
	}
	for (const [one, other] of [
		["glass", "glas"],
		["bus", "bu"],
		["win", "won"],
		["as", "a"],
	]) {
		assert.notEqual(stemOf(one), stemOf(other));
	}
	const near = ["Victory", "win", "wins", "victories", "loss"];
	assert.deepEqual(twins("victory", near), [true, false, true, true, false]);
});

test("models share what is near in both, whatever its form", () => {
	const space = (/** @type {string[]} */ ...near) => ({
		space: 0,
		kept: 0,
		near: near.map(
			(text, i) => /** @type {[string, number]} */ ([text, 1 - i / 10]),
		),
	});
	const token = { id: 1, text: "x", kind: "word", rank: 2 };
	const answers = [
		{ tokens: [{ ...token, spaces: [space("win", "loss"), space("##win")] }] },
		null,
		{ tokens: [{ ...token, spaces: [space("␣Win", "x", "gain")] }] },
	];
	assert.deepEqual(sharedNeighbors(answers, "x"), [
		{ text: "win", models: [0, 2] },
	]);
});
