// @ts-check
// A cluster whose name a reader chose: the map flies to it and sets it apart.
import { GREY } from "./units.js";
import { nearestRow, whole } from "./view.js";

/** @import { LiveMap } from "./live.js" */
/** @import { View } from "./camera/camera.js" */
/** @import { ClusterKey } from "./labels/hit.js" */

/** The share of a cluster's tokens, on each side, that a view of it leaves out. */
const STRAY = 0.05;
const MARGIN = 1.5;
/** How much of the frame's width a fine cluster is shown in. */
const FINE = 1 / 14;

/**
 * Flies to a cluster, and leaves it alone in colour: a fine one with the coarse
 * one around it. Chosen again, all are in colour.
 * @param {LiveMap} map
 * @param {ClusterKey} cluster
 */
export async function showCluster(map, { level, key }) {
	const names = map.meta.projections[map.projection].names[level];
	const at = map.camera.pixel(names.x[key], names.y[key]);
	const coarse = level === "coarse" ? key : coarseAround(map, at);
	const alone = map.colour === "cluster" && map.only.size === 1;
	const again = level === "coarse" && alone && map.only.has(key);
	const keys = again || coarse === null ? [] : [coarse];
	map.say(map.meta.clusters[level][key].name);
	map.address.step();
	const { x, y } = { x: names.x[key], y: names.y[key] };
	const near = { x, y, span: whole(map).span * FINE };
	if (again) map.camera.whole();
	else map.camera.fly(level === "coarse" ? around(map, key) : near);
	await map.paint("cluster", keys);
}

/**
 * The coarse cluster of the token nearest to a pixel, null for none.
 * @param {LiveMap} map
 * @param {import("./camera/camera.js").Pixel} pixel
 */
function coarseAround(map, pixel) {
	const row = nearestRow(map, pixel, 40);
	if (row === null) return null;
	const key = map.points().groups.cluster[map.index(row)];
	return key === GREY ? null : key;
}

/**
 * A view of most of a coarse cluster's loaded tokens.
 * @param {LiveMap} map
 * @param {number} key
 * @returns {View}
 */
function around(map, key) {
	const { x, y, n, groups } = map.points();
	/** @type {number[]} */
	const xs = [];
	/** @type {number[]} */
	const ys = [];
	for (let i = 0; i < n; i++) {
		if (groups.cluster[i] !== key) continue;
		xs.push(x[i]);
		ys.push(y[i]);
	}
	const [left, right] = middle(xs);
	const [bottom, top] = middle(ys);
	const wide = map.box.clientWidth / Math.max(map.box.clientHeight, 1);
	const span = Math.max(right - left, (top - bottom) * wide) * MARGIN;
	const { span: most } = whole(map);
	return {
		x: (left + right) / 2,
		y: (bottom + top) / 2,
		span: Math.min(Math.max(span, most / 40), most),
	};
}

/** @param {number[]} values */
function middle(values) {
	const sorted = values.sort((a, b) => a - b);
	const skip = Math.floor(sorted.length * STRAY);
	return [sorted[skip] ?? 0, sorted[sorted.length - 1 - skip] ?? 0];
}
