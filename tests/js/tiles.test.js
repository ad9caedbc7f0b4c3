import assert from "node:assert/strict";
import { test } from "node:test";
import { before } from "../../templates/maps/map/source/search_index.js";
import { everything, fetched, lot, maps, open } from "./golden.js";

const tiled = maps.filter((name) => name.startsWith("tiles"));

/**
 * @param {() => number} random
 * @returns {import("../../templates/maps/map/source/index.js").Rectangle}
 */
function someView(random) {
	const width = 65535 * 2 ** (-7 * random());
	const [left, bottom] = [random() * 60000, random() * 40000];
	return { left, right: left + width, bottom, top: bottom + width / 1.5 };
}

for (const name of tiled) {
	test(`${name}: all points of a view come where they are within the budget`, async () => {
		const every = await everything((await open(name)).source);
		const { source } = await open(name);
		const random = lot(1);
		for (let time = 0; time < 30; time++) {
			const view = someView(random);
			await source.want(source.meta.main, view, 0);
			const points = source.points(source.meta.main);
			/** @param {typeof points} all */
			const inView = (all) => {
				let found = 0;
				for (let i = 0; i < all.n; i++) {
					const [x, y] = [all.x[i], all.y[i]];
					const across = x > view.left && x < view.right;
					if (across && y > view.bottom && y < view.top) found++;
				}
				return found;
			};
			assert.equal(inView(points), inView(every));
		}
	});

	test(`${name}: a small budget loads less, but never less than its labels`, async () => {
		const { source, byId } = await open(name);
		Object.assign(/** @type {any} */ (source).limits, { budget: 150, kept: 3 });
		const random = lot(2);
		for (let time = 0; time < 30; time++) {
			const view = someView(random);
			const half = Math.floor(20 * random());
			await source.want(source.meta.main, view, half);
			const points = source.points(source.meta.main);
			const rows = [...(points.rows ?? [])];
			const loaded = new Set(await source.ids(rows));
			for (const { id, places, zooms } of byId.values()) {
				const [x, y] = places[source.meta.main];
				const inside =
					x > view.left + 1 &&
					x < view.right - 1 &&
					y > view.bottom + 1 &&
					y < view.top - 1;
				const labelled = zooms[source.meta.main] <= half;
				if (inside && labelled) assert.ok(loaded.has(id), `${id} at ${half}`);
			}
			const { loaded: kept } = /** @type {any} */ (source);
			assert.ok(kept.size >= new Set(rows).size / points.n);
		}
		const whole = { left: 0, right: 65535, bottom: 0, top: 43690 };
		await source.want(source.meta.main, whole, 0);
		assert.ok(source.points(source.meta.main).n < source.total);
	});

	test(`${name}: a view that is no longer wanted is dropped`, async () => {
		const { source } = await open(name);
		const small = { left: 0, right: 500, bottom: 0, top: 500 };
		const whole = { left: 0, right: 65535, bottom: 0, top: 43690 };
		const first = source.want(source.meta.main, whole, 30);
		const second = source.want(source.meta.main, small, 30);
		await assert.rejects(first, { name: "AbortError" });
		await second;
		assert.ok(source.points(source.meta.main).n < source.total);
	});
}

for (const name of tiled) {
	test(`${name}: what a text is not in is not looked through`, async () => {
		const { source } = await open(name);
		fetched.length = 0;
		assert.deepEqual(await source.find("qqqzz", 12), []);
		assert.ok(fetched.filter((url) => url.includes("words.")).length <= 3);
	});
}

test("texts are compared by code points", () => {
	assert.ok(before("a", "b") && !before("b", "a") && !before("a", "a"));
	assert.ok(before("a", "ab") && !before("ab", "a"));
	assert.ok(before("", "a") && !before("a", ""));
	assert.ok(before("\uffee", "\u{1f600}") && "\uffee" > "\u{1f600}");
});
