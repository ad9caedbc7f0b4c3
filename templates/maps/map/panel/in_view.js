// @ts-check
// The table of what is in view: names of clusters, then the tokens whose labels
// show first.
import { cut, make, need } from "../../../assets/shared/dom.js";
import { tongue } from "../labels/called.js";

/** @import { LiveMap } from "../live.js" */
/** @import { NameLabel, TokenLabel } from "../labels/choose.js" */

const LISTED = 60;

/** @param {LiveMap} map */
export function followView(map) {
	need(map.stage, ".inview").addEventListener("toggle", () => map.list());
}

/** @param {LiveMap} map */
export function listView(map) {
	/** @type {HTMLDetailsElement} */
	const box = need(map.stage, ".inview");
	if (!box.open || !map.found) return;
	const { names, tokens } = map.found;
	const first = [...tokens].sort((a, b) => a.zoom - b.zoom).slice(0, LISTED);
	need(box, "tbody").replaceChildren(
		...names.map((label) => cluster(map, label)),
		...first.map((label) => token(map, label)),
	);
}

/**
 * @param {LiveMap} map
 * @param {NameLabel} label
 */
function cluster(map, { name, page, size, level, key }) {
	const href = `${map.stage.dataset.clusters}${page}`;
	const { clusters } = map.meta;
	const head = { scope: "row", ...tongue(map.meta, clusters[level][key]) };
	return make(
		"tr",
		{},
		make("th", head, make("a", { href }, cut(name, 120))),
		make("td", {}, map.words.cluster),
		make("td", { class: "n" }, map.number(size)),
	);
}

/**
 * @param {LiveMap} map
 * @param {TokenLabel} label
 */
function token(map, { row, i, text }) {
	const act = { type: "button", onclick: () => map.select(row, "near") };
	const head = { scope: "row", lang: map.meta.language };
	return make(
		"tr",
		{},
		make("th", head, make("button", act, make("bdi", {}, cut(text)))),
		make("td", {}, map.told("kind", i) ?? ""),
		make("td", {}, ""),
	);
}
