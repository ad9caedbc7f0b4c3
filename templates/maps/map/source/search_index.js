// @ts-check
// The index of a large map: sorted lines of beginnings, in chunks.
import { firstNot, lines } from "./bytes.js";
import { fold } from "./fold.js";

/** @typedef {(name: string) => Promise<Uint8Array>} Part fetches a file of the map */
/** @typedef {{ row: number, text: string, exact: boolean }} Entry */

export class SearchIndex {
	/** @type {Part} */ #part;
	/** @type {string[] | null} the first key of each chunk */
	#keys = null;

	/** @param {Part} part */
	constructor(part) {
		this.#part = part;
	}

	/**
	 * Tokens of which a word or the reading begins with a text: the text itself
	 * first, then those of which a word or the reading is it, then the shortest.
	 * @param {string} query
	 * @param {number} most
	 */
	async find(query, most) {
		const wanted = fold(query);
		this.#keys ??= lines(await this.#part("keys"));
		const keys = this.#keys;
		const at = firstNot(keys.length, (i) => before(keys[i], wanted));
		/** @type {Map<string, Entry>} */
		const found = new Map();
		for (let k = Math.max(at - 1, 0); k < Math.min(keys.length, at + 3); k++) {
			for (const line of lines(await this.#part(`words.${k}`))) {
				const [key, row, text] = line.split("\t");
				if (!key.startsWith(wanted) || found.has(row)) continue;
				const exact = key === wanted;
				found.set(row, { row: Number(row), text: text || key, exact });
			}
			if (found.size && !keys[k + 1]?.startsWith(wanted)) break;
		}
		/** @param {Entry} one */
		const rank = ({ text, exact }) =>
			text === query ? 3 : fold(text) === wanted ? 2 : Number(exact);
		return [...found.values()]
			.sort(
				(a, b) =>
					rank(b) - rank(a) ||
					a.text.length - b.text.length ||
					(a.text < b.text ? -1 : 1),
			)
			.slice(0, most);
	}
}

/**
 * Tells whether a text stands before another by code points, as the index is
 * sorted; JavaScript's own order is by UTF-16 units.
 * @param {string} a
 * @param {string} b
 */
export function before(a, b) {
	const [one, two] = [[...a], [...b]];
	const at = one.findIndex((sign, i) => sign !== two[i]);
	if (at < 0) return one.length < two.length;
	if (at >= two.length) return false;
	return Number(one[at].codePointAt(0)) < Number(two[at].codePointAt(0));
}
