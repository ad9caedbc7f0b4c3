// @ts-check
// The view that some places fill.
import { need } from "../../../assets/shared/dom.js";
import { whole } from "../view.js";

/** @import { LiveMap } from "../live.js" */
/** @import { Place } from "../source/index.js" */
/** @import { View } from "./camera.js" */
/** @import { Room } from "../view.js" */

const MARGIN = 1.12;
/** What names of places take beyond them, in pixels. */
const LETTERS = { wide: 56, high: 22 };
/** The part of a small screen that the sheet may take, as in map.css. */
const SHEET = 0.44;
const NARROWEST = 1 / 300; // of the whole map's width
const ASIDE = 1 / 6; // of what is free, left beside what a view is moved to

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
 * A view of places and their names, in what lies over the map leaves free; of the whole map where there
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
	const over = covered(map);
	const across = clientWidth - over.left - over.right - 2 * LETTERS.wide;
	const up = clientHeight - over.above - over.low - 2 * LETTERS.high;
	const unit = Math.max(
		(right - left) / Math.max(across, clientWidth / 4),
		(top - bottom) / Math.max(up, clientHeight / 4),
		(all.span * NARROWEST) / clientWidth,
	);
	const span = Math.min(unit * MARGIN * clientWidth, all.span);
	return freed(map, (left + right) / 2, (bottom + top) / 2, span);
}

/**
 * A view that has a place in the middle of what is free.
 * @param {LiveMap} map
 * @param {number} x
 * @param {number} y
 * @param {number} span
 * @returns {View}
 */
export function freed(map, x, y, span) {
	const { left, right, above, low } = covered(map);
	const unit = span / map.box.clientWidth / 2;
	return { x: x + (right - left) * unit, y: y + (above - low) * unit, span };
}

/**
 * The present view, moved by the least that brings places into what is free; null
 * where they need a wider one.
 * @param {LiveMap} map
 * @param {Place[]} places
 * @returns {View | null}
 */
export function shifted(map, places) {
	const { box, camera } = map;
	const { left, right, above, low } = covered(map);
	const pixels = places.map(([x, y]) => camera.pixel(x, y));
	/**
	 * @param {0 | 1} axis
	 * @param {number} least
	 * @param {number} most
	 */
	const move = (axis, least, most) => {
		const values = pixels.map((pixel) => pixel[axis]);
		const [first, last] = [Math.min(...values), Math.max(...values)];
		if (last - first > most - least) return null;
		return Math.min(first - least, 0) || Math.max(last - most, 0);
	};
	const wide = (box.clientWidth - left - right) * ASIDE;
	const high = (box.clientHeight - above - low) * ASIDE;
	const dx = move(0, left + wide, box.clientWidth - right - wide);
	const dy = move(1, above + high, box.clientHeight - low - high);
	if (dx === null || dy === null) return null;
	const { x, y, span } = camera.view;
	return { x: x + dx * camera.unit(), y: y - dy * camera.unit(), span };
}

/**
 * How many pixels of a map's edges are covered, also by the panel of a chosen
 * token: on small screens it is a sheet at the lower end of the screen.
 * @param {LiveMap} map
 * @returns {Room & { low: number }}
 */
function covered(map) {
	const { box, embedded, selected, stage } = map;
	const room = map.room(box.clientWidth);
	if (!selected) return { ...room, low: 0 };
	const panel = need(stage, ".panel");
	if (!panel.getClientRects().length) return { ...room, low: 0 };
	const sheet = getComputedStyle(panel).position === "fixed";
	if (!sheet) {
		const side = box.clientWidth > (embedded ? 540 : 730) ? 340 : 0;
		return { ...room, right: side, low: 0 };
	}
	const { bottom } = box.getBoundingClientRect();
	const low = bottom - innerHeight * (1 - SHEET);
	const most = box.clientHeight * 0.8;
	return { ...room, low: Math.min(Math.max(low, 0), most) };
}
