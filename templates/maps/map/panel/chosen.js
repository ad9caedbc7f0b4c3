// @ts-check
// Chosen tokens: how many, which, as a list to copy or to download.
import { cut, make, need } from "../../../assets/shared/dom.js";
import { copy, save } from "./hand_over.js";
import { fill } from "./words.js";

/** @import { LiveMap } from "../live.js" */

const LISTED = 500;

/**
 * Chooses tokens, or none.
 * @param {LiveMap} map
 * @param {number[] | null} rows
 */
export async function choose(map, rows) {
	map.picked = rows;
	if (rows) await map.source.texts(rows.slice(0, LISTED)).catch(map.failed);
	show(map, rows);
	if (rows) map.say(fill(map.words.count, { n: map.number(rows.length) }));
	map.emit("choose", rows);
}

/**
 * @param {LiveMap} map
 * @param {number[] | null} rows
 */
function show(map, rows) {
	const box = need(map.stage, ".chosen");
	box.hidden = !rows;
	box.replaceChildren();
	if (!rows) return;
	const list = make("ul", { class: "tokens-list", lang: map.meta.language });
	for (const row of rows.slice(0, LISTED)) {
		const act = { type: "button", onclick: () => map.select(row, true) };
		const name = make("bdi", {}, cut(map.source.text(row) ?? "…"));
		list.append(make("li", {}, make("button", act, name)));
	}
	box.append(bar(map, rows), list);
	if (rows.length <= LISTED) return;
	const more = fill(map.words.more, { n: map.number(rows.length - LISTED) });
	box.append(make("p", { class: "meta" }, more));
}

/**
 * @param {LiveMap} map
 * @param {number[]} rows
 */
function bar(map, rows) {
	const { words, source } = map;
	const count = fill(words.count, { n: map.number(rows.length) });
	const made = make("div", { class: "bar" }, make("h2", {}, count));
	/**
	 * @param {string} name
	 * @param {() => void} onclick
	 */
	const button = (name, onclick) =>
		made.append(make("button", { type: "button", onclick }, words[name]));
	if (rows.length) {
		button("copy", async () => {
			await source.texts(rows);
			await copy(rows.map((row) => source.text(row)).join("\n"));
			map.say(words.copied);
		});
		button("csv", async () =>
			save(await csv(map, rows), `${map.meta.map}.csv`),
		);
	}
	button("clear", () => map.choose(null));
	return made;
}

/**
 * A cell of a table. Spreadsheets take what begins with one of these signs for a
 * formula, so such text gets an apostrophe before it, as does text that begins
 * with one: taking one off gives it back exactly.
 * @param {string} value
 */
function cell(value) {
	const text = /^[=+\-@\t\r\n＝＋－＠']/.test(value) ? `'${value}` : value;
	return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

/**
 * The tokens as a table for other programs.
 * @param {LiveMap} map
 * @param {number[]} rows
 */
async function csv(map, rows) {
	const { meta, source } = map;
	await source.texts(rows);
	const ids = await source.ids(rows);
	const { cluster } = map.points().groups;
	const lines = rows.map((row, j) => {
		const i = map.index(row);
		const names = /** @type {const} */ (["kind", "script", "pos"]);
		const cells = [
			String(ids[j]),
			source.text(row) ?? "",
			...names.map((name) => map.group(name, i) ?? ""),
			meta.clusters.coarse[cluster[i]]?.name ?? "",
		];
		return cells.map(cell).join(",");
	});
	const table = ["id,token,kind,script,pos,cluster", ...lines].join("\r\n");
	return new Blob(["\ufeff", table, "\r\n"], { type: "text/csv" });
}
