// @ts-check
// The tiles of one projection of a large map. *Positions* number its points
// through all its tiles; on the main projection they are the map's rows.
import { GROUPS, UNITS } from "../units.js";
import { lines, number, summed16, unpack } from "./bytes.js";
import { Quadtree, share } from "./quadtree.js";

/** @import { Tiles } from "../meta" */
/** @import { Place, Points, Rectangle } from "./index.js" */
/** @import { Tile } from "./quadtree.js" */

/** @typedef {Pick<Points, "x" | "y" | "zoom" | "groups"> & { rows: Uint32Array }} TilePoints */
/**
 * What is told of a tile's points: eighths of the vocabulary, neighbors kept,
 * texts with their readings.
 * @typedef {{ eighth: Uint8Array, kept: Uint8Array, norm: Uint8Array, suspicion: Uint8Array, texts: string[][] }} Told
 */
/** @typedef {{ budget: number, kept: number }} Limits */

export class Tiling {
	/** @type {Map<number, TilePoints>} by the tile's number, the latest used last */
	loaded = new Map();
	/** @type {Quadtree | null} */ #tree = null;
	/** @type {Promise<void> | null} */ #opening = null;
	/** @type {Map<number, Promise<Told>>} by the tile's number */ #asked =
		new Map();
	/** @type {Map<number, string[][]>} */ #texts = new Map();
	/** @type {Set<number>} the tiles in use */ #using = new Set();
	/** @type {Points | null} */ #shown = null;
	/** @type {Map<number, number> | null} positions by row, null where they are the same */
	#positions;
	/** @type {AbortController | null} */ #control = null;
	/** @type {string} */ #prefix;
	/** @type {Tiles} */ #own;
	/** @type {Limits} */ #limits;

	/**
	 * @param {string} projection
	 * @param {boolean} main
	 * @param {string} folder
	 * @param {Tiles} own
	 * @param {Limits} limits
	 */
	constructor(projection, main, folder, own, limits) {
		this.projection = projection;
		this.#prefix = folder + (main ? "" : `${projection}.`);
		this.#positions = main ? null : new Map();
		this.#own = own;
		this.#limits = limits;
	}

	/** @returns {Quadtree} */
	get #open() {
		if (!this.#tree) throw new Error(`${this.projection} is not open`);
		return this.#tree;
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
			unpack(`${this.#prefix}index.bin`),
			unpack(`${this.#prefix}0.p.bin`),
		]);
		this.#tree = new Quadtree(index);
		this.loaded.set(0, this.#read(this.#tree.root, points));
		this.#use(new Set([0]));
	}

	/** @returns {Points} */
	points() {
		if (!this.#shown) throw new Error(`${this.projection} is not open`);
		return this.#shown;
	}

	/**
	 * Loads the tiles that a view needs, and drops what an earlier view waits
	 * for. Resolves to whether other points are shown now.
	 * @param {Rectangle} view
	 * @param {number} half
	 */
	async want(view, half) {
		const list = this.#open.need(view, half, this.#own, this.#limits.budget);
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
			const url = `${this.#prefix}${tile.n}.p.bin`;
			points = this.#read(tile, await unpack(url, { signal }));
		}
		this.loaded.set(tile.n, points);
		return points;
	}

	#forget() {
		for (const n of this.loaded.keys()) {
			if (this.loaded.size <= this.#using.size + this.#limits.kept) break;
			if (!this.#using.has(n)) this.loaded.delete(n);
		}
		for (const n of this.#texts.keys()) {
			if (this.#texts.size <= this.#using.size + this.#limits.kept) break;
			if (this.#using.has(n)) continue;
			this.#texts.delete(n);
			this.#asked.delete(n);
		}
	}

	/**
	 * @param {Tile} tile
	 * @param {Uint8Array} bytes
	 * @returns {TilePoints}
	 */
	#read(tile, bytes) {
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
		const rows = new Uint32Array(n);
		for (let i = 0; i < n; i++) {
			rows[i] = this.#positions
				? number(bytes, 9 * n, 4, n, i)
				: tile.start + i;
		}
		return {
			x: places(0, tile.column),
			y: places(2 * n, tile.row),
			zoom,
			rows,
			groups: { cluster, kind, script, pos },
		};
	}

	/**
	 * Puts the points of tiles together, which are loaded.
	 * @param {Set<number>} numbers
	 */
	#use(numbers) {
		this.#using = numbers;
		const tiles = this.#inUse();
		const n = tiles.reduce((sum, tile) => sum + tile.count, 0);
		const bytes = () => new Uint8Array(n);
		const rows = new Uint32Array(n);
		/** @type {Points} */
		const all = {
			projection: this.projection,
			n,
			rows,
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
		this.#positions?.clear();
		let to = 0;
		for (const tile of tiles) {
			const points = this.loaded.get(tile.n);
			if (!points) continue;
			for (const name of /** @type {const} */ (["x", "y", "zoom"])) {
				all[name].set(points[name], to);
			}
			for (const name of GROUPS) all.groups[name].set(points.groups[name], to);
			rows.set(points.rows, to);
			for (const [i, row] of points.rows.entries()) {
				this.#positions?.set(row, tile.start + i);
			}
			to += tile.count;
		}
		this.#shown = all;
	}

	#inUse() {
		const list = [...this.#using].sort((a, b) => a - b);
		return list.map((n) => this.#open.tiles[n]);
	}

	/**
	 * The position of a row, undefined where it is not known here.
	 * @param {number} row
	 */
	position(row) {
		return this.#positions ? this.#positions.get(row) : row;
	}

	/** @param {number} position */
	said(position) {
		const tile = this.#open.of(position);
		return this.#texts.get(tile.n)?.[position - tile.start];
	}

	/**
	 * Loads the texts at these positions.
	 * @param {number[]} positions
	 */
	texts(positions) {
		const tiles = new Set(positions.map((at) => this.#open.of(at)));
		return Promise.all([...tiles].map((tile) => this.#tell(tile)));
	}

	/**
	 * @param {Tile} tile
	 * @returns {Promise<Told>}
	 */
	#tell(tile) {
		const before = this.#asked.get(tile.n);
		if (before) return before;
		const wanted = unpack(`${this.#prefix}${tile.n}.t.bin`).then((bytes) => {
			const n = tile.count;
			const said = lines(bytes.subarray(4 * n));
			const texts = said.map((line) => line.split("\t"));
			this.#texts.set(tile.n, texts);
			return {
				eighth: bytes.subarray(0, n),
				kept: bytes.subarray(n, 2 * n),
				norm: bytes.subarray(2 * n, 3 * n),
				suspicion: bytes.subarray(3 * n, 4 * n),
				texts,
			};
		});
		this.#asked.set(tile.n, wanted);
		wanted.catch(() => this.#asked.delete(tile.n));
		return wanted;
	}

	/**
	 * What is told of each point in use.
	 * @param {"eighth" | "kept" | "norm" | "suspicion"} name
	 */
	async plane(name) {
		const tiles = this.#inUse();
		const told = await Promise.all(tiles.map((tile) => this.#tell(tile)));
		const plane = new Uint8Array(this.points().n);
		let to = 0;
		for (const [i, tile] of tiles.entries()) {
			plane.set(told[i][name], to);
			to += tile.count;
		}
		return plane;
	}

	/**
	 * @param {number} position
	 * @returns {Promise<Place>}
	 */
	async place(position) {
		const tile = this.#open.of(position);
		const { x, y } = await this.#load(tile);
		return [x[position - tile.start], y[position - tile.start]];
	}

	/**
	 * How many points are nearer to a position than a place is; counts to `most`.
	 * Looks through the tiles that the circle meets, which are few since the
	 * circle holds few points.
	 * @param {number} position
	 * @param {Place} from
	 * @param {Place} to
	 * @param {number} most
	 */
	async within(position, [x, y], [ox, oy], most) {
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
					if (far < radius && tile.start + i !== position) count++;
				}
			}
			level = level
				.flatMap((tile) => tile.children)
				.filter((tile) => share(tile, circle) > 0);
		}
		return count;
	}
}
