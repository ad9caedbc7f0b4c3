// @ts-check
// Loading what the view needs.
import { recolour, repaint } from "./colour/paint.js";
import { halfOctaves, heightOf, labelledRows } from "./view.js";

/** @import { LiveMap } from "./live.js" */

/** @type {WeakMap<LiveMap, number>} how often points were asked for */
const asked = new WeakMap();

/**
 * Loads what the view needs, and draws it.
 * @param {LiveMap} map
 */
export async function load(map) {
	const mine = (asked.get(map) ?? 0) + 1;
	asked.set(map, mine);
	const { view } = map.camera;
	const { x, y, span } = view;
	const high = heightOf(map, view);
	const rectangle = {
		left: x - span / 2,
		right: x + span / 2,
		bottom: y - high / 2,
		top: y + high / 2,
	};
	const half = halfOctaves(map, view);
	try {
		const changed = await map.source.want(map.projection, rectangle, half);
		if (!changed || mine !== asked.get(map)) return;
		await recolour(map);
		await repaint(map);
		await map.source.texts(labelledRows(map));
		map.draw();
		map.list();
	} catch (problem) {
		const dropped = problem instanceof Error && problem.name === "AbortError";
		if (!dropped) map.failed(problem);
	}
}
