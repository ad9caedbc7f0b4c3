// @ts-check
// The legend: it says what the colours mean, and filters.
import { make, need } from "../../../assets/shared/dom.js";
import { NOISE } from "./palette.js";
import { swatch } from "./swatch.js";

/** @import { LiveMap } from "../live.js" */
/** @import { Colouring, Item } from "./colouring.js" */

/**
 * @param {LiveMap} map
 * @param {Item} item
 */
function entry(map, { key, name, colour, count, lang }) {
	return make(
		"button",
		{
			type: "button",
			"aria-pressed": String(map.only.has(key)),
			"data-key": key,
			...(lang ? { lang } : {}),
			onclick: () => map.filter(key),
		},
		swatch(colour),
		make("bdi", {}, name),
		count === null ? null : make("small", {}, map.number(count)),
	);
}

/**
 * @param {LiveMap} map
 * @param {Colouring} colouring
 */
export function showLegend(map, colouring) {
	const { words } = map;
	const row = need(map.stage, ".legend");
	const list = make("ul", { "aria-label": words.legend });
	for (const item of colouring.items) {
		list.append(make("li", {}, entry(map, item)));
	}
	if (colouring.none) {
		const rest = make(
			"span",
			{ class: "none" },
			swatch(NOISE),
			colouring.name === "cluster" ? words.noise : words.none,
			make("small", {}, map.number(colouring.none)),
		);
		list.append(make("li", {}, rest));
	}
	const act = { onclick: () => map.filter(null) };
	const all = make(
		"button",
		{ type: "button", class: "all", ...act },
		words.all,
	);
	all.hidden = !map.only.size;
	row.replaceChildren(list, all);
	row.hidden = false;
}
