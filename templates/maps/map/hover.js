// @ts-check
// What the pointer is over: its ring, its name, and its colour's name.
import { above, cut, make } from "../../assets/shared/dom.js";
import { swatch } from "./colour/swatch.js";
import { sameHit } from "./labels/hit.js";
import { hitAt, POINTER } from "./view.js";

/** @import { LiveMap } from "./live.js" */

/** @param {LiveMap} map */
export function followPointer(map) {
	const { box, camera } = map;
	let frame = 0;
	box.addEventListener("pointermove", (event) => {
		if (event.pointerType !== "mouse" || event.buttons || map.lasso.path)
			return;
		const pixel = camera.place(event);
		const free = !above(event, ".on-map");
		cancelAnimationFrame(frame);
		frame = requestAnimationFrame(() => {
			const may = free && !map.gliding;
			const hit = may ? hitAt(map, pixel, POINTER) : null;
			const row = hit && "row" in hit ? hit.row : null;
			box.classList.toggle("pointed", hit !== null);
			if (!sameHit(hit, map.pointed)) map.draw();
			map.pointed = hit;
			if (row === null) leave(map);
			else if (map.hovered?.row !== row) enter(map, row);
		});
	});
	box.addEventListener("pointerleave", () => {
		cancelAnimationFrame(frame);
		if (map.pointed) map.draw();
		map.pointed = null;
		leave(map);
	});
}

/** @param {LiveMap} map */
function leave(map) {
	map.tip.hidden = true;
	if (!map.hovered) return;
	map.hovered = null;
	map.draw();
	map.emit("hover", null);
}

/**
 * @param {LiveMap} map
 * @param {number} row
 */
async function enter(map, row) {
	const i = map.index(row);
	const { x, y } = map.points();
	map.hovered = { row, at: [x[i], y[i]] };
	map.draw();
	map.emit("hover", row);
	if (map.source.text(row) === undefined) {
		await map.source.texts([row]).catch(map.failed);
	}
	if (map.hovered?.row === row && !stands(map, row)) showTip(map, row, i);
}

/**
 * Tells whether the name of a token stands on the map, as that of the chosen one and
 * of its neighbors do: a tip would say it again and cover another's.
 * @param {LiveMap} map
 * @param {number} row
 */
const stands = ({ found, selected }, row) =>
	selected?.row === row ||
	Boolean(found?.marks.some((mark) => mark.row === row && mark.text));

/**
 * @param {LiveMap} map
 * @param {number} row
 * @param {number} i
 */
function showTip(map, row, i) {
	const { box, colouring, source, tip } = map;
	const { x, y } = map.points();
	const key = colouring.plane[i];
	const item = colouring.items.find((one) => one.key === key);
	const name = make(
		"bdi",
		{ lang: map.meta.language },
		cut(source.text(row) ?? ""),
	);
	tip.replaceChildren(name);
	if (item) tip.append(make("small", {}, swatch(item.colour), item.name));
	tip.hidden = false;
	const [px, py] = map.camera.pixel(x[i], y[i]);
	const room = tip.offsetWidth / 2 + 4;
	const left = Math.min(Math.max(px, room), box.clientWidth - room);
	tip.style.left = `${left}px`;
	tip.style.top = `${py}px`;
	tip.classList.toggle("below", py < 60);
}

/** @type {WeakMap<LiveMap, number>} */
const asked = new WeakMap();

/**
 * Marks what is pointed at elsewhere: its place here, and its name.
 * @param {LiveMap} map
 * @param {number | null} row
 */
export async function pointAt(map, row) {
	const mine = (asked.get(map) ?? 0) + 1;
	asked.set(map, mine);
	const at =
		row === null
			? null
			: await map.source.place(map.projection, row).catch(() => null);
	if (mine !== asked.get(map)) return;
	const known = row !== null && at;
	map.hovered = known ? { row, at, text: map.source.text(row) } : null;
	map.draw();
}
