// @ts-check
// A map of more tokens than a page loads at once: tiles by need. Rows are
// numbered through the tiles of the main projection.
import { firstNot, lines, number, unpack } from "./bytes.js";
import { SearchIndex } from "./search_index.js";
import { countSteps, eighths } from "./steps.js";
import { Tiling } from "./tiling.js";

/** @import { Landmark, Meta, Tiles } from "../meta" */
/** @import { Facts, Match, Place, Points, Rectangle, Told } from "./index.js" */

/** @typedef {{ rows: number[], texts: string[], places: Record<string, [number[], number[]]> }} Members of a landmark */

const PARTS = 200; // files that are kept

export class TiledSource {
	/**
	 * How many points a view should hold, and how many tiles are kept loaded
	 * beside those in use.
	 */
	limits = { budget: 60000, kept: 80 };
	/** @type {Tiles} */ #own;
	/** @type {string} */ #folder;
	/** @type {Map<string, Tiling>} by projection, the main one first */ #tilings;
	/** @type {Tiling} */ #main;
	/** @type {Tiling} that of the projection opened last */ #latest;
	/** @type {Map<string, Promise<Uint8Array>>} */ #parts = new Map();
	/** @type {Promise<Landmark[]> | null} */ #landmarks = null;
	/** @type {Map<number, string>} texts of landmarks' members, and of all that a query found */
	#names = new Map();
	/** @type {Map<string, Place>} places of landmarks' members by projection and row */
	#spots = new Map();
	/** @type {SearchIndex} */ #index;

	/**
	 * @param {Meta} meta
	 * @param {Tiles} tiles
	 * @param {string} base
	 */
	constructor(meta, tiles, base) {
		this.meta = meta;
		this.total = meta.tokens;
		this.#own = tiles;
		this.#folder = base + tiles.folder;
		const tiling = (/** @type {string} */ name) =>
			new Tiling(name, name === meta.main, this.#folder, tiles, this.limits);
		this.#main = tiling(meta.main);
		this.#latest = this.#main;
		this.#tilings = new Map([[meta.main, this.#main]]);
		for (const name of Object.keys(meta.projections)) {
			if (name !== meta.main) this.#tilings.set(name, tiling(name));
		}
		const part = (/** @type {string} */ name) => this.#part(name);
		this.#index = new SearchIndex(
			part,
			tiles.grams,
			/^ja\b/.test(meta.language),
		);
	}

	/** The tiles that are loaded of the projection opened last. */
	get loaded() {
		return this.#latest.loaded;
	}

	/**
	 * Fetches a file of the map when it is first wanted; a few hundred are kept.
	 * @param {string} name
	 * @returns {Promise<Uint8Array>}
	 */
	#part(name) {
		const before = this.#parts.get(name);
		if (before) return before;
		const wanted = unpack(`${this.#folder}${name}.bin`);
		this.#parts.set(name, wanted);
		wanted.catch(() => this.#parts.delete(name));
		const [oldest] = this.#parts.keys();
		if (this.#parts.size > PARTS) this.#parts.delete(oldest);
		return wanted;
	}

	/** @param {string} projection */
	#of(projection) {
		const tiling = this.#tilings.get(projection);
		if (!tiling) throw new Error(`${this.meta.map} has no ${projection}`);
		return tiling;
	}

	/** @param {string} projection */
	async open(projection) {
		const tiling = this.#of(projection);
		await Promise.all([this.#main.open(), tiling.open()]);
		this.#latest = tiling;
	}

	/**
	 * @param {string} projection one that is open
	 * @returns {Points}
	 */
	points(projection) {
		return this.#of(projection).points();
	}

	/**
	 * @param {string} projection
	 * @param {Rectangle} view
	 * @param {number} half
	 */
	want(projection, view, half) {
		return this.#of(projection).want(view, half);
	}

	/** @param {number} row */
	#said(row) {
		const at = this.#latest.position(row);
		return (
			(at === undefined ? undefined : this.#latest.said(at)) ??
			this.#main.said(row)
		);
	}

	/** @param {number} row */
	text(row) {
		return this.#said(row)?.[0] ?? this.#names.get(row);
	}

	/**
	 * Loads the texts of rows, beside others on the projection shown where they are.
	 * @param {number[]} rows
	 */
	texts(rows) {
		/** @type {number[]} */
		const here = [];
		/** @type {number[]} */
		const others = [];
		for (const row of rows) {
			const at = this.#latest.position(row);
			if (at !== undefined) here.push(at);
			else if (!this.#names.has(row)) others.push(row);
		}
		return Promise.all([this.#latest.texts(here), this.#main.texts(others)]);
	}

	/**
	 * Where the numbers of a row begin in a file of so many rows.
	 * @param {string} name
	 * @param {number} chunk
	 * @param {number} row
	 */
	async #chunk(name, chunk, row) {
		const file = Math.floor(row / chunk);
		const bytes = await this.#part(`${name}.${file}`);
		const n = Math.min(chunk, this.total - file * chunk);
		return { bytes, n, i: row - file * chunk };
	}

	/** @param {number} row */
	async #columns(row) {
		const { chunks } = this.#own;
		const { bytes, n, i } = await this.#chunk("facts", chunks.facts, row);
		const names = [...this.#tilings.keys()];
		/** @type {Record<string, number>} */
		const overlap = {};
		/** @type {Map<string, number>} */
		const positions = new Map([[names[0], row]]);
		for (const [k, name] of names.entries()) {
			overlap[name] = bytes[(6 + k) * n + i];
			if (!k) continue;
			const offset = (6 + names.length + 4 * (k - 1)) * n;
			positions.set(name, number(bytes, offset, 4, n, i));
		}
		return {
			id: number(bytes, 0, 4, n, i),
			fine: number(bytes, 4 * n, 2, n, i),
			overlap,
			positions,
		};
	}

	/**
	 * @param {string} projection
	 * @param {number} row
	 * @returns {Promise<number>}
	 */
	async #position(projection, row) {
		const known = this.#of(projection).position(row);
		if (known !== undefined) return known;
		return (await this.#columns(row)).positions.get(projection) ?? 0;
	}

	/**
	 * @param {number} row
	 * @returns {Promise<Facts>}
	 */
	async facts(row) {
		const { chunks } = this.#own;
		const [{ id, fine, overlap }, { bytes, n, i }] = await Promise.all([
			this.#columns(row),
			this.#chunk("near", chunks.near, row),
			this.texts([row]),
		]);
		const all = this.meta.neighbors * n;
		const near = Array.from({ length: this.meta.neighbors }, (_, j) => {
			const at = j * n + i;
			return {
				row: number(bytes, 0, 4, all, at),
				similarity: bytes[4 * all + at] / 255,
			};
		}).filter((other) => other.row !== row);
		const rank = (await this.#lookup(id))?.rank ?? 0;
		const reading = this.#said(row)?.[1] || null;
		return { id, rank, fine, reading, overlap, near };
	}

	/**
	 * @param {string} projection
	 * @param {number} row
	 * @returns {Promise<Place>}
	 */
	async place(projection, row) {
		return this.#of(projection).place(await this.#position(projection, row));
	}

	/**
	 * Near on the map is a neighbor to which fewer than `k` others are nearer.
	 * @param {string} projection
	 * @param {number} row
	 * @param {number[]} rows
	 */
	async kept(projection, row, rows) {
		const { k } = this.meta;
		const from = await this.place(projection, row);
		const at = await this.#position(projection, row);
		/** @type {Set<number>} */
		const close = new Set();
		for (const other of rows) {
			const to = await this.place(projection, other);
			const nearer = await this.#of(projection).within(at, from, to, k);
			if (nearer < k) close.add(other);
		}
		return close;
	}

	/**
	 * @param {string} query
	 * @param {number} most
	 * @returns {Promise<Match[]>}
	 */
	find(query, most) {
		return this.#index.find(query, most);
	}

	/**
	 * Every row that a query finds, the best first; the index is as large as all
	 * texts, so it is read only when they are wanted.
	 * @param {string} query
	 * @param {boolean} [wanted]
	 */
	async all(query, wanted) {
		if (!wanted) return null;
		const found = await this.#index.find(query, Infinity);
		for (const { row, text } of found) this.#names.set(row, text);
		return found.map(({ row }) => row);
	}

	async parts() {
		return [];
	}

	/** The landmarks with their members, which are in a file of their own. */
	landmarks() {
		this.#landmarks ??= this.#part("landmarks").then((bytes) => {
			const named = this.meta.landmarks ?? [];
			/** @type {Members[]} */
			const found = JSON.parse(lines(bytes)[0]);
			for (const [i, { rows, texts, places }] of found.entries()) {
				named[i].rows = rows;
				for (const [k, row] of rows.entries()) this.#names.set(row, texts[k]);
				for (const [name, [x, y]] of Object.entries(places)) {
					for (const [k, row] of rows.entries()) {
						this.#spots.set(`${name} ${row}`, [x[k], y[k]]);
					}
				}
			}
			return named;
		});
		this.#landmarks.catch(() => {
			this.#landmarks = null;
		});
		return this.#landmarks;
	}

	/**
	 * @param {string} projection
	 * @param {number} row
	 */
	spot(projection, row) {
		return this.#spots.get(`${projection} ${row}`);
	}

	/**
	 * Row and rank of a token's id, null where it is not on the map.
	 * @param {number} id
	 */
	async #lookup(id) {
		const { ids, chunks } = this.#own;
		const k = firstNot(ids.length, (i) => ids[i] <= id) - 1;
		if (k < 0) return null;
		const bytes = await this.#part(`ids.${k}`);
		const n = bytes.length / 8;
		const idAt = (/** @type {number} */ i) => number(bytes, 0, 4, n, i);
		const at = firstNot(n, (i) => idAt(i) < id);
		if (at === n || idAt(at) !== id) return null;
		const row = number(bytes, 4 * n, 4, n, at);
		return { rank: k * chunks.ids + at + 1, row };
	}

	/** @param {number} id */
	async rowOf(id) {
		return (await this.#lookup(id))?.row ?? -1;
	}

	/** @param {number[]} rows */
	ids(rows) {
		return Promise.all(rows.map(async (row) => (await this.#columns(row)).id));
	}

	/**
	 * @param {"rank" | "overlap" | Told} name
	 * @param {string} projection
	 */
	async plane(name, projection) {
		const tiling = this.#of(projection);
		if (name === "norm" || name === "suspicion") {
			const names = this.meta.steps[name] ?? [];
			return { plane: await tiling.plane(name), names };
		}
		if (name === "overlap") {
			return countSteps(await tiling.plane("kept"), this.meta.k);
		}
		const plane = await tiling.plane("eighth");
		return { plane, names: eighths(this.total) };
	}
}
