// @ts-check
// Labels that lie on others left out: rooms were made for the map at its whole
// width and for one font, and smaller stages and other fonts need more.
import { SIZES, WEIGHTS } from "./hit.js";
import { halfWidth } from "./spread.js";

/** @import { Labels } from "./choose.js" */

const LINE = 1; // the height of a line over the font's size
const STRIP = 24; // pixels; no label is higher
const EDGE = 3; // pixels between a label and the edge of the stage

/** @typedef {{ x: number, y: number, wide: number, high: number }} Taken halves of width and height */
/** @typedef {{ px: number, py: number, text: string }} Placed */
/** @typedef {(text: string, size: number, weight: number) => number} Measure half the width of a text with its halo, in pixels */

/**
 * The labels without those whose texts lie on another's or on what stands on the
 * stage, moved in from its edges. Names of marks stay, then labels that show in
 * full before fading ones, coarse names before fine ones, and tokens by the zoom
 * from which they show.
 * @param {Labels} labels
 * @param {number} width of the stage
 * @param {number} height
 * @param {Taken[]} [standing]
 * @param {Measure} [measure]
 * @returns {Labels}
 */
export function apart(
	labels,
	width,
	height,
	standing = [],
	measure = halfWidth,
) {
	/** @type {Map<number, Taken[]>} */
	const strips = new Map();
	const take = (/** @type {Taken} */ box) => {
		const last = Math.floor((box.y + box.high) / STRIP);
		for (let at = Math.floor((box.y - box.high) / STRIP); at <= last; at++) {
			strips.set(at, [...(strips.get(at) ?? []), box]);
		}
	};
	const free = (/** @type {Taken} */ { x, y, wide, high }) =>
		[y - high, y + high].every((edge) =>
			(strips.get(Math.floor(edge / STRIP)) ?? []).every(
				(other) =>
					Math.abs(other.x - x) >= other.wide + wide ||
					Math.abs(other.y - y) >= other.high + high,
			),
		);
	for (const box of standing) take(box);
	for (const { tx, ty, text, size, weight } of labels.marks) {
		if (text) take(boxOf(tx, ty, measure(text, size, weight), size));
	}
	/**
	 * The labels that find a place, each where it stands.
	 * @template {Placed} T
	 * @param {T[]} some
	 * @param {(label: T) => [size: number, weight: number]} letters
	 * @returns {T[]}
	 */
	const placed = (some, letters) =>
		some.flatMap((label) => {
			const { px, py, text } = label;
			if (px < 0 || py < -STRIP || px > width || py > height) return [];
			const [size, weight] = letters(label);
			const box = boxOf(px, py, measure(text, size, weight), size);
			box.x = within(px, box.wide, width);
			box.y = within(py, box.high, height);
			if (!free(box)) return [];
			take(box);
			return [{ ...label, px: box.x, py: box.y }];
		});
	const all = [...labels.names, ...labels.tokens];
	const full = Math.max(0, ...all.map(({ alpha }) => alpha));
	/** @type {Labels} */
	const kept = { ...labels, names: [], tokens: [] };
	for (const fading of [false, true]) {
		const due = (/** @type {{ alpha: number }} */ { alpha }) =>
			alpha < full === fading;
		const tokens = labels.tokens.filter(due).sort((a, b) => a.zoom - b.zoom);
		kept.names.push(
			...placed(labels.names.filter(due), ({ font, level }) => [
				font,
				WEIGHTS[level],
			]),
		);
		kept.tokens.push(...placed(tokens, () => [SIZES.token, WEIGHTS.token]));
	}
	return kept;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} wide
 * @param {number} size
 * @returns {Taken}
 */
const boxOf = (x, y, wide, size) => ({ x, y, wide, high: (size * LINE) / 2 });

/**
 * @param {number} at
 * @param {number} half
 * @param {number} end
 */
const within = (at, half, end) =>
	Math.max(Math.min(at, end - half - EDGE), half + EDGE);
