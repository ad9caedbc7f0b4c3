// @ts-check
// Where the names of marked points stand.

/** @import { Taken } from "./apart.js" */
/** @import { Mark } from "./choose.js" */

/**
 * Half the width of a text, about: signs beyond the alphabets are as wide as high.
 * @param {string} text
 * @param {number} size
 */
export function halfWidth(text, size) {
	let signs = 0;
	for (const sign of text) signs += sign > "\u2e7f" ? 1 : 0.6;
	return (signs * size) / 2 + 3;
}

const FAR = 14; // pixels between a point and the names beside it that stand away
const [ROWS, LINE] = [4, 2.1]; // of them, up and down, and their height in halves

/**
 * Gives each mark's name a place: above, else below, right or left of the point,
 * else away from it, wherever no name of an earlier mark is, nor the edge of the
 * map. A name that finds none is left out.
 * @param {Mark[]} marks
 * @param {{ width: number, height: number, standing?: Taken[] }} [size] of the map, in
 *   pixels, and what stands on it
 */
export function spread(marks, size) {
	/** @type {Taken[]} */
	const taken = [...(size?.standing ?? [])];
	for (const mark of marks) {
		if (!mark.text) continue;
		const wide = halfWidth(mark.text, mark.size);
		const high = mark.size * 0.62;
		const gap = mark.dot + 1;
		const places = [
			[0, -gap - high],
			[0, gap + high],
			[gap + wide, 0],
			[-gap - wide, 0],
			[gap + wide * 0.8, -gap - high * 1.6],
			[-gap - wide * 0.8, gap + high * 1.6],
			...away(gap + wide + FAR, high * LINE),
		].map(([dx, dy]) => ({ x: mark.px + dx, y: mark.py + dy, wide, high }));
		const free = places.find(
			(place) =>
				(!size || within(place, size)) &&
				taken.every(
					(other) =>
						Math.abs(other.x - place.x) > other.wide + wide ||
						Math.abs(other.y - place.y) > other.high + high,
				),
		);
		if (!free) {
			mark.text = "";
			continue;
		}
		mark.tx = free.x;
		mark.ty = free.y;
		mark.far = places.indexOf(free) >= places.length - 4 * ROWS;
		taken.push(free);
	}
}

/**
 * Places beside a point, in rows up and down, the nearest first.
 * @param {number} across
 * @param {number} step
 */
const away = (across, step) =>
	Array.from({ length: 4 * ROWS }, (_, i) => [
		i % 2 ? -across : across,
		(i % 4 < 2 ? -step : step) * (1 + Math.floor(i / 4)),
	]);

/**
 * Where a line from a marked point to its name ends.
 * @param {Mark} mark
 * @returns {[x: number, y: number]}
 */
export function leadOf({ px, text, size, tx, ty }) {
	const half = halfWidth(text, size) - 3;
	return [tx + (px < tx ? -half : half), ty];
}

/**
 * @param {{ x: number, y: number, wide: number, high: number }} place
 * @param {{ width: number, height: number }} size
 */
const within = ({ x, y, wide, high }, { width, height }) =>
	x >= wide && x <= width - wide && y >= high && y <= height - high;
