import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseLabels } from "../../templates/maps/map/labels/choose.js";
import { deepen } from "../../templates/maps/map/labels/draw.js";
import { leadOf, spread } from "../../templates/maps/map/labels/spread.js";
import { lot, maps, wishOf } from "./golden.js";

/** @typedef {import("../../templates/maps/map/labels/choose.js").Mark} Mark */

for (const name of maps) {
	test(`${name}: labels show that are in view and due`, async () => {
		const wish = await wishOf(name);
		const { tokens, names, lines, marks } = chooseLabels(wish);
		assert.ok(tokens.length > 5 && names.length > 3);
		assert.deepEqual([lines, marks], [[], []]);
		for (const { i, zoom, alpha, px, py, text, row } of tokens) {
			assert.ok(zoom <= wish.half && zoom === wish.points.zoom[i]);
			assert.ok(alpha > 0 && alpha <= 1);
			assert.ok(px > -80 && px < 1080 && py > -20 && py < 680);
			assert.equal(text, wish.text(row));
		}
		const due = [...wish.points.zoom].filter((zoom) => zoom <= wish.half);
		assert.equal(tokens.length, due.length);
	});

	test(`${name}: a label stays while one zooms in on it`, async () => {
		const wish = await wishOf(name);
		const [first] = chooseLabels(wish).tokens;
		const [x, y] = [wish.points.x[first.i], wish.points.y[first.i]];
		for (let half = wish.half; half < 16; half += 0.5) {
			const span = 65535 / 2 ** ((half - wish.half) / 2);
			const { tokens } = chooseLabels({ ...wish, half, view: { x, y, span } });
			assert.ok(
				tokens.some(({ row }) => row === first.row),
				String(half),
			);
		}
	});

	test(`${name}: names of clusters give way`, async () => {
		const wish = await wishOf(name);
		const { until } = wish.meta;
		assert.deepEqual(chooseLabels({ ...wish, half: until.fine + 1 }).names, []);
		const fine = chooseLabels({ ...wish, half: until.coarse + 1 }).names;
		assert.ok(fine.every(({ level }) => level === "fine"));
	});

	test(`${name}: what is hidden has no label, what is chosen a mark`, async () => {
		const wish = await wishOf(name);
		const hidden = new Uint8Array(wish.points.n).fill(1);
		assert.deepEqual(chooseLabels({ ...wish, hidden }).tokens, []);
		/** @type {[number, number]} */
		const at = [wish.points.x[3], wish.points.y[3]];
		const near = [{ row: 4, at, text: "b", kept: true }];
		const selected = { row: 3, at, text: "a" };
		const { tokens, lines, marks } = chooseLabels({ ...wish, selected, near });
		assert.ok(tokens.every(({ row }) => row !== 3 && row !== 4));
		assert.equal(lines.length, 1);
		assert.deepEqual(marks.map(({ text }) => text).sort(), ["a", "b"]);
	});
}

test("names of marked points lie on no other", () => {
	const random = lot(5);
	for (let time = 0; time < 40; time++) {
		/** @type {Mark[]} */
		const marks = Array.from({ length: 14 }, (_, i) => {
			const [px, py] = [random() * 200, random() * 120];
			const text = ["word", "言葉", "a"][i % 3];
			return { px, py, tx: px, ty: py, text, dot: 4, weight: 600, size: 13 };
		});
		const first = marks[0].text;
		spread(marks);
		assert.equal(marks[0].text, first);
		const shown = marks.filter(({ text }) => text);
		for (const [i, one] of shown.entries()) {
			for (const other of shown.slice(i + 1)) {
				const apart =
					Math.abs(one.ty - other.ty) > 2 * 13 * 0.62 - 1e-9 ||
					Math.abs(one.tx - other.tx) > 13;
				assert.ok(apart);
			}
		}
	}
});

test("names of points at one place all stand about it, joined by lines", () => {
	/** @type {Mark[]} */
	const marks = Array.from({ length: 12 }, (_, i) => {
		const [px, py] = [300 + i, 200 + ((i * 5) % 7)];
		return { px, py, tx: px, ty: py, text: `month${i}`, dot: 3, weight: 700, size: 13 }; // biome-ignore format: one step
	});
	spread(marks, { width: 600, height: 400 });
	assert.ok(marks.every(({ text }) => text));
	const far = marks.filter((mark) => mark.far);
	assert.ok(far.length > 3 && far.length < marks.length);
	for (const mark of far) {
		const [x, y] = leadOf(mark);
		assert.equal(y, mark.ty);
		// The line ends at the side of the name that is nearer to the point.
		assert.ok(Math.abs(x - mark.px) < Math.abs(mark.tx - mark.px));
	}
});

test("no name of a marked point lies on what stands on the stage", () => {
	const bar = { x: 100, y: 30, wide: 100, high: 15 };
	/** @type {Mark[]} */
	const marks = [20, 60, 110, 180].map((px) => {
		return { px, py: 55, tx: px, ty: 55, text: "word", dot: 4, weight: 600, size: 13 }; // biome-ignore format: one step
	});
	spread(marks, { width: 300, height: 200, standing: [bar] });
	assert.ok(marks.every(({ text, ty }) => text && ty - 13 * 0.62 >= 45));
});

test("a colour comes half way to the ink", () => {
	assert.equal(deepen("#ff0000", "rgb(1, 1, 1)"), "rgb(128 1 1)");
	assert.equal(deepen("#000000", "#ffffff"), "rgb(128 128 128)");
});
