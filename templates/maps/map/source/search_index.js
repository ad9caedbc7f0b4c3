// @ts-check
// The index of a large map: sorted lines of beginnings, in chunks, and for each
// short piece of text the chunks of the tokens that hold it.
import { firstNot, lines } from "./bytes.js";
import { fold } from "./fold.js";
import { patternOf, piecesOf } from "./pattern.js";
import { firstKana, romajiOf, soundOf } from "./romaji.js";

/** @typedef {(name: string) => Promise<Uint8Array>} Part fetches a file of the map */
/** @typedef {{ row: number, text: string, rank: number }} Entry */

const AT_ONCE = 4; // chunks fetched together
const GRAM = 3; // signs of the longest pieces that the index knows

export class SearchIndex {
	/** @type {Part} */ #part;
	/** @type {number} */ #files;
	/** @type {string[] | null} the first key of each chunk */ #keys = null;

	#spoken;

	/**
	 * @param {Part} part
	 * @param {number} files of pieces
	 * @param {boolean} spoken whether it may hold readings in kana
	 */
	constructor(part, files, spoken) {
		this.#part = part;
		this.#files = files;
		this.#spoken = spoken;
	}

	/**
	 * Tokens that hold a text or fit a pattern, or whose reading does, also in Latin
	 * letters: the text itself first, then those of which a word or the reading is
	 * it, then those of which one begins with it, then such as sound so, then the
	 * others; the shortest first.
	 * @param {string} query
	 * @param {number} most
	 */
	async find(query, most) {
		const wanted = fold(query);
		/** @type {Map<number, Entry>} */
		const found = new Map();
		await this.#begun(query, wanted, found);
		if (found.size < most) await this.#sounding(wanted, found);
		if (found.size < most) await this.#holding(wanted, most, found);
		if (found.size < most) await this.#fitting(wanted, most, found);
		return [...found.values()]
			.sort(
				(a, b) =>
					b.rank - a.rank ||
					Number(b.text.includes(query)) - Number(a.text.includes(query)) ||
					a.text.length - b.text.length ||
					(a.text < b.text ? -1 : 1),
			)
			.slice(0, most);
	}

	/**
	 * Adds tokens of which a word or the reading begins with a text.
	 * @param {string} query
	 * @param {string} wanted
	 * @param {Map<number, Entry>} found
	 */
	async #begun(query, wanted, found) {
		this.#keys ??= lines(await this.#part("keys"));
		const keys = this.#keys;
		const at = firstNot(keys.length, (i) => before(keys[i], wanted));
		for (let k = Math.max(at - 1, 0); k < Math.min(keys.length, at + 3); k++) {
			for (const { key, row, text } of await this.#lines(k)) {
				if (!key.startsWith(wanted)) continue;
				const itself = text === query ? 4 : fold(text) === wanted ? 3 : 0;
				const rank = itself || (key === wanted ? 2 : 1);
				if (rank > (found.get(row)?.rank ?? 0))
					found.set(row, { row, text, rank });
			}
			if (!keys[k + 1]?.startsWith(wanted)) break;
		}
	}

	/**
	 * Adds tokens whose reading begins with what is written in Latin letters.
	 * @param {string} wanted
	 * @param {Map<number, Entry>} found
	 */
	async #sounding(wanted, found) {
		const sound = this.#spoken && soundOf(wanted);
		if (!sound) return;
		this.#keys ??= lines(await this.#part("keys"));
		const keys = this.#keys;
		/** @type {Set<number>} */
		const chunks = new Set();
		for (const kana of firstKana(sound)) {
			const at = firstNot(keys.length, (i) => before(keys[i], kana));
			let k = Math.max(at - 1, 0);
			do chunks.add(k++);
			while (k < keys.length && keys[k].startsWith(kana));
		}
		await this.#among([...chunks], Infinity, 0.5, found, (key) =>
			romajiOf(key).startsWith(sound),
		);
	}

	/**
	 * Adds tokens that hold a text anywhere, until there are enough.
	 * @param {string} wanted
	 * @param {number} most
	 * @param {Map<number, Entry>} found
	 */
	async #holding(wanted, most, found) {
		const chunks = await this.#chunks(wanted);
		await this.#among(chunks, most, 0, found, (key, text) =>
			Boolean(key.includes(wanted) || text().includes(wanted)),
		);
	}

	/**
	 * Adds tokens that fit a pattern, until there are enough.
	 * @param {string} wanted
	 * @param {number} most
	 * @param {Map<number, Entry>} found
	 */
	async #fitting(wanted, most, found) {
		const pattern = patternOf(wanted);
		if (!pattern) return;
		const chunks = await this.#chunks(piecesOf(wanted)[0]);
		// Other keys are texts, also from one of their words on.
		const reading = /^[ぁ-ゖー・]+$/;
		await this.#among(chunks, most, 0, found, (key, text) =>
			Boolean(pattern(text()) || (reading.test(key) && pattern(key))),
		);
	}

	/**
	 * Adds the tokens of some chunks whose key or folded text is good, until there
	 * are enough.
	 * @param {number[]} chunks
	 * @param {number} most
	 * @param {number} rank
	 * @param {Map<number, Entry>} found
	 * @param {(key: string, text: () => string) => boolean} good
	 */
	async #among(chunks, most, rank, found, good) {
		for (let i = 0; i < chunks.length && found.size < most; i += AT_ONCE) {
			const some = chunks.slice(i, i + AT_ONCE);
			const files = await Promise.all(some.map((k) => this.#lines(k)));
			for (const { key, row, text } of files.flat()) {
				if (found.has(row) || !good(key, () => fold(text))) continue;
				found.set(row, { row, text, rank });
			}
		}
	}

	/**
	 * The chunks that hold every piece of a text.
	 * @param {string} wanted
	 * @returns {Promise<number[]>}
	 */
	async #chunks(wanted) {
		const signs = [...wanted];
		const size = Math.min(signs.length, GRAM);
		/** @type {Set<string>} */
		const grams = new Set();
		for (let i = 0; i + size <= signs.length; i++) {
			grams.add(signs.slice(i, i + size).join(""));
		}
		const lists = await Promise.all([...grams].map((gram) => this.#of(gram)));
		const [first = [], ...others] = lists.sort((a, b) => a.length - b.length);
		const sets = others.map((list) => new Set(list));
		return first.filter((k) => sets.every((set) => set.has(k)));
	}

	/**
	 * The chunks that hold a piece of text.
	 * @param {string} gram
	 */
	async #of(gram) {
		if (!this.#files) return [];
		const file = lines(await this.#part(`grams.${bucket(gram, this.#files)}`));
		const line = file.find((one) => one.startsWith(`${gram}\t`));
		let chunk = 0;
		const steps = line?.slice(gram.length + 1).split(" ") ?? [];
		return steps.map((step) => {
			chunk += Number(step);
			return chunk;
		});
	}

	/** @param {number} k */
	async #lines(k) {
		return lines(await this.#part(`words.${k}`)).map((line) => {
			const [key, row, text] = line.split("\t");
			return { key, row: Number(row), text: text || key };
		});
	}
}

/**
 * The number of the file in which a piece of text is, as the index was made.
 * @param {string} gram
 * @param {number} count
 */
export function bucket(gram, count) {
	let total = 0;
	for (const sign of gram) {
		total = (total * 31 + Number(sign.codePointAt(0))) % 65521;
	}
	return total % count;
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
