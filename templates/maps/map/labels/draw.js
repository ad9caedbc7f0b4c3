// @ts-check
// Labels on a canvas above the points.

import { SIZES, sameHit, WEIGHTS } from "./hit.js";
import { leadOf } from "./spread.js";

/** @import { Labels, Line, Mark } from "./choose.js" */
/** @import { Hit } from "./hit.js" */
/** @import { Place } from "../source/index.js" */

const FAINT = 0.45; // below it a label is but a shadow over the dots

/**
 * How labels look; `deep` is when the reader is so near that tokens matter most.
 * @typedef {{ ink: string, soft: string, halo: string, family: string, deep: boolean }} Style
 */

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Labels} labels
 * @param {Style} style
 * @param {Hit | null} [pointed] what the pointer is on, to be underlined
 */
export function drawLabels(pen, labels, style, pointed = null) {
	const { ink, soft, halo, family, deep } = style;
	pen.textAlign = "center";
	pen.textBaseline = "middle";
	pen.lineJoin = "round";
	/**
	 * @param {string} text
	 * @param {number} x
	 * @param {number} y
	 * @param {string} font
	 * @param {string} fill
	 * @param {number} edge
	 * @param {number} alpha
	 * @param {Hit | null} [hit]
	 */
	const write = (text, x, y, font, fill, edge, alpha, hit = null) => {
		if (alpha < FAINT) return;
		pen.globalAlpha = alpha;
		pen.font = `${font}px ${family}`;
		pen.lineWidth = edge;
		pen.strokeStyle = halo;
		pen.fillStyle = fill;
		pen.strokeText(text, x, y);
		pen.fillText(text, x, y);
		if (hit && sameHit(hit, pointed)) {
			const wide = pen.measureText(text).width;
			pen.fillRect(x - wide / 2, y + Number.parseInt(font.slice(-2), 10) * 0.6, wide, 1.5); // biome-ignore format: one line
		}
		pen.globalAlpha = 1;
	};
	for (const { text, px, py, alpha, row } of labels.tokens) {
		const fill = deep ? ink : soft;
		write(text, px, py, `${SIZES.token}`, fill, 3, alpha, { row });
	}
	for (const {
		text,
		font,
		px,
		py,
		level,
		key,
		colour,
		alpha,
	} of labels.names) {
		const plain = level === "coarse" ? ink : soft;
		const fill = colour ? deepen(colour, ink) : plain;
		const letters = `${WEIGHTS[level]} ${font}`;
		write(text, px, py, letters, fill, 4, alpha, { cluster: { level, key } });
	}
	for (const line of labels.lines) drawLine(pen, line, ink);
	for (const mark of labels.marks) {
		if (mark.far) drawLead(pen, [mark.px, mark.py], leadOf(mark), ink);
	}
	for (const mark of [...labels.marks].reverse()) {
		if (mark.way === undefined) drawDot(pen, mark, ink);
		else drawArrow(pen, mark, ink);
		const { text, tx, ty, weight, size, way, row } = mark;
		const hit = way === undefined || row === undefined ? null : { row };
		if (text) write(text, tx, ty, `${weight} ${size}`, ink, 4, 1, hit);
	}
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Line} line
 * @param {string} ink
 */
function drawLine(pen, { from, to, kept }, ink) {
	pen.strokeStyle = ink;
	pen.globalAlpha = kept ? 0.75 : 0.4;
	pen.lineWidth = kept ? 1.8 : 1.1;
	pen.setLineDash(kept ? [] : [4, 3]);
	pen.beginPath();
	pen.moveTo(...from);
	pen.lineTo(...to);
	pen.stroke();
	pen.setLineDash([]);
	pen.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {[x: number, y: number]} from
 * @param {[x: number, y: number]} to
 * @param {string} ink
 */
function drawLead(pen, from, to, ink) {
	pen.strokeStyle = ink;
	pen.globalAlpha = 0.6;
	pen.lineWidth = 1;
	pen.beginPath();
	pen.moveTo(...from);
	pen.lineTo(...to);
	pen.stroke();
	pen.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Mark} mark
 * @param {string} ink
 */
function drawDot(pen, { px, py, dot, ring }, ink) {
	pen.beginPath();
	pen.arc(px, py, dot, 0, 7);
	if (ring) {
		pen.lineWidth = 2;
		pen.strokeStyle = ink;
		pen.stroke();
	} else {
		pen.fillStyle = ink;
		pen.fill();
	}
}

/**
 * The corners of the arrow that leads to a point which is not in view.
 * @param {Mark} mark
 * @returns {Place[]}
 */
export const arrowOf = ({ px, py, dot, way = 0 }) =>
	[0, 2.5, Math.PI, -2.5].map((turn) => {
		const far = turn === Math.PI ? dot * 0.3 : dot;
		return [px + Math.cos(way + turn) * far, py + Math.sin(way + turn) * far];
	});

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Mark} mark
 * @param {string} ink
 */
function drawArrow(pen, mark, ink) {
	pen.beginPath();
	for (const corner of arrowOf(mark)) pen.lineTo(...corner);
	pen.closePath();
	pen.fillStyle = ink;
	pen.fill();
}

/** @param {string} colour as #rrggbb or rgb(…) */
const parts = (colour) =>
	colour.startsWith("#")
		? [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16))
		: (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);

/**
 * A colour moved half way to the ink, so that text in it can be read on the paper.
 * @param {string} colour
 * @param {string} ink
 */
export function deepen(colour, ink) {
	const dark = parts(ink);
	const mixed = parts(colour).map((value, i) =>
		Math.round((value + dark[i]) / 2),
	);
	return `rgb(${mixed.join(" ")})`;
}
