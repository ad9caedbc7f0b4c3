import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseLabels } from "../../templates/maps/map/labels/choose.js";
import { labelAt } from "../../templates/maps/map/labels/hit.js";
import { maps, wishOf } from "./golden.js";

/** @param {string} name */
const labelsOf = async (name) => chooseLabels(await wishOf(name));

for (const name of maps) {
	test(`${name}: the middle of a label is its own`, async () => {
		const labels = await labelsOf(name);
		for (const { px, py, level, key } of labels.names) {
			const hit = labelAt(labels, [px, py]);
			assert.ok(hit && "cluster" in hit);
			const { cluster } = hit;
			const same = cluster.level === level && cluster.key === key;
			const over = labels.names.some(
				(other) =>
					other.key === cluster.key &&
					Math.abs(other.py - py) < 30 &&
					other !== undefined,
			);
			assert.ok(same || over);
		}
		const alone = { ...labels, names: [] };
		let own = 0;
		for (const { px, py, row } of labels.tokens) {
			const hit = labelAt(alone, [px, py]);
			assert.ok(hit && "row" in hit);
			own += hit.row === row ? 1 : 0;
		}
		assert.ok(own > labels.tokens.length * 0.95);
	});
}

test("names of marked tokens lie above names, and these above tokens", () => {
	const at = { px: 50, py: 50, text: "word" };
	/** @type {import("../../templates/maps/map/labels/choose.js").Labels} */
	const labels = {
		tokens: [{ ...at, row: 1, i: 1, zoom: 0, alpha: 1 }],
		names: [
			{
				...at,
				name: "word",
				page: "word/",
				level: "coarse",
				key: 2,
				size: 9,
				font: 18,
				colour: null,
				alpha: 1,
			},
		],
		lines: [],
		marks: [],
	};
	assert.deepEqual(labelAt(labels, [50, 50]), {
		cluster: { level: "coarse", key: 2 },
	});
	assert.deepEqual(labelAt({ ...labels, names: [] }, [50, 50]), { row: 1 });
	const mark = { ...at, dot: 4, weight: 600, size: 13, tx: 50, ty: 50, row: 3 };
	assert.deepEqual(labelAt({ ...labels, marks: [mark] }, [50, 50]), { row: 3 });
	assert.equal(labelAt(labels, [50, 90]), null);
	assert.equal(labelAt(labels, [150, 50]), null);
});
