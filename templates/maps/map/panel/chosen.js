// @ts-check
// Chosen tokens: how many, which, as a list to copy or to download.
import { cut, make, need } from "../../../assets/shared/dom.js";
import { repaint } from "../colour/paint.js";
import { copy, landmarkTable, save } from "./hand_over.js";
import { fill } from "./words.js";

/** @import { LiveMap } from "../live.js" */

const LISTED = 500;

/**
 * Chooses tokens, or none: the others fade. `title` says what they are, with
 * their number as %(n)s.
 * @param {LiveMap} map
 * @param {number[] | null} rows
 * @param {string} [title]
 */
export async function choose(map, rows, title = map.words.count) {
	map.picked = rows;
	map.lasso.kept = null;
	const told = fill(title, { n: map.number(rows?.length ?? 0) });
	show(map, rows, told);
	if (rows) map.say(told);
	await repaint(map);
	if (rows) await map.source.texts(rows.slice(0, LISTED)).catch(map.failed);
	if (map.picked !== rows) return;
	if (rows) list(map, rows);
	map.emit("choose", rows);
}

/**
 * @param {LiveMap} map
 * @param {number[] | null} rows
 * @param {string} told
 */
function show(map, rows, told) {
	const box = need(map.stage, ".chosen");
	if (!rows && box.contains(document.activeElement)) {
		map.box.focus({ preventScroll: true });
	}
	box.hidden = !rows;
	box.replaceChildren(...(rows ? [bar(map, rows, told)] : []));
}

/**
 * @param {LiveMap} map
 * @param {number[]} rows
 */
function list(map, rows) {
	const { language } = map.meta;
	const list = make("ul", { class: "tokens-list fades", lang: language });
	for (const row of rows.slice(0, LISTED)) {
		const act = { type: "button", onclick: () => map.select(row, true) };
		const name = make("bdi", {}, cut(map.source.text(row) ?? "…"));
		list.append(make("li", {}, make("button", act, name)));
	}
	const box = need(map.stage, ".chosen");
	box.append(list);
	if (rows.length <= LISTED) return;
	const more = fill(map.words.more, { n: map.number(rows.length - LISTED) });
	box.append(make("p", { class: "meta" }, more));
}

/**
 * @param {LiveMap} map
 * @param {number[]} rows
 * @param {string} told
 */
function bar(map, rows, told) {
	const { words, source } = map;
	const made = make("div", { class: "bar" }, make("h2", {}, told));
	/**
	 * @param {string} name
	 * @param {() => Promise<void>} act
	 */
	const button = (name, act) => {
		const node = make("button", { type: "button" }, words[name]);
		node.addEventListener("click", () => act().catch(map.failed));
		made.append(node);
		return node;
	};
	/**
	 * A button that copies, and says so where it stands.
	 * @param {string} name
	 * @param {(texts: (string | undefined)[]) => string} write
	 */
	const copies = (name, write) => {
		const node = button(name, async () => {
			await source.texts(rows);
			if (!(await copy(write(rows.map((row) => source.text(row)))))) return;
			map.say(words.copied);
			node.textContent = `${words.copied} ✓`;
			setTimeout(() => node.replaceChildren(words[name]), 1600);
		});
	};
	if (rows.length) {
		copies("copy", (texts) => texts.join("\n"));
		button("csv", async () =>
			save(await csv(map, rows), `${map.meta.map}.csv`),
		);
		copies("toml", (texts) => landmarkTable("selection", texts));
	}
	const looks = { class: "close-panel", "aria-label": words.clear };
	const act = { title: words.clear, onclick: () => map.choose(null) };
	made.append(make("button", { type: "button", ...looks, ...act }, "×"));
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
