// @ts-check
// What a view means on a map: which part of it is in view, how far in, and how
// large dots are.
import { labelAt } from "./labels/hit.js";
import { ASPECT } from "./units.js";

/** @import { LiveMap } from "./live.js" */
/** @import { Hit } from "./labels/hit.js" */
/** @import { Pixel, View } from "./camera/camera.js" */

/** How far a pointer reaches, and half of what a finger needs, in pixels. */
export const POINTER = 12;
const FINGER = 12;

/** The width that labels were placed for when the map was made. */
const PLACED = 400;

/** @typedef {{ left: number, right: number, above: number }} Room what stands over the edges of a map, in pixels */
/** @typedef {{ width: number, height: number }} Size in pixels */

/**
 * The size of a map's box.
 * @param {Pick<LiveMap, "box">} map
 * @returns {Size}
 */
export const sizeOf = ({ box }) => ({
	width: box.clientWidth,
	height: box.clientHeight,
});

/**
 * The view that shows the poster's frame, in what is left free beside the key and
 * the links to landmarks.
 * @param {Pick<LiveMap, "meta" | "projection" | "room" | "box">} map
 * @param {Size} [size]
 * @param {Room} [room]
 * @returns {View}
 */
export function whole(map, size = sizeOf(map), room = map.room(size.width)) {
	const { bare, view } = map.meta.projections[map.projection];
	const { left, bottom, width } = view;
	const across = Math.max(size.width, 1);
	const beside = room.left + room.right;
	const free = Math.max((across - beside) / (1 - bare / 50), 1);
	const high = Math.max(size.height - room.above, 1);
	const span = Math.max(width / free, (width * ASPECT) / high) * across;
	const unit = span / across;
	return {
		x: left + width / 2 - ((room.left - room.right) / 2) * unit,
		y: bottom + (width * ASPECT) / 2 + (room.above / 2) * unit,
		span,
	};
}

/**
 * Whether two views are one to the eye.
 * @param {View} one
 * @param {View} other
 */
export const alike = (one, other) =>
	Math.abs(Math.log(one.span / other.span)) < 0.01 &&
	Math.hypot(one.x - other.x, one.y - other.y) < other.span / 200;

/** @type {WeakMap<object, number>} by the plane of x */
const extents = new WeakMap();

/**
 * The extent of a layout, the wider way: the frame is wider than that.
 * @param {LiveMap} map
 */
function extent(map) {
	if (map.meta.tiles) return map.meta.tiles.extent[map.projection];
	const { x, y } = map.points();
	let found = extents.get(x);
	if (found === undefined) {
		let [left, right, bottom, top] = [Infinity, 0, Infinity, 0];
		for (let i = 0; i < x.length; i++) {
			left = Math.min(left, x[i]);
			right = Math.max(right, x[i]);
			bottom = Math.min(bottom, y[i]);
			top = Math.max(top, y[i]);
		}
		found = Math.max(right - left, top - bottom, 1);
		extents.set(x, found);
	}
	return found;
}

/**
 * The zoom in half-octaves, 0 for the whole map where labels were placed.
 * @param {LiveMap} map
 * @param {View} view
 */
export function halfOctaves(map, view) {
	const scale = (extent(map) / view.span) * (map.box.clientWidth / PLACED);
	return 2 * Math.log2(Math.max(scale, 1)) + 0.001;
}

const MANY = 40000; // tokens that are drawn at once, about, of however many

/**
 * The size of a dot: smaller where there are many or the map is small, larger as
 * one comes near.
 * @param {LiveMap} map
 * @param {View} view
 */
export function dotSize(map, view) {
	const all = whole(map).span;
	const { width } = map.meta.projections[map.projection].view;
	const wide = (map.box.clientWidth * width) / all;
	const many = Math.min(map.source.total, MANY);
	const base = Math.min(5, Math.max(1.5, wide / 2.4 / Math.sqrt(many)));
	const near = Math.max(0, Math.log2(all / view.span));
	return Math.round(Math.min(10, base * (1 + 0.2 * near)) * 2) / 2;
}

/**
 * The height of a view in units of the frame.
 * @param {LiveMap} map
 * @param {View} view
 */
export const heightOf = ({ box }, { span }) =>
	(span * box.clientHeight) / Math.max(box.clientWidth, 1);

/**
 * The loaded point nearest to a pixel, null where none is within reach.
 * @param {LiveMap} map
 * @param {Pixel} pixel
 * @param {number} reach in pixels
 */
export function nearestRow(map, pixel, reach) {
	const { x, y, n, rows } = map.points();
	const here = map.camera.spot(pixel);
	let best = -1;
	let gap = (reach * map.camera.unit()) ** 2;
	for (let i = 0; i < n; i++) {
		const far = (x[i] - here.x) ** 2 + (y[i] - here.y) ** 2;
		if (far < gap && !map.hidden?.[i]) [best, gap] = [i, far];
	}
	if (best < 0) return null;
	return rows ? rows[best] : best;
}

/**
 * What a reader points at: a label first, else the nearest point within reach.
 * @param {LiveMap} map
 * @param {Pixel} pixel
 * @param {number} reach in pixels
 * @returns {Hit | null}
 */
export function hitAt(map, pixel, reach) {
	const { found } = map;
	// Fingers hit what is near a label as well, where no other label is.
	const label =
		found &&
		(labelAt(found, pixel) ??
			(reach > POINTER ? labelAt(found, pixel, FINGER) : null));
	if (label) return label;
	const row = nearestRow(map, pixel, reach);
	return row === null ? null : { row };
}

/**
 * Rows whose labels show in the view, for a source that loads texts by need.
 * @param {LiveMap} map
 */
export function labelledRows(map) {
	const { x, y, n, rows, zoom } = map.points();
	const { view } = map.camera;
	const half = halfOctaves(map, view);
	const across = view.span * 0.6;
	const up = heightOf(map, view) * 0.6;
	/** @type {number[]} */
	const found = [];
	for (let i = 0; i < n; i++) {
		if (zoom[i] > half) continue;
		if (Math.abs(x[i] - view.x) >= across || Math.abs(y[i] - view.y) >= up) {
			continue;
		}
		found.push(rows ? rows[i] : i);
	}
	return found;
}
