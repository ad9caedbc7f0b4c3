// @ts-check
// Written forms of words. forms.py makes the same keys.
import { fold } from "../../maps/map/source/fold.js";

const BEFORE = /^(?:##(?=[^#])|[␣▁Ġ]+(?=[^␣▁Ġ]))/u;
const AFTER = /(?<=[^␣])(?:␣+|<\/w>)$|(?<=[^@])@@$/u;
const PLAIN = /^[\x20-\x7e]*$/; // every form of these is folded by toLowerCase
/** @type {Record<string, string>} */
const SIGNS = { "␣": " ", "▁": " ", "⏎": "\n", "␍": "\r", "⇥": "\t" };

/**
 * What a token's text says without marks of its tokenizer.
 * @param {string} text
 */
export const wordOf = (text) =>
	text
		.replace(/ <row \d+>$/, "")
		.replace(BEFORE, "")
		.replace(AFTER, "")
		.replace(/[␣▁⏎␍⇥]/g, (sign) => SIGNS[sign])
		.replace(/<U\+([0-9A-F]{4,6})>/g, (all, number) => {
			const code = Number.parseInt(number, 16);
			const character = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
			return character ? String.fromCodePoint(code) : all;
		});

/**
 * Folds case as Python's casefold does: sign by sign, for the end of a word has
 * a sigma of its own, and by capitals, since ß is ss.
 * @param {string} text
 */
const casefold = (text) =>
	Array.from(text, (sign) => {
		if (sign === "ı") return sign;
		const capital = sign.toLowerCase().toUpperCase();
		return /\p{Script=Cherokee}/u.test(sign) ? capital : capital.toLowerCase();
	}).join("");

/** @type {Map<string, string>} */
const keys = new Map(); // neighbors are near in many spaces
const MANY = 5000;

/**
 * The key under which all forms of a word are found.
 * @param {string} text
 */
export function keyOf(text) {
	const known = keys.get(text);
	if (known !== undefined) return known;
	const word = wordOf(text);
	const key = PLAIN.test(word)
		? word.toLowerCase().trim()
		: casefold(word.normalize("NFKC")).normalize("NFKC").trim();
	if (keys.size > MANY) keys.clear();
	keys.set(text, key || text);
	return key || text;
}

/**
 * What near-duplicates have in common: their key, and of words in Latin letters
 * what is left without the ending of a plural.
 * @param {string} text
 */
export function stemOf(text) {
	const key = fold(keyOf(text));
	if (!/^[a-z]{4,}$/.test(key)) return key;
	return key
		.replace(/ies$/, "y")
		.replace(/(ss|sh|ch|x|z)es$/, "$1")
		.replace(/([^suio])s$/, "$1");
}

/**
 * Which of some neighbors are near-duplicates of the word or of one before.
 * @param {string} word
 * @param {string[]} near
 */
export function twins(word, near) {
	const seen = new Set([stemOf(word)]);
	return near.map((text) => {
		const stem = stemOf(text);
		const twin = seen.has(stem);
		seen.add(stem);
		return twin;
	});
}

/**
 * A text of the config in the language of the page.
 * @param {string | Record<string, string>} text
 */
export function told(text) {
	if (typeof text === "string") return text;
	const { lang } = document.documentElement;
	return text[lang] ?? text.en ?? Object.values(text)[0] ?? "";
}
