// @ts-check
// What stands above the points: labels, pins, and the lasso.
import { labelled } from "../../assets/shared/dom.js";
import { core, placesOf } from "./camera/fit.js";
import { PALETTE } from "./colour/palette.js";
import { apart } from "./labels/apart.js";
import { chooseLabels } from "./labels/choose.js";
import { drawLabels } from "./labels/draw.js";
import { standing } from "./labels/standing.js";
import { fitted, penOf, projector } from "./scene/canvas.js";
import { halfOctaves } from "./view.js";

/** @import { LiveMap } from "./live.js" */
/** @import { Landmark } from "./meta" */
/** @import { View } from "./camera/camera.js" */
/** @import { Named } from "./labels/choose.js" */
/** @import { Style } from "./labels/draw.js" */
/** @import { Spot } from "./choosing/inside.js" */

/** The zoom from which tokens matter more than names, in half-octaves. */
const DEEP = 7;

/**
 * How labels look in the present theme.
 * @param {LiveMap} map
 * @param {View} view
 * @returns {Style}
 */
export function styleOf(map, view) {
	const now = getComputedStyle(map.canvas);
	return {
		ink: now.color,
		soft: now.getPropertyValue("--soft").trim(),
		halo: now.getPropertyValue("--halo").trim(),
		family: now.fontFamily,
		deep: halfOctaves(map, view) > DEEP,
	};
}

/**
 * A token's text as labels show it; undefined where it is not known yet.
 * @param {LiveMap} map
 * @param {number} row
 */
function shown(map, row) {
	const text = map.source.text(row);
	return text === undefined ? undefined : labelled(text, penOf(map.canvas));
}

/**
 * The labels that show in a view.
 * @param {LiveMap} map
 * @param {View} view
 */
export function chooseLabelsOf(map, view) {
	const over = standing(map);
	const labels = chooseLabels({
		meta: map.meta,
		standing: over,
		above: map.room(map.box.clientWidth).above,
		text: (row) => shown(map, row),
		legible: (text) => labelled(text, penOf(map.canvas)),
		points: map.points(),
		view,
		width: map.box.clientWidth,
		height: map.box.clientHeight,
		half: halfOctaves(map, view),
		colours: map.colour === "cluster" ? PALETTE : null,
		hidden: map.faint,
		selected: map.selected,
		near: map.selected?.near?.slice(0, map.many) ?? null,
		hovered: map.hovered,
		pins: pins(map),
	});
	return apart(
		labels,
		map.box.clientWidth,
		map.box.clientHeight,
		over,
		(text, size, weight) => halfOf(map, `${weight} ${size}px`, text),
	);
}

const MOST = 20000; // widths kept
const HALO = 3; // pixels
/** @type {Map<string, number>} */
const halves = new Map();

/**
 * Half the width of a text in a font with its halo, measured once.
 * @param {LiveMap} map
 * @param {string} font
 * @param {string} text
 */
function halfOf({ canvas }, font, text) {
	const known = halves.get(font + text);
	if (known !== undefined) return known;
	const pen = penOf(canvas);
	pen.font = `${font} ${getComputedStyle(canvas).fontFamily}`;
	const half = pen.measureText(text).width / 2 + HALO;
	if (halves.size >= MOST) halves.clear();
	halves.set(font + text, half);
	return half;
}

/**
 * Pins of landmarks while the map is coloured by them: each member of those that
 * the legend leaves, or one pin for each where it leaves all.
 * @param {LiveMap} map
 * @returns {Named[]}
 */
function pins(map) {
	if (map.colour !== "landmark") return [];
	return (map.meta.landmarks ?? []).flatMap((landmark, key) => {
		if (!map.only.size) return middle(map, landmark);
		if (!map.only.has(key)) return [];
		return landmark.rows.flatMap((row) => {
			const at = map.source.spot(map.projection, row);
			return at ? [{ at, row, text: shown(map, row) ?? "" }] : [];
		});
	});
}

/**
 * A pin at the member of a landmark that is nearest to the medians of all.
 * @param {LiveMap} map
 * @param {Landmark} landmark
 * @returns {Named[]}
 */
function middle(map, landmark) {
	const [at] = core(placesOf(map, landmark.rows), 0);
	return at ? [{ at, text: map.landmark(landmark) }] : [];
}

/**
 * @param {LiveMap} map
 * @param {View} view
 */
export function drawOverlay(map, view) {
	const pen = fitted(map.canvas, map.box);
	if (map.gliding) return;
	const style = styleOf(map, view);
	map.found = chooseLabelsOf(map, view);
	drawLabels(pen, map.found, style, map.pointed);
	const { path, kept } = map.lasso;
	if (path) drawLasso(pen, map, view, style.ink, path);
	else if (kept?.projection === map.projection) {
		drawLasso(pen, map, view, style.ink, kept.path);
	}
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {LiveMap} map
 * @param {View} view
 * @param {string} ink
 * @param {Spot[]} path
 */
function drawLasso(pen, { box }, view, ink, path) {
	const at = projector(view, box.clientWidth, box.clientHeight);
	pen.beginPath();
	for (const { x, y } of path) pen.lineTo(...at(x, y));
	pen.closePath();
	pen.strokeStyle = ink;
	pen.lineWidth = 1.5;
	pen.setLineDash([5, 4]);
	pen.stroke();
	pen.setLineDash([]);
	pen.globalAlpha = 0.07;
	pen.fillStyle = ink;
	pen.fill();
	pen.globalAlpha = 1;
}
