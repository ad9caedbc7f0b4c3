// @ts-check
// Points of one colour together: the grey ones below the others, and those that
// the legend leaves out at the bottom.
import { NOISE } from "./palette.js";

/** @import { Points } from "../source/index.js" */
/** @import { Layer, Located } from "../scene/canvas.js" */
/** @import { Colouring } from "./colouring.js" */

const OUT = "out";

/** @param {string} name of a layer: a colour, or OUT */
const height = (name) => (name === OUT ? 0 : name === NOISE ? 1 : 2);

/** @type {readonly number[]} by height */
const OPACITY = [0.12, 1, 1];
/** @type {readonly number[]} of the size of a dot, by height */
const SCALE = [0.8, 0.6, 1];
const [FEW, LARGE] = [1 / 8, 1.6]; // the share of points that are few, and their scale

/**
 * Layers of points, and a plane of what is hidden; null where nothing is. What
 * is `faint` is hidden or not among the picked rows.
 * @param {Pick<Points, "n" | "rows">} points
 * @param {Pick<Colouring, "plane" | "items">} colouring
 * @param {Set<number>} only the chosen keys, empty for all
 * @param {number[] | null} [picked]
 * @returns {{ layers: Layer[], hidden: Uint8Array | null, faint: Uint8Array | null }}
 */
export function layersOf(points, colouring, only, picked = null) {
	const apart = picked?.length ? new Set(picked) : null;
	const { plane, items } = colouring;
	/** @type {string[]} */
	const colour = new Array(256).fill(NOISE);
	for (const item of items) colour[item.key] = item.colour;
	const chosen = chosenRows(colouring, only);
	const hidden = only.size ? new Uint8Array(points.n) : null;
	const faint = apart ? new Uint8Array(points.n) : hidden;
	const names = [...new Set([OUT, ...colour])];
	const named = colour.map((name) => names.indexOf(name));
	const own = new Uint8Array(points.n);
	const counts = new Uint32Array(names.length);
	for (let i = 0; i < points.n; i++) {
		if (!hidden && !apart) {
			own[i] = named[plane[i]];
			counts[own[i]]++;
			continue;
		}
		const row = points.rows?.[i] ?? i;
		const key = chosen?.get(row) ?? plane[i];
		const out = hidden && !only.has(key);
		if (out) hidden[i] = 1;
		if (!out && (!apart || apart.has(row))) own[i] = named[key];
		else if (faint) faint[i] = 1;
		counts[own[i]]++;
	}
	const indices = Array.from(counts, (count) => new Uint32Array(count));
	counts.fill(0);
	for (let i = 0; i < points.n; i++) indices[own[i]][counts[own[i]]++] = i;
	const meant = names.reduce(
		(sum, name, i) => sum + (height(name) === 2 ? counts[i] : 0),
		0,
	);
	const large = meant < points.n * FEW ? LARGE : 1;
	const layers = names
		.map((name, i) => ({
			colour: name === OUT ? NOISE : name,
			opacity: OPACITY[height(name)],
			scale: height(name) === 2 ? large : SCALE[height(name)],
			height: height(name),
			index: indices[i],
		}))
		.filter(({ index }) => index.length)
		.sort((a, b) => a.height - b.height);
	return { layers, hidden, faint };
}

/**
 * The colour of each row among the chosen keys, where a row may be of several.
 * @param {Pick<Colouring, "items">} colouring
 * @param {Set<number>} only
 * @returns {Map<number, number> | null}
 */
function chosenRows({ items }, only) {
	if (!only.size || !items.some((item) => item.rows)) return null;
	const found = new Map();
	for (const { key, rows } of items) {
		if (only.has(key)) for (const row of rows ?? []) found.set(row, key);
	}
	return found;
}

/**
 * Layers with the places of their points. Places within tiles are finer than 32
 * bits hold.
 * @param {Layer[]} layers
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} y
 * @returns {Located[]}
 */
export function located(layers, x, y) {
	const pick = (
		/** @type {Uint32Array} */ index,
		/** @type {ArrayLike<number>} */ from,
	) => {
		const Places = from instanceof Float64Array ? Float64Array : Float32Array;
		const picked = new Places(index.length);
		for (let i = 0; i < index.length; i++) picked[i] = from[index[i]];
		return picked;
	};
	return layers.map((layer) => ({
		...layer,
		x: pick(layer.index, x),
		y: pick(layer.index, y),
	}));
}
