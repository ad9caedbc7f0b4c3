// @ts-check
// The chosen token: its place, its neighbors' places, and what the panel says.
import { bring } from "./camera/near.js";
import { showToken, tellSeen } from "./panel/token.js";
import { fill } from "./panel/words.js";

/** @import { LiveMap } from "./live.js" */
/** @import { Property, Selected } from "./state.js" */
/** @import { Travel } from "./camera/near.js" */

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
 * @param {LiveMap} map
 * @param {number | null} row
 * @param {Travel} travel
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
	map.tip.hidden = true; // the panel says it
	try {
		await tell(map, mine);
	} catch (problem) {
		map.failed(problem);
		if (map.selected === mine) bring(map, mine, travel);
		return;
	}
	if (map.selected !== mine) return;
	const i = map.index(row);
	const told = i < 0 ? [] : PROPERTIES.map((what) => map.told(what, i));
	mine.groups = told.filter((name) => name !== undefined);
	showToken(map, mine);
	bring(map, mine, travel);
	tellSeen(map);
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
 */
async function tell(map, mine) {
	const { source } = map;
	const { row } = mine;
	await locate(map, mine);
	if (map.selected !== mine) return;
	map.draw();
	await source.texts([row]);
	mine.text = source.text(row);
	if (map.selected === mine) showToken(map, mine);
	const facts = await source.facts(row);
	mine.facts = facts;
	await source.texts([row, ...facts.near.map((other) => other.row)]);
	await locate(map, mine);
}
