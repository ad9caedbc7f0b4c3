// @ts-check
// The answer of a model to a word, as elements. Static pages of words have the
// same.
import { cut, make, need } from "../../assets/shared/dom.js";
import { fill } from "../../maps/map/panel/words.js";
import { told, twins, wordOf } from "./forms.js";

/** @import { Model, Near, Space, Token, Told } from "./answers.js" */

const RING = 34; // radius on a poster 1600 wide

/**
 * What drawings need of the page.
 * @typedef {{ words: Record<string, string>, root: string, edition: string, number: (value: number) => string }} Page
 */

/**
 * The address of a word's answer, without the marks of a token.
 * @param {string} text
 */
export const hrefOf = (text) =>
	`?w=${encodeURIComponent(wordOf(text) || text)}`;

/**
 * Makes a link to the answer of a word, or of a piece.
 * @param {string} text as a reader sees it
 * @param {string} [name] of its class
 */
export const wordLink = (text, name) =>
	make(
		"a",
		{ href: hrefOf(text), translate: "no", ...(name && { class: name }) },
		make("bdi", {}, cut(text)),
	);

/**
 * Makes the pieces of a split after what is told of them.
 * @param {string} said
 * @param {string[]} pieces
 * @param {string} language of the model
 */
export function splitLine(said, pieces, language) {
	const links = pieces.map((piece) => wordLink(piece, "piece"));
	const list = make("span", {
		class: "pieces",
		lang: language,
		translate: "no",
	});
	for (const link of links) list.append(link, " ");
	return make("p", { class: "split" }, `${said} `, list);
}

/**
 * Makes what is told of a token.
 * @param {Page} page
 * @param {Model} model
 * @param {Token} token
 */
export function tokenPart(page, model, token) {
	const { words, number } = page;
	const { kind, pos, reading } = token;
	const facts = [
		words[`kind:${kind}`] ?? kind,
		pos && (words[`pos:${pos}`] ?? pos),
		fill(words.id, { n: token.id }),
		fill(words.rank, { n: number(token.rank) }),
	];
	const head = make(
		"h3",
		{},
		make("bdi", { lang: model.language, translate: "no" }, cut(token.text)),
	);
	if (reading && reading !== token.text) {
		head.append(make("span", { class: "reading", lang: "ja" }, reading));
	}
	head.append(make("small", {}, facts.filter(Boolean).join(" · ")));
	const spaces = make("div", { class: "spaces" });
	for (const told of token.spaces ?? []) {
		spaces.append(spacePart(page, model, token, told));
	}
	const none = make("p", { class: "meta" }, words.unmapped);
	const body = token.spaces?.length ? spaces : none;
	return make("section", { class: "one-token" }, head, body);
}

/**
 * Makes what one space says of a token: its place, its neighbors, its cluster.
 * @param {Page} page
 * @param {Model} model
 * @param {Token} token
 * @param {Told} found
 */
function spacePart(page, model, token, found) {
	const { words, edition } = page;
	const space = model.spaces[found.space];
	const href = `${edition}${space.href}#t=${token.id}`;
	const title = told(space.title);
	const about = make("p", { class: "meta" });
	if (found.cluster) {
		const { href: place, title: name } = found.cluster;
		const { lang } = document.documentElement;
		const own = typeof name === "string" ? model.language : lang;
		const link = { href: edition + place, lang: own };
		about.append(
			words.cluster,
			make("a", link, make("bdi", {}, cut(told(name), 80))),
			" · ",
		);
	}
	about.append(fill(words.kept, { n: found.kept, k: space.k }));
	return make(
		"section",
		{ class: "in-space" },
		make("h4", {}, make("a", { href }, title)),
		found.at ? ringed(page, space, href, found.at) : null,
		nearList(words, model, token, found.near),
		about,
	);
}

/**
 * Hands out copies of an element that is made once, which takes a browser less
 * time than to make each from its parts.
 * @param {() => HTMLElement} first
 */
function copier(first) {
	/** @type {HTMLElement | undefined} */
	let made;
	return () => {
		made ??= first();
		return /** @type {HTMLElement} */ (made.cloneNode(true));
	};
}

const ring = copier(() => {
	const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	drawing.setAttribute("viewBox", "0 0 1600 900");
	drawing.innerHTML = `<circle r="${RING}"/><circle r="7"/>`;
	const picture = { width: "400", height: "225", alt: "", loading: "lazy" };
	const link = make(
		"a",
		// The heading links to the same place.
		{ class: "ringed", tabindex: "-1", "aria-hidden": "true" },
		make("img", { ...picture, decoding: "async" }),
	);
	link.append(drawing);
	return link;
});

const nearItem = copier(() =>
	make(
		"li",
		{},
		make("a", { translate: "no" }, make("bdi")),
		" ",
		make("small"),
	),
);

/**
 * Makes a small picture of a map with a token ringed.
 * @param {Page} page
 * @param {Space} space
 * @param {string} href
 * @param {[number, number]} at
 */
function ringed({ root }, { poster }, href, [x, y]) {
	const link = ring();
	link.setAttribute("href", href);
	need(link, "img").setAttribute("src", root + poster);
	for (const circle of link.querySelectorAll("circle")) {
		circle.setAttribute("cx", String(Math.round(x * 1600)));
		circle.setAttribute("cy", String(Math.round(y * 900)));
	}
	return link;
}

/**
 * Which neighbors of a token are near-duplicates.
 * @param {string} text of the token
 * @param {Near[]} near
 */
export const twinsOf = (text, near) =>
	twins(
		text,
		near.map(([other]) => other),
	);

/**
 * Makes the list of a token's neighbors.
 * @param {Record<string, string>} words
 * @param {Model} model
 * @param {Token} token
 * @param {Near[]} near
 */
function nearList(words, model, token, near) {
	if (!near.length) return make("p", { class: "meta" }, words.alone);
	const list = make("ol", { class: "near-list", lang: model.language });
	const marks = twinsOf(token.text, near);
	for (const [i, [text, similarity]] of near.entries()) {
		const item = nearItem();
		if (marks[i]) item.className = "twin";
		need(item, "a").setAttribute("href", hrefOf(text));
		need(item, "bdi").textContent = cut(text);
		need(item, "small").textContent = similarity.toFixed(2);
		list.append(item);
	}
	return list;
}
