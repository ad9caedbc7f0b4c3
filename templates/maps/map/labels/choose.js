// @ts-check
// Which labels show. At which zoom each may was decided when the map was made,
// so here is only a filter: in view, and zoomed in far enough. A label fades in
// over a fourteenth of an octave after its zoom, and never leaves while the reader
// zooms in, but for names that give way to finer ones.
import { cut } from "../../../assets/shared/dom.js";
import { projector } from "../scene/canvas.js";
import { GREY } from "../units.js";
import { nameSize } from "./hit.js";
import { spread } from "./spread.js";
import { isSeen, leaving } from "./standing.js";

/** @import { Meta } from "../meta" */
/** @import { View } from "../camera/camera.js" */
/** @import { Place, Points } from "../source/index.js" */
/** @import { Taken } from "./apart.js" */

/** @typedef {{ row: number, i: number, text: string, px: number, py: number, zoom: number, alpha: number }} TokenLabel */
/** @typedef {{ text: string, name: string, page: string, level: "coarse" | "fine", key: number, size: number, font: number, px: number, py: number, colour: string | null, alpha: number }} NameLabel */
/** @typedef {{ from: Place, to: Place, kept: boolean }} Line */
/**
 * A marked point; `tx`, `ty` is where its name stands, `far` whether that is away from it, and `way`,
 * in radians, where a point lies that is not in view: its mark is an arrow at the edge.
 * @typedef {{ px: number, py: number, text: string, dot: number, ring?: boolean, way?: number, weight: number, size: number, tx: number, ty: number, far?: boolean, row?: number }} Mark
 */
/** @typedef {{ tokens: TokenLabel[], names: NameLabel[], lines: Line[], marks: Mark[] }} Labels */

/** @typedef {{ at: Place, text?: string, row?: number }} Named a place with a name */
/** @typedef {Named & { row: number, kept: boolean }} Near a neighbor of the chosen token */

/**
 * What labels are chosen from. `colours` are those of clusters, null where
 * colours mean something else. `half` is the zoom in half-octaves, 0 for the
 * whole map on a small phone.
 * @typedef {{
 *   meta: Pick<Meta, "clusters" | "projections" | "until">,
 *   text: (row: number) => string | undefined,
 *   legible?: (text: string) => string,
 *   points: Points,
 *   view: View,
 *   width: number,
 *   height: number,
 *   half: number,
 *   colours: readonly string[] | null,
 *   hidden: Uint8Array | null,
 *   standing?: Taken[],
 *   above?: number,
 *   selected: { row: number, at: Place | null, text?: string } | null,
 *   near: Near[] | null,
 *   hovered: Named | null,
 *   pins: Named[],
 * }} Wish
 */

const BETWEEN = " · "; // the tokens of a cluster's name
const MOST = 1500; // labels of tokens

/**
 * @param {Wish} wish
 * @returns {Labels}
 */
export function chooseLabels(wish) {
	const at = projector(wish.view, wish.width, wish.height);
	// A chosen token and its neighbors, or landmarks, stand out.
	const faint = wish.selected || wish.pins.length ? 0.45 : 1;
	const marks = marksOf(wish, at);
	spread(marks, wish);
	return {
		tokens: tokens(wish, at, faint),
		names: names(wish, at, faint),
		lines: lines(wish, at),
		marks,
	};
}

/** @typedef {(x: number, y: number) => Place} At */

/**
 * @param {Wish} wish
 * @param {Place} pixel
 */
const inside = ({ width, height }, [px, py]) =>
	px > -80 && px < width + 80 && py > -12 && py < height + 12;

/**
 * @param {Wish} wish
 * @param {At} at
 * @param {number} faint
 */
function tokens(wish, at, faint) {
	const { half, hidden, near, points, selected } = wish;
	const { x, y, zoom, rows, n } = points;
	const marked = new Set(near?.map((other) => other.row));
	if (near && selected) marked.add(selected.row);
	/** @type {TokenLabel[]} */
	const found = [];
	for (let i = 0; i < n && found.length < MOST; i++) {
		if (zoom[i] > half || hidden?.[i]) continue;
		const row = rows ? rows[i] : i;
		if (marked.has(row)) continue;
		const pixel = at(x[i], y[i]);
		const text = inside(wish, pixel) ? wish.text(row) : undefined;
		if (text === undefined) continue;
		const alpha = faint * (zoom[i] ? fadeIn(half - zoom[i]) : 1);
		const [px, py] = pixel;
		found.push({ row, i, text, px, py: py - 7, zoom: zoom[i], alpha });
	}
	return found;
}

/** @param {number} past half-octaves since a label may show */
const fadeIn = (past) => Math.min(1, 6 * past + 0.15);

/**
 * @param {Wish} wish
 * @param {At} at
 * @param {number} faint
 */
function names(wish, at, faint) {
	const { half, legible = (text) => cut(text), meta, points, colours } = wish;
	/** @type {NameLabel[]} */
	const found = [];
	const largest = Math.max(1, ...meta.clusters.coarse.map(({ size }) => size));
	for (const level of /** @type {const} */ (["coarse", "fine"])) {
		const last = meta.until[level] + 0.5;
		if (half > last) continue;
		const { zoom, x, y } = meta.projections[points.projection].names[level];
		for (const [key, cluster] of meta.clusters[level].entries()) {
			if (zoom[key] > half) continue;
			const [px, py] = at(x[key], y[key]);
			if (!inside(wish, [px, py])) continue;
			const { name, page, size, title, colour } = cluster;
			const parts = name.split(BETWEEN);
			const coming = zoom[key] ? fadeIn(half - zoom[key]) : 1;
			found.push({
				text: parts
					.slice(0, level === "coarse" ? 1 : undefined)
					.map(legible)
					.join(BETWEEN),
				name,
				page,
				level,
				key,
				size,
				font: nameSize(level, title ? 0 : size / largest),
				px,
				py: py - 8,
				colour: colour === GREY || !colours ? null : colours[colour],
				alpha: Math.min(coming, 4 * (last - half), 1) * faint,
			});
		}
	}
	return found;
}

/**
 * Where a neighbor of the chosen token is drawn, `far` where it is not in view: at
 * the edge then, where the line to it leaves.
 * @param {Wish} wish
 * @param {At} at
 * @param {Near} other
 */
function drawnAt(wish, at, other) {
	const to = at(...other.at);
	const from = wish.selected?.at && at(...wish.selected.at);
	const far = from && isSeen(from, wish) && !isSeen(to, wish);
	return { to: far ? leaving(from, to, wish) : to, far };
}

/**
 * @param {Wish} wish
 * @param {At} at
 * @returns {Line[]}
 */
function lines(wish, at) {
	const start = wish.selected?.at;
	if (!wish.near || !start) return [];
	return wish.near.map((other) => ({
		from: at(...start),
		to: drawnAt(wish, at, other).to,
		kept: other.kept,
	}));
}

/**
 * @param {Wish} wish
 * @param {At} at
 */
function marksOf(wish, at) {
	const { hovered, near, pins, selected } = wish;
	/** @type {Mark[]} */
	const found = [];
	/**
	 * @param {{ at: Place | null, text?: string, row?: number }} what
	 * @param {Pick<Mark, "dot" | "ring" | "weight" | "size">} look
	 */
	const mark = (what, look) => {
		if (!what.at) return;
		const [px, py] = at(...what.at);
		if (!inside(wish, [px, py])) return;
		const { row } = what;
		const text = cut(what.text ?? "");
		found.push({ px, py, text, ...look, tx: px, ty: py, row });
	};
	if (selected) mark(selected, { dot: 5, weight: 700, size: 16 });
	/** @type {Mark[]} */
	const arrows = [];
	for (const other of near ?? []) {
		const { to, far } = drawnAt(wish, at, other);
		if (far) arrows.push(arrow(other, to, at));
		else {
			const dot = other.kept ? 4 : 3.5;
			mark(other, { dot, ring: !other.kept, weight: 600, size: 13 });
		}
	}
	for (const pin of pins) mark(pin, { dot: 3, weight: 700, size: 13 });
	if (hovered) mark(hovered, { dot: 5, ring: true, weight: 600, size: 14 });
	return [...found, ...arrows];
}

/**
 * The mark of a neighbor that is not in view.
 * @param {Near} other
 * @param {Place} to where the line to it leaves
 * @param {At} at
 * @returns {Mark}
 */
function arrow({ at: place, row, text }, [px, py], at) {
	const [x, y] = at(...place);
	const way = Math.atan2(y - py, x - px);
	const looks = { dot: 6, weight: 400, size: 12, way };
	return { px, py, text: cut(text ?? ""), ...looks, tx: px, ty: py, row };
}
