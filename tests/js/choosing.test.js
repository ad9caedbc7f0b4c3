import assert from "node:assert/strict";
import { test } from "node:test";
import { core } from "../../templates/maps/map/camera/fit.js";
import { together } from "../../templates/maps/map/camera/near.js";
import { isSeen, leaving } from "../../templates/maps/map/labels/standing.js";
import { patternOf } from "../../templates/maps/map/source/pattern.js";
import { romajiOf, soundOf } from "../../templates/maps/map/source/romaji.js";
import { fit } from "../../templates/maps/map/source/whole.js";
import { lot } from "./golden.js";

/** @typedef {import("../../templates/maps/map/source/index.js").Place} Place */

test("a pattern finds what the regular expression of its meaning finds", () => {
	const random = lot(5);
	/** @param {string} signs @param {number} most */
	const some = (signs, most) =>
		Array.from(
			{ length: Math.floor(random() * (most + 1)) },
			() => signs[Math.floor(random() * signs.length)],
		).join("");
	let patterns = 0;
	for (let time = 0; time < 20000; time++) {
		const middle = some("ab*", 5);
		const [first, last] = [some("^", 1), some("$", 1)];
		const query = first + middle + last;
		const found = patternOf(query);
		if (!found) {
			const plain = !first && !last && !middle.includes("*");
			assert.ok(plain || /^[*]*$/.test(middle), query);
			continue;
		}
		patterns++;
		const same = new RegExp(first + middle.replaceAll("*", ".*") + last);
		const text = some("ab", 6);
		assert.equal(found(text), same.test(text), `${query} ${text}`);
	}
	assert.ok(patterns > 10000);
});

test("signs of patterns that stand alone are sought as they are", () => {
	for (const query of ["^", "$", "*", "**", "^*", "*$", "plain", "a^b", "$5"]) {
		assert.equal(patternOf(query), null, query);
	}
});

test("a pattern of many stars takes time in proportion to the text", () => {
	const found = patternOf(`${"a*".repeat(30)}b$`);
	const start = performance.now();
	assert.equal(found?.("a".repeat(100000)), false);
	assert.ok(performance.now() - start < 1000);
});

test("a few places far away are left out of a view, others are not", () => {
	const random = lot(8);
	for (let time = 0; time < 200; time++) {
		const n = 10 + Math.floor(random() * 90);
		/** @type {Place[]} */
		const near = Array.from({ length: n }, () => [random(), random()]);
		/** @type {Place[]} */
		const far = Array.from({ length: Math.floor(n / 5) }, () => [
			50 + random(),
			-50,
		]);
		const kept = core([...far, ...near], 0.2);
		assert.ok(kept.every((at) => near.includes(at)));
		assert.equal(kept.length, Math.ceil((n + far.length) * 0.8));
		assert.equal(core(near, 0).length, n);
	}
});

test("a word comes before longer ones, whatever marks it", () => {
	const texts = ["then", "␣them", "the@@", "bathe", "the", "␣the", "␣lathe"];
	const order = texts
		.map((text) => ({ text, goodness: fit(text, undefined, "the") ?? 9 }))
		.sort((a, b) => a.goodness - b.goodness);
	assert.deepEqual(
		order.map(({ text }) => text),
		["the", "the@@", "␣the", "then", "␣them", "bathe", "␣lathe"],
	);
	assert.ok(Number(fit("##ing", undefined, "ing")) < -1);
	assert.equal(fit("犬", "いぬ", "いぬ"), -1);
	assert.equal(fit("##", undefined, "#"), 0);
	assert.equal(fit("犬", "いぬ", "ね"), null);
});

test("readings are found in Latin letters, written in any of their ways", () => {
	for (const [kana, ...ways] of [
		["ゆうしょう", "yuushou", "yusho", "yūshō", "yuusyou"],
		["とうきょう", "toukyou", "tokyo", "tōkyō"],
		["しんぶん", "shinbun", "shimbun", "sinbun"],
		["がっこう", "gakkou", "gakko"],
		["ふじさん", "fujisan", "huzisan"],
		["つづき", "tsuzuki", "tuzuki"],
		["まっちゃ", "matcha", "maccha", "mattya"],
		["じゅんいち", "jun'ichi", "junichi", "zyuniti"],
		["らーめん", "raamen", "ramen"],
	]) {
		for (const way of ways) assert.equal(soundOf(way), romajiOf(kana), way);
	}
	assert.equal(soundOf("ab"), null);
	assert.equal(soundOf("ゆう"), null);
	assert.notEqual(soundOf("kata"), romajiOf("かた".replace("た", "だ")));
});

test("the nearer half of neighbors lies together, and what follows without a leap", () => {
	const random = lot(11);
	for (let time = 0; time < 300; time++) {
		const n = 1 + Math.floor(random() * 15);
		/** @returns {Place} */
		const place = () => [random() ** 4 * 1000, random() ** 4 * 1000];
		const [at, places] = [place(), Array.from({ length: n }, place)];
		const far = (/** @type {Place} */ one) =>
			Math.hypot(one[0] - at[0], one[1] - at[1]);
		const kept = together(at, places, 20).map(far);
		const left = places.map(far).filter((one) => !kept.includes(one));
		assert.ok(kept.length >= n / 2 && kept.length + left.length === n);
		const most = Math.max(...kept);
		assert.ok(left.every((one) => one > 20 && one > 1.8 * most));
	}
});

test("a line to what is not seen ends where it is, on the way", () => {
	const random = lot(12);
	const box = { x: 400, y: 150, wide: 100, high: 150 };
	const seen = { width: 500, height: 300, above: 40, standing: [box] };
	let lines = 0;
	for (let time = 0; time < 3000; time++) {
		/** @returns {Place} */
		const place = () => [random() * 900 - 200, random() * 700 - 200];
		const [from, to] = [place(), place()];
		if (!isSeen(from, seen) || isSeen(to, seen)) continue;
		lines++;
		const [x, y] = leaving(from, to, seen);
		const cross =
			(x - from[0]) * (to[1] - from[1]) - (y - from[1]) * (to[0] - from[0]);
		assert.ok(Math.abs(cross) < 0.1);
		assert.ok(x > 7.9 && x < 300 && y > 47.9 && y < 292.1, `${x} ${y}`);
	}
	assert.ok(lines > 200);
});
