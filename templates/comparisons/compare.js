// @ts-check
// Two maps side by side: what is pointed at, chosen or looked up on one is shown
// on the other, and both move together. The maps are those that the map script
// of the same page started: see "started" in ../maps/map/index.js.
import { above, need } from "../assets/shared/dom.js";
import { still } from "../assets/shared/looks.js";
import { Beside } from "./compare/beside.js";

/** @import { LiveMap } from "../maps/map/live.js" */
/** @import { View } from "../maps/map/camera/camera.js" */
/** @import { Across } from "./compare/beside.js" */

const page = need(document, ".pair");
/** @type {HTMLInputElement} */
const together = need(document, "input[name=together]");
/**
 * The map under the reader's hands; the other follows its moves, not those of
 * a flight to a token.
 * @type {LiveMap | null}
 */
let leader = null;

/**
 * Returns what finds a row of one map on the other, -1 where it is not there.
 * @param {LiveMap[]} maps
 * @param {[number[], number[]] | null} pairs ids on the first map and on the second; null where they are the same
 * @returns {Across}
 */
function acrossBy(maps, pairs) {
	const ways = maps.map((_, side) => {
		if (!pairs) return null;
		const others = pairs[1 - side];
		return new Map(pairs[side].map((id, i) => [id, others[i]]));
	});
	return async (side, row) => {
		if (row === null) return -1;
		try {
			const [id] = await maps[side].source.ids([row]);
			const way = ways[side];
			const other = way ? way.get(id) : id;
			return other === undefined
				? -1
				: await maps[1 - side].source.rowOf(other);
		} catch {
			return -1;
		}
	};
}

/** @param {number} row */
const known = (row) => (row < 0 ? null : row);

/**
 * @param {LiveMap} map
 * @param {LiveMap} other
 */
function moveTogether(map, other) {
	let last = map.view();
	for (const kind of ["wheel", "pointerdown", "keydown"]) {
		map.stage.addEventListener(
			kind,
			(event) => {
				leader = above(event, ".canvas, .on-map") ? map : null;
			},
			{ capture: true, passive: true },
		);
	}
	map.on("move", (/** @type {View} */ view) => {
		const before = last;
		last = { ...view };
		if (map !== leader || !together.checked) return;
		const now = other.view();
		const scale = now.span / before.span;
		other.setView({
			x: now.x + (view.x - before.x) * scale,
			y: now.y + (view.y - before.y) * scale,
			span: view.span * scale,
		});
	});
}

/**
 * @param {LiveMap[]} maps
 * @param {number} side
 * @param {Across} across
 * @param {Beside} beside
 */
function showOnOther(maps, side, across, beside) {
	const [map, other] = [maps[side], maps[1 - side]];
	let asked = 0;
	map.on("hover", async (/** @type {number | null} */ row) => {
		const mine = ++asked;
		const there = await across(side, row);
		if (mine === asked) other.point(known(there));
	});
	const choose = async (/** @type {number | null} */ row) => {
		leader = null;
		await other.select(known(await across(side, row)), true, true);
		if (side === 1) other.noted(); // the address is the first map's
		await beside.show();
	};
	map.on("select", choose);
	map.on("restore", choose);
	if (side === 0 && map.selected) choose(map.selected.row);
}

/**
 * One legend for both: colours by cluster have the same keys on both maps,
 * others may not.
 * @param {LiveMap} first
 * @param {LiveMap} second
 */
function mirrorColours(first, second) {
	/** @type {HTMLSelectElement} */
	const select = need(second.stage, "select[name=colour]");
	const names = [...select.options].map((option) => option.value);
	const mirror = (/** @type {string} */ name) => {
		if (!names.includes(name)) return;
		second.paint(name, name === "cluster" ? [...first.only] : [], true);
	};
	first.on("paint", mirror);
	if (first.colour !== "cluster" || first.only.size) mirror(first.colour);
}

/** @param {LiveMap} first */
function followLists(first) {
	document.addEventListener("click", async (event) => {
		const link = above(event, "a[data-token]");
		if (!link) return;
		event.preventDefault();
		const id = Number(link.dataset.token);
		const row = await first.source.rowOf(id).catch(() => -1);
		if (row < 0) return;
		page.scrollIntoView({
			block: "start",
			behavior: still() ? "auto" : "smooth",
		});
		await first.select(row, true);
		need(first.stage, ".canvas").focus({ preventScroll: true });
	});
}

async function link() {
	const stages = [...document.querySelectorAll(".stage")];
	const maps = await Promise.all(stages.map((stage) => stage.started));
	const [first, second] = maps;
	if (maps.length !== 2 || !first || !second) return;
	const both = [first, second];
	const answer = page.dataset.pairs ? await fetch(page.dataset.pairs) : null;
	if (answer && !answer.ok) return;
	const across = acrossBy(both, answer && (await answer.json()));
	need(document, ".together").hidden = false;
	const beside = new Beside(both, across, need(page, ".beside"));
	for (const side of [0, 1]) {
		moveTogether(both[side], both[1 - side]);
		showOnOther(both, side, across, beside);
	}
	mirrorColours(first, second);
	followLists(first);
	page.dataset.linked = "true";
}

link();
