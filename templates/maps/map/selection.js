// @ts-check
// The chosen token: its place, its neighbors' places, and what the panel says.
import { freed } from "./camera/fit.js";
import { showToken } from "./panel/token.js";
import { fill } from "./panel/words.js";
import { whole } from "./view.js";

/** @import { LiveMap } from "./live.js" */
/** @import { Property, Selected } from "./state.js" */
/** @import { Place } from "./source/index.js" */

/** @type {Property[]} */
const PROPERTIES = ["kind", "script", "pos"];

/**
 * Finds where a token and its neighbors are on the projection that is shown.
 * @param {LiveMap} map
 * @param {Selected} selected
 */
export async function locate(map, selected) {
	const { projection, source } = map;
	const { row, facts } = selected;
	selected.at = await source.place(projection, row);
	if (!facts) return;
	const rows = facts.near.map((other) => other.row);
	const [close, places] = await Promise.all([
		source.kept(projection, row, rows),
		Promise.all(rows.map((other) => source.place(projection, other))),
	]);
	selected.near = facts.near.map((other, j) => ({
		...other,
		text: source.text(other.row),
		kept: close.has(other.row),
		at: places[j],
	}));
}

/**
 * Brings a token to the middle of what the panel leaves free.
 * @param {LiveMap} map
 * @param {Place} place
 */
function travelTo(map, [x, y]) {
	const { camera } = map;
	const span = Math.min(camera.view.span, whole(map).span / 9);
	camera.fly(freed(map, x, y, span));
}

/**
 * @param {LiveMap} map
 * @param {number | null} row
 * @param {boolean} travel
 * @param {boolean} quiet
 */
export async function select(map, row, travel, quiet) {
	if (row === null) {
		map.selected = null;
		showToken(map, null);
		map.draw();
		if (quiet) return;
		map.address.note(true);
		map.emit("select", null);
		return;
	}
	/** @type {Selected} */
	const mine = { row, at: null, facts: null, near: null, groups: null };
	mine.text = map.source.text(row);
	map.selected = mine;
	try {
		await tell(map, mine, travel);
	} catch (problem) {
		return map.failed(problem);
	}
	if (map.selected !== mine) return;
	const i = map.index(row);
	const told = i < 0 ? [] : PROPERTIES.map((what) => map.told(what, i));
	mine.groups = told.filter((name) => name !== undefined);
	showToken(map, mine);
	map.draw();
	if (quiet) return;
	map.address.note(true);
	const near = mine.near?.slice(0, 5).map((other) => other.text);
	const said = { token: mine.text, near: near?.join(", ") };
	map.say(fill(map.words.selected, said));
	map.emit("select", row);
}

/**
 * Loads what is told of a token: first its place and name, then its facts. Stops
 * where another was chosen meanwhile.
 * @param {LiveMap} map
 * @param {Selected} mine
 * @param {boolean} travel
 */
async function tell(map, mine, travel) {
	const { source } = map;
	const { row } = mine;
	await locate(map, mine);
	if (map.selected !== mine) return;
	if (travel && mine.at) travelTo(map, mine.at);
	map.draw();
	await source.texts([row]);
	mine.text = source.text(row);
	if (map.selected === mine) showToken(map, mine);
	const facts = await source.facts(row);
	mine.facts = facts;
	await source.texts([row, ...facts.near.map((other) => other.row)]);
	await locate(map, mine);
}
