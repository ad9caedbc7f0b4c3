// @ts-check
// The view of a chosen token with its neighbors: those that lie together.
import { isSeen, standing } from "../labels/standing.js";
import { sizeOf, whole } from "../view.js";
import { freed, shifted, viewOf } from "./fit.js";

/** @import { LiveMap } from "../live.js" */
/** @import { Selected } from "../state.js" */
/** @import { Place } from "../source/index.js" */
/** @import { View } from "./camera.js" */

/** How much farther than the one before a neighbor lies that is left outside. */
const LEAP = 1.8;
/** Of the whole map's width: neighbors as near as this always lie together. */
const CLOSE = 1 / 80;
/** The narrowest view of a token that a reader did not zoom to, of the whole map. */
const NARROWEST = 1 / 32;
/** How much wider than it fits a view may be that a reader came from afar to. */
const WIDE = 3;

/**
 * How a token is brought: `true` to the middle, with what lies about it; "near" only
 * where too few of its neighbors are in view; false not at all.
 * @typedef {boolean | "near"} Travel
 */

/**
 * The nearer half of some places, and further ones as long as none lies much
 * farther than the one before; the nearest first.
 * @param {Place} at
 * @param {Place[]} places
 * @param {number} close a distance at which all lie together
 */
export function together([x, y], places, close) {
	const far = (/** @type {Place} */ one) => Math.hypot(one[0] - x, one[1] - y);
	const sorted = [...places].sort((a, b) => far(a) - far(b));
	let n = Math.ceil(sorted.length / 2);
	while (
		n < sorted.length &&
		far(sorted[n]) <= Math.max(LEAP * far(sorted[n - 1]), close)
	) {
		n++;
	}
	return sorted.slice(0, n);
}

/**
 * The places of the neighbors that are shown.
 * @param {LiveMap} map
 * @param {Selected} selected
 */
export const shownPlaces = (map, { near }) =>
	(near ?? []).slice(0, map.many).map((other) => other.at);

/**
 * Tells which of some places are in view, under nothing that stands on the map.
 * @param {LiveMap} map
 * @param {Place[]} places
 */
export function inView(map, places) {
	const size = sizeOf(map);
	const { above } = map.room(size.width);
	const seen = { ...size, above, standing: standing(map) };
	return places.filter((at) => isSeen(map.camera.pixel(...at), seen));
}

/**
 * The view of a token with the neighbors that lie together.
 * @param {LiveMap} map
 * @param {Place} at
 * @param {Place[]} near
 * @returns {View}
 */
export function viewNear(map, at, near) {
	const { span } = whole(map);
	const close = together(at, near, span * CLOSE);
	const fit = viewOf(map, [at, ...close]);
	if (fit.span >= span * NARROWEST) return fit;
	return freed(map, at[0], at[1], span * NARROWEST);
}

/**
 * Brings a token and its neighbors into view.
 * @param {LiveMap} map
 * @param {Selected} selected
 * @param {Travel} travel
 */
export function bring(map, selected, travel) {
	const { camera } = map;
	const { at } = selected;
	if (!travel || !at) return;
	const near = shownPlaces(map, selected);
	const fit = viewNear(map, at, near);
	const half = [
		at,
		...together(at, near, 0).slice(0, Math.ceil(near.length / 2)),
	];
	const wide = travel === true && camera.view.span > WIDE * fit.span;
	if (!wide && inView(map, half).length === half.length) return;
	camera.fly((travel === "near" && shifted(map, half)) || fit);
}
