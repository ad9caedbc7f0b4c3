// @ts-check
// What stands on the stage above the map, and what of the map is seen beside it.

/** @import { LiveMap } from "../live.js" */
/** @import { Place } from "../source/index.js" */
/** @import { Taken } from "./apart.js" */
/** @typedef {{ width: number, height: number, above?: number, standing?: Taken[] }} Seen a map's size in pixels, what a row of links takes of it above, and what else stands on it */

const STANDING =
	".on-map, .legend, .try span, .try a, .panel, .chosen, .overview";
const CREDIT = ".credit"; // of a frame, beside the stage
const EDGE = 8; // pixels at the rim of a map where no point is well seen

/**
 * The boxes of what stands on the stage above labels, which it would cut.
 * @param {Pick<LiveMap, "box" | "stage">} map
 * @returns {Taken[]}
 */
export function standing({ box, stage }) {
	const own = box.getBoundingClientRect();
	const nodes = [
		...stage.querySelectorAll(STANDING),
		...document.querySelectorAll(CREDIT),
	];
	return nodes.flatMap((node) => {
		const { left, top, width, height } = node.getBoundingClientRect();
		if (!width) return [];
		const [wide, high] = [width / 2, height / 2];
		return [{ x: left - own.left + wide, y: top - own.top + high, wide, high }];
	});
}

/**
 * @param {Place} pixel
 * @param {Seen} seen
 */
const over = ([px, py], { standing = [] }) =>
	standing.find(
		({ x, y, wide, high }) =>
			Math.abs(px - x) < wide + 2 && Math.abs(py - y) < high + 2,
	);

/**
 * Tells whether a pixel lies on the map, under nothing that stands there.
 * @param {Place} pixel
 * @param {Seen} seen
 */
export const isSeen = ([px, py], seen) =>
	px > EDGE &&
	py > EDGE + (seen.above ?? 0) &&
	px < seen.width - EDGE &&
	py < seen.height - EDGE &&
	!over([px, py], seen);

/**
 * The share of a way from inside a box until it leaves it.
 * @param {number} from
 * @param {number} to
 * @param {number} least
 * @param {number} most
 */
const until = (from, to, least, most) => {
	if (to > most) return (most - from) / (to - from);
	return to < least ? (from - least) / (from - to) : 1;
};

/**
 * The share of a way from outside a box until it enters it along one axis.
 * @param {number} from
 * @param {number} to
 * @param {number} middle
 * @param {number} half
 */
const entering = (from, to, middle, half) =>
	from === to
		? 0
		: (middle - Math.sign(to - from) * (half + EDGE) - from) / (to - from);

/**
 * Where a line from a pixel that is seen to one that is not leaves what is seen.
 * @param {Place} from
 * @param {Place} to
 * @param {Seen} seen
 * @returns {Place}
 */
export function leaving([ax, ay], [bx, by], seen) {
	/** @returns {Place} */
	const at = (/** @type {number} */ share) => [
		ax + (bx - ax) * share,
		ay + (by - ay) * share,
	];
	const end = Math.min(
		until(ax, bx, EDGE, seen.width - EDGE),
		until(ay, by, EDGE + (seen.above ?? 0), seen.height - EDGE),
	);
	const box = over(at(end), seen);
	if (!box) return at(end);
	const entered = Math.max(
		entering(ax, bx, box.x, box.wide),
		entering(ay, by, box.y, box.high),
	);
	return at(Math.min(Math.max(entered, 0), end));
}
