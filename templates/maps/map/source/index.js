// @ts-check
// A *source* hands out what is loaded of one map: the whole of it, or as much
// as the view needs. Tokens are known by their *rows* in the map's files.
import { TiledSource } from "./tiles.js";
import { WholeSource } from "./whole.js";

/** @import { Landmark, Meta } from "../meta" */
/** @import { Steps } from "./steps.js" */
/** @typedef {"cluster" | "kind" | "script" | "pos"} Group */
/** @typedef {{ left: number, right: number, bottom: number, top: number }} Rectangle */
/** @typedef {[x: number, y: number]} Place */
/** @typedef {"norm" | "suspicion"} Told of tokens, in steps that the description names */

/**
 * The points that are loaded. `rows` is null where all are, in order.
 * @typedef {{
 *   projection: string,
 *   n: number,
 *   rows: Uint32Array | null,
 *   x: Uint16Array | Float64Array,
 *   y: Uint16Array | Float64Array,
 *   zoom: Uint8Array,
 *   groups: Record<Group, Uint8Array>,
 * }} Points
 */

/** @typedef {{ row: number, similarity: number }} Neighbor */

/**
 * What is told of one token: `rank` is its place in the vocabulary, `fine` the
 * place of its fine cluster in the list, `overlap` how many neighbors each
 * projection keeps.
 * @typedef {{
 *   id: number,
 *   rank: number,
 *   fine: number,
 *   reading: string | null,
 *   overlap: Record<string, number>,
 *   near: Neighbor[],
 * }} Facts
 */

/** @typedef {{ row: number, text: string, kind?: string, reading?: string | null }} Match */

/**
 * What both sources answer. `all` gives every row that a query finds, null where
 * that is far to fetch and not `wanted`; `parts` the tokens that hold bytes of a text. All that returns a promise may fail as a network does.
 * `spot` is the place of a row as far as it is known without one: of any on a map
 * that is loaded whole, of the members of `landmarks`, once they have come, on
 * another.
 * @typedef {{
 *   meta: Meta,
 *   total: number,
 *   open(projection: string): Promise<void>,
 *   points(projection: string): Points,
 *   want(projection: string, view: Rectangle, half: number): Promise<boolean>,
 *   text(row: number): string | undefined,
 *   texts(rows: number[]): Promise<unknown>,
 *   facts(row: number): Promise<Facts>,
 *   place(projection: string, row: number): Promise<Place>,
 *   kept(projection: string, row: number, rows: number[]): Promise<Set<number>>,
 *   find(query: string, most: number): Promise<Match[]>,
 *   all(query: string, wanted?: boolean): Promise<number[] | null>,
 *   parts(query: string): Promise<Match[]>,
 *   rowOf(id: number): Promise<number>,
 *   ids(rows: number[]): Promise<number[]>,
 *   plane(name: "rank" | "overlap" | Told, projection: string): Promise<Steps>,
 *   landmarks(): Promise<Landmark[]>,
 *   spot(projection: string, row: number): Place | undefined,
 * }} Source
 */

/**
 * The source of a map. `base` is the address of the folder of all maps' files.
 * @param {Meta} meta
 * @param {string} base
 * @param {Promise<Uint8Array>} [first] the points of a map that is loaded whole
 * @returns {Source}
 */
export function openSource(meta, base, first) {
	if (meta.tiles) return new TiledSource(meta, meta.tiles, base);
	if (meta.files) return new WholeSource(meta, meta.files, base, first);
	throw new Error(`${meta.map} has neither files nor tiles`);
}
