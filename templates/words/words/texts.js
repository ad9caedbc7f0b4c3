// @ts-check
// What the site's pages say. search.py makes the files and tells how they are
// laid out.
import { fold } from "../../maps/map/source/fold.js";
import { boundOf, fetched, fileOf } from "./files.js";

/** @typedef {{ pages: number[], sections: number, bounds: string[], texts: number[] }} Index */
/** @typedef {[url: string, anchor: string, title: string, heading: string, text: string]} Section */
/** @typedef {{ section: number, goodness: number }} Hit */
/** @typedef {{ url: string, title: string, heading: string, before: string, match: string, after: string }} Found */

const CLOSE =
	"\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af";
const RUNS = new RegExp(`[${CLOSE}]+|(?:(?![${CLOSE}])[\\p{L}\\p{N}_])+`, "gu");
const FIRST = new RegExp(`[${CLOSE}]`, "u");
const FILES = 3; // of terms that begin with what was typed
const LOOKED = 8; // pages whose texts decide their order
const FETCHED = 4; // files of texts
const [LEAD, SHOWN] = [24, 90]; // signs before a match, and in all
const WIDE = 0.6; // of these, where signs are wide

export class Texts {
	/** @type {ReturnType<typeof fetched>} */ #file;

	/** @param {string} base the folder of the files */
	constructor(base) {
		this.#file = fetched(base);
	}

	/**
	 * The pages that hold every term of a query, the best first.
	 * @param {string} query
	 * @param {number} most
	 * @returns {Promise<Found[]>}
	 */
	async find(query, most) {
		const wanted = fold(query.trim());
		const { index, hits } = await this.hits(wanted);
		const looked = hits.slice(0, LOOKED);
		const files = looked.map(({ section }) => fileAt(index, section));
		const near = new Set([...new Set(files)].slice(0, FETCHED));
		const rows = await Promise.all(
			looked
				.filter((_, i) => near.has(files[i]))
				.map(({ section }) => this.#row(index, section)),
		);
		const whole = (/** @type {Section} */ row) =>
			Number(row.slice(2).some((part) => fold(part).includes(wanted)));
		return rows
			.sort((a, b) => whole(b) - whole(a))
			.slice(0, most)
			.map((row) => shown(row, wanted));
	}

	/**
	 * The best section of each page that has every term of a folded query, the
	 * best page first.
	 * @param {string} wanted
	 * @returns {Promise<{ index: Index, hits: Hit[] }>}
	 */
	async hits(wanted) {
		const terms = termsOf(wanted);
		/** @type {Index} */
		const index = await this.#file("index.json");
		const weights = await Promise.all(
			terms.map((term) => this.#weights(index, term)),
		);
		return { index, hits: terms.length ? ranked(index, weights) : [] };
	}

	/**
	 * How much each section tells of a term, or of the terms that begin with it.
	 * @param {Index} index
	 * @param {string} term
	 * @returns {Promise<Map<number, number>>}
	 */
	async #weights({ bounds, sections }, term) {
		const first = bounds.indexOf(boundOf(bounds, term) ?? bounds[0]);
		/** @type {Map<number, number>} */
		const found = new Map();
		for (let at = Math.max(first, 0); at < bounds.length; at++) {
			if (at > first && !bounds[at].startsWith(term)) break;
			if (at - first >= FILES) break;
			/** @type {Record<string, number[]>} */
			const file = await this.#file(fileOf(bounds[at]));
			for (const [own, steps] of Object.entries(file)) {
				if (!own.startsWith(term)) continue;
				let number = 0;
				const part = own === term ? 1 : 0.6;
				for (const step of steps) {
					number += step;
					const section = Math.floor(number / 10);
					const weight = (number % 10) * part;
					if (weight > (found.get(section) ?? 0)) found.set(section, weight);
				}
			}
		}
		const rare = Math.log(1 + sections / Math.max(found.size, 1));
		for (const [section, weight] of found) found.set(section, weight * rare);
		return found;
	}

	/**
	 * @param {Index} index
	 * @param {number} section
	 * @returns {Promise<Section>}
	 */
	async #row(index, section) {
		const file = fileAt(index, section);
		const rows = await this.#file(`texts-${file}.json`);
		return rows[section - index.texts[file]];
	}
}

/**
 * The terms of a folded query, each once.
 * @param {string} wanted
 */
export function termsOf(wanted) {
	/** @type {Set<string>} */
	const terms = new Set();
	for (const [run] of wanted.matchAll(RUNS)) {
		const signs = Array.from(run);
		if (!FIRST.test(run) || signs.length === 1) terms.add(run);
		else for (let i = 1; i < signs.length; i++) terms.add(signs[i - 1] + signs[i]); // biome-ignore format: one step
	}
	return [...terms];
}

/**
 * The best section of each page that has every term.
 * @param {Index} index
 * @param {Map<number, number>[]} weights of the terms by section
 * @returns {Hit[]}
 */
function ranked({ pages }, weights) {
	/** @type {Map<number, { own: Map<number, number>, terms: number[] }>} */
	const found = new Map();
	for (const [term, sections] of weights.entries()) {
		for (const [section, weight] of sections) {
			const page = lastOf(pages, section);
			const one = found.get(page) ?? { own: new Map(), terms: [] };
			found.set(page, one);
			one.own.set(section, (one.own.get(section) ?? 0) + weight);
			one.terms[term] = Math.max(one.terms[term] ?? 0, weight);
		}
	}
	/** @type {Hit[]} */
	const hits = [];
	for (const { own, terms } of found.values()) {
		let goodness = 0;
		for (let term = 0; term < weights.length; term++) {
			goodness += terms[term] ?? Number.NaN;
		}
		if (Number.isNaN(goodness)) continue;
		const best = [...own].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0];
		hits.push({ section: best[0], goodness });
	}
	return hits.sort((a, b) => b.goodness - a.goodness || a.section - b.section);
}

/**
 * The place of the last of some ascending numbers that is not above a number.
 * @param {number[]} numbers
 * @param {number} number
 */
function lastOf(numbers, number) {
	let [low, high] = [0, numbers.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if (numbers[middle] <= number) low = middle + 1;
		else high = middle;
	}
	return low - 1;
}

/**
 * The number of the file of texts that holds a section.
 * @param {Index} index
 * @param {number} section
 */
const fileAt = ({ texts }, section) => lastOf(texts, section);

/**
 * A section as it is listed: with the text about the first match.
 * @param {Section} section
 * @param {string} wanted
 * @returns {Found}
 */
function shown([address, anchor, title, heading, text], wanted) {
	// Folding keeps the places of almost all signs.
	const folded = fold(text);
	const whole = folded.indexOf(wanted);
	const term = termsOf(wanted).find((one) => folded.includes(one));
	const at = whole >= 0 ? whole : term ? folded.indexOf(term) : -1;
	const length = at < 0 ? 0 : whole >= 0 ? wanted.length : (term?.length ?? 0);
	const part = FIRST.test(wanted) ? WIDE : 1;
	const from = Math.max(at - Math.round(LEAD * part), 0);
	const begin = from ? text.indexOf(" ", from - 1) : 0;
	const start = from && begin >= 0 && begin < at ? begin + 1 : from;
	const end = start + Math.round(SHOWN * part);
	const place = Math.max(at, start);
	return {
		url: anchor ? `${address}#${encodeURIComponent(anchor)}` : address,
		title,
		heading: heading === title ? "" : heading,
		before: (start ? "…" : "") + text.slice(start, place),
		match: text.slice(place, place + length),
		after: text.slice(place + length, end) + (end < text.length ? "…" : ""),
	};
}
