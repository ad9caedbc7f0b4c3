// @ts-check
// Drawing on a canvas over the map.
import { strew } from "./strew.js";

/** @import { View } from "../camera/camera.js" */

/**
 * Layers of points of one colour each, in units of the frame. Their dots are
 * `scale` times as large as a map's; those of `height` 2 mean something.
 * @typedef {{ colour: string, opacity: number, scale: number, height: number, index: Uint32Array }} Layer
 */
/** @typedef {Layer & { x: Float32Array | Float64Array, y: Float32Array | Float64Array }} Located */

/**
 * A canvas as large as a box, in the screen's own pixels; its pen, which counts
 * in those of the page. What was on it is gone.
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLElement} box
 */
export function fitted(canvas, box) {
	const ratio = window.devicePixelRatio || 1;
	const [w, h] = [box.clientWidth, box.clientHeight];
	const [width, height] = [Math.round(w * ratio), Math.round(h * ratio)];
	if (canvas.width !== width) canvas.width = width;
	if (canvas.height !== height) canvas.height = height;
	const pen = penOf(canvas);
	pen.setTransform(ratio, 0, 0, ratio, 0, 0);
	pen.clearRect(0, 0, w, h);
	return pen;
}

/** @param {HTMLCanvasElement} canvas */
export function penOf(canvas) {
	const pen = canvas.getContext("2d");
	if (!pen) throw new Error("this browser draws no canvas");
	return pen;
}

/**
 * From places on the map to pixels of a picture of a view.
 * @param {View} view
 * @param {number} width
 * @param {number} height
 */
export function projector(view, width, height) {
	const scale = width / view.span;
	const left = view.x - view.span / 2;
	const top = view.y + (view.span * height) / width / 2;
	/**
	 * @param {number} x
	 * @param {number} y
	 * @returns {[number, number]}
	 */
	return (x, y) => [(x - left) * scale, (top - y) * scale];
}

/** Dots below this size, in pixels of the page, are squares. */
const SQUARE = 3;

/**
 * Draws the dots of layers in a view.
 * @param {CanvasRenderingContext2D} pen
 * @param {Located[]} layers
 * @param {View} view
 * @param {number} w
 * @param {number} h
 * @param {number} size
 */
export function drawDots(pen, layers, view, w, h, size) {
	const at = projector(view, w, h);
	for (const { colour, opacity, scale, x, y } of layers) {
		pen.fillStyle = colour;
		pen.globalAlpha = opacity;
		const wide = size * scale;
		const r = wide / 2;
		for (let i = 0; i < x.length; i++) {
			const [px, py] = at(x[i], y[i]);
			if (px < -r || py < -r || px > w + r || py > h + r) continue;
			if (wide < SQUARE) pen.fillRect(px - r, py - r, wide, wide);
			else {
				pen.beginPath();
				pen.arc(px, py, r, 0, 6.2832);
				pen.fill();
			}
		}
	}
	pen.globalAlpha = 1;
}

/**
 * Draws the same on an empty canvas, as pixels: tens of thousands of calls take
 * a canvas longer than one picture does.
 * @param {CanvasRenderingContext2D} pen
 * @param {Located[]} layers
 * @param {View} view
 * @param {number} size
 */
export function paintDots(pen, layers, view, size) {
	const { width, height } = pen.canvas;
	if (!width || !height) return;
	const image = pen.createImageData(width, height);
	const ratio = pen.getTransform().a;
	for (const layer of layers) {
		const wide = size * layer.scale;
		strew(image, layer, view, wide * ratio, wide < SQUARE);
	}
	pen.putImageData(image, 0, 0);
}
