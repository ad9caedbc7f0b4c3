// @ts-check
// Colours of a live map: painting its points, and what the legend leaves of them.
import { need } from "../../../assets/shared/dom.js";
import { dotSize } from "../view.js";
import { colouringBy } from "./colouring.js";
import { layersOf, located } from "./layers.js";
import { showLegend } from "./legend.js";

/** @import { LiveMap } from "../live.js" */

/**
 * Makes the layers anew and draws them: colours or the loaded points changed.
 * @param {LiveMap} map
 */
export async function repaint(map) {
	const points = map.points();
	const { colouring, only, picked } = map;
	const { layers, ...out } = layersOf(points, colouring, only, picked);
	Object.assign(map, out);
	map.layers = layers;
	const placed = located(layers, points.x, points.y);
	await map.scene.set(placed, dotSize(map, map.camera.view), map.camera.view);
	map.draw();
}

/**
 * Finds the colours of what is loaded now.
 * @param {LiveMap} map
 */
export async function recolour(map) {
	map.colouring = await colouringBy(map, map.colour);
}

/**
 * Colours by another property. `only` are the keys that the legend leaves;
 * those that it does not show are dropped, unless they are meant `exactly`.
 * @param {LiveMap} map
 * @param {string} name
 * @param {number[]} only
 * @param {boolean} exactly
 */
export async function paint(map, name, only, exactly) {
	map.colour = name;
	/** @type {HTMLSelectElement} */ (
		need(map.stage, "select[name=colour]")
	).value = name;
	try {
		await recolour(map);
	} catch (problem) {
		return map.failed(problem);
	}
	const keys = new Set(map.colouring.items.map((item) => item.key));
	map.only = new Set(only.filter((key) => exactly || keys.has(key)));
	await shown(map);
}

/**
 * Takes a key into the legend's choice or out of it; null shows all.
 * @param {LiveMap} map
 * @param {number | null} key
 */
export async function filter(map, key) {
	/** @type {HTMLElement | null} */
	const focused = map.stage.querySelector(".legend :focus");
	const held = focused?.dataset.key;
	if (key === null) map.only.clear();
	else if (!map.only.delete(key)) map.only.add(key);
	const { items, none } = map.colouring;
	if (map.only.size === items.length && !none) map.only.clear();
	const done = shown(map);
	if (held !== undefined) {
		/** @type {HTMLElement | null} */
		const again = map.stage.querySelector(`.legend [data-key="${held}"]`);
		again?.focus();
	}
	await done;
}

/** @param {LiveMap} map */
async function shown(map) {
	showLegend(map, map.colouring);
	await repaint(map);
	map.list();
	map.address.note(false);
	map.emit("paint", map.colour);
}
