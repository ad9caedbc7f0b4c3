// @ts-check
// Changing the projection: the same tokens glide to their other places.
import { still } from "../../assets/shared/looks.js";
import { located } from "./colour/layers.js";
import { showLegend } from "./colour/legend.js";
import { recolour, repaint } from "./colour/paint.js";
import { drawOverlay } from "./overlay.js";
import { showToken } from "./panel/token.js";
import { locate } from "./selection.js";
import { whole } from "./view.js";

/** @import { LiveMap } from "./live.js" */
/** @import { View } from "./camera/camera.js" */
/** @import { Points } from "./source/index.js" */

const TIME = 900; // milliseconds
const STEP = 0.25; // of the way, at most, from one frame to the next: it is a glide on slow machines, too
const MOST = 100000; // tokens that still glide

let changes = 0;

/**
 * @param {LiveMap} map
 * @param {string} name
 */
export async function project(map, name) {
	const from = map.points();
	const before = map.view();
	const wide = before.span / whole(map).span > 0.7;
	try {
		await map.source.open(name);
	} catch (problem) {
		return map.failed(problem);
	}
	const mine = ++changes;
	map.gliding = mine;
	map.projection = name;
	/** @type {NodeListOf<HTMLInputElement>} */
	const radios = map.stage.querySelectorAll("input.projection");
	for (const radio of radios) radio.checked = radio.value === name;
	const target = await targetOf(map, before, wide);
	if (!still() && map.source.total <= MOST) {
		await glide(map, from, before, target, mine);
		if (mine !== map.gliding) return;
	}
	map.gliding = 0;
	map.camera.set(target);
	if (map.selected) {
		await locate(map, map.selected);
		showToken(map, map.selected);
	}
	if (map.colour === "overlap") {
		await recolour(map);
		showLegend(map, map.colouring);
	}
	await repaint(map);
	map.address.note(false);
}

/**
 * The view to end at: the chosen token's place where the reader was near it,
 * else the whole map.
 * @param {LiveMap} map
 * @param {View} before
 * @param {boolean} wide whether about the whole map was in view
 * @returns {Promise<View>}
 */
async function targetOf(map, before, wide) {
	if (!map.selected || wide) return whole(map);
	const [x, y] = await map.source.place(map.projection, map.selected.row);
	return { x, y, span: before.span };
}

/** @param {number} part */
const eased = (part) =>
	part < 0.5 ? 4 * part ** 3 : 1 - (-2 * part + 2) ** 3 / 2;

/**
 * @param {LiveMap} map
 * @param {Points} from
 * @param {View} before
 * @param {View} target
 * @param {number} mine the change that this is, to be left for a later one
 */
async function glide(map, from, before, target, mine) {
	const to = map.points();
	const [x, y] = [new Float32Array(to.n), new Float32Array(to.n)];
	let last = performance.now();
	for (let part = 0; part < 1 && mine === map.gliding; ) {
		const now = await new Promise(requestAnimationFrame);
		part = Math.min(part + Math.min(Math.max(now - last, 0) / TIME, STEP), 1);
		last = now;
		const t = eased(part);
		for (let i = 0; i < to.n; i++) {
			x[i] = from.x[i] + (to.x[i] - from.x[i]) * t;
			y[i] = from.y[i] + (to.y[i] - from.y[i]) * t;
		}
		const view = {
			x: before.x + (target.x - before.x) * t,
			y: before.y + (target.y - before.y) * t,
			span: before.span * (target.span / before.span) ** t,
		};
		await map.scene.set(located(map.layers, x, y), map.scene.dot, view);
		drawOverlay(map, view);
	}
}
