// @ts-check
import { drawLabels } from "../labels/draw.js";
import { drawDots, penOf } from "../scene/canvas.js";
import { drawWash, washOf } from "../scene/wash.js";
import { FOOT } from "./foot.js";

/** @import { Picture } from "./picture.js" */

const SHARP = 2; // the picture's pixels for one of the page

/**
 * @param {Picture} picture
 * @returns {Promise<Blob>}
 */
export function png(picture) {
	const { layers, view, width, height, dot, labels, style } = picture;
	const canvas = document.createElement("canvas");
	canvas.width = width * SHARP;
	canvas.height = (height + FOOT) * SHARP;
	const pen = penOf(canvas);
	pen.setTransform(SHARP, 0, 0, SHARP, 0, 0);
	pen.fillStyle = style.halo;
	pen.fillRect(0, 0, width, height + FOOT);
	pen.save();
	pen.beginPath();
	pen.rect(0, 0, width, height);
	pen.clip();
	drawWash(pen, washOf(layers), view, width, height);
	drawDots(pen, layers, view, width, height, dot);
	drawLabels(pen, labels, style);
	pen.restore();
	foot(pen, picture);
	return new Promise((done, failed) => {
		canvas.toBlob((blob) => {
			if (blob) done(blob);
			else failed(new Error("the picture is too large"));
		}, "image/png");
	});
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Picture} picture
 */
function foot(pen, { width, height, style, title, address }) {
	const middle = height + FOOT / 2;
	pen.font = `12px ${style.family}`;
	pen.textBaseline = "middle";
	pen.fillStyle = style.ink;
	pen.textAlign = "left";
	pen.fillText(title, 10, middle, width - 20);
	const room = width - 40 - pen.measureText(title).width;
	pen.fillStyle = style.soft;
	pen.textAlign = "right";
	if (room > 80) pen.fillText(address, width - 10, middle, room);
}
