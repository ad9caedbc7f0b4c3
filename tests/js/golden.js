// Maps that the real payload code wrote, and what their readers should find in
// them: see test_scripts.py, which names the folder of them.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PALETTE } from "../../templates/maps/map/colour/palette.js";
import { openSource } from "../../templates/maps/map/source/index.js";

const root = process.env.ATLAS_GOLDEN ?? "";

/**
 * A token as the atlas data have it.
 * @typedef {{
 *   id: number,
 *   text: string,
 *   reading: string | null,
 *   rank: number,
 *   kind: string | null,
 *   script: string | null,
 *   pos: string | null,
 *   coarse: number,
 *   fine: number,
 *   near: [id: number, similarity: number][],
 *   places: Record<string, [x: number, y: number]>,
 *   zooms: Record<string, number>,
 *   overlap: Record<string, number>,
 *   norm: number,
 *   suspicion: number | null,
 * }} Token
 */

/** @typedef {import("../../templates/maps/map/source/index.js").Source} Source */

/** @type {string[]} the maps, whole and in tiles; none without pytest */
export const maps = root
	? JSON.parse(readFileSync(join(root, "maps.json"), "utf8"))
	: [];

/** What was fetched since it was last emptied. */
export const fetched = /** @type {string[]} */ ([]);

globalThis.fetch = async (url) => {
	fetched.push(String(url));
	return new Response(await readFile(String(url)));
};

/**
 * @param {string} name
 * @returns {Promise<{ source: Source, tokens: Token[], byId: Map<number, Token>, tiled: boolean }>}
 */
export async function open(name) {
	const folder = join(root, name, "/");
	const { meta, tokens } = JSON.parse(
		readFileSync(join(folder, "golden.json"), "utf8"),
	);
	const source = openSource(
		JSON.parse(readFileSync(join(folder, meta), "utf8")),
		folder,
	);
	await source.open(source.meta.main);
	const byId = new Map(
		tokens.map((/** @type {Token} */ token) => [token.id, token]),
	);
	return { source, tokens, byId, tiled: Boolean(source.meta.tiles) };
}

/**
 * Numbers from 0 to 1 by lot, the same at each run.
 * @param {number} seed
 */
export function lot(seed) {
	let state = seed + 0x9e3779b9;
	return () => {
		state = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
		state = Math.imul(state ^ (state >>> 15), 0x735a2d97);
		state ^= state >>> 15;
		return (state >>> 0) / 2 ** 32;
	};
}

/**
 * Loads every point of a source.
 * @param {Source} source
 * @param {string} [projection]
 */
export async function everything(source, projection = source.meta.main) {
	const all = { left: -1, right: 65536, bottom: -1, top: 65536 };
	if ("limits" in source) {
		Object.assign(/** @type {any} */ (source).limits, { budget: 1e9 });
	}
	await source.open(projection);
	await source.want(projection, all, 0);
	return source.points(projection);
}

/**
 * What the labels of a whole map in view are chosen by.
 * @param {string} name
 */
export async function wishOf(name) {
	const { source } = await open(name);
	const points = await everything(source);
	await source.texts(Array.from({ length: points.n }, (_, i) => i));
	/** @type {import("../../templates/maps/map/labels/choose.js").Wish} */
	const wish = {
		meta: source.meta,
		text: (row) => source.text(row),
		points,
		view: { x: 32768, y: 21845, span: 65535 },
		width: 1000,
		height: 667,
		half: 2.6,
		colours: PALETTE,
		hidden: null,
		selected: null,
		near: null,
		hovered: null,
		pins: [],
	};
	return wish;
}
