// @ts-check
// What colour each point has, and what the legend says of it.
import { cut } from "../../../assets/shared/dom.js";
import { tongue } from "../labels/called.js";
import { GREY } from "../units.js";
import { NOISE, PALETTE, STEPS } from "./palette.js";

/** @import { LiveMap } from "../live.js" */
/** @import { Points } from "../source/index.js" */

/**
 * An item of a legend; `count` is null where only a part of the map is loaded
 * and nobody counted. A landmark's `rows` may have other colours too.
 * @typedef {{ key: number, name: string, colour: string, count: number | null, lang?: string, rows?: number[] }} Item
 */
/**
 * `plane` holds each loaded point's key, GREY for none; `none` is how many have none.
 * @typedef {{ name: string, plane: Uint8Array, items: Item[], none: number }} Colouring
 */
/** @typedef {{ plane: Uint8Array, items: Omit<Item, "count">[] }} Found */

/**
 * @param {LiveMap} map
 * @param {string} name
 * @returns {Promise<Colouring>}
 */
export async function colouringBy(map, name) {
	const points = map.points();
	const { plane, items } = await keysBy(map, name, points);
	const counts = new Uint32Array(256);
	for (let i = 0; i < plane.length; i++) counts[plane[i]]++;
	// Where only a part is loaded, counts are the map's own or none.
	const whole = points.n === map.source.total;
	const told = toldCounts(map, name);
	/** @type {Item[]} */
	const counted = items.map((item) => {
		const loaded = whole ? counts[item.key] : (told?.[item.key] ?? null);
		return { ...item, count: item.rows ? item.rows.length : loaded };
	});
	return {
		name,
		plane,
		items: counted.filter((item) => item.count !== 0),
		none: whole ? counts[GREY] : 0,
	};
}

/**
 * @param {LiveMap} map
 * @param {string} name
 * @returns {number[] | undefined}
 */
function toldCounts({ meta }, name) {
	if (name === "cluster") return meta.clusters.coarse.map((one) => one.size);
	return meta.counts?.[/** @type {"kind"} */ (name)];
}

/**
 * @param {LiveMap} map
 * @param {string} name
 * @param {Points} points
 * @returns {Promise<Found>}
 */
async function keysBy(map, name, points) {
	if (isRamp(name)) {
		const { plane, names } = await map.source.plane(name, map.projection);
		const write = map.number;
		return { plane, items: numberItems(names, write) };
	}
	if (name === "landmark") return landmarkKeys(map, points);
	if (name === "cluster") {
		const { coarse } = map.meta.clusters;
		const items = coarse.map((cluster, key) => ({
			key,
			name: cut(cluster.name.split(" · ")[0]),
			colour: cluster.colour === GREY ? NOISE : PALETTE[cluster.colour],
			...tongue(map.meta, cluster),
		}));
		return { plane: points.groups.cluster, items };
	}
	const group = /** @type {"kind" | "script" | "pos"} */ (name);
	const items = map.meta.groups[group].map((value, key) => ({
		key,
		name: map.words[`${group}:${value}`] || value,
		colour: PALETTE[key] ?? NOISE,
	}));
	return { plane: points.groups[group], items };
}

/**
 * Whether a property is told in steps from low to high.
 * @param {string} name
 * @returns {name is "rank" | "overlap" | "norm" | "suspicion"}
 */
export const isRamp = (name) =>
	["rank", "overlap", "norm", "suspicion"].includes(name);

/**
 * @param {[number, number][]} steps the first and last number of each step
 * @param {(value: number) => string} write
 */
export function numberItems(steps, write) {
	const last = Math.max(steps.length - 1, 1);
	return steps.map(([low, high], key) => ({
		key,
		name: low === high ? write(low) : `${write(low)}–${write(high)}`,
		colour: STEPS[Math.round((key * (STEPS.length - 1)) / last)],
	}));
}

/**
 * A token of several landmarks takes the colour of the smallest, which says most.
 * @param {LiveMap} map
 * @param {Points} points
 */
async function landmarkKeys(map, points) {
	const landmarks = await map.source.landmarks();
	const items = landmarks.map((landmark, key) => ({
		key,
		name: map.landmark(landmark),
		colour: PALETTE[key % PALETTE.length],
		rows: landmark.rows,
	}));
	const largest = [...items].sort((a, b) => b.rows.length - a.rows.length);
	/** @type {Map<number, number>} */
	const keys = new Map();
	for (const { rows, key } of largest)
		for (const row of rows) keys.set(row, key);
	const plane = Uint8Array.from(
		{ length: points.n },
		(_, i) => keys.get(points.rows?.[i] ?? i) ?? GREY,
	);
	return { plane, items };
}
