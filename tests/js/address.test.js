import assert from "node:assert/strict";
import { test } from "node:test";
import {
	anchored,
	readAddress,
	viewAt,
	writeAddress,
} from "../../templates/maps/map/address.js";
import { everything, lot, maps, open } from "./golden.js";

/** @typedef {import("../../templates/maps/map/address.js").Wish} Wish */

test("what is written is read again", () => {
	const random = lot(3);
	/** @param {number} most */
	const whole = (most) => Math.floor(random() * most);
	for (let time = 0; time < 500; time++) {
		/** @type {Wish} */
		const wish = {
			token: random() < 0.5 ? null : whole(1e6),
			projection: ["", "umap", "pca"][whole(3)],
			colour: ["", "kind", "rank"][whole(3)],
			only: Array.from({ length: whole(4) }, () => whole(30)),
			landmark: ["", "months", "a&b=#c"][whole(3)],
			view:
				random() < 0.5
					? null
					: [
							whole(1e6),
							Number((random() * 1000 + 0.01).toPrecision(4)),
							whole(2000) - 1000,
							whole(2000) - 1000,
						],
		};
		assert.deepEqual(readAddress(writeAddress(wish)), wish);
	}
});

test("an address that means nothing says nothing", () => {
	const nothing = readAddress("");
	assert.equal(writeAddress(nothing), "");
	for (const odd of [
		"#",
		"#t=abc",
		"#t=-1",
		"#t=",
		"#v=1,2,3",
		"#v=1,0,0,0",
		"#v=a,b,c,d",
		"#f=x.y",
		"#%E0%A4%A",
		"#?secret=abc",
	]) {
		assert.deepEqual(readAddress(odd), nothing, odd);
	}
});

for (const name of maps) {
	test(`${name}: a view comes back by the token nearest to it`, async () => {
		const { source } = await open(name);
		await everything(source);
		const { main } = source.meta;
		const random = lot(4);
		for (let time = 0; time < 40; time++) {
			const view = {
				x: random() * 65535,
				y: random() * 40000,
				span: 65535 * 2 ** (-6 * random()),
			};
			const anchor = await anchored(source, main, view);
			assert.ok(anchor);
			const back = await viewAt(source, main, anchor);
			assert.ok(back);
			assert.ok(Math.abs(back.span / view.span - 1) < 1e-3);
			// Rounded to a thousandth, and to four digits of the width.
			const [, , dx, dy] = anchor;
			const rough = (/** @type {number} */ way) =>
				view.span * (0.0006 + Math.abs(way) * 1e-6);
			assert.ok(Math.abs(back.x - view.x) < rough(dx));
			assert.ok(Math.abs(back.y - view.y) < rough(dy));
		}
		assert.equal(await viewAt(source, main, [99999999, 10, 0, 0]), null);
	});
}
