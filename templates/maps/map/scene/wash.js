// @ts-check
// Where points are dense, as soft colour below them: a histogram of the layers
// that mean something, blurred. Few points of many stay faint.
import { UNITS } from "../units.js";
import { penOf, projector } from "./canvas.js";

/** @import { View } from "../camera/camera.js" */
/** @import { Located } from "./canvas.js" */

const CELLS = 256; // across the frame
const BLUR = 2; // cells on each side, so many times:
const PASSES = 3;
const DEEP = 0.34; // the most that it covers
const [NARROW, NARROWEST] = [UNITS / 1.5, UNITS / 14]; // views in which it fades

/**
 * A picture of the frame, from its upper left corner on.
 * @param {Located[]} layers
 */
export function washOf(layers) {
	/** @type {Float32Array[]} weight, then red, green and blue by weight */
	const planes = Array.from({ length: 4 }, () => new Float32Array(CELLS ** 2));
	let total = 0;
	for (const { colour, height, x, y } of layers) {
		total += x.length;
		if (height < 2) continue;
		const parts = [1, 3, 5].map((at) =>
			Number.parseInt(colour.slice(at, at + 2), 16),
		);
		for (let i = 0; i < x.length; i++) {
			const across = Math.min(Math.floor((x[i] / UNITS) * CELLS), CELLS - 1);
			const down = CELLS - 1 - Math.floor((y[i] / UNITS) * CELLS);
			const cell = Math.max(down, 0) * CELLS + Math.max(across, 0);
			planes[0][cell]++;
			for (let part = 0; part < 3; part++)
				planes[part + 1][cell] += parts[part];
		}
	}
	for (const plane of planes) blur(plane);
	const canvas = document.createElement("canvas");
	canvas.width = CELLS;
	canvas.height = CELLS;
	penOf(canvas).putImageData(painted(planes, total), 0, 0);
	return canvas;
}

/**
 * @param {Float32Array[]} planes
 * @param {number} total of points
 */
function painted([weight, ...parts], total) {
	const image = new ImageData(CELLS, CELLS);
	// As many in a cell as there were if a third of the square held all points.
	const usual = total / (CELLS * CELLS * 0.33);
	for (let cell = 0; cell < weight.length; cell++) {
		const heavy = weight[cell];
		if (heavy < usual * 0.02) continue;
		for (let part = 0; part < 3; part++) {
			image.data[4 * cell + part] = parts[part][cell] / heavy;
		}
		image.data[4 * cell + 3] = 255 * DEEP * (1 - Math.exp(-heavy / usual));
	}
	return image;
}

/**
 * Means over a square about each cell, some times, which is nearly a bell.
 * @param {Float32Array} plane
 */
function blur(plane) {
	const line = new Float32Array(CELLS);
	for (let pass = 0; pass < PASSES; pass++) {
		for (let i = 0; i < CELLS; i++) {
			smooth(plane, line, i * CELLS, 1);
		}
		for (let i = 0; i < CELLS; i++) {
			smooth(plane, line, i, CELLS);
		}
	}
}

/**
 * @param {Float32Array} plane
 * @param {Float32Array} line room for a row or a column
 * @param {number} start
 * @param {number} step
 */
function smooth(plane, line, start, step) {
	for (let i = 0; i < CELLS; i++) line[i] = plane[start + i * step];
	let sum = 0;
	for (let i = 0; i < BLUR; i++) sum += line[i];
	for (let i = 0; i < CELLS; i++) {
		if (i + BLUR < CELLS) sum += line[i + BLUR];
		if (i > BLUR) sum -= line[i - BLUR - 1];
		plane[start + i * step] = sum / (2 * BLUR + 1);
	}
}

/**
 * Draws a wash in a view; near, where dots stand apart, it fades.
 * @param {CanvasRenderingContext2D} pen
 * @param {HTMLCanvasElement} wash
 * @param {View} view
 * @param {number} w
 * @param {number} h
 */
export function drawWash(pen, wash, view, w, h) {
	const near = Math.log(view.span / NARROWEST) / Math.log(NARROW / NARROWEST);
	const part = Math.min(Math.max(near, 0), 1);
	if (!part) return;
	const [left, top] = projector(view, w, h)(0, UNITS);
	const size = (UNITS / view.span) * w;
	pen.globalAlpha = part;
	pen.imageSmoothingQuality = "high";
	pen.drawImage(wash, left, top, size, size);
	pen.globalAlpha = 1;
}
