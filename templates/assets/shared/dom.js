// @ts-check
// Small helpers of all scripts for elements of the page.

/**
 * Returns an element that the templates promise. Throws where it is missing,
 * which only a theme that left it out can cause.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {T}
 */
export function need(root, selector) {
	const node = root.querySelector(selector);
	if (!node) throw new Error(`the page has no ${selector}`);
	return /** @type {T} */ (/** @type {unknown} */ (node));
}

/**
 * Returns the nearest element above the target of an event, or the target
 * itself, that matches a selector.
 * @template {Element} [T=HTMLElement]
 * @param {Event} event
 * @param {string} selector
 * @returns {T | null}
 */
export function above(event, selector) {
	const { target } = event;
	return target instanceof Element ? target.closest(selector) : null;
}

/**
 * Makes an element. `onclick` is a listener, every other name an attribute;
 * children that are null are left out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null | undefined)} children
 * @returns {HTMLElement}
 */
export function make(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (name === "onclick") node.addEventListener("click", value);
		else node.setAttribute(name, value);
	}
	for (const child of children) {
		if (child !== null && child !== undefined) node.append(child);
	}
	return node;
}

/**
 * A text of at most so many characters, the last being … where more follow: for
 * show only.
 * @param {string} text
 * @param {number} [most]
 */
export function cut(text, most = 60) {
	if (text.length <= most) return text;
	const signs = Array.from(text); // not halves of surrogate pairs
	return signs.length <= most ? text : `${signs.slice(0, most - 1).join("")}…`;
}

/**
 * Escapes text for HTML and SVG.
 * @param {unknown} text
 */
export const escaped = (text) =>
	String(text)
		.replaceAll("&", "&amp;")
		.replaceAll("<", "&lt;")
		.replaceAll(">", "&gt;")
		.replaceAll('"', "&quot;");
