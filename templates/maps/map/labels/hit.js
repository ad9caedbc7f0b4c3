// @ts-check
// The label under a pixel: what readers click on is the word that they read.
import { halfWidth } from "./spread.js";

/** @import { Pixel } from "../camera/camera.js" */
/** @import { Labels } from "./choose.js" */

/** @typedef {{ level: "coarse" | "fine", key: number }} ClusterKey */
/** @typedef {{ row: number } | { cluster: ClusterKey }} Hit */
/** @typedef {{ x: number, y: number, text: string, size: number, hit: Hit }} Box */

const SLACK = 3; // pixels around a text, for a pointer

/** Font sizes in pixels, as labels are drawn. */
export const SIZES = { token: 12, coarse: 15, fine: 13 };

/**
 * What the topmost label at a pixel names, null where there is none: names of
 * marked tokens lie above those of clusters, these above other tokens.
 * @param {Labels} labels
 * @param {Pixel} pixel
 * @returns {Hit | null}
 */
export function labelAt(labels, [x, y]) {
	const under = (/** @type {Box} */ box) =>
		box.text !== "" &&
		Math.abs(x - box.x) <= halfWidth(box.text, box.size) + SLACK &&
		Math.abs(y - box.y) <= box.size * 0.62 + SLACK;
	for (const boxes of [marks(labels), names(labels), tokens(labels)]) {
		const found = boxes.find(under);
		if (found) return found.hit;
	}
	return null;
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
	[...labels.names].reverse().map(({ px, py, text, level, key }) => {
		const hit = { cluster: { level, key } };
		return { x: px, y: py, text, size: SIZES[level], hit };
	});

/**
 * @param {Labels} labels
 * @returns {Box[]}
 */
const tokens = (labels) =>
	[...labels.tokens].reverse().map(({ px, py, text, row }) => {
		return { x: px, y: py, text, size: SIZES.token, hit: { row } };
	});
