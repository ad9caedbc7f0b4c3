// @ts-check
// Dots as pixels of a picture.

/** @import { View } from "../camera/camera.js" */
/** @import { Located } from "./canvas.js" */

const STEPS = 4; // places within a pixel that a dot may have, each way

/**
 * Adds a layer's dots to a picture of a view: a pixel that a dot covers in part
 * takes that part of its colour.
 * @param {Pick<ImageData, "data" | "width" | "height">} image
 * @param {Located} layer
 * @param {View} view
 * @param {number} size of a dot, in pixels of the picture
 * @param {boolean} square whether dots are squares, or else discs
 */
export function strew(image, layer, view, size, square) {
	const { data, width, height } = image;
	const { x, y, colour, opacity } = layer;
	const [red, green, blue] = [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16)); // biome-ignore format: one step
	const scale = width / view.span;
	const left = view.x - view.span / 2;
	const top = view.y + height / scale / 2;
	const wide = Math.ceil(size) + 1;
	const stamps = stampsOf(size, wide, square, opacity);
	const area = wide * wide;
	for (let i = 0; i < x.length; i++) {
		// Of the dot's upper left corner, in steps.
		const across = Math.round(((x[i] - left) * scale - size / 2) * STEPS);
		const down = Math.round(((top - y[i]) * scale - size / 2) * STEPS);
		const column = Math.floor(across / STEPS);
		const row = Math.floor(down / STEPS);
		if (column <= -wide || row <= -wide || column >= width || row >= height) {
			continue;
		}
		const step = (down - row * STEPS) * STEPS + across - column * STEPS;
		const inner = Math.min(wide, width - column);
		const last = Math.min(wide, height - row);
		for (let v = Math.max(-row, 0); v < last; v++) {
			for (let u = Math.max(-column, 0); u < inner; u++) {
				const alpha = stamps[step * area + v * wide + u];
				if (!alpha) continue;
				const at = 4 * ((row + v) * width + column + u);
				if (!data[at + 3] || alpha === 1) {
					data[at] = red;
					data[at + 1] = green;
					data[at + 2] = blue;
					data[at + 3] = 255 * alpha;
					continue;
				}
				const below = data[at + 3] / 255;
				const all = alpha + below * (1 - alpha);
				const part = alpha / all;
				data[at] += (red - data[at]) * part;
				data[at + 1] += (green - data[at + 1]) * part;
				data[at + 2] += (blue - data[at + 2]) * part;
				data[at + 3] = 255 * all;
			}
		}
	}
}

/** @type {{ of: string, stamps: Float32Array } | undefined} most layers have those of the one before */
let last;

/**
 * How opaque a dot makes each pixel about it, for each place within a pixel.
 * @param {number} size
 * @param {number} wide pixels of a stamp, each way
 * @param {boolean} square
 * @param {number} opacity
 */
function stampsOf(size, wide, square, opacity) {
	const of = `${size} ${square} ${opacity}`;
	if (last?.of !== of) last = { of, stamps: made(size, wide, square, opacity) };
	return last.stamps;
}

/**
 * @param {number} size
 * @param {number} wide
 * @param {boolean} square
 * @param {number} opacity
 */
function made(size, wide, square, opacity) {
	const r = size / 2;
	const along = (/** @type {number} */ d) =>
		Math.max(Math.min(r + 0.5 - Math.abs(d), 1, size), 0);
	const stamps = new Float32Array((STEPS * wide) ** 2);
	for (let i = 0; i < stamps.length; i++) {
		const [step, place] = [Math.floor(i / wide ** 2), i % wide ** 2];
		const dx = (place % wide) + 0.5 - r - (step % STEPS) / STEPS;
		const dy =
			Math.floor(place / wide) + 0.5 - r - Math.floor(step / STEPS) / STEPS;
		const part = square ? along(dx) * along(dy) : along(Math.hypot(dx, dy));
		stamps[i] = part * opacity;
	}
	return stamps;
}
