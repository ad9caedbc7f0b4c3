import assert from "node:assert/strict";
import { test } from "node:test";
import { fold } from "../../templates/maps/map/source/fold.js";
import { patternOf } from "../../templates/maps/map/source/pattern.js";
import { romajiOf, soundOf } from "../../templates/maps/map/source/romaji.js";
import { countSteps } from "../../templates/maps/map/source/steps.js";
import { everything, fetched, maps, open } from "./golden.js";

const skip = maps.length ? false : "pytest writes the maps";

test("the maps are there", { skip }, () => assert.ok(maps.length >= 4));

/** @param {string} name */
async function contextOf(name) {
	const { source, tokens, byId } = await open(name);
	const points = await everything(source);
	const rows = Array.from({ length: points.n }, (_, i) => i);
	const ids = await source.ids(rows);
	/** @param {number} row */
	const token = (row) => {
		const found = byId.get(ids[row]);
		assert.ok(found);
		return found;
	};
	const some = rows.filter((row) => row % 37 === 0);
	const { meta } = source;
	return { source, meta, tokens, points, rows, ids, token, some };
}

const contexts = new Map(maps.map((name) => [name, contextOf(name)]));

const named = () =>
	Promise.all(
		[...contexts].map(async ([name, context]) => {
			/** @type {[string, Awaited<typeof context>]} */
			const pair = [name, await context];
			return pair;
		}),
	);

/**
 * @param {string} title
 * @param {(context: Awaited<ReturnType<typeof contextOf>>) => void | Promise<void>} act
 */
function each(title, act) {
	for (const [name, context] of contexts) {
		test(`${name}: ${title}`, async () => act(await context));
	}
}

each(
	"every token is there once, with its text",
	async ({ source, tokens, points, rows, ids, token }) => {
		assert.equal(points.n, tokens.length);
		assert.deepEqual(
			[...ids].sort((a, b) => a - b),
			tokens.map(({ id }) => id),
		);
		await source.texts(rows);
		for (const row of rows) assert.equal(source.text(row), token(row).text);
		if (points.rows) assert.deepEqual([...points.rows], rows);
	},
);

each("places are right to one step", async ({ source, meta, rows, token }) => {
	for (const projection of Object.keys(meta.projections)) {
		const points = await everything(source, projection);
		const { x, y, zoom, groups } = points;
		const order = [...(points.rows ?? rows)];
		assert.deepEqual(
			order.toSorted((a, b) => a - b),
			rows,
		);
		for (const [i, row] of order.entries()) {
			const { places, zooms, coarse, text } = token(row);
			const [tx, ty] = places[projection];
			assert.ok(Math.abs(x[i] - tx) <= 0.52, `${x[i]}, ${tx}`);
			assert.ok(Math.abs(y[i] - ty) <= 0.52, `${y[i]}, ${ty}`);
			assert.equal(zoom[i], zooms[projection]);
			assert.equal(groups.cluster[i], coarse < 0 ? 255 : coarse);
			if (i % 50) continue;
			assert.deepEqual(await source.place(projection, row), [x[i], y[i]]);
			await source.texts([row]);
			assert.equal(source.text(row), text);
		}
	}
	await source.open(meta.main);
});

each(
	"each projection answers for rows of tiles not loaded",
	async ({ meta }) => {
		for (const [name, { source, token }] of await named()) {
			if (!source.meta.tiles || source.meta !== meta) continue;
			const again = (await open(name)).source;
			for (const projection of Object.keys(meta.projections)) {
				await again.open(projection);
				for (const row of [0, 1, again.total >> 1, again.total - 1]) {
					const [x, y] = await again.place(projection, row);
					const [tx, ty] = token(row).places[projection];
					assert.ok(Math.hypot(x - tx, y - ty) <= 1);
					await again.texts([row]);
					assert.equal(again.text(row), token(row).text);
				}
			}
		}
	},
);

each(
	"the first view leaves out a few strays at most",
	async ({ source, meta, rows }) => {
		for (const [projection, { view }] of Object.entries(meta.projections)) {
			const { x, y } = await everything(source, projection);
			const shown = rows.filter(
				(row) =>
					x[row] > view.left &&
					x[row] < view.left + view.width &&
					y[row] > view.bottom &&
					y[row] < view.bottom + (view.width * 2) / 3,
			);
			assert.ok(shown.length > 0.97 * rows.length);
		}
	},
);

each("properties are those of the data", ({ meta, points, rows, token }) => {
	for (const row of rows) {
		const { coarse, kind, script, pos } = token(row);
		const { groups } = points;
		assert.equal(groups.cluster[row], coarse < 0 ? 255 : coarse);
		assert.equal(meta.groups.kind[groups.kind[row]] ?? null, kind);
		assert.equal(meta.groups.script[groups.script[row]] ?? null, script);
		assert.equal(meta.groups.pos[groups.pos[row]] ?? null, pos);
	}
});

each("facts are those of the data", async ({ source, token, some }) => {
	for (const row of some) {
		const { id, rank, fine, reading, overlap, near } = token(row);
		const facts = await source.facts(row);
		assert.equal(facts.id, id);
		assert.equal(facts.rank, rank);
		assert.equal(facts.fine, fine < 0 ? 65535 : fine);
		assert.equal(facts.reading, reading);
		assert.deepEqual(facts.overlap, overlap);
		assert.deepEqual(
			await source.ids(facts.near.map((other) => other.row)),
			near.map(([other]) => other),
		);
		for (const [j, { similarity }] of facts.near.entries()) {
			assert.ok(Math.abs(similarity - near[j][1]) <= 0.5 / 100 + 1e-6);
		}
	}
});

each(
	"near on the map is what fewer than k others are nearer than",
	async ({ source, meta, rows, some }) => {
		for (const projection of Object.keys(meta.projections)) {
			const { x, y, ...points } = await everything(source, projection);
			const order = [...(points.rows ?? rows)];
			const at = new Map(order.map((row, i) => [row, i]));
			for (const row of some.slice(0, 12)) {
				const near = (await source.facts(row)).near.map((other) => other.row);
				const i = at.get(row) ?? 0;
				const gaps = order.map(
					(_, j) => (x[j] - x[i]) ** 2 + (y[j] - y[i]) ** 2,
				);
				const expected = near.filter((to) => {
					const gap = gaps[at.get(to) ?? 0];
					return (
						gaps.filter((other, j) => j !== i && other < gap).length < meta.k
					);
				});
				const kept = await source.kept(projection, row, near);
				assert.deepEqual([...kept].sort(), expected.sort());
			}
		}
	},
);

each(
	"an id leads to its row, and an unknown one nowhere",
	async ({ source, ids, some }) => {
		for (const row of some) assert.equal(await source.rowOf(ids[row]), row);
		const known = new Set(ids);
		const unknown = [0, 1, 2, 999, 1e6].filter((id) => !known.has(id));
		for (const id of unknown) assert.equal(await source.rowOf(id), -1);
	},
);

each(
	"a pattern finds what fits it, and a reading is found in Latin letters",
	async ({ source, token, some, rows: all }) => {
		const texts = all.map((row) => fold(token(row).text));
		const spoken = all.map((row) => token(row).reading);
		for (const row of some) {
			const signs = [...texts[row]];
			if (signs.some((sign) => "*^$\t".includes(sign))) continue;
			const end = signs.slice(-2).join("");
			const ways = [`*${end}$`, `^${signs[0]}*${signs.at(-1)}$`, `^${end}`];
			for (const way of ways) {
				const fits = patternOf(way);
				const expected = texts.flatMap((text, other) => {
					const said = spoken[other] && fold(spoken[other]);
					const good = fits?.(text) || (said && fits?.(said));
					return good || text.includes(way) ? [other] : [];
				});
				const found = (await source.all(way, true)) ?? [];
				for (const other of expected) assert.ok(found.includes(other), way);
				// The index of a large map knows readings and words of a text alike.
				for (const other of found) {
					const word = texts[other].replace(/^##/, "");
					assert.ok(expected.includes(other) || fits?.(word), way);
				}
				const best = await source.find(way, 5);
				assert.equal(best.length, Math.min(5, found.length), way);
			}
			const sound = spoken[row] && soundOf(romajiOf(fold(spoken[row])));
			if (!sound) continue;
			const rows = (await source.all(sound, true)) ?? [];
			assert.ok(rows.includes(row), `${spoken[row]} as ${sound}`);
		}
	},
);

each(
	"a token is found by its beginning and by its reading",
	async ({ source, token, some }) => {
		for (const row of some) {
			const { text, reading } = token(row);
			const whole = await source.find(text, 40);
			assert.ok(
				whole.some((match) => match.row === row),
				text,
			);
			assert.equal(whole[0].text, text, "nan before NaN");
			assert.ok(whole.every((match) => match.text === token(match.row).text));
			const begin = [...text].slice(0, 2).join("");
			const begun = await source.find(begin, 5000);
			assert.ok(
				begun.some((match) => match.row === row),
				begin,
			);
			if (!reading) continue;
			const said = await source.find(reading, 5000);
			assert.ok(
				said.some((match) => match.row === row),
				reading,
			);
		}
		assert.deepEqual(await source.find("xqzv", 12), []);
	},
);

each(
	"all tokens are found that hold a text, and no others",
	async ({ source, rows, token }) => {
		for (const query of [
			"a",
			"ma",
			"Th",
			"tion",
			"##ing",
			"は",
			"ん",
			"人",
			"しょう",
		]) {
			const wanted = fold(query);
			const found = await source.find(query, 5000);
			const spoken = (/** @type {string | null} */ reading) =>
				fold(reading ?? "").includes(wanted);
			for (const { row } of found) {
				const { text, reading } = token(row);
				assert.ok(fold(text).includes(wanted) || spoken(reading), text);
			}
			const holding = rows.filter((row) =>
				fold(token(row).text).includes(wanted),
			);
			const got = new Set(found.map(({ row }) => row));
			assert.deepEqual(
				holding.filter((row) => !got.has(row)),
				[],
			);
		}
	},
);

each(
	"landmarks have their members, and the places of these",
	async ({ source, meta, token }) => {
		const landmarks = await source.landmarks();
		assert.ok(landmarks.length > 0);
		for (const projection of Object.keys(meta.projections)) {
			await source.open(projection);
			for (const { name, rows } of landmarks) {
				assert.ok(rows.length > 0);
				for (const row of rows) {
					const { text, places } = token(row);
					if (name === "years") assert.match(text, /^(19|20)[0-9][0-9]$/);
					const [x, y] = source.spot(projection, row) ?? [0, 0];
					const [tx, ty] = places[projection];
					assert.ok(Math.hypot(x - tx, y - ty) <= 1, text);
				}
			}
		}
	},
);

each(
	"steps of ranks and of faithfulness are those of the data",
	async ({ source, tokens, meta, rows, token }) => {
		await everything(source);
		const ranks = await source.plane("rank", meta.main);
		assert.equal(ranks.names[7][1], tokens.length);
		const kept = await source.plane("overlap", meta.main);
		for (const row of rows) {
			const { rank, overlap } = token(row);
			const [low, high] = ranks.names[ranks.plane[row]];
			// Where eighths are no whole numbers, ranks at an edge may fall either way.
			assert.ok(rank >= low - 1 && rank <= high + 1, `${rank}: ${low}–${high}`);
			const [from, to] = kept.names[kept.plane[row]];
			assert.ok(from <= overlap[meta.main] && overlap[meta.main] <= to);
		}
	},
);

each(
	"steps of lengths and of suspicion are those of the data",
	async ({ source, meta, rows, token }) => {
		await everything(source);
		const norms = await source.plane("norm", meta.main);
		const suspicion = await source.plane("suspicion", meta.main);
		assert.ok(norms.names.length > 1);
		for (const row of rows) {
			const { norm, suspicion: told } = token(row);
			const [low, high] = norms.names[norms.plane[row]];
			// Edges are told to three digits.
			assert.ok(norm >= low * 0.99 && norm <= high * 1.01, `${norm}: ${low}`);
			if (told === null) assert.equal(suspicion.plane[row], 255);
			else {
				const [from, to] = suspicion.names[suspicion.plane[row]];
				const share = Math.min(Math.max(told, 0), 1);
				assert.ok(share >= from && share <= to, `${told}: ${from}–${to}`);
			}
		}
	},
);

each("clusters are told with the places of their names", ({ tokens, meta }) => {
	for (const { size, colour } of meta.clusters.coarse) {
		assert.ok(size > 0 && colour >= 0 && colour < 12);
	}
	for (const { names } of Object.values(meta.projections)) {
		for (const level of ["coarse", "fine"]) {
			const { zoom, x, y } = names[level];
			for (const list of [zoom, x, y]) {
				assert.equal(list.length, meta.clusters[level].length);
			}
			assert.ok([...x, ...y].every((at) => at >= 0 && at <= 65535));
		}
	}
	for (const [key, { size }] of meta.clusters.coarse.entries()) {
		assert.equal(size, tokens.filter(({ coarse }) => coarse === key).length);
	}
	for (const [key, { size }] of meta.clusters.fine.entries()) {
		assert.equal(size, tokens.filter(({ fine }) => fine === key).length);
	}
});

for (const name of maps) {
	test(`${name}: each file is fetched once`, async () => {
		fetched.length = 0;
		const { source } = await open(name);
		await source.texts([1, 2, 3]);
		await Promise.all([source.facts(3), source.facts(3), source.facts(4)]);
		assert.equal(new Set(fetched).size, fetched.length);
	});
}

test("counts are in steps up to k", () => {
	const { plane, names } = countSteps([0, 1, 2, 3, 4, 9, 10, 15], 15);
	assert.deepEqual([...plane], [0, 1, 2, 3, 3, 5, 6, 6]);
	assert.deepEqual(names.at(-1), [10, 15]);
	assert.deepEqual(countSteps([1], 1).names, [
		[0, 0],
		[1, 1],
	]);
});

test("text is folded as the index is", () => {
	assert.equal(fold("Ｔokyo"), "tokyo");
	assert.equal(fold("ユウショウ"), "ゆうしょう");
	assert.equal(fold("ｶﾞ"), "が");
	assert.equal(fold("ー・ヷ"), "ー・ヷ");
});
