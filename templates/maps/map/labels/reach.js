// @ts-check
// Labels by keyboard: over each a button that nobody sees until it has the focus.
// Tab comes to one of them, arrow keys lead to the next in their direction, and
// Enter does what a click on the label does.
import { make, need } from "../../../assets/shared/dom.js";
import { tongue } from "./called.js";
import { reachable, sameHit } from "./hit.js";
import { halfWidth } from "./spread.js";

/** @import { LiveMap } from "../live.js" */
/** @import { Box, Hit } from "./hit.js" */

const MOST = 60; // labels within reach

/** @type {Record<string, [number, number]>} */
const ARROWS = {
	ArrowLeft: [-1, 0],
	ArrowRight: [1, 0],
	ArrowUp: [0, -1],
	ArrowDown: [0, 1],
};

/** @param {LiveMap} map */
export function reachLabels(map) {
	const list = need(map.stage, ".reach");
	/** @type {Box[]} */
	let boxes = [];
	/** @type {Hit | null} */
	let last = null;
	const buttons = () => [...list.querySelectorAll("button")];
	const indexOf = (/** @type {unknown} */ node) =>
		buttons().indexOf(/** @type {HTMLButtonElement} */ (node));
	const held = () => list.contains(document.activeElement);
	const place = () => {
		const { clientWidth, clientHeight } = map.box;
		const within = (/** @type {Box} */ { x, y }) =>
			x > 0 && y > 0 && x < clientWidth && y < clientHeight;
		const focused = held();
		boxes = map.found ? reachable(map.found).filter(within).slice(0, MOST) : [];
		const at = boxes.findIndex(({ hit }) => sameHit(hit, last));
		const items = boxes.map((box, i) => item(map, box, i === Math.max(at, 0)));
		list.replaceChildren(...items);
		list.hidden = !items.length;
		if (focused) (buttons()[at] ?? map.box).focus({ preventScroll: true });
	};
	list.addEventListener("focusin", ({ target }) => {
		const at = indexOf(target);
		for (const [i, button] of buttons().entries()) {
			button.tabIndex = i === at ? 0 : -1;
		}
		last = boxes[at]?.hit ?? null;
	});
	list.addEventListener("keydown", (event) => {
		const way = ARROWS[event.key];
		const from = indexOf(document.activeElement);
		if (!way || from < 0) return;
		event.preventDefault();
		const to = nextOf(boxes, boxes[from], way);
		if (to >= 0) buttons()[to].focus({ preventScroll: true });
	});
	for (const name of /** @type {const} */ (["view", "paint", "select"])) {
		map.on(name, () => requestAnimationFrame(place));
	}
	map.on("move", () => {
		if (!held()) list.hidden = true;
	});
	map.box.addEventListener("focus", place);
}

/**
 * The nearest box in a direction, one twice as far ahead counting as one that is
 * as far aside; -1 for none.
 * @param {Box[]} boxes
 * @param {Box} from
 * @param {[number, number]} way
 */
export function nextOf(boxes, from, [dx, dy]) {
	let best = -1;
	let least = Infinity;
	for (const [i, { x, y }] of boxes.entries()) {
		const [right, down] = [x - from.x, y - from.y];
		const ahead = right * dx + down * dy;
		const far = ahead + 2 * Math.abs(right * dy - down * dx);
		if (ahead > 1 && far < least) [best, least] = [i, far];
	}
	return best;
}

/**
 * @param {LiveMap} map
 * @param {Hit} hit
 */
function language({ meta }, hit) {
	if ("row" in hit) return { lang: meta.language };
	return tongue(meta, meta.clusters[hit.cluster.level][hit.cluster.key]);
}

/**
 * @param {LiveMap} map
 * @param {Box} box
 * @param {boolean} first whether Tab comes to this one
 */
function item(map, { x, y, text, size, hit }, first) {
	const onclick = () => map.act(hit);
	const button = make("button", {
		type: "button",
		"aria-label": text,
		...language(map, hit),
		tabindex: first ? "0" : "-1",
		onclick,
	});
	const wide = Math.max(2 * halfWidth(text, size), 24);
	const { style } = button;
	style.left = `${x - wide / 2}px`;
	style.top = `${y - 14}px`;
	style.width = `${wide}px`;
	return button;
}
