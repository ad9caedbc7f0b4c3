// @ts-check
import { escaped } from "../../../assets/shared/dom.js";
import { arrowOf, deepen } from "../labels/draw.js";
import { SIZES, WEIGHTS } from "../labels/hit.js";
import { leadOf } from "../labels/spread.js";
import { projector } from "../scene/canvas.js";
import { FOOT } from "./foot.js";

/** @import { Picture } from "./picture.js" */

/** @param {number} value */
const short = (value) => String(Math.round(value * 10) / 10);

/**
 * @param {Picture} picture
 * @returns {string}
 */
export function svg(picture) {
	const { width, height, style, title, address } = picture;
	const high = height + FOOT;
	const low = height + 17;
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${high}" width="${width}" height="${high}" font-family="${escaped(style.family)}">`,
		`<title>${escaped(title)}</title>`,
		`<rect width="100%" height="100%" fill="${style.halo}"/>`,
		...dots(picture),
		...texts(picture),
		...lines(picture),
		...marks(picture),
		`<rect y="${height}" width="${width}" height="${FOOT}" fill="${style.halo}"/>`,
		`<text x="10" y="${low}" font-size="12" fill="${style.ink}">${escaped(title)}</text>`,
		`<text x="${width - 10}" y="${low}" font-size="12" text-anchor="end" fill="${style.soft}">${escaped(address)}</text>`,
		"</svg>",
	].join("\n");
}

/** @param {Picture} picture */
function dots({ layers, view, width, height, dot }) {
	const at = projector(view, width, height);
	return layers.map(({ x, y, colour, opacity, scale }) => {
		let path = "";
		for (let i = 0; i < x.length; i++) {
			const [px, py] = at(x[i], y[i]);
			if (px < 0 || py < 0 || px > width || py > height) continue;
			path += `M${short(px)} ${short(py)}h0`;
		}
		return path
			? `<path d="${path}" stroke="${colour}" stroke-width="${short(dot * scale)}" stroke-linecap="round" opacity="${opacity}"/>`
			: "";
	});
}

/**
 * @param {Picture["style"]} style
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {number} weight
 * @param {string} fill
 */
const word = (style, text, x, y, size, weight, fill) =>
	`<text x="${short(x)}" y="${short(y + size * 0.35)}" font-size="${size}" font-weight="${weight}" text-anchor="middle" fill="${fill}" stroke="${style.halo}" stroke-width="3" stroke-linejoin="round" paint-order="stroke">${escaped(text)}</text>`;

/** @param {Picture} picture */
function texts({ labels, style }) {
	const ink = style.deep ? style.ink : style.soft;
	return [
		...labels.tokens.map(({ text, px, py }) =>
			word(style, text, px, py, SIZES.token, 400, ink),
		),
		...labels.names.map(({ text, font, px, py, level, colour }) => {
			const plain = level === "coarse" ? style.ink : style.soft;
			const fill = colour ? deepen(colour, style.ink) : plain;
			return word(style, text, px, py, font, WEIGHTS[level], fill);
		}),
	];
}

/** @param {Picture} picture */
function lines({ labels, style }) {
	return labels.lines.map(({ from, to, kept }) => {
		const way = `M${from.map(short).join(" ")}L${to.map(short).join(" ")}`;
		const dashes = kept ? "" : ' stroke-dasharray="4 3"';
		return `<path d="${way}" stroke="${style.ink}" stroke-width="${kept ? 1.8 : 1.1}"${dashes} opacity=".6"/>`;
	});
}

/** @param {Picture} picture */
function marks({ labels, style }) {
	const { ink } = style;
	return labels.marks.flatMap((mark) => {
		const { px, py, tx, ty, text, dot, ring, size, weight, way } = mark;
		const fill = ring ? "none" : ink;
		const corners = arrowOf(mark).map((corner) => corner.map(short).join(" "));
		const sign =
			way === undefined
				? `<circle cx="${short(px)}" cy="${short(py)}" r="${dot}" fill="${fill}" stroke="${ink}"/>`
				: `<path d="M${corners.join("L")}Z" fill="${ink}"/>`;
		if (!text) return [sign];
		const [x, y] = leadOf(mark).map(short);
		const lead = mark.far
			? `<path d="M${short(px)} ${short(py)}L${x} ${y}" stroke="${ink}" opacity=".6"/>`
			: "";
		return [lead, sign, word(style, text, tx, ty, size, weight, ink)];
	});
}
