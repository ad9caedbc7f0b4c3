// @ts-check
// The present view as a picture: what is on the screen, labels and all, with the
// map's title and address below.
import { chooseLabelsOf, styleOf } from "../overlay.js";
import { png } from "./png.js";
import { svg } from "./svg.js";

/** @import { LiveMap } from "../live.js" */
/** @import { View } from "../camera/camera.js" */
/** @import { Labels } from "../labels/choose.js" */
/** @import { Style } from "../labels/draw.js" */
/** @import { Located } from "../scene/canvas.js" */

/** @typedef {{ layers: Located[], view: View, width: number, height: number, dot: number, labels: Labels, style: Style, title: string, address: string }} Picture */

/**
 * @param {LiveMap} map
 * @param {string} format "png" or "svg"
 * @returns {Promise<Blob>}
 */
export async function picture(map, format) {
	const { view } = map.camera;
	/** @type {Picture} */
	const what = {
		layers: map.scene.layers,
		view,
		width: map.box.clientWidth,
		height: map.box.clientHeight,
		dot: map.scene.dot,
		labels: chooseLabelsOf(map, view),
		style: styleOf(map, view),
		title: map.stage.dataset.title ?? "",
		address: location.href.split("#")[0],
	};
	if (format === "png") return png(what);
	return new Blob([svg(what)], { type: "image/svg+xml" });
}
