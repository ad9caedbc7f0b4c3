// @ts-check
// The view that some places fill.
import { need } from "../../../assets/shared/dom.js";
import { whole } from "../view.js";

/** @import { LiveMap } from "../live.js" */
/** @import { Place } from "../source/index.js" */
/** @import { View } from "./camera.js" */

const MARGIN = 1.35;
/** The part of a small screen that the sheet may take, as in map.css. */
const SHEET = 0.44;
const NARROWEST = 1 / 300; // of the whole map's width

/** @param {number[]} values */
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/**
 * The places of rows, as far as they are known, on the projection that is shown.
 * @param {Pick<LiveMap, "projection" | "source">} map
 * @param {number[]} rows
 * @returns {Place[]}
 */
export const placesOf = ({ projection, source }, rows) =>
	rows.flatMap((row) => {
		const at = source.spot(projection, row);
		return at ? [at] : [];
	});

/**
 * The places without the share of them that lies farthest from their medians,
 * the nearest to these first.
 * @param {Place[]} places
 * @param {number} stray
 */
export function core(places, stray) {
	const x = median(places.map((at) => at[0]));
	const y = median(places.map((at) => at[1]));
	const far = (/** @type {Place} */ at) => Math.hypot(at[0] - x, at[1] - y);
	return [...places]
		.sort((a, b) => far(a) - far(b))
		.slice(0, Math.ceil(places.length * (1 - stray)));
}

/**
 * A view of places, in what the panel leaves free; of the whole map where there
 * are none.
 * @param {LiveMap} map
 * @param {Place[]} places
 * @param {number} [stray] the share of them, the farthest, that it may leave out
 * @returns {View}
 */
export function viewOf(map, places, stray = 0) {
	const all = whole(map);
	if (!places.length) return all;
	const kept = core(places, stray);
	const xs = kept.map((at) => at[0]);
	const ys = kept.map((at) => at[1]);
	const [left, right] = [Math.min(...xs), Math.max(...xs)];
	const [bottom, top] = [Math.min(...ys), Math.max(...ys)];
	const { clientWidth, clientHeight } = map.box;
	const [side, low] = covered(map);
	const free = 1 - side / clientWidth;
	const wide = (clientWidth * free) / Math.max(clientHeight - low, 1);
	const least = all.span * NARROWEST;
	const fit = Math.max(right - left, (top - bottom) * wide) * MARGIN;
	const span = Math.min(Math.max(fit, least) / free, all.span);
	return freed(map, (left + right) / 2, (bottom + top) / 2, span);
}

/**
 * A view that has a place in the middle of what the panel leaves free.
 * @param {LiveMap} map
 * @param {number} x
 * @param {number} y
 * @param {number} span
 * @returns {View}
 */
export function freed(map, x, y, span) {
	const [side, low] = covered(map);
	const unit = span / map.box.clientWidth / 2;
	return { x: x + side * unit, y: y - low * unit, span };
}

/**
 * How many pixels of the map's width and height the panel of a chosen token
 * covers: on small screens it is a sheet at the lower end of the screen.
 * @param {LiveMap} map
 * @returns {[side: number, low: number]}
 */
function covered({ box, embedded, selected, stage }) {
	if (!selected) return [0, 0];
	const sheet = getComputedStyle(need(stage, ".panel")).position === "fixed";
	if (!sheet) return [box.clientWidth > (embedded ? 540 : 730) ? 340 : 0, 0];
	const { bottom } = box.getBoundingClientRect();
	const low = bottom - innerHeight * (1 - SHEET);
	return [0, Math.min(Math.max(low, 0), box.clientHeight * 0.8)];
}
