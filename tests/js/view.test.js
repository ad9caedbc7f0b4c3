import assert from "node:assert/strict";
import { test } from "node:test";
import { path } from "../../templates/maps/map/camera/path.js";
import {
	inside,
	rowsWithin,
} from "../../templates/maps/map/choosing/inside.js";
import { fill } from "../../templates/maps/map/panel/words.js";
import { projector } from "../../templates/maps/map/scene/canvas.js";
import { lot } from "./golden.js";

test("a place lies within a polygon or not", () => {
	const square = [[0, 0], [4, 0], [4, 4], [0, 4]].map(([x, y]) => ({ x, y })); // biome-ignore format: short
	assert.ok(inside(square, 2, 2) && inside(square, 3.9, 0.1));
	assert.ok(!inside(square, 5, 2) && !inside(square, -1, 2));
	const hook = [[0, 0], [4, 0], [4, 4], [3, 4], [3, 1], [0, 1]].map(([x, y]) => ({ x, y })); // biome-ignore format: short
	assert.ok(
		inside(hook, 3.5, 3) && inside(hook, 1, 0.5) && !inside(hook, 1, 3),
	);
});

test("points are chosen by a path or by its box, but no hidden ones", () => {
	const random = lot(6);
	const n = 500;
	const points = {
		n,
		x: Float64Array.from({ length: n }, () => random() * 10),
		y: Float64Array.from({ length: n }, () => random() * 10),
		rows: Uint32Array.from({ length: n }, (_, i) => 1000 + i),
	};
	const triangle = [{ x: 1, y: 1 }, { x: 9, y: 1 }, { x: 1, y: 9 }]; // biome-ignore format: short
	const hidden = new Uint8Array(n);
	hidden[0] = 1;
	const box = rowsWithin(points, triangle, hidden, true);
	const lasso = rowsWithin(points, triangle, hidden, false);
	const all = [...points.rows];
	const at = (/** @type {number} */ row) => [points.x[row - 1000], points.y[row - 1000]]; // biome-ignore format: short
	const boxed = all.filter((row) => at(row).every((v) => v >= 1 && v <= 9));
	assert.deepEqual(box, boxed.filter((row) => row !== 1000)); // biome-ignore format: short
	assert.deepEqual(lasso, box.filter((row) => at(row)[0] + at(row)[1] < 10)); // biome-ignore format: short
});

test("a flight begins and ends at its views, and goes out between far ones", () => {
	const random = lot(7);
	for (let time = 0; time < 100; time++) {
		const view = () => ({
			x: random() * 65535,
			y: random() * 65535,
			span: 65535 * 2 ** (-8 * random()),
		});
		const [from, to] = [view(), view()];
		const way = path(from, to);
		assert.ok(way.length > 0);
		for (const [part, end] of /** @type {const} */ ([
			[0, from],
			[1, to],
		])) {
			// biome-ignore format: short
			const seen = way.at(part);
			assert.ok(Math.abs(seen.x - end.x) < 1e-3 * 65535);
			assert.ok(Math.abs(seen.span / end.span - 1) < 1e-3);
		}
	}
	const far = path({ x: 0, y: 0, span: 100 }, { x: 60000, y: 0, span: 100 });
	assert.ok(far.at(0.5).span > 10000);
	const zoom = path({ x: 5, y: 5, span: 100 }, { x: 5, y: 5, span: 25 });
	assert.equal(zoom.at(0.5).span, 50);
});

test("the middle of a view is the middle of its picture", () => {
	const at = projector({ x: 30, y: 20, span: 100 }, 200, 100);
	assert.deepEqual(at(30, 20), [100, 50]);
	assert.deepEqual(at(-20, 45), [0, 0]);
});

test("gaps of sentences are filled", () => {
	assert.equal(fill("%(n)s of %(k)s, %(n)s", { n: 3, k: 10 }), "3 of 10, 3");
});
