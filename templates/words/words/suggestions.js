// @ts-check
// The words that the field suggests. suggestions.py makes the files and tells
// how they are laid out.
import { fold } from "../../maps/map/source/fold.js";
import { romajiOf, soundOf } from "../../maps/map/source/romaji.js";
import { boundOf, fetched, fileOf } from "./files.js";

/** @typedef {string | Record<string, string>} Text */
/** @typedef {{ id: string, title: Text }} Model */
/** @typedef {{ models: Model[], pages: string[], tops: string[] }} Index */
/** @typedef {[text: string, reading: string, models: number[]]} Word */

const DEPTH = 6; // signs of a query that choose its file
const [TEXT, READING, BEGINS, READS, SOUNDS, HOLDS] = [0, 1, 2, 3, 4, 5];

export class Suggestions {
	/** @type {ReturnType<typeof fetched>} */ #file;

	/** @param {string} base the folder of the files */
	constructor(base) {
		this.#file = fetched(base);
	}

	/** @returns {Promise<Index>} */
	index() {
		return this.#file("index.json");
	}

	/**
	 * The words that fit a query best, the more frequent first among equals.
	 * @param {string} query
	 * @param {number} most
	 * @returns {Promise<Word[]>}
	 */
	async find(query, most) {
		const wanted = fold(query.trim());
		if (!wanted) return [];
		const sound = soundOf(wanted);
		const index = await this.index();
		const names = new Set([fileFor(index, wanted)]);
		if (sound) names.add(fileFor(index, sound));
		const files = await Promise.all([...names].map(this.#file));
		/** @type {Map<string, { word: Word, goodness: number }>} */
		const found = new Map();
		for (const { words } of files) {
			for (const word of words) {
				const goodness = fit(word, wanted, sound);
				if (goodness !== null) found.set(word[0], { word, goodness });
			}
		}
		return [...found.values()]
			.sort((a, b) => a.goodness - b.goodness)
			.slice(0, most)
			.map(({ word }) => word);
	}
}

/**
 * The file with the words for a query.
 * @param {Index} index
 * @param {string} query folded
 */
export function fileFor({ pages, tops }, query) {
	const start = Array.from(query).slice(0, DEPTH).join("");
	if (boundOf(tops, start) === start) return `top-${fileOf(start)}`;
	return fileOf(boundOf(pages, start) ?? pages[0]);
}

/**
 * How well a word fits a query; null where it does not.
 * @param {Word} word
 * @param {string} wanted folded
 * @param {string | null} sound
 */
function fit([written, read], wanted, sound) {
	const text = fold(written);
	if (text === wanted) return TEXT;
	const reading = read && fold(read);
	if (reading === wanted) return READING;
	if (text.startsWith(wanted)) return BEGINS;
	if (reading.startsWith(wanted)) return READS;
	if (sound && reading && romajiOf(reading).startsWith(sound)) return SOUNDS;
	return text.includes(wanted) || reading.includes(wanted) ? HOLDS : null;
}
