// @ts-check

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 */
function shape(tag, attributes) {
	const node = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes)) {
		node.setAttribute(name, value);
	}
	return node;
}

/**
 * A dot of a colour, as a picture since the pages' policy allows no styles.
 * @param {string} colour
 */
export function swatch(colour) {
	const dot = shape("svg", {
		viewBox: "0 0 8 8",
		width: "10",
		height: "10",
		class: "dot",
		"aria-hidden": "true",
	});
	dot.append(shape("circle", { cx: "4", cy: "4", r: "4", fill: colour }));
	return dot;
}

/**
 * A step of a ramp, as wide and high as what it stands in.
 * @param {string} colour
 */
export function step(colour) {
	const bar = shape("svg", { class: "dot", "aria-hidden": "true" });
	bar.append(shape("rect", { width: "100%", height: "100%", fill: colour }));
	return bar;
}
