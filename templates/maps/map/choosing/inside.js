// @ts-check
// Which loaded points lie within a path.

/** @import { Points } from "../source/index.js" */
/** @typedef {{ x: number, y: number }} Spot */

/**
 * Tells whether a place lies within a closed path.
 * @param {Spot[]} path
 * @param {number} x
 * @param {number} y
 */
export function inside(path, x, y) {
	let within = false;
	let b = path[path.length - 1];
	for (const a of path) {
		const crosses = a.y > y !== b.y > y;
		if (crosses && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) {
			within = !within;
		}
		b = a;
	}
	return within;
}

/**
 * Rows within a closed path, or within the box that the path spans. Hidden
 * points are left out.
 * @param {Pick<Points, "n" | "x" | "y" | "rows">} points
 * @param {Spot[]} path
 * @param {Uint8Array | null} hidden
 * @param {boolean} boxed
 */
export function rowsWithin(points, path, hidden, boxed) {
	const xs = path.map((at) => at.x);
	const ys = path.map((at) => at.y);
	const [left, right] = [Math.min(...xs), Math.max(...xs)];
	const [low, high] = [Math.min(...ys), Math.max(...ys)];
	/** @type {number[]} */
	const found = [];
	for (let i = 0; i < points.n; i++) {
		const [x, y] = [points.x[i], points.y[i]];
		if (hidden?.[i] || x < left || x > right || y < low || y > high) continue;
		if (!boxed && !inside(path, x, y)) continue;
		found.push(points.rows ? points.rows[i] : i);
	}
	return found;
}
