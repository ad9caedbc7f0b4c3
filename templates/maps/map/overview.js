// @ts-check
// Where the reader is: a small picture of the whole map while the view shows
// little of a large one, and a way back where it shows nothing.
import { need } from "../../assets/shared/dom.js";
import { drawDots, fitted, projector } from "./scene/canvas.js";
import { heightOf, sizeOf, whole } from "./view.js";

/** @import { LiveMap } from "./live.js" */

const WIDE = 900; // pixels of a map with room for an overview
const DEEP = 4; // times the whole map is as wide as a view that needs one

/** @param {LiveMap} map */
export function keepOriented(map) {
	const { box, camera, stage } = map;
	/** @type {HTMLCanvasElement} */
	const canvas = need(stage, ".overview");
	/** @type {HTMLButtonElement} */
	const lost = need(stage, ".lost");
	const dots = document.createElement("canvas");
	/** @type {unknown} what the dots were drawn of */
	let drawn = null;
	const draw = () => {
		const all = frame(map);
		const gone =
			map.gliding > 0 ||
			box.clientWidth < WIDE ||
			camera.view.span * DEEP > all.span;
		if (gone !== canvas.hidden) map.draw(); // no label stands under it
		canvas.hidden = gone;
		if (gone) return;
		const { clientWidth: w, clientHeight: h } = canvas;
		const pen = fitted(canvas, canvas);
		if (drawn !== map.scene.layers) {
			drawn = map.scene.layers;
			drawDots(fitted(dots, canvas), map.scene.layers, all, w, h, 1);
		}
		pen.drawImage(dots, 0, 0, w, h);
		const { x, y, span } = camera.view;
		const [left, top] = projector(
			all,
			w,
			h,
		)(x - span / 2, y + heightOf(map, camera.view) / 2);
		const wide = Math.max((span / all.span) * w, 6);
		pen.strokeStyle = getComputedStyle(map.canvas).color;
		pen.lineWidth = 1.5;
		pen.strokeRect(left, top, wide, Math.max((wide * h) / w, 4));
	};
	const find = () => {
		lost.hidden = map.gliding > 0 || seen(map);
	};
	map.on("move", draw);
	map.on("paint", () => requestAnimationFrame(draw));
	map.on("view", () => {
		draw();
		find();
	});
	lost.addEventListener("click", () => {
		box.focus({ preventScroll: true });
		camera.whole();
	});
	canvas.addEventListener("pointerdown", ({ offsetX, offsetY }) => {
		const all = frame(map);
		const unit = all.span / canvas.clientWidth;
		camera.fly({
			x: all.x + (offsetX - canvas.clientWidth / 2) * unit,
			y: all.y - (offsetY - canvas.clientHeight / 2) * unit,
			span: camera.view.span,
		});
	});
}

/**
 * The whole map with nothing beside it.
 * @param {LiveMap} map
 */
const frame = (map) => whole(map, sizeOf(map), { left: 0, right: 0, above: 0 });

/**
 * Tells whether any loaded point is in view.
 * @param {LiveMap} map
 */
function seen(map) {
	const { x, y, n } = map.points();
	const { view } = map.camera;
	const [right, up] = [view.span / 2, heightOf(map, view) / 2];
	for (let i = 0; i < n; i++) {
		if (Math.abs(x[i] - view.x) < right && Math.abs(y[i] - view.y) < up) {
			return true;
		}
	}
	return false;
}
