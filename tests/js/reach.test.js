import assert from "node:assert/strict";
import { test } from "node:test";
import { apart } from "../../templates/maps/map/labels/apart.js";
import { chooseLabels } from "../../templates/maps/map/labels/choose.js";
import {
	labelAt,
	reachable,
	SIZES,
	sameHit,
} from "../../templates/maps/map/labels/hit.js";
import { nextOf } from "../../templates/maps/map/labels/reach.js";
import { lot, maps, wishOf } from "./golden.js";

/** @typedef {import("../../templates/maps/map/labels/choose.js").Labels} Labels */

/** @param {string} text @param {number} size */
const half = (text, size) => (text.length * size * 0.6) / 2 + 3; // its halo, too

/**
 * Labels by lot, on a small stage.
 * @param {() => number} random
 * @returns {Labels}
 */
function crowd(random) {
	const place = () => ({ px: random() * 400, py: random() * 300 });
	const alpha = () => (random() < 0.5 ? 1 : random());
	return {
		tokens: Array.from({ length: 60 }, (_, row) => {
			const zoom = Math.floor(random() * 8);
			return { row, i: row, text: "token", zoom, alpha: alpha(), ...place() };
		}),
		names: Array.from({ length: 30 }, (_, key) => ({
			text: "a name",
			name: "a name",
			slug: "a",
			level: key < 10 ? "coarse" : "fine",
			key,
			size: 9,
			font: key < 10 ? 18 : 14,
			colour: null,
			alpha: alpha(),
			...place(),
		})),
		lines: [],
		marks: [],
	};
}

test("no label lies on another, and each that is left out would", () => {
	const random = lot(3);
	for (let time = 0; time < 30; time++) {
		const all = crowd(random);
		const kept = apart(all, 400, 300);
		/** @param {Labels} labels */
		const boxes = ({ names, tokens }) => [
			...names.map((one) => ({ ...one, size: one.font })),
			...tokens.map((one) => ({ ...one, size: SIZES.token })),
		];
		const shown = boxes(kept);
		/** @type {(a: typeof shown[0], b: typeof shown[0]) => boolean} */
		const over = (a, b) =>
			Math.abs(a.px - b.px) < half(a.text, a.size) + half(b.text, b.size) &&
			Math.abs(a.py - b.py) < (a.size + b.size) / 2;
		for (const [i, one] of shown.entries()) {
			const wide = half(one.text, one.size);
			assert.ok(one.px > wide && one.px < 400 - wide);
			assert.ok(one.py > one.size / 2 && one.py < 300 - one.size / 2);
			assert.ok(shown.slice(i + 1).every((other) => !over(one, other)));
		}
		const out = [
			...all.names.filter(({ key }) => kept.names.every((one) => one.key !== key)), // biome-ignore format: one step
			...all.tokens.filter(({ row }) => kept.tokens.every((one) => one.row !== row)), // biome-ignore format: one step
		];
		assert.ok(out.length > 0);
		for (const one of out) {
			const size = "font" in one ? one.font : SIZES.token;
			const wide = half(one.text, size) + 3;
			const px = Math.min(Math.max(one.px, wide), 400 - wide);
			const py = Math.min(Math.max(one.py, size / 2 + 3), 297 - size / 2);
			const hit = shown.filter((other) => over({ ...one, px, py, size }, other)); // biome-ignore format: one step
			assert.ok(hit.length > 0);
			// A label in full never gives way to fading ones alone.
			if (one.alpha === 1) assert.ok(hit.some(({ alpha }) => alpha === 1));
		}
	}
});

for (const name of maps) {
	test(`${name}: labels have room where the map has its whole width`, async () => {
		const wish = await wishOf(name);
		const all = chooseLabels(wish);
		const kept = apart(all, wish.width, wish.height);
		assert.ok(kept.names.length >= all.names.length * 0.9);
		assert.ok(kept.tokens.length >= all.tokens.length * 0.9);
	});

	test(`${name}: every label is within reach, names first`, async () => {
		const labels = apart(chooseLabels(await wishOf(name)), 1000, 667);
		const boxes = reachable(labels);
		assert.equal(boxes.length, labels.names.length + labels.tokens.length);
		const kinds = boxes.map(({ hit }) => ("cluster" in hit ? 0 : 1));
		assert.deepEqual(kinds, [...kinds].sort());
		for (const { x, y, hit } of boxes) {
			assert.ok(sameHit(labelAt(labels, [x, y]), hit));
		}
	});
}

test("no label lies on what stands on the stage", () => {
	const random = lot(8);
	const box = { x: 60, y: 200, wide: 60, high: 100 };
	for (let time = 0; time < 30; time++) {
		const { names, tokens } = apart(crowd(random), 400, 300, [box]);
		for (const { px, py, text } of [...names, ...tokens]) {
			const clear = px - half(text, 12) >= 120 || py <= 100;
			assert.ok(clear, `${px} ${py}`);
		}
	}
});

test("arrows lead to the nearest label in their direction, and nowhere at the edge", () => {
	const box = (/** @type {number} */ x, /** @type {number} */ y) => {
		return { x, y, text: "a", size: 12, hit: { row: x * 1000 + y } };
	};
	const boxes = [box(0, 0), box(50, 0), box(20, 40), box(90, 5), box(40, -60)];
	assert.equal(nextOf(boxes, boxes[0], [1, 0]), 1);
	assert.equal(nextOf(boxes, boxes[1], [1, 0]), 3);
	assert.equal(nextOf(boxes, boxes[0], [0, 1]), 2);
	assert.equal(nextOf(boxes, boxes[1], [0, -1]), 4);
	assert.equal(nextOf(boxes, boxes[3], [1, 0]), -1);
	assert.equal(nextOf(boxes, boxes[0], [-1, 0]), -1);
});

test("fingers hit beside a small label, and the label itself first", () => {
	const token = (/** @type {number} */ row, /** @type {number} */ px) => {
		return { row, i: row, text: "a", px, py: 50, zoom: 0, alpha: 1 };
	};
	const tokens = [token(1, 50), token(2, 74)];
	/** @type {Labels} */
	const labels = { tokens, names: [], lines: [], marks: [] };
	assert.equal(labelAt(labels, [50, 61.5]), null);
	assert.deepEqual(labelAt(labels, [50, 61.5], 12), { row: 1 });
	assert.deepEqual(labelAt(labels, [39, 50], 12), { row: 1 });
	assert.equal(labelAt(labels, [36, 50], 12), null);
});

test("hits are the same that name the same", () => {
	const [coarse, fine] = /** @type {const} */ (["coarse", "fine"]).map(
		(level) => ({ cluster: { level, key: 1 } }),
	);
	assert.ok(sameHit({ row: 1 }, { row: 1 }) && sameHit(coarse, { ...coarse }));
	assert.ok(sameHit(null, null));
	for (const [a, b] of [
		[{ row: 1 }, { row: 2 }],
		[{ row: 1 }, coarse],
		[coarse, fine],
		[coarse, null],
		[null, { row: 0 }],
	]) {
		assert.ok(!sameHit(a, b) && !sameHit(b, a));
	}
});
