import assert from "node:assert/strict";
import { test } from "node:test";
import { strew } from "../../templates/maps/map/scene/strew.js";

const SIDE = 12;

/**
 * A picture of one unit to a pixel, with dots at places.
 * @param {[number, number][]} places
 * @param {{ size: number, square: boolean, opacity?: number, colour?: string }} look
 */
function picture(places, { size, square, opacity = 1, colour = "#204060" }) {
	const image = {
		data: new Uint8ClampedArray(4 * SIDE * SIDE),
		width: SIDE,
		height: SIDE,
	};
	const layer = {
		colour,
		opacity,
		scale: 1,
		height: 2,
		index: new Uint32Array(0),
		x: Float32Array.from(places, ([x]) => x),
		y: Float32Array.from(places, ([, y]) => SIDE - y),
	};
	const view = { x: SIDE / 2, y: SIDE / 2, span: SIDE };
	strew(image, layer, view, size, square);
	return image.data;
}

/** @param {Uint8ClampedArray} data */
const covered = (data) =>
	data.reduce((sum, value, i) => sum + (i % 4 === 3 ? value / 255 : 0), 0);

test("a dot covers its own area, wherever in a pixel it lies", () => {
	for (const size of [1, 1.5, 2, 3, 4.5, 6]) {
		for (let step = 0; step < 16; step++) {
			const at = /** @type {[number, number]} */ ([
				5 + step / 16,
				6 - step / 9,
			]);
			const square = covered(picture([at], { size, square: true }));
			assert.ok(Math.abs(square - size ** 2) < 0.1, `${size}: ${square}`);
			if (size < 3) continue;
			const disc = covered(picture([at], { size, square: false }));
			const area = Math.PI * (size / 2) ** 2;
			assert.ok(
				Math.abs(disc / area - 1) < 0.08,
				`${size}: ${disc} of ${area}`,
			);
		}
	}
});

test("dots of one colour keep it, and those of another lie over them", () => {
	const [r, g, b, a] = picture([[2, 2], [2, 2]], { size: 6, square: true }); // biome-ignore format: short
	assert.deepEqual([r, g, b, a], [0x20, 0x40, 0x60, 255]);
	const faint = picture([[6, 6]], { size: 4, square: true, opacity: 0.12 }); // biome-ignore format: short
	const at = 4 * (6 * SIDE + 6);
	assert.equal(faint[at + 3], Math.round(0.12 * 255));
	const twice = picture([[6, 6], [6, 6]], { size: 4, square: true, opacity: 0.5 }); // biome-ignore format: short
	assert.ok(Math.abs(twice[at + 3] - 0.75 * 255) < 2);
});

test("what lies beyond the edges is cut, not drawn on the other side", () => {
	const data = picture([[-1, 6], [SIDE + 1, 6], [6, -1], [6, SIDE + 1], [-50, -50]], { size: 4, square: true }); // biome-ignore format: one picture
	assert.ok(Math.abs(covered(data) - 4 * 4) < 0.1);
	for (let row = 4; row < 8; row++) {
		for (const column of [1, 2, 9, 10]) {
			assert.equal(data[4 * (row * SIDE + column) + 3], 0);
		}
	}
});
