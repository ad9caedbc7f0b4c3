// @ts-check
// The quadtree of a large map's tiles. Each tile holds some of the points of its
// square, its four quarters hold more of them.
import { UNITS } from "../units.js";
import { firstNot, number } from "./bytes.js";

/** @import { Tiles } from "../meta" */
/** @import { Rectangle } from "./index.js" */

/**
 * A tile: its square is the one in this column and row, of 2^level each way.
 * `start` is its first row, rows being numbered through all tiles.
 * @typedef {{ n: number, level: number, column: number, row: number, count: number, start: number, children: Tile[] }} Tile
 */

export class Quadtree {
	/** @type {Tile[]} in preorder, which is also the order of rows */
	tiles = [];

	/** @param {Uint8Array} bytes the index: a plane of child masks, and counts */
	constructor(bytes) {
		const total = bytes.length / 5;
		let start = 0;
		/**
		 * @param {number} level
		 * @param {number} column
		 * @param {number} row
		 */
		const grow = (level, column, row) => {
			const n = this.tiles.length;
			const count = number(bytes, total, 4, total, n);
			/** @type {Tile} */
			const tile = { n, level, column, row, count, start, children: [] };
			this.tiles.push(tile);
			start += count;
			for (let quarter = 0; quarter < 4; quarter++) {
				if (!(bytes[n] & (1 << quarter))) continue;
				const [right, up] = [quarter & 1, quarter >> 1];
				tile.children.push(grow(level + 1, column * 2 + right, row * 2 + up));
			}
			return tile;
		};
		grow(0, 0, 0);
	}

	get root() {
		return this.tiles[0];
	}

	/**
	 * The tile that holds a row.
	 * @param {number} row
	 */
	of(row) {
		const after = firstNot(
			this.tiles.length,
			(i) => this.tiles[i].start <= row,
		);
		return this.tiles[after - 1];
	}

	/**
	 * The tiles to load for a view: all that meet it, and a margin around it,
	 * from the root down to the level at which about `budget` points are in view.
	 * The levels that hold labels of this zoom are always among them.
	 * @param {Rectangle} view
	 * @param {number} half zoom in half-octaves
	 * @param {Pick<Tiles, "deepest" | "labels">} how
	 * @param {number} budget
	 */
	need(view, half, how, budget) {
		const labelled = Math.ceil((half - how.labels) / 2);
		const most = Math.max(0, Math.min(how.deepest, labelled));
		const wide = wider(view);
		const found = [this.root];
		let expected = this.root.count * share(this.root, view);
		let level = this.root.children;
		while (level.length) {
			const meeting = level.filter((tile) => share(tile, wide) > 0);
			if (!meeting.length) break;
			let more = 0;
			for (const tile of meeting) more += tile.count * share(tile, view);
			if (expected + more > budget && meeting[0].level > most) break;
			expected += more;
			found.push(...meeting);
			level = meeting.flatMap((tile) => tile.children);
		}
		return found;
	}
}

/**
 * A view with a quarter of it more on each side.
 * @param {Rectangle} view
 * @returns {Rectangle}
 */
function wider({ left, right, bottom, top }) {
	const across = (right - left) / 4;
	const up = (top - bottom) / 4;
	return {
		left: left - across,
		right: right + across,
		bottom: bottom - up,
		top: top + up,
	};
}

/**
 * The share of a tile's square that lies in a view: how many of its points to
 * expect there.
 * @param {Tile} tile
 * @param {Rectangle} view
 */
export function share(tile, view) {
	const width = UNITS / 2 ** tile.level;
	const [left, bottom] = [tile.column * width, tile.row * width];
	const across = Math.min(view.right, left + width) - Math.max(view.left, left);
	const up = Math.min(view.top, bottom + width) - Math.max(view.bottom, bottom);
	return across <= 0 || up <= 0 ? 0 : (across * up) / (width * width);
}
