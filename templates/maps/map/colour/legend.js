// @ts-check
// The key on the map: it says what the colours mean, and filters. It folds; on
// narrow maps and in frames it is folded until a reader opens it.
import { make, need } from "../../../assets/shared/dom.js";
import { fill } from "../panel/words.js";
import { WIDE } from "../state.js";
import { alike, sizeOf, whole } from "../view.js";
import { isRamp } from "./colouring.js";
import { NOISE } from "./palette.js";
import { step, swatch } from "./swatch.js";

/** @import { LiveMap } from "../live.js" */
/** @import { Colouring, Item } from "./colouring.js" */

const SHOWN = 12; // of the largest

/**
 * @param {LiveMap} map
 * @param {Item} item
 * @param {boolean} ramp whether the item is a step of a ramp, which names its ends
 */
function entry(map, { key, name, colour, count, lang }, ramp) {
	return make(
		"button",
		{
			type: "button",
			"aria-pressed": String(map.only.has(key)),
			"data-key": key,
			...(lang ? { lang } : {}),
			...(ramp ? { "aria-label": name, title: name } : {}),
			onclick: () => map.filter(key),
		},
		ramp ? step(colour) : swatch(colour),
		ramp ? null : make("bdi", {}, name),
		ramp || count === null ? null : make("small", {}, map.number(count)),
	);
}

/**
 * @param {LiveMap} map
 * @param {Colouring} colouring
 */
export function showLegend(map, colouring) {
	const { words } = map;
	const { name, items, none } = colouring;
	/** @type {HTMLDetailsElement} */
	const box = need(map.stage, ".legend");
	/** @type {HTMLSelectElement} */
	const select = need(map.stage, "select[name=colour]");
	need(box, "b").textContent = select.selectedOptions[0]?.text ?? "";
	const ramp = isRamp(name);
	// More than one beyond the first, or "all" would stand in the place of one.
	const every = items.length < SHOWN + 2 || box.dataset.every === name;
	const list = make("ul", {
		"aria-label": words.legend,
		...(ramp ? { class: "ramp" } : {}),
	});
	for (const [i, item] of items.entries()) {
		if (!ramp && !every && i >= SHOWN && !map.only.has(item.key)) continue;
		list.append(make("li", {}, entry(map, item, ramp)));
	}
	const button = (/** @type {string} */ text, /** @type {() => void} */ onclick) =>
		make("button", { type: "button", class: "all", onclick }, text); // biome-ignore format: one step
	const more = button(
		fill(words.every, { n: map.number(items.length) }),
		() => {
			box.dataset.every = name;
			showLegend(map, map.colouring);
			need(box, `li:nth-child(${SHOWN + 1}) button`).focus();
		},
	);
	const all = button(words.all, () => map.filter(null));
	all.hidden = !map.only.size;
	need(box, ".items").replaceChildren(
		list,
		...(ramp ? [ends(words[`${name}-low`], words[`${name}-high`])] : []),
		make(
			"div",
			{ class: "foot" },
			none ? rest(map, name, none) : null,
			ramp || every ? null : more,
			all,
		),
	);
	box.ontoggle ??= () => makeRoom(map, box.open);
	if (box.hidden) box.open = !map.embedded && map.box.clientWidth >= WIDE;
	box.hidden = false;
}

/**
 * Shows the whole map beside the key again where it was shown; an open key hides
 * labels.
 * @param {LiveMap} map
 * @param {boolean} open
 */
function makeRoom(map, open) {
	const size = sizeOf(map);
	const was = map.room(size.width, !open);
	if (alike(map.camera.view, whole(map, size, was))) map.camera.whole();
	map.draw();
}

/**
 * @param {string} low
 * @param {string} high
 */
const ends = (low, high) =>
	make("p", { class: "ends" }, make("span", {}, low), make("span", {}, high));

/**
 * What has no colour of its own.
 * @param {LiveMap} map
 * @param {string} name
 * @param {number} count
 */
const rest = ({ words, number }, name, count) =>
	make(
		"p",
		{ class: "none" },
		swatch(NOISE),
		name === "cluster" ? words.noise : words.none,
		make("small", {}, number(count)),
	);
