// @ts-check
// The label under a pixel: what readers click on is the word that they read.
import { halfWidth } from "./spread.js";

/** @import { Pixel } from "../camera/camera.js" */
/** @import { Labels } from "./choose.js" */

/** @typedef {{ level: "coarse" | "fine", key: number }} ClusterKey */
/** @typedef {{ row: number } | { cluster: ClusterKey }} Hit */
/** @typedef {{ x: number, y: number, text: string, size: number, hit: Hit }} Box */

const SLACK = 3; // pixels around a text, for a pointer

/** Font sizes in pixels, for which atlas/maps/stages/label.py makes room: words that
 * name coarse clusters grow from the least to the most with what is in these. */
export const SIZES = { token: 12, fine: 14, least: 15, most: 22 };
/** Font weights. */
export const WEIGHTS = { token: 400, coarse: 700, fine: 600 };

/**
 * The font size of a cluster's name.
 * @param {"coarse" | "fine"} level
 * @param {number} share of the tokens of the largest coarse cluster; 0 for a title
 */
export const nameSize = (level, share) =>
	level === "fine"
		? SIZES.fine
		: Math.round(
				SIZES.least +
					(SIZES.most - SIZES.least) * Math.sqrt(Math.min(share, 1)),
			);

/**
 * What the topmost label at a pixel names, null where there is none: names of
 * marked tokens lie above those of clusters, these above other tokens.
 * @param {Labels} labels
 * @param {Pixel} pixel
 * @param {number} [least] half of the least height and width to hit, in pixels
 * @returns {Hit | null}
 */
export function labelAt(labels, [x, y], least = 0) {
	const under = (/** @type {Box} */ { text, size, ...at }) =>
		text !== "" &&
		Math.abs(x - at.x) <= Math.max(halfWidth(text, size) + SLACK, least) &&
		Math.abs(y - at.y) <= Math.max(size * 0.62 + SLACK, least);
	for (const boxes of [marks(labels), names(labels), tokens(labels)]) {
		const found = boxes.find(under);
		if (found) return found.hit;
	}
	return null;
}

/**
 * Tells whether two hits name the same.
 * @param {Hit | null} a
 * @param {Hit | null} b
 */
export function sameHit(a, b) {
	if (!a || !b) return a === b;
	if ("row" in a || "row" in b) {
		return "row" in a && "row" in b && a.row === b.row;
	}
	const [{ level, key }, other] = [a.cluster, b.cluster];
	return level === other.level && key === other.key;
}

/**
 * The labels that readers can reach, as boxes: names before tokens, those that
 * show first before others.
 * @param {Labels} labels
 * @returns {Box[]}
 */
export function reachable(labels) {
	const first = [...labels.tokens].sort((a, b) => b.zoom - a.zoom);
	return [
		...marks(labels),
		...names(labels).reverse(),
		...tokens({ ...labels, tokens: first }),
	].filter(({ text }) => text);
}

/**
 * The first mark is drawn last, above the others.
 * @param {Labels} labels
 * @returns {Box[]}
 */
const marks = (labels) =>
	labels.marks.flatMap(({ tx, ty, text, size, row }) =>
		row === undefined ? [] : [{ x: tx, y: ty, text, size, hit: { row } }],
	);

/**
 * @param {Labels} labels
 * @returns {Box[]}
 */
const names = (labels) =>
	[...labels.names].reverse().map(({ px, py, text, font, level, key }) => {
		const hit = { cluster: { level, key } };
		return { x: px, y: py, text, size: font, hit };
	});

/**
 * @param {Labels} labels
 * @returns {Box[]}
 */
const tokens = (labels) =>
	[...labels.tokens].reverse().map(({ px, py, text, row }) => {
		return { x: px, y: py, text, size: SIZES.token, hit: { row } };
	});
