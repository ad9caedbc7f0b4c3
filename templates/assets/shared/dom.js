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
 * Scripts whose letters many systems have no font for, by their ISO 15924 codes.
 * lettering.py has the same.
 * @type {Record<string, RegExp>}
 */
const RARE = {
	Beng: /\p{Script=Bengali}/u,
	Deva: /\p{Script=Devanagari}/u,
	Ethi: /\p{Script=Ethiopic}/u,
	Gujr: /\p{Script=Gujarati}/u,
	Guru: /\p{Script=Gurmukhi}/u,
	Knda: /\p{Script=Kannada}/u,
	Khmr: /\p{Script=Khmer}/u,
	Laoo: /\p{Script=Lao}/u,
	Mlym: /\p{Script=Malayalam}/u,
	Mong: /\p{Script=Mongolian}/u,
	Mymr: /\p{Script=Myanmar}/u,
	Sinh: /\p{Script=Sinhala}/u,
	Taml: /\p{Script=Tamil}/u,
	Telu: /\p{Script=Telugu}/u,
	Thai: /\p{Script=Thai}/u,
	Tibt: /\p{Script=Tibetan}/u,
};

/** @type {Intl.DisplayNames | undefined} */
let scripts;

/** @param {string} text */
const rareCodes = (text) =>
	/[\u0900-\u18af]/.test(text)
		? Object.keys(RARE).filter((code) => RARE[code].test(text))
		: [];

/**
 * The names of scripts in the language of the page.
 * @param {string[]} codes
 */
function named(codes) {
	// Tests run without a page.
	const language = globalThis.document?.documentElement.lang || "en";
	scripts ??= new Intl.DisplayNames([language], { type: "script" });
	return codes.map((code) => scripts?.of(code) ?? code).join(", ");
}

/**
 * The names of a text's scripts that a reader may have no font for, in brackets;
 * empty where there are none.
 * @param {string} text
 */
function rare(text) {
	const codes = rareCodes(text);
	return codes.length ? ` (${named(codes)})` : "";
}

/** Signs but those that every reader's fonts have and what shows nothing by itself. */
const UNUSUAL =
	/[^\0-\u024f\u0370-\u052f\u2013\u2014\u2018-\u201e\u2020-\u2022\u2026\u0600-\u06ff\u1e00-\u1eff\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef\p{M}\p{C}\p{Z}]/gu;

/** @type {Map<string, boolean>} by sign */
const boxed = new Map();

/**
 * Whether a canvas draws a sign as the box that it draws for a code point that is
 * no character, too.
 * @param {string} sign
 * @param {CanvasRenderingContext2D} pen
 */
function missing(sign, pen) {
	let known = boxed.get(sign);
	if (known === undefined) {
		const [own, none] = [sign, "\u0378"].map((one) => pen.measureText(one));
		known =
			own.width === none.width &&
			own.actualBoundingBoxAscent === none.actualBoundingBoxAscent &&
			own.actualBoundingBoxRight === none.actualBoundingBoxRight;
		boxed.set(sign, known);
	}
	return known;
}

/**
 * A text as a label: one of boxes says the names of its scripts alone, and the
 * code points of signs of no script, since browsers do not know their names.
 * @param {string} text
 * @param {CanvasRenderingContext2D} pen
 */
export function labelled(text, pen) {
	const unusual = text.match(UNUSUAL) ?? [];
	const boxes = new Set(unusual.filter((sign) => missing(sign, pen)));
	if (!boxes.size) return cut(text);
	const codes = rareCodes([...boxes].join(""));
	if (codes.length) return named(codes);
	const told = Array.from(cut(text), (sign) =>
		boxes.has(sign) ? ` U+${hex(sign)} ` : sign,
	);
	return told.join("").replace(/ {2,}/g, " ").trim();
}

/** @param {string} sign */
const hex = (sign) =>
	(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");

/**
 * A text of at most so many characters, the last being … where more follow, and
 * the names of its rare scripts: for show only.
 * @param {string} text
 * @param {number} [most]
 */
export function cut(text, most = 60) {
	if (text.length <= most) return text + rare(text);
	const signs = Array.from(text); // not halves of surrogate pairs
	const short = signs.length > most;
	return (short ? `${signs.slice(0, most - 1).join("")}…` : text) + rare(text);
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
