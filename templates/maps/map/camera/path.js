// @ts-check
// The way from one view to another, after van Wijk & Nuij 2003, "Smooth and
// efficient zooming and panning".

/** @import { View } from "./camera.js" */

/**
 * The path between two views: its length, and the view at each part of it from
 * 0 to 1. `rho` trades zooming against panning.
 * @param {View} from
 * @param {View} to
 * @param {number} [rho]
 * @returns {{ length: number, at: (part: number) => View }}
 */
export function path(from, to, rho = 1.4) {
	const [dx, dy] = [to.x - from.x, to.y - from.y];
	const far = Math.hypot(dx, dy);
	if (far < 1e-6 * Math.max(from.span, to.span)) {
		const rate = Math.log(to.span / from.span);
		return {
			length: Math.abs(rate) / rho,
			at: (t) => ({ x: to.x, y: to.y, span: from.span * Math.exp(t * rate) }),
		};
	}
	const r2 = rho * rho;
	const change = to.span ** 2 - from.span ** 2;
	/**
	 * @param {number} span
	 * @param {number} sign
	 */
	const r = (span, sign) => {
		const b = (change + sign * r2 * r2 * far * far) / (2 * span * r2 * far);
		return Math.log(Math.sqrt(b * b + 1) - b);
	};
	const r0 = r(from.span, 1);
	const length = (r(to.span, -1) - r0) / rho;
	return {
		length,
		at(t) {
			const s = rho * t * length + r0;
			const way = Math.cosh(r0) * Math.tanh(s) - Math.sinh(r0);
			const u = (from.span / (r2 * far)) * way;
			return {
				x: from.x + u * dx,
				y: from.y + u * dy,
				span: (from.span * Math.cosh(r0)) / Math.cosh(s),
			};
		},
	};
}
