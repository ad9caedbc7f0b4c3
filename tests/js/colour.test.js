import assert from "node:assert/strict";
import { test } from "node:test";
import {
	colouringBy,
	numberItems,
} from "../../templates/maps/map/colour/colouring.js";
import { layersOf, located } from "../../templates/maps/map/colour/layers.js";
import { NOISE, STEPS } from "../../templates/maps/map/colour/palette.js";
import { everything, maps, open } from "./golden.js";

/** @param {string} name */
async function mapOf(name) {
	const { source, tokens } = await open(name);
	await everything(source);
	const map = {
		source,
		meta: source.meta,
		projection: source.meta.main,
		words: {},
		number: String,
		points: () => source.points(source.meta.main),
		landmark: (/** @type {{ name: string }} */ one) => one.name,
	};
	return { map: /** @type {any} */ (map), tokens };
}

test("numbers are named and coloured in steps", () => {
	const items = numberItems([[0, 0], [1, 2], [3, 15]], String); // biome-ignore format: short
	assert.deepEqual(items.map(({ name }) => name), ["0", "1–2", "3–15"]); // biome-ignore format: short
	assert.equal(items[0].colour, STEPS[0]);
	assert.equal(items[2].colour, STEPS[7]);
	assert.equal(numberItems([[0, 5]], String)[0].colour, STEPS[0]);
});

for (const name of maps) {
	test(`${name}: the legend counts what is drawn`, async () => {
		const { map, tokens } = await mapOf(name);
		for (const colour of [
			"cluster",
			"kind",
			"script",
			"rank",
			"overlap",
			"norm",
		]) {
			const { items, none, plane } = await colouringBy(map, colour);
			const counted = items.reduce((sum, { count }) => sum + (count ?? 0), 0);
			assert.equal(counted + none, tokens.length, colour);
			for (const { key, count } of items) {
				assert.equal(plane.filter((other) => other === key).length, count);
			}
		}
	});

	test(`${name}: every point is in one layer, and hidden ones at the bottom`, async () => {
		const { map } = await mapOf(name);
		const points = map.points();
		const colouring = await colouringBy(map, "cluster");
		const [{ key, count }] = colouring.items;
		for (const only of [new Set(), new Set([key])]) {
			const { layers, hidden } = layersOf(points, colouring, only);
			const rows = layers.flatMap(({ index }) => [...index]);
			assert.equal(new Set(rows).size, points.n);
			assert.equal(rows.length, points.n);
			const shown = hidden ? hidden.filter((out) => !out).length : points.n;
			assert.equal(shown, only.size ? count : points.n);
			if (only.size) assert.equal(layers[0].opacity, 0.12);
			else assert.ok(layers[0].colour === NOISE || layers[0].opacity > 0.5);
			for (const { index, x } of located(layers, points.x, points.y)) {
				assert.equal(
					x[0],
					Math.fround(x[0]) === x[0] ? x[0] : points.x[index[0]],
				);
				assert.equal(x.length, index.length);
			}
		}
	});

	test(`${name}: a token of several landmarks shows with each of them`, async () => {
		const { map, tokens } = await mapOf(name);
		const colouring = await colouringBy(map, "landmark");
		assert.ok(colouring.items.length > 0);
		for (const { key, rows } of colouring.items) {
			const only = new Set([key]);
			const { hidden } = layersOf(map.points(), colouring, only);
			const shown = [...(hidden ?? [])].flatMap((out, i) => (out ? [] : [i]));
			assert.deepEqual(
				shown,
				[...new Set(rows)].sort((a, b) => a - b),
			);
		}
		assert.ok(tokens.length > 0);
	});
}
