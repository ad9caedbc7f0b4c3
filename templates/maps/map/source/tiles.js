// @ts-check
// A map of more tokens than a page loads at once: tiles by need.
import { GROUPS, UNITS } from "../units.js";
import { firstNot, lines, number, summed16, unpack } from "./bytes.js";
import { Quadtree, share } from "./quadtree.js";
import { SearchIndex } from "./search_index.js";
import { countSteps, eighths } from "./steps.js";

/** @import { Meta, Tiles } from "../meta" */
/** @import { Facts, Match, Place, Points } from "./index.js" */
/** @import { Rectangle } from "./index.js" */
/** @import { Tile } from "./quadtree.js" */

/** @typedef {Pick<Points, "x" | "y" | "zoom" | "groups">} TilePoints */

const PARTS = 400; // files of tiles that are kept

export class TiledSource {
	/**
	 * How many points a view should hold, and how many tiles are kept loaded
	 * beside those in use.
	 */
	limits = { budget: 60000, kept: 160 };
	/** @type {Map<number, TilePoints>} by the tile's number, the latest used last */
	loaded = new Map();
	/** @type {Tiles} */ #own;
	/** @type {string} */ #folder;
	/** @type {Quadtree | null} */ #tree = null;
	/** @type {Promise<void> | null} */ #opening = null;
	/** @type {Map<string, Promise<Uint8Array>>} */ #parts = new Map();
	/** @type {Map<number, string[][]>} text and reading of each token of a tile */
	#texts = new Map();
	/** @type {Set<number>} the tiles in use */
	#using = new Set();
	/** @type {Points | null} */ #shown = null;
	/** @type {AbortController | null} */ #control = null;
	#index = new SearchIndex((name) => this.#part(name));

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
	}

	/** @param {string} name */
	#at(name) {
		return `${this.#folder}${name}.bin`;
	}

	/** @returns {Quadtree} */
	get #open() {
		if (!this.#tree) throw new Error("the map is not open");
		return this.#tree;
	}

	/**
	 * Fetches a file of the map when it is first wanted; a few hundred are kept.
	 * @param {string} name
	 * @returns {Promise<Uint8Array>}
	 */
	#part(name) {
		const before = this.#parts.get(name);
		if (before) return before;
		const wanted = unpack(this.#at(name));
		this.#parts.set(name, wanted);
		wanted.catch(() => this.#parts.delete(name));
		const [oldest] = this.#parts.keys();
		if (this.#parts.size > PARTS) this.#parts.delete(oldest);
		return wanted;
	}

	open() {
		this.#opening ??= this.#begin().catch((problem) => {
			this.#opening = null;
			throw problem;
		});
		return this.#opening;
	}

	async #begin() {
		const [index, points] = await Promise.all([
			unpack(this.#at("index")),
			unpack(this.#at("0.p")),
		]);
		this.#tree = new Quadtree(index);
		this.loaded.set(0, readPoints(this.#tree.root, points));
		this.#use(new Set([0]));
	}

	/** @returns {Points} */
	points() {
		if (!this.#shown) throw new Error("the map is not open");
		return this.#shown;
	}

	/**
	 * Loads the tiles that a view needs, and drops what an earlier view waits
	 * for. Resolves to whether other points are shown now.
	 * @param {string} _
	 * @param {Rectangle} view
	 * @param {number} half
	 */
	async want(_, view, half) {
		const { budget } = this.limits;
		const list = this.#open.need(view, half, this.#own, budget);
		const wanted = new Set(list.map((tile) => tile.n));
		const same = [...wanted].every((n) => this.#using.has(n));
		if (same && wanted.size === this.#using.size) return false;
		this.#control?.abort();
		const mine = new AbortController();
		this.#control = mine;
		const loads = list.map((tile) => this.#load(tile, mine.signal));
		/** @type {unknown} */
		const failed = await Promise.all(loads).then(
			() => null,
			(problem) => problem,
		);
		// A fetch that is dropped while its body is unpacked fails as a network
		// would, so the signal is asked.
		if (mine.signal.aborted) {
			throw new DOMException("another view is wanted", "AbortError");
		}
		if (failed) throw failed;
		this.#use(wanted);
		this.#forget();
		return true;
	}

	/**
	 * @param {Tile} tile
	 * @param {AbortSignal} [signal]
	 * @returns {Promise<TilePoints>}
	 */
	async #load(tile, signal) {
		let points = this.loaded.get(tile.n);
		if (points) this.loaded.delete(tile.n);
		else {
			points = readPoints(
				tile,
				await unpack(this.#at(`${tile.n}.p`), { signal }),
			);
		}
		this.loaded.set(tile.n, points);
		return points;
	}

	#forget() {
		for (const n of this.loaded.keys()) {
			if (this.loaded.size <= this.#using.size + this.limits.kept) break;
			if (!this.#using.has(n)) this.loaded.delete(n);
		}
	}

	/**
	 * Puts the points of tiles together, which are loaded.
	 * @param {Set<number>} numbers
	 */
	#use(numbers) {
		this.#using = numbers;
		const list = [...numbers].sort((a, b) => a - b);
		const tiles = list.map((n) => this.#open.tiles[n]);
		const n = tiles.reduce((sum, tile) => sum + tile.count, 0);
		const bytes = () => new Uint8Array(n);
		/** @type {Points} */
		const all = {
			projection: this.meta.main,
			n,
			rows: new Uint32Array(n),
			x: new Float64Array(n),
			y: new Float64Array(n),
			zoom: bytes(),
			groups: {
				cluster: bytes(),
				kind: bytes(),
				script: bytes(),
				pos: bytes(),
			},
		};
		let to = 0;
		for (const tile of tiles) {
			const points = this.loaded.get(tile.n);
			if (!points) continue;
			for (const name of /** @type {const} */ (["x", "y", "zoom"])) {
				all[name].set(points[name], to);
			}
			for (const name of GROUPS) all.groups[name].set(points.groups[name], to);
			for (let i = 0; i < tile.count; i++) {
				/** @type {Uint32Array} */ (all.rows)[to + i] = tile.start + i;
			}
			to += tile.count;
		}
		this.#shown = all;
	}

	/** @param {number} row */
	text(row) {
		const tile = this.#open.of(row);
		return this.#texts.get(tile.n)?.[row - tile.start]?.[0];
	}

	/** @param {number[]} rows */
	texts(rows) {
		const tiles = new Set(rows.map((row) => this.#open.of(row).n));
		return Promise.all([...tiles].map((n) => this.#loadTexts(n)));
	}

	/** @param {number} n */
	async #loadTexts(n) {
		const before = this.#texts.get(n);
		if (before) return before;
		const file = lines(await this.#part(`${n}.t`));
		const found = file.map((line) => line.split("\t"));
		this.#texts.set(n, found);
		if (this.#texts.size > this.limits.kept * 2) {
			const unused = [...this.#texts.keys()].find((k) => !this.#using.has(k));
			if (unused !== undefined) this.#texts.delete(unused);
		}
		return found;
	}

	/** @param {Tile} tile */
	async #columns(tile) {
		const n = tile.count;
		const bytes = await this.#part(`${tile.n}.f`);
		return {
			id: (/** @type {number} */ i) => number(bytes, 0, 4, n, i),
			fine: (/** @type {number} */ i) => number(bytes, 4 * n, 2, n, i),
			eighth: bytes.subarray(6 * n, 7 * n),
			kept: bytes.subarray(7 * n, 8 * n),
		};
	}

	/**
	 * @param {number} row
	 * @returns {Promise<Facts>}
	 */
	async facts(row) {
		const tile = this.#open.of(row);
		const i = row - tile.start;
		const [own, bytes, said] = await Promise.all([
			this.#columns(tile),
			this.#part(`${tile.n}.n`),
			this.#loadTexts(tile.n),
		]);
		const all = this.meta.neighbors * tile.count;
		const near = Array.from({ length: this.meta.neighbors }, (_, j) => {
			const at = j * tile.count + i;
			return {
				row: number(bytes, 0, 4, all, at),
				similarity: bytes[4 * all + at] / 255,
			};
		}).filter((other) => other.row !== row);
		const id = own.id(i);
		return {
			id,
			rank: (await this.#lookup(id))?.rank ?? 0,
			fine: own.fine(i),
			reading: said[i][1] || null,
			overlap: { [this.meta.main]: own.kept[i] },
			near,
		};
	}

	/**
	 * @param {string} _
	 * @param {number} row
	 * @returns {Promise<Place>}
	 */
	async place(_, row) {
		const tile = this.#open.of(row);
		const { x, y } = await this.#load(tile);
		return [x[row - tile.start], y[row - tile.start]];
	}

	/**
	 * Near on the map is a neighbor to which fewer than `k` others are nearer.
	 * @param {string} projection
	 * @param {number} row
	 * @param {number[]} rows
	 */
	async kept(projection, row, rows) {
		const from = await this.place(projection, row);
		/** @type {Set<number>} */
		const close = new Set();
		for (const other of rows) {
			const to = await this.place(projection, other);
			const nearer = await this.#within(row, from, to, this.meta.k);
			if (nearer < this.meta.k) close.add(other);
		}
		return close;
	}

	/**
	 * How many points are nearer to a row than a place is; counts to `most`.
	 * Looks through the tiles that the circle meets, which are few since the
	 * circle holds few points.
	 * @param {number} row
	 * @param {Place} from
	 * @param {Place} to
	 * @param {number} most
	 */
	async #within(row, [x, y], [ox, oy], most) {
		const radius = (ox - x) ** 2 + (oy - y) ** 2;
		const reach = Math.sqrt(radius) + 1e-9;
		const circle = {
			left: x - reach,
			right: x + reach,
			bottom: y - reach,
			top: y + reach,
		};
		let count = 0;
		let level = [this.#open.root];
		while (level.length && count < most) {
			for (const tile of level) {
				if (count >= most) break;
				const points = await this.#load(tile);
				for (let i = 0; i < tile.count; i++) {
					const far = (points.x[i] - x) ** 2 + (points.y[i] - y) ** 2;
					if (far < radius && tile.start + i !== row) count++;
				}
			}
			level = level
				.flatMap((tile) => tile.children)
				.filter((tile) => share(tile, circle) > 0);
		}
		return count;
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
	 * Row and rank of a token's id, null where it is not on the map.
	 * @param {number} id
	 */
	async #lookup(id) {
		const { ids, chunk } = this.#own;
		const k = firstNot(ids.length, (i) => ids[i] <= id) - 1;
		if (k < 0) return null;
		const bytes = await this.#part(`ids.${k}`);
		const n = bytes.length / 8;
		const idAt = (/** @type {number} */ i) => number(bytes, 0, 4, n, i);
		const at = firstNot(n, (i) => idAt(i) < id);
		if (at === n || idAt(at) !== id) return null;
		return { rank: k * chunk + at + 1, row: number(bytes, 4 * n, 4, n, at) };
	}

	/** @param {number} id */
	async rowOf(id) {
		return (await this.#lookup(id))?.row ?? -1;
	}

	/** @param {number[]} rows */
	ids(rows) {
		return Promise.all(
			rows.map(async (row) => {
				const tile = this.#open.of(row);
				return (await this.#columns(tile)).id(row - tile.start);
			}),
		);
	}

	/** @param {"rank" | "overlap"} name */
	async plane(name) {
		const { n, rows } = this.points();
		const eighth = new Uint8Array(n);
		const kept = new Uint8Array(n);
		for (let i = 0; i < n; ) {
			const tile = this.#open.of(rows ? rows[i] : i);
			const told = await this.#columns(tile);
			eighth.set(told.eighth, i);
			kept.set(told.kept, i);
			i += tile.count;
		}
		if (name === "overlap") return countSteps(kept, this.meta.k);
		return { plane: eighth, names: eighths(this.total) };
	}
}

/**
 * @param {Tile} tile
 * @param {Uint8Array} bytes
 * @returns {TilePoints}
 */
function readPoints(tile, bytes) {
	const n = tile.count;
	const width = UNITS / 2 ** tile.level;
	/**
	 * @param {number} offset
	 * @param {number} from
	 */
	const places = (offset, from) =>
		Float64Array.from(
			summed16(bytes, offset, n),
			(value) => (from + (value + 0.5) / 65536) * width,
		);
	const plane = (/** @type {number} */ k) =>
		bytes.subarray((4 + k) * n, (5 + k) * n);
	const [zoom, cluster, kind, script, pos] = [0, 1, 2, 3, 4].map(plane);
	return {
		x: places(0, tile.column),
		y: places(2 * n, tile.row),
		zoom,
		groups: { cluster, kind, script, pos },
	};
}
