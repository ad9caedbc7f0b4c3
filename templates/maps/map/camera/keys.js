// @ts-check
// How keys move a camera.

/** @import { Camera } from "./camera.js" */

/** @type {Record<string, [number, number]>} */
const ARROWS = {
	ArrowLeft: [-1, 0],
	ArrowRight: [1, 0],
	ArrowUp: [0, 1],
	ArrowDown: [0, -1],
};

/**
 * Tells whether a key was one of the map's.
 * @param {Camera} camera
 * @param {KeyboardEvent} event
 */
function act(camera, { key, shiftKey }) {
	const { view } = camera;
	const step = view.span * (shiftKey ? 0.5 : 0.15);
	const arrow = ARROWS[key];
	if (arrow) {
		const [x, y] = [view.x + arrow[0] * step, view.y + arrow[1] * step];
		camera.fly({ x, y, span: view.span }, 150);
	} else if (key === "+" || key === "=") camera.zoom(1 / 1.6);
	else if (key === "-" || key === "_") camera.zoom(1.6);
	else if (key === "0" || key === "Home") camera.whole();
	else if (key === "Enter" || key === " ") camera.tap(camera.middle(), "key");
	else return false;
	return true;
}

/** @param {Camera} camera */
export function followKeys(camera) {
	camera.box.addEventListener("keydown", (event) => {
		const { target, altKey, ctrlKey, metaKey } = event;
		if (target !== camera.box || altKey || ctrlKey || metaKey) return;
		if (act(camera, event)) event.preventDefault();
	});
}
