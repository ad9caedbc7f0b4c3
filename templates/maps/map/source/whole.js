// @ts-check
// A map that is loaded whole. Files are fetched when first asked for.
import { decoded } from "../../../assets/shared/utf8.js";
import { GROUPS } from "../units.js";
import { firstNot, lines, number, split16, summed16, unpack } from "./bytes.js";
import { fold } from "./fold.js";
import { patternOf } from "./pattern.js";
import { romajiOf, soundOf } from "./romaji.js";
import { countSteps, eighths } from "./steps.js";

/** @import { Files, Meta } from "../meta" */
/** @import { Facts, Group, Match, Place, Points, Told } from "./index.js" */

/** @typedef {{ ids: Uint32Array, fine: Uint16Array, overlaps: Record<string, Uint8Array>, steps: Record<Told, Uint8Array>, order: Uint32Array }} Columns */
/** @typedef {Omit<Points, "projection" | "groups">} Layout */

export class WholeSource {
	/** @type {string} */ #base;
	/** @type {Files} */ #files;
	/** @type {Promise<Uint8Array> | undefined} */ #first;
	/** @type {Map<string, Promise<any>>} */ #asked = new Map();
	/** @type {Record<string, Layout>} */ #layouts = {};
	/** @type {Record<Group, Uint8Array> | null} */ #groups = null;
	/** @type {string[] | null} */ #texts = null;
	/** @type {string[] | null} */ #folded = null;
	/** @type {string[] | null} */ #foldedReadings = null;
	/** @type {string[] | null} readings in Latin letters */ #sounds = null;

	/**
	 * @param {Meta} meta
	 * @param {Files} files
	 * @param {string} base
	 * @param {Promise<Uint8Array>} [first] the file of the main projection, on its way
	 */
	constructor(meta, files, base, first) {
		this.meta = meta;
		this.total = meta.tokens;
		this.#files = files;
		this.#base = base;
		this.#first = first;
	}

	/**
	 * Makes one request a file, however often it is asked for; a failed one may
	 * be tried again.
	 * @template T
	 * @param {string} name
	 * @param {(bytes: Uint8Array) => T} read
	 * @param {Promise<Uint8Array>} [coming] the file, where it is on its way
	 * @returns {Promise<T>}
	 */
	#once(name, read, coming) {
		const before = this.#asked.get(name);
		if (before) return before;
		const wanted = (coming ?? unpack(this.#base + name)).then(read);
		this.#asked.set(name, wanted);
		wanted.catch(() => this.#asked.delete(name));
		return wanted;
	}

	/** @param {string} projection */
	open(projection) {
		const n = this.total;
		const main = projection === this.meta.main;
		const first = main ? this.#first : undefined;
		if (main) this.#first = undefined; // a second try fetches
		const read = (/** @type {Uint8Array} */ bytes) => {
			const plane = (/** @type {number} */ k) =>
				bytes.subarray((4 + k) * n, (5 + k) * n);
			this.#layouts[projection] = {
				n,
				rows: null,
				x: summed16(bytes, 0, n),
				y: summed16(bytes, 2 * n, n),
				zoom: plane(0),
			};
			if (!main) return;
			const [cluster, kind, script, pos] = GROUPS.map((_, i) => plane(i + 1));
			this.#groups = { cluster, kind, script, pos };
		};
		return this.#once(this.meta.projections[projection].file, read, first);
	}

	/**
	 * @param {string} projection one that is open
	 * @returns {Points}
	 */
	points(projection) {
		const groups = this.#groups;
		if (!groups) throw new Error("the main projection is not open");
		return Object.assign(this.#layouts[projection], { projection, groups });
	}

	async want() {
		return false;
	}

	/** @param {number} row */
	text(row) {
		return this.#texts?.[row];
	}

	texts() {
		return this.#once(this.#files.texts, (bytes) => {
			this.#texts = lines(bytes);
			return this.#texts;
		});
	}

	/** @returns {Promise<string[] | null>} */
	async #readings() {
		const { readings } = this.#files;
		return readings ? this.#once(readings, lines) : null;
	}

	/** @returns {Promise<Columns>} */
	#columns() {
		const n = this.total;
		return this.#once(this.#files.facts, (bytes) => {
			const each = (/** @type {(i: number) => number} */ value) =>
				Uint32Array.from({ length: n }, (_, i) => value(i));
			const ids = each((i) => number(bytes, 0, 3, n, i));
			const names = Object.keys(this.meta.projections);
			return {
				ids,
				fine: split16(bytes, 3 * n, n),
				overlaps: Object.fromEntries(
					names.map((name, i) => [
						name,
						bytes.subarray((5 + i) * n, (6 + i) * n),
					]),
				),
				steps: {
					norm: bytes.subarray((5 + names.length) * n, (6 + names.length) * n),
					suspicion: bytes.subarray((6 + names.length) * n),
				},
				order: each((i) => i).sort((a, b) => ids[a] - ids[b]),
			};
		});
	}

	/**
	 * A row's neighbors; a row without any names itself.
	 * @param {number} row
	 */
	async #near(row) {
		const { near, rows } = this.#files;
		const k = this.meta.neighbors;
		const first = row - (row % rows);
		const n = Math.min(rows, this.total - first);
		const all = k * n;
		const bytes = await this.#once(near[first / rows], (raw) => raw);
		let hundredths = 100;
		return Array.from({ length: k }, (_, j) => {
			const at = j * n + row - first;
			const gap = number(bytes, 0, 3, all, at);
			hundredths = (hundredths - bytes[3 * all + at]) & 255;
			return {
				row: row + (gap % 2 ? -(gap + 1) / 2 : gap / 2),
				similarity: hundredths / 100,
			};
		}).filter((other) => other.row !== row);
	}

	/**
	 * @param {number} row
	 * @returns {Promise<Facts>}
	 */
	async facts(row) {
		const [columns, near, readings] = await Promise.all([
			this.#columns(),
			this.#near(row),
			this.#readings(),
			this.texts(),
		]);
		const { ids, order, fine, overlaps } = columns;
		const before = (/** @type {number} */ i) => ids[order[i]] < ids[row];
		return {
			id: ids[row],
			rank: firstNot(this.total, before) + 1,
			fine: fine[row],
			reading: readings?.[row] || null,
			overlap: Object.fromEntries(
				Object.entries(overlaps).map(([name, plane]) => [name, plane[row]]),
			),
			near,
		};
	}

	/**
	 * @param {string} projection
	 * @param {number} row
	 * @returns {Promise<Place>}
	 */
	async place(projection, row) {
		await this.open(projection);
		const { x, y } = this.#layouts[projection];
		return [x[row], y[row]];
	}

	/**
	 * Which rows are among the nearest of a row on the map.
	 * @param {string} projection
	 * @param {number} row
	 * @param {number[]} rows
	 */
	async kept(projection, row, rows) {
		await this.open(projection);
		const { x, y } = this.#layouts[projection];
		const gaps = Float64Array.from(
			{ length: this.total },
			(_, i) => (x[i] - x[row]) ** 2 + (y[i] - y[row]) ** 2,
		);
		gaps[row] = Number.POSITIVE_INFINITY;
		const sorted = Float64Array.from(gaps).sort();
		const edge = sorted[Math.min(this.meta.k, this.total) - 1];
		return new Set(rows.filter((other) => gaps[other] <= edge));
	}

	/**
	 * The rows of tokens that hold a text or fit a pattern, or whose reading does;
	 * the best first.
	 * @param {string} query
	 */
	async all(query) {
		const [texts, readings] = await Promise.all([
			this.texts(),
			this.#readings(),
		]);
		this.#folded ??= texts.map(fold);
		this.#foldedReadings ??= readings?.map(fold) ?? null;
		const wanted = fold(query);
		const pattern = patternOf(wanted);
		const sound = this.#foldedReadings && soundOf(wanted);
		if (sound) this.#sounds ??= this.#foldedReadings?.map(romajiOf) ?? null;
		/** @type {{ row: number, goodness: number, length: number }[]} */
		const found = [];
		for (const [row, text] of this.#folded.entries()) {
			const reading = this.#foldedReadings?.[row];
			const fits = pattern?.(text) || (reading && pattern?.(reading));
			const sounds = sound && this.#sounds?.[row].startsWith(sound);
			const goodness =
				fit(text, reading, wanted) ?? (sounds ? SOUNDS : fits ? FITS : null);
			if (goodness !== null) found.push({ row, goodness, length: text.length });
		}
		found.sort(
			(a, b) =>
				a.goodness - b.goodness ||
				alike(texts[b.row], query) - alike(texts[a.row], query) ||
				a.length - b.length ||
				(texts[a.row] < texts[b.row] ? -1 : 1),
		);
		return found.map(({ row }) => row);
	}

	/**
	 * The best of them.
	 * @param {string} query
	 * @param {number} most
	 * @returns {Promise<Match[]>}
	 */
	async find(query, most) {
		const rows = (await this.all(query)).slice(0, most);
		const [texts, readings] = await Promise.all([
			this.texts(),
			this.#readings(),
		]);
		return rows.map((row) => ({
			row,
			text: texts[row],
			kind: this.meta.groups.kind[this.#groups?.kind[row] ?? -1],
			reading: readings?.[row] || null,
		}));
	}

	/**
	 * Tokens that hold the bytes of a text, from its beginning on, as many at a
	 * time as one token has.
	 * @param {string} query
	 * @returns {Promise<Match[]>}
	 */
	async parts(query) {
		const texts = await this.texts();
		/** @type {Map<string, number>} */
		const rows = new Map();
		for (const [row, text] of texts.entries()) {
			if (!rows.has(text)) rows.set(text, row);
		}
		const raw = [...new TextEncoder().encode(query)].slice(0, PARTED);
		/** @type {Match[]} */
		const found = [];
		for (let at = 0; at < raw.length; at++) {
			for (let end = raw.length; end > at; end--) {
				const row = rows.get(decoded(raw.slice(at, end)));
				if (row === undefined) continue;
				found.push({ row, text: texts[row] });
				at = end - 1;
				break;
			}
		}
		return found;
	}

	async landmarks() {
		return this.meta.landmarks ?? [];
	}

	/**
	 * @param {string} projection one that is open
	 * @param {number} row
	 * @returns {Place | undefined}
	 */
	spot(projection, row) {
		const { x, y } = this.#layouts[projection];
		return [x[row], y[row]];
	}

	/** @param {number} id */
	async rowOf(id) {
		return (await this.#columns()).ids.indexOf(id);
	}

	/** @param {number[]} rows */
	async ids(rows) {
		const { ids } = await this.#columns();
		return rows.map((row) => ids[row]);
	}

	/**
	 * Steps to colour by: the rank in the vocabulary, or how many neighbors a
	 * projection keeps.
	 * @param {"rank" | "overlap" | Told} name
	 * @param {string} projection
	 */
	async plane(name, projection) {
		const n = this.total;
		const { order, overlaps, steps } = await this.#columns();
		if (name === "norm" || name === "suspicion")
			return { plane: steps[name], names: this.meta.steps[name] ?? [] };
		if (name === "overlap") {
			return countSteps(overlaps[projection], this.meta.k);
		}
		const plane = new Uint8Array(n);
		for (let i = 0; i < n; i++) plane[order[i]] = Math.floor((i * 8) / n);
		return { plane, names: eighths(n) };
	}
}

/** Bytes of a text that parts are sought for. */
const PARTED = 48;
/** How well a token fits a pattern that it does not hold as it stands. */
const FITS = 100;
/** The same of a reading in Latin letters: like one in kana. */
const SOUNDS = 0.6;

/**
 * How far a token is written as what is sought is: case and width count.
 * @param {string} text
 * @param {string} query
 */
const alike = (text, query) =>
	Number(text.includes(query)) + Number(text === query);

/** What marks where a word starts, ends or goes on. */
const MARKS = /^(?:␣|##)|(?:␣|@@)$/g;

/**
 * How well a token fits what is sought, less is better: the same text, the same but
 * for marks, the same reading, a text that begins with it, such a reading, then
 * texts that hold it farther on. Null where it does not.
 * @param {string} text
 * @param {string | undefined} reading
 * @param {string} wanted
 */
export function fit(text, reading, wanted) {
	if (text === wanted) return -3;
	if (text.includes(wanted)) {
		const bare = text.replace(MARKS, "");
		return bare === wanted ? -2 : Math.max(bare.indexOf(wanted), 0);
	}
	if (!reading?.startsWith(wanted)) return null;
	return reading.length === wanted.length ? -1 : 0.5;
}
